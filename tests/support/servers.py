"""Where the tests' real servers come from.

A running server named in the environment, else a container where a Docker engine answers,
else headwater's own local servers in a folder of the test session.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from headwater import Settings, load_settings
from headwater.local import status, up

HOME_VARIABLE = "HEADWATER_TEST_HOME"
NEO4J_IMAGE = "neo4j:5.26.29-community"
DOCKER_SOCKET = Path("/var/run/docker.sock")
MINIO_IMAGE = "minio/minio:RELEASE.2025-09-07T16-13-09Z"


@dataclass(frozen=True)
class Neo4jAddress:
    """A Neo4j that tests may write to."""

    address: str
    user: str
    password: str | None


@dataclass(frozen=True)
class MinioAddress:
    """An S3 store that tests may write to."""

    address: str
    access_key: str
    secret_key: str


def test_settings() -> Settings:
    """Return the settings of the test session's own local servers."""
    return replace(load_settings({}), home=Path(os.environ[HOME_VARIABLE]))


def docker_answers() -> bool:
    """Return whether a Docker engine can be used from here."""
    if "DOCKER_HOST" not in os.environ and not DOCKER_SOCKET.exists():
        # The client would leave an open socket behind, and the garbage collector's warning
        # of it would fail whichever test runs then.
        return False
    try:
        import docker  # noqa: PLC0415 - only where it is installed
        from docker.errors import DockerException  # noqa: PLC0415 - likewise
    except ImportError:
        return False
    try:
        client = docker.from_env()
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()


@contextmanager
def neo4j_server() -> Iterator[Neo4jAddress]:
    """Yield a real Neo4j."""
    given = os.environ.get("HEADWATER_TEST_NEO4J")
    if given:
        user = os.environ.get("HEADWATER_TEST_NEO4J_USER", "neo4j")
        yield Neo4jAddress(given, user, os.environ.get("HEADWATER_TEST_NEO4J_PASSWORD"))
    elif docker_answers():
        from testcontainers.community.neo4j import Neo4jContainer  # noqa: PLC0415 - needs an engine

        with Neo4jContainer(NEO4J_IMAGE, password=uuid.uuid4().hex) as container:
            yield Neo4jAddress(
                container.get_connection_url(), container.username, container.password
            )
    else:
        local = up(test_settings(), compiler="c1").neo4j
        yield Neo4jAddress(local.address or "", local.user or "", local.password())


@contextmanager
def minio_server() -> Iterator[MinioAddress]:
    """Yield a real MinIO."""
    given = os.environ.get("HEADWATER_TEST_S3")
    if given:
        yield MinioAddress(
            given,
            os.environ["HEADWATER_TEST_S3_ACCESS_KEY"],
            os.environ["HEADWATER_TEST_S3_SECRET_KEY"],
        )
    elif docker_answers():
        from testcontainers.community.minio import MinioContainer  # noqa: PLC0415 - needs an engine

        with MinioContainer(MINIO_IMAGE) as container:
            config = container.get_config()
            yield MinioAddress(
                f"http://{config['endpoint']}", config["access_key"], config["secret_key"]
            )
    else:
        up(test_settings(), objects="minio", compiler="c1")
        local = status(test_settings()).minio
        yield MinioAddress(local.address or "", local.user or "", local.password())
