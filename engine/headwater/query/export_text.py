"""Texts that other tools read: an answer as GraphML and as a Mermaid flowchart."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from headwater.query.drawing import left_out_text
from headwater.query.exports import Exportable, facts, outside
from headwater.query.parts import LineageNode, NodeKey
from headwater.visible import visible
from headwater_schema import TypeKind

MERMAID_EDGES = 500
MERMAID_CHARACTERS = 50_000
"""What Mermaid draws unless the page that shows it sets `maxEdges` and `maxTextSize`."""

_NODE_KEYS = {
    "kind": "string",
    "id": "long",
    "type": "string",
    "name": "string",
    "state": "string",
    "distance": "int",
    "outside": "boolean",
}
_EDGE_KEYS = {"type": "string", "milliseconds_since_epoch": "long", "path": "string"}
_GRAPH_KEYS = {
    "start": "string",
    "direction": "string",
    "complete": "boolean",
    "left_out": "string",
    "cursor": "string",
}
# XML 1.0 has no way to write these, not even as references.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-F]{4}_)")
_PLAIN = re.compile(r"[^\w .,/()+=-]")


def to_graphml(lineage: Exportable) -> str:
    """Return the answer as GraphML; see `graphml_lines`, which takes no memory for large ones."""
    return "".join(graphml_lines(lineage))


def graphml_lines(lineage: Exportable) -> Iterator[str]:
    """Yield the answer as GraphML, in lines: a directed graph, edges along the flow of data.

    Nodes, edges and the graph carry what `to_networkx` gives them (left_out as JSON); what is
    None has no `data` element. A character that XML cannot hold is written as Office Open XML
    does, `_x0007_`; `graphml_text` reads it back.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for place, keys in (("node", _NODE_KEYS), ("edge", _EDGE_KEYS), ("graph", _GRAPH_KEYS)):
        for name, type_ in keys.items():
            yield (
                f'  <key id="{place}_{name}" for="{place}" attr.name="{name}" '
                f'attr.type="{type_}"/>\n'
            )
    yield '  <graph edgedefault="directed">\n'
    told = facts(lineage) | {"left_out": json.dumps(facts(lineage)["left_out"])}
    yield from (f"    {data}\n" for data in _data("graph", told))
    for node in lineage.nodes:
        content = "".join(_data("node", {**node._asdict(), "kind": str(node.kind)}))
        yield f'    <node id="{node.key}">{content}</node>\n'
    for key in outside(lineage):
        content = "".join(_data("node", {"kind": key.kind, "id": key.id, "outside": True}))
        yield f'    <node id="{key}">{content}</node>\n'
    for number, event in enumerate(lineage.events):
        values = {
            "type": event.type,
            "milliseconds_since_epoch": event.milliseconds_since_epoch,
            "path": event.path,
        }
        yield (
            f'    <edge id="e{number}" source="{event.source}" target="{event.target}">'
            f"{''.join(_data('edge', values))}</edge>\n"
        )
    yield "  </graph>\n</graphml>\n"


def graphml_text(text: str) -> str:
    """Return the text that a GraphML file of `graphml_lines` stands for, with every character."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def to_mermaid(lineage: Exportable) -> str:
    """Return the answer as a Mermaid flowchart from left to right.

    Artifacts are boxes `a7`, executions rounded ones `e3`; what lies outside of the answer is
    dashed. A last box says what was left out, and comments say the cursor and when there is more
    than Mermaid draws by itself.
    """
    lines = ["flowchart LR"]
    lines += [f"  {_id(node.key)}{_shape(node)}" for node in lineage.nodes]
    beyond = outside(lineage)
    lines += [f"  {_id(key)}{_around(key, [str(key)])}" for key in beyond]
    edges = 0
    for event in lineage.events:
        edges += 1
        label = "" if event.type in ("INPUT", "OUTPUT") else f"|{event.type}|"
        lines.append(f"  {_id(event.source)} -->{label} {_id(event.target)}")
    if any(node.key == lineage.start for node in lineage.nodes):
        lines.append(f"  style {_id(lineage.start)} stroke-width:3px")
    gone = [_id(node.key) for node in lineage.nodes if node.state == "DELETED"]
    lines += [f"  style {name} stroke-dasharray:4 3" for name in (*map(_id, beyond), *gone)]
    if lineage.left_out:
        lines.append(f'  leftout["{mermaid_label([f"… {left_out_text(lineage)} left out"])}"]')
        lines.append("  style leftout stroke-dasharray:4 3")
    if lineage.cursor is not None:
        lines.append(f"  %% cursor of the rest: {lineage.cursor}")
    size = sum(len(line) + 1 for line in lines)
    if edges > MERMAID_EDGES:
        lines.insert(1, f"  %% {edges} edges: Mermaid's maxEdges ({MERMAID_EDGES}) must be raised")
    if size > MERMAID_CHARACTERS:
        lines.insert(
            1, f"  %% {size} characters: maxTextSize ({MERMAID_CHARACTERS}) must be raised"
        )
    return "\n".join(lines) + "\n"


def _data(place: str, values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else _xml(str(value))
            yield f'<data key="{place}_{name}">{text}</data>'


def _xml(text: str) -> str:
    held = _NOT_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return escape(held, {"\r": "&#13;"})


def _id(key: NodeKey) -> str:
    return f"{key.kind[0].lower()}{key.id}"


def _shape(node: LineageNode) -> str:
    gone = [node.state] if node.state == "DELETED" else []
    return _around(node.key, [node.title, node.type, *gone])


def _around(key: NodeKey, lines: Iterable[str]) -> str:
    opening, closing = ('["', '"]') if key.kind is TypeKind.ARTIFACT else ('(["', '"])')
    return f"{opening}{mermaid_label(lines)}{closing}"


def mermaid_label(lines: Iterable[str]) -> str:
    """Return lines of a label: whatever could mean something to Mermaid is a character code."""
    return "<br/>".join(
        _PLAIN.sub(lambda found: f"#{ord(found[0])};", visible(line)) for line in lines
    )
