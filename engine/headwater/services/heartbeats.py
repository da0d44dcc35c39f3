"""Heartbeats: which running executions still have a process behind them.

They live on nodes of their own, outside the lineage and outside the door: a beat is not a
change of what happened. The first comes with the execution and the last goes with its end, each
in the same transaction. Time is the database server's, so that clocks of hosts do not matter.
"""

import os
import socket
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

from headwater.graph.statements import load
from headwater.local.living import begun
from headwater.services.scope import Scope
from headwater_schema import FirstBeat

STALE_BEATS = 3
"""After how many missed beats a running execution counts as stale."""


class Heartbeat(NamedTuple):
    """The last sign of life of an execution.

    Attributes:
        execution_id: of which execution.
        time: milliseconds since the epoch.
        host: where its process runs or ran.
        pid: the process there.
        interval_ms: how long until the next one was due.
        machine: the boot and namespace in which the pid means something; empty where unknown.
        started: when the process began, in seconds since the epoch; 0 where unknown.
        age_ms: how long ago it was when it was read.
    """

    execution_id: int
    time: int
    host: str
    pid: int
    interval_ms: int
    machine: str
    started: float
    age_ms: int

    @property
    def is_stale(self) -> bool:
        """Whether three beats were missing when it was read."""
        return self.age_ms > STALE_BEATS * self.interval_ms


def first_beat(interval_s: float) -> FirstBeat:
    """Return the first sign of life of this process, for the put that makes an execution."""
    host, pid = socket.gethostname(), os.getpid()
    return FirstBeat(host, pid, int(interval_s * 1_000), this_machine(), _started(pid))


@cache
def this_machine() -> str:
    """Return what tells where this process's pid means something: the boot, and the pids' namespace.

    A host's name does not: containers may share one, and a pid begins anew with each of them.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()} {psutil.boot_time():.0f}"


@cache
def _started(pid: int) -> float:
    return begun(pid)


class HeartbeatService:
    """Writes and reads the heartbeats of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def beat(self, execution_id: int, *, interval_s: float) -> bool:
        """Note that this process still works on an execution; return whether it has not ended."""
        said = first_beat(interval_s)
        rows = self._scope.graph.write_alone(
            load("heartbeat/beat"),
            namespace=self._scope.namespace,
            execution_id=execution_id,
            **said._asdict(),
        )
        return bool(rows)

    def of(self, execution_id: int) -> Heartbeat | None:
        """Return the last heartbeat of an execution; None if it has none."""
        rows = self._scope.graph.read(
            load("heartbeat/of"), namespace=self._scope.namespace, execution_id=execution_id
        )
        return Heartbeat(*rows[0]) if rows else None

    def all(self) -> list[Heartbeat]:
        """Return the last heartbeat of each execution that has one, by execution."""
        rows = self._scope.graph.read(load("heartbeat/all"), namespace=self._scope.namespace)
        return [Heartbeat(*row) for row in rows]

    def stale(self) -> list[Heartbeat]:
        """Return the heartbeats of executions whose process seems to be gone."""
        return [beat for beat in self.all() if beat.is_stale]
