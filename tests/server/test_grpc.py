"""MLMD's service over the wire: answers, statuses, limits."""

import logging
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import (  # type: ignore[import-untyped]
    reflection_pb2,
    reflection_pb2_grpc,
)

import headwater
from headwater.errors import Aborted, DataLoss, HeadwaterError, NotFound, Unauthenticated
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater.mlmd.rpcs import RPCS, SERVICE, Call, Message
from server.calling import (
    WAIT_S,
    Client,
    Held,
    Status,
    artifact_type,
    artifacts,
    client_of,
    instead,
    serving,
)


def put(client: Client, *notes: str, **metadata: str) -> list[int]:
    type_id = client("PutArtifactType", artifact_type(), **metadata).type_id
    return list(client("PutArtifacts", artifacts(type_id, *notes), **metadata).artifact_ids)


def notes_of(client: Client, **metadata: str) -> list[str]:
    found = client("GetArtifacts", **metadata).artifacts
    return [artifact.properties["note"].string_value for artifact in found]


def test_every_operation_is_served(client: Client) -> None:
    codes = {name: client.future(name).code() for name in RPCS}

    assert len(codes) == 52
    assert [name for name, code in codes.items() if code is Status.UNIMPLEMENTED] == [
        "GetLineageGraph"
    ]
    assert Status.INTERNAL not in codes.values()


def test_an_operation_that_is_none_is_unimplemented(client: Client) -> None:
    assert client.fails("DropEverything")[0] is Status.UNIMPLEMENTED


def test_what_is_put_can_be_got(client: Client) -> None:
    ids = put(client, "a", "b")

    assert len(set(ids)) == 2
    assert notes_of(client) == ["a", "b"]


def test_metadata_chooses_the_namespace(client: Client, store: headwater.MetadataStore) -> None:
    other = f"{store.namespace}-other"

    put(client, "here")
    put(client, "there", x_mlmd_namespace=other)

    assert notes_of(client) == notes_of(client, x_mlmd_namespace=store.namespace) == ["here"]
    assert notes_of(client, x_mlmd_namespace=other) == ["there"]


def test_a_namespace_in_any_script_is_chosen_by_its_bytes(
    client: Client, store: headwater.MetadataStore
) -> None:
    name = f"{store.namespace}-東京"
    bytes_of_it: Any = name.encode()

    put(client, "there", x_mlmd_namespace_bin=bytes_of_it)

    assert notes_of(client) == []
    assert name in [namespace.name for namespace in store.list_namespaces()]
    assert client.fails("GetArtifacts", x_mlmd_namespace_bin=b"\xff")[0] is Status.INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["", "n" * 256])
def test_a_namespace_that_cannot_be_is_refused(client: Client, name: str) -> None:
    code, text = client.fails("GetArtifacts", x_mlmd_namespace=name)

    assert code is Status.INVALID_ARGUMENT
    assert "cannot name a namespace" in text


@pytest.mark.parametrize(
    "error",
    [kind for kind in HeadwaterError.__subclasses__() if kind.__module__ == "headwater.errors"],
    ids=lambda kind: kind.__name__,
)
def test_an_error_has_its_status_and_hint(
    store: headwater.MetadataStore, error: type[HeadwaterError]
) -> None:
    def fail(_call: Call, _request: Message) -> Message:
        raise error("It went wrong.", hint="Do better.")

    with serving(store, rpcs=instead("GetArtifacts", fail)) as server, client_of(server) as client:
        code, text = client.fails("GetArtifacts")

    assert code.value[0] == error.code
    assert text == "It went wrong. Do better."


