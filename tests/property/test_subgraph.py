"""Lineage subgraphs of random graphs are what the rules of ML Metadata say, in one sentence each.

A node is expanded if it is nearer than the limit of hops and no ending node. A node is in the
answer if it is within the limit, and, where it is an ending node, if those are asked for. An
event is in the answer if it leads from an expanded node to a node in the answer.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater.query.subgraph import EndingNodes, Subgraph, SubgraphDirection, SubgraphQuestion
from headwater.services.subgraph import SubgraphService
from headwater_schema import EventPut, EventType, LinkPut, TypeKind
from services.conftest import Typed, with_types
from support.clocked import Services

EXAMPLES = int(os.environ.get("HEADWATER_TEST_EXAMPLES", "60"))
KINDS = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
Node = tuple[TypeKind, int]
Edge = tuple[int, int, EventType]


class Asked(NamedTuple):
    """A question, with sets of ids where it has filters."""

    kind: TypeKind
    starting: frozenset[int]
    hops: int | None
    direction: SubgraphDirection
    ending: dict[TypeKind, tuple[frozenset[int], bool] | None]


@dataclass(frozen=True)
class Drawn:
    """A graph whose artifacts, executions and contexts are numbered from 1, and questions."""

    counts: tuple[int, int, int]
    edges: list[Edge]
    attributions: list[tuple[int, int]]
    associations: list[tuple[int, int]]
    questions: list[Asked]


@st.composite
def graphs(draw: st.DrawFn) -> Drawn:
    counts = (draw(st.integers(1, 8)), draw(st.integers(1, 6)), draw(st.integers(1, 3)))
    artifact_ids, execution_ids, context_ids = (st.integers(1, count) for count in counts)
    ids = {TypeKind.ARTIFACT: artifact_ids, TypeKind.EXECUTION: execution_ids}
    edges = st.tuples(artifact_ids, execution_ids, st.sampled_from(EventType))
    endings = {
        kind: st.none() | st.tuples(st.frozensets(ids[kind], min_size=1, max_size=3), st.booleans())
        for kind in KINDS
    }
    questions = st.sampled_from(KINDS).flatmap(
        lambda kind: st.builds(
            Asked,
            st.just(kind),
            st.frozensets(ids[kind], min_size=1, max_size=3),
            st.none() | st.integers(0, 9),
            st.sampled_from(SubgraphDirection),
            st.fixed_dictionaries(endings),
        )
    )
    return Drawn(
        counts,
        draw(st.lists(edges, max_size=24, unique=True)),
        draw(st.lists(st.tuples(artifact_ids, context_ids), max_size=6, unique=True)),
        draw(st.lists(st.tuples(execution_ids, context_ids), max_size=6, unique=True)),
        draw(st.lists(questions, min_size=3, max_size=6)),
    )


@dataclass
class Expected:
    """The answer to a question by the rules, a fact at a time."""

    drawn: Drawn
    asked: Asked

    def __post_init__(self) -> None:
        self.limit = 10**6 if self.asked.hops is None else self.asked.hops
        self.distance: dict[Node, int] = {(self.asked.kind, i): 0 for i in self.asked.starting}
        for distance in range(100):
            for node, target, _ in self.steps():
                if self.distance.get(node) == distance and not self.is_ending(node):
                    self.distance.setdefault(target, distance + 1)

    def steps(self) -> Iterator[tuple[Node, Node, Edge]]:
        """Yield each way in which an event may be followed."""
        for edge in self.drawn.edges:
            artifact, execution = (TypeKind.ARTIFACT, edge[0]), (TypeKind.EXECUTION, edge[1])
            with_flow = (artifact, execution) if edge[2].is_input else (execution, artifact)
            if self.asked.direction is not SubgraphDirection.UPSTREAM:
                yield (*with_flow, edge)
            if self.asked.direction is not SubgraphDirection.DOWNSTREAM:
                yield (*reversed(with_flow), edge)  # type: ignore[misc] # mypy loses the length

    def is_ending(self, node: Node) -> bool:
        ending = self.asked.ending[node[0]]
        return ending is not None and node[1] in ending[0]

    def is_kept(self, node: Node) -> bool:
        ending = self.asked.ending[node[0]]
        wanted = not self.is_ending(node) or (ending is not None and ending[1])
        return wanted and self.distance.get(node, 10**9) <= self.limit

    def is_expanded(self, node: Node) -> bool:
        return not self.is_ending(node) and self.distance.get(node, 10**9) < self.limit

    def ids(self, kind: TypeKind) -> list[int]:
        return sorted(i for k, i in self.distance if k is kind and self.is_kept((k, i)))

    def events(self) -> list[Edge]:
        kept = {e for a, b, e in self.steps() if self.is_expanded(a) and self.is_kept(b)}
        order = list(EventType)
        return sorted(kept, key=lambda edge: (edge[1], edge[0], order.index(edge[2])))


def store(drawn: Drawn, typed: Typed) -> None:
    artifacts, executions, contexts = drawn.counts
    typed.put(
        *(typed.artifact() for _ in range(artifacts)),
        *(typed.execution() for _ in range(executions)),
        *(typed.context(str(number)) for number in range(contexts)),
    )
    typed.put(
        events=tuple(EventPut(*edge) for edge in drawn.edges),
        attributions=tuple(LinkPut(*pair) for pair in drawn.attributions),
        associations=tuple(LinkPut(*pair) for pair in drawn.associations),
    )


def question_of(asked: Asked) -> SubgraphQuestion:
    def filter_of(ids: frozenset[int]) -> str:
        return f"id IN ({', '.join(map(str, sorted(ids)))})"

    artifacts, executions = (
        None if ending is None else EndingNodes(filter_of(ending[0]), ending[1])
        for ending in (asked.ending[kind] for kind in KINDS)
    )
    return SubgraphQuestion(
        (asked.kind, filter_of(asked.starting)),
        asked.hops,
        asked.direction,
        ending_artifacts=artifacts,
        ending_executions=executions,
    )


def check(answer: Subgraph, drawn: Drawn, asked: Asked) -> None:
    expected = Expected(drawn, asked)
    whole = Expected(drawn, asked._replace(hops=None))
    artifact_ids, execution_ids = (expected.ids(kind) for kind in KINDS)
    attributions = [pair for pair in sorted(drawn.attributions) if pair[0] in artifact_ids]
    associations = [pair for pair in sorted(drawn.associations) if pair[0] in execution_ids]
    beyond = [
        node
        for node, distance in whole.distance.items()
        if whole.is_kept(node) and distance == expected.limit + 1
    ]

    assert (answer.artifact_ids, answer.execution_ids) == (artifact_ids, execution_ids)
    assert [
        (e.artifact_id, e.execution_id, e.type) for e in answer.events.rows()
    ] == expected.events()
    assert answer.attributions == attributions
    assert answer.associations == associations
    assert answer.context_ids == sorted({c for _, c in (*attributions, *associations)})
    assert answer.cut.nodes_beyond == len(beyond)
    assert answer.cut.hops == (expected.events() != whole.events())


@pytest.fixture(scope="module")
def objects_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


def test_a_subgraph_is_what_the_rules_say(graph: Graph, objects_path: Path) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(graphs())
    def run(drawn: Drawn) -> None:
        with DirectoryStore(objects_path) as objects:
            services = Services(graph, objects, f"test-{uuid.uuid4().hex}")
            store(drawn, with_types(services))
            subgraphs = SubgraphService(services.scope, services.artifacts, services.executions)
            for asked in drawn.questions:
                check(subgraphs.subgraph(question_of(asked)), drawn, asked)

    run()
