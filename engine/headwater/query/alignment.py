"""Alignment: which node of one history stands for which of another.

Nodes that are in both are themselves. The rest is matched by what it came from, in this order,
each step over the whole of both histories and linear in them: equal content back to the
sources; equal steps and names back to the sources; equal step, role and name. What is left is
matched from the two roots backwards, and then forwards, along edges of one role, the surest
siblings first. A history with cycles is aligned too, only less surely where they are.

Nothing here depends on which side is the left one, nor on ids but to tell nodes apart.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from headwater.query.difference_parts import Fact, Provenance
from headwater.query.difference_rules import Rules, canonical, stable_name
from headwater.query.parts import NodeKey
from headwater_schema import TypeKind

Role = tuple[str, str]
"""An event's type, and the keys of its path; positions in a list are no part of it."""

_MOST_PAIRS = 4_096
_NO_ROLE: Role = ("", "")


class Step(NamedTuple):
    """An edge seen from one of its ends."""

    role: Role
    key: NodeKey


class Interned(dict[Hashable, int]):
    """Numbers for what is equal, shared by both sides; exact, where hashes could collide."""

    def of(self, value: Hashable) -> int:
        """Return the value's number."""
        return self.setdefault(value, len(self))


@dataclass
class Side:
    """One history, indexed.

    Attributes:
        graph: the history.
        before: what each node came from, in the order of the events.
        after: what came of each node.
        contexts: contexts of each artifact and execution.
        members: of each context.
        order: every node, sources first.
        tokens: of each node, see `headwater.query.difference_rules`.
        names: stable names, of those types whose names are the same in both histories.
        content: number of what a node is, back to the sources.
        shape: number of the steps and names that led to it.
        made: number of its own step, role and name.
        telling: nodes that a name or a context of both histories tells from others.
    """

    graph: Provenance
    before: dict[NodeKey, list[Step]] = field(default_factory=lambda: defaultdict(list))
    after: dict[NodeKey, list[Step]] = field(default_factory=lambda: defaultdict(list))
    contexts: dict[NodeKey, list[NodeKey]] = field(default_factory=lambda: defaultdict(list))
    members: dict[NodeKey, list[NodeKey]] = field(default_factory=lambda: defaultdict(list))
    order: list[NodeKey] = field(default_factory=list)
    tokens: dict[NodeKey, tuple[str, ...]] = field(default_factory=dict)
    names: dict[NodeKey, str] = field(default_factory=dict)
    comparable: dict[NodeKey, dict[str, Any]] = field(default_factory=dict)
    content: dict[NodeKey, int] = field(default_factory=dict)
    shape: dict[NodeKey, int] = field(default_factory=dict)
    made: dict[NodeKey, int] = field(default_factory=dict)
    local: dict[NodeKey, int] = field(default_factory=dict)
    telling: set[NodeKey] = field(default_factory=set)

    @property
    def facts(self) -> Mapping[NodeKey, Fact]:
        """Every node by key."""
        return self.graph.nodes


@dataclass
class Alignment:
    """Which node stands for which.

    Attributes:
        left: one side.
        right: the other.
        pinned: nodes that are in both, equal by definition.
        to_right: the right node for a left one.
        to_left: the left node for a right one.
    """

    left: Side
    right: Side
    pinned: frozenset[NodeKey]
    to_right: dict[NodeKey, NodeKey]
    to_left: dict[NodeKey, NodeKey]


def align(left: Provenance, right: Provenance, rules: Rules, *, same: bool = True) -> Alignment:
    """Return which node of one history stands for which of the other.

    Args:
        left: one history.
        right: the other.
        rules: what tells runs apart.
        same: whether a node that is in both is equal by definition; False where they are of two
            moments: it stands for itself then too, but is looked into.
    """
    sides = Side(left), Side(right)
    for side in sides:
        _connect(side)
    shared = left.nodes.keys() & right.nodes.keys()
    forced = _forced(*sides) if same else {}
    taken = set(forced) | set(forced.values())
    itself = {key for key in left.nodes if key in shared and (key not in taken)}
    pinned = frozenset(itself if same else ())
    for side in sides:
        _measure(side, rules, shared, pinned)
    _keep_common_names(*sides)
    numbers = Interned()
    for side in sides:
        _number(side, numbers, pinned, shared)
    matching = _Matching(Alignment(*sides, pinned, {}, {}))
    for key, other in forced.items():
        matching.match(key, other)
    for key in sides[0].order:
        if key in itself:
            matching.match(key, key)
    for number in ("content", "shape", "made"):
        matching.anchor(number)
    matching.walk()
    matching.match_contexts()
    return matching.found


