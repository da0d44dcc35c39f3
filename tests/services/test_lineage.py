"""Lineage: everything that is reached, each once, and never less than is said."""

from itertools import pairwise

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.query.answers import Lineage
from headwater.query.parts import Direction, NodeKey
from headwater_schema import EventPut, EventType, LinkPut, TypeKind
from services.conftest import Typed

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


def artifact(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, node_id)


def execution(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.EXECUTION, node_id)


def distances(lineage: Lineage) -> dict[NodeKey, int]:
    assert len({node.key for node in lineage.nodes}) == len(lineage.nodes)
    return {node.key: node.distance for node in lineage.nodes}


def chain(typed: Typed, length: int) -> list[NodeKey]:
    """Return artifact, execution, artifact … of a chain, by the flow of data."""
    (start,) = typed.put(typed.artifact())
    keys = [artifact(start)]
    for _ in range(length):
        execution_id, (made,) = typed.step([keys[-1].id], 1)
        keys += [execution(execution_id), artifact(made)]
    return keys


def diamonds(typed: Typed, count: int) -> tuple[int, int]:
    """Return the ends of a row of diamonds: 2 ** count paths lead from one to the other."""
    (start,) = typed.put(typed.artifact())
    end = start
    for _ in range(count):
        sides = [typed.step([end], 1)[1][0] for _ in range(2)]
        _, (end,) = typed.step(sides, 1)
    return start, end


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_diamonds_give_each_node_once_however_many_paths(
    typed: Typed, direction: Direction
) -> None:
    start, end = diamonds(typed, 20)
    first, last = (start, end) if direction is DOWN else (end, start)

    answer = typed.services.lineage.trace(artifact(first), direction)

    found = distances(answer)
    assert len(found) == 1 + 20 * 6
    assert found[artifact(last)] == 80
    assert len(answer.events) == 20 * 7
    assert answer.complete
    assert answer.cursor is None


def test_nodes_come_by_distance_then_kind_then_id(typed: Typed) -> None:
    start, _ = diamonds(typed, 2)

    nodes = typed.services.lineage.trace(artifact(start), DOWN).nodes

    assert list(nodes) == sorted(nodes, key=lambda n: (n.distance, n.kind, n.id))


def test_an_execution_can_be_asked_about(typed: Typed) -> None:
    keys = chain(typed, 2)

    answer = typed.services.lineage.trace(keys[3], UP)

    assert distances(answer) == {key: 3 - i for i, key in enumerate(keys[:4])}


@pytest.mark.parametrize("hops", [0, 1, 2, 5, 8, 80])
@pytest.mark.parametrize("direction", [UP, DOWN])
def test_a_cut_answer_and_its_rest_are_the_whole(
    typed: Typed, direction: Direction, hops: int
) -> None:
    ends = diamonds(typed, 2)
    start = artifact(ends[direction is UP])
    whole = typed.services.lineage.trace(start, direction)

    cut = typed.services.lineage.trace(start, direction, max_hops=hops)

    counted = sum(n for by_type in cut.left_out.values() for n in by_type.values())
    assert len(cut) + counted == len(whole)
    assert cut.complete == (counted == 0) == (cut.cursor is None)
    if cut.cursor is not None:
        rest = typed.services.lineage.resume(cut.cursor)
        assert rest.complete
        assert (*cut.nodes, *rest.nodes) == whole.nodes
        assert sorted([*cut.events, *rest.events]) == sorted(whole.events)


def test_an_answer_can_be_had_a_hop_at_a_time(typed: Typed) -> None:
    start, _ = diamonds(typed, 2)
    whole = typed.services.lineage.trace(artifact(start), DOWN)
    answer = typed.services.lineage.trace(artifact(start), DOWN, max_hops=0)
    nodes, events = list(answer.nodes), list(answer.events)

    while answer.cursor is not None:
        answer = typed.services.lineage.resume(answer.cursor, max_hops=1)
        nodes += answer.nodes
        events += answer.events

    assert tuple(nodes) == whole.nodes
    assert sorted(events) == sorted(whole.events)


def test_what_was_left_out_is_counted_by_kind_and_type(typed: Typed) -> None:
    keys = chain(typed, 3)

    answer = typed.services.lineage.trace(keys[0], DOWN, max_hops=1)

    assert answer.left_out == {TypeKind.ARTIFACT: {"A": 3}, TypeKind.EXECUTION: {"E": 2}}


@pytest.mark.parametrize("hops", [10**9, 2**70])
def test_a_huge_limit_is_none(typed: Typed, hops: int) -> None:
    keys = chain(typed, 1)

    assert len(typed.services.lineage.trace(keys[0], DOWN, max_hops=hops)) == 3


