"""The servers' logs, read from their end."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from headwater.errors import InvalidArgument
from headwater.local.layout import SERVERS, Layout, layout
from headwater.settings import Settings


def log_lines(settings: Settings, server: str, *, last: int) -> list[str]:
    """Return the last lines of a server's log, oldest first; none when it never ran.

    Raises:
        InvalidArgument: there is no such server, or `last` is negative.
    """
    if last < 0:
        raise InvalidArgument(f"last must be 0 or more, found {last}.", last=last)
    try:
        with _place(settings, server).log.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=last)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def follow_log(settings: Settings, server: str, *, pause_s: float = 0.2) -> Iterator[str]:
    """Yield each line that is written to a server's log from now on, without end.

    Goes on in the new file when the log is rotated.

    Args:
        settings: names the home.
        server: `neo4j` or `minio`.
        pause_s: how long to rest when there is nothing new.

    Raises:
        InvalidArgument: there is no such server.
    """
    path = _place(settings, server).log
    return _follow(path, position=_size(path), pause_s=pause_s)


def written_since(path: Path, position: int) -> list[str]:
    """Return the lines of a file from a byte position on; all when it has been rotated."""
    try:
        with path.open("rb") as file:
            file.seek(position if position <= os.fstat(file.fileno()).st_size else 0)
            return file.read().decode(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def log_position(path: Path) -> int:
    """Return the byte position at which the next line will be written."""
    return _size(path)


def _place(settings: Settings, server: str) -> Layout:
    if server not in SERVERS:
        raise InvalidArgument(
            f"There is no server {server!r}.", hint=f"One of {', '.join(SERVERS)}.", server=server
        )
    return layout(settings, server)


def _follow(path: Path, *, position: int, pause_s: float) -> Iterator[str]:
    rest = b""
    while True:
        position = position if position <= _size(path) else 0
        fresh = _read(path, position)
        position += len(fresh)
        *lines, rest = (rest + fresh).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
        if not fresh:
            time.sleep(pause_s)


def _read(path: Path, position: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
