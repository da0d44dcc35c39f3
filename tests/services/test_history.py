"""What the store knew at a moment, who changed it and why, and up to when that is final."""

import threading
import time
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import DataLoss, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph, Transaction
from headwater.graph.statements import Statement, load
from headwater.objects import DirectoryStore
from headwater.query.moment import Moment, milliseconds
from headwater.query.parts import NodeKey
from headwater.services.corrections import CorrectionService
from headwater.services.door import Caller, Written
from headwater.services.history import MARGIN_MS, HistoryService
from headwater_schema import (
    EventPut,
    EventType,
    LinkPut,
    New,
    ParentPut,
    PutRequest,
    TypeKind,
)
from headwater_schema.changes import Element, ElementKind, property_changes
from headwater_schema.edges import PathStep
from headwater_schema.stored import RECORDED_AT, REVISION, VALID_AT
from services.conftest import Typed, with_types
from support.clocked import Services
from support.exact import exact
from support.waiting import comes_true

EDGES = Statement(
    "test/edges",
    """
MATCH (node {namespace: $namespace})-[edge]->(other)
WHERE node.id IS NOT NULL AND NOT node:Change AND NOT node:Type
RETURN type(edge), node.id, other.id, properties(edge)
""",
)
CHANGES = Statement(
    "test/changes",
    "MATCH (change:Change {namespace: $namespace}) RETURN count(change)",
)


def now(graph: Graph) -> int:
    return int(graph.read(load("change/now"))[0][0])


def tick(graph: Graph) -> int:
    """Return a moment that is later than all that was written and earlier than all to come."""
    time.sleep(0.003)
    moment = now(graph)
    time.sleep(0.003)
    return moment


def without_times(stored: dict[str, object] | None) -> object:
    if stored is None:
        return None
    kept = {RECORDED_AT, REVISION, VALID_AT}
    return exact({key: value for key, value in stored.items() if key not in kept})


def test_every_write_leaves_one_record_with_who_why_and_what(typed: Typed) -> None:
    history = HistoryService(typed.services.scope)
    caller = Caller("ann", "first models", "request-1")

    answer = typed.services.puts.put(
        PutRequest(
            artifacts=(typed.artifact(name="a", properties={"a": 2**60}),),
            executions=(typed.execution(),),
            contexts=(typed.context("c"),),
            events=(EventPut(New(0), New(0), EventType.OUTPUT),),
            attributions=(LinkPut(New(0), New(0)),),
            reuse_contexts=True,
        ),
        caller=caller,
    )

    change = history.changes(limit=1)[0]
    assert (change.operation, change.actor, change.reason) == ("put", "ann", "first models")
    assert change.request_id == "request-1"
    assert change.valid_at == typed.services.now
    told = {each.element: each for each in change.changes}
    artifact = told[Element(ElementKind.ARTIFACT, answer.artifact_ids)]
    assert artifact.before is None
    assert artifact.after is not None
    assert (artifact.after["name"], artifact.after["p_a"]) == ("a", 2**60)
    event = Element(ElementKind.EVENT, (answer.artifact_ids[0], answer.execution_ids[0], "OUTPUT"))
    link = Element(ElementKind.ATTRIBUTION, (answer.artifact_ids[0], answer.context_ids[0]))
    assert {event, link, Element(ElementKind.CONTEXT, answer.context_ids)} <= told.keys()


def test_a_record_says_which_context_a_merge_found_and_which_versions_were_given(
    typed: Typed,
) -> None:
    history = HistoryService(typed.services.scope)
    first = typed.put(typed.context("c"))[-1]

    *ids, found, made = typed.put(
        typed.artifact(),
        typed.artifact(),
        typed.context("c"),
        typed.context("d"),
        attributions=(),
        series={0: "s", 1: "s"},
        reuse_contexts=True,
    )

    told = {each.element: each for each in history.changes(limit=1)[0].changes}
    assert found == first
    assert Element(ElementKind.CONTEXT, (found,)) not in told
    assert Element(ElementKind.CONTEXT, (made,)) in told
    names = [told[Element(ElementKind.ARTIFACT, (i,))].after for i in ids]
    assert [(n["name"], n["version"]) for n in names if n] == [("s@1", 1), ("s@2", 2)]
    series = told[Element(ElementKind.SERIES, (typed.artifact_type, "s"))]
    assert series.after is not None
    assert series.after["latest"] == 2


def test_what_changes_nothing_and_what_failed_leave_no_record(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(name="n"))
    count = typed.services.graph.read(CHANGES, namespace=typed.services.namespace)

    typed.put(typed.read(artifact_id))
    with pytest.raises(Exception, match="exists already"):
        typed.put(typed.artifact(name="n"))

    assert typed.services.graph.read(CHANGES, namespace=typed.services.namespace) == count


