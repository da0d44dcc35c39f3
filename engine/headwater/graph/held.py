"""Held: the nodes and relationships in the values of an answer, each once, as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import neo4j
import neo4j.graph

# Most of what answers hold, and quicker to tell than what they may hold.
_SCALARS = frozenset({str, int, float, bool, type(None)})


class HeldNode(NamedTuple):
    """A node: its labels, sorted, and its properties as stored."""

    labels: tuple[str, ...]
    properties: dict[str, Any]


class HeldEdge(NamedTuple):
    """A relationship: its type, the nodes at its ends by the database's ids, its properties."""

    type: str
    source: str
    target: str
    properties: dict[str, Any]


class Held(NamedTuple):
    """What an answer holds.

    Attributes:
        nodes: by the database's ids, which mean nothing outside of it, in the order in which
            they were found.
        edges: likewise in order.
        ends: the database's ids of those ends of edges that are not among the nodes.
    """

    nodes: dict[str, HeldNode]
    edges: list[HeldEdge]
    ends: list[str]


def held(values: Iterable[object]) -> Held:
    """Return the nodes and relationships among values of the driver, also inside lists and maps."""
    nodes: dict[str, HeldNode] = {}
    edges: dict[str, HeldEdge] = {}
    for part in _parts(values):
        if isinstance(part, neo4j.graph.Relationship):
            edges[part.element_id] = edge_of(part)
        elif part.labels or len(part):
            # The driver knows of an end that the answer does not hold nothing but its id.
            nodes.setdefault(part.element_id, node_of(part))
    ends = dict.fromkeys(end for edge in edges.values() for end in (edge.source, edge.target))
    return Held(nodes, list(edges.values()), [end for end in ends if end not in nodes])


def node_of(node: neo4j.graph.Node) -> HeldNode:
    """Return a node of the driver as plain values."""
    return HeldNode(tuple(sorted(node.labels)), dict(node))


def edge_of(edge: neo4j.graph.Relationship) -> HeldEdge:
    """Return a relationship of the driver as plain values."""
    source, target = (
        "" if node is None else node.element_id for node in (edge.start_node, edge.end_node)
    )
    return HeldEdge(edge.type, source, target, dict(edge))


def plain(value: Any, known: Mapping[str, HeldNode]) -> Any:  # noqa: ANN401 - whatever a query returns
    """Return a value of the driver as plain Python: nodes and relationships as dicts.

    Args:
        value: of a record.
        known: nodes by the database's ids, for the ends of relationships.
    """
    return value if type(value) in _SCALARS else _plain(value, known)


def _plain(value: Any, known: Mapping[str, HeldNode]) -> Any:  # noqa: ANN401 - as above
    match value:
        case neo4j.graph.Node():
            return {"labels": sorted(value.labels), **dict(value)}
        case neo4j.graph.Relationship():
            edge = edge_of(value)
            source, target = (
                known[end].properties.get("id") if end in known else None
                for end in (edge.source, edge.target)
            )
            return {"type": edge.type, "source": source, "target": target, **edge.properties}
        case neo4j.graph.Path():
            return {
                "nodes": [plain(node, known) for node in value.nodes],
                "relationships": [plain(step, known) for step in value.relationships],
            }
        case list():
            return [plain(item, known) for item in value]
        case dict():
            return {key: plain(item, known) for key, item in value.items()}
        case _:
            return value.iso_format() if hasattr(value, "iso_format") else value


def _parts(values: Iterable[object]) -> Iterator[neo4j.graph.Node | neo4j.graph.Relationship]:
    for value in values:
        if type(value) in _SCALARS:
            continue
        match value:
            case neo4j.graph.Node() | neo4j.graph.Relationship():
                yield value
            case neo4j.graph.Path():
                yield from value.nodes
                yield from value.relationships
            case list():
                yield from _parts(value)
            case dict():
                yield from _parts(value.values())
            case _:
                pass
