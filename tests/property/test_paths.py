"""Paths and common causes of random graphs are what networkx says, now and at any moment.

Many graphs lie in one namespace, as parts of one graph that nothing connects. Times of edges are
set by plain Cypher, and some edges are retracted.
"""

import os
import random
from dataclasses import dataclass, field

import networkx as nx
import pytest

from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.objects import DirectoryStore
from headwater.query.moment import NOW, Moment
from headwater.query.parts import NodeKey
from headwater.services.causes import CauseService
from headwater.services.paths import PathService
from headwater_schema import EventPut, EventType, TypeKind
from services.conftest import Typed, with_types
from support.clocked import Services

GRAPHS = int(os.environ.get("HEADWATER_TEST_EXAMPLES", "60"))
BATCH = 30
MOMENTS = (NOW, Moment(as_of=5), Moment(known_at=5), Moment(as_of=6, known_at=4))

TIMES = Statement(
    "test/times",
    """
UNWIND $rows AS row
MATCH (artifact:Artifact {namespace: $namespace, id: row[0]})-[event]-(execution:Execution {namespace: $namespace, id: row[1]})
WHERE type(event) = row[2]
SET event.milliseconds_since_epoch = row[3], event.recorded_at = row[4]
WITH * WHERE row[5] IS NOT NULL
WITH startNode(event) AS source, endNode(event) AS target, event, row
CREATE (source)-[was:$("WAS_" + row[2])]->(target)
SET was = properties(event), was.retracted_at = row[5]
DELETE event
""",
)


@dataclass(frozen=True)
class Edge:
    """An event with its times; data flows from source to target."""

    source: NodeKey
    target: NodeKey
    type: EventType
    time: int
    recorded: int
    retracted: int | None

    def at(self, moment: Moment) -> bool:
        """Return whether it is so at a moment."""
        if moment.is_now:
            return self.retracted is None
        as_of, known_at = moment.parameters["as_of"], moment.parameters["known_at"]
        known = self.recorded <= known_at
        return self.time <= as_of and known and (self.retracted or 2**63) > known_at


@dataclass
class Drawn:
    """One of the graphs."""

    nodes: list[NodeKey]
    edges: list[Edge] = field(default_factory=list)

    def at(self, moment: Moment) -> "nx.DiGraph[NodeKey]":
        graph: nx.DiGraph[NodeKey] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((e.source, e.target) for e in self.edges if e.at(moment))
        return graph


def draw(typed: Typed, seed: int) -> list[Drawn]:
    """Put a batch of graphs, with cycles, diamonds, hubs and nodes that nothing connects."""
    rolled = random.Random(seed)  # noqa: S311 - not for secrets
    drawn = []
    for _ in range(BATCH):
        artifacts, executions = rolled.randint(1, 7), rolled.randint(1, 5)
        ids = typed.put(
            *(typed.artifact() for _ in range(artifacts)),
            *(typed.execution() for _ in range(executions)),
        )
        nodes = [NodeKey(TypeKind.ARTIFACT, i) for i in ids[:artifacts]]
        nodes += [NodeKey(TypeKind.EXECUTION, i) for i in ids[artifacts:]]
        graph = Drawn(nodes)
        pairs = {
            (rolled.choice(nodes[:artifacts]), rolled.choice(nodes[artifacts:]), kind)
            for kind in rolled.choices(list(EventType), k=rolled.randint(0, 24))
        }
        for artifact, execution, kind in sorted(pairs):
            ends = (artifact, execution) if kind.is_input else (execution, artifact)
            recorded = rolled.randint(1, 8)
            retracted = rolled.choice([None, None, None, recorded + rolled.randint(1, 4)])
            graph.edges.append(Edge(*ends, kind, rolled.randint(1, 8), recorded, retracted))
        drawn.append(graph)
    edges = [edge for graph in drawn for edge in graph.edges]
    rows = [[*_event(edge), edge.time, edge.recorded, edge.retracted] for edge in edges]
    typed.put(events=tuple(EventPut(*_event(edge)[:2], edge.type) for edge in edges))
    services = typed.services
    services.graph.write(lambda tx: tx.run(TIMES, namespace=services.namespace, rows=rows))
    return drawn


def _event(edge: Edge) -> tuple[int, int, str]:
    ends = (edge.source, edge.target) if edge.type.is_input else (edge.target, edge.source)
    return ends[0].id, ends[1].id, str(edge.type)


