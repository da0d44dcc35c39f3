"""Files that appear whole or not at all, and errors of the disk told precisely.

Owns temporary names, fsync and the meaning of errno. Knows nothing of digests.
"""

import errno
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from headwater.errors import (
    HeadwaterError,
    InvalidArgument,
    NoSpace,
    NotFound,
    PermissionDenied,
    Unavailable,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISSING = {errno.ENOENT, errno.ENOTDIR}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raise what the operating system says about a path as errors of headwater.

    Raises:
        NoSpace: the disk or quota is full, or the file system takes no file so large.
        PermissionDenied: the path may not be touched, or lies on a read-only disk.
        NotFound: a folder on the way does not exist.
        InvalidArgument: a folder stands where a file should be.
        Unavailable: anything else, such as a failing disk.
    """
    try:
        yield
    except HeadwaterError:
        raise
    except OSError as error:
        raise _precise(error, path) from error


@contextmanager
def new_file(target: Path) -> Iterator[Callable[[bytes], None]]:
    """Give a function that writes to a file which takes the target's place at the end.

    On any error, and when the process dies, the target is left as it was.

    Raises:
        HeadwaterError: as `disk_errors` does.
    """
    temporary = target.with_name(f".{uuid.uuid4().hex}.part")
    with disk_errors(target):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    with temporary_file(temporary) as file:
        yield lambda chunk: write(file, chunk, path=target)
        seal(file, path=target)
        with disk_errors(target):
            temporary.replace(target)
            sync_folder(target.parent)


@contextmanager
def temporary_file(path: Path) -> Iterator[FileIO]:
    """Open a new file for writing, locked while it is open, removed at the end if still there.

    Raises:
        HeadwaterError: as `disk_errors` does.
    """
    with disk_errors(path.parent):
        file = path.open("xb", buffering=0)
    try:
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    finally:
        path.unlink(missing_ok=True)


def write(file: FileIO, chunk: bytes, *, path: Path) -> None:
    """Write all of a chunk; `path` is what an error names.

    Raises:
        HeadwaterError: as `disk_errors` does.
    """
    view = memoryview(chunk)
    with disk_errors(path):
        while view:
            view = view[file.write(view) :]


def seal(file: FileIO, *, path: Path) -> None:
    """Bring a file's bytes to the disk itself; `path` is what an error names.

    Raises:
        HeadwaterError: as `disk_errors` does.
    """
    with disk_errors(path):
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, durably; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk itself."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_abandoned(path: Path) -> bool:
    """Remove a temporary file unless its writer lives; return whether it was removed."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink()
        return True
    return False


def _precise(error: OSError, path: Path) -> HeadwaterError:
    told = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _FULL:
        return NoSpace(
            f"No space to write {path}: {told}. Nothing was kept of it.",
            hint="Free some space, or move the folder to a larger disk.",
            path=path,
        )
    if error.errno in _REFUSED:
        return PermissionDenied(
            f"{path} may not be used: {told}.",
            hint="Give this user the right to read and write it, or choose another folder.",
            path=path,
        )
    if error.errno in _MISSING:
        return NotFound(f"No such file or folder: {error.filename or path}.", path=path)
    if error.errno == errno.EISDIR:
        return InvalidArgument(f"{path} is a folder; a file was expected.", path=path)
    return Unavailable(
        f"{path} cannot be used: {told}.", hint="Look at the disk and its mount.", path=path
    )