def _connect(side: Side) -> None:
    graph = side.graph
    for event in graph.events:
        role = (event.type, _path_keys(event.path))
        side.before[event.target].append(Step(role, event.source))
        side.after[event.source].append(Step(role, event.target))
    for node, context in graph.members:
        side.contexts[node].append(context)
        side.members[context].append(node)
    waiting = {key: len(side.before.get(key, ())) for key in graph.nodes}
    ready = deque(key for key, count in waiting.items() if count == 0)
    left = dict.fromkeys(graph.nodes)
    while left:
        # What is left in cycles begins anywhere, as long as it is the same place each time.
        key = ready.popleft() if ready else next(iter(left))
        if key not in left:
            continue
        del left[key]
        side.order.append(key)
        for _, target in side.after.get(key, ()):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)


def _forced(left: Side, right: Side) -> dict[NodeKey, NodeKey]:
    """Return what stands for what because it was asked: the roots, and what made them.

    One root can lie in the other's history (a model trained further). It would stand for
    itself there, and nothing would be compared.
    """
    a, b = left.graph.root, right.graph.root
    if a == b:
        return {}
    forced = {a: b}
    makers = [[s.key for s in side.before.get(root, ())] for side, root in ((left, a), (right, b))]
    if a.kind is TypeKind.ARTIFACT and len(makers[0]) == len(makers[1]) == 1:
        ((one,), (other,)) = makers
        if one != other and left.facts[one].type == right.facts[other].type:
            forced[one] = other
    return forced


def _measure(
    side: Side, rules: Rules, shared: Iterable[NodeKey], pinned: frozenset[NodeKey]
) -> None:
    facts = side.facts
    both = set(shared)

    @cache
    def of_context(key: NodeKey) -> tuple[Fact, ...]:
        return () if key in both else (facts[key],)

    def of(key: NodeKey) -> list[Fact]:
        own = [facts[key]]
        for context in side.contexts.get(key, ()):
            own += of_context(context)
        return own

    for key in side.order:
        if key in pinned:
            continue
        fact = facts[key]
        known = of(key)
        if key.kind is TypeKind.ARTIFACT:
            known = [fact._replace(name=None), *known[1:]]
            for step in side.before.get(key, ()):
                known += of(step.key)
        tokens = side.tokens[key] = rules.tokens(known)
        made = bool(side.before.get(key))
        values = rules.comparable(fact, tokens, made=made)
        name = stable_name(fact, tokens)
        if name is not None:
            side.names[key] = name
            if key.kind is TypeKind.ARTIFACT and (fact.series is not None or not made):
                values["name"] = canonical(name, ())
        side.comparable[key] = values


def _keep_common_names(left: Side, right: Side) -> None:
    """Forget the names of types that share none: they are of the run, not of the step."""
    known: list[dict[tuple[TypeKind, str], set[str]]] = []
    for side in (left, right):
        by_type: dict[tuple[TypeKind, str], set[str]] = defaultdict(set)
        for key, name in side.names.items():
            by_type[key.kind, side.facts[key].type].add(name)
        known.append(by_type)
    telling = {given for given in known[0] if known[0][given] & known[1].get(given, set())}
    for side in (left, right):
        side.names = {
            key: name
            for key, name in side.names.items()
            if (key.kind, side.facts[key].type) in telling
        }


def _number(
    side: Side, numbers: Interned, pinned: frozenset[NodeKey], shared: Iterable[NodeKey]
) -> None:
    both = set(shared)
    unknown = numbers.of("in a cycle")
    # A context that holds every execution (the pipeline itself) tells none from another.
    executions = sum(1 for key in side.order if key.kind is TypeKind.EXECUTION)
    common = {c for c in both if len(side.members.get(c, ())) > executions / 2}
    for key in side.order:
        if key in pinned:
            same = numbers.of(("same", key))
            side.content[key] = side.shape[key] = side.local[key] = same
            continue
        fact = side.facts[key]
        groups = frozenset(c for c in side.contexts.get(key, ()) if c in both)
        local = numbers.of(("local", key.kind, fact.type, side.names.get(key), groups))
        side.local[key] = local
        if key in side.names or groups - common:
            side.telling.add(key)
        steps = side.before.get(key, ())
        values = tuple(sorted(side.comparable[key].items(), key=_by_name))
        side.content[key] = numbers.of(
            (
                *("content", key.kind, fact.type, values),
                tuple(sorted((s.role, side.content.get(s.key, unknown)) for s in steps)),
            )
        )
        side.shape[key] = numbers.of(
            (
                *("shape", local),
                tuple(sorted((s.role, side.shape.get(s.key, unknown)) for s in steps)),
            )
        )
    for key in side.order:
        if key not in pinned:
            steps = side.before.get(key, ())
            around = tuple(sorted((s.role, side.local.get(s.key, unknown)) for s in steps))
            # An execution's inputs can change; what it is called and belongs to cannot.
            around = () if key.kind is TypeKind.EXECUTION else around
            if key.kind is TypeKind.ARTIFACT and any(s.key in side.telling for s in steps):
                side.telling.add(key)
            side.made[key] = numbers.of(("made", side.local[key], around))


