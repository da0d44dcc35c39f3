"""Bytes in motion: counted, hashed and verified as they pass.

Owns the readers between a payload and a store and back. Holds at most what one read asked
for. Knows neither folders nor S3.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from headwater.errors import Aborted, DataLoss, InvalidArgument, Unavailable
from headwater.objects.digest import digest_of

CHUNK_BYTES = 1 << 20


class Readable(Protocol):
    """Anything that gives bytes when asked for a number of them."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


class Closable(Readable, Protocol):
    """A readable that holds something open."""

    def close(self) -> None:
        """Let go of it."""


class Joined:
    """An iterable of byte chunks, read like a file.

    Args:
        chunks: bytes-like pieces of any length, empty ones too.
    """

    def __init__(self, chunks: Iterable[object]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, from one piece; none at the end.

        Raises:
            InvalidArgument: a piece is not bytes; `found` is its type.
        """
        while not self._rest:
            piece = next(self._chunks, None)
            if piece is None:
                return b""
            self._rest = _view(piece)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


class HashingReader:
    """A readable whose bytes are counted and hashed as they pass.

    Args:
        source: where the bytes come from; it may give fewer than it was asked for.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    @property
    def digest(self) -> str:
        """The address of what has passed so far."""
        return digest_of(self._sha256.hexdigest())

    def read(self, size: int, /) -> bytes:
        """Return exactly `size` bytes, fewer only at the end.

        Raises:
            InvalidArgument: the source gives something other than bytes.
            Unavailable: the source is a download that broke.
        """
        pieces: list[bytes] = []
        while size > 0 and (piece := _read(self._source, size)):
            self._sha256.update(piece)
            self.size_bytes += len(piece)
            size -= len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class MatchingReader:
    """A readable that ends well only if its bytes have the address they are said to have.

    The check comes before the last bytes are handed out, so that an upload of a file that
    is being changed fails before it is complete.

    Args:
        source: the bytes.
        digest: their address.
        size_bytes: how many they are.
    """

    def __init__(self, source: Readable, digest: str, *, size_bytes: int) -> None:
        self._reader = HashingReader(source)
        self._digest = digest
        self._size_bytes = size_bytes

    def read(self, size: int, /) -> bytes:
        """Return exactly `size` bytes, fewer only at the end.

        Raises:
            Aborted: the bytes differ from those that were hashed before.
        """
        data = self._reader.read(min(size, self._size_bytes - self._reader.size_bytes))
        ended = self._reader.size_bytes == self._size_bytes or not data
        if ended and self._reader.digest != self._digest:
            raise Aborted(
                "The payload changed while it was being stored.",
                hint="Put it again once nothing writes to it.",
                digest=self._digest,
            )
        return data


class Resumed:
    """A stream of which the beginning was read already."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, the beginning first."""
        if not self._head:
            return self._rest.read(size)
        taken, self._head = self._head[:size], self._head[size:]
        return taken


class Segment:
    """The next part of a stream, up to a limit.

    Args:
        source: the stream, which goes on where the segment before ended.
        name: under what name the segment is kept.
        limit_bytes: its greatest length.
    """

    def __init__(self, source: Readable, name: str, *, limit_bytes: int) -> None:
        self._source = source
        self._limit_bytes = limit_bytes
        self.name = name
        self.size_bytes = 0
        self.ended = False

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the limit, or when the stream has `ended`."""
        wanted = min(size, self._limit_bytes - self.size_bytes)
        data = self._source.read(wanted)
        self.ended = wanted > 0 and not data
        self.size_bytes += len(data)
        return data


class VerifyingReader(io.RawIOBase):
    """An object's bytes, forward only, that raise where they are not what was stored.

    Args:
        source: the stored bytes; closed with this reader.
        digest: the object's address.
        size_bytes: its length.
        location: the store, for the message.
    """

    def __init__(self, source: Closable, digest: str, *, size_bytes: int, location: str) -> None:
        super().__init__()
        self._source = source
        self._sha256 = hashlib.sha256()
        self._digest = digest
        self._size_bytes = size_bytes
        self._left_bytes = size_bytes
        self._location = location

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # Buffer
        """Fill the buffer as far as one read of the store does; 0 at the end.

        Raises:
            DataLoss: the object is cut, or its bytes do not have its address.
        """
        data = self._source.read(min(len(buffer), self._left_bytes))
        self._sha256.update(data)
        self._left_bytes -= len(data)
        if not data or not self._left_bytes:
            self._verify()
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the source."""
        if not self.closed:
            self._source.close()
        super().close()

    def _verify(self) -> None:
        found = digest_of(self._sha256.hexdigest())
        if found == self._digest:
            return
        seen_bytes = self._size_bytes - self._left_bytes
        found_text = (
            f"it ends after {seen_bytes} of {self._size_bytes} bytes"
            if self._left_bytes
            else f"its {seen_bytes} bytes hash to {found}"
        )
        raise DataLoss(
            f"Object {self._digest} in {self._location} is damaged: {found_text}.",
            hint="Delete it and put it again from its source, or restore a backup.",
            digest=self._digest,
            found=found,
            location=self._location,
        )


def verified(source: Closable, digest: str, *, size_bytes: int, location: str) -> io.BufferedReader:
    """Return stored bytes as a binary file that raises DataLoss where they are damaged."""
    raw = VerifyingReader(source, digest, size_bytes=size_bytes, location=location)
    return io.BufferedReader(raw, buffer_size=CHUNK_BYTES)


def chunks_of(source: Readable) -> Iterator[bytes]:
    """Yield what the source holds in pieces of at most 1 MiB."""
    read: Callable[[], bytes] = lambda: source.read(CHUNK_BYTES)  # noqa: E731  # iter() wants a callable
    return iter(read, b"")


def _read(source: Readable, size: int) -> bytes:
    try:
        piece: object = source.read(size)
    except _broken_download() as error:
        # A store's own connection raises the same class: told apart here, once.
        raise Unavailable(
            f"The payload could not be read to its end: {error}.",
            hint="Look at where it is downloaded from.",
        ) from error
    return piece if isinstance(piece, bytes) else bytes(_view(piece))


def _broken_download() -> type[Exception]:
    """Return what a download raises that breaks; asked for only when something was raised."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - takes longer than all of `objects`

    return HTTPError


def _view(piece: object) -> memoryview:
    if isinstance(piece, bytes | bytearray):
        return memoryview(piece)
    if isinstance(piece, memoryview):
        return memoryview(piece.tobytes())
    raise InvalidArgument(
        f"A payload is made of bytes, found a piece of type {type(piece).__name__}.",
        hint="Encode text first; open files in binary, blocking mode.",
        found=type(piece).__name__,
    )
