"""Drawing: a lineage as Graphviz text and as SVG; `tree_drawing` has it as a tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from headwater.query.layout import BOX_HEIGHT, BOX_WIDTH, laid_out, svg_text
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater.visible import visible
from headwater_schema import TypeKind

_GONE = "DELETED"
_TITLE_CHARACTERS = 26

DRAWN_NODES = 1_000
"""How many nodes a tree or an SVG has, the nearest to the start, unless more are asked for."""


class Drawable(Protocol):
    """What can be drawn: the parts of a `Lineage`."""

    @property
    def start(self) -> NodeKey:
        """Where the drawing begins."""
        ...

    @property
    def direction(self) -> Direction:
        """Which way the lineage was asked."""
        ...

    @property
    def nodes(self) -> Sequence[LineageNode]:
        """The nodes."""
        ...

    @property
    def events(self) -> Sequence[LineageEvent]:
        """The edges."""
        ...

    @property
    def left_out(self) -> Mapping[TypeKind, Mapping[str, int]]:
        """Counts of what a limit left out."""
        ...


@dataclass(frozen=True)
class Part:
    """What is drawn of a lineage, and what is said of the rest."""

    start: NodeKey
    direction: Direction
    nodes: Sequence[LineageNode]
    events: Sequence[LineageEvent]
    left_out: Mapping[TypeKind, Mapping[str, int]]
    notes: list[str]


def to_dot(lineage: Drawable) -> str:
    """Return the lineage as Graphviz text: artifacts as boxes, executions as ellipses.

    All of it, whatever its size. Ends of events that lie outside of the answer are dotted; the
    drawing's label says what was left out.
    """
    lines = ["digraph lineage {", "  rankdir=LR;"]
    if lineage.left_out:
        lines.append(f'  label="{quoted(f"… {left_out_text(lineage)} left out")}";')
    nodes = {node.key for node in lineage.nodes}
    ends = dict.fromkeys(end for e in lineage.events for end in (e.source, e.target))
    for key in ends:
        if key not in nodes:
            shape = "box" if key.kind is TypeKind.ARTIFACT else "ellipse"
            lines.append(f'  "{key}" [shape={shape}, label="{key}", style=dotted];')
    for node in lineage.nodes:
        shape = "box" if node.kind is TypeKind.ARTIFACT else "ellipse"
        bold = ", penwidth=2" if node.key == lineage.start else ""
        gone = node.state == _GONE
        label = f"{quoted(node.title)}\\n{quoted(node.type)}" + f"\\n{_GONE}" * gone
        dashed = ", style=dashed" * gone
        lines.append(f'  "{node.key}" [shape={shape}, label="{label}"{bold}{dashed}];')
    for event in lineage.events:
        label = "" if event.type in ("INPUT", "OUTPUT") else f' [label="{event.type}"]'
        lines.append(f'  "{event.source}" -> "{event.target}"{label};')
    return "\n".join([*lines, "}", ""])


def to_svg(lineage: Drawable, *, max_nodes: int | None = DRAWN_NODES) -> str:
    """Return the lineage as SVG, data flowing from left to right.

    Nodes stand in columns by their place in the flow; within a column they are ordered so
    that edges cross little. Of more than `max_nodes` nodes the nearest to the start are drawn.
    Lines below the drawing say what is not in it.
    """
    lineage = part_of(lineage, max_nodes, with_outside=False)
    layout = laid_out(
        [node.key for node in lineage.nodes], [(e.source, e.target) for e in lineage.events]
    )
    boxes = [
        _box(node, layout.places[node.key], start=node.key == lineage.start)
        for node in lineage.nodes
    ]
    return svg_text(layout, boxes, notes=lineage.notes)


def part_of(lineage: Drawable, max_nodes: int | None, *, with_outside: bool) -> Part:
    """Return the nodes to draw, nearest first, with the events between them.

    `with_outside` says that the drawing shows ends of events outside of the answer too.
    """
    all_nodes, all_events = lineage.nodes, lineage.events
    nodes = list(all_nodes)
    if max_nodes is not None and len(nodes) > max_nodes:
        nodes = sorted(nodes, key=lambda node: node.distance)[:max_nodes]
    kept = {node.key for node in nodes}
    dropped = set() if len(nodes) == len(all_nodes) else {n.key for n in all_nodes} - kept
    events = [e for e in all_events if not {e.artifact, e.execution} & dropped]
    loose = sum(not {e.artifact, e.execution} <= kept for e in events)
    notes = []
    if lineage.left_out:
        notes.append(f"… {left_out_text(lineage)} left out")
    if dropped:
        notes.append(
            f"… {len(dropped):,} more nodes and {len(all_events) - len(events):,} more events "
            f"not drawn: a drawing has {max_nodes:,} nodes"
        )
    if loose and not with_outside:
        notes.append(f"… {loose:,} events to nodes outside of this answer not drawn")
    return Part(lineage.start, lineage.direction, nodes, events, lineage.left_out, notes)


def left_out_text(lineage: Drawable) -> str:
    """Return what a limit left out, in words: how many of each type."""
    counts = [
        f"{n:,} {visible(name)}"
        for by_type in lineage.left_out.values()
        for name, n in by_type.items()
    ]
    return ", ".join(counts)


def quoted(text: str) -> str:
    """Return a text as it stands between the quotes of Graphviz."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _box(node: LineageNode, place: tuple[int, int], *, start: bool) -> str:
    x, y = place
    artifact = node.kind is TypeKind.ARTIFACT
    fill, stroke, radius = ("#e0f2fe", "#0369a1", 4) if artifact else ("#dcfce7", "#15803d", 20)
    title, type_name = visible(node.title), visible(node.type)
    short = title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 1] + "…"
    middle = x + BOX_WIDTH // 2
    gone = node.state == _GONE
    dashed, struck = (
        (' stroke-dasharray="4 3"', ' text-decoration="line-through"') if gone else ("", "")
    )
    return (
        f"<g><title>{escape(title)} ({escape(type_name)}) {escape(str(node.key))}"
        f"{f' {_GONE}' * gone}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{radius}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{3 if start else 1}"{dashed}/>'
        f'<text x="{middle}" y="{y + 18}" text-anchor="middle" font-weight="bold" '
        f'fill="#0f172a"{struck}>{escape(short)}</text>'
        f'<text x="{middle}" y="{y + 34}" text-anchor="middle" fill="#475569">'
        f"{escape(type_name[:_TITLE_CHARACTERS])}</text></g>"
    )
