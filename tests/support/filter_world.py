"""A small store for filters: nodes of each kind with values of each, their links and events."""

from typing import Any

from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    LinkPut,
    New,
    ParentPut,
    PropertyKind,
    PutRequest,
    TypeKind,
)
from support.clocked import Services
from support.filters import KEYS, World

_SHARED: list[dict[str, Any]] = [
        {"name": "a", "properties": {"a": 1, "b": "ab"}, "custom_properties": {"a": 0.5}},
        {"name": "ab", "properties": {"a": 3, KEYS[2]: 1.0}, "custom_properties": {"a": 2}},
        {"name": "é", "properties": {"b": "100%"}, "custom_properties": {KEYS[2]: "it's", "a": True}},
        {"name": "it's", "external_id": "a", "custom_properties": {"b": "a_b", "a": "a"}},
    ]  # fmt: skip


def filter_world(services: Services) -> World:
    """Return what a namespace holds after a small store of every kind of value was put into it."""
    declared = {
        KEYS[0]: PropertyKind.INT,
        KEYS[1]: PropertyKind.STRING,
        KEYS[2]: PropertyKind.DOUBLE,
    }
    type_ids = services.types.put(
        [
            ArtifactType(name="a", properties=declared),
            ExecutionType(name="a", properties=declared),
            ContextType(name="ab", properties=declared),
            ArtifactType(name="b", properties={KEYS[0]: PropertyKind.BOOLEAN}),
        ]
    )
    artifact, execution, context, other = type_ids
    states = [None, ArtifactState.LIVE, ArtifactState.PENDING, ArtifactState.DELETED]
    runs = [ExecutionState.COMPLETE, None, ExecutionState.RUNNING, ExecutionState.CACHED]
    links = [(0, 0), (0, 1), (1, 1), (2, 2)]
    events = [
        (0, 0, EventType.INPUT),
        (1, 0, EventType.OUTPUT),
        (1, 1, EventType.INPUT),
        (1, 1, EventType.DECLARED_INPUT),
        (2, 1, EventType.PENDING_OUTPUT),
    ]
    services.puts.put(
        PutRequest(
            artifacts=(
                *(
                    Artifact(type_id=artifact, state=state, uri="ab" if state else None, **fields)
                    for fields, state in zip(_SHARED, states, strict=True)
                ),
                Artifact(type_id=other, properties={KEYS[0]: True}),
            ),
            executions=tuple(
                Execution(type_id=execution, last_known_state=state, **fields)
                for fields, state in zip(_SHARED, runs, strict=True)
            ),
            contexts=tuple(Context(type_id=context, **fields) for fields in _SHARED),
            attributions=tuple(LinkPut(New(a), New(c)) for a, c in links),
            associations=tuple(LinkPut(New(e), New(c)) for c, e in links),
            parents=(
                ParentPut(New(0), New(1)),
                ParentPut(New(0), New(2)),
                ParentPut(New(1), New(3)),
            ),
            events=tuple(EventPut(New(a), New(e), kind) for a, e, kind in events),
        )
    )
    return World(
        {kind: list(services.nodes(kind).all()) for kind in TypeKind},
        services.edges.events_of_executions([1, 2, 3, 4]),
        [(a + 1, c + 1) for a, c in links],
        [(e + 1, c + 1) for c, e in links],
        [(1, 2), (1, 3), (2, 4)],
    )
