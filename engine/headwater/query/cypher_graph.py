"""Graph of a Cypher answer: the nodes and edges that its rows hold, and the forms they can take.

Unlike a lineage it may hold contexts, types and changes too, of several namespaces.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from headwater.graph.held import Held, HeldNode
from headwater.query.drawing import DRAWN_NODES, quoted
from headwater.query.export_text import mermaid_label
from headwater.query.layout import BOX_HEIGHT, BOX_WIDTH, laid_out, svg_text
from headwater.visible import visible
from headwater_schema import TypeKind
from headwater_schema.stored import HISTORY_PREFIX, LABELS, TOMBSTONE

_KINDS = {label: str(kind) for kind, label in LABELS.items()}
_TITLE_CHARACTERS = 26
_PLAIN_EDGES = frozenset({"INPUT", "OUTPUT"})


class GraphNode(NamedTuple):
    """A node of an answer.

    Attributes:
        key: what it is told apart by in this answer: `artifact:7`, with its namespace before it
            (`team/artifact:7`) where the answer has nodes of several; `series#1`, the first of
            its kind in the answer, where a node has no id of its own.
        kind: ARTIFACT, EXECUTION or CONTEXT; of other nodes their label in capitals.
        id: None where it has none.
        namespace: None for what is of no namespace.
        type: the name of its type; None where it has none.
        name: None where it has none.
        state: of an artifact or execution.
        properties: all that is stored on the node, under the keys that `schema/README.md` gives.
    """

    key: str
    kind: str
    id: int | str | None
    namespace: str | None
    type: str | None
    name: str | None
    state: str | None
    properties: dict[str, Any]

    @property
    def title(self) -> str:
        """The node's name, or what it is and its id where it has none."""
        if self.name:
            return self.name
        what = self.type or self.kind.capitalize()
        return what if self.id is None else f"{what} #{self.id}"


class GraphEdge(NamedTuple):
    """A relationship of an answer, between the nodes of two keys."""

    source: str
    target: str
    type: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class CypherGraph:
    """What the rows of an answer hold, each node and each edge once, in order of appearance.

    The nodes at the ends of a relationship are there, whether the rows hold them or not.
    """

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the graph as JSON-ready values: nodes, edges."""
        return {
            "nodes": [node._asdict() for node in self.nodes],
            "edges": [edge._asdict() for edge in self.edges],
        }

    def to_dot(self) -> str:
        """Return the graph as Graphviz text: artifacts as boxes, executions as ellipses.

        Contexts are folders, all others plain text; a retracted edge is dashed.
        """
        lines = ["digraph answer {", "  rankdir=LR;"]
        for node in self.nodes:
            label = "\\n".join(quoted(line) for line in _lines(node))
            dashed = ", style=dashed" * _is_gone(node)
            shape = _SHAPES.get(node.kind, _OTHER).dot
            lines.append(f'  "{quoted(node.key)}" [shape={shape}, label="{label}"{dashed}];')
        for edge in self.edges:
            told = [] if edge.type in _PLAIN_EDGES else [f'label="{quoted(edge.type)}"']
            told += ["style=dashed"] * edge.type.startswith(HISTORY_PREFIX)
            end = f" [{', '.join(told)}]" if told else ""
            lines.append(f'  "{quoted(edge.source)}" -> "{quoted(edge.target)}"{end};')
        return "\n".join([*lines, "}", ""])

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart from left to right; a retracted edge is dotted."""
        places = {node.key: f"n{place}" for place, node in enumerate(self.nodes, start=1)}
        lines = ["flowchart LR"]
        for node in self.nodes:
            opening, closing = _SHAPES.get(node.kind, _OTHER).mermaid
            lines.append(f'  {places[node.key]}{opening}"{mermaid_label(_lines(node))}"{closing}')
        for edge in self.edges:
            arrow = "-.->" if edge.type.startswith(HISTORY_PREFIX) else "-->"
            label = "" if edge.type in _PLAIN_EDGES else f"|{mermaid_label([edge.type])}|"
            lines.append(f"  {places[edge.source]} {arrow}{label} {places[edge.target]}")
        gone = [places[node.key] for node in self.nodes if _is_gone(node)]
        lines += [f"  style {place} stroke-dasharray:4 3" for place in gone]
        return "\n".join(lines) + "\n"

    def to_svg(self, *, max_nodes: int | None = DRAWN_NODES) -> str:
        """Return the graph as SVG, along its relationships from left to right.

        Of more than `max_nodes` nodes the first are drawn; a line below says so.
        """
        nodes = self.nodes[:max_nodes]
        drawn = {node.key for node in nodes}
        edges = [edge for edge in self.edges if {edge.source, edge.target} <= drawn]
        notes = []
        if len(nodes) < len(self.nodes):
            notes.append(
                f"… {len(self.nodes) - len(nodes):,} more nodes and "
                f"{len(self.edges) - len(edges):,} more edges not drawn: a drawing has "
                f"{max_nodes:,} nodes"
            )
        layout = laid_out([node.key for node in nodes], [(e.source, e.target) for e in edges])
        dashed = {
            place: edge.type
            for place, edge in enumerate(edges)
            if edge.type.startswith(HISTORY_PREFIX)
        }
        boxes = [_box(node, layout.places[node.key]) for node in nodes]
        return svg_text(layout, boxes, notes=notes, dashed=dashed)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def graph_of(found: Held, ends: Mapping[str, HeldNode]) -> CypherGraph:
    """Return what an answer holds, under ids of ours.

    Args:
        found: what it holds.
        ends: the nodes at the ends of its edges that it does not hold, by the database's ids.
    """
    nodes = {**found.nodes, **ends}
    several = len({node.properties.get("namespace") for node in nodes.values()} - {None}) > 1
    numbers: Counter[str] = Counter()
    made: dict[str, GraphNode] = {}
    for place, node in nodes.items():
        made[place] = _node(node, several=several, numbers=numbers)
    edges = [
        GraphEdge(made[edge.source].key, made[edge.target].key, edge.type, edge.properties)
        for edge in found.edges
        # An end that was deleted since the rows came took its edges with it.
        if edge.source in made and edge.target in made
    ]
    return CypherGraph(tuple(made.values()), tuple(edges))


