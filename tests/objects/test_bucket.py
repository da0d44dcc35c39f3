import io
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from headwater.errors import Aborted, InvalidArgument, NotFound, Unauthenticated, Unavailable
from headwater.objects import ObjectStore, open_object_store
from headwater.objects.bucket import BucketStore, Portions
from objects.places import BucketPlace, S3Server

MIB = 1 << 20


def test_a_link_downloads_the_object(bucket_place: BucketPlace) -> None:
    stored = bucket_place.store.put(b"for anyone who has the link")

    link = bucket_place.store.presign(stored.digest, expires_s=60)

    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", link)
        assert answer.data == b"for anyone who has the link"
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["60"]


@pytest.mark.parametrize("expires_s", [0, -1, 604_801])
def test_a_link_lives_a_second_to_a_week(bucket_place: BucketPlace, expires_s: int) -> None:
    stored = bucket_place.store.put(b"x")

    with pytest.raises(InvalidArgument):
        bucket_place.store.presign(stored.digest, expires_s=expires_s)


def test_no_link_leads_to_nothing(bucket_place: BucketPlace) -> None:
    with pytest.raises(NotFound):
        bucket_place.store.presign("0" * 64)


@pytest.mark.parametrize("region", [None, "us-east-1"])
@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
@pytest.mark.parametrize("ask", ["put", "stat", "check", "list"])
def test_wrong_credentials_are_told_from_missing_rights(
    bucket_place: BucketPlace, ask: str, wrong: str, region: str | None
) -> None:
    keys = {**bucket_place.keys, wrong: "wrong-secret"}
    asks: dict[str, Callable[[ObjectStore], object]] = {
        "put": lambda store: store.put(b"x"),
        "stat": lambda store: store.stat("0" * 64),
        "check": lambda store: store.check(),
        "list": lambda store: list(store.list()),
    }

    with (
        open_object_store(bucket_place.location, region=region, **keys) as store,
        pytest.raises(Unauthenticated, match="HEADWATER_S3_ACCESS_KEY") as caught,
    ):
        asks[ask](store)

    assert "wrong-secret" not in str(caught.value)


def test_a_server_that_is_away_is_told_in_seconds() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    location = f"http://127.0.0.1:{port}/bucket"
    started = time.monotonic()

    with (
        open_object_store(location, access_key="a", secret_key="b") as store,  # noqa: S106  # none
        pytest.raises(Unavailable, match=f"127.0.0.1:{port}.*refused"),
    ):
        store.put(b"x")

    assert time.monotonic() - started < 5


def test_the_bucket_is_made_by_the_first_put(minio_server: S3Server) -> None:
    bucket = f"test-{uuid.uuid4().hex}"
    keys = {"access_key": minio_server.access_key, "secret_key": minio_server.secret_key}

    with open_object_store(f"{minio_server.address}/{bucket}", **keys) as store:
        assert list(store.list()) == []
        assert not store.exists("0" * 64)
        stored = store.put(b"first")
        assert store.read_bytes(stored.digest) == b"first"
        store.delete(stored.digest)
        assert isinstance(store, BucketStore)
        store._client.remove_bucket(bucket)  # noqa: SLF001  # leave the server as it was


@pytest.fixture
def small_portions(bucket_place: BucketPlace, minio_server: S3Server) -> Iterator[BucketStore]:
    portions = Portions(part_bytes=5 * MIB, segment_bytes=12 * MIB, copy_bytes=6 * MIB)
    with BucketStore(
        minio_server.address,
        bucket_place.bucket,
        prefix=bucket_place.prefix,
        access_key=minio_server.access_key,
        secret_key=minio_server.secret_key,
        portions=portions,
    ) as store:
        yield store


@pytest.mark.parametrize("size_bytes", [5 * MIB, 12 * MIB, 24 * MIB, 31 * MIB + 1])
def test_a_stream_beyond_one_segment_is_put_together(
    small_portions: BucketStore, bucket_place: BucketPlace, size_bytes: int
) -> None:
    content = os.urandom(size_bytes)

    stored = small_portions.put(iter([content]))

    assert stored.new
    assert small_portions.read_bytes(stored.digest) == content
    assert bucket_place.names_of_leftovers() == []


@pytest.mark.parametrize("size_bytes", [5 * MIB, 23 * MIB])
def test_a_file_in_many_parts_comes_back(small_portions: BucketStore, size_bytes: int) -> None:
    content = os.urandom(size_bytes)

    stored = small_portions.put(content)

    assert small_portions.read_bytes(stored.digest) == content


class Changing(io.BytesIO):
    """A file of which the end is written to between the first reading and the second."""

    def seek(self, position: int, whence: int = 0, /) -> int:
        self.getbuffer()[-1] ^= 1
        return super().seek(position, whence)


@pytest.mark.parametrize("size_bytes", [100, 23 * MIB])
def test_a_file_that_changes_meanwhile_is_not_stored(
    small_portions: BucketStore, bucket_place: BucketPlace, size_bytes: int
) -> None:
    with pytest.raises(Aborted, match="changed"):
        small_portions.put(Changing(bytes(size_bytes)))

    assert bucket_place.names() == []


def test_a_file_that_shrinks_meanwhile_is_not_stored(
    bucket_place: BucketPlace, tmp_path: Path
) -> None:
    path = tmp_path / "payload"
    path.write_bytes(b"12345")

    class Shrinking(io.FileIO):
        def seek(self, position: int, whence: int = 0, /) -> int:
            path.write_bytes(b"12")
            return super().seek(position, whence)

    with Shrinking(path) as file, pytest.raises(Aborted, match="changed"):
        bucket_place.store.put(file)

    assert bucket_place.names() == []


def test_staging_of_dead_writers_is_swept(bucket_place: BucketPlace) -> None:
    key = f"{bucket_place.prefix}/staging/dead/0"
    bucket_place.client.put_object(bucket_place.bucket, key, io.BytesIO(b"half"), 4)

    assert bucket_place.store.sweep() == 0
    assert bucket_place.store.sweep(older_than_s=-60) == 1

    assert bucket_place.names() == []


def test_keys_of_others_are_passed_over(bucket_place: BucketPlace) -> None:
    stored = bucket_place.store.put(b"x")
    key = f"{bucket_place.prefix}/sha256/notes.txt"
    bucket_place.client.put_object(bucket_place.bucket, key, io.BytesIO(b"note"), 4)

    assert [entry.digest for entry in bucket_place.store.list()] == [stored.digest]


def test_many_threads_share_one_store(bucket_place: BucketPlace) -> None:
    payloads = [str(number % 20).encode() for number in range(100)]

    with ThreadPoolExecutor(16) as threads:
        stored = list(threads.map(bucket_place.store.put, payloads))

    assert [bucket_place.store.read_bytes(each.digest) for each in stored] == payloads
