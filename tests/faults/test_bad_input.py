"""Bad and strange input: an exact error, or an exact round trip; never anything by half."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import (
    AlreadyExists,
    HeadwaterError,
    InvalidArgument,
    NotFound,
    OutOfRange,
)
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater_schema import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    LinkPut,
    New,
    ParentPut,
    PropertyKind,
    ProtoValue,
    PutRequest,
)
from support.clocked import Services
from support.sameness import same

MIB = 1 << 20
DECLARED = {str(kind).lower(): kind for kind in PropertyKind}
TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "😀👩‍👩‍👧",
    "\u202e\ufeff\uffff",
    "e\u0301 \u00e9",
    "'; DROP TABLE artifact; --",
    "' OR '1'='1",
    "'}) MATCH (n) DETACH DELETE n //",
    "` SET n.x = 1 //",
    "\\u0060",
    "$namespace",
    "{{}}%s%(x)s",
    "null",
    "NaN",
    "__MLMD_NULL__",
    "mlmd-struct::{}",
    "artifact:1",
    "x" * 4_000,
    "é" * 2_000,
]
LARGE = ["x" * 4_001, "é" * 3_001, "y" * 300_000, "z" * (10 * MIB)]
NUMBERS: list[Any] = [0, -1, 2**63 - 1, -(2**63)]
DOUBLES = [
    0.0,
    -0.0,
    1e-10,
    5e-324,
    1.7976931348623157e308,
    float("inf"),
    float("-inf"),
    float("nan"),
]
STRUCTS: list[Any] = [
    {},
    [],
    {"": None},
    {"a": [1, 1.0, True, None, "é\0"]},
    [[[[]]]],
    {"n": float("inf"), "big": 2**80},
    {"large": "x" * MIB},
]
PROTOS = [
    ProtoValue(type_url="t/x", value=b""),
    ProtoValue(type_url="t/é", value=bytes(range(256)) * 2_000),
]
VALUES = {
    "string": [*TEXTS, *LARGE],
    "int": NUMBERS,
    "double": DOUBLES,
    "boolean": [True, False],
    "struct": STRUCTS,
    "proto": PROTOS,
}


class Place:
    """The services, and the ids of a type of each kind."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.artifact_type, self.execution_type, self.context_type = services.types.put(
            [
                ArtifactType(name="A", properties=DECLARED, unindexed=frozenset(DECLARED)),
                ExecutionType(name="E"),
                ContextType(name="C"),
            ]
        )

    def artifact(self, **fields: Any) -> Artifact:
        return Artifact(**{"type_id": self.artifact_type} | fields)

    def put(self, *artifacts: Artifact, **more: Any) -> tuple[int, ...]:
        return self.services.puts.put(PutRequest(artifacts=artifacts, **more)).artifact_ids


@pytest.fixture
def place(graph: Graph, objects: DirectoryStore) -> Place:
    return Place(Services(graph, objects, f"test-{uuid.uuid4().hex}", offload_bytes=262_144))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param(kind, value, id=f"{kind}-{i}")
        for kind, values in VALUES.items()
        for i, value in enumerate(values)
    ],
)
def test_a_value_comes_back_exactly(place: Place, kind: str, value: object) -> None:
    (artifact_id,) = place.put(
        place.artifact(properties={kind: value}, custom_properties={kind: value})
    )

    (found,) = place.services.artifacts.by_ids([artifact_id])

    assert same(found.properties, {kind: value})
    assert same(found.custom_properties, {kind: value})


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_a_name_an_external_id_a_uri_and_a_key(place: Place, text: str) -> None:
    key = text.replace("\0", "")[:300]
    (artifact_id,) = place.put(
        place.artifact(name=text, external_id=text, uri=text, custom_properties={key: text})
    )

    service = place.services.artifacts
    (found,) = service.by_name(text)
    assert (found.id, found.name, found.external_id, found.uri) == (artifact_id, text, text, text)
    assert found.custom_properties == {key: text}
    assert [a.id for a in service.by_external_ids([text])] == [artifact_id]
    assert [a.id for a in service.by_uris([text])] == [artifact_id]
    assert service.by_type_and_name("A", text) == found


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_a_series_and_a_namespace_is_not_hurt(place: Place, text: str) -> None:
    series = text[:1_000]
    if not series:
        return
    (artifact_id,) = place.put(place.artifact(), series={0: series})

    assert [a.id for a in place.services.artifacts.versions(series)] == [artifact_id]
    assert place.services.types.all()[0].name == "A"


def test_a_large_value_lies_in_the_object_store_and_comes_back(place: Place) -> None:
    value = "z" * (10 * MIB)

    (artifact_id,) = place.put(place.artifact(properties={"string": value}))

    stored = next(p for e, p in place.services.snapshot().items() if e.key == (artifact_id,))
    assert len(str(stored)) < 2_000
    assert len(list(place.services.objects.list())) == 1


