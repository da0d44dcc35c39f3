"""Fixtures: the real servers, started once a session, and a namespace of its own for each test."""

import math
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import headwater
from headwater.graph.migrate import migrate
from headwater.graph.session import Graph
from headwater.local import down
from headwater.objects import DirectoryStore
from support import servers


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and servers.HOME_VARIABLE not in os.environ:
        os.environ[servers.HOME_VARIABLE] = tempfile.mkdtemp(prefix="headwater-test-")
        config.add_cleanup(_stop_servers)


def _stop_servers() -> None:
    settings = servers.test_settings()
    down(settings)
    shutil.rmtree(settings.home, ignore_errors=True)
    del os.environ[servers.HOME_VARIABLE]


@pytest.fixture(scope="session", autouse=True)
def no_id_is_dropped() -> Iterator[None]:
    """Let no block of ids grow old, so that a slow machine numbers nodes as a fast one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headwater.services.ids.IDLE_S", math.inf)
        yield


@pytest.fixture
def old_ids_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let blocks of ids grow old as they do for users; the drop of a namespace counts on it."""
    monkeypatch.setattr("headwater.services.ids.IDLE_S", 1.0)


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[servers.Neo4jAddress]:
    with servers.neo4j_server() as server:
        yield server


@pytest.fixture(scope="session")
def minio_server() -> Iterator[servers.MinioAddress]:
    with servers.minio_server() as server:
        yield server


@pytest.fixture(scope="session")
def graph(neo4j_server: servers.Neo4jAddress) -> Iterator[Graph]:
    with Graph(
        neo4j_server.address, user=neo4j_server.user, password=neo4j_server.password
    ) as graph:
        migrate(graph)
        yield graph


@pytest.fixture
def namespace() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[DirectoryStore]:
    with DirectoryStore(tmp_path / "objects") as store:
        yield store


@pytest.fixture
def store(
    neo4j_server: servers.Neo4jAddress, namespace: str, tmp_path: Path
) -> Iterator[headwater.MetadataStore]:
    with headwater.connect(
        neo4j_server.address,
        user=neo4j_server.user,
        password=neo4j_server.password,
        namespace=namespace,
        objects=str(tmp_path / "objects"),
        home=tmp_path,
    ) as opened:
        yield opened