def test_a_node_is_read_as_it_was_known(typed: Typed) -> None:
    history = HistoryService(typed.services.scope)
    before = tick(typed.services.graph)
    (artifact_id,) = typed.put(typed.artifact(uri="a", custom_properties={"k": 1}))
    first = tick(typed.services.graph)
    typed.put(typed.artifact(id=artifact_id, uri="b", custom_properties={"l": 2.5}))
    second = tick(typed.services.graph)
    key = NodeKey(TypeKind.ARTIFACT, artifact_id)
    typed.services.removal.delete(key)

    def known(moment: int) -> dict[str, object] | None:
        return history.at([key], Moment(known_at=moment))[key]

    assert known(before) is None
    state = known(first)
    assert state is not None
    assert (state["uri"], state["c_k"], state.get("c_l")) == ("a", 1, None)
    state = known(second)
    assert state is not None
    assert (state["uri"], state.get("c_k"), state["c_l"]) == ("b", None, 2.5)
    now_state = known(tick(typed.services.graph))
    assert now_state is not None
    assert now_state["state"] == "DELETED"
    assert [c.operation for c in history.of(key)] == ["delete", "put"]


def test_valid_time_and_recorded_time_are_two(typed: Typed) -> None:
    history = HistoryService(typed.services.scope)
    (artifact_id,) = typed.put(typed.artifact(uri="a"))
    key = NodeKey(TypeKind.ARTIFACT, artifact_id)
    typed.services.now = 5_000
    caller = Caller(valid_at=9_000)
    typed.services.puts.put(
        PutRequest(artifacts=(typed.artifact(id=artifact_id, uri="b"),)), caller=caller
    )

    def uri(moment: Moment) -> object:
        state = history.at([key], moment)[key]
        return None if state is None else state["uri"]

    assert uri(Moment(as_of=8_999)) == "a"
    assert uri(Moment(as_of=9_000)) == "b"
    assert uri(Moment(as_of=8_999, known_at=now(typed.services.graph))) == "a"


def test_a_late_change_does_not_bring_an_earlier_recorded_one_with_it(typed: Typed) -> None:
    history = HistoryService(typed.services.scope)
    (artifact_id,) = typed.put(typed.artifact(uri="a"))
    key = NodeKey(TypeKind.ARTIFACT, artifact_id)
    typed.services.puts.put(
        PutRequest(artifacts=(typed.artifact(id=artifact_id, uri="b"),)),
        caller=Caller(valid_at=9_000),
    )
    between = tick(typed.services.graph)
    typed.services.puts.put(
        PutRequest(
            artifacts=(typed.artifact(id=artifact_id, custom_properties={"k": 1}),),
            update_masks={TypeKind.ARTIFACT: ("custom_properties.k",)},
        ),
        caller=Caller(valid_at=5_000),
    )

    def told(moment: Moment) -> tuple[object, object]:
        state = history.at([key], moment)[key]
        assert state is not None
        return state["uri"], state.get("c_k")

    assert told(Moment()) == ("b", 1)
    assert told(Moment(as_of=4_999)) == ("a", None)
    assert told(Moment(as_of=5_000)) == ("a", 1)
    assert told(Moment(as_of=5_000, known_at=between)) == ("a", None)
    assert told(Moment(as_of=9_000, known_at=between)) == ("b", None)
    assert told(Moment(as_of=9_000)) == ("b", 1)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 9),
            st.dictionaries(st.sampled_from(["k", "l", "m"]), st.integers(0, 2) | st.none()),
        ),
        min_size=1,
        max_size=7,
    )
)
@settings(max_examples=25, deadline=None)
def test_late_changes_count_from_when_they_are_valid_and_known(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, dict[str, int | None]]],
) -> None:
    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        history = HistoryService(typed.services.scope)
        (artifact_id,) = typed.put(typed.artifact(custom_properties={"k": 9}))
        moments = [tick(graph)]
        present: dict[str, int | None] = {"k": 9}
        changes = []
        for valid_at, values in steps:
            # A change is what differs from what was believed when it came.
            changes.append((valid_at, {n: v for n, v in values.items() if present.get(n) != v}))
            present |= values
            kept = {name: value for name, value in values.items() if value is not None}
            mask = tuple(f"custom_properties.{name}" for name in values) or ("uri",)
            typed.services.puts.put(
                PutRequest(
                    artifacts=(typed.artifact(id=artifact_id, custom_properties=kept),),
                    update_masks={TypeKind.ARTIFACT: mask},
                ),
                caller=Caller(valid_at=valid_at),
            )
            moments.append(tick(graph))

        key = NodeKey(TypeKind.ARTIFACT, artifact_id)
        for known, known_at in enumerate(moments):
            for as_of in range(11):
                oracle: dict[str, int | None] = {"k": 9}
                for valid_at, values in changes[:known]:
                    oracle |= values if valid_at <= as_of else {}
                state = history.at([key], Moment(as_of=as_of, known_at=known_at))[key]
                assert state is not None
                assert {name: state.get(f"c_{name}") for name in "klm"} == {
                    name: oracle.get(name) for name in "klm"
                }


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["put", "put", "mask", "delete", "rename"]),
            st.dictionaries(
                st.sampled_from(["k", "l"]),
                st.sampled_from([0, 0.0, True, "", "x" * 4_100, "x" * 7_000, {"a": [1]}]),
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=15, deadline=None)
def test_any_past_state_is_what_it_was(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, str, dict[str, object]]],
) -> None:
    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        history = HistoryService(typed.services.scope)
        ids = typed.put(*(typed.artifact(name=f"n{i}") for i in range(3)), typed.artifact())
        seen = []
        for number, (which, how, custom) in enumerate(steps):
            artifact_id = ids[which]
            typed.services.now += 1
            try:
                match how:
                    case "delete":
                        typed.services.removal.delete(NodeKey(TypeKind.ARTIFACT, artifact_id))
                    case "rename":
                        typed.services.renames.rename(artifact_id, f"name {number}")
                    case _:
                        mask = ("custom_properties.k", "uri") if how == "mask" else ()
                        typed.put(
                            typed.artifact(id=artifact_id, custom_properties=custom, uri=how),
                            update_masks={TypeKind.ARTIFACT: mask} if mask else {},
                        )
            except FailedPrecondition:  # of a tombstone, which nothing changes
                pass
            seen.append((tick(graph), typed.services.snapshot()))

        keys = [NodeKey(TypeKind.ARTIFACT, i) for i in ids]
        for moment, snapshot in seen:
            states = history.at(keys, Moment(known_at=moment))
            for key in keys:
                was = snapshot[Element(ElementKind.ARTIFACT, (key.id,))]
                assert without_times(states[key]) == without_times(was)


