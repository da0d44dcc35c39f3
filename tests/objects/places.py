"""A store of each kind, with what a test needs to reach behind its back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Protocol

from minio import Minio

from headwater.objects import ObjectStore


class S3Server(Protocol):
    """What the tests need to know of a running S3 store."""

    @property
    def address(self) -> str: ...
    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...


@dataclass(frozen=True)
class Place(ABC):
    """A store, and what a test needs to reach behind its back.

    Attributes:
        store: the store.
        location: what `open_object_store` takes, for other processes.
        keys: its credentials.
    """

    store: ObjectStore
    location: str
    keys: dict[str, str]

    @abstractmethod
    def overwrite(self, digest: str, content: bytes) -> None:
        """Put other bytes where the object lies."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return every file or key of the store, whatever it is."""

    def names_of_leftovers(self) -> list[str]:
        return [name for name in self.names() if not name.startswith("sha256/")]


class FolderPlace(Place):
    def overwrite(self, digest: str, content: bytes) -> None:
        path = Path(self.location) / key_of(digest)
        path.unlink()
        path.write_bytes(content)

    def names(self) -> list[str]:
        root = Path(self.location)
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@dataclass(frozen=True)
class BucketPlace(Place):
    client: Minio
    bucket: str
    prefix: str

    def overwrite(self, digest: str, content: bytes) -> None:
        key = f"{self.prefix}/{key_of(digest)}"
        self.client.put_object(self.bucket, key, BytesIO(content), len(content))

    def names(self) -> list[str]:
        found = self.client.list_objects(self.bucket, prefix=self.prefix, recursive=True)
        return [(entry.object_name or "").removeprefix(f"{self.prefix}/") for entry in found]


def key_of(digest: str) -> str:
    name = digest.removeprefix("sha256:")
    return f"sha256/{name[:2]}/{name[2:4]}/{name}"
