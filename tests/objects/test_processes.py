"""Stores under several processes, dying ones, and large objects."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from objects.places import FolderPlace, Place

MIB = 1 << 20
GIB = 1 << 30
CHILD = Path(__file__).with_name("child.py")
GROWTH_LIMIT_BYTES = 100 * MIB


@contextmanager
def child(action: str, place: Place, **given: object) -> Iterator[subprocess.Popen[str]]:
    asked = json.dumps({"location": place.location, "keys": place.keys, **given})
    command = [sys.executable, "-W", "error", str(CHILD), action, asked]
    with subprocess.Popen(  # noqa: S603  # our own file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_processes_that_put_the_same_object_at_once_make_one(place: Place) -> None:
    with ExitStack() as stack:
        writers = [
            stack.enter_context(child("put_random", place, seed=5, size_bytes=8 * MIB))
            for _ in range(2)
        ]
        assert [said(writer) for writer in writers] == ["ready", "ready"]

        for writer in writers:
            go_on(writer)
        answers = [json.loads(said(writer)) for writer in writers]

    assert len({answer["digest"] for answer in answers}) == 1
    assert any(answer["new"] for answer in answers)
    assert len(place.names()) == 1
    assert len(place.store.read_bytes(answers[0]["digest"])) == 8 * MIB


def test_a_folder_tells_exactly_one_writer_that_the_object_is_new(
    folder_place: FolderPlace,
) -> None:
    with ExitStack() as stack:
        writers = [
            stack.enter_context(child("put_random", folder_place, seed=6, size_bytes=MIB))
            for _ in range(4)
        ]
        assert [said(writer) for writer in writers] == ["ready"] * 4

        for writer in writers:
            go_on(writer)
        answers = [json.loads(said(writer)) for writer in writers]

    assert sorted(answer["new"] for answer in answers) == [False, False, False, True]


def test_a_writer_killed_in_the_middle_leaves_no_object(place: Place) -> None:
    with child("hang", place, size_bytes=40 * MIB) as writer:
        assert said(writer) == "half"
        writer.kill()
        writer.wait()

    assert list(place.store.list()) == []
    place.store.sweep(older_than_s=-60)
    assert place.names() == []
    assert place.store.put(b"\0" * MIB for _ in range(40)).new


def test_a_file_limit_is_told_as_no_space(folder_place: FolderPlace) -> None:
    kept = folder_place.store.put(b"kept")

    with child("put_limited", folder_place, limit_bytes=MIB, size_bytes=4 * MIB) as writer:
        answer = json.loads(said(writer))

    assert "No space" in answer["error"]
    assert folder_place.names_of_leftovers() == []
    assert [entry.digest for entry in folder_place.store.list()] == [kept.digest]


# HEADWATER_TEST_LARGE=1 adds the size that takes minutes and gigabytes of disk.
@pytest.mark.parametrize(
    "size_bytes", [256 * MIB, *([5 * GIB] if "HEADWATER_TEST_LARGE" in os.environ else [])]
)
def test_memory_stays_constant(place: Place, tmp_path: Path, size_bytes: int) -> None:
    payload = tmp_path / "sparse"
    with payload.open("wb") as file:
        file.truncate(size_bytes)

    with child(
        "measure",
        place,
        payload=str(payload),
        target=str(tmp_path / "target"),
        size_bytes=size_bytes,
    ) as measured:
        grown = json.loads(said(measured))

    print({how: f"{grown_bytes / MIB:.0f} MiB" for how, grown_bytes in grown.items()})  # noqa: T201
    assert max(grown.values()) < GROWTH_LIMIT_BYTES
