"""Answers: the part of the graph that a lineage question found, and the forms it can take."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headwater.query.drawing import to_dot, to_svg
from headwater.query.export_ndjson import ndjson_lines
from headwater.query.export_text import to_graphml, to_mermaid
from headwater.query.exports import (
    IndexedGraph,
    Tables,
    events_to_pandas,
    to_arrow,
    to_networkx,
    to_pandas,
    to_rustworkx,
)
from headwater.query.folding import Folded, fold
from headwater.query.moment import NOW, Moment
from headwater.query.parts import Direction, Events, LineageEvent, LineageNode, NodeKey, Nodes
from headwater.query.tree_drawing import to_rich, to_text
from headwater_schema import TypeKind

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from rich.tree import Tree


class LeftOut(Mapping[TypeKind, Mapping[str, int]]):
    """Counts by kind and type, which are asked for when somebody first looks at them.

    Args:
        count: asks; what it raises, whoever looks gets.
    """

    def __init__(self, count: Callable[[], Mapping[TypeKind, Mapping[str, int]]]) -> None:
        self._count = count
        self._counts: Mapping[TypeKind, Mapping[str, int]] | None = None

    @property
    def counts(self) -> Mapping[TypeKind, Mapping[str, int]]:
        """The counts as a plain mapping."""
        if self._counts is None:
            self._counts = self._count()
        return self._counts

    def __getitem__(self, kind: TypeKind) -> Mapping[str, int]:
        return self.counts[kind]

    def __iter__(self) -> Iterator[TypeKind]:
        return iter(self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        return "LeftOut(not counted yet)" if self._counts is None else repr(self._counts)

    def __reduce__(self) -> tuple[type[dict[TypeKind, Mapping[str, int]]], tuple[dict[Any, Any]]]:
        return dict, (dict(self.counts),)


@dataclass(frozen=True)
class Lineage:
    """The answer to a lineage question.

    Attributes:
        start: the node that was asked about; the first of several.
        direction: which way was asked.
        nodes: by distance, kind and id. A node is made when it is asked for; `Nodes` has them
            as columns.
        events: in the order in which they were put; as `Events`, likewise.
        left_out: how many nodes a limit left out, by kind and type; counted when first looked at,
            while the store is open.
        cursor: asks for what was left out; None in a complete answer.
        moment: the state of the world that the answer is of.
        provisional: whether a write that is still open may change what was known at the moment.
    """

    start: NodeKey
    direction: Direction
    nodes: Sequence[LineageNode]
    events: Sequence[LineageEvent]
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)
    cursor: str | None = None
    moment: Moment = NOW
    provisional: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return self.cursor is None and not self.left_out

    def __len__(self) -> int:
        return len(self.nodes)

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def of_types(self, types: Sequence[str]) -> "Lineage":
        """Return the answer with only the nodes of these types, and the events between them."""
        known, wanted = Nodes.of(self.nodes), set(types)
        nodes = known.where(name in wanted for name in known.types)
        return replace(self, nodes=nodes, events=Events.of(self.events).between(nodes))

    def folded(self) -> Folded:
        """Return the answer to draw without what would bury it, and a count of that.

        A CACHED execution gives way to the one whose outputs it took, and an environment is told
        on the lines of the executions that ran in it.
        """
        return fold(self)

    def alone(self) -> "Lineage":
        """Return the nodes as the whole answer, with nothing left out."""
        return replace(self, left_out={}, cursor=None)

    def artifacts(self) -> list[LineageNode]:
        """Return the artifacts among the nodes."""
        return [node for node in self.nodes if node.kind is TypeKind.ARTIFACT]

    def executions(self) -> list[LineageNode]:
        """Return the executions among the nodes."""
        return [node for node in self.nodes if node.kind is TypeKind.EXECUTION]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values: nodes, edges, complete, left_out, cursor."""
        return {
            "start": str(self.start),
            "direction": str(self.direction),
            "nodes": [
                {
                    "key": str(node.key),
                    "kind": str(node.kind),
                    "id": node.id,
                    "type": node.type,
                    "name": node.name,
                    "state": node.state,
                    "distance": node.distance,
                }
                for node in self.nodes
            ],
            "edges": [event.as_dict() for event in self.events],
            "complete": self.complete,
            "left_out": {str(kind): dict(counts) for kind, counts in self.left_out.items()},
            "cursor": self.cursor,
            "as_of": self.moment.as_of,
            "known_at": self.moment.known_at,
            "provisional": self.provisional,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)

    def to_ndjson(self) -> str:
        """Return the answer as JSON, an object a line; the last line says whether it is whole."""
        return "".join(ndjson_lines(self))

    def to_pandas(self) -> "pd.DataFrame":
        """Return the nodes as a data frame: kind, id, type, name, state, distance.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return to_pandas(self)

    def events_to_pandas(self) -> "pd.DataFrame":
        """Return the events as a data frame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return events_to_pandas(self)

    def to_arrow(self) -> Tables:
        """Return nodes and events as two tables of Apache Arrow.

        Raises:
            MissingExtra: pyarrow is not installed.
        """
        return to_arrow(self)

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """Return the answer as a directed graph whose edges follow the data.

        Nodes are `artifact:7`, `execution:3`; they carry kind, id, type, name, state, distance.

        Raises:
            MissingExtra: networkx is not installed.
        """
        return to_networkx(self)

    def to_rustworkx(self) -> IndexedGraph:
        """Return the answer as a graph of rustworkx, with the place of each node in it.

        Raises:
            MissingExtra: rustworkx is not installed.
        """
        return to_rustworkx(self)

    def to_graphml(self) -> str:
        """Return the answer as GraphML."""
        return to_graphml(self)

    def to_mermaid(self) -> str:
        """Return the answer as a flowchart in Mermaid's words."""
        return to_mermaid(self)

    def to_dot(self) -> str:
        """Return the answer as a Graphviz text."""
        return to_dot(self)

    def to_svg(self) -> str:
        """Return the answer as an SVG drawing, data flowing from left to right."""
        return to_svg(self)

    def tree(self) -> str:
        """Return the answer as a tree in plain text; each node's branch is drawn once."""
        return to_text(self)

    def __rich__(self) -> "Tree":
        """Return the coloured tree that rich prints for the answer."""
        return to_rich(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()
