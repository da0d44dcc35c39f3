"""Received: the rows of a lineage statement on their way to an answer.

A row is a part: its name and six columns, as `cypher/lineage/whole.cypher` and its like say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from headwater.query.cursors import BEFORE_ALL, Place
from headwater.query.parts import Events, NodeKey, Nodes
from headwater.query.question import Selection
from headwater_schema import EventType, TypeKind
from headwater_schema.stored import HISTORY_PREFIX

Correction = tuple[str, str | None, str | None]
"""Type, name and state of a node at a moment."""

_KINDS = {True: TypeKind.ARTIFACT, False: TypeKind.EXECUTION}


class Received:
    """The rows of one answer, joined.

    Attributes:
        remaining: how many nodes a limit left out, hops apart.
        further: how many nodes, of those that were looked at, lie further than the hops.
        starts: how many of the starts were found.
        now: the server's time, in milliseconds; None where it was not told.
        changed: the nodes that changed since the moment, as they are now, without distances.
        last: the last node in order, of those that were sent.
    """

    def __init__(self, rows: Iterable[list[Any]]) -> None:
        self.remaining = self.further = self.starts = 0
        self.now: int | None = None
        self.changed = Nodes()
        self.last = BEFORE_ALL
        self._nodes: list[list[Any]] = [[] for _ in range(6)]
        self._events: list[list[Any]] = [[] for _ in range(5)]
        self._ordinals: list[int | None] = []
        for part, *columns in rows:
            match part:
                case "CUT":
                    self.remaining, self.further, self.starts, self.now = columns[:4]
                case "CHANGED":
                    self.changed = changed_of(columns)
                case "NODES":
                    _extend(self._nodes, columns)
                case _:
                    _extend(self._events, event_columns(part, columns))
                    self._ordinals += _unset(columns[4])
        if self._nodes[0]:
            self.last = place_of(self._nodes)

    def nodes(self, *, in_order: bool) -> Nodes:
        """Return the nodes, sorted where the server has not done so."""
        columns = self._nodes
        if not in_order:
            # Numbers sort quicker than tuples.
            width = max(columns[1], default=0) + 1
            keys = [
                (2 * distance + (not is_artifact)) * width + node_id
                for is_artifact, node_id, distance in zip(
                    columns[0], columns[1], columns[5], strict=True
                )
            ]
            places = sorted(range(len(keys)), key=keys.__getitem__)
            columns = [[column[i] for i in places] for column in columns]
        return nodes_of(columns)

    def events(self) -> Events:
        """Return the events, to be sorted when somebody looks at them."""
        return Events(self._events, order=self._ordinals)


class Judgement:
    """What nodes were at a moment, where they changed since, and whether that is shown.

    Args:
        selection: what is shown.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._known: dict[NodeKey, Correction | None] = {}

    def learn(self, changed: Nodes, were: Mapping[NodeKey, Correction | None]) -> None:
        """Take what the changed nodes were; None for one that was not there."""
        for node in changed:
            was = were.get(node.key, (node.type, node.name, node.state))
            self._known[node.key] = was if was is not None and self._shows(was) else None

    def nodes(self, nodes: Nodes) -> Nodes:
        """Return the nodes as they were, without those that are not shown."""
        if not self._known:
            return nodes
        kinds, ids, types, names, states, distances = (list(c) for c in nodes.columns)
        keep = [True] * len(ids)
        for i, key in enumerate(map(NodeKey, kinds, ids)):
            if key in self._known:
                was = self._known[key]
                keep[i] = was is not None
                if was is not None:
                    types[i], names[i], states[i] = was
        return Nodes([kinds, ids, types, names, states, distances]).where(keep)

    def events(self, events: Events) -> Events:
        """Return the events whose ends are shown."""
        gone = {key for key, was in self._known.items() if was is None}
        if not gone:
            return events
        return events.where(
            (TypeKind.ARTIFACT, a) not in gone and (TypeKind.EXECUTION, e) not in gone
            for a, e in zip(events.artifact_ids, events.execution_ids, strict=True)
        )

    def _shows(self, was: Correction) -> bool:
        types, states = self._selection.types, self._selection.states
        return (types is None or was[0] in types) and (states is None or was[2] in states)


def nodes_of(columns: list[list[Any]]) -> Nodes:
    """Return the nodes of a part that has them."""
    return Nodes([[_KINDS[is_artifact] for is_artifact in columns[0]], *columns[1:]])


def changed_of(columns: list[Any]) -> Nodes:
    """Return the nodes of a part that has them without distances, which are 0."""
    return nodes_of([*columns[:5], [0] * len(columns[1])])


def event_columns(part: str, columns: list[list[Any]]) -> list[list[Any]]:
    """Return the columns of `Events` of a part named for their type."""
    name = part.removeprefix(HISTORY_PREFIX)
    targets, sources, times, paths = columns[:4]
    ends = (sources, targets) if EventType(name).is_input else (targets, sources)
    return [*ends, [name] * len(targets), _unset(times), _unset(paths)]


def place_of(columns: list[list[Any]]) -> Place:
    """Return the place of the last node of a part."""
    return columns[5][-1], 0 if columns[0][-1] else 1, columns[1][-1]


def _extend(columns: list[list[Any]], more: list[list[Any]]) -> None:
    for column, chunk in zip(columns, more, strict=True):
        column.extend(chunk)


def _unset(column: list[Any]) -> list[Any]:
    """Return a column with None for what a server's list cannot collect."""
    return [None if value is False else value for value in column]
