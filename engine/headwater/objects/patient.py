"""An object store that is waited for when it goes away."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import TypeVar

from headwater.errors import PermissionDenied, Unavailable
from headwater.objects.contract import STALE_S, ObjectStore, StoredObject
from headwater.objects.payload import Payload
from headwater.pauses import pauses

ResultT = TypeVar("ResultT")

_PAUSES_S = (0.1, 2.0)
_log = logging.getLogger("headwater")


class PatientStore(ObjectStore):
    """Another store, of which each request is made again while it is Unavailable.

    Not waited for are a store that has not answered once, since its address may be wrong, what
    fails within a stream that was handed out, and a listing.

    Args:
        store: whose objects they are; closed with this one.
        retry_s: how long a request is made again, in seconds.
        known: whether it has answered before, to whoever opened it.
    """

    def __init__(self, store: ObjectStore, retry_s: float, *, known: bool = False) -> None:
        self._store = store
        self._retry_s = retry_s
        self._known = known
        self._hurried = threading.Event()

    def greet(self, *, known: bool = False) -> None:
        """Ask for something, whatever the answer, so that the store is waited for from now on.

        Args:
            known: whether it has answered somebody before, and is waited for already now.

        Raises:
            Unavailable: the store does not answer, and never has.
            Unauthenticated: it lets nobody in by these keys.
        """
        self._known = self._known or known
        # Keys that may not list a bucket are refused what is not there, in some S3 stores.
        with suppress(PermissionDenied):
            self.exists(f"sha256:{sha256().hexdigest()}")

    def hurry(self) -> None:
        """Wait no longer, now and from now on; from any thread."""
        self._hurried.set()

    @property
    def location(self) -> str:
        """Where the objects are, printable."""
        return self._store.location

    def put(self, payload: Payload) -> StoredObject:
        """Store the payload and return its address; a stream, which cannot be read twice, once."""
        if isinstance(payload, bytes | bytearray | memoryview | Path):
            return self._patiently(lambda: self._store.put(payload))
        return self._store.put(payload)

    def stat(self, digest: str) -> StoredObject:
        """Return what is known of an object; see `ObjectStore.stat`."""
        return self._patiently(lambda: self._store.stat(digest))

    def open(self, digest: str) -> BufferedReader:
        """Return the object as a verified stream; see `ObjectStore.open`."""
        return self._patiently(lambda: self._store.open(digest))

    def verify(self, digest: str) -> None:
        """Read the whole object; see `ObjectStore.verify`."""
        self._patiently(lambda: self._store.verify(digest))

    def read_bytes(self, digest: str, *, max_bytes: int | None = None) -> bytes:
        """Return the whole object; see `ObjectStore.read_bytes`."""
        return self._patiently(lambda: self._store.read_bytes(digest, max_bytes=max_bytes))

    def fetch(self, digest: str, target: Path) -> StoredObject:
        """Write the object to a file; see `ObjectStore.fetch`."""
        return self._patiently(lambda: self._store.fetch(digest, target))

    def delete(self, digest: str) -> None:
        """Remove the object; see `ObjectStore.delete`."""
        self._patiently(lambda: self._store.delete(digest))

    def collect(self, digest: str, *, older_than_s: float) -> bool:
        """Remove the object unless it was put lately; see `ObjectStore.collect`."""
        return self._patiently(lambda: self._store.collect(digest, older_than_s=older_than_s))

    def list(self) -> Iterator[StoredObject]:
        """Yield every object in the order of the digests."""
        return self._store.list()

    def presign(self, digest: str, *, expires_s: int = 3600) -> str:
        """Return a link to download the object; see `ObjectStore.presign`."""
        return self._patiently(lambda: self._store.presign(digest, expires_s=expires_s))

    def sweep(self, *, older_than_s: float = STALE_S) -> int:
        """Remove what dead writers left behind; see `ObjectStore.sweep`."""
        return self._patiently(lambda: self._store.sweep(older_than_s=older_than_s))

    def check(self) -> None:
        """Prove that the store can be written and read; see `ObjectStore.check`."""
        self._patiently(self._store.check)

    def close(self) -> None:
        """Give up connections, and wait no longer."""
        self.hurry()
        self._store.close()

    def _patiently(self, ask: Callable[[], ResultT]) -> ResultT:
        deadline = time.monotonic() + self._retry_s
        waits = pauses(*_PAUSES_S)
        told = False
        while True:
            try:
                answer = ask()
            except Unavailable as error:
                if not self._known or time.monotonic() > deadline or self._hurried.is_set():
                    raise
                if not told:
                    _log.warning("Waiting for the object store: %s", error)
                told = True
            except Exception:
                self._known = True
                raise
            else:
                self._known = True
                return answer
            self._hurried.wait(next(waits) * random.uniform(0.5, 1.5))  # noqa: S311 - not for secrets
