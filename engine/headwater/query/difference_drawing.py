"""Drawing of a difference: both histories as one graph, and its findings as text and table."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO
from typing import Any, NamedTuple, Protocol

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from headwater.query.alignment import Alignment
from headwater.query.difference_findings import Findings, Place
from headwater.query.difference_parts import Difference
from headwater.query.drawing import to_svg as lineage_svg
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater.visible import visible
from headwater_schema import EventType, TypeKind

_LONGEST = 60
_WIDE = 200


class Status(StrEnum):
    """What a node of both histories is."""

    EQUAL = "equal"
    CHANGED = "changed"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"


_COLOURS: dict[Status, tuple[str, str]] = {
    Status.EQUAL: ("#f1f5f9", "#94a3b8"),
    Status.CHANGED: ("#ffedd5", "#c2410c"),
    Status.ONLY_LEFT: ("#fee2e2", "#b91c1c"),
    Status.ONLY_RIGHT: ("#dcfce7", "#15803d"),
}
_EDGE_STATUS = {1: Status.ONLY_LEFT, 2: Status.ONLY_RIGHT, 3: Status.EQUAL}


class MergedNode(NamedTuple):
    """A node of both histories as one graph."""

    place: Place
    kind: TypeKind
    type: str
    title: str
    status: Status

    @property
    def label(self) -> str:
        """Its keys: one where both are the same."""
        return " | ".join(str(key) for key in dict.fromkeys(self.place) if key is not None)


@dataclass(frozen=True)
class Merged:
    """Both histories as one graph.

    Attributes:
        nodes: sources first.
        edges: numbers of source and target, and the status of the edge.
        roots: numbers of what was asked about.
    """

    nodes: Sequence[MergedNode]
    edges: Sequence[tuple[int, int, Status]]
    roots: frozenset[int]

    def counts(self) -> dict[str, int]:
        """Return how many nodes have each status."""
        counts = dict.fromkeys((str(status) for status in Status), 0)
        for node in self.nodes:
            counts[str(node.status)] += 1
        return counts

    def near_differences(self) -> set[int]:
        """Return the numbers of what differs, what lies next to that, and the roots."""
        differing = {
            number for number, node in enumerate(self.nodes) if node.status is not Status.EQUAL
        }
        shown = differing | self.roots
        for source, target, _ in self.edges:
            if source in differing or target in differing:
                shown |= {source, target}
        return shown


class Drawable(Protocol):
    """What of a difference is drawn."""

    @property
    def left(self) -> NodeKey:
        """What was asked about on the left."""
        ...

    @property
    def right(self) -> NodeKey:
        """What was asked about on the right."""
        ...

    @property
    def differences(self) -> Sequence[Difference]:
        """The findings."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """How many nodes have each status."""
        ...

    @property
    def ignored(self) -> Mapping[str, int]:
        """How often properties differed that are passed over."""
        ...

    @property
    def merged(self) -> Merged:
        """Both histories as one graph."""
        ...

    def title(self, key: NodeKey) -> str:
        """How a node is called."""
        ...


def merged(alignment: Alignment, found: Findings) -> Merged:
    """Return both histories as one graph, with what each node is."""
    changed = {(d.left, d.right) for d in found.differences}
    nodes = []
    for place in found.places:
        one, two = place
        if one is None:
            status = Status.ONLY_RIGHT
        elif two is None:
            status = Status.ONLY_LEFT
        else:
            status = Status.CHANGED if place in changed else Status.EQUAL
        facts = alignment.left.facts if one is not None else alignment.right.facts
        fact = facts[one if one is not None else _known(two)]
        nodes.append(MergedNode(place, fact.key.kind, fact.type, fact.title, status))
    edges = [(a, b, _EDGE_STATUS[mark]) for (a, b), mark in found.edges.items()]
    asked = alignment.left.graph.root, alignment.right.graph.root
    roots = {n for n, (one, two) in enumerate(found.places) if one == asked[0] or two == asked[1]}
    return Merged(nodes, edges, frozenset(roots))


def _known(key: NodeKey | None) -> NodeKey:
    if key is None:
        raise ValueError("a place has at least one key")
    return key


def to_text(diff: Drawable, *, most: int | None) -> str:
    """Return the findings as plain text."""
    target = StringIO()
    console = Console(
        file=target, no_color=True, width=_WIDE, force_terminal=False, force_jupyter=False
    )
    console.print(to_rich(diff, most=most))
    return "".join(f"{line.rstrip()}\n" for line in target.getvalue().splitlines())


def to_rich(diff: Drawable, *, most: int | None) -> Group:
    """Return the findings as a table, alike ones on one line, under a line that sums them up."""
    heading = Text.assemble((f"{diff.left} ", "bold red"), "→ ", (f"{diff.right}", "bold green"))
    if not diff.differences:
        return Group(heading, Text("no difference", style="green"), *_ends(diff, 0))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for title in ("#", "ASPECT", "NODE", "PROPERTY", "LEFT", "RIGHT", "WHY"):
        table.add_column(title, overflow="fold", justify="right" if title == "#" else "left")
    rows = list(_rows(diff))
    shown = rows if most is None else rows[:most]
    for found, alike in shown:
        style = "bold" if found.is_cause else "dim"
        table.add_row(
            str(found.rank),
            str(found.aspect),
            Text(_node(diff, found, alike), style=style),
            Text(visible(found.property), style=style),
            Text(_value(found.before), style="red"),
            Text(_value(found.after), style="green"),
            _why(found),
        )
    return Group(heading, table, *_ends(diff, sum(1 + alike for _, alike in rows[len(shown) :])))


def _ends(diff: Drawable, left_out: int) -> Iterator[Text]:
    if left_out:
        yield Text(f"… {left_out:,} more differences", style="dim italic")
    counts = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in diff.counts.items())
    yield Text(f"nodes: {counts}", style="dim")
    if diff.ignored:
        names = ", ".join(f"{visible(name)} ({n:,})" for name, n in diff.ignored.items())
        yield Text(f"ignored, they tell runs apart: {names}", style="dim")


def _rows(diff: Drawable) -> Iterator[tuple[Difference, int]]:
    """Yield the findings that are not the same change again, and how often that is there."""
    alike: dict[tuple[Any, ...], list[Difference]] = {}
    for found in diff.differences:
        key: tuple[Any, ...] = (found.rank,)
        if found.left is not None and found.right is not None and found.left.kind is not None:
            change = (repr(found.before), repr(found.after))
            whose = (found.is_cause, found.absorbed, found.left.kind)
            key = (*whose, found.aspect, found.property, *change)
        alike.setdefault(key, []).append(found)
    for same in alike.values():
        yield same[0], len(same) - 1


def _why(found: Difference) -> str:
    if not found.is_cause:
        return f"follows from {found.consequence_of}"
    return "no effect" if found.absorbed else ""


def _node(diff: Drawable, found: Difference, alike: int) -> str:
    keys = [key for key in (found.left, found.right) if key is not None]
    titles = " → ".join(dict.fromkeys(visible(diff.title(key)) for key in keys))
    also = f" and {alike:,} more" if alike else ""
    return f"{titles} ({' | '.join(str(key) for key in dict.fromkeys(keys))}){also}"


def _value(value: Any) -> str:  # noqa: ANN401 - any property value
    text = "" if value is None else visible(str(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def to_dot(diff: Drawable, *, whole: bool) -> str:
    """Return both histories as one Graphviz text."""
    numbers = _shown(diff.merged, whole=whole)
    lines = ["digraph difference {", "  rankdir=LR;"]
    for number in numbers:
        node = diff.merged.nodes[number]
        fill, stroke = _COLOURS[node.status]
        shape = "box" if node.kind is TypeKind.ARTIFACT else "ellipse"
        shape = "note" if node.kind is TypeKind.CONTEXT else shape
        label = "\\n".join(_quoted(text) for text in (node.title, node.type, node.label))
        width = ", penwidth=3" * (number in diff.merged.roots)
        lines.append(
            f'  n{number} [shape={shape}, style=filled, fillcolor="{fill}", color="{stroke}", '
            f'label="{label}"{width}];'
        )
    known = set(numbers)
    for source, target, status in diff.merged.edges:
        if source in known and target in known:
            lines.append(f'  n{source} -> n{target} [color="{_COLOURS[status][1]}"];')
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _shown(graph: Merged, *, whole: bool) -> list[int]:
    return list(range(len(graph.nodes))) if whole else sorted(graph.near_differences())


@dataclass(frozen=True)
class _Lineage:
    """Both histories as a lineage to draw, whose ids are the numbers of the nodes."""

    start: NodeKey
    nodes: Sequence[LineageNode]
    events: Sequence[LineageEvent]
    direction: Direction = Direction.UPSTREAM
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)


def to_svg(diff: Drawable, *, whole: bool) -> str:
    """Return both histories as SVG; contexts, through which no data flows, are left out."""
    graph = diff.merged
    numbers = [
        number
        for number in _shown(graph, whole=whole)
        if graph.nodes[number].kind is not TypeKind.CONTEXT
    ]
    nodes = [
        LineageNode(graph.nodes[n].kind, n, graph.nodes[n].type, graph.nodes[n].title, None, 0)
        for n in numbers
    ]
    start = next(
        (node.key for node in nodes if node.id in graph.roots), NodeKey(diff.left.kind, -1)
    )
    drawn = lineage_svg(_Lineage(start, nodes, list(_events(graph, set(numbers)))))

    def coloured(found: re.Match[str]) -> str:
        node = graph.nodes[int(found["number"])]
        fill, stroke = _COLOURS[node.status]
        title = f"{found['title']}{node.label}, {node.status.replace('_', ' ')}</title>"
        rectangle = re.sub(r'stroke="[^"]*"', f'stroke="{stroke}"', found["rectangle"])
        return title + re.sub(r'fill="[^"]*"', f'fill="{fill}"', rectangle)

    return _BOX.sub(coloured, drawn)


_BOX = re.compile(
    r"(?P<title><g><title>[^<]*\) )(?:artifact|execution):(?P<number>\d+)</title>"
    r"(?P<rectangle><rect [^>]*/>)"
)


def _events(graph: Merged, shown: Iterable[int]) -> Iterator[LineageEvent]:
    known = set(shown)
    for source, target, _ in graph.edges:
        if source in known and target in known:
            if graph.nodes[source].kind is TypeKind.ARTIFACT:
                yield LineageEvent(source, target, EventType.INPUT, None, None)
            else:
                yield LineageEvent(target, source, EventType.OUTPUT, None, None)
