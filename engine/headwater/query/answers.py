"""Answers: the part of the graph that a lineage question found, and the forms it can take."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headwater.errors import InvalidArgument, MissingExtra
from headwater.query.drawing import to_dot, to_rich, to_svg, to_text
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater_schema import TypeKind

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from rich.tree import Tree


@dataclass(frozen=True)
class Lineage:
    """The answer to a lineage question.

    Attributes:
        start: the node that was asked about.
        direction: which way was asked.
        nodes: by distance, kind and id.
        events: in the order in which they were put.
        left_out: how many nodes a limit left out, by kind and type.
        cursor: asks for what was left out; None in a complete answer.
    """

    start: NodeKey
    direction: Direction
    nodes: tuple[LineageNode, ...]
    events: tuple[LineageEvent, ...]
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.left_out

    def __len__(self) -> int:
        return len(self.nodes)

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def of_types(self, types: Sequence[str]) -> "Lineage":
        """Return the answer with only the nodes of these types, and the events between them."""
        nodes = tuple(node for node in self.nodes if node.type in types)
        kept = {node.key for node in nodes}
        events = tuple(e for e in self.events if e.artifact in kept and e.execution in kept)
        return replace(self, nodes=nodes, events=events)

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
            "edges": [
                {
                    "source": str(event.source),
                    "target": str(event.target),
                    "type": event.type,
                    "milliseconds_since_epoch": event.milliseconds_since_epoch,
                    "path": None if event.path is None else json.loads(event.path),
                }
                for event in self.events
            ],
            "complete": self.complete,
            "left_out": {str(kind): dict(counts) for kind, counts in self.left_out.items()},
            "cursor": self.cursor,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the nodes as a data frame: kind, id, type, name, state, distance.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise _missing("pandas", "pandas") from error
        columns = list(LineageNode._fields)
        rows = [[str(node.kind), *node[1:]] for node in self.nodes]
        return pd.DataFrame(rows, columns=columns)

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """Return the answer as a directed graph whose edges follow the data.

        Nodes are `artifact:7`, `execution:3`; they carry kind, id, type, name, state, distance.

        Raises:
            MissingExtra: networkx is not installed.
        """
        try:
            import networkx as nx  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise _missing("networkx", "graphs") from error
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self.nodes:
            graph.add_node(str(node.key), **{**node._asdict(), "kind": str(node.kind)})
        for event in self.events:
            graph.add_edge(str(event.source), str(event.target), key=event.type, type=event.type)
        return graph

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


def encode_cursor(namespace: str, start: NodeKey, direction: Direction, reached: int) -> str:
    """Return the text that asks for what lies further than that many hops."""
    content = json.dumps([namespace, str(start.kind), start.id, str(direction), reached])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, NodeKey, Direction, int]:
    """Return namespace, start, direction and hops of a cursor.

    Raises:
        InvalidArgument: it is not one.
    """
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        namespace, kind, node_id, direction, reached = json.loads(content)
        start = NodeKey(TypeKind(kind), int(node_id))
        return str(namespace), start, Direction(direction), int(reached)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgument(
            f"{cursor!r:.200} is not a cursor.", hint="Use the cursor of a cut answer as it is."
        ) from error


def _missing(package: str, extra: str) -> MissingExtra:
    return MissingExtra(
        f"This needs {package}, which is not installed.",
        hint=f"pip install 'headwater[{extra}]'",
        package=package,
    )
