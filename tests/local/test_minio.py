"""MinIO itself: how it is built, refused and blamed."""

from dataclasses import replace
from pathlib import Path

import pytest

from headwater.errors import FolderInUse, HeadwaterError, NoNetwork, NoSpace, StartFailed
from headwater.local.layout import layout
from headwater.local.locks import try_lock
from headwater.local.minio_build import build_minio, find_go, minio_binary
from headwater.local.minio_server import MinioServer
from headwater.local.progress import Silent
from headwater.local.start import start
from headwater.settings import Settings


def test_minio_blames_a_folder_that_is_not_its_own(settings: Settings) -> None:
    place = layout(settings, "minio")
    system = place.data / ".minio.sys"
    system.mkdir(parents=True)
    (system / "format.json").write_text("{")

    with pytest.raises(StartFailed) as raised:
        start(MinioServer(settings, port=None), place=place, progress=Silent())

    assert raised.value.lines


def test_a_minio_that_runs_holds_its_folder(settings: Settings) -> None:
    place = layout(settings, "minio")

    start(MinioServer(settings, port=None), place=place, progress=Silent())
    record = place.record.rename(place.run / "elsewhere")

    with pytest.raises(FolderInUse):
        start(MinioServer(settings, port=None), place=place, progress=Silent())
    assert try_lock(place.lock) is None
    record.rename(place.record)


def test_a_built_minio_is_not_built_again(settings: Settings, tmp_path: Path) -> None:
    there = replace(settings, cache=tmp_path)
    minio_binary(there).parent.mkdir()
    minio_binary(there).touch()

    assert build_minio(there) == minio_binary(there)


def test_a_go_that_is_too_old_is_not_used(tmp_path: Path) -> None:
    program(tmp_path / "go", "echo go1.19.8")

    assert find_go(str(tmp_path)) is None


def test_a_go_that_is_new_enough_is_used(tmp_path: Path) -> None:
    program(tmp_path / "go", "echo go1.24.1")

    found = find_go(str(tmp_path))

    assert found is not None
    assert found.version == (1, 24)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("lookup proxy: no such host", NoNetwork),
        ("no space left on device", NoSpace),
        ("undefined: x", StartFailed),
    ],
)
def test_a_build_that_fails_is_told_and_leaves_nothing(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    error: type[HeadwaterError],
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "go", f'[ "$1" = env ] && echo go1.26.0 && exit; echo "{said}" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    there = replace(settings, cache=tmp_path / "cache")

    with pytest.raises(error) as raised:
        build_minio(there)

    assert raised.value.output == said
    assert [path.name for path in there.cache.iterdir()] == ["minio.lock"]


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
