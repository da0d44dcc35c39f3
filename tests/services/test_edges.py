"""Edges read back: events in the order in which they were put, contexts by id."""

from headwater_schema import EventPut, EventType, LinkPut, New, ParentPut
from services.conftest import Typed


def test_events_come_in_the_order_in_which_they_were_put(typed: Typed) -> None:
    artifacts = typed.put(*(typed.artifact() for _ in range(4)))
    (execution_id,) = typed.put(typed.execution())
    wanted = [artifacts[i] for i in (2, 0, 3, 1)]

    typed.put(events=tuple(EventPut(a, execution_id, EventType.INPUT) for a in wanted[:3]))
    typed.put(events=(EventPut(wanted[3], execution_id, EventType.INPUT),))

    found = typed.services.edges.events_of_executions([execution_id])
    assert [event.artifact_id for event in found] == wanted


def test_an_event_of_two_asked_artifacts_comes_once(typed: Typed) -> None:
    first, second, execution_id = typed.put(typed.artifact(), typed.artifact(), typed.execution())
    typed.put(events=tuple(EventPut(a, execution_id, EventType.INPUT) for a in (first, second)))

    found = typed.services.edges.events_of_artifacts([second, first, first, 99])

    assert [event.artifact_id for event in found] == [first, second]
    assert typed.services.edges.events_of_artifacts([]) == []


def test_more_than_a_thousand_events_come_back_whole(typed: Typed) -> None:
    _, made = typed.step([], 1_200)

    assert len(typed.services.edges.events_of_artifacts(made)) == 1_200


def test_contexts_of_a_node_come_by_id(typed: Typed) -> None:
    *contexts, late = typed.put(*(typed.context(f"c{i}") for i in range(3)))
    artifact_id, execution_id = typed.put(
        typed.artifact(),
        typed.execution(),
        attributions=tuple(LinkPut(New(0), c) for c in reversed(contexts)),
        associations=tuple(LinkPut(New(0), c) for c in (late, contexts[0])),
    )

    edges = typed.services.edges
    assert [c.id for c in edges.contexts_of_artifact(artifact_id)] == contexts
    assert [c.id for c in edges.contexts_of_execution(execution_id)] == [contexts[0], late]
    assert edges.contexts_of_artifact(99) == []


def test_parents_and_children_are_the_direct_ones(typed: Typed) -> None:
    low, middle, high = typed.put(*(typed.context(f"c{i}") for i in range(3)))
    typed.put(parents=(ParentPut(low, middle), ParentPut(middle, high)))

    edges = typed.services.edges
    parents = edges.parents([low, middle, high, 99])
    children = edges.children([low, middle, high, middle])

    assert {i: [c.id for c in found] for i, found in parents.items()} == {
        low: [middle],
        middle: [high],
    }
    assert {i: [c.id for c in found] for i, found in children.items()} == {
        middle: [low],
        high: [middle],
    }
