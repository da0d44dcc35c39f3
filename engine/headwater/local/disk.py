"""Files written whole or not at all, and what a full disk is called."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.errors import NoSpace

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MIB = 1_048_576


@contextmanager
def no_space(folder: Path) -> Iterator[None]:
    """Turn the system's "disk full" within the block into NoSpace.

    Raises:
        NoSpace: the block met a full disk; `folder` is where.
    """
    try:
        yield
    except NoSpace:
        raise
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoSpace(
            f"The disk that holds {folder} is full.",
            hint="Free some space, or set HEADWATER_HOME or HEADWATER_CACHE to another disk.",
            folder=str(folder),
        ) from error


def demand_space(folder: Path, *, needed_bytes: int) -> None:
    """Return when the folder's disk has room.

    Raises:
        NoSpace: it has less than `needed_bytes` free.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise NoSpace(
            f"{folder} needs {_mib(needed_bytes)} MiB and its disk has {_mib(free_bytes)} free.",
            hint="Free some space, or set HEADWATER_HOME or HEADWATER_CACHE to another disk.",
            folder=str(folder),
            needed_bytes=needed_bytes,
            free_bytes=free_bytes,
        )


def folder_bytes(folder: Path) -> int:
    """Return the size of the files in a folder and below; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace the file in one step, so that no reader sees half of it.

    Raises:
        NoSpace: the disk is full; the old file stays.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with no_space(path.parent):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _mib(size_bytes: int) -> int:
    return -(-size_bytes // _MIB)
