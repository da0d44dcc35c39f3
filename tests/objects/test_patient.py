"""A store that is away for a while, seen through one that waits for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import pytest

from headwater.errors import NotFound, Unavailable
from headwater.objects import DirectoryStore, PatientStore, StoredObject
from headwater.objects.payload import Payload

LONG_S = 600.0


class GoesAway(DirectoryStore):
    """A folder that answers only while it is there.

    Attributes:
        away: how many requests it still lets fall.
        asked: how many it got.
    """

    away = 0
    asked = 0

    def stat(self, digest: str) -> StoredObject:
        self._answer()
        return super().stat(digest)

    def open(self, digest: str) -> BufferedReader:
        self._answer()
        return super().open(digest)

    def put(self, payload: Payload) -> StoredObject:
        self._answer()
        return super().put(payload)

    def _answer(self) -> None:
        self.asked += 1
        if self.away:
            self.away -= 1
            raise Unavailable("It is away.")


@pytest.fixture
def inner(tmp_path: Path) -> GoesAway:
    return GoesAway(tmp_path / "objects")


def test_each_request_is_made_again_until_it_is_answered(inner: GoesAway, tmp_path: Path) -> None:
    store = PatientStore(inner, LONG_S)
    stored = store.put(b"first")
    file = tmp_path / "payload"
    file.write_bytes(b"second")

    inner.away = 2
    assert store.put(file).new
    inner.away = 2
    assert store.read_bytes(stored.digest) == b"first"
    inner.away = 1
    assert store.fetch(stored.digest, tmp_path / "fetched").size_bytes == 5
    inner.away = 1
    store.verify(stored.digest)
    inner.away = 1
    assert store.exists(stored.digest)
    inner.away = 1
    with store.open(stored.digest) as stream:
        assert stream.read() == b"first"


def test_a_stream_is_sent_once(inner: GoesAway) -> None:
    store = PatientStore(inner, LONG_S, known=True)
    inner.away = 1

    with pytest.raises(Unavailable):
        store.put(iter([b"once"]))

    assert inner.asked == 1


def test_one_that_never_answered_is_not_waited_for(inner: GoesAway) -> None:
    store = PatientStore(inner, LONG_S)
    inner.away = 1

    with pytest.raises(Unavailable):
        store.greet()
    assert inner.asked == 1

    store.greet()
    inner.away = 1
    with pytest.raises(NotFound):
        store.stat("0" * 64)
    assert inner.away == 0


def test_it_is_given_up_after_its_time(inner: GoesAway) -> None:
    store = PatientStore(inner, 1.0, known=True)
    inner.away = 1_000

    with pytest.raises(Unavailable):
        store.greet()

    assert 2 <= inner.asked <= 12


@contextmanager
def waiting(store: PatientStore, errors: list[Unavailable]) -> Iterator[None]:
    def ask() -> None:
        try:
            store.greet()
        except Unavailable as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    yield
    asking.join(30)
    assert not asking.is_alive()


@pytest.mark.parametrize("end", ["hurry", "close"])
def test_waiting_ends_when_it_is_hurried_or_closed(inner: GoesAway, end: str) -> None:
    store = PatientStore(inner, LONG_S, known=True)
    inner.away, errors = 1_000, list[Unavailable]()

    with waiting(store, errors):
        while inner.asked < 2:
            time.sleep(0.01)
        getattr(store, end)()

    assert len(errors) == 1
    asked = inner.asked
    with pytest.raises(Unavailable):
        store.greet()
    assert inner.asked == asked + 1