def new(place: Place, **more: Any) -> PutRequest:
    """Return a request that would make a node of each kind, were it not for the rest."""
    return PutRequest(
        artifacts=(place.artifact(name="new", uri="u"), *more.pop("artifacts", ())),
        executions=(Execution(type_id=place.execution_type), *more.pop("executions", ())),
        contexts=(Context(type_id=place.context_type, name="new"), *more.pop("contexts", ())),
        **more,
    )


WRONG: list[tuple[str, type[HeadwaterError], Callable[[Place], PutRequest]]] = [
    ("no type", InvalidArgument, lambda p: new(p, executions=(Execution(),))),
    ("unknown type", NotFound, lambda p: new(p, executions=(Execution(type_id=999),))),
    ("other kind", NotFound, lambda p: new(p, executions=(Execution(type_id=p.artifact_type),))),
    (
        "unknown property",
        InvalidArgument,
        lambda p: new(p, artifacts=(p.artifact(properties={"x": 1}),)),
    ),
    (
        "wrong value",
        InvalidArgument,
        lambda p: new(p, artifacts=(p.artifact(properties={"int": 1.0}),)),
    ),
    ("unknown id", InvalidArgument, lambda p: new(p, artifacts=(p.artifact(id=999),))),
    ("negative id", InvalidArgument, lambda p: new(p, artifacts=(p.artifact(id=-1),))),
    ("name twice", AlreadyExists, lambda p: new(p, artifacts=(p.artifact(name="new"),))),
    ("name taken", AlreadyExists, lambda p: new(p, artifacts=(p.artifact(name="old"),))),
    (
        "context taken",
        AlreadyExists,
        lambda p: new(p, contexts=(Context(type_id=p.context_type, name="old"),)),
    ),
    (
        "context without name",
        InvalidArgument,
        lambda p: new(p, contexts=(Context(type_id=p.context_type),)),
    ),
    (
        "event of nobody",
        InvalidArgument,
        lambda p: new(p, events=(EventPut(999, New(0), EventType.INPUT),)),
    ),
    (
        "event by nobody",
        InvalidArgument,
        lambda p: new(p, events=(EventPut(New(0), 999, EventType.OUTPUT),)),
    ),
    (
        "event too far",
        OutOfRange,
        lambda p: new(p, events=(EventPut(New(9), New(0), EventType.INPUT),)),
    ),
    (
        "event time",
        InvalidArgument,
        lambda p: new(p, events=(EventPut(New(0), New(0), EventType.INPUT, (), 2**63),)),
    ),
    (
        "event id",
        InvalidArgument,
        lambda p: new(p, events=(EventPut(2**63, New(0), EventType.INPUT),)),
    ),
    ("link to nobody", InvalidArgument, lambda p: new(p, attributions=(LinkPut(New(0), 999),))),
    ("link of nobody", InvalidArgument, lambda p: new(p, associations=(LinkPut(999, New(0)),))),
    ("own parent", InvalidArgument, lambda p: new(p, parents=(ParentPut(New(0), New(0)),))),
    ("parent of nobody", InvalidArgument, lambda p: new(p, parents=(ParentPut(999, New(0)),))),
]


@pytest.mark.parametrize(
    ("kind", "make"), [pytest.param(kind, make, id=name) for name, kind, make in WRONG]
)
def test_a_wrong_request_is_refused_and_nothing_is_written(
    place: Place, kind: type[HeadwaterError], make: Callable[[Place], PutRequest]
) -> None:
    place.put(
        place.artifact(name="old"), contexts=(Context(type_id=place.context_type, name="old"),)
    )
    before = place.services.snapshot()
    place.services.seen.clear()

    with pytest.raises(HeadwaterError) as caught:
        place.services.puts.put(make(place))

    assert type(caught.value) is kind
    assert place.services.snapshot() == before
    assert place.services.seen == []
    place.put(place.artifact())


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "\ud800"},
        {"name": "x" * 4_001},
        {"external_id": "é" * 2_001},
        {"uri": "\udfff"},
        {"id": 2**63},
        {"custom_properties": {"k": None}},
        {"custom_properties": {"k": 2**63}},
        {"custom_properties": {"k": object()}},
        {"custom_properties": {"k": b"bytes"}},
        {"custom_properties": {"k": {1: 2}}},
        {"custom_properties": {"k\0": 1}},
        {"custom_properties": {"k" * 1_001: 1}},
    ],
)
def test_what_no_node_can_hold_is_refused_when_the_node_is_made(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Artifact(type_id=10, **fields)

    assert len(str(caught.value)) < 4_000
