"""How a server is brought up: once per home, whoever asks and however often."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from headwater.errors import (
    FailedPrecondition,
    FolderInUse,
    HeadwaterError,
    NoSpace,
    PermissionDenied,
    StartFailed,
    Unavailable,
)
from headwater.local.disk import no_space, write_whole
from headwater.local.launch import Server
from headwater.local.layout import Layout
from headwater.local.locks import is_locked, locked, try_lock
from headwater.local.logs import log_position, written_since
from headwater.local.ports import free_port, is_free, port_in_use, require_free
from headwater.local.progress import Progress
from headwater.local.status import (
    ServerStatus,
    lock_holder,
    read_record,
    record_ports,
    server_status,
)

_TRIES = 5
_READY_TIMEOUT_S = 120.0
_PAUSE_S = 0.1
# Longer than a reader of the status holds the lock, or a supervisor takes to write.
_PATIENCE_S = 1.0


def start(server: Server, *, place: Layout, progress: Progress) -> ServerStatus:
    """Return the server's status once it answers, having started it if need be.

    Raises:
        PortInUse: a port asked for is taken.
        FolderInUse: the home's data is held by something that is not its server.
        FailedPrecondition: the server runs, but on other ports than those asked for.
        StartFailed: it did not start; `lines` holds what its log says.
        NoSpace: the disk is full.
        PermissionDenied: the home cannot be written.
    """
    if (running := _answering(server, place)) is not None:
        return running
    _make_folders(place)
    with locked(place.start_lock):
        if (running := _answering(server, place)) is not None:
            return running
        server.prepare(progress=progress)
        progress.begin(f"start {place.server}", None)
        try:
            return _start(server, place)
        finally:
            progress.end()


def _answering(server: Server, place: Layout) -> ServerStatus | None:
    status = server_status(place)
    if not status.running:
        return None
    _demand_same_ports(server, status)
    try:
        server.ping(status)
    except Unavailable:
        return None
    return status


def _demand_same_ports(server: Server, status: ServerStatus) -> None:
    for name, port in server.ports.items():
        found = status.ports.get(name)
        if port is not None and found != port:
            raise FailedPrecondition(
                f"{status.name} runs with {name} port {found}, and {port} was asked for.",
                hint="Stop it first, or do not ask for a port.",
                port=port,
                found=found,
            )


def _start(server: Server, place: Layout) -> ServerStatus:
    lines: list[str] = []
    for _ in range(_TRIES):
        since = {path: log_position(path) for path in (place.log, place.console)}
        with no_space(place.home):
            _take_and_spawn(server, place)
        if (ready := _await_ready(server, place)) is not None:
            return ready
        lines = [line for path, position in since.items() for line in written_since(path, position)]
        if not _lost_a_free_port(server, lines):
            break
    raise _failure(server, place, lines=lines)


def _take_and_spawn(server: Server, place: Layout) -> None:
    """Start the server unless it runs."""
    descriptor = try_lock(place.lock, patience_s=_PATIENCE_S)
    if descriptor is None:
        if server_status(place).running:
            return
        raise _folder_in_use(place)
    try:
        ports = _ports(server, read_record(place))
        place.record.unlink(missing_ok=True)
        _spawn(server, place, ports=ports, lock_descriptor=descriptor)
    finally:
        os.close(descriptor)


def _ports(server: Server, last: Mapping[str, object]) -> dict[str, int]:
    """Return the ports asked for, else those of the last run, else any."""
    used = record_ports(last)
    return {
        name: free_port(used.get(name)) if port is None else require_free(port)
        for name, port in server.ports.items()
    }


def _spawn(server: Server, place: Layout, *, ports: dict[str, int], lock_descriptor: int) -> None:
    launch = server.launch(place, ports)
    record = {
        "server": place.server,
        "version": server.version,
        "user": server.user,
        "address": launch.address,
        "ports": ports,
        **launch.facts,
    }
    orders = {
        "command": list(launch.command),
        "environ": dict(launch.environ),
        "folder": str(place.folder),
        "console": str(place.console),
        "record": record,
        "record_file": str(place.record),
        "lock_descriptor": lock_descriptor,
    }
    # By its path, not its module name: it needs nothing of this package, and starts in
    # 0.1 s instead of 0.6.
    program = Path(__file__).with_name("supervise.py")
    begun = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-P", str(program), place.server],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        pass_fds=[lock_descriptor],
        start_new_session=True,
        check=False,
    )
    if begun.returncode:
        raise StartFailed(f"The supervisor did not start: {begun.stderr}", lines=[begun.stderr])


def _await_ready(server: Server, place: Layout) -> ServerStatus | None:
    """Return the status of the server that answers, None when it ended first."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while is_locked(place.lock):
        status = server_status(place)
        if status.running and _answers(server, status):
            return status
        if time.monotonic() > deadline:
            raise StartFailed(
                f"{place.server} runs, but has not answered for {_READY_TIMEOUT_S:.0f} s.",
                hint=f"Look at {place.log}.",
                log_file=str(place.log),
            )
        time.sleep(_PAUSE_S)
    return None


def _answers(server: Server, status: ServerStatus) -> bool:
    try:
        server.ping(status)
    except Unavailable:
        return False
    return True


def _lost_a_free_port(server: Server, lines: Sequence[str]) -> bool:
    """Tell whether another program was faster on a port that nobody asked for."""
    return _says_port_taken(lines) and _asked_and_taken(server) is None


def _says_port_taken(lines: Sequence[str]) -> bool:
    return any(
        "ddress already in use" in line or "port is already in use" in line for line in lines
    )


def _asked_and_taken(server: Server) -> int | None:
    asked = (port for port in server.ports.values() if port is not None)
    return next((port for port in asked if not is_free(port)), None)


def _failure(server: Server, place: Layout, *, lines: Sequence[str]) -> HeadwaterError:
    taken = _asked_and_taken(server)
    if taken is not None and _says_port_taken(lines):
        return port_in_use(taken)
    said = "\n".join(lines)
    if "FileLockException" in said or "StoreLockException" in said:
        return _folder_in_use(place)
    if "No space left" in said:
        return NoSpace(f"The disk that holds {place.home} is full.", folder=str(place.home))
    complaints = server.complaints(lines)
    return StartFailed(
        f"{place.server} did not start: {' | '.join(complaints) or 'it said nothing'}.",
        hint=f"The whole log is {place.log}.",
        lines=complaints,
        exit_code=read_record(place).get("exit_code"),
    )


def _folder_in_use(place: Layout) -> FolderInUse:
    holder = lock_holder(place) if is_locked(place.lock) else "another server"
    return FolderInUse(
        f"{place.folder} is held by {holder}, which is no {place.server} of this home.",
        hint="End it, or set HEADWATER_HOME to another folder.",
        folder=str(place.folder),
        holder=holder,
    )


def _make_folders(place: Layout) -> None:
    try:
        with no_space(place.home):
            place.home.mkdir(parents=True, exist_ok=True)
            place.run.mkdir(mode=0o700, exist_ok=True)
            for folder in (place.data, place.conf, place.log.parent):
                folder.mkdir(parents=True, exist_ok=True)
            if not (ignored := place.home / ".gitignore").exists():
                write_whole(ignored, "*\n")
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise PermissionDenied(
            f"{place.home} cannot be written: {error.strerror}.",
            hint="Set HEADWATER_HOME to a folder of yours.",
            folder=str(place.home),
        ) from error
