"""Lineage questions on random graphs are what plain Python says, page by page and in a stream.

Graphs have diamonds, hubs, cycles, isolated nodes and late, retracted and corrected facts. They are
written as the store would, but by raw Cypher: many in one namespace, as no event joins them.
"""

import os
import random
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.objects import DirectoryStore
from headwater.query.answers import Lineage
from headwater.query.moment import Moment
from headwater.query.parts import Direction, Events, NodeKey
from headwater.query.question import Question, Selection, Stops
from headwater.services.lineage import LineageService
from headwater_schema import ArtifactType, EventType, ExecutionType, TypeKind
from services.conftest import Typed, with_types
from support.clocked import Services
from support.lineage_oracle import Fact, Node, World, answer

GRAPHS = int(os.environ.get("HEADWATER_TEST_EXAMPLES", "60"))
SEED = int(os.environ.get("HEADWATER_TEST_SEED", "5"))
FLOWING = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
STATES = ("LIVE", "COMPLETE", None)
ROOM = 20

WRITE = Statement(
    "test/lineage",
    """
CALL () {
  UNWIND $nodes AS row WITH row WHERE row[0] = 'ARTIFACT'
  MATCH (type:Type {namespace: $namespace, kind: row[0], name: row[2], version: ''})
  CREATE (:Artifact {namespace: $namespace, id: row[1], type_id: type.id, type: row[2], state: row[3],
                     create_time_since_epoch: row[4]})
}
CALL () {
  UNWIND $nodes AS row WITH row WHERE row[0] = 'EXECUTION'
  MATCH (type:Type {namespace: $namespace, kind: row[0], name: row[2], version: ''})
  CREATE (:Execution {namespace: $namespace, id: row[1], type_id: type.id, type: row[2], last_known_state: row[3],
                      create_time_since_epoch: row[4]})
}
CALL () {
  UNWIND $facts AS row
  MATCH (a:Artifact {namespace: $namespace, id: row[0]}), (e:Execution {namespace: $namespace, id: row[1]})
  WITH row, CASE WHEN row[2] THEN a ELSE e END AS source, CASE WHEN row[2] THEN e ELSE a END AS target
  CREATE (source)-[event:$(row[3])]->(target) SET event = row[4]
}
CALL () {
  UNWIND $attributions AS row
  MATCH (n:Artifact {namespace: $namespace, id: row[0]}), (c:Context {namespace: $namespace, id: row[1]})
  CREATE (n)-[:ATTRIBUTION]->(c)
}
CALL () {
  UNWIND $associations AS row
  MATCH (n:Execution {namespace: $namespace, id: row[0]}), (c:Context {namespace: $namespace, id: row[1]})
  CREATE (n)-[:ASSOCIATION]->(c)
}
RETURN 1
""",
)


@pytest.fixture
def typed(graph: Graph, objects: DirectoryStore) -> Typed:
    typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
    typed.services.types.put(
        [ArtifactType(name="B"), ExecutionType(name="A"), ExecutionType(name="B")]
    )
    return typed


def world(chance: random.Random, base: int, contexts: list[int]) -> World:
    made = World()
    for kind in FLOWING:
        for i in range(1, chance.randint(1, 8) + 1):
            linked = {c for c in contexts if chance.random() < 0.2}
            made.nodes[NodeKey(kind, base + i)] = Node(
                chance.choice("AB"), chance.choice(STATES), chance.randint(1, 9), frozenset(linked)
            )
    ids = {kind: [key.id for key in made.nodes if key.kind is kind] for kind in FLOWING}
    pairs = set()
    for _ in range(chance.randint(0, 24)):
        # The first artifact is a hub in half of the graphs.
        hub = base % (2 * ROOM) == 0 and chance.random() < 0.5
        artifact = base + 1 if hub else chance.choice(ids[TypeKind.ARTIFACT])
        pair = (artifact, chance.choice(ids[TypeKind.EXECUTION]), chance.choice(list(EventType)))
        if pair in pairs:
            continue
        pairs.add(pair)
        recorded = chance.choice([None, 2, 4, 6])
        gone = chance.choice([None, None, (recorded or 0) + 2])
        made.facts.append(Fact(*pair, chance.randint(1, 9), recorded, gone))
        if gone is not None and chance.random() < 0.5:
            made.facts.append(Fact(*pair, chance.randint(1, 9), gone))
    return made


def store(graph: Graph, namespace: str, worlds: list[World]) -> None:
    nodes = [
        [str(key.kind), key.id, node.type, node.state, node.created]
        for made in worlds
        for key, node in made.nodes.items()
    ]
    links = {
        kind: [
            [key.id, c]
            for made in worlds
            for key, node in made.nodes.items()
            if key.kind is kind
            for c in node.contexts
        ]
        for kind in FLOWING
    }
    facts: list[list[Any]] = []
    for made in worlds:
        for f in made.facts:
            plain = {
                "ordinal": len(facts),
                "milliseconds_since_epoch": f.valid,
                "recorded_at": f.recorded,
                "retracted_at": f.retracted,
            }
            name = ("" if f.retracted is None else "WAS_") + f.type
            facts.append([f.artifact, f.execution, f.type.is_input, name, plain])
    parameters = {
        "namespace": namespace,
        "nodes": nodes,
        "facts": facts,
        "attributions": links[TypeKind.ARTIFACT],
        "associations": links[TypeKind.EXECUTION],
    }
    graph.write(lambda tx: tx.run(WRITE, **parameters))


