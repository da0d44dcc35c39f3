"""NDJSON: an answer as lines, one JSON object each, so that it can be written while it comes in.

A header line, node lines, edge lines (nodes and edges in any order), and a closing line. Each
says in `line` which it is. The closing line counts what came before it, so that a cut file is noticed.
Between them may stand marks: lines with a cursor from which a stream that was cut there goes on.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from headwater.errors import DataLoss, InvalidArgument
from headwater.query.exports import Exportable, facts
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater_schema import TypeKind

FORMAT = "headwater.lineage"
VERSION = 1

# JSON leaves these as they are, and `str.splitlines` parts lines at them.
_PARTING = str.maketrans({c: f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"})


@dataclass(frozen=True)
class ReadAnswer:
    """An answer read back from its lines: the parts that a `Lineage` is made of."""

    start: NodeKey
    direction: Direction
    nodes: tuple[LineageNode, ...]
    events: tuple[LineageEvent, ...]
    left_out: dict[TypeKind, dict[str, int]] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.left_out


def ndjson_lines(lineage: Exportable) -> Iterator[str]:
    r"""Yield an answer's lines, each with its `\n`."""
    yield header_line(lineage.start, lineage.direction)
    count = 0
    for node in lineage.nodes:
        yield node_line(node)
    for event in lineage.events:
        count += 1
        yield edge_line(event)
    yield closing_line(
        nodes=len(lineage.nodes),
        edges=count,
        left_out=facts(lineage)["left_out"],
        cursor=lineage.cursor,
    )


def header_line(start: NodeKey, direction: Direction, **question: object) -> str:
    """Return the first line.

    Args:
        start: the node that was asked about.
        direction: which way was asked.
        **question: what else was asked, JSON-ready; it is for eyes and not read back.
    """
    asked = {"start": str(start), "direction": str(direction), **question}
    return _line("header", {"format": FORMAT, "version": VERSION, "question": asked})


def node_line(node: LineageNode) -> str:
    """Return the line of a node: key, kind, id, type, name, state, distance."""
    return _line("node", {"key": str(node.key), **node._asdict(), "kind": str(node.kind)})


def edge_line(event: LineageEvent) -> str:
    """Return the line of an event: source, target, type, milliseconds_since_epoch, path."""
    return _line("edge", event.as_dict())


def closing_line(
    *,
    nodes: int,
    edges: int,
    left_out: dict[str, dict[str, int]],
    cursor: str | None,
    complete: bool | None = None,
) -> str:
    """Return the last line: how many lines came before it, and what was left out.

    `complete` says whether it is all where nobody has counted what was left out.
    """
    return _line(
        "end",
        {
            "nodes": nodes,
            "edges": edges,
            "complete": not left_out if complete is None else complete,
            "left_out": left_out,
            "cursor": cursor,
        },
    )


def mark_line(cursor: str) -> str:
    """Return a line with the cursor that goes on after all lines before it."""
    return _line("mark", {"cursor": cursor})


def read_ndjson(lines: Iterable[str]) -> ReadAnswer:
    """Return the answer that the lines hold; the text of a path is as `json.dumps` writes it.

    Raises:
        DataLoss: the closing line is missing, or counts other lines than there are.
        InvalidArgument: a line is none of an answer's; `line` is its number, from 1.
    """
    header: dict[str, Any] | None = None
    closing: dict[str, Any] | None = None
    nodes: list[LineageNode] = []
    events: list[LineageEvent] = []
    for number, text in enumerate(lines, start=1):
        found = _object(text, number, may_be_cut=not text.endswith("\n"))
        try:
            match found.get("line"):
                case "header" if header is None and found["version"] == VERSION:
                    header = found["question"]
                case "node" | "edge" | "mark" | "end" if header is not None and closing is None:
                    closing = _taken(found, nodes, events)
                case other:
                    raise _no_line(number, f"{other!r} is not expected there")
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InvalidArgument):
                raise
            raise _no_line(number, f"{type(error).__name__} {error}") from error
    if header is None or closing is None:
        raise _cut(f"{len(nodes):,} nodes and {len(events):,} edges, and no closing line")
    if (closing["nodes"], closing["edges"]) != (len(nodes), len(events)):
        raise _cut(
            f"{len(nodes):,} nodes and {len(events):,} edges where its closing line counts "
            f"{closing['nodes']:,} and {closing['edges']:,}"
        )
    return ReadAnswer(
        _key(header["start"]),
        Direction(header["direction"]),
        tuple(nodes),
        tuple(events),
        {TypeKind(kind): counts for kind, counts in closing["left_out"].items()},
        closing["cursor"],
    )


def _taken(
    found: dict[str, Any], nodes: list[LineageNode], events: list[LineageEvent]
) -> dict[str, Any] | None:
    """Take a line of the answer; return it where it is the closing one."""
    match found["line"]:
        case "node":
            nodes.append(_node(found))
        case "edge":
            events.append(_event(found))
        case "end":
            return found
    return None


def _line(kind: str, content: dict[str, Any]) -> str:
    text = json.dumps({"line": kind, **content}, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_PARTING) + "\n"


def _object(text: str, number: int, *, may_be_cut: bool) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        if may_be_cut:
            raise _cut(f"a line cut short as number {number}") from error
        raise _no_line(number, str(error)) from error
    if not isinstance(found, dict):
        raise _no_line(number, "it is no object")
    return found


def _node(found: dict[str, Any]) -> LineageNode:
    return LineageNode(
        TypeKind(found["kind"]),
        int(found["id"]),
        found["type"],
        found["name"],
        found["state"],
        int(found["distance"]),
    )


def _event(found: dict[str, Any]) -> LineageEvent:
    ends = dict((_key(found["source"]), _key(found["target"])))
    path = found["path"]
    return LineageEvent(
        ends[TypeKind.ARTIFACT],
        ends[TypeKind.EXECUTION],
        found["type"],
        found["milliseconds_since_epoch"],
        None if path is None else json.dumps(path),
    )


def _key(text: str) -> NodeKey:
    kind, _, number = text.partition(":")
    return NodeKey(TypeKind(kind.upper()), int(number))


def _no_line(number: int, reason: str) -> InvalidArgument:
    return InvalidArgument(
        f"Line {number} is not a line of an answer: {reason:.200}.",
        hint="Give the lines as they were written.",
        line=number,
    )


def _cut(found: str) -> DataLoss:
    return DataLoss(
        f"The answer was cut: found {found}.", hint="Ask again; what is there is not the whole."
    )