def test_a_retracted_event_leaves_the_present_and_stays_in_the_past(typed: Typed) -> None:
    corrections = CorrectionService(typed.services.scope)
    artifact_id, execution_id = typed.put(
        typed.artifact(), typed.execution(), events=(EventPut(New(0), New(0), EventType.INPUT),)
    )
    corrections.retract_event(
        artifact_id, execution_id, EventType.INPUT, caller=Caller(reason="wrong table")
    )

    assert typed.services.edges.events_of_executions([execution_id]) == []
    types = [row[0] for row in typed.services.graph.read(EDGES, namespace=typed.services.namespace)]
    assert types == ["WAS_INPUT"]
    change = HistoryService(typed.services.scope).changes(limit=1)[0]
    assert (change.operation, change.reason) == ("retract", "wrong table")
    assert [c.after for c in change.changes] == [None]
    with pytest.raises(NotFound, match="retracted before"):
        corrections.retract_event(artifact_id, execution_id, EventType.INPUT)

    typed.put(events=(EventPut(artifact_id, execution_id, EventType.INPUT),))
    assert len(typed.services.edges.events_of_executions([execution_id])) == 1


def test_a_corrected_event_keeps_what_was_said_before(typed: Typed) -> None:
    corrections = CorrectionService(typed.services.scope)
    artifact_id, execution_id = typed.put(
        typed.artifact(), typed.execution(), events=(EventPut(New(0), New(0), EventType.OUTPUT),)
    )
    corrections.correct_event(
        artifact_id,
        execution_id,
        EventType.OUTPUT,
        milliseconds_since_epoch=7,
        path=(PathStep(key="model"),),
    )

    (event,) = typed.services.edges.events_of_executions([execution_id])
    assert (event.milliseconds_since_epoch, event.path) == (7, (PathStep(key="model"),))
    changes = HistoryService(typed.services.scope).changes(limit=1)[0].changes
    told = {c.property: (c.before, c.after) for c in property_changes(changes)}
    assert told["milliseconds_since_epoch"] == (typed.services.now, 7)
    with pytest.raises(InvalidArgument, match="what to correct"):
        corrections.correct_event(artifact_id, execution_id, EventType.OUTPUT)


