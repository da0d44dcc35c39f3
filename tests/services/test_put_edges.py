"""Puts of events, links and parent contexts, by the rules of ML Metadata and better ones."""

import pytest

from headwater.errors import AlreadyExists, InvalidArgument, OutOfRange
from headwater_schema import EventPut, EventType, LinkPut, New, ParentPut, PathStep
from services.conftest import Typed

# Events.


@pytest.mark.parametrize("event_type", list(EventType))
def test_a_second_event_of_a_type_already_exists(typed: Typed, event_type: EventType) -> None:
    artifact_id, execution_id = typed.put(typed.artifact(), typed.execution())
    event = EventPut(artifact_id, execution_id, event_type)
    typed.put(events=(event,))

    with pytest.raises(AlreadyExists, match="already"):
        typed.put(events=(event._replace(path=(PathStep(index=1),)),))


def test_an_event_of_another_type_is_another_event(typed: Typed) -> None:
    artifact_id, execution_id = typed.put(typed.artifact(), typed.execution())

    typed.put(events=tuple(EventPut(artifact_id, execution_id, each) for each in EventType))

    found = typed.services.edges.events_of_executions([execution_id])
    assert [event.type for event in found] == list(EventType)


def test_an_artifact_named_in_two_ways_has_one_event(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    events = tuple(EventPut(ref, New(0), EventType.INPUT) for ref in (artifact_id, New(0)))

    with pytest.raises(AlreadyExists, match="two INPUT events"):
        typed.put(typed.artifact(id=artifact_id), typed.execution(), events=events)


@pytest.mark.parametrize(("artifact", "execution"), [(9, 1), (1, 9), (9, New(0)), (New(0), 9)])
def test_an_event_of_a_node_that_is_not_there_is_refused(
    typed: Typed, artifact: int | New, execution: int | New
) -> None:
    typed.put(typed.artifact(), typed.execution())
    before = typed.services.snapshot()

    with pytest.raises(InvalidArgument, match="with id 9"):
        typed.put(
            typed.artifact(),
            typed.execution(),
            events=(EventPut(artifact, execution, EventType.INPUT),),
        )

    assert typed.services.snapshot() == before


def test_a_position_beyond_the_request_is_out_of_range(typed: Typed) -> None:
    for position in (1, -1):
        with pytest.raises(OutOfRange, match=f"position {position}"):
            typed.put(typed.artifact(), events=(EventPut(New(position), 1, EventType.INPUT),))


@pytest.mark.parametrize("time", [0, -1, 2**63 - 1])
def test_an_event_keeps_the_time_that_it_was_given(typed: Typed, time: int) -> None:
    (artifact_id, execution_id) = typed.put(
        typed.artifact(),
        typed.execution(),
        events=(EventPut(New(0), New(0), EventType.INPUT, (), time),),
    )

    (found,) = typed.services.edges.events_of_artifacts([artifact_id])
    assert (found.execution_id, found.milliseconds_since_epoch) == (execution_id, time)


def test_an_event_without_time_has_that_of_the_put(typed: Typed) -> None:
    ids = typed.put(
        typed.artifact(), typed.execution(), events=(EventPut(New(0), New(0), EventType.OUTPUT),)
    )

    (found,) = typed.services.edges.events_of_artifacts(ids[:1])
    assert found.milliseconds_since_epoch == typed.services.now


def test_a_path_comes_back_step_by_step(typed: Typed) -> None:
    path = (PathStep(key="é\0"), PathStep(index=2**63 - 1), PathStep(key=""), PathStep(index=-1))
    ids = typed.put(
        typed.artifact(),
        typed.execution(),
        events=(EventPut(New(0), New(0), EventType.INPUT, path),),
    )

    assert typed.services.edges.events_of_artifacts(ids[:1])[0].path == path


# Links.


def test_a_link_that_exists_is_left_as_it_is(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.execution(), typed.context())
    links = {
        "attributions": (LinkPut(ids[0], ids[2]),) * 2,
        "associations": (LinkPut(ids[1], ids[2]),) * 2,
    }

    for _ in range(2):
        typed.put(**links)

    assert len(typed.services.artifacts.in_context(ids[2])) == 1
    assert len(typed.services.executions.in_context(ids[2])) == 1


def test_a_context_named_in_three_ways_is_linked_once(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context())

    typed.put(
        typed.execution(),
        typed.context(id=context_id),
        typed.context(),
        associations=tuple(LinkPut(New(0), ref) for ref in (context_id, New(0), New(1))),
        reuse_contexts=True,
    )

    assert len(typed.services.executions.in_context(context_id)) == 1
    typed.services.snapshot()


@pytest.mark.parametrize("kind", ["attributions", "associations"])
@pytest.mark.parametrize(("node", "context"), [(9, 1), (1, 9), (New(0), 9)])
def test_a_link_of_what_is_not_there_is_refused(
    typed: Typed, kind: str, node: int | New, context: int
) -> None:
    typed.put(typed.artifact(), typed.execution(), typed.context())

    with pytest.raises(InvalidArgument, match="with id 9"):
        typed.put(typed.artifact(), typed.execution(), **{kind: (LinkPut(node, context),)})


# Parents.


def test_a_context_can_have_many_parents(typed: Typed) -> None:
    child, *parents = typed.put(*(typed.context(f"c{i}") for i in range(3)))

    typed.put(parents=tuple(ParentPut(child, parent) for parent in parents))

    found = typed.services.edges.parents([child])
    assert [context.id for context in found[child]] == parents


def test_a_second_parent_edge_already_exists(typed: Typed) -> None:
    child, parent = typed.put(typed.context("c"), typed.context("p"))
    typed.put(parents=(ParentPut(child, parent),))

    with pytest.raises(AlreadyExists):
        typed.put(parents=(ParentPut(child, parent),))


@pytest.mark.parametrize("length", [2, 3, 5])
def test_a_cycle_of_contexts_is_refused_within_one_request(typed: Typed, length: int) -> None:
    contexts = [typed.context(f"c{i}") for i in range(length)]
    before = typed.services.snapshot()

    with pytest.raises(InvalidArgument, match="There is a cycle detected"):
        typed.put(
            *contexts,
            parents=tuple(ParentPut(New(i), New((i + 1) % length)) for i in range(length)),
        )

    assert typed.services.snapshot() == before


def test_a_cycle_through_what_is_stored_is_refused(typed: Typed) -> None:
    ids = typed.put(*(typed.context(f"c{i}") for i in range(3)))
    typed.put(parents=(ParentPut(ids[0], ids[1]), ParentPut(ids[1], ids[2])))

    with pytest.raises(InvalidArgument, match="There is a cycle detected"):
        typed.put(parents=(ParentPut(ids[2], ids[0]),))


def test_a_context_is_not_its_own_parent(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context())

    with pytest.raises(InvalidArgument):
        typed.put(parents=(ParentPut(context_id, context_id),))


def test_an_unknown_parent_cannot_be_found(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context())

    with pytest.raises(InvalidArgument, match="cannot be found"):
        typed.put(parents=(ParentPut(context_id, 9),))
