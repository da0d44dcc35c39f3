"""Killed in the middle: what was acknowledged is there, and nothing is there by half."""

import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import headwater
from faults.child import payload
from faults.processes import child, said, said_until_its_end
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.local import down, status, up
from headwater.settings import Settings, load_settings
from support.servers import Neo4jAddress

UNITS = Statement(
    "test/units",
    """
MATCH (e:Execution {namespace: $namespace}) WHERE e.id IS NOT NULL
RETURN e.name,
       COLLECT { MATCH (a)-[:INPUT]->(e) RETURN a.name },
       COLLECT { MATCH (e)-[:OUTPUT]->(a) RETURN a.name },
       COLLECT { MATCH (e)-[:ASSOCIATION]->(c) RETURN c.name },
       COLLECT { MATCH (e)-[:ASSOCIATION]->(c)<-[:ATTRIBUTION]-(a) RETURN a.name ORDER BY a.name }
""",
)
NODES = Statement(
    "test/nodes",
    """
MATCH (n:Artifact|Execution|Context) WHERE n.namespace = $namespace
RETURN n.name
""",
)


def check_units(graph: Graph, namespace: str, acknowledged: list[int]) -> None:
    """Every acknowledged unit is there, and every unit that is there is whole."""
    found = set()
    for name, inputs, outputs, contexts, attributed in graph.read(UNITS, namespace=namespace):
        i = name.removeprefix("e")
        assert (inputs, outputs, contexts) == ([f"in{i}"], [f"out{i}"], [f"c{i}"])
        assert attributed == [f"in{i}", f"out{i}"]
        found.add(int(i))
    names = sorted(row[0] for row in graph.read(NODES, namespace=namespace))
    assert names == sorted(f"{part}{i}" for i in found for part in ("c", "e", "in", "out"))
    assert set(acknowledged) <= found
    assert len(found - set(acknowledged)) <= 1


def kill(pid: int) -> None:
    """End a process at once, and wait until it is gone."""
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    process.wait(30)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = replace(load_settings({}), home=tmp_path_factory.mktemp("home"))
    yield settings
    down(settings)


@pytest.fixture
def home(settings: Settings) -> Path:
    up(settings, objects="minio", compiler="c1")
    return settings.home


def test_a_killed_client_leaves_whole_units_only(
    neo4j_server: Neo4jAddress, graph: Graph, tmp_path: Path
) -> None:
    for last in (3, 11, 26):
        namespace = f"test-{uuid.uuid4().hex}"
        with child(
            "put_units",
            address=neo4j_server.address,
            user=neo4j_server.user,
            password=neo4j_server.password,
            namespace=namespace,
            objects=str(tmp_path / "objects"),
        ) as writer:
            acknowledged = [said(writer) for _ in range(last)]
            writer.kill()
            acknowledged += said_until_its_end(writer)

        check_units(graph, namespace, acknowledged)


def test_a_killed_neo4j_keeps_what_it_acknowledged_and_nothing_by_half(
    settings: Settings, home: Path, namespace: str
) -> None:
    with child("put_units", home=str(home), namespace=namespace) as writer:
        acknowledged = [said(writer) for _ in range(40)]
        kill(status(settings).neo4j.pid or 0)
        # The rest of what was said before: the writer waits for a server that does not come back.
        writer.kill()
        acknowledged += said_until_its_end(writer)

    up(settings, objects="minio", compiler="c1")

    neo4j = status(settings).neo4j
    with Graph(neo4j.address or "", user=neo4j.user or "", password=neo4j.password()) as graph:
        check_units(graph, namespace, acknowledged)
    with headwater.connect(home=home, namespace=namespace) as store:
        assert len(store.executions.by_type("E")) >= len(acknowledged)


def test_a_killed_minio_keeps_what_it_acknowledged_and_no_broken_object(
    settings: Settings, home: Path, namespace: str
) -> None:
    with child("put_payloads", home=str(home), namespace=namespace) as writer:
        acknowledged = [said(writer) for _ in range(8)]
        kill(status(settings).minio.pid or 0)
        writer.kill()
        acknowledged += said_until_its_end(writer)

    up(settings, objects="minio", compiler="c1")

    with headwater.connect(home=home, namespace=namespace) as store:
        for made in acknowledged:
            assert store.read_bytes(made["name"]) == payload(made["i"])
            assert store.artifact(made["name"]).digest == made["digest"]
        for entry in store.objects.list():
            assert len(store.objects.read_bytes(entry.digest)) == entry.size_bytes
        for artifact in store.artifacts.all():
            assert artifact.digest is not None
            store.objects.read_bytes(artifact.digest)
