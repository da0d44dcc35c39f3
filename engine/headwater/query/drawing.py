"""Drawing: a lineage as a tree, as Graphviz text and as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from io import StringIO
from itertools import pairwise
from typing import NamedTuple, Protocol

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

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
_BOX_WIDTH, _BOX_HEIGHT, _COLUMN_GAP, _ROW_GAP, _MARGIN = 190, 44, 60, 22, 12
_TITLE_CHARACTERS = 26
_NOTE_WIDTH = 600
_SWEEPS = 4
_BENDS = 20_000

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
        lines.append(f'  label="{_quoted(f"… {left_out_text(lineage)} left out")}";')
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
        label = f"{_quoted(node.title)}\\n{_quoted(node.type)}" + f"\\n{_GONE}" * gone
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
    columns, chains, notes = _layout(lineage)
    notes = [*lineage.notes, *notes]
    places = {
        point: (
            _MARGIN + column * (_BOX_WIDTH + _COLUMN_GAP),
            _MARGIN + row * (_BOX_HEIGHT + _ROW_GAP),
        )
        for column, points in enumerate(columns)
        for row, point in enumerate(points)
    }
    width = max((x for x, _ in places.values()), default=0) + _BOX_WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _BOX_HEIGHT + _MARGIN
    bottom = height + _MARGIN
    if notes:
        height += _ROW_GAP * len(notes)
        width = max(width, _NOTE_WIDTH)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        ),
        (
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#64748b"/></marker></defs>'
        ),
        *(_arrow([places[point] for point in chain]) for chain in chains),
        *(_box(node, places[node.key], start=node.key == lineage.start) for node in lineage.nodes),
        *(
            f'<text x="{_MARGIN}" y="{bottom + _ROW_GAP * row}" fill="#475569" '
            f'font-style="italic">{escape(note)}</text>'
            for row, note in enumerate(notes)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


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


def _quoted(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


class _Bend(NamedTuple):
    """A place in a column that an edge passes on its way, so that it crosses no box."""

    event: int
    column: int


_Point = NodeKey | _Bend


def _layout(lineage: Drawable) -> tuple[list[list[_Point]], list[list[_Point]], list[str]]:
    """Return the columns from left to right, the points that each edge goes through, and notes."""
    nodes = {node.key for node in lineage.nodes}
    ends = [(e.source, e.target) for e in lineage.events if {e.source, e.target} <= nodes]
    ranks = _ranks([node.key for node in lineage.nodes], ends)
    columns: list[list[_Point]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for node in lineage.nodes:
        columns[ranks[node.key]].append(node.key)
    chains: list[list[_Point]] = []
    left, straight = _BENDS, 0
    for number, (source, target) in enumerate(ends):
        between = range(ranks[source] + 1, ranks[target])
        if len(between) > left:
            # A chain whose every step reads the first artifact would have a bend for each pair.
            straight += 1
            chains.append([source, target])
            continue
        left -= len(between)
        bends = [_Bend(number, column) for column in between]
        for bend in bends:
            columns[bend.column].append(bend)
        chains.append([source, *bends, target])
    _order(columns, chains)
    note = f"{straight:,} long events are drawn straight across other nodes"
    return columns, chains, [note] if straight else []


def _order(columns: list[list[_Point]], chains: list[list[_Point]]) -> None:
    """Sort each column by the middle of its neighbours, to and fro, so that edges cross little."""
    before: dict[_Point, list[_Point]] = {}
    after: dict[_Point, list[_Point]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for sweep in range(_SWEEPS):
        neighbours, order = (before, columns) if sweep % 2 == 0 else (after, columns[::-1])
        places: dict[_Point, float] = {}
        for column in order:
            column.sort(key=partial(_middle, neighbours, places))
            places |= {point: row / max(len(column), 1) for row, point in enumerate(column)}


def _ranks(nodes: Sequence[NodeKey], ends: Sequence[tuple[NodeKey, NodeKey]]) -> dict[NodeKey, int]:
    """Return each node's column: one more than the furthest of its sources (Kahn's order)."""
    targets: dict[NodeKey, list[NodeKey]] = {key: [] for key in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for source, target in ends:
        targets[source].append(target)
        waiting[target] += 1
    ranks = {key: 0 for key, count in waiting.items() if count == 0}
    ready = list(ranks)
    while ready:
        key = ready.pop()
        for target in targets[key]:
            ranks[target] = max(ranks.get(target, 0), ranks[key] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    # An execution that reads and writes one artifact is a cycle; its nodes still get a column.
    return {key: ranks.get(key, 0) for key in nodes}


def _middle(
    neighbours: Mapping[_Point, list[_Point]], places: Mapping[_Point, float], point: _Point
) -> float:
    known = [places[other] for other in neighbours.get(point, ()) if other in places]
    return sum(known) / len(known) if known else 0.0


def _arrow(chain: Sequence[tuple[int, int]]) -> str:
    middle = _BOX_HEIGHT // 2
    bend = _COLUMN_GAP // 2
    steps = [f"M{chain[0][0] + _BOX_WIDTH} {chain[0][1] + middle}"]
    for (x1, y1), (x2, y2) in pairwise(chain):
        start = x1 + _BOX_WIDTH
        steps.append(f"L{start} {y1 + middle}")
        steps.append(f"C{start + bend} {y1 + middle} {x2 - bend} {y2 + middle} {x2} {y2 + middle}")
    return f'<path d="{"".join(steps)}" fill="none" stroke="#64748b" marker-end="url(#arrow)"/>'


def _box(node: LineageNode, place: tuple[int, int], *, start: bool) -> str:
    x, y = place
    artifact = node.kind is TypeKind.ARTIFACT
    fill, stroke, radius = ("#e0f2fe", "#0369a1", 4) if artifact else ("#dcfce7", "#15803d", 20)
    title, type_name = visible(node.title), visible(node.type)
    short = title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 1] + "…"
    middle = x + _BOX_WIDTH // 2
    gone = node.state == _GONE
    dashed, struck = (
        (' stroke-dasharray="4 3"', ' text-decoration="line-through"') if gone else ("", "")
    )
    return (
        f"<g><title>{escape(title)} ({escape(type_name)}) {escape(str(node.key))}"
        f"{f' {_GONE}' * gone}</title>"
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="{radius}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{3 if start else 1}"{dashed}/>'
        f'<text x="{middle}" y="{y + 18}" text-anchor="middle" font-weight="bold" '
        f'fill="#0f172a"{struck}>{escape(short)}</text>'
        f'<text x="{middle}" y="{y + 34}" text-anchor="middle" fill="#475569">'
        f"{escape(type_name[:_TITLE_CHARACTERS])}</text></g>"
    )
