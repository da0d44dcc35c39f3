"""The lineage subgraph answers as ML Metadata does, whichever way it is asked of the server.

The expectations are those of ml-metadata 1.17.1, which gave them for the same graphs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph, Row
from headwater.graph.statements import Statement, load
from headwater.query.subgraph import (
    Cut,
    EndingNodes,
    Subgraph,
    SubgraphDirection,
    SubgraphQuestion,
)
from headwater.services.subgraph import SubgraphService
from headwater_schema import EventPut, EventType, LinkPut, PathStep, TypeKind
from services.conftest import Typed
from support.plans import names as operator_names
from support.plans import operators

ARTIFACT, EXECUTION = TypeKind.ARTIFACT, TypeKind.EXECUTION
UP, DOWN, BOTH = SubgraphDirection
INPUT, OUTPUT = EventType.INPUT, EventType.OUTPUT
Edge = tuple[int, int, EventType]


def ids_in(ids: Iterable[int]) -> str:
    return f"id IN ({', '.join(map(str, ids))})"


def ending(*ids: int, include: bool = False) -> EndingNodes:
    return EndingNodes(ids_in(ids), include)


@dataclass
class Drawn:
    """A graph that a test has drawn, with artifacts and executions numbered from 1."""

    typed: Typed
    artifacts: int
    executions: int

    def __post_init__(self) -> None:
        services = self.typed.services
        self.service = SubgraphService(services.scope, services.artifacts, services.executions)
        for _ in range(self.artifacts):
            self.typed.put(self.typed.artifact())
        for _ in range(self.executions):
            self.typed.put(self.typed.execution())

    def link(self, *edges: Edge) -> None:
        self.typed.put(events=tuple(EventPut(*edge) for edge in edges))

    def ask(
        self,
        kind: TypeKind,
        starting: Iterable[int],
        direction: SubgraphDirection = BOTH,
        **options: Any,
    ) -> Subgraph:
        question = SubgraphQuestion((kind, ids_in(starting)), direction=direction, **options)
        return self.service.subgraph(question)


@pytest.fixture
def draw(typed: Typed) -> Callable[..., Drawn]:
    def drawn(artifacts: int, executions: int, *edges: Edge) -> Drawn:
        graph = Drawn(typed, artifacts, executions)
        if edges:
            graph.link(*edges)
        return graph

    return drawn


Draw = Callable[..., Drawn]

WAYS: tuple[dict[str, Any], ...] = ({}, {"ending_artifacts": ending(99)})
"""Options that change no answer: without an ending filter one statement gives it, with one many."""

STEPS = (
    (1, 1, INPUT),
    (2, 1, OUTPUT),
    (2, 2, INPUT),
    (3, 2, OUTPUT),
    (3, 3, INPUT),
    (4, 3, OUTPUT),
)
"""A chain: artifact 1, execution 1, artifact 2, … artifact 4."""


def edges_of(answer: Subgraph) -> list[Edge]:
    return [
        (event.artifact_id, event.execution_id, EventType(event.type))
        for event in answer.events.rows()
    ]


def nodes_of(answer: Subgraph) -> tuple[list[int], list[int]]:
    return answer.artifact_ids, answer.execution_ids


@pytest.mark.parametrize(
    ("hops", "artifacts", "executions", "events", "cut"),
    [
        (0, [1], [], 0, Cut(hops=True, nodes_beyond=1)),
        (1, [1], [1], 1, Cut(hops=True, nodes_beyond=1)),
        (2, [1, 2], [1], 2, Cut(hops=True, nodes_beyond=1)),
        (5, [1, 2, 3], [1, 2, 3], 5, Cut(hops=True, nodes_beyond=1)),
        (6, [1, 2, 3, 4], [1, 2, 3], 6, Cut()),
        (10**9, [1, 2, 3, 4], [1, 2, 3], 6, Cut()),
        (2**70, [1, 2, 3, 4], [1, 2, 3], 6, Cut()),
        (None, [1, 2, 3, 4], [1, 2, 3], 6, Cut()),
    ],
)
def test_a_hop_crosses_one_event(
    *,
    draw: Draw,
    hops: int | None,
    artifacts: list[int],
    executions: list[int],
    events: int,
    cut: Cut,
) -> None:
    drawn = draw(4, 3, *STEPS)

    answers = [drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=hops, **way) for way in WAYS]

    for answer in answers:
        assert nodes_of(answer) == (artifacts, executions)
        assert edges_of(answer) == list(STEPS[:events])
        assert answer.cut == cut
        assert bool(answer.cut) == cut.hops


@pytest.mark.parametrize(
    ("direction", "artifacts", "executions"),
    [(UP, [1, 2], [1]), (DOWN, [2, 3, 4], [2, 3]), (BOTH, [1, 2, 3, 4], [1, 2, 3])],
)
def test_events_are_followed_one_way_or_both(
    draw: Draw, direction: SubgraphDirection, artifacts: list[int], executions: list[int]
) -> None:
    drawn = draw(4, 3, *STEPS)

    answer = drawn.ask(ARTIFACT, [2], direction)

    assert nodes_of(answer) == (artifacts, executions)


def test_both_ways_is_any_way_not_ancestors_and_descendants(draw: Draw) -> None:
    drawn = draw(3, 2, (1, 1, INPUT), (2, 1, OUTPUT), (1, 2, INPUT), (3, 2, OUTPUT))

    answer = drawn.ask(ARTIFACT, [2])

    assert nodes_of(answer) == ([1, 2, 3], [1, 2])


def test_one_way_has_the_events_to_nodes_seen_before(draw: Draw) -> None:
    shortcut = (1, 2, INPUT)
    drawn = draw(2, 2, (1, 1, INPUT), (2, 1, OUTPUT), (2, 2, INPUT), shortcut)

    three = drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=3)
    two = drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=2)

    assert edges_of(three) == [(1, 1, INPUT), (2, 1, OUTPUT), shortcut, (2, 2, INPUT)]
    assert edges_of(two) == [(1, 1, INPUT), (2, 1, OUTPUT), shortcut]
    assert nodes_of(two) == nodes_of(three) == ([1, 2], [1, 2])
    assert two.cut == Cut(hops=True, nodes_beyond=0)
    assert not three.cut


@pytest.mark.parametrize("hops", [1, 2, 3, 4, None])
def test_both_ways_has_each_event_once(draw: Draw, hops: int | None) -> None:
    ring = [(1, 1, INPUT), (2, 1, OUTPUT), (2, 2, INPUT), (1, 2, OUTPUT)]
    drawn = draw(2, 2, *ring)

    answer = drawn.ask(ARTIFACT, [1], BOTH, max_num_hops=hops)

    assert edges_of(answer) == (
        [(1, 1, INPUT), (1, 2, OUTPUT)] if hops == 1 else sorted(ring, key=lambda e: (e[1], e[0]))
    )
    assert bool(answer.cut) == (hops == 1)


@pytest.mark.parametrize("event_type", list(EventType))
def test_data_flows_along_every_type_of_event(draw: Draw, event_type: EventType) -> None:
    drawn = draw(1, 1, (1, 1, event_type))

    from_artifact = {d: drawn.ask(ARTIFACT, [1], d).execution_ids for d in SubgraphDirection}
    from_execution = {d: drawn.ask(EXECUTION, [1], d).artifact_ids for d in SubgraphDirection}

    down = [1] if event_type.is_input else []
    up = [] if event_type.is_input else [1]
    assert from_artifact == {UP: up, DOWN: down, BOTH: [1]}
    assert from_execution == {UP: down, DOWN: up, BOTH: [1]}


def test_an_artifact_read_and_written_by_one_execution_has_both_events(draw: Draw) -> None:
    drawn = draw(1, 1, (1, 1, INPUT), (1, 1, OUTPUT), (1, 1, EventType.DECLARED_INPUT))

    assert edges_of(drawn.ask(ARTIFACT, [1])) == [
        (1, 1, EventType.DECLARED_INPUT),
        (1, 1, INPUT),
        (1, 1, OUTPUT),
    ]
    assert len(drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=1).events) == 2
    assert len(drawn.ask(ARTIFACT, [1], UP, max_num_hops=1).events) == 1


@pytest.mark.parametrize("include", [False, True])
def test_an_ending_node_is_not_gone_beyond(*, draw: Draw, include: bool) -> None:
    drawn = draw(4, 3, *STEPS)

    answer = drawn.ask(ARTIFACT, [1], DOWN, ending_executions=ending(2, include=include))

    assert nodes_of(answer) == ([1, 2], [1, 2] if include else [1])
    assert edges_of(answer) == list(STEPS[: 3 if include else 2])
    assert not answer.cut


@pytest.mark.parametrize("include", [False, True])
def test_every_event_that_reached_an_ending_node_is_there_if_asked(
    *, draw: Draw, include: bool
) -> None:
    drawn = draw(
        3,
        2,
        (1, 1, INPUT),
        (2, 1, OUTPUT),
        (3, 1, OUTPUT),
        (2, 2, INPUT),
        (3, 2, INPUT),
        (1, 2, INPUT),
    )

    answer = drawn.ask(ARTIFACT, [1], BOTH, ending_executions=ending(2, include=include))

    reached = [(1, 2, INPUT), (2, 2, INPUT), (3, 2, INPUT)]
    assert edges_of(answer) == [
        (1, 1, INPUT),
        (2, 1, OUTPUT),
        (3, 1, OUTPUT),
        *(reached if include else []),
    ]


@pytest.mark.parametrize("include", [False, True])
def test_a_starting_node_that_is_an_ending_node_is_kept_only_if_asked(
    *, draw: Draw, include: bool
) -> None:
    drawn = draw(4, 3, *STEPS)

    answer = drawn.ask(ARTIFACT, [1, 3], DOWN, ending_artifacts=ending(3, include=include))

    assert nodes_of(answer) == ([1, 2, 3] if include else [1, 2], [1, 2])
    assert edges_of(answer) == list(STEPS[: 4 if include else 3])


@pytest.mark.parametrize("include", [False, True])
def test_an_empty_ending_filter_is_every_node(*, draw: Draw, include: bool) -> None:
    drawn = draw(4, 3, *STEPS)
    every = EndingNodes("", include)

    at_start = drawn.ask(ARTIFACT, [1], DOWN, ending_artifacts=every)
    at_first = drawn.ask(ARTIFACT, [1], DOWN, ending_executions=every)

    assert nodes_of(at_start) == ([1] if include else [], [])
    assert edges_of(at_start) == []
    assert nodes_of(at_first) == ([1], [1] if include else [])
    assert edges_of(at_first) == ([STEPS[0]] if include else [])
    assert not at_start.cut
    assert not at_first.cut


def test_what_lies_beyond_hops_and_is_an_ending_node_is_not_cut(draw: Draw) -> None:
    drawn = draw(4, 3, *STEPS)

    left = drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=2, ending_executions=ending(2))
    cut = drawn.ask(ARTIFACT, [1], DOWN, max_num_hops=2, ending_executions=ending(2, include=True))

    assert left.cut == Cut()
    assert cut.cut == Cut(hops=True, nodes_beyond=1)


def test_an_answer_is_in_order_and_has_each_once(draw: Draw) -> None:
    typed_events = [
        (a, e, t) for e in (2, 1) for a in (3, 1, 2) for t in (INPUT, EventType.DECLARED_INPUT)
    ]
    drawn = draw(3, 2, *typed_events)
    contexts = [drawn.typed.put(drawn.typed.context(name))[0] for name in "ab"]
    drawn.typed.put(
        attributions=tuple(LinkPut(a, c) for a in (2, 1) for c in reversed(contexts)),
        associations=(LinkPut(2, contexts[1]), LinkPut(1, contexts[1])),
    )

    answers = [drawn.ask(ARTIFACT, ids, **way) for ids in ([3], [3, 2, 1]) for way in WAYS]

    for answer in answers:
        assert nodes_of(answer) == ([1, 2, 3], [1, 2])
        assert edges_of(answer) == sorted(
            typed_events, key=lambda e: (e[1], e[0], list(EventType).index(e[2]))
        )
        assert answer.context_ids == contexts
        assert answer.attributions == [(a, c) for a in (1, 2) for c in contexts]
        assert answer.associations == [(1, contexts[1]), (2, contexts[1])]


@pytest.mark.parametrize("way", WAYS)
def test_only_what_is_asked_for_is_there(draw: Draw, way: dict[str, Any]) -> None:
    drawn = draw(4, 3, *STEPS)
    context_ids = drawn.typed.put(drawn.typed.context("a"), drawn.typed.context("b"))
    drawn.typed.put(
        attributions=(LinkPut(2, context_ids[0]),), associations=(LinkPut(1, context_ids[1]),)
    )
    whole = drawn.ask(ARTIFACT, [1], DOWN, **way)
    nothing = {
        "with_events": False,
        "with_attributions": False,
        "with_associations": False,
        "with_contexts": False,
    }

    bare = drawn.ask(ARTIFACT, [1], DOWN, **way | nothing)

    assert bare == Subgraph(whole.artifact_ids, whole.execution_ids)
    for name, part in (
        ("events", "events"),
        ("attributions", "attributions"),
        ("associations", "associations"),
        ("contexts", "context_ids"),
    ):
        answer = drawn.ask(ARTIFACT, [1], DOWN, **way | nothing | {f"with_{name}": True})
        assert answer == replace(bare, **{part: getattr(whole, part)})
        assert len(getattr(answer, part)) > 0


@pytest.mark.parametrize("way", WAYS)
def test_a_shared_context_connects_nothing(draw: Draw, way: dict[str, Any]) -> None:
    drawn = draw(3, 0)
    (context_id,) = drawn.typed.put(drawn.typed.context())
    drawn.typed.put(attributions=tuple(LinkPut(a, context_id) for a in (1, 2, 3)))

    answer = drawn.ask(ARTIFACT, [1, 2], **way)

    assert nodes_of(answer) == ([1, 2], [])
    assert answer.context_ids == [context_id]


def test_an_event_has_its_time_and_path(draw: Draw) -> None:
    drawn = draw(1, 1)
    drawn.typed.put(
        events=(
            EventPut(
                1, 1, INPUT, path=(PathStep(key="é"), PathStep(index=0)), milliseconds_since_epoch=0
            ),
            EventPut(1, 1, OUTPUT, milliseconds_since_epoch=-5),
        )
    )

    for way in WAYS:
        events = drawn.ask(ARTIFACT, [1], **way).events
        assert events.milliseconds == [0, -5]
        assert events.paths == ['[{"key":"é"},{"index":0}]', None]


def test_starting_nodes_beyond_the_most_are_left_out_and_counted(draw: Draw) -> None:
    drawn = draw(5, 1, *((a, 1, INPUT) for a in range(1, 6)))

    two = drawn.ask(ARTIFACT, range(1, 6), max_num_hops=1, max_starting=2)
    every = drawn.ask(ARTIFACT, range(1, 6), max_num_hops=1, max_starting=None)

    assert nodes_of(two) == ([1, 2], [1])
    assert two.cut == Cut(starting_left_out=3, hops=True, nodes_beyond=3)
    assert two.cut
    assert nodes_of(every) == ([1, 2, 3, 4, 5], [1])
    assert not every.cut


def test_101_starting_nodes_are_taken(draw: Draw) -> None:
    drawn = draw(1, 0)
    drawn.typed.put(*(drawn.typed.artifact() for _ in range(102)))

    answer = drawn.service.subgraph(SubgraphQuestion((ARTIFACT, "id > 0"), max_num_hops=0))

    assert answer.artifact_ids == list(range(1, 102))
    assert answer.cut == Cut(starting_left_out=2)


def test_a_question_that_is_none_is_refused(draw: Draw) -> None:
    drawn = draw(1, 0)

    with pytest.raises(InvalidArgument, match="max_num_hops cannot be negative: max_num_hops = -1"):
        drawn.ask(ARTIFACT, [1], max_num_hops=-1)
    with pytest.raises(InvalidArgument, match="`filter_query` is unspecified"):
        drawn.service.subgraph(SubgraphQuestion((ARTIFACT, "")))
    with pytest.raises(InvalidArgument, match="asked for contexts"):
        drawn.service.subgraph(SubgraphQuestion((TypeKind.CONTEXT, "id = 1")))
    with pytest.raises(InvalidArgument):
        drawn.service.subgraph(SubgraphQuestion((ARTIFACT, "foo = 1")))
    with pytest.raises(InvalidArgument):
        drawn.ask(ARTIFACT, [1], ending_artifacts=EndingNodes("foo = 1"))


@pytest.mark.parametrize("kind", [ARTIFACT, EXECUTION])
def test_no_starting_node_is_not_found(draw: Draw, kind: TypeKind) -> None:
    with pytest.raises(NotFound, match="Cannot find qualified nodes to start the traversal"):
        draw(1, 1).ask(kind, [9])


class Counted:
    """A graph that counts the statements it is asked to read."""

    def __init__(self, graph: Graph, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        gather = graph.gather

        def counting(
            statement: Statement, take: Callable[[Iterator[Row]], object], /, **parameters: object
        ) -> object:
            self.count += 1
            return gather(statement, take, **parameters)

        patch.setattr(graph, "gather", counting)


def test_one_starting_node_costs_one_round_trip(
    draw: Draw, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw(4, 3, *STEPS)
    counted = Counted(graph, monkeypatch)

    answer = drawn.service.subgraph_of(ARTIFACT, [1], SubgraphQuestion((ARTIFACT, ""), 3))

    assert len(answer.events) == 3
    assert answer.cut.nodes_beyond == 1
    assert counted.count == 1


@pytest.mark.parametrize("direction", [DOWN, BOTH])
def test_a_chain_costs_few_round_trips_from_two_ends(
    draw: Draw, graph: Graph, monkeypatch: pytest.MonkeyPatch, direction: SubgraphDirection
) -> None:
    length = 400
    drawn = draw(0, 0)
    drawn.typed.put(
        *(drawn.typed.artifact() for _ in range(length + 1)),
        *(drawn.typed.execution() for _ in range(length)),
    )
    drawn.link(
        *(
            edge
            for execution_id, (read, made) in enumerate(pairwise(range(1, length + 2)), start=1)
            for edge in ((read, execution_id, INPUT), (made, execution_id, OUTPUT))
        )
    )
    question = SubgraphQuestion(
        (ARTIFACT, ""),
        direction=direction,
        with_events=True,
        ending_executions=EndingNodes("id = 390"),
    )
    counted = Counted(graph, monkeypatch)

    answer = drawn.service.subgraph_of(ARTIFACT, [1, 2], question)

    assert nodes_of(answer) == (list(range(1, 391)), list(range(1, 390)))
    assert len(answer.events) == 389 * 2
    assert counted.count < 40


@pytest.mark.parametrize("name", ["upstream", "downstream", "bidirectional"])
@pytest.mark.parametrize("label", ["Artifact", "Execution"])
@pytest.mark.parametrize("depth", [2, 7, 101, 10**9])
def test_a_subgraph_is_walked_once_from_an_index(
    graph: Graph, name: str, label: str, depth: int
) -> None:
    plan = operators(graph, load(f"subgraph/{name}", label).at_depth(depth))

    walks = [o.name for o in plan if o.name.startswith("VarLength")]
    starts = [o for o in plan if "Index" in o.name]
    assert walks == ["VarLengthExpand(Pruning,BFS,All)"]
    assert [o.name for o in starts] == ["NodeUniqueIndexSeek"]
    assert f"start:{label}(namespace, id)" in starts[0].details
    assert not {n for n in operator_names(plan) if "Scan" in n or "Shortest" in n or "Repeat" in n}


def test_links_are_found_from_an_index(graph: Graph) -> None:
    plan = operators(graph, load("subgraph/links"))

    assert [o.name for o in plan if "Index" in o.name] == ["NodeUniqueIndexSeek"] * 2
    assert not {o.name for o in plan if "Scan" in o.name}
