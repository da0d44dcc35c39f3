"""What every store does, over every store."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from headwater.errors import DataLoss, InvalidArgument, NotFound, ResourceExhausted, Unavailable
from headwater.objects import ObjectStore, StoredObject, digest_uri
from objects.places import Place

MIB = 1 << 20
SIZES = [0, 1, 4096, 20 * MIB]
ABSENT = "sha256:" + "0" * 64


def address(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def in_pieces(content: bytes, length: int = 100_003) -> Iterator[bytes]:
    for start in range(0, len(content), length):
        yield content[start : start + length]


class Forward(io.RawIOBase):
    """A file that cannot seek, like a pipe."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._inner.readinto(buffer)


def as_path(content: bytes, folder: Path) -> Path:
    path = folder / "payload"
    path.write_bytes(content)
    return path


FORMS: dict[str, Callable[[bytes, Path], object]] = {
    "bytes": lambda content, _: content,
    "bytearray": lambda content, _: bytearray(content),
    "memoryview": lambda content, _: memoryview(content),
    "path": as_path,
    "file": lambda content, folder: as_path(content, folder).open("rb"),
    "pipe": lambda content, _: Forward(content),
    "generator": lambda content, _: in_pieces(content),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size_bytes", SIZES)
def test_what_is_put_is_read_again(
    store: ObjectStore, tmp_path: Path, size_bytes: int, form: str
) -> None:
    content = os.urandom(size_bytes)
    payload = FORMS[form](content, tmp_path)

    stored = store.put(payload)  # type: ignore[arg-type]
    if isinstance(payload, io.IOBase):
        payload.close()

    assert stored == StoredObject(address(content), size_bytes, new=True)
    assert store.stat(stored.digest) == StoredObject(stored.digest, size_bytes)
    assert store.read_bytes(stored.digest) == content


@pytest.mark.parametrize("size_bytes", SIZES)
def test_an_object_is_fetched_to_a_file(
    store: ObjectStore, tmp_path: Path, size_bytes: int
) -> None:
    content = os.urandom(size_bytes)
    target = tmp_path / "target"
    target.write_bytes(b"what was there before")
    stored = store.put(content)

    fetched = store.fetch(stored.uri, target)

    assert fetched == StoredObject(stored.digest, size_bytes)
    assert target.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(st.binary(max_size=3000), max_size=12), step=st.integers(1, 5000))
def test_any_bytes_in_any_pieces_come_back(
    store: ObjectStore, pieces: list[bytes], step: int
) -> None:
    content = b"".join(pieces)

    stored = store.put(iter(pieces))

    with store.open(stored.digest) as stream:
        assert b"".join(iter(lambda: stream.read(step), b"")) == content
    assert stored.digest == address(content)


def test_the_same_bytes_twice_are_one_object(place: Place) -> None:
    content = os.urandom(4096)

    first = place.store.put(content)
    second = place.store.put(in_pieces(content))

    assert (first.new, second.new) == (True, False)
    assert first.digest == second.digest
    assert len(place.names()) == 1


def test_the_same_long_stream_twice_is_one_object(place: Place) -> None:
    content = os.urandom(20 * MIB)

    first = place.store.put(in_pieces(content))
    second = place.store.put(in_pieces(content))

    assert (first.new, second.new) == (True, False)
    assert len(place.names()) == 1


def test_a_file_is_stored_from_where_it_stands(store: ObjectStore) -> None:
    file = io.BytesIO(b"header;body")
    file.seek(7)

    stored = store.put(file)

    assert store.read_bytes(stored.digest) == b"body"
    assert not file.closed


def test_an_object_is_streamed_into_another_store(store: ObjectStore, tmp_path: Path) -> None:
    content = os.urandom(20 * MIB)
    stored = store.put(content)
    path = tmp_path / "other"

    with store.open(stored.digest) as stream:
        again = store.put(stream)
    store.fetch(again.digest, path)

    assert again == StoredObject(stored.digest, len(content))


def test_objects_are_listed_in_the_order_of_their_digests(store: ObjectStore) -> None:
    stored = [store.put(str(number).encode()) for number in range(30)]

    listed = list(store.list())

    assert listed == sorted(
        (StoredObject(each.digest, each.size_bytes) for each in stored),
        key=lambda each: each.digest,
    )


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert list(store.list()) == []


def test_a_deleted_object_is_gone_and_can_be_put_again(store: ObjectStore) -> None:
    stored = store.put(b"here today")

    store.delete(stored.uri)
    store.delete(stored.digest)

    assert not store.exists(stored.digest)
    assert store.put(b"here today").new


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, _: store.stat(ABSENT),
        lambda store, _: store.open(ABSENT),
        lambda store, _: store.read_bytes(ABSENT),
        lambda store, _: store.read_bytes(ABSENT, max_bytes=1),
        lambda store, folder: store.fetch(ABSENT, folder / "target"),
    ],
)
def test_what_is_missing_is_named(
    store: ObjectStore, tmp_path: Path, ask: Callable[[ObjectStore, Path], object]
) -> None:
    with pytest.raises(NotFound, match=ABSENT) as caught:
        ask(store, tmp_path)

    assert caught.value.digest == ABSENT
    assert not store.exists(ABSENT)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("ask", ["stat", "open", "read_bytes", "exists", "delete", "presign"])
