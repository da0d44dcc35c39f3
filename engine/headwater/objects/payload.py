"""What can be stored: bytes, files, streams, each opened as one kind of source.

Owns the decision what a payload is. Knows no store.
"""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from headwater.errors import InvalidArgument, NotFound, PermissionDenied
from headwater.objects.streams import Joined, Readable

Payload: TypeAlias = bytes | bytearray | memoryview | os.PathLike[str] | IO[bytes] | Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """A payload, opened.

    Attributes:
        stream: its bytes, from where they begin.
        seekable: the same stream if it can be read a second time, else None.
        start: the position in it where the payload begins.
    """

    stream: Readable
    seekable: IO[bytes] | None = None
    start: int = 0


@contextmanager
def opened(payload: Payload) -> Iterator[Source]:
    """Open a payload for reading; a file given by its path is closed at the end.

    Raises:
        InvalidArgument: a str, a folder, a text file, or anything that holds no bytes.
        NotFound: no file at the path.
        PermissionDenied: the file may not be read.
    """
    match payload:
        case str():
            raise _refused_str(payload)
        case bytes() | bytearray() | memoryview():
            yield _seekable(io.BytesIO(payload))
        case os.PathLike():
            with _open_path(Path(payload)) as file:
                yield _seekable(file)
        case _:
            yield _source_of(payload)


def _source_of(payload: object) -> Source:
    if isinstance(payload, io.TextIOBase):
        raise InvalidArgument(
            "The payload is a text file; objects are bytes.", hint="Open it in binary mode."
        )
    if callable(getattr(payload, "read", None)):
        return _seekable(payload)  # type: ignore[arg-type]  # a file by what it can do
    if isinstance(payload, Iterable):
        return Source(Joined(payload))
    raise InvalidArgument(
        f"A payload of type {type(payload).__name__} cannot be stored.",
        hint="Give bytes, a Path, an open binary file or an iterable of bytes.",
        found=type(payload).__name__,
    )


def _seekable(file: IO[bytes]) -> Source:
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return Source(file)
    return Source(file, file, file.tell())


def _open_path(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"No file to store at {path}.", path=path) from None
    except IsADirectoryError:
        raise InvalidArgument(
            f"{path} is a folder; an object is one stream of bytes.",
            hint="Pack it first, as a tar or zip file.",
            path=path,
        ) from None
    except PermissionError as error:
        raise PermissionDenied(f"The file {path} may not be read.", path=path) from error


def _refused_str(text: str) -> InvalidArgument:
    shown = text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  # a line's worth
    return InvalidArgument(
        f"A str is not a payload: {shown!r} may be a path or a text.",
        hint="Wrap a path in pathlib.Path, or encode a text to bytes.",
    )
