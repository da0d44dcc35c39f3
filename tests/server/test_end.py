"""How a server ends, and what becomes of its calls."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

import headwater
from headwater.graph.session import Graph, Transaction
from headwater.graph.statements import Statement
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater.mlmd.rpcs import Message
from server.calling import (
    WAIT_S,
    Client,
    Held,
    Status,
    artifact_type,
    artifacts,
    client_of,
    serving,
)
from support.commands import environment
from support.servers import Neo4jAddress

PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()", "serve"]
LOCK = Statement(
    "test/lock",
    "MATCH (n:Artifact {namespace: $namespace, id: $id}) SET n.id = n.id RETURN n.id",
)


def test_running_calls_end_and_new_ones_are_refused(store: headwater.MetadataStore) -> None:
    held = Held("GetArtifacts")
    with serving(store, rpcs=held.rpcs) as server, client_of(server) as client:
        running = client.future("GetArtifacts")
        held.wait_until_begun()

        with ThreadPoolExecutor(1) as threads:
            stopped = threads.submit(server.stop, grace_s=WAIT_S)
            with client_of(server) as late:
                while late.future("GetContexts", timeout=1).code() is Status.OK:
                    pass
                refused = late.fails("GetContexts")[0]
            held.go_on.set()

            assert running.code() is Status.OK
            assert stopped.result() == 0
            assert refused is Status.UNAVAILABLE


def test_a_call_beyond_the_grace_is_cut_and_counted(store: headwater.MetadataStore) -> None:
    held = Held("GetArtifacts")
    with serving(store, rpcs=held.rpcs) as server, client_of(server) as client:
        running = client.future("GetArtifacts")
        held.wait_until_begun()

        cut = server.stop(grace_s=0.05)

        assert cut == 1
        assert running.code() in {Status.CANCELLED, Status.UNAVAILABLE}
        held.go_on.set()
        assert server.wait_for_calls() == 0


def test_a_server_that_is_stopped_twice_is_stopped(store: headwater.MetadataStore) -> None:
    with serving(store) as server:
        assert server.stop() == 0
        assert server.stop() == 0


@contextmanager
def locked(graph: Graph, namespace: str, artifact_id: int) -> Iterator[threading.Event]:
    """Hold an artifact's write lock until the event that it yields is set."""
    has, may_go = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        assert tx.run(LOCK, namespace=namespace, id=artifact_id)
        has.set()
        assert may_go.wait(WAIT_S)

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(graph.write, hold)
        assert has.wait(WAIT_S)
        try:
            yield may_go
        finally:
            may_go.set()
            done.result()


def put_one(client: Client) -> tuple[int, int]:
    type_id = client("PutArtifactType", artifact_type()).type_id
    return type_id, client("PutArtifacts", artifacts(type_id, "old")).artifact_ids[0]


def change_and_add(type_id: int, artifact_id: int) -> Message:
    """Return the request to change an artifact and add one."""
    request = artifacts(type_id, "changed", "added")
    request.artifacts[0].id = artifact_id
    return request


def test_a_client_that_goes_away_in_mid_call_leaves_nothing_half(
    store: headwater.MetadataStore, graph: Graph
) -> None:
    with serving(store) as server, client_of(server) as client:
        type_id, artifact_id = put_one(client)

        with locked(graph, store.namespace, artifact_id):
            with client_of(server) as leaving:
                call = leaving.future("PutArtifacts", change_and_add(type_id, artifact_id))
                while server.metrics.in_flight() == 0:
                    pass
            assert call.code() is Status.CANCELLED
        server.wait_for_calls(timeout_s=WAIT_S)

        found = client("GetArtifacts").artifacts
    assert [a.properties["note"].string_value for a in found] in (["old"], ["changed", "added"])


@pytest.fixture
def program(
    neo4j_server: Neo4jAddress, namespace: str, tmp_path: Path
) -> Iterator["subprocess.Popen[str]"]:
    """A `headwater serve` of its own, which has told its addresses in JSON by now."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HEADWATER_")}
    environ = inherited | environment(neo4j_server, namespace=namespace, folder=tmp_path)
    with subprocess.Popen(  # noqa: S603 - this very Python
        [*PROGRAM, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: "subprocess.Popen[str]") -> Any:
    """Return the JSON document with which the server tells that it serves."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    return json.loads("".join(lines))


def test_sigterm_lets_a_running_call_end_and_the_program_leaves_with_0(
    program: "subprocess.Popen[str]", graph: Graph, namespace: str
) -> None:
    addresses = told(program)
    assert program.stderr is not None
    with grpc.insecure_channel(addresses["grpc"]) as channel:
        client = Client(channel)
        type_id, artifact_id = put_one(client)

        with locked(graph, namespace, artifact_id) as may_go:
            running = client.future("PutArtifacts", change_and_add(type_id, artifact_id))
            while "headwater_calls_in_flight 1.0" not in page(addresses["http"], "/metrics"):
                pass
            program.send_signal(signal.SIGTERM)
            while "stopping" not in program.stderr.readline():
                pass
            may_go.set()
            answer = pb.PutArtifactsResponse.FromString(running.result())

    assert len(answer.artifact_ids) == 2
    assert program.wait(WAIT_S) == 0
    assert program.stderr.read() == "stopped\n"


def test_a_program_that_is_killed_in_mid_call_leaves_nothing_half(
    program: "subprocess.Popen[str]", graph: Graph, namespace: str, store: headwater.MetadataStore
) -> None:
    addresses = told(program)
    with grpc.insecure_channel(addresses["grpc"]) as channel:
        client = Client(channel)
        type_id, artifact_id = put_one(client)

        with locked(graph, namespace, artifact_id):
            running = client.future("PutArtifacts", change_and_add(type_id, artifact_id))
            while "headwater_calls_in_flight 1.0" not in page(addresses["http"], "/metrics"):
                pass
            program.kill()
            failed = running.code()

    with serving(store) as server, client_of(server) as client:
        found = client("GetArtifacts").artifacts
    assert failed is Status.UNAVAILABLE
    assert [a.properties["note"].string_value for a in found] in (["old"], ["changed", "added"])


def test_the_program_tells_where_it_serves_and_what_is_wrong_with_a_second(
    program: "subprocess.Popen[str]", namespace: str
) -> None:
    addresses = told(program)

    second = subprocess.run(  # noqa: S603 - this very Python
        [*PROGRAM, "--grpc", addresses["grpc"], "--http", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        check=False,
        env={"HEADWATER_NEO4J": "bolt://127.0.0.1:1"},
    )

    assert addresses["namespace"] == namespace
    assert addresses["tokens"] is addresses["tls"] is False
    assert f"port={addresses['grpc'].split(':')[1]}" in addresses["client"]
    assert second.returncode == 6
    assert "is taken by another program" in second.stderr
    assert second.stdout == ""


def page(address: str, path: str) -> str:
    with urllib.request.urlopen(f"{address}{path}", timeout=WAIT_S) as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
        return text
