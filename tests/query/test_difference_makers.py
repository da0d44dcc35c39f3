"""Which executions made what a history has, and what is left of it by that."""

import pytest

from headwater.query.difference_makers import as_made
from headwater.query.difference_parts import Fact, Provenance
from headwater.query.parts import LineageEvent, NodeKey
from headwater_schema import TypeKind

MADE = NodeKey(TypeKind.ARTIFACT, 10)
RUN = NodeKey(TypeKind.CONTEXT, 1)


def artifact(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, node_id)


def execution(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.EXECUTION, node_id)


def history(
    states: dict[int, str],
    *,
    root: NodeKey = MADE,
    own: tuple[NodeKey, ...] = (),
    output: str = "OUTPUT",
) -> Provenance:
    """Return what has artifact 10 made by each execution, of an artifact of the execution's id."""
    facts = [Fact(root, "T"), Fact(MADE, "A")]
    events = []
    for node_id, state in states.items():
        gone = state == "DELETED"
        values = {"state": "COMPLETE" if gone else state}
        facts += [Fact(execution(node_id), "E", values=values, gone=gone)]
        facts += [Fact(artifact(node_id), "A")]
        events.append(LineageEvent(node_id, node_id, "INPUT", 0, None))
        events.append(LineageEvent(MADE.id, node_id, output, 0, None))
    members = [(key, root) for key in own]
    return Provenance(root, {fact.key: fact for fact in facts}, events, members)


@pytest.mark.parametrize(
    ("states", "makers"),
    [
        ({1: "COMPLETE", 2: "CACHED", 3: "CACHED"}, {1}),
        ({1: "CACHED", 2: "COMPLETE"}, {2}),
        ({1: "CACHED"}, {1}),
        ({1: "CACHED", 2: "CACHED"}, {1}),
        ({1: "DELETED", 2: "CACHED", 3: "CACHED"}, {2}),
        ({1: "DELETED", 2: "COMPLETE"}, {1, 2}),
        ({1: "UNKNOWN", 2: "CACHED"}, {1}),
        ({1: "COMPLETE", 2: "COMPLETE"}, {1, 2}),
    ],
)
def test_what_ran_made_it_and_else_what_stood_in_first(
    states: dict[int, str], makers: set[int]
) -> None:
    made = as_made(history(states))

    assert {event.execution_id for event in made.events} == makers
    assert made.nodes.keys() == {MADE, *map(execution, makers), *map(artifact, makers)}


def test_an_execution_of_the_cache_that_was_asked_about_stays() -> None:
    made = as_made(history({1: "COMPLETE", 2: "CACHED"}, root=execution(2)))

    assert {artifact(2), execution(2)} <= made.nodes.keys()


def test_what_is_only_to_be_made_is_no_making() -> None:
    pending = history({1: "RUNNING"}, output="PENDING_OUTPUT").events
    made = history({1: "RUNNING", 2: "CACHED"})
    both = Provenance(made.root, made.nodes, [*pending, *made.events[2:]])

    found = as_made(both)

    assert {event.execution_id for event in found.events} == {1, 2}


def test_that_something_made_was_to_be_made_is_not_told() -> None:
    made = history({1: "COMPLETE"})
    announced = LineageEvent(MADE.id, 1, "PENDING_OUTPUT", 0, None)

    found = as_made(Provenance(made.root, made.nodes, [announced, *made.events]))

    assert list(found.events) == made.events


@pytest.mark.parametrize(
    ("states", "own", "makers"),
    [
        ({1: "COMPLETE", 2: "CACHED", 3: "CACHED"}, {2}, {2}),
        ({1: "COMPLETE", 2: "CACHED", 3: "CACHED"}, {2, 3}, {2}),
        ({1: "COMPLETE", 2: "CACHED"}, {1, 2}, {1}),
        ({1: "COMPLETE", 2: "CACHED"}, {1}, {1}),
    ],
)
def test_a_run_is_told_by_what_it_read_itself(
    states: dict[int, str], own: set[int], makers: set[int]
) -> None:
    members = (*map(execution, sorted(own)), MADE)

    made = as_made(history(states, root=RUN, own=members))

    assert {event.execution_id for event in made.events} == makers
    assert {node for node, _ in made.members} == {MADE, *map(execution, makers & own)}


def test_a_step_of_a_run_that_makes_nothing_stays() -> None:
    asked = history({1: "COMPLETE", 2: "CACHED"}, root=RUN, own=(execution(2), MADE))
    checked = Fact(execution(9), "Check", values={"state": "CACHED"})
    with_check = Provenance(
        asked.root,
        {**asked.nodes, checked.key: checked},
        asked.events,
        [*asked.members, (checked.key, RUN)],
    )

    made = as_made(with_check)

    assert checked.key in made.nodes
    assert (checked.key, RUN) in made.members
