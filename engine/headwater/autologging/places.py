"""Places of files: what an argument of a reader or writer names, and what bytes lie there.

Knows no library and no store.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from headwater.masking import masked_url
from headwater.objects.digest import digest_of

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Stamp(NamedTuple):
    """What of a file changes when its bytes do."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is.

    Attributes:
        uri: without passwords; of a local file its absolute path.
        path: the path on this machine, None for anywhere else.
        query: what a database was asked for.
    """

    uri: str
    path: Path | None = None
    query: str | None = None


def place_of(argument: object) -> Place | None:
    """Return the place that an argument names, None where it is no file: a buffer, a text."""
    if isinstance(argument, str | os.PathLike):
        named = os.fspath(argument)
        return _named(named) if isinstance(named, str) else None
    # An open file says its name; one made of a descriptor says a number.
    name = getattr(argument, "name", None)
    if isinstance(name, str) and hasattr(argument, "read") and Path(name).is_file():
        return _local(name)
    return None


def stamp_of(place: Place) -> Stamp | None:
    """Return the stamp of a local file, None where there is none."""
    if place.path is None or not place.path.is_file():
        return None
    found = place.path.stat()
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def digest_at(path: Path) -> str:
    """Return the digest of a local file's bytes."""
    with path.open("rb") as file:
        return digest_of(hashlib.file_digest(file, "sha256").hexdigest())


def _named(text: str) -> Place | None:
    if not _URL.match(text):
        return _local(text)
    parts = urlsplit(text)
    if parts.scheme == "file":
        return _local(url2pathname(parts.path))
    return Place(masked_url(text))


def _local(text: str) -> Place | None:
    if "\n" in text or "\0" in text:
        return None
    path = Path(text).expanduser().absolute()
    return Place(path.as_uri(), path)
