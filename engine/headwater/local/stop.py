"""How servers are brought down: asked first, killed when they do not listen."""

import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

from headwater.errors import DeadlineExceeded, FolderInUse
from headwater.local.layout import Layout
from headwater.local.locks import is_locked
from headwater.local.status import lock_holder, read_record, record_process

_PAUSE_S = 0.02
_KILL_TIMEOUT_S = 5.0
# As long as a supervisor may take from getting the lock to naming its server.
_NAMING_TIMEOUT_S = 2.0


def stop(places: Sequence[Layout], *, timeout_s: float) -> None:
    """End the servers of these places; one that does not run is left as it is.

    Killing is safe: both servers recover what they had acknowledged.

    Args:
        places: where the servers are.
        timeout_s: how long they may take before they are killed.

    Raises:
        FolderInUse: a lock is held by something that is not a server of ours.
        DeadlineExceeded: a server does not even end when killed.
    """
    servers = [(place, _server(place)) for place in places if is_locked(place.lock)]
    for _, server in servers:
        _signal(server, kill=False)
    deadline = time.monotonic() + timeout_s
    for place, server in servers:
        if not _await_free(place, deadline):
            _signal(server, kill=True)
            _demand_free(place, server)


def _server(place: Layout) -> psutil.Process | None:
    """Return the server's process, None when it has just ended by itself."""
    deadline = time.monotonic() + _NAMING_TIMEOUT_S
    while is_locked(place.lock):
        if process := record_process(read_record(place), "pid"):
            return process
        if time.monotonic() > deadline:
            holder = lock_holder(place)
            raise FolderInUse(
                f"{place.folder} is held by {holder}, which is no {place.server} of this home.",
                hint="End it yourself, if that is what you want.",
                folder=str(place.folder),
                holder=holder,
            )
        time.sleep(_PAUSE_S)
    return None


def _signal(server: psutil.Process | None, *, kill: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        if server and kill:
            server.kill()
        elif server:
            server.terminate()


def _await_free(place: Layout, deadline: float) -> bool:
    while is_locked(place.lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


def _demand_free(place: Layout, server: psutil.Process | None) -> None:
    if not _await_free(place, time.monotonic() + _KILL_TIMEOUT_S):
        pid = server.pid if server else None
        raise DeadlineExceeded(
            f"{place.server} (process {pid}) was killed and still holds {place.lock}.",
            hint="See what the process waits for.",
            pid=pid,
        )