def test_a_negative_limit_is_refused(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="counted from 0"):
        typed.services.lineage.trace(artifact(1), UP, max_hops=-1)


@pytest.mark.parametrize("cursor", ["", "x", "é", "bm8"])
def test_a_cursor_that_is_none_is_refused(typed: Typed, cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="not a cursor"):
        typed.services.lineage.resume(cursor)


def test_a_cycle_of_data_ends(typed: Typed) -> None:
    artifact_id, execution_id = typed.put(typed.artifact(), typed.execution())
    typed.put(
        events=(
            EventPut(artifact_id, execution_id, EventType.INPUT),
            EventPut(artifact_id, execution_id, EventType.OUTPUT),
        )
    )

    for direction in (UP, DOWN):
        answer = typed.services.lineage.trace(artifact(artifact_id), direction)
        assert distances(answer) == {artifact(artifact_id): 0, execution(execution_id): 1}
        assert len(answer.events) == 2


@pytest.mark.parametrize("event_type", list(EventType))
def test_data_flows_along_every_type_of_event(typed: Typed, event_type: EventType) -> None:
    artifact_id, execution_id = typed.put(typed.artifact(), typed.execution())
    typed.put(events=(EventPut(artifact_id, execution_id, event_type),))

    there = typed.services.lineage.trace(artifact(artifact_id), DOWN if event_type.is_input else UP)
    back = typed.services.lineage.trace(artifact(artifact_id), UP if event_type.is_input else DOWN)

    assert len(there) == 2
    assert len(back) == 1


def test_a_shared_context_connects_nothing(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.artifact(), typed.context())
    typed.put(attributions=tuple(LinkPut(i, ids[2]) for i in ids[:2]))

    assert len(typed.services.lineage.trace(artifact(ids[0]), DOWN)) == 1
    assert not typed.services.lineage.path(artifact(ids[0]), artifact(ids[1]))


@pytest.mark.parametrize("direction", [UP, DOWN])
@pytest.mark.parametrize("key", [artifact(99), execution(99)])
def test_a_node_that_is_not_there_is_not_found(
    typed: Typed, direction: Direction, key: NodeKey
) -> None:
    lineage = typed.services.lineage
    for ask in (
        lambda: lineage.trace(key, direction),
        lambda: lineage.trace(key, direction, max_hops=1),
        lambda: lineage.ids(key, direction),
        lambda: lineage.path(key, key),
    ):
        with pytest.raises(NotFound, match="with id 99"):
            ask()


def test_a_context_has_no_lineage(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context())
    key = NodeKey(TypeKind.CONTEXT, context_id)

    for ask in (
        lambda: typed.services.lineage.trace(key, UP),
        lambda: typed.services.lineage.ids(key, UP),
        lambda: typed.services.lineage.path(key, key),
    ):
        with pytest.raises(InvalidArgument, match="does not flow through contexts"):
            ask()


def test_a_path_is_a_shortest_one_either_way_round(typed: Typed) -> None:
    keys = chain(typed, 3)
    typed.step([keys[0].id], 1)
    (shortcut,) = typed.put(typed.execution())
    typed.put(
        events=(
            EventPut(keys[0].id, shortcut, EventType.INPUT),
            EventPut(keys[4].id, shortcut, EventType.OUTPUT),
        )
    )
    wanted = [keys[0], execution(shortcut), *keys[4:]]

    for ends in ((keys[0], keys[-1]), (keys[-1], keys[0])):
        answer = typed.services.lineage.path(*ends)
        assert [node.key for node in answer.nodes] == wanted
        assert [(e.source, e.target) for e in answer.events] == list(pairwise(wanted))


def test_a_node_is_its_own_path(typed: Typed) -> None:
    keys = chain(typed, 1)

    answer = typed.services.lineage.path(keys[0], keys[0])

    assert [node.key for node in answer.nodes] == [keys[0]]
    assert answer.complete


def test_siblings_have_no_path(typed: Typed) -> None:
    _, (first, second) = typed.step([], 2)

    assert not typed.services.lineage.path(artifact(first), artifact(second))


def test_the_ids_alone_are_those_of_the_whole_answer(typed: Typed) -> None:
    start, _ = diamonds(typed, 2)
    whole = typed.services.lineage.trace(artifact(start), DOWN)

    found = typed.services.lineage.ids(artifact(start), DOWN)

    keys = {NodeKey(kind, i) for kind, ids in found.items() for i in ids}
    assert keys == {node.key for node in whole.nodes} - {artifact(start)}


def test_only_some_types_can_be_kept(typed: Typed) -> None:
    keys = chain(typed, 2)

    answer = typed.services.lineage.trace(keys[0], DOWN).of_types(["A"])

    assert [node.key for node in answer.nodes] == keys[::2]
    assert answer.events == ()
