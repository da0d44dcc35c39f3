"""Tree drawing: a lineage as a coloured tree for terminals, and as plain text."""

from collections.abc import Mapping
from io import StringIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from headwater.query.drawing import DRAWN_NODES, Drawable, part_of
from headwater.query.parts import Direction, LineageNode, NodeKey
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
QUIET_STATES = frozenset({"LIVE", "COMPLETE", None})
"""States that are not told: what one expects."""


def to_rich(
    lineage: Drawable,
    *,
    max_nodes: int | None = DRAWN_NODES,
    remarks: Mapping[NodeKey, str] | None = None,
) -> Tree:
    """Return the lineage as a coloured tree whose root is the start.

    A node that is reached in several ways has its branch drawn at the first, and a mark
    (`^`) at the others. In a part of an answer (narrowed to types, or what a cursor asked
    for) what hangs on nothing drawn hangs on the root, with its distance. Of more than
    `max_nodes` nodes the nearest are drawn; the last line says how many are not. `remarks` are
    said on the lines of nodes.
    """
    lineage = part_of(lineage, max_nodes, with_outside=True)
    remarks = remarks or {}
    labels = {node.key: _label(node, remarks.get(node.key, "")) for node in lineage.nodes}
    farther = _steps(lineage)
    root = Tree(labels.get(lineage.start, Text(str(lineage.start))))
    drawn = {lineage.start}
    _grow(root, lineage.start, labels, farther, drawn)
    for key in farther:
        if key not in labels and key not in drawn:
            _grow(root.add(Text(str(key), style="dim")), key, labels, farther, drawn)
    for node in lineage.nodes:
        if node.key not in drawn:
            drawn.add(node.key)
            label = labels[node.key].append(f"  {node.distance} hops away", style="dim italic")
            _grow(root.add(label), node.key, labels, farther, drawn)
    for note in lineage.notes:
        root.add(Text(note, style="dim italic"))
    return root


def _grow(
    branch: Tree,
    key: NodeKey,
    labels: Mapping[NodeKey, Text],
    farther: Mapping[NodeKey, list[NodeKey]],
    drawn: set[NodeKey],
) -> None:
    """Draw what lies beyond a node onto its branch."""
    growing = [(branch, key)]
    while growing:
        branch, key = growing.pop()
        grown = []
        for step in farther.get(key, ()):
            if step not in labels:
                continue
            if step in drawn:
                branch.add(labels[step].copy().append(" ^", style="dim"))
            else:
                drawn.add(step)
                grown.append((branch.add(labels[step]), step))
        growing += reversed(grown)


def to_text(
    lineage: Drawable,
    *,
    max_nodes: int | None = DRAWN_NODES,
    remarks: Mapping[NodeKey, str] | None = None,
) -> str:
    """Return the tree of `to_rich` without colours."""
    target = StringIO()
    tree = to_rich(lineage, max_nodes=max_nodes, remarks=remarks)
    # What is drawn may hang deeper than its distance, by as many nodes as there are.
    depth = min(len(lineage.nodes), max_nodes if max_nodes is not None else len(lineage.nodes))
    width = 60 + 4 * depth + 200
    console = Console(
        file=target, no_color=True, width=width, force_terminal=False, force_jupyter=False
    )
    console.print(tree)
    return target.getvalue()


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


def _label(node: LineageNode, remark: str) -> Text:
    artifact = node.kind is TypeKind.ARTIFACT
    text = Text.assemble((visible(node.title), "bold cyan" if artifact else "bold green"))
    if node.name:
        text.append(f"  {visible(node.type)} #{node.id}", style="dim")
    if node.state not in QUIET_STATES:
        text.append(f"  {node.state}", style=_STATE_STYLES.get(node.state or "", "magenta"))
    if remark:
        text.append(f"  {visible(remark)}", style="dim")
    return text