def test_what_is_no_address_is_refused(store: ObjectStore, ask: str) -> None:
    with pytest.raises(InvalidArgument, match=r"\.\./\.\./etc"):
        getattr(store, ask)("../../etc/passwd")


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "cut": lambda content: content[:-1000],
    "emptied": lambda _: b"",
    "longer": lambda content: content + b"more",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("size_bytes", [4096, 3 * MIB])
def test_a_damaged_object_is_never_handed_out(
    place: Place, tmp_path: Path, size_bytes: int, damage: str
) -> None:
    content = os.urandom(size_bytes)
    stored = place.store.put(content)
    target = tmp_path / "target"
    place.overwrite(stored.digest, DAMAGES[damage](content))

    with pytest.raises(DataLoss, match=stored.digest):
        place.store.read_bytes(stored.digest)
    with pytest.raises(DataLoss):
        place.store.fetch(stored.digest, target)
    with pytest.raises(DataLoss):
        place.store.verify(stored.digest)
    with place.store.open(stored.digest) as stream, pytest.raises(DataLoss):
        list(iter(lambda: stream.read(1000), b""))

    assert [path for path in tmp_path.iterdir() if path.name != "objects"] == []


def test_a_reader_who_takes_just_the_length_is_warned_too(place: Place) -> None:
    content = os.urandom(4096)
    stored = place.store.put(content)
    place.overwrite(stored.digest, DAMAGES["flipped"](content))

    with place.store.open(stored.digest) as stream, pytest.raises(DataLoss):
        stream.read(stored.size_bytes)


def test_a_cut_object_is_healed_by_putting_it_again(place: Place) -> None:
    content = os.urandom(4096)
    stored = place.store.put(content)
    place.overwrite(stored.digest, content[:100])

    place.store.put(content)

    assert place.store.read_bytes(stored.digest) == content


def test_an_object_above_the_limit_is_not_read(store: ObjectStore) -> None:
    stored = store.put(b"12345")

    assert store.read_bytes(stored.digest, max_bytes=5) == b"12345"
    with pytest.raises(ResourceExhausted) as caught:
        store.read_bytes(stored.digest, max_bytes=4)

    assert caught.value.size_bytes == 5


def test_a_reader_that_stops_early_holds_nothing_open(store: ObjectStore) -> None:
    stored = store.put(os.urandom(3 * MIB))

    with store.open(stored.digest) as stream:
        stream.read(10)

    assert stream.closed


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (lambda _: "weights.bin", "Wrap a path in pathlib.Path"),
        (lambda folder: folder, "Pack it first"),
        (lambda _: io.StringIO("text"), "binary mode"),
        (lambda _: ["text"], "Encode text first"),
        (lambda _: [1, 2], "Encode text first"),
        (lambda _: 7, "Give bytes, a Path"),
        (lambda _: None, "Give bytes, a Path"),
    ],
)
def test_what_holds_no_bytes_is_refused_with_a_way_out(
    place: Place, tmp_path: Path, payload: Callable[[Path], object], told: str
) -> None:
    with pytest.raises(InvalidArgument, match=told):
        place.store.put(payload(tmp_path))  # type: ignore[arg-type]

    assert place.names() == []


def test_a_file_that_is_not_there_is_named(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no-such-file"):
        store.put(tmp_path / "no-such-file")


@pytest.mark.parametrize("size_bytes", [1000, 40 * MIB])
def test_a_stream_that_breaks_leaves_nothing(place: Place, size_bytes: int) -> None:
    def broken() -> Iterator[bytes]:
        yield from in_pieces(b"\0" * size_bytes)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        place.store.put(broken())

    assert place.names() == []


def test_a_download_that_breaks_is_told_as_the_payloads_fault(place: Place) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ProtocolError("connection cut")

    with pytest.raises(Unavailable, match="payload could not be read"):
        place.store.put(broken())

    assert place.names() == []


def test_a_fetch_into_a_missing_folder_names_it(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.put(b"x")

    with pytest.raises(NotFound, match="no-such-folder"):
        store.fetch(stored.digest, tmp_path / "no-such-folder" / "target")


def test_a_fetch_onto_a_folder_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.put(b"x")

    with pytest.raises(InvalidArgument, match="is a folder"):
        store.fetch(stored.digest, tmp_path)


def test_a_check_leaves_nothing(place: Place) -> None:
    place.store.check()

    assert place.names() == []


def test_a_uri_is_what_an_artifact_keeps(store: ObjectStore) -> None:
    stored = store.put(os.urandom(16))

    assert stored.uri == digest_uri(stored.digest)
    assert store.exists(stored.uri)
