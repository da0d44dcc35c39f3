"""Drawing: a lineage as a tree, as Graphviz text and as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import Protocol

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from headwater.query.layout import BOX_HEIGHT, BOX_WIDTH, laid_out, svg_text
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater.visible import visible
from headwater_schema import TypeKind

_STATE_STYLES = {
    "FAILED": "bold red",
    "CANCELED": "red",
    "ABANDONED": "red",
    "DELETED": "strike dim",
    "RUNNING": "yellow",
    "PENDING": "yellow",
}
_GONE = "DELETED"
_QUIET_STATES = frozenset({"LIVE", "COMPLETE", None})
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
class _Part:
    """What is drawn of a lineage, and what is said of the rest."""

    start: NodeKey
    direction: Direction
    nodes: Sequence[LineageNode]
    events: Sequence[LineageEvent]
    left_out: Mapping[TypeKind, Mapping[str, int]]
    notes: list[str]


def to_rich(lineage: Drawable, *, max_nodes: int | None = DRAWN_NODES) -> Tree:
    """Return the lineage as a coloured tree whose root is the start.

    A node that is reached in several ways has its branch drawn at the first, and a mark
    (`^`) at the others. In a part of an answer (narrowed to types, or what a cursor asked
    for) what hangs on nothing drawn hangs on the root, with its distance. Of more than
    `max_nodes` nodes the nearest are drawn; the last line says how many are not.
    """
    lineage = _part(lineage, max_nodes, with_outside=True)
    nodes = {node.key: node for node in lineage.nodes}
    farther = _steps(lineage)
    root = Tree(
        _label(nodes[lineage.start]) if lineage.start in nodes else Text(str(lineage.start))
    )
    drawn = {lineage.start}
    _grow(root, lineage.start, nodes, farther, drawn)
    for key in farther:
        if key not in nodes and key not in drawn:
            _grow(root.add(Text(str(key), style="dim")), key, nodes, farther, drawn)
    for node in lineage.nodes:
        if node.key not in drawn:
            drawn.add(node.key)
            label = _label(node).append(f"  {node.distance} hops away", style="dim italic")
            _grow(root.add(label), node.key, nodes, farther, drawn)
    for note in lineage.notes:
        root.add(Text(note, style="dim italic"))
    return root


def _grow(
    branch: Tree,
    key: NodeKey,
    nodes: Mapping[NodeKey, LineageNode],
    farther: Mapping[NodeKey, list[NodeKey]],
    drawn: set[NodeKey],
) -> None:
    """Draw what lies beyond a node onto its branch."""
    growing = [(branch, key)]
    while growing:
        branch, key = growing.pop()
        grown = []
        for step in farther.get(key, ()):
            if step not in nodes:
                continue
            label = _label(nodes[step])
            if step in drawn:
                branch.add(label.append(" ^", style="dim"))
            else:
                drawn.add(step)
                grown.append((branch.add(label), step))
        growing += reversed(grown)


def to_text(lineage: Drawable, *, max_nodes: int | None = DRAWN_NODES) -> str:
    """Return the tree of `to_rich` without colours."""
    target = StringIO()
    tree = to_rich(lineage, max_nodes=max_nodes)
    # What is drawn may hang deeper than its distance, by as many nodes as there are.
    depth = min(len(lineage.nodes), max_nodes if max_nodes is not None else len(lineage.nodes))
    width = 60 + 4 * depth + 200
    console = Console(
        file=target, no_color=True, width=width, force_terminal=False, force_jupyter=False
    )
    console.print(tree)
    return target.getvalue()


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
    lineage = _part(lineage, max_nodes, with_outside=False)
    layout = laid_out(
        [node.key for node in lineage.nodes], [(e.source, e.target) for e in lineage.events]
    )
    boxes = [
        _box(node, layout.places[node.key], start=node.key == lineage.start)
        for node in lineage.nodes
    ]
    return svg_text(layout, boxes, notes=lineage.notes)


def _part(lineage: Drawable, max_nodes: int | None, *, with_outside: bool) -> _Part:
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
    return _Part(lineage.start, lineage.direction, nodes, events, lineage.left_out, notes)


def _steps(lineage: Drawable) -> dict[NodeKey, list[NodeKey]]:
    """Return for each node those one step further from the start."""
    distances = {node.key: node.distance for node in lineage.nodes}
    steps: dict[NodeKey, dict[NodeKey, None]] = {}
    for event in lineage.events:
        near, far = event.source, event.target
        match lineage.direction:
            case Direction.UPSTREAM:
                near, far = far, near
            case Direction.BOTH if distances.get(near, 0) > distances.get(far, 0):
                near, far = far, near
            case _:
                pass
        steps.setdefault(near, {})[far] = None
    return {near: list(far) for near, far in steps.items()}


def _label(node: LineageNode) -> Text:
    artifact = node.kind is TypeKind.ARTIFACT
    text = Text.assemble((visible(node.title), "bold cyan" if artifact else "bold green"))
    if node.name:
        text.append(f"  {visible(node.type)} #{node.id}", style="dim")
    if node.state not in _QUIET_STATES:
        text.append(f"  {node.state}", style=_STATE_STYLES.get(node.state or "", "magenta"))
    return text


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