def check_paths(paths: PathService, drawn: Drawn, moment: Moment, rolled: random.Random) -> None:
    graph = drawn.at(moment)
    start, end = rolled.choice(drawn.nodes), rolled.choice(drawn.nodes)
    every = [[start]] if start == end else list(nx.all_simple_paths(graph, start, end))
    every.sort(key=lambda path: (len(path), path))
    k = rolled.randint(1, 9)

    found = paths.shortest_k(start, end, k, moment=moment)
    one = paths.shortest(start, end, moment=moment)

    assert [list(path.keys) for path in found] == every[:k]
    assert found.complete == (len(every) <= k)
    assert found.total in (None, len(every))
    assert found.total is not None or not nx.is_directed_acyclic_graph(graph)
    assert paths.is_upstream(start, end, moment=moment) == (
        start != end and nx.has_path(graph, start, end)
    )
    if start != end and every:
        lengths = [len(path) for path in nx.shortest_simple_paths(graph, start, end)]
        assert [path.hops + 1 for path in found] == lengths[:k]
    assert (one is None) == (not every)
    for path in (*found, *([] if one is None else [one])):
        steps = list(zip(path.keys, path.keys[1:], strict=False))
        held = {(e.source, e.target, str(e.type)) for e in drawn.edges if e.at(moment)}
        told = [(e.source, e.target, e.type) for e in path.events]
        assert list(path.keys) in every
        assert set(told) <= held
        assert {step[:2] for step in told} == set(steps)
    if one is not None:
        assert one.hops == len(every[0]) - 1
    for path in found:
        kept = set(zip(path.keys, path.keys[1:], strict=False))
        every_event = {(e.source, e.target, e.type) for e in path.events}
        assert every_event == {step for step in held if step[:2] in kept}


def check_causes(causes: CauseService, drawn: Drawn, moment: Moment, rolled: random.Random) -> None:
    graph = drawn.at(moment)
    asked = rolled.sample(drawn.nodes, min(len(drawn.nodes), rolled.randint(1, 3)))
    healthy = rolled.sample(drawn.nodes, rolled.randint(0, 2))
    kinds = rolled.choice([list(TypeKind)[:2], [TypeKind.ARTIFACT], [TypeKind.EXECUTION]])
    far = {node: dict(nx.single_source_shortest_path_length(graph, node)) for node in drawn.nodes}
    ranked = sorted(
        (
            sum(h in far[node] for h in healthy),
            max(far[node][a] for a in asked),
            sum(far[node][a] for a in asked),
            *node,
        )
        for node in drawn.nodes
        if all(a in far[node] and a != node for a in asked) and node.kind in kinds
    )

    answer = causes.common_ancestors(asked, healthy=healthy, kinds=kinds, limit=None, moment=moment)
    pages = [causes.common_ancestors(asked, healthy=healthy, kinds=kinds, limit=2, moment=moment)]
    if moment.known_at is not None:
        while pages[-1].cursor is not None:
            pages.append(causes.resume(pages[-1].cursor, limit=2))
            assert pages[-1].total == len(ranked)
        assert [a for page in pages for a in page] == list(answer)
    change = causes.most_recent_common_change(asked, moment=moment)

    # All nodes of one graph are put at once, so that newest decides nothing between them.
    told = [(a.healthy, a.greatest_distance, a.sum_of_distances, *a.node.key) for a in answer]
    assert told == ranked
    assert answer.complete
    left = sum(n for by_type in pages[0].left_out.values() for n in by_type.values())
    assert (pages[0].total, left) == (len(ranked), max(0, len(ranked) - 2))
    common = {n for n in drawn.nodes if all(a in far[n] and a != n for a in asked)}
    assert (change is None) <= (not common or (moment.as_of or 10**6) < 10**5)
    if change is not None:
        assert change.node.key in common


@pytest.mark.parametrize("batch", range(-(-GRAPHS // BATCH)))
def test_paths_and_causes_are_what_networkx_says(
    graph: Graph, objects: DirectoryStore, namespace: str, batch: int
) -> None:
    rolled = random.Random(batch)  # noqa: S311 - not for secrets
    services = Services(graph, objects, namespace)
    paths, causes = PathService(services.scope), CauseService(services.scope)

    for drawn in draw(with_types(services), batch):
        for moment in (NOW, rolled.choice(MOMENTS[1:])):
            check_paths(paths, drawn, moment, rolled)
            check_causes(causes, drawn, moment, rolled)
