"""Objects in a folder of this machine.

Owns the layout `sha256/ab/cd/<hex>` beside `tmp/`. An object is written under a temporary
name, brought to the disk, and then linked to its own name, which never changes afterwards.
"""

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from io import BufferedReader, FileIO
from pathlib import Path

from headwater.errors import DataLoss, InvalidArgument, NotFound, PermissionDenied, Unimplemented
from headwater.objects.contract import STALE_S, ObjectStore, StoredObject
from headwater.objects.digest import digest_key, parse_digest
from headwater.objects.files import (
    disk_errors,
    make_folder,
    remove_abandoned,
    seal,
    sync_folder,
    temporary_file,
    write,
)
from headwater.objects.payload import Payload, opened
from headwater.objects.streams import HashingReader, chunks_of, verified

_READ_ONLY = 0o444
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class DirectoryStore(ObjectStore):
    """Objects in a folder; any number of processes may use it at once.

    The folder is made by the first put. What writers that died more than a day ago left in
    `tmp/` is removed when the store is opened.

    Args:
        folder: where the objects go.

    Raises:
        InvalidArgument: the path is a file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder).absolute()
        self._temporary = self._folder / "tmp"
        if self._folder.exists() and not self._folder.is_dir():
            raise InvalidArgument(
                f"Objects need a folder; {self._folder} is a file.", path=self._folder
            )
        with suppress(PermissionDenied):  # a store one may only read can be opened
            self.sweep()

    @property
    def location(self) -> str:
        """The folder's absolute path."""
        return str(self._folder)

    def put(self, payload: Payload) -> StoredObject:
        """Store the payload and return its address; see `ObjectStore.put`."""
        with opened(payload) as source, self._new_temporary() as file:
            reader = HashingReader(source.stream)
            for chunk in chunks_of(reader):
                write(file, chunk, path=self._folder)
            seal(file, path=self._folder)
            return self._publish(file, StoredObject(reader.digest, reader.size_bytes, new=True))

    def stat(self, digest: str) -> StoredObject:
        """Return what is known of an object; see `ObjectStore.stat`."""
        with self._finding(digest) as path:
            return StoredObject(parse_digest(digest), path.stat().st_size)

    def open(self, digest: str) -> BufferedReader:
        """Return the object as a verified stream; see `ObjectStore.open`."""
        with self._finding(digest) as path:
            file = path.open("rb", buffering=0)
        size_bytes = os.fstat(file.fileno()).st_size
        source = _StoredFile(file, path)
        return verified(source, parse_digest(digest), size_bytes=size_bytes, location=self.location)

    def delete(self, digest: str) -> None:
        """Remove the object; see `ObjectStore.delete`."""
        path = self._path(digest)
        with disk_errors(path), suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def collect(self, digest: str, *, older_than_s: float) -> bool:
        """Remove the object unless it was put lately; see `ObjectStore.collect`.

        It is moved aside before its age is looked at: whoever puts it from then on makes it
        anew, and whoever put it before has touched it, so that it goes back.
        """
        path = self._path(digest)
        with disk_errors(path):
            if _touched_s(path) > time.time() - older_than_s:
                return False
            make_folder(self._temporary)
            aside = self._temporary / uuid.uuid4().hex
            try:
                path.rename(aside)
            except FileNotFoundError:
                return False
            old = _touched_s(aside) <= time.time() - older_than_s
            if old:
                # A store that is opened now may sweep it away first.
                aside.unlink(missing_ok=True)
            else:
                aside.replace(path)
            sync_folder(path.parent)
        return old

    def list(self) -> Iterator[StoredObject]:
        """Yield every object in the order of the digests; files of others are passed over."""
        for outer in _sorted_names(self._folder / "sha256"):
            for inner in _sorted_names(self._folder / "sha256" / outer):
                yield from self._list_folder(self._folder / "sha256" / outer / inner)

    def presign(self, digest: str, *, expires_s: int = 3600) -> str:
        """Raise Unimplemented: a folder has no links."""
        raise Unimplemented(
            f"A folder has no download links; asked for {parse_digest(digest)} for {expires_s} s.",
            hint="Fetch the object to a file, or keep objects in an S3 store"
            " (HEADWATER_OBJECTS=s3://bucket or minio).",
        )

    def sweep(self, *, older_than_s: float = STALE_S) -> int:
        """Remove temporary files whose writers are dead; see `ObjectStore.sweep`.

        A living writer holds a lock on its file, which is then left alone at any age.
        """
        oldest_s = time.time() - older_than_s
        stale = [self._temporary / name for name in _sorted_names(self._temporary)]
        with disk_errors(self._temporary):
            return sum(remove_abandoned(path) for path in stale if _touched_s(path) <= oldest_s)

    def check(self) -> None:
        """Prove that the folder can be written and read; see `ObjectStore.check`."""
        probe = b"headwater"
        with self._new_temporary() as file:
            write(file, probe, path=self._folder)
            seal(file, path=self._folder)
            with disk_errors(self._folder):
                found = Path(file.name).read_bytes()
        if found != probe:
            raise DataLoss(
                f"{self._folder} gave back other bytes than were written.", path=self._folder
            )

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def _path(self, digest: str) -> Path:
        return self._folder / digest_key(digest)

    @contextmanager
    def _finding(self, digest: str) -> Iterator[Path]:
        """Give the object's path; NotFound names the digest."""
        path = self._path(digest)
        try:
            with disk_errors(path):
                yield path
        except NotFound:
            name = parse_digest(digest)
            raise NotFound(f"There is no object {name} in {self.location}.", digest=name) from None

    def _new_temporary(self) -> AbstractContextManager[FileIO]:
        with disk_errors(self._folder):
            make_folder(self._temporary)
        return temporary_file(self._temporary / uuid.uuid4().hex)

    def _publish(self, file: FileIO, stored: StoredObject) -> StoredObject:
        target = self._path(stored.digest)
        with disk_errors(self._folder):
            make_folder(target.parent)
            os.fchmod(file.fileno(), _READ_ONLY)
            new = _link(Path(file.name), target, size_bytes=stored.size_bytes)
            sync_folder(target.parent)
        return replace(stored, new=new)

    def _list_folder(self, folder: Path) -> Iterator[StoredObject]:
        for name in _sorted_names(folder):
            with suppress(FileNotFoundError, InvalidArgument):
                found = (folder / name).stat()
                stored = StoredObject(parse_digest(name), found.st_size, put_s=found.st_mtime)
                if self._path(name) == folder / name:
                    yield stored


class _StoredFile:
    """An object's file, whose errors are those of headwater."""

    def __init__(self, file: FileIO, path: Path) -> None:
        self._file = file
        self._path = path

    def read(self, size: int, /) -> bytes:
        with disk_errors(self._path):
            return self._file.read(size)

    def close(self) -> None:
        self._file.close()


def _link(temporary: Path, target: Path, *, size_bytes: int) -> bool:
    """Give a finished file its own name; return False if the object was there before."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        if _put_again(target, size_bytes=size_bytes):
            return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        return True
    # Here the object is cut and thereby healed, or the file system knows no hard links.
    there = target.exists() and target.stat().st_size == size_bytes
    temporary.replace(target)
    return not there


def _put_again(target: Path, *, size_bytes: int) -> bool:
    """Touch an object that is there whole; return False where it is cut, gone or not ours."""
    with suppress(FileNotFoundError, PermissionError):
        if target.stat().st_size == size_bytes:
            os.utime(target)
            return True
    return False


def _sorted_names(folder: Path) -> list[str]:
    try:
        with disk_errors(folder):
            return sorted(path.name for path in folder.iterdir())
    except NotFound:
        return []


def _touched_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
