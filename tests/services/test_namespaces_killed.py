"""A process that is killed while it drops a namespace leaves what another finishes."""

import json
import subprocess
import sys
from pathlib import Path

import headwater
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater_schema import (
    Artifact,
    ArtifactType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    New,
    PutRequest,
)
from support.servers import Neo4jAddress

DROP = """
import json, sys
import headwater
from headwater.services import namespaces

class Told:
    def begin(self, task, total): print(total, flush=True)
    def advance(self, amount): print(amount, flush=True)
    def end(self): pass

namespaces._BATCH = 25
given = json.loads(sys.argv[1])
with headwater.connect(start=False, **given) as store:
    store.drop_namespace(given["namespace"], progress=Told())
"""
HELD = Statement(
    "test/held",
    """
MATCH (n:Artifact|Execution|Type|Counter|Series) WHERE n.namespace = $namespace
RETURN count(n) AS n
""",
)


def held(graph: Graph, namespace: str) -> int:
    return int(graph.read(HELD, namespace=namespace)[0][0])


def test_a_drop_that_was_killed_goes_on(
    store: headwater.MetadataStore, neo4j_server: Neo4jAddress, graph: Graph, tmp_path: Path
) -> None:
    artifact_type, execution_type = store.put_types(
        [ArtifactType(name="A"), ExecutionType(name="E")]
    )
    count = 400
    store.put(
        PutRequest(
            artifacts=(Artifact(type_id=artifact_type, name="hub"),),
            executions=tuple(Execution(type_id=execution_type) for _ in range(count)),
            events=tuple(EventPut(New(0), New(i), EventType.INPUT) for i in range(count)),
        )
    )
    given = {
        "address": neo4j_server.address,
        "user": neo4j_server.user,
        "password": neo4j_server.password,
        "namespace": store.namespace,
        "objects": str(tmp_path / "objects"),
        "home": str(tmp_path),
    }

    with subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", DROP, json.dumps(given)], stdout=subprocess.PIPE, text=True
    ) as dropping:
        assert dropping.stdout is not None
        told = [int(dropping.stdout.readline()) for _ in range(4)]
        dropping.kill()

    assert told == [count + 1, 25, 25, 25]
    assert 0 < held(graph, store.namespace) < count
    states = {n.name: n.state for n in store.list_namespaces()}
    assert states[store.namespace] == "DROPPING"

    rest = store.drop_namespace(store.namespace)

    assert 0 < rest.executions <= count - 75
    assert held(graph, store.namespace) == 0
    assert store.namespace not in {n.name for n in store.list_namespaces()}
    assert store.put_types([ArtifactType(name="A")]) == [10]
    assert store.put(PutRequest(artifacts=(Artifact(type_id=10),))).artifact_ids == (1,)