@pytest.mark.parametrize("character", ["x", "%", "é", "語", "😀", "\n"])
def test_a_long_text_is_cut_to_what_clients_take(
    store: headwater.MetadataStore, character: str
) -> None:
    def fail(_call: Call, _request: Message) -> Message:
        raise NotFound(f"No {character * 20_000}")

    with serving(store, rpcs=instead("GetArtifacts", fail)) as server, client_of(server) as client:
        code, text = client.fails("GetArtifacts")

    assert code is Status.NOT_FOUND
    assert text.startswith(f"No {character}")
    assert text.endswith(f"{character}…")
    assert 3_800 < len(quote(text, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}~")) < 4_096


def test_of_a_bug_the_client_is_told_an_id_and_the_log_the_rest(
    store: headwater.MetadataStore, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_call: Call, _request: Message) -> Message:
        raise ZeroDivisionError("secret \x1b[31mthing")

    caplog.set_level(logging.INFO, "headwater.server")
    with serving(store, rpcs=instead("GetArtifacts", fail)) as server, client_of(server) as client:
        code, text = client.fails("GetArtifacts")

    (record,) = [r for r in caplog.records if r.name == "headwater.server"]
    error_id = text.split("error ")[1].split(".")[0]
    assert code is Status.INTERNAL
    assert "secret" not in text
    assert f"error={error_id} secret" in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert record.exc_info is not None


def test_that_the_database_refuses_the_server_is_no_fault_of_the_clients_token(
    store: headwater.MetadataStore,
) -> None:
    def fail(_call: Call, _request: Message) -> Message:
        raise Unauthenticated("Neo4j refused the user.", address="bolt://example.org")

    with serving(store, rpcs=instead("GetArtifacts", fail)) as server, client_of(server) as client:
        assert client.fails("GetArtifacts")[0] is Status.UNAVAILABLE


def test_bytes_that_are_no_request_are_refused(client: Client) -> None:
    code, text = client.fails("PutArtifacts", b"\xff\xff\xff")

    assert code is Status.INVALID_ARGUMENT
    assert "ml_metadata.PutArtifactsRequest" in text


def test_what_an_operation_adds_beside_its_answer_arrives_also_with_an_error(
    store: headwater.MetadataStore,
) -> None:
    def cut(call: Call, _request: Message) -> Message:
        call.trailing.append(("x-cut", "artifacts=7"))
        if call.metadata.get("x-fail"):
            raise Aborted("again")
        return pb.GetArtifactsResponse()

    with serving(store, rpcs=instead("GetArtifacts", cut)) as server, client_of(server) as client:
        good, bad = client.future("GetArtifacts"), client.future("GetArtifacts", x_fail="1")

        assert bad.code() is Status.ABORTED
        assert [tuple(p) for p in good.trailing_metadata()] == [("x-cut", "artifacts=7")]
        assert [tuple(p) for p in bad.trailing_metadata()] == [("x-cut", "artifacts=7")]


def test_the_token_is_not_shown_to_operations(store: headwater.MetadataStore) -> None:
    seen: dict[str, str] = {}

    def look(call: Call, _request: Message) -> Message:
        seen.update(call.metadata)
        return pb.GetArtifactsResponse()

    with serving(store, rpcs=instead("GetArtifacts", look)) as server, client_of(server) as client:
        client("GetArtifacts", authorization="Bearer hw_x", x_note="n")

    assert seen["x-note"] == "n"
    assert "authorization" not in seen


def test_a_message_of_20_mb_passes_both_ways(client: Client) -> None:
    notes = [character * 1_000_000 for character in "abcdefghijklmnopqrst"]

    put(client, *notes)

    assert notes_of(client) == notes


def test_a_request_or_answer_beyond_the_limit_is_refused_with_a_reason(
    store: headwater.MetadataStore,
) -> None:
    with serving(store, max_message_mb=1) as server, client_of(server) as client:
        for _ in range(3):
            put(client, "x" * 500_000)

        asked, told = client.fails("PutArtifacts", b"\0" * 1_100_000)
        answered, hint = client.fails("GetArtifacts")

    assert asked is answered is Status.RESOURCE_EXHAUSTED
    assert "max" in told
    assert "--max-message-mb" in hint


def test_metadata_of_12_kb_is_taken(client: Client) -> None:
    assert notes_of(client, x_note="n" * 12_000) == []


def test_a_call_whose_time_is_over_before_it_begins_is_not_run(
    store: headwater.MetadataStore,
) -> None:
    held = Held("GetArtifacts")
    with serving(store, rpcs=held.rpcs, workers=1) as server, client_of(server) as client:
        first = client.future("GetArtifacts")
        held.wait_until_begun()

        late = client.fails("GetArtifacts", timeout=0.2)[0]
        held.go_on.set()
        first.result()
        client("GetContexts")

    assert late is Status.DEADLINE_EXCEEDED
    assert held.ran == 1


def test_more_calls_than_can_wait_are_refused_at_once(store: headwater.MetadataStore) -> None:
    held = Held("GetArtifacts")
    with serving(store, rpcs=held.rpcs, workers=1) as server, client_of(server) as client:
        futures = [client.future("GetArtifacts") for _ in range(20)]
        held.wait_until_begun()
        while sum(future.done() for future in futures) < 3:
            wait([], timeout=0.01)

        held.go_on.set()
        codes = [future.code() for future in futures]

    assert codes.count(Status.RESOURCE_EXHAUSTED) == 3
    assert codes.count(Status.OK) == 17


def test_many_clients_are_served_at_once(client: Client) -> None:
    type_id = client("PutArtifactType", artifact_type()).type_id

    with ThreadPoolExecutor(8) as threads:
        ids = list(
            threads.map(
                lambda i: client("PutArtifacts", artifacts(type_id, str(i))).artifact_ids[0],
                range(80),
            )
        )

    assert len(set(ids)) == 80
    assert sorted(notes_of(client), key=int) == [str(i) for i in range(80)]


def test_the_health_service_answers_for_the_server_and_the_service(client: Client) -> None:
    stub = health_pb2_grpc.HealthStub(client.channel)

    answers = [
        stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=WAIT_S)
        for name in ("", SERVICE)
    ]

    assert [answer.status for answer in answers] == [health_pb2.HealthCheckResponse.SERVING] * 2
    with pytest.raises(grpc.RpcError):
        stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=WAIT_S)


def test_reflection_lists_the_service_and_describes_it(client: Client) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(client.channel)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing"),
    ]

    listed, ours, health, unknown = stub.ServerReflectionInfo(iter(asked), timeout=WAIT_S)

    names = [service.name for service in listed.list_services_response.service]
    files = [
        FileDescriptorProto.FromString(content)
        for content in ours.file_descriptor_response.file_descriptor_proto
    ]
    assert SERVICE in names
    assert [len(s.method) for file in files for s in file.service] == [52]
    assert health.file_descriptor_response.file_descriptor_proto
    assert unknown.error_response.error_code == Status.NOT_FOUND.value[0]


def test_a_failed_call_is_a_line_of_the_log(
    store: headwater.MetadataStore, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_call: Call, _request: Message) -> Message:
        raise DataLoss("Object gone.")

    caplog.set_level(logging.INFO, "headwater.server")
    with serving(store, rpcs=instead("GetArtifacts", fail)) as server, client_of(server) as client:
        client.fails("GetArtifacts")
        client("GetContexts")

    (line,) = [r.getMessage() for r in caplog.records if r.name == "headwater.server"]
    assert line.startswith("GetArtifacts DATA_LOSS ")
    assert f"namespace={store.namespace}" in line
