"""The pages over HTTP, and whether what a server stands on answers."""

import json
import threading
from importlib.metadata import version

import headwater
from headwater.graph.migrate import migrations
from headwater.server.readiness import Question, Readiness
from headwater.server.serve import Server
from headwater.server.tenants import Tenants
from server.calling import WAIT_S, Client, artifact_type, http_get


def test_a_server_whose_stores_answer_is_ready(server: Server) -> None:
    assert http_get(server, "/healthz") == (200, "ok\n")
    assert json.loads(http_get(server, "/readyz").text) == {"ready": True, "problems": {}}


def test_the_version_names_headwater_its_schema_and_the_database(
    server: Server, store: headwater.MetadataStore
) -> None:
    answer = http_get(server, "/version")

    assert json.loads(answer.text) == {
        "headwater": version("headwater"),
        "schema": max(number for number, _ in migrations()),
        "neo4j": store.about().version,
    }


def test_metrics_count_calls_by_operation_and_status(server: Server, client: Client) -> None:
    content = artifact_type().SerializeToString()

    for _ in range(2):
        client("PutArtifactType", content)
    client.fails("GetArtifactType", b"\xff")
    page = http_get(server, "/metrics").text.splitlines()

    assert 'headwater_calls_total{code="OK",rpc="PutArtifactType"} 2.0' in page
    assert 'headwater_calls_total{code="INVALID_ARGUMENT",rpc="GetArtifactType"} 1.0' in page
    assert 'headwater_call_seconds_count{rpc="PutArtifactType"} 2.0' in page
    assert "headwater_calls_in_flight 0.0" in page
    sent = f'headwater_request_bytes_total{{rpc="PutArtifactType"}} {2 * len(content)}.0'
    assert sent in page


def test_an_unknown_page_is_not_found(server: Server) -> None:
    assert http_get(server, "/nothing").status == 404


def test_a_folder_of_objects_that_is_gone_is_told(store: headwater.MetadataStore) -> None:
    def gone() -> None:
        raise FileNotFoundError("the folder is gone")

    readiness = Readiness({"neo4j": Question(store.about, 60), "objects": Question(gone, 60)})

    readiness.begin()
    problems = readiness.problems()
    readiness.end()

    assert problems == {"objects": "the folder is gone"}


def test_a_question_that_hangs_counts_as_unanswered_and_nobody_waits_for_it() -> None:
    answer = threading.Event()
    readiness = Readiness({"neo4j": Question(lambda: answer.wait(WAIT_S), 0.01)}, patience_s=0.05)

    readiness.begin()
    before = readiness.problems()
    while "for" not in readiness.problems()["neo4j"]:
        pass
    answer.set()
    while readiness.problems():
        pass
    readiness.end()

    assert set(before) == {"neo4j"}
    assert readiness.problems() == {"server": "is stopping"}


def test_clients_that_invent_namespaces_do_not_fill_the_memory(
    store: headwater.MetadataStore,
) -> None:
    tenants = Tenants(store, kept=3)

    first = tenants.store("n0")
    for i in range(10):
        tenants.store(f"n{i}")
        assert tenants.store("n0") is first

    assert len(tenants) == 3
    assert tenants.store(store.namespace) is store