def test_links_are_retracted(typed: Typed) -> None:
    corrections = CorrectionService(typed.services.scope)
    artifact_id, execution_id, child, parent = typed.put(
        typed.artifact(),
        typed.execution(),
        typed.context("child"),
        typed.context("parent"),
        attributions=(LinkPut(New(0), New(0)),),
        associations=(LinkPut(New(0), New(0)),),
        parents=(ParentPut(New(0), New(1)),),
    )
    for kind, node in (
        (ElementKind.ATTRIBUTION, artifact_id),
        (ElementKind.ASSOCIATION, execution_id),
    ):
        corrections.retract_link(kind, node, child)
    corrections.retract_link(ElementKind.PARENT_CONTEXT, child, parent)

    edges = typed.services.graph.read(EDGES, namespace=typed.services.namespace)
    assert sorted(row[0] for row in edges) == ["WAS_ASSOCIATION", "WAS_ATTRIBUTION", "WAS_PARENT"]
    assert all(row[3]["retracted_at"] >= row[3]["recorded_at"] for row in edges)
    assert typed.services.edges.contexts_of_artifact(artifact_id) == []
    with pytest.raises(InvalidArgument, match="no kind of link"):
        corrections.retract_link(ElementKind.EVENT, artifact_id, child)


def test_an_open_write_holds_the_horizon_back(
    make_services: Callable[[], Services], graph: Graph
) -> None:
    """The horizon is the server's: tests beside this one may hold it back too, for a while."""
    services = make_services()
    typed = with_types(services)
    history = HistoryService(services.scope)
    holding, may_commit = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> Written[None]:
        tx.run(load("change/now"))
        holding.set()
        assert may_commit.wait(30)
        return Written(None, ())

    writer = threading.Thread(
        target=lambda: services.scope.door.write(slow, services.scope.operation("slow"))
    )
    writer.start()
    try:
        assert holding.wait(30)
        began = now(graph)
        typed.put(typed.artifact())
        time.sleep(2 * MARGIN_MS / 1_000)
        assert history.horizon() <= began
        assert history.is_provisional(Moment(known_at=now(graph)))
    finally:
        may_commit.set()
        writer.join(30)
    assert comes_true(lambda: history.horizon() > began)
    assert not history.is_provisional(Moment(known_at=began))


def test_clocks_of_writers_do_not_matter(make_services: Callable[[], Services]) -> None:
    fast = make_services()
    slow = Services(fast.graph, fast.objects, fast.namespace)
    fast.now, slow.now = 10**13, 5
    typed = with_types(fast)
    (artifact_id,) = typed.put(typed.artifact(uri="a"))
    other = Typed(slow, typed.artifact_type, typed.execution_type, typed.context_type)
    between = tick(fast.graph)
    other.put(other.artifact(id=artifact_id, uri="b"))
    key = NodeKey(TypeKind.ARTIFACT, artifact_id)

    history = HistoryService(fast.scope)

    states = [history.at([key], Moment(known_at=t))[key] for t in (between, tick(fast.graph))]
    assert [state and state["uri"] for state in states] == ["a", "b"]


def test_a_revision_is_never_recorded_before_the_one_before(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(uri="a"))
    ahead = Statement(
        "test/ahead",
        "MATCH (a:Artifact {namespace: $namespace, id: $id}) SET a.recorded_at = $time",
    )
    future = now(typed.services.graph) + 3_600_000
    typed.services.graph.write_alone(
        ahead, namespace=typed.services.namespace, id=artifact_id, time=future
    )

    typed.put(typed.artifact(id=artifact_id, uri="b"))

    key = NodeKey(TypeKind.ARTIFACT, artifact_id)
    state = HistoryService(typed.services.scope).at([key], Moment(known_at=future))[key]
    assert state is not None
    assert (state[RECORDED_AT], state[REVISION]) == (future, 2)


def test_pages_of_changes_are_the_whole(typed: Typed) -> None:
    history = HistoryService(typed.services.scope)
    for _ in range(7):
        typed.put(typed.artifact())
    whole = [change.id for change in history.changes(limit=1_000)]

    found: list[str] = []
    page = history.changes(limit=3)
    while page:
        found += [change.id for change in page]
        page = history.changes(limit=3, after=page[-1])

    assert found == whole
    with pytest.raises(InvalidArgument, match="at least 1"):
        history.changes(limit=0)


def test_values_that_do_not_fit_their_record_are_told(typed: Typed) -> None:
    typed.put(typed.artifact(name="one"))
    typed.put(typed.artifact(name="two"))
    swap = Statement(
        "test/swap",
        """
MATCH (a:Change {namespace: $namespace}), (b:Change {namespace: $namespace})
WHERE a.operation = 'put' AND b.operation = 'put' AND a.id < b.id
SET a.values = b.values
""",
    )
    typed.services.graph.write_alone(swap, namespace=typed.services.namespace)

    with pytest.raises(DataLoss, match="do not fit its record"):
        HistoryService(typed.services.scope).changes()


def test_times_are_read_in_every_form() -> None:
    assert milliseconds("2026-03-01T12:00:00+01:00") == 1_772_362_800_000
    assert milliseconds("2026-03-01") == 1_772_323_200_000
    assert milliseconds("17") == milliseconds(17) == 17
    with pytest.raises(InvalidArgument, match="is not a time"):
        milliseconds("yesterday")
