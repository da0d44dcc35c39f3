"""Paths: the shortest ways, in a fixed order, and never a list of all of them."""

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import load
from headwater.query.parts import NodeKey
from headwater.query.simple_paths import shortest_simple_paths
from headwater.services.paths import PathService
from headwater_schema import EventPut, EventType, TypeKind
from services.conftest import Typed
from support.plans import names as operator_names
from support.plans import operators

PRUNED = "VarLengthExpand(Pruning,BFS,All)"


def artifact(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, node_id)


def execution(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.EXECUTION, node_id)


@pytest.fixture
def paths(typed: Typed) -> PathService:
    return PathService(typed.services.scope)


def diamonds(typed: Typed, count: int) -> tuple[NodeKey, NodeKey]:
    """Return the ends of a row of diamonds: 2 ** count paths lead from one to the other."""
    (start,) = typed.put(typed.artifact())
    end = start
    for _ in range(count):
        sides = [typed.step([end], 1)[1][0] for _ in range(2)]
        _, (end,) = typed.step(sides, 1)
    return artifact(start), artifact(end)


def test_many_paths_are_counted_and_few_are_made(typed: Typed, paths: PathService) -> None:
    start, end = diamonds(typed, 30)

    found = paths.shortest_k(start, end, 3)

    assert [path.hops for path in found] == [120] * 3
    assert [path.keys for path in found] == sorted(path.keys for path in found)
    assert (found.total, found.complete) == (2**30, False)
    assert str(found).endswith(f"... and {2**30 - 3} more")


def test_two_events_between_two_nodes_are_one_way_and_both_are_told(
    typed: Typed, paths: PathService
) -> None:
    source, reader = typed.put(typed.artifact(name="raw"), typed.execution())
    kinds = (EventType.INPUT, EventType.DECLARED_INPUT)
    typed.put(events=tuple(EventPut(source, reader, kind) for kind in kinds))

    found = paths.shortest_k(artifact(source), execution(reader), 5)

    assert str(found) == f"raw -DECLARED_INPUT+INPUT-> E #{reader}"
    assert [event.type for event in found[0].events] == ["DECLARED_INPUT", "INPUT"]
    assert found.as_dict()["paths"][0]["hops"] == 1
    assert found.complete


def test_paths_go_with_the_flow_alone(typed: Typed, paths: PathService) -> None:
    start, end = diamonds(typed, 1)

    assert paths.is_upstream(start, end)
    assert not paths.is_upstream(end, start)
    assert paths.shortest(end, start) is None
    assert not paths.shortest_k(end, start, 2)
    assert paths.shortest_k(end, start, 2).total == 0


def test_a_node_is_its_own_way_and_not_upstream_of_itself(typed: Typed, paths: PathService) -> None:
    node, ring = typed.put(typed.artifact(), typed.execution())
    kinds = (EventType.INPUT, EventType.OUTPUT)
    typed.put(events=tuple(EventPut(node, ring, kind) for kind in kinds))

    found = paths.shortest_k(artifact(node), artifact(node), 2)

    assert [path.keys for path in found] == [(artifact(node),)]
    assert not paths.is_upstream(artifact(node), artifact(node))


def test_a_wrong_question_is_refused(typed: Typed, paths: PathService) -> None:
    node, context = typed.put(typed.artifact(), typed.context())
    here, gone = artifact(node), execution(99)

    for ask in (
        lambda: paths.shortest(here, gone),
        lambda: paths.is_upstream(gone, here),
        lambda: paths.shortest_k(gone, gone, 1),
    ):
        with pytest.raises(NotFound, match="execution with id 99"):
            ask()
    with pytest.raises(InvalidArgument, match="through contexts"):
        paths.shortest(here, NodeKey(TypeKind.CONTEXT, context))
    with pytest.raises(InvalidArgument, match="counted from 1"):
        paths.shortest_k(here, here, 0)


def test_a_long_row_of_diamonds_and_a_dense_ring_take_no_time_to_speak_of() -> None:
    row = [
        edge
        for n in range(0, 9_000, 3)
        for edge in ((n, n + 1), (n, n + 2), (n + 1, n + 3), (n + 2, n + 3))
    ]
    ring = [(a, b) for a in range(40) for b in range(40) if a != b]

    of_row = shortest_simple_paths(9_001, row, start=0, end=9_000, k=5)
    of_ring = shortest_simple_paths(40, ring, start=0, end=39, k=60)

    assert of_row.total == 2**3_000
    assert [len(path) for path in of_row.paths] == [6_001] * 5
    assert [len(path) for path in of_ring.paths] == [2] + [3] * 38 + [4] * 21
    assert of_ring.more


@pytest.mark.parametrize("label", ["Artifact", "Execution"])
@pytest.mark.parametrize("name", ["shortest", "shortest_at", "reaches", "reaches_at"])
def test_one_path_is_found_by_a_search_from_both_ends(graph: Graph, name: str, label: str) -> None:
    plan = operator_names(operators(graph, load(f"paths/{name}", label)))

    assert "ShortestPath" in plan
    assert not {n for n in plan if n.startswith("VarLength") or "Scan" in n}


@pytest.mark.parametrize("label", ["Artifact", "Execution"])
@pytest.mark.parametrize("name", ["between", "between_at"])
def test_what_lies_between_is_walked_once_from_each_end(
    graph: Graph, name: str, label: str
) -> None:
    plan = operators(graph, load(f"paths/{name}", label))

    assert [o.name for o in plan if o.name.startswith("VarLength")] == [PRUNED] * 2
    assert not {o.name for o in plan if "Scan" in o.name or "Shortest" in o.name}
