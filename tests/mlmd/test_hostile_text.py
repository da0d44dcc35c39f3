"""Every string field of every request holds Cypher and backticks: nothing but data comes of it."""

from collections.abc import Iterator
from typing import Any

import pytest

import headwater
import headwater_schema
from headwater.errors import Code, HeadwaterError
from headwater.mlmd.calls import Call
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.rpcs import RPCS

Message = Any

HOSTILE = (
    "`) MATCH (n) DETACH DELETE n //",
    "x'}) DETACH DELETE n RETURN ({a: '",
    'x"}) SET n:Hacked RETURN ("',
    r"\u0060) SET n.hacked = true //",
    "$namespace} RETURN 1 //",
    "``:`Hacked`",
    "' OR 1 = 1 --",
    "'; CREATE (:Hacked); //",
)
EXPECTED = {
    Code.INVALID_ARGUMENT,
    Code.NOT_FOUND,
    Code.ALREADY_EXISTS,
    Code.UNIMPLEMENTED,
    Code.OUT_OF_RANGE,
}
TEXTS = 3
_DEPTH = 3


def text_fields(descriptor: Any, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the path of every string field below a message, maps by their keys and values."""
    for field in descriptor.fields:
        kind = field.message_type
        if kind is None:
            if field.cpp_type == field.CPPTYPE_STRING and field.type == field.TYPE_STRING:
                yield (field.name,)
        elif depth < _DEPTH and kind.full_name != "google.protobuf.Any":
            if kind.GetOptions().map_entry and kind.fields_by_name["key"].cpp_type == 9:
                yield (field.name,)
            elif not kind.GetOptions().map_entry:
                for path in text_fields(kind, depth + 1):
                    yield (field.name, *path)


def put_text(message: Message, path: tuple[str, ...], text: str) -> None:
    """Make the field at a path hold a text."""
    field = message.DESCRIPTOR.fields_by_name[path[0]]
    value = getattr(message, path[0])
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        item = field.message_type.fields_by_name["value"]
        if item.message_type is None:
            value[text] = 1
        elif item.message_type.full_name == "ml_metadata.Value":
            value[text].string_value = text
        else:
            value[text].SetInParent()
    elif field.message_type is None:
        if isinstance(value, str):
            setattr(message, path[0], text)
        else:
            value.append(text)
    else:
        inner = value if hasattr(value, "DESCRIPTOR") else (value.add() if not value else value[0])
        put_text(inner, path[1:], text)


def filled(name: str, types: dict[str, int]) -> Message:
    """Return a request that would do something, with one of each part it can have."""
    request = getattr(service_pb, f"{name}Request")()
    for field in request.DESCRIPTOR.fields:
        kind = field.message_type.name if field.message_type else ""
        value = getattr(request, field.name)
        node = value.add() if hasattr(value, "add") else value
        if kind in ("Artifact", "Execution", "Context"):
            node.type_id = types[kind]
            node.name = "n"
        elif kind == "ArtifactAndEvent":
            node.artifact.type_id = types["Artifact"]
            node.event.type = pb.Event.INPUT
    return request


@pytest.mark.parametrize("name", sorted(RPCS))
def test_hostile_text_stays_data(store: headwater.MetadataStore, name: str) -> None:
    kinds = {
        "Artifact": headwater_schema.ArtifactType,
        "Execution": headwater_schema.ExecutionType,
        "Context": headwater_schema.ContextType,
    }
    ids = store.put_types([kind(name="T") for kind in kinds.values()])
    types = dict(zip(kinds, ids, strict=True))
    canary = store.in_namespace(f"{store.namespace}-canary")
    (canary_type,) = canary.put_types([headwater_schema.ArtifactType(name="Canary")])
    node = headwater_schema.Artifact(type_id=canary_type, name="canary")
    canary.put(headwater_schema.PutRequest(artifacts=(node,)))
    before = canary.artifacts.all()
    for number, path in enumerate(text_fields(RPCS[name].request.DESCRIPTOR)):
        # Each path gets a few of the texts, and the next path the next ones.
        for text in (HOSTILE[(number * TEXTS + i) % len(HOSTILE)] for i in range(TEXTS)):
            request = filled(name, types)
            put_text(request, path, text)
            try:
                RPCS[name].run(Call(store), request)
            except HeadwaterError as error:
                assert error.code in EXPECTED, (path, text, error)  # noqa: PT017 - the code matters
    assert canary.artifacts.all() == before
    labelled = "MATCH (n:Hacked) RETURN count(n) AS n"
    marked = "MATCH (n:Artifact|Execution|Context|Type) WHERE n.namespace IN $names AND n['hacked'] RETURN count(n) AS n"
    names = [store.namespace, canary.namespace]
    assert [row["n"] for row in store.cypher(labelled)] == [0]
    assert [row["n"] for row in store.cypher(marked, names=names)] == [0]


def test_hostile_names_come_back_as_they_were(store: headwater.MetadataStore) -> None:
    call = Call(store)
    for text in HOSTILE:
        made = pb.ArtifactType(name=text, properties={text: pb.STRING})
        type_id = (
            RPCS["PutArtifactType"]
            .run(call, service_pb.PutArtifactTypeRequest(artifact_type=made))
            .type_id
        )
        artifact = pb.Artifact(type_id=type_id, name=text, uri=text, external_id=text)
        artifact.properties[text].string_value = text
        artifact.custom_properties[text].string_value = text
        put = service_pb.PutArtifactsRequest(artifacts=[artifact])
        (artifact_id,) = RPCS["PutArtifacts"].run(call, put).artifact_ids
        get = service_pb.GetArtifactsByIDRequest(artifact_ids=[artifact_id])
        (found,) = RPCS["GetArtifactsByID"].run(call, get).artifacts
        for field in ("name", "uri", "external_id", "properties", "custom_properties"):
            assert getattr(found, field) == getattr(artifact, field)
