"""Ids: taken in blocks that grow, ascending, each once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.services.ids import IdBlocks

NEXT = Statement(
    "test/next", "MATCH (c:Counter {namespace: $namespace, kind: 'ARTIFACT'}) RETURN c.next"
)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def take(graph: Graph, namespace: str, clock: Clock) -> Callable[[int], list[int]]:
    blocks = IdBlocks(graph, clock)
    return lambda count: list(blocks.take(namespace, {"ARTIFACT": count})["ARTIFACT"])


def test_ids_ascend_without_a_gap_under_load(take: Callable[[int], list[int]]) -> None:
    taken = [i for count in (1, 1, 3, 10, 1, 2_500, 1) for i in take(count)]

    assert taken == list(range(1, len(taken) + 1))


def test_blocks_double_up_to_a_thousand(
    graph: Graph, namespace: str, take: Callable[[int], list[int]]
) -> None:
    ends: list[int] = []
    for _ in range(2_100):
        take(1)
        end = graph.read(NEXT, namespace=namespace)[0][0]
        if not ends or end != ends[-1]:
            ends.append(end)

    sizes = [b - a for a, b in pairwise([1, *ends])]
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000]


@pytest.mark.usefixtures("old_ids_are_dropped")
def test_a_rest_of_a_block_is_dropped_after_a_second(
    clock: Clock, take: Callable[[int], list[int]]
) -> None:
    assert [take(1)[0] for _ in range(4)] == [1, 2, 3, 4]
    clock.now += 1.1

    assert take(1) == [8]
    assert take(1) == [9]


def test_no_id_is_given_twice_to_two_holders(graph: Graph, namespace: str) -> None:
    holders = [IdBlocks(graph) for _ in range(4)]

    def some(holder: IdBlocks) -> list[list[int]]:
        return [list(holder.take(namespace, {"EVENT": n})["EVENT"]) for n in (1, 7, 2, 300, 1)]

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(some, holders * 2))

    every = [i for mine in taken for ids in mine for i in ids]
    assert len(set(every)) == len(every)
    assert all(ids == sorted(ids) for mine in taken for ids in mine)


def test_nothing_asked_is_nothing_taken(graph: Graph, namespace: str) -> None:
    assert IdBlocks(graph).take(namespace, {"ARTIFACT": 0}) == {"ARTIFACT": []}
    assert graph.read(NEXT, namespace=namespace) == []


def test_kinds_count_apart(graph: Graph, namespace: str) -> None:
    taken = IdBlocks(graph).take(namespace, {"ARTIFACT": 2, "EXECUTION": 1})

    assert taken == {"ARTIFACT": [1, 2], "EXECUTION": [1]}
