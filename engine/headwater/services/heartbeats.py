"""Heartbeats: which running executions still have a process behind them.

They live on nodes of their own, outside the lineage and outside the door: a beat is not a
change of what happened.
"""

import os
import socket
from typing import NamedTuple

from headwater.graph.statements import load
from headwater.services.scope import Scope

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
    """

    execution_id: int
    time: int
    host: str
    pid: int
    interval_ms: int

    def is_stale(self, now: int) -> bool:
        """Return whether three beats are missing at that time, in milliseconds."""
        return now - self.time > STALE_BEATS * self.interval_ms


class HeartbeatService:
    """Writes and reads the heartbeats of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def beat(self, execution_id: int, *, interval_s: float) -> None:
        """Note that this process is alive and works on the execution."""
        self._scope.graph.write_alone(
            load("heartbeat/beat"),
            namespace=self._scope.namespace,
            execution_id=execution_id,
            now=self._scope.clock(),
            host=socket.gethostname(),
            pid=os.getpid(),
            interval_ms=int(interval_s * 1_000),
        )

    def end(self, execution_id: int) -> None:
        """Forget the heartbeat of an execution that has ended."""
        self._scope.graph.write_alone(
            load("heartbeat/end"), namespace=self._scope.namespace, execution_id=execution_id
        )

    def all(self) -> list[Heartbeat]:
        """Return the last heartbeat of each execution that has one, by execution."""
        rows = self._scope.graph.read(load("heartbeat/all"), namespace=self._scope.namespace)
        return [Heartbeat(*row) for row in rows]

    def stale(self) -> list[Heartbeat]:
        """Return the heartbeats of executions whose process seems to be gone."""
        now = self._scope.clock()
        return [beat for beat in self.all() if beat.is_stale(now)]
