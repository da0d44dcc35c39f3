"""Exports: an answer as tables (pandas, pyarrow) and as graphs (networkx, rustworkx).

Each form says of the whole answer what `facts` says: where it starts, whether it is complete, what
was left out, and the cursor that asks for that. Knows nothing of the graph's database.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from headwater.errors import MissingExtra
from headwater.query.drawing import Drawable
from headwater.query.parts import Events, LineageEvent, LineageNode, NodeKey, Nodes
from headwater_schema import EventType

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import pyarrow as pa  # type: ignore[import-untyped]
    import rustworkx as rx

FACTS_KEY = "headwater"
"""Where a frame's `attrs`, and the metadata of a table's schema (there as JSON), have the facts."""

_EVENT_COLUMNS = (
    "source",
    "target",
    "artifact_id",
    "execution_id",
    "type",
    "milliseconds_since_epoch",
    "path",
)


class Exportable(Drawable, Protocol):
    """What can be exported: the parts of a `Lineage`."""

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        ...

    @property
    def cursor(self) -> str | None:
        """What asks for the rest."""
        ...


class Tables(NamedTuple):
    """An answer as two tables."""

    nodes: "pa.Table"
    events: "pa.Table"


class IndexedGraph(NamedTuple):
    """An answer as a graph, and the place of each node in it."""

    graph: "rx.PyDiGraph[dict[str, Any], dict[str, Any]]"
    places: dict[NodeKey, int]


def facts(lineage: Exportable) -> dict[str, Any]:
    """Return what is true of the whole answer, JSON-ready: start, direction, complete, left_out, cursor."""
    return {
        "start": str(lineage.start),
        "direction": str(lineage.direction),
        "complete": lineage.complete,
        "left_out": {str(kind): dict(counts) for kind, counts in lineage.left_out.items()},
        "cursor": lineage.cursor,
    }


def outside(lineage: Drawable) -> list[NodeKey]:
    """Return the ends of events that are not among the nodes, in order of their first event.

    A part of an answer (a page, or one narrowed to types) has events that reach out of it.
    """
    nodes = {node.key for node in lineage.nodes}
    ends = (end for event in lineage.events for end in (event.source, event.target))
    return list(dict.fromkeys(end for end in ends if end not in nodes))


def to_pandas(lineage: Exportable) -> "pd.DataFrame":
    """Return the nodes as a data frame: kind, id, type, name, state, distance; facts in `attrs`.

    Raises:
        MissingExtra: pandas is not installed.
    """
    pandas = _pandas()
    columns = dict(zip(LineageNode._fields, Nodes.of(lineage.nodes).columns, strict=True))
    columns["kind"] = [str(kind) for kind in columns["kind"]]
    frame: pd.DataFrame = pandas.DataFrame(columns).astype({"id": "int64", "distance": "int64"})
    frame.attrs[FACTS_KEY] = facts(lineage)
    return frame


def events_to_pandas(lineage: Exportable) -> "pd.DataFrame":
    """Return the events as a data frame, a row for each; facts in `attrs`.

    Columns: source and target (`artifact:7`), artifact_id, execution_id, type,
    milliseconds_since_epoch (nullable) and path (JSON text, as stored).

    Raises:
        MissingExtra: pandas is not installed.
    """
    pandas = _pandas()
    columns = dict(zip(LineageEvent._fields, Events.of(lineage.events).columns, strict=True))
    columns["source"], columns["target"] = _ends(lineage)
    frame: pd.DataFrame = pandas.DataFrame({name: columns[name] for name in _EVENT_COLUMNS}).astype(
        {"artifact_id": "int64", "execution_id": "int64"}
    )
    times = pandas.array(columns["milliseconds_since_epoch"], dtype="Int64")
    frame["milliseconds_since_epoch"] = times
    frame.attrs[FACTS_KEY] = facts(lineage)
    return frame


def to_arrow(lineage: Exportable) -> Tables:
    """Return the answer as two Arrow tables; the metadata of both schemas has the facts as JSON.

    Nodes: kind, type and state (dictionaries of string), id (int64), name (string), distance
    (int32). Events: artifact_id and execution_id (int64), source_kind (dictionary: ARTIFACT for
    an event that reads), type (dictionary), milliseconds_since_epoch (int64), path (string).
    Name, state, time and path can be null.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise missing("pyarrow", "arrow") from error
    kinds, ids, types, names, states, distances = Nodes.of(lineage.nodes).columns
    artifact_ids, execution_ids, event_types, times, paths = Events.of(lineage.events).columns
    words = pa.dictionary(pa.int32(), pa.string())
    metadata = {FACTS_KEY: json.dumps(facts(lineage))}
    nodes = pa.schema(
        [
            pa.field("kind", words, nullable=False),
            pa.field("id", pa.int64(), nullable=False),
            pa.field("type", words, nullable=False),
            pa.field("name", pa.string()),
            pa.field("state", words),
            pa.field("distance", pa.int32(), nullable=False),
        ],
        metadata=metadata,
    )
    events = pa.schema(
        [
            pa.field("artifact_id", pa.int64(), nullable=False),
            pa.field("execution_id", pa.int64(), nullable=False),
            pa.field("source_kind", words, nullable=False),
            pa.field("type", words, nullable=False),
            pa.field("milliseconds_since_epoch", pa.int64()),
            pa.field("path", pa.string()),
        ],
        metadata=metadata,
    )
    sources = ["ARTIFACT" if EventType(type_).is_input else "EXECUTION" for type_ in event_types]

    def table(columns: Sequence[Any], schema: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
        pairs = zip(columns, schema, strict=True)
        arrays = [pa.array(values, field.type) for values, field in pairs]
        return pa.Table.from_arrays(arrays, schema=schema)

    told_kinds = [str(kind) for kind in kinds]
    return Tables(
        table((told_kinds, ids, types, names, states, distances), nodes),
        table((artifact_ids, execution_ids, sources, event_types, times, paths), events),
    )


def to_networkx(lineage: Exportable) -> "nx.MultiDiGraph[str]":
    """Return the answer as a directed graph whose edges follow the data, one for each event.

    Nodes are `artifact:7`, `execution:3`; they carry kind, id, type, name, state, distance. Edges
    carry type, milliseconds_since_epoch and path. An end that lies outside of the answer has kind
    and id, and `outside`. The graph's own attributes are the facts.

    Raises:
        MissingExtra: networkx is not installed.
    """
    try:
        import networkx as nx  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise missing("networkx", "graphs") from error
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(**facts(lineage))
    for key, node in _node_attributes(lineage):
        graph.add_node(str(key), **node)
    for event in lineage.events:
        graph.add_edge(str(event.source), str(event.target), **_event_attributes(event))
    return graph


def to_rustworkx(lineage: Exportable) -> IndexedGraph:
    """Return the answer as a `PyDiGraph` whose edges follow the data, and each node's index.

    Nodes, edges and `graph.attrs` are dicts of what `to_networkx` has as attributes.

    Raises:
        MissingExtra: rustworkx is not installed.
    """
    try:
        import rustworkx as rx  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise missing("rustworkx", "rustworkx") from error
    graph: rx.PyDiGraph[dict[str, Any], dict[str, Any]] = rx.PyDiGraph(multigraph=True)
    graph.attrs = facts(lineage)
    nodes = list(_node_attributes(lineage))
    indices = graph.add_nodes_from([node for _, node in nodes])
    places = {key: index for (key, _), index in zip(nodes, indices, strict=True)}
    graph.add_edges_from(
        [
            (places[event.source], places[event.target], _event_attributes(event))
            for event in lineage.events
        ]
    )
    return IndexedGraph(graph, places)


def missing(package: str, extra: str) -> MissingExtra:
    """Return the error that says which extra brings a package."""
    return MissingExtra(
        f"This needs {package}, which is not installed.",
        hint=f"pip install 'headwater[{extra}]'",
        package=package,
    )


def _pandas() -> Any:  # noqa: ANN401 - a module
    try:
        import pandas as pd  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise missing("pandas", "pandas") from error
    return pd


def _ends(lineage: Exportable) -> tuple[list[str], list[str]]:
    sources, targets = [], []
    for event in lineage.events:
        sources.append(str(event.source))
        targets.append(str(event.target))
    return sources, targets


def _node_attributes(lineage: Exportable) -> Iterator[tuple[NodeKey, dict[str, Any]]]:
    for node in lineage.nodes:
        yield node.key, {**node._asdict(), "kind": str(node.kind)}
    for key in outside(lineage):
        yield key, {"kind": str(key.kind), "id": key.id, "outside": True}


def _event_attributes(event: LineageEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "milliseconds_since_epoch": event.milliseconds_since_epoch,
        "path": event.path,
    }
