"""Reads as of a moment: what a reader finds later of a moment is what the present's said at it."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater.query.parts import NodeKey
from headwater.services.corrections import CorrectionService
from headwater.services.door import Caller
from headwater.services.past import PastArtifacts
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    ExecutionState,
    LinkPut,
    ListOptions,
    New,
    PutRequest,
    TypeKind,
)
from headwater_schema.changes import ElementKind
from services.conftest import Typed, with_types
from services.test_history import tick
from support.clocked import Services

_REFUSED = (AlreadyExists, FailedPrecondition, InvalidArgument, NotFound)
"""What a step may meet: a name that is taken, a tombstone, a link that is not there."""

NAMES = ("n0", "n1", "n2", "s@1", "other")
URIS = ("", "u", "long:" + "x" * 4_100)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("new"), st.sampled_from(URIS)),
        st.tuples(st.just("uri"), st.integers(0, 5), st.sampled_from(URIS)),
        st.tuples(
            st.just("state"), st.integers(0, 5), st.sampled_from(["LIVE", "MARKED_FOR_DELETION"])
        ),
        st.tuples(st.just("external"), st.integers(0, 5), st.sampled_from(["x", "y"])),
        st.tuples(st.just("rename"), st.integers(0, 5), st.sampled_from(NAMES)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("link"), st.integers(0, 5)),
        st.tuples(st.just("unlink"), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=10,
)


def answers(services: Services, reads: Any, context_id: int) -> list[object]:
    """Return what a reader of artifacts, of the present or the past, says to every question."""
    state = ArtifactState.LIVE
    live = (
        reads.page(ListOptions(max_result_size=1_000, is_asc=True), state=state).items
        if reads is services.artifacts
        else reads.all(state=state)
    )
    return [
        reads.all(),
        reads.by_ids(range(1, 20)),
        reads.by_type("A"),
        reads.by_type("B"),
        reads.by_type("none"),
        reads.in_context(context_id),
        *(reads.by_name(name) for name in NAMES),
        *(reads.by_name(name, type_name="A") for name in NAMES),
        *(reads.by_uris([uri]) for uri in URIS),
        reads.by_uris(URIS),
        reads.by_external_ids(["y", "x"]),
        reads.versions("s"),
        reads.latest("s"),
        reads.latest("s", type_name="A", state=ArtifactState.DELETED),
        reads.by_digest("sha256:none"),
        list(live),
    ]


def step(typed: Typed, ids: list[int], context_id: int, asked: tuple[Any, ...]) -> None:
    services, (how, *more) = typed.services, asked
    if how == "new":
        ids += typed.put(typed.artifact(uri=more[0], state="LIVE"), series={0: "s"})
        return
    artifact_id = ids[more[0] % len(ids)]
    stored = typed.read(artifact_id)
    match how:
        case "uri" | "state":
            typed.put(stored.model_copy(update={how: more[1]}))
        case "external":
            typed.put(stored.model_copy(update={"external_id": more[1]}))
        case "rename":
            services.renames.rename(artifact_id, more[1])
        case "delete":
            services.removal.delete(NodeKey(TypeKind.ARTIFACT, artifact_id))
        case "link":
            typed.put(attributions=(LinkPut(artifact_id, context_id),))
        case "unlink":
            corrections = CorrectionService(services.scope)
            corrections.retract_link(ElementKind.ATTRIBUTION, artifact_id, context_id)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_reads_of_a_moment_are_what_the_present_said_then(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        services = typed.services
        services.types.put([ArtifactType(name="B")])
        *ids, context_id = typed.put(
            *(typed.artifact(name=f"n{i}", uri="u", state="LIVE") for i in range(2)),
            typed.context(),
        )
        seen = []
        for asked in [("link", 0), *steps]:
            try:
                step(typed, ids, context_id, asked)
            except _REFUSED:
                continue
            moment = tick(graph)
            seen.append((moment, answers(services, services.artifacts, context_id)))

        for moment, said in seen:
            past = services.artifacts.at(known_at=moment)
            assert answers(services, past, context_id) == said


def test_as_of_tells_what_was_valid_whenever_it_was_recorded(typed: Typed) -> None:
    services = typed.services
    artifact_id, context_id = typed.put(typed.artifact(name="a", uri="before"), typed.context())
    created = services.now
    (later,) = typed.put(typed.artifact(name="later"))
    request = PutRequest(artifacts=(typed.artifact(id=artifact_id, uri="after", name="a"),))
    services.puts.put(request, caller=Caller(valid_at=9_000))
    link = PutRequest(attributions=(LinkPut(artifact_id, context_id),))
    services.puts.put(link, caller=Caller(valid_at=8_000))

    def ids(nodes: list[Artifact]) -> list[int | None]:
        return [node.id for node in nodes]

    def at(moment: int) -> PastArtifacts:
        return services.artifacts.at(as_of=moment)

    assert ids(at(created - 1).all()) == []
    assert ids(at(created).all()) == [artifact_id]
    assert ids(at(created + 1).by_type("A")) == [artifact_id, later]
    assert [a.uri for a in at(8_999).by_name("a")] == ["before"]
    assert ids(at(8_999).by_uris(["before"])) == ids(at(9_000).by_uris(["after"])) == [artifact_id]
    assert ids(at(8_999).by_uris(["after"])) == ids(at(9_000).by_uris(["before"])) == []
    assert ids(at(7_999).in_context(context_id)) == []
    assert ids(at(8_000).in_context(context_id)) == [artifact_id]
    assert ids(at(8_000).all(context_id=context_id, type_name="A")) == [artifact_id]
    assert ids(at(8_000).all(context_id=context_id, type_name="B")) == []


def test_executions_and_contexts_are_read_as_they_were(typed: Typed) -> None:
    services = typed.services
    execution_id, context_id = typed.put(
        typed.execution(name="run", last_known_state="RUNNING"),
        typed.context(custom_properties={"k": 1}),
        associations=(LinkPut(New(0), New(0)),),
    )
    then = tick(services.graph)
    typed.put(typed.execution(id=execution_id, name="run", last_known_state="COMPLETE"))
    typed.put(typed.context(id=context_id, custom_properties={"k": 2}))

    executions = services.executions.at(known_at=then)
    contexts = services.contexts.at(known_at=then)
    running = ExecutionState.RUNNING
    assert [e.last_known_state for e in executions.by_name("run")] == [running]
    assert executions.all(state=running) == executions.in_context(context_id) == executions.all()
    assert executions.all(state=ExecutionState.COMPLETE) == []
    assert [c.custom_properties for c in contexts.by_type("C")] == [{"k": 1}]
    assert [c.custom_properties for c in services.contexts.at().by_name("c")] == [{"k": 2}]
    assert contexts.in_context(context_id) == []


def test_a_moment_that_is_no_time_is_refused(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="not a time"):
        typed.services.artifacts.at(as_of="yesterday")
