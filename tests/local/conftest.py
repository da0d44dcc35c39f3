"""Homes of their own under a temporary folder; the user's cache of jars and binaries."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headwater.local import LocalStatus, down, up
from headwater.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    settings = replace(load_settings({}), home=tmp_path / "home")
    yield settings
    down(settings, timeout_s=2)


@pytest.fixture(scope="session")
def shared_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = replace(load_settings({}), home=tmp_path_factory.mktemp("home"))
    yield settings
    down(settings)


@pytest.fixture
def running(shared_settings: Settings) -> LocalStatus:
    """Both servers, up; one that an earlier test stopped is started again."""
    return up(shared_settings, objects="minio", compiler="c1")