class _Towards(Enum):
    """Where neighbours lie, seen from what is matched already."""

    MAKER = "maker"
    INPUTS = "inputs"
    RESULTS = "results"


_Pair = Callable[[Sequence[Step], Sequence[Step], _Towards], None]


class _Matching:
    """The matching while it is made."""

    def __init__(self, found: Alignment) -> None:
        self.found = found
        self._matched: list[tuple[NodeKey, NodeKey]] = []

    def match(self, key: NodeKey, other: NodeKey) -> None:
        self.found.to_right[key] = other
        self.found.to_left[other] = key
        self._matched.append((key, other))

    def anchor(self, number: str) -> None:
        """Match what has a number that no other node of its side has."""
        numbers = [getattr(side, number) for side in (self.found.left, self.found.right)]
        counts = [Counter(known.values()) for known in numbers]
        once = {n: key for key, n in numbers[1].items() if counts[1][n] == 1}
        for key, n in numbers[0].items():
            other = once.get(n)
            if (
                other is not None
                and counts[0][n] == 1
                and key.kind is not TypeKind.CONTEXT
                and key not in self.found.to_right
                and other not in self.found.to_left
            ):
                self.match(key, other)

    def walk(self) -> None:
        """Match the neighbours of what is matched: sure ones, likely sources, likely results."""
        sure, done = 0, self._matched
        for pair in (self._pair_likely_sources, self._pair_likely_sources, self._pair_likely):
            likely = 0
            while likely < len(done):
                while sure < len(done):
                    self._neighbours(*done[sure], self._pair_sure)
                    sure += 1
                self._neighbours(*done[likely], pair)
                likely += 1

    def _neighbours(self, key: NodeKey, other: NodeKey, pair: _Pair) -> None:
        if key in self.found.pinned:
            return
        left, right = self.found.left, self.found.right
        if key.kind is TypeKind.CONTEXT:
            ones = [Step(_NO_ROLE, member) for member in left.members.get(key, ())]
            twos = [Step(_NO_ROLE, member) for member in right.members.get(other, ())]
            pair(ones, twos, _Towards.RESULTS)
            return
        towards = _Towards.MAKER if key.kind is TypeKind.ARTIFACT else _Towards.INPUTS
        pair(left.before.get(key, ()), right.before.get(other, ()), towards)
        pair(left.after.get(key, ()), right.after.get(other, ()), _Towards.RESULTS)

    def _free(
        self, lefts: Sequence[Step], rights: Sequence[Step], *, typed: bool
    ) -> Iterable[tuple[list[NodeKey], list[NodeKey]]]:
        """Yield what is not matched yet, by role and, where so asked, by type."""
        found = self.found
        grouped: dict[Any, tuple[dict[NodeKey, None], dict[NodeKey, None]]] = {}
        for place, steps, side, known in (
            (0, lefts, found.left, found.to_right),
            (1, rights, found.right, found.to_left),
        ):
            for role, key in steps:
                if key not in known:
                    name = (role, key.kind, side.facts[key].type if typed else None)
                    grouped.setdefault(name, ({}, {}))[place][key] = None
        for one, two in grouped.values():
            if one and two:
                yield list(one), list(two)

    def _pair_sure(self, lefts: Sequence[Step], rights: Sequence[Step], towards: _Towards) -> None:
        del towards
        for ones, twos in self._free(lefts, rights, typed=True):
            for number in ("content", "shape", "made"):
                numbers = [getattr(s, number) for s in (self.found.left, self.found.right)]
                buckets: dict[int, tuple[list[NodeKey], list[NodeKey]]] = {}
                for place, keys, known in (
                    (0, ones, self.found.to_right),
                    (1, twos, self.found.to_left),
                ):
                    for key in keys:
                        if key not in known:
                            of = numbers[place][key]
                            buckets.setdefault(of, ([], []))[place].append(key)
                for alike, also in buckets.values():
                    if number != "made" or len(alike) == len(also) == 1:
                        for key, other in zip(alike, also, strict=False):
                            self._match_sure(key, other, number)

    def _match_sure(self, key: NodeKey, other: NodeKey, number: str) -> None:
        if (
            number == "content"
            or key in self.found.left.telling
            or (number == "shape" and self._plausible(key, other))
        ):
            self.match(key, other)

    def _pair_likely_sources(
        self, lefts: Sequence[Step], rights: Sequence[Step], towards: _Towards
    ) -> None:
        if towards is not _Towards.RESULTS:
            self._pair_likely(lefts, rights, towards)

    def _pair_likely(
        self, lefts: Sequence[Step], rights: Sequence[Step], towards: _Towards
    ) -> None:
        only_maker = towards is _Towards.MAKER
        for ones, twos in self._free(lefts, rights, typed=not only_maker):
            if only_maker and len(ones) == len(twos) == 1:
                self.match(ones[0], twos[0])
                continue
            if len(ones) * len(twos) > _MOST_PAIRS:
                pairs = list(zip(ones, twos, strict=False))
            else:
                pairs = self._by_likeness(ones, twos)
            for key, other in pairs:
                if (
                    key not in self.found.to_right
                    and other not in self.found.to_left
                    and self._plausible(key, other)
                ):
                    self.match(key, other)

    def _by_likeness(
        self, ones: Sequence[NodeKey], twos: Sequence[NodeKey]
    ) -> list[tuple[NodeKey, NodeKey]]:
        scored = [
            # Of pairs that share a node no two have the same distance and sum of places, so
            # the order is the same with the sides exchanged.
            (-self._likeness(key, other), abs(i - j), i + j, i, key, other)
            for i, key in enumerate(ones)
            for j, other in enumerate(twos)
        ]
        return [pair[4:] for pair in sorted(scored)]

    def _likeness(self, key: NodeKey, other: NodeKey) -> float:
        left, right = self.found.left, self.found.right
        one, two = left.comparable[key], right.comparable[other]
        names = one.keys() | two.keys()
        same = sum(1 for name in names if name in one and name in two and one[name] == two[name])
        score = 3 * same / len(names) if names else 0.0
        score += 4 * (left.names.get(key) == right.names.get(other))
        score += 4 * (left.shape[key] == right.shape[other])
        steps, others = left.before.get(key, ()), right.before.get(other, ())
        score += Counter(s.role for s in steps) == Counter(s.role for s in others)
        images = {self.found.to_right.get(s.key) for s in steps} - {None}
        if images:
            score += 4 * len(images & {s.key for s in others}) / len(images)
        return score

    def _plausible(self, key: NodeKey, other: NodeKey) -> bool:
        """Return whether nothing speaks against two nodes of one role standing for each other."""
        left, right = self.found.left, self.found.right
        if left.facts[key].type != right.facts[other].type:
            return False
        if left.names.get(key) != right.names.get(other):
            return False
        if key.kind is not TypeKind.ARTIFACT:
            return True
        makers = [s.key for s in left.before.get(key, ())]
        others = [s.key for s in right.before.get(other, ())]
        images = {self.found.to_right.get(maker) for maker in makers} - {None}
        origins = {self.found.to_left.get(maker) for maker in others} - {None}
        if not images <= set(others) or not origins <= set(makers):
            return False
        called = {left.names.get(m) for m in makers}, {right.names.get(m) for m in others}
        return None in called[0] | called[1] or called[0] == called[1] or not makers or not others

    def match_contexts(self) -> None:
        """Match contexts of one type that hold executions which stand for each other."""
        left, right = self.found.left, self.found.right
        votes: Counter[tuple[NodeKey, NodeKey]] = Counter()
        for key, other in self._matched:
            for context in left.contexts.get(key, ()):
                for also in right.contexts.get(other, ()):
                    if (
                        context not in self.found.to_right
                        and also not in self.found.to_left
                        and left.facts[context].type == right.facts[also].type
                    ):
                        votes[context, also] += 1
        places = [{key: i for i, key in enumerate(side.order)} for side in (left, right)]
        ranked = sorted(
            (
                -count,
                left.names.get(one) != right.names.get(two),
                abs(places[0][one] - places[1][two]),
                places[0][one] + places[1][two],
                one,
                two,
            )
            for (one, two), count in votes.items()
        )
        for *_, one, two in ranked:
            if one not in self.found.to_right and two not in self.found.to_left:
                self.match(one, two)


@cache
def _path_keys(path: str | None) -> str:
    """Return the keys of an event's path; its positions in lists are the order, not the role."""
    if path is None:
        return ""
    return "/".join(str(step["key"]) for step in json.loads(path) if "key" in step)


def _by_name(item: tuple[str, Any]) -> str:
    return item[0]