def _node(node: HeldNode, *, several: bool, numbers: Counter[str]) -> GraphNode:
    known = node.properties
    label = next((name for name in node.labels if name in _KINDS), (*node.labels, "Node")[0])
    kind = _KINDS.get(label, label.upper())
    node_id, namespace = known.get("id"), known.get("namespace")
    key = kind.lower() if node_id is None else f"{kind.lower()}:{node_id}"
    if several and namespace is not None:
        key = f"{namespace}/{key}"
    numbers[key] += 1
    # What is not of the contract may share its id, or have none.
    if node_id is None or numbers[key] > 1:
        key += f"#{numbers[key]}"
    return GraphNode(
        key,
        kind,
        node_id,
        namespace,
        known.get("type"),
        known.get("name", known.get("deleted_name")),
        known.get("state", known.get("last_known_state")),
        known,
    )


class _Shape(NamedTuple):
    """How nodes of one kind look: in Graphviz, in Mermaid, and the box of an SVG."""

    dot: str
    mermaid: tuple[str, str]
    fill: str
    stroke: str
    radius: int


_SHAPES: dict[str, _Shape] = {
    TypeKind.ARTIFACT: _Shape("box", ("[", "]"), "#e0f2fe", "#0369a1", 4),
    TypeKind.EXECUTION: _Shape("ellipse", ("([", "])"), "#dcfce7", "#15803d", 20),
    TypeKind.CONTEXT: _Shape("folder", ("[[", "]]"), "#fef9c3", "#a16207", 0),
}
_OTHER = _Shape("plaintext", (">", "]"), "#f1f5f9", "#475569", 0)


def _is_gone(node: GraphNode) -> bool:
    return TOMBSTONE in node.properties


def _lines(node: GraphNode) -> Sequence[str]:
    lines = [node.title, node.type or node.kind]
    return [*lines, "DELETED"] if _is_gone(node) else lines


def _box(node: GraphNode, place: tuple[int, int]) -> str:
    x, y = place
    shape = _SHAPES.get(node.kind, _OTHER)
    title, below = visible(node.title), visible(node.type or node.kind)
    short = title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 1] + "…"
    middle = x + BOX_WIDTH // 2
    dashed = ' stroke-dasharray="4 3"' * _is_gone(node)
    return (
        f"<g><title>{escape(title)} ({escape(below)}) {escape(visible(node.key))}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{shape.radius}" '
        f'fill="{shape.fill}" stroke="{shape.stroke}"{dashed}/>'
        f'<text x="{middle}" y="{y + 18}" text-anchor="middle" font-weight="bold" '
        f'fill="#0f172a">{escape(short)}</text>'
        f'<text x="{middle}" y="{y + 34}" text-anchor="middle" fill="#475569">'
        f"{escape(below[:_TITLE_CHARACTERS])}</text></g>"
    )
