"""Reads as of a moment: what a reader finds later of a moment is what the present's said at it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
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
from headwater.services.names import NameService
from headwater.services.past import PastArtifacts
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    ExecutionState,
    LinkPut,
    ListOptions,
    New,
    OrderField,
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
LIVE = ArtifactState.LIVE
FILTERS = ("", "uri = 'u' OR name LIKE 's%'", "state != LIVE AND NOT (external_id = 'x')")
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
OPTIONS = st.builds(
    ListOptions,
    max_result_size=st.integers(1, 3),
    order_by=st.sampled_from(OrderField),
    is_asc=st.booleans(),
    filter_query=st.sampled_from(FILTERS),
)


def answers(reads: Any, context_id: int) -> list[object]:
    """Return what a reader of artifacts, of the present or the past, says to every question."""
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
    ]


def artifacts_at(typed: Typed, when: int | None) -> Any:
    """Return the reader of artifacts as they were known then, or of the present."""
    artifacts = typed.services.artifacts
    return artifacts if when is None else artifacts.at(known_at=when)


def meant(typed: Typed, reference: str, when: int | None) -> object:
    """Return what a reference means of artifacts, and of artifacts and executions, or why nothing."""
    services = typed.services
    names = NameService(services.scope, services.artifacts, services.executions, services.contexts)
    asked = names.at(known_at=when)

    def outcome(find: Callable[[], object]) -> object:
        try:
            return find()
        except (NotFound, InvalidArgument) as error:
            return type(error), error.hint

    return (
        outcome(lambda: asked.find(reference)),
        outcome(lambda: asked.find_node(TypeKind.ARTIFACT, reference)),
        outcome(lambda: asked.find_node(TypeKind.ARTIFACT, reference, type_name="B")),
    )


def pages(reads: Any, options: ListOptions, **asked: Any) -> Iterator[list[Artifact]]:
    """Yield the nodes of each page of a list."""
    page = reads.page(options, **asked)
    yield list(page.items)
    while page.next_page_token:
        assert len(page.items) == options.max_result_size
        page = reads.page(replace(options, next_page_token=page.next_page_token), **asked)
        yield list(page.items)


def whole(reads: Any, options: ListOptions, **asked: Any) -> list[Artifact]:
    """Return the nodes of all pages of a list."""
    return [node for page in pages(reads, options, **asked) for node in page]


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


def played(
    typed: Typed, steps: list[tuple[Any, ...]], asks: Callable[[int | None, int], Any]
) -> list[tuple[int, Any, Any]]:
    """Return a moment after each step, what the present said then, and what is said of it later."""
    services = typed.services
    services.types.put([ArtifactType(name="B")])
    *ids, context_id = typed.put(
        *(typed.artifact(name=f"n{i}", uri="u", state="LIVE") for i in range(2)), typed.context()
    )
    seen = []
    for asked in [("link", 0), *steps]:
        try:
            step(typed, ids, context_id, asked)
        except _REFUSED:
            continue
        moment = tick(services.graph)
        seen.append((moment, asks(None, context_id)))
    return [(moment, said, asks(moment, context_id)) for moment, said in seen]


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_reads_of_a_moment_are_what_the_present_said_then(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        told = played(
            typed, steps, lambda when, context_id: answers(artifacts_at(typed, when), context_id)
        )

    for moment, said, later in told:
        assert (moment, later) == (moment, said)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_a_name_at_a_moment_means_what_it_meant_then(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    references = (*NAMES, *filter(None, URIS), "s", "s@2", "nothing")

    def asks(when: int | None, _: int) -> list[object]:
        return [meant(typed, reference, when) for reference in references]

    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        told = played(typed, steps, asks)

    for moment, said, later in told:
        assert (moment, later) == (moment, said)


@given(
    steps=STEPS,
    options=OPTIONS,
    state=st.sampled_from([None, LIVE, ArtifactState.DELETED]),
    type_name=st.sampled_from([None, "A", "B"]),
    in_context=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_pages_of_a_moment_are_those_of_the_present_then(
    *,
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Any, ...]],
    options: ListOptions,
    state: ArtifactState | None,
    type_name: str | None,
    in_context: bool,
) -> None:
    def asks(when: int | None, context_id: int) -> list[list[Artifact]]:
        within = context_id if in_context else None
        narrowed = {"state": state, "type_name": type_name, "context_id": within}
        return list(pages(artifacts_at(typed, when), options, **narrowed))

    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        told = played(typed, steps, asks)

    for moment, said, later in told:
        assert (moment, later) == (moment, said)


@given(steps=STEPS, options=OPTIONS)
@settings(max_examples=15, deadline=None)
def test_all_pages_are_of_one_state_while_others_write(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Any, ...]],
    options: ListOptions,
) -> None:
    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        services, waiting = typed.services, list(steps)
        *ids, context_id = typed.put(
            *(typed.artifact(name=f"n{i}", uri="u", state="LIVE") for i in range(6)),
            typed.context(),
        )
        tick(graph)
        said = whole(services.artifacts, options)

        found = []
        for page in pages(services.artifacts.at(), options):
            found += page
            tick(graph)
            with suppress(*_REFUSED):
                step(typed, ids, context_id, waiting.pop() if waiting else ("new", ""))

    assert found == said


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


def test_pages_of_executions_and_contexts_are_of_what_they_were(typed: Typed) -> None:
    services = typed.services
    context_id, *ids = typed.put(typed.context("c0"))
    for i in range(3):
        ids += typed.put(typed.execution(name=f"run{i}", last_known_state="RUNNING"))
    then = tick(services.graph)
    typed.put(typed.execution(id=ids[1], last_known_state="COMPLETE"))
    typed.put(typed.context("renamed", id=context_id))

    executions, contexts = (
        services.executions.at(known_at=then),
        services.contexts.at(known_at=then),
    )
    options = ListOptions(2, OrderField.LAST_UPDATE_TIME, is_asc=False)
    running = ExecutionState.RUNNING
    assert [e.name for e in whole(executions, options, state=running)] == ["run2", "run1", "run0"]
    assert [c.name for c in whole(contexts, options)] == ["c0"]
    assert whole(contexts, options, context_id=context_id) == []
    with pytest.raises(InvalidArgument, match="no state"):
        contexts.page(options, state=running)


def test_a_page_token_goes_with_its_order_and_its_times_alone(typed: Typed) -> None:
    artifacts = typed.services.artifacts
    typed.put(*(typed.artifact(name=f"n{i}") for i in range(3)))
    then = tick(typed.services.graph)

    def after(token: str, **fields: Any) -> ListOptions:
        return ListOptions(1, **{"next_page_token": token} | fields)

    now = artifacts.page(ListOptions(1)).next_page_token
    past = artifacts.at(known_at=then).page(ListOptions(1)).next_page_token
    with pytest.raises(InvalidArgument, match="ordered by ID up, asked for ID down"):
        artifacts.at(known_at=then).page(after(past, is_asc=False))
    with pytest.raises(InvalidArgument, match=f"as of recorded time {then}, asked for now"):
        artifacts.page(after(past))
    with pytest.raises(InvalidArgument, match=f"recorded time {then}, asked for .* {then + 1}"):
        artifacts.at(known_at=then + 1).page(after(past))
    with pytest.raises(InvalidArgument, match="as of now, asked for recorded time"):
        artifacts.at(known_at=then).page(after(now))
    with pytest.raises(InvalidArgument, match="as of now, asked for recorded time"):
        artifacts.at().page(after(now))
    with pytest.raises(InvalidArgument, match="is not a page token"):
        artifacts.at().page(after("no token"))
    assert [a.name for a in artifacts.at().page(after(past)).items] == ["n1"]


def test_a_filter_of_a_past_state_may_not_speak_of_neighbours(typed: Typed) -> None:
    past = typed.services.artifacts.at(known_at=1)

    with pytest.raises(InvalidArgument, match=r"'contexts_a' is a neighbour.*column 11") as caught:
        past.page(ListOptions(filter_query="id = 1 OR contexts_a.name = 'c'"))
    assert "context_id" in caught.value.hint
