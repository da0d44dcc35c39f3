"""Lineage questions answered in plain Python: slow, dicts and sets, obviously right."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from headwater.query.parts import Direction, NodeKey
from headwater.query.question import Question
from headwater_schema import EventType, TypeKind

FAR = 10**9


@dataclass(frozen=True)
class Fact:
    """An event, from when on it was so, and from when to when the store held it true."""

    artifact: int
    execution: int
    type: EventType
    valid: int
    recorded: int | None = None
    retracted: int | None = None

    @property
    def ends(self) -> tuple[NodeKey, NodeKey]:
        """Where data flows from and to."""
        artifact = NodeKey(TypeKind.ARTIFACT, self.artifact)
        execution = NodeKey(TypeKind.EXECUTION, self.execution)
        return (artifact, execution) if self.type.is_input else (execution, artifact)


@dataclass(frozen=True)
class Node:
    """What a node is."""

    type: str
    state: str | None
    created: int
    contexts: frozenset[int] = frozenset()


@dataclass
class World:
    """A graph."""

    nodes: dict[NodeKey, Node] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def facts_at(self, question: Question) -> list[Fact]:
        as_of, known_at = question.moment
        return [
            fact
            for fact in self.facts
            if (as_of is None or fact.valid <= as_of)
            and (known_at is None or (fact.recorded or 0) <= known_at)
            and (fact.retracted is None or (known_at is not None and fact.retracted > known_at))
        ]


Stopped = Callable[[NodeKey], bool]
Shown = Callable[[NodeKey], bool]


def answer(
    world: World, question: Question, stopped: Stopped, shown: Shown
) -> tuple[dict[NodeKey, int], list[Fact]]:
    """Return the nodes with their distances, and the facts between them."""
    facts = world.facts_at(question)
    reached = _reached(facts, question, stopped)
    kept = {
        key: distance
        for key, distance in reached.items()
        if shown(key) and _selected(world, facts, question, key)
    }
    return kept, [fact for fact in facts if set(fact.ends) <= kept.keys()]


def _reached(facts: list[Fact], question: Question, stopped: Stopped) -> dict[NodeKey, int]:
    most = FAR if question.max_hops is None else question.max_hops
    ahead = [fact.ends for fact in facts]
    back = [(b, a) for a, b in ahead]
    starts, targets = question.starts, question.targets
    match question.direction:
        case Direction.UPSTREAM:
            found = _walk(back, starts, stopped)
        case Direction.DOWNSTREAM:
            found = _walk(ahead, starts, stopped)
        case Direction.BOTH:
            found = _walk(back, starts, stopped)
            for key, distance in _walk(ahead, starts, stopped).items():
                found[key] = min(distance, found.get(key, FAR))
        case Direction.BETWEEN:
            there, rest = _walk(ahead, starts, stopped), _walk(back, targets, stopped)
            return {
                key: distance
                for key, distance in there.items()
                if distance + rest.get(key, FAR + FAR) <= most
                and (not stopped(key) or key in starts or key in targets)
            }
    return {key: distance for key, distance in found.items() if distance <= most}


def _walk(
    steps: list[tuple[NodeKey, NodeKey]], starts: Collection[NodeKey], stopped: Stopped
) -> dict[NodeKey, int]:
    found = dict.fromkeys(starts, 0)
    for distance in range(len(steps) + 1):
        for near, far in steps:
            if found.get(near) == distance and (near in starts or not stopped(near)):
                found.setdefault(far, distance + 1)
    return found


def _selected(world: World, facts: list[Fact], question: Question, key: NodeKey) -> bool:
    return all(_conditions(world, facts, question, key))


def _conditions(
    world: World, facts: list[Fact], question: Question, key: NodeKey
) -> Iterator[bool]:
    asked, node = question.selection, world.nodes[key]
    yield asked.kinds is None or key.kind in asked.kinds
    yield asked.types is None or node.type in asked.types
    yield asked.states is None or node.state in asked.states
    yield asked.contexts is None or bool(node.contexts & set(asked.contexts))
    yield asked.since is None or node.created >= asked.since
    yield asked.until is None or node.created <= asked.until
    yield not asked.roots or all(fact.ends[1] != key for fact in facts)
    yield not asked.leaves or all(fact.ends[0] != key for fact in facts)
