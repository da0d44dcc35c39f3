"""What every object store does, and what it hands back.

Owns the contract and the parts that are the same over any store: reading whole objects and
fetching them to files. Knows neither folders of objects nor S3.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self

from headwater.errors import NotFound, ResourceExhausted
from headwater.objects.digest import digest_uri
from headwater.objects.files import new_file
from headwater.objects.payload import Payload
from headwater.objects.streams import chunks_of

STALE_S = 86_400.0
PRESIGN_LIMIT_S = 604_800


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as a store holds it.

    Attributes:
        digest: its address, `sha256:<64 hex>`.
        size_bytes: its length.
        new: whether the put that returned this wrote it; False when it was there before,
            and in answers of other calls.
        put_s: when it was last put, in seconds since the epoch by the store's own clock; known
            of what `list` yields.
    """

    digest: str
    size_bytes: int
    new: bool = False
    put_s: float | None = field(default=None, compare=False)

    @property
    def uri(self) -> str:
        """The address as a uri, `headwater://sha256/<64 hex>`."""
        return digest_uri(self.digest)


class ObjectStore(ABC):
    """Objects by the sha256 of their bytes.

    An object is there whole or not at all. Digests are accepted in every spelling that
    `parse_digest` knows; a text that is none raises InvalidArgument from every method. One
    instance may be used from many threads, and many processes may use one store.
    """

    @property
    @abstractmethod
    def location(self) -> str:
        """Where the objects are, printable: a path or an address, without secrets."""

    @abstractmethod
    def put(self, payload: Payload) -> StoredObject:
        """Store the payload and return its address.

        Memory stays constant whatever the size. Putting the same bytes again answers with
        `new=False` and changes nothing but when they were last put, which keeps them from
        `collect`. When this raises, the payload is not stored.

        Args:
            payload: bytes, a Path to a file, an open binary file (read from where it
                stands), or an iterable of bytes. Whoever opened a file closes it.

        Raises:
            InvalidArgument: a str, a folder, text, or something else that is not bytes.
            NotFound: the payload's path does not exist.
            Aborted: the payload changed while it was being stored.
            NoSpace: the store is full.
            PermissionDenied: the store or the payload may not be touched.
        """

    @abstractmethod
    def stat(self, digest: str) -> StoredObject:
        """Return what is known of an object without reading it.

        Raises:
            NotFound: no such object; `digest` names it.
        """

    @abstractmethod
    def open(self, digest: str) -> BufferedReader:
        """Return the object as a binary stream, read forward, to be closed by the caller.

        The bytes are hashed as they are read. The last of them are handed out only when the
        whole matches the address.

        Raises:
            NotFound: no such object; `digest` names it.
            DataLoss: from a later read: the bytes are not those that were stored.
        """

    @abstractmethod
    def delete(self, digest: str) -> None:
        """Remove the object; removing what is not there does nothing."""

    @abstractmethod
    def collect(self, digest: str, *, older_than_s: float) -> bool:
        """Remove the object unless it was put lately; return whether it was removed.

        A put of the same bytes at the same time either keeps the object or makes it again.

        Args:
            digest: the object's address.
            older_than_s: an object put more recently than this stays.

        Raises:
            PermissionDenied: the store does not let it go.
        """

    @abstractmethod
    def list(self) -> Iterator[StoredObject]:
        """Yield every object in the order of the digests, without holding them all."""

    @abstractmethod
    def presign(self, digest: str, *, expires_s: int = 3600) -> str:
        """Return a link from which anyone can download the object for a time.

        Args:
            digest: the object's address.
            expires_s: how long the link works, 1 second to 7 days.

        Raises:
            NotFound: no such object.
            InvalidArgument: `expires_s` is out of bounds.
            Unimplemented: the store has no links.
        """

    @abstractmethod
    def sweep(self, *, older_than_s: float = STALE_S) -> int:
        """Remove what writers that died left behind and return how many pieces it was.

        Args:
            older_than_s: pieces touched more recently than this are left alone, since
                their writers may live.
        """

    @abstractmethod
    def check(self) -> None:
        """Prove that the store can be written and read, by doing both.

        Raises:
            HeadwaterError: the precise reason why not.
        """

    @abstractmethod
    def close(self) -> None:
        """Give up connections; the store must not be used afterwards."""

    def exists(self, digest: str) -> bool:
        """Return whether the store holds the object."""
        try:
            self.stat(digest)
        except NotFound:
            return False
        return True

    def read_bytes(self, digest: str, *, max_bytes: int | None = None) -> bytes:
        """Return the whole object, verified.

        Args:
            digest: the object's address.
            max_bytes: refuse an object larger than this before reading it.

        Raises:
            NotFound: no such object.
            ResourceExhausted: it is larger than `max_bytes`; `size_bytes` tells.
            DataLoss: its bytes are not those that were stored.
        """
        if max_bytes is not None:
            _refuse_larger(self.stat(digest), max_bytes)
        with self.open(digest) as stream:
            return b"".join(chunks_of(stream))

    def verify(self, digest: str) -> None:
        """Read the whole object and keep nothing of it.

        Raises:
            NotFound: no such object.
            DataLoss: its bytes are not those that were stored.
        """
        with self.open(digest) as stream:
            for _ in chunks_of(stream):
                pass

    def fetch(self, digest: str, target: Path) -> StoredObject:
        """Write the object to a file, replacing what is there.

        The target appears whole and verified, or is left as it was; a process that is killed
        leaves a hidden `.part` file beside it.

        Raises:
            NotFound: no such object, or no such folder.
            InvalidArgument: the target is a folder.
            DataLoss: the bytes are not those that were stored.
            NoSpace: the target's disk is full.
            PermissionDenied: the target may not be written.
        """
        found = self.stat(digest)
        with self.open(digest) as stream, new_file(Path(target)) as write:
            for chunk in chunks_of(stream):
                write(chunk)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refuse_larger(found: StoredObject, max_bytes: int) -> None:
    if found.size_bytes > max_bytes:
        raise ResourceExhausted(
            f"Object {found.digest} has {found.size_bytes} bytes; at most {max_bytes} were"
            " asked for.",
            hint="Read it as a stream with open(), or fetch it to a file.",
            digest=found.digest,
            size_bytes=found.size_bytes,
            max_bytes=max_bytes,
        )