def question(chance: random.Random, made: World, contexts: list[int]) -> Question:
    keys = list(made.nodes)

    def some(most: int) -> tuple[NodeKey, ...]:
        return tuple(chance.sample(keys, chance.randint(1, min(most, len(keys)))))

    def perhaps(value: Any) -> Any:
        return value if chance.random() < 0.25 else None

    direction = chance.choice(list(Direction))
    moment = Moment(perhaps(chance.randint(9, 12)), perhaps(chance.randint(0, 9)))
    if chance.random() < 0.3:
        moment = Moment(None, chance.randint(0, 9))
    selection = Selection(
        kinds=perhaps((chance.choice(FLOWING),)),
        types=perhaps((chance.choice("AB"),)),
        states=perhaps((chance.choice(STATES[:2]),)),
        contexts=perhaps((chance.choice(contexts),)),
        since=perhaps(chance.randint(1, 5)),
        until=perhaps(chance.randint(5, 9)),
        roots=chance.random() < 0.1,
        leaves=chance.random() < 0.1,
    )
    stops = Stops(types=perhaps((chance.choice("AB"),)) or (), keys=perhaps(some(2)) or ())
    return Question(
        starts=some(2),
        direction=direction,
        targets=some(2) if direction is Direction.BETWEEN else (),
        max_hops=chance.choice([None, None, 0, 1, 3]),
        selection=selection if chance.random() < 0.5 else Selection(),
        stops=stops if chance.random() < 0.5 else Stops(),
        moment=moment,
    )


def events_of(facts: list[Fact]) -> list[Any]:
    return sorted((f.artifact, f.execution, str(f.type), f.valid) for f in facts)


def told(events: Any) -> list[Any]:
    return sorted(
        (e.artifact_id, e.execution_id, e.type, e.milliseconds_since_epoch) for e in events
    )


def check(lineage: LineageService, made: World, asked: Question, limit: int) -> None:
    def stopped(key: NodeKey) -> bool:
        return key in asked.stops.keys or made.nodes[key].type in asked.stops.types

    nodes, facts = answer(made, asked, stopped, lambda _: True)
    whole, beyond = answer(made, replace(asked, max_hops=None), stopped, lambda _: True)
    order = sorted((distance, *key) for key, distance in nodes.items())

    found = lineage.ask(asked)

    assert [(n.distance, *n.key) for n in found.nodes] == order, asked
    assert told(found.events) == events_of(facts), asked
    assert sum(n for by in found.left_out.values() for n in by.values()) == len(whole) - len(nodes)
    counts = {k: Counter(made.nodes[key].type for key in nodes if key.kind is k) for k in FLOWING}
    assert lineage.count(asked) == counts, asked
    assert found.complete == (len(whole) == len(nodes)) == (found.cursor is None)
    pages: list[Lineage] = [lineage.ask(replace(asked, limit=limit))]
    while pages[-1].cursor is not None:
        assert len(pages[-1]) <= limit
        pages.append(lineage.resume(pages[-1].cursor))
        before = sum(map(len, pages))
        left = sum(n for by in pages[-1].left_out.values() for n in by.values())
        assert before + left == len(whole), asked
    keys = [node.key for page in pages for node in page.nodes]
    assert sorted(keys) == sorted(whole), asked
    assert told(e for page in pages for e in page.events) == events_of(beyond), asked
    chunks = list(lineage.stream(asked, chunk_nodes=limit))
    assert [(n.distance, *n.key) for c in chunks for n in c.nodes] == order
    assert told(e for c in chunks for e in c.events) == events_of(facts), asked
    assert all(c.complete == found.complete for c in chunks)
    if chunks:
        half = len(chunks) // 2
        rest = list(lineage.stream(chunks[half].cursor))
        assert [(c.nodes, told(c.events)) for c in rest] == [
            (c.nodes, told(c.events)) for c in chunks[half + 1 :]
        ], asked


def test_every_question_is_what_plain_python_says(graph: Graph, typed: Typed) -> None:
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    contexts = [*typed.put(*(typed.context(name) for name in "xyz"))]
    worlds = [world(chance, i * ROOM, contexts) for i in range(GRAPHS)]
    store(graph, typed.services.namespace, worlds)
    lineage = LineageService(typed.services.scope)

    for made in worlds:
        check(lineage, made, question(chance, made, contexts), chance.randint(1, 4))


def test_a_damaged_or_foreign_cursor_is_refused(graph: Graph, typed: Typed) -> None:
    chance = random.Random(1)  # noqa: S311 - not for secrets
    made = World({NodeKey(TypeKind.ARTIFACT, 1): Node("A", None, 1)})
    made.nodes[NodeKey(TypeKind.EXECUTION, 1)] = Node("A", None, 1)
    made.facts.append(Fact(1, 1, EventType.INPUT, 1))
    store(graph, typed.services.namespace, [made])
    start = Question(starts=(NodeKey(TypeKind.ARTIFACT, 1),), direction=Direction.DOWNSTREAM)
    cursor = typed.services.lineage.ask(replace(start, limit=1)).cursor
    assert cursor is not None

    for _ in range(20):
        place = chance.randrange(len(cursor) - 1)
        letter = "A" if cursor[place] != "A" else "B"
        with pytest.raises(InvalidArgument, match="not a cursor"):
            typed.services.lineage.resume(cursor[:place] + letter + cursor[place + 1 :])
    with pytest.raises(InvalidArgument, match="not with a stream"):
        typed.services.lineage.stream(cursor)
    with pytest.raises(NotFound, match="at valid time 0"):
        typed.services.lineage.ask(replace(start, moment=Moment(as_of=0)))


def test_columns_behave_as_a_tuple() -> None:
    events = Events([[1, 2], [3, 4], ["INPUT", "OUTPUT"], [None, 5], [None, None]], order=[9, 2])

    assert tuple(events) == events[:] == (events[0], events[1])
    assert events == tuple(events)
    assert events.artifact_ids == [2, 1]
    assert Events.of(tuple(events)) == events
    assert Events.of(()) == ()
