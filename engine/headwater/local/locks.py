"""Advisory file locks that live as long as the open file, and so cross `exec`.

`flock` belongs to the open file, not to the process: a child that inherits the descriptor
keeps the lock when its parent dies. filelock cannot hand its descriptor on.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE_S = 0.05


def try_lock(path: Path, *, patience_s: float = 0.0) -> int | None:
    """Return a descriptor that holds the lock, or None when another holds it.

    Args:
        path: the lock file; made when missing, with its folder.
        patience_s: how long to wait for the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_s
    while not _take(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            os.close(descriptor)
            return None
        time.sleep(_PAUSE_S)
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock within the block, however long it takes to get."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the lock; makes no file.

    Takes a shared lock for an instant, so a writer must be a little patient.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not _take(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
