import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.errors import InvalidArgument, NoSpace, NotFound, PermissionDenied, Unimplemented
from headwater.objects import DirectoryStore
from objects.places import FolderPlace

MIB = 1 << 20


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603  # fixed
        pytest.skip("this user may not mount; RLIMIT_FSIZE tests the same")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607  # fixed


def test_a_full_disk_is_told_and_leaves_no_broken_object(tiny_disk: Path) -> None:
    store = DirectoryStore(tiny_disk / "objects")
    kept = store.put(b"\1" * 100_000)

    with pytest.raises(NoSpace, match="No space left"):
        store.put(b"\2" * 4096 for _ in range(1000))

    assert [entry.digest for entry in store.list()] == [kept.digest]
    assert store.read_bytes(kept.digest) == b"\1" * 100_000
    assert list((tiny_disk / "objects" / "tmp").iterdir()) == []
    assert store.put(b"\3" * 100_000).new


def test_a_fetch_to_a_full_disk_leaves_no_target(tiny_disk: Path, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "objects")
    stored = store.put(b"\1" * 2 * MIB)

    with pytest.raises(NoSpace):
        store.fetch(stored.digest, tiny_disk / "target")

    assert list(tiny_disk.iterdir()) == []


def test_objects_lie_two_folders_deep_and_cannot_be_written(folder_place: FolderPlace) -> None:
    stored = folder_place.store.put(b"x")

    name = stored.digest.removeprefix("sha256:")
    path = Path(folder_place.location) / "sha256" / name[:2] / name[2:4] / name
    assert path.stat().st_mode & 0o777 == 0o444


def test_opening_a_store_creates_nothing(tmp_path: Path) -> None:
    DirectoryStore(tmp_path / "objects")

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InvalidArgument, match="is a file"):
        DirectoryStore(tmp_path / "file")


def test_a_folder_has_no_links_and_says_what_to_do(folder_place: FolderPlace) -> None:
    stored = folder_place.store.put(b"x")

    with pytest.raises(Unimplemented, match="Fetch the object"):
        folder_place.store.presign(stored.digest)


def test_files_of_others_are_passed_over(folder_place: FolderPlace) -> None:
    stored = folder_place.store.put(b"x")
    leaf = Path(folder_place.location) / "sha256" / "ab" / "cd"
    leaf.mkdir(parents=True)
    (leaf / "notes.txt").touch()
    (leaf / ("0" * 64)).touch()

    assert [entry.digest for entry in folder_place.store.list()] == [stored.digest]


def test_a_dead_writers_file_is_swept_when_it_is_old(folder_place: FolderPlace) -> None:
    folder_place.store.put(b"x")
    left = Path(folder_place.location) / "tmp" / "left"
    left.write_bytes(b"half")

    assert folder_place.store.sweep() == 0
    assert folder_place.store.sweep(older_than_s=0) == 1

    assert not left.exists()


def test_opening_a_store_sweeps_what_is_a_day_old(folder_place: FolderPlace) -> None:
    folder_place.store.put(b"x")
    left = Path(folder_place.location) / "tmp" / "left"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))

    DirectoryStore(Path(folder_place.location))

    assert not left.exists()


def test_a_living_writers_file_is_never_swept(folder_place: FolderPlace) -> None:
    store = folder_place.store

    def slow() -> Iterator[bytes]:
        yield b"first"
        assert store.sweep(older_than_s=0) == 0
        yield b"second"

    stored = store.put(slow())

    assert store.read_bytes(stored.digest) == b"firstsecond"


def test_a_read_only_disk_is_told_and_still_read(tiny_disk: Path) -> None:
    kept = DirectoryStore(tiny_disk / "objects").put(b"kept")
    remount = ["mount", "-o", "remount,ro", str(tiny_disk)]
    subprocess.run(remount, check=True)  # noqa: S603  # fixed

    store = DirectoryStore(tiny_disk / "objects")

    with pytest.raises(PermissionDenied, match=str(tiny_disk)):
        store.check()
    with pytest.raises(PermissionDenied, match="Read-only"):
        store.put(b"more")
    assert store.read_bytes(kept.digest) == b"kept"


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(NotFound, match="/proc/headwater-objects"):
        DirectoryStore(Path("/proc/headwater-objects")).check()
