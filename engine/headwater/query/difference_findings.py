"""Findings: what differs between two aligned histories, the earliest divergence first.

A change of code, parameters, environment or structure is always a cause: nothing upstream
makes anybody set them. Changed data, metrics and states are causes only where nothing upstream
of them differs, else they follow from the first cause upstream. Causes with nothing different
upstream come first, from the sources down; then other causes; then what follows.

An artifact of equal bytes on both sides ends what lies upstream of it: whoever reads it cannot tell.
A cause that such artifacts keep from what was asked about explains nothing of it, and comes after
those that do.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.query.alignment import Alignment, Role, Side
from headwater.query.difference_parts import (
    INPUT,
    MADE_BY,
    OUTPUT,
    STEP,
    Aspect,
    Difference,
    Fact,
)
from headwater.query.difference_rules import Rules, code_of
from headwater.query.parts import ENVIRONMENT_TYPE, NodeKey
from headwater_schema import EventType, TypeKind

Place = tuple[NodeKey | None, NodeKey | None]
"""A node of both histories together: its left key, its right key, or both."""

_FOLLOWS = frozenset({Aspect.DATA, Aspect.METRICS, Aspect.STATE})
_ASPECTS = {aspect: number for number, aspect in enumerate(Aspect)}


@dataclass
class Finding:
    """A difference before it has its rank."""

    place: Place
    aspect: Aspect
    property: str
    before: Any
    after: Any
    follows: bool
    because: "Finding | None" = None
    absorbed: bool = False


@dataclass
class Findings:
    """What differs, and the two histories as one graph.

    Attributes:
        differences: by rank.
        places: every node, sources first.
        edges: by place numbers, source and target; and which sides have it (1, 2, or 3 for both).
        ignored: how often each property differed that is passed over.
    """

    differences: tuple[Difference, ...]
    places: tuple[Place, ...]
    edges: dict[tuple[int, int], int]
    ignored: dict[str, int] = field(default_factory=dict)


def find(alignment: Alignment, rules: Rules) -> Findings:
    """Return every difference between two aligned histories, ranked."""
    ignored: Counter[str] = Counter()
    found: list[Finding] = []
    folded: dict[Place, Finding] = {}
    for key, other in alignment.to_right.items():
        if key not in alignment.pinned:
            found += _of_values(alignment, rules, key, other, ignored)
            found += _of_edges(alignment, rules, (key, other), folded, ignored)
    found += _of_one_side(alignment)
    whole = _Whole(alignment)
    ranked = _ranked(found, folded, whole, _ends_of_effects(alignment, whole, found))
    return Findings(ranked, tuple(whole.order), whole.edges, dict(sorted(ignored.items())))


def _of_values(
    alignment: Alignment, rules: Rules, key: NodeKey, other: NodeKey, ignored: Counter[str]
) -> Iterator[Finding]:
    left, right = alignment.left, alignment.right
    one, two = left.facts[key], right.facts[other]
    if one.type != two.type:
        yield Finding((key, other), Aspect.STRUCTURE, "type", one.type, two.type, follows=False)
    comparable = left.comparable[key], right.comparable[other]
    yield from _unlike(rules, (key, other), (one, two), comparable, ignored)
    yield from _of_code((key, other), one, two)


def _of_code(place: Place, one: Fact, two: Fact) -> Iterator[Finding]:
    """Yield the parts of the code that differ; where one side tells of none, nothing is known."""
    first, second = code_of(one), code_of(two)
    if first is None or second is None:
        return
    for name in sorted(first.keys() | second.keys()):
        before, after = first.get(name), second.get(name)
        if before != after:
            yield Finding(place, Aspect.CODE, name, before, after, follows=False)


def _unlike(
    rules: Rules,
    place: Place,
    facts: tuple[Fact, Fact],
    comparable: tuple[Mapping[str, Any], Mapping[str, Any]],
    ignored: Counter[str],
) -> Iterator[Finding]:
    """Yield the values of two nodes that differ, and count those that are passed over."""
    one, two = facts
    first, second = comparable
    both = one.values.keys() | two.values.keys()
    for name in sorted(both | first.keys() | second.keys()):
        before, after = _value(one, name), _value(two, name)
        if name in first and name in second and first[name] == second[name]:
            differs = False
        else:
            differs = name in first or name in second
        if not differs:
            if type(before) is not type(after) or before != after:
                ignored[name] += 1
            continue
        given = before if before is not None else after
        fact = one if before is not None else two
        aspect = rules.aspect(fact, name, given)
        yield Finding(place, aspect, name, before, after, follows=aspect in _FOLLOWS)


def _value(fact: Fact, name: str) -> Any:  # noqa: ANN401 - any property value
    return fact.values.get(name, fact.name if name == "name" else None)


def _of_edges(
    alignment: Alignment,
    rules: Rules,
    place: tuple[NodeKey, NodeKey],
    folded: dict[Place, Finding],
    ignored: Counter[str],
) -> Iterator[Finding]:
    """Yield what is read by only one of two executions, or made only one of two artifacts.

    Where they ran in two environments, what differs in these is told as of the executions.
    """
    key, other = place
    if key.kind is TypeKind.CONTEXT:
        return
    left, right = alignment.left, alignment.right
    before: dict[Role, tuple[dict[NodeKey, None], dict[NodeKey, None]]] = {}
    for number, steps in enumerate((left.before.get(key, ()), right.before.get(other, ()))):
        for role, source in steps:
            before.setdefault(role, ({}, {}))[number][source] = None
    for role, (ones, twos) in before.items():
        missing = [s for s in ones if alignment.to_right.get(s) not in twos]
        extra = [s for s in twos if alignment.to_left.get(s) not in ones]
        for number in range(max(len(missing), len(extra))):
            one = missing[number] if number < len(missing) else None
            two = extra[number] if number < len(extra) else None
            if one is not None and two is not None:
                facts = left.facts[one], right.facts[two]
                if role[0] == EventType.INTERNAL_INPUT and _are_environments(*facts):
                    yield from _unlike(rules, place, facts, _said(rules, *facts), ignored)
                    continue
            titles = (
                None if one is None else left.facts[one].title,
                None if two is None else right.facts[two].title,
            )
            name = _edge_name(role)
            finding = Finding(place, Aspect.STRUCTURE, name, *titles, follows=False)
            if name != MADE_BY:
                finding.aspect = (
                    Aspect.DATA if one is not None and two is not None else finding.aspect
                )
            else:
                finding.follows = True
            _fold(alignment, finding, one, two, folded)
            yield finding


def _are_environments(one: Fact, two: Fact) -> bool:
    return one.type == two.type == ENVIRONMENT_TYPE


def _said(rules: Rules, one: Fact, two: Fact) -> tuple[dict[str, Any], dict[str, Any]]:
    return rules.comparable(one, (), made=False), rules.comparable(two, (), made=False)


def _edge_name(role: Role) -> str:
    event_type, path = role
    if not EventType(event_type).is_input:
        return MADE_BY
    return f"{INPUT} {path}" if path else INPUT


def _fold(
    alignment: Alignment,
    finding: Finding,
    one: NodeKey | None,
    two: NodeKey | None,
    folded: dict[Place, Finding],
) -> None:
    """Say whether steps of one side alone explain an edge, or the edge explains them.

    Where the way from what the one side reads leads, over steps that it alone has, back to what
    the other reads, those steps were put in between: they are the cause. Where it does not,
    something else is read, and the steps behind it are there for that reason.
    """
    behind_one, edge_one = _alone_behind(alignment.left, alignment.to_right, one)
    behind_two, edge_two = _alone_behind(alignment.right, alignment.to_left, two)
    steps = [key for key in (*behind_one, *behind_two) if key.kind is TypeKind.EXECUTION]
    if one is None or two is None:
        finding.follows = finding.follows or bool(steps)
        return
    image, origin = alignment.to_right.get(one), alignment.to_left.get(two)
    if (image is not None and image in edge_two) or (origin is not None and origin in edge_one):
        finding.follows = True
        return
    for key in behind_one:
        folded.setdefault((key, None), finding)
    for key in behind_two:
        folded.setdefault((None, key), finding)


def _alone_behind(
    side: Side, matched: dict[NodeKey, NodeKey], start: NodeKey | None
) -> tuple[list[NodeKey], set[NodeKey]]:
    """Return what only this side has upstream of a node, itself included, and where that ends."""
    if start is None or start in matched:
        return [], set()
    seen, edge, ahead = {start: None}, set(), [start]
    while ahead:
        for _, source in side.before.get(ahead.pop(), ()):
            if source in matched:
                edge.add(source)
            elif source not in seen:
                seen[source] = None
                ahead.append(source)
    return list(seen), edge


def _of_one_side(alignment: Alignment) -> Iterator[Finding]:
    """Yield the steps, and the artifacts that nothing reads, of only one side."""
    for side, matched, on_left in (
        (alignment.left, alignment.to_right, True),
        (alignment.right, alignment.to_left, False),
    ):
        for key in side.order:
            unread = key.kind is TypeKind.ARTIFACT and not side.after.get(key)
            if key in matched or not (key.kind is TypeKind.EXECUTION or unread):
                continue
            title = side.facts[key].title
            name = OUTPUT if unread else STEP
            place: Place = (key, None) if on_left else (None, key)
            before, after = (title, None) if on_left else (None, title)
            yield Finding(place, Aspect.STRUCTURE, name, before, after, follows=unread)


class _Whole:
    """Both histories as one graph.

    Attributes:
        order: every place, sources first.
        number: of each place, in that order.
        level: longest way from a source.
        hops: shortest way to a root.
        starts: numbers of what was asked about.
        before: the places right before each, by number.
        edges: sides of each edge, by numbers.
    """

    def __init__(self, alignment: Alignment) -> None:
        places: dict[Place, None] = {
            (key, alignment.to_right.get(key)): None for key in alignment.left.order
        }
        places |= {(alignment.to_left.get(key), key): None for key in alignment.right.order}
        self.of_left = {place[0]: place for place in places if place[0] is not None}
        self.of_right = {place[1]: place for place in places if place[1] is not None}
        edges: dict[tuple[Place, Place], int] = {}
        for mark, side, of in (
            (1, alignment.left, self.of_left),
            (2, alignment.right, self.of_right),
        ):
            for source, target in _ends(side):
                pair = of[source], of[target]
                edges[pair] = edges.get(pair, 0) | mark
        self._sort(list(places), edges)
        self._measure(alignment)

    def _sort(self, places: list[Place], edges: dict[tuple[Place, Place], int]) -> None:
        after: dict[Place, list[Place]] = defaultdict(list)
        waiting = dict.fromkeys(places, 0)
        for source, target in edges:
            after[source].append(target)
            waiting[target] += 1
        self.level = dict.fromkeys(places, 0)
        left = dict.fromkeys(places)
        ready = deque(place for place in places if waiting[place] == 0)
        self.order: list[Place] = []
        while left:
            place = ready.popleft() if ready else next(iter(left))
            if place not in left:
                continue
            del left[place]
            self.order.append(place)
            for target in after[place]:
                if target in left:
                    self.level[target] = max(self.level[target], self.level[place] + 1)
                    waiting[target] -= 1
                    if waiting[target] == 0:
                        ready.append(target)
        self.number = {place: number for number, place in enumerate(self.order)}
        self.edges = {(self.number[a], self.number[b]): mark for (a, b), mark in edges.items()}
        self.before: dict[int, list[int]] = defaultdict(list)
        for a, b in self.edges:
            self.before[b].append(a)

    def _measure(self, alignment: Alignment) -> None:
        starts = (
            self.of_left[alignment.left.graph.root],
            self.of_right[alignment.right.graph.root],
        )
        self.hops = {self.number[place]: 0 for place in starts}
        of_context = alignment.left.graph.root.kind is TypeKind.CONTEXT
        self.starts = range(len(self.order)) if of_context else tuple(self.hops)
        ahead = deque(self.hops)
        while ahead:
            number = ahead.popleft()
            for other in self.before[number]:
                if other not in self.hops:
                    self.hops[other] = self.hops[number] + 1
                    ahead.append(other)
        for number in range(len(self.order)):
            self.hops.setdefault(number, 1)

    def reaching(self, ends: frozenset[int]) -> set[int]:
        """Return the places from which a way leads to a root past none of some places.

        All that lies in a context is what was asked about, if that is the context.
        """
        found = set(self.starts)
        ahead = list(found)
        while ahead:
            for other in self.before[ahead.pop()]:
                if other not in found:
                    found.add(other)
                    if other not in ends:
                        ahead.append(other)
        return found


def _ends(side: Side) -> Iterator[tuple[NodeKey, NodeKey]]:
    for event in side.graph.events:
        yield event.source, event.target
    for node, context in side.graph.members:
        yield context, node


_Order = tuple[Any, ...]


def _ends_of_effects(
    alignment: Alignment, whole: _Whole, found: Sequence[Finding]
) -> frozenset[int]:
    """Return the places of two artifacts of equal bytes, beside which nothing of them differs."""
    differing = {finding.place for finding in found}
    return frozenset(
        number
        for number, place in enumerate(whole.order)
        if place not in differing
        and whole.hops[number]
        and all(
            key is not None
            and key.kind is TypeKind.ARTIFACT
            and side.comparable.get(key, {}).get("digest") is not None
            for key, side in zip(place, (alignment.left, alignment.right), strict=True)
        )
    )


def _ranked(
    found: Sequence[Finding],
    folded: dict[Place, Finding],
    whole: _Whole,
    ends: frozenset[int],
) -> tuple[Difference, ...]:
    by_place: dict[Place, list[Finding]] = defaultdict(list)
    explained: list[Finding] = []
    for finding in found:
        because = folded.get(finding.place)
        if because is not None and finding.property in (STEP, OUTPUT):
            finding.because = because
            explained.append(finding)
        else:
            by_place[finding.place].append(finding)
    causes: dict[int, tuple[_Order, Finding]] = {}
    followers: list[Finding] = []
    orders: dict[int, _Order] = {}
    reaching = whole.reaching(ends)
    for number, place in enumerate(whole.order):
        upstream = [causes[b] for b in whole.before[number] if b in causes]
        inherited = min(upstream, key=_first, default=None)
        own = []
        here = by_place.get(place, ())
        started = any(not finding.follows for finding in here)
        for finding in here:
            finding.absorbed = number not in reaching
            order = _order(finding, whole, number, clean=inherited is None)
            orders[id(finding)] = order
            if finding.follows and (inherited is not None or started):
                followers.append(finding)
            else:
                own.append((order, finding))
        first = min(own, key=_first, default=None)
        for finding in here:
            if finding.follows and (inherited is not None or started):
                finding.because = (inherited or first or (None, None))[1]
        known = [cause for cause in (inherited, first) if cause is not None]
        if known and number not in ends:
            causes[number] = min(known, key=_first)
    for finding in explained:
        orders[id(finding)] = _order(finding, whole, whole.number[finding.place], clean=False)
    alone = [f for findings in by_place.values() for f in findings if f.because is None]
    ordered = sorted(alone, key=lambda f: orders[id(f)])
    ordered += sorted((*followers, *explained), key=lambda f: orders[id(f)])
    return _numbered(ordered, whole)


def _numbered(ordered: Sequence[Finding], whole: _Whole) -> tuple[Difference, ...]:
    ranks = {id(finding): rank for rank, finding in enumerate(ordered, 1)}
    return tuple(
        Difference(
            ranks[id(f)],
            f.aspect,
            f.place[0],
            f.place[1],
            f.property,
            f.before,
            f.after,
            whole.hops[whole.number[f.place]],
            _root_rank(f, ranks),
            f.because is None and f.absorbed,
        )
        for f in ordered
    )


def _root_rank(finding: Finding, ranks: dict[int, int]) -> int | None:
    """Return the rank of the cause that explains a finding, through what else it explains."""
    if finding.because is None:
        return None
    cause, seen = finding.because, {id(finding)}
    while cause.because is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause = cause.because
    return ranks[id(cause)]


def _first(cause: tuple[_Order, Finding]) -> _Order:
    return cause[0]


def _order(finding: Finding, whole: _Whole, number: int, *, clean: bool) -> _Order:
    # Texts of both sides in one order, so that exchanging the sides changes nothing.
    texts = sorted((repr(finding.before), repr(finding.after)))
    ids = sorted(key for key in finding.place if key is not None)
    return (
        finding.absorbed,
        not clean,
        whole.level[finding.place],
        -whole.hops[number],
        _ASPECTS[finding.aspect],
        finding.property,
        texts,
        ids,
    )
