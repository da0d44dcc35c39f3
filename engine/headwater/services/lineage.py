"""Lineage: what a node came from, what came of it, and how two nodes are connected."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.statements import HOPS, load
from headwater.query.answers import Lineage, decode_cursor, encode_cursor
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS

_TRACE = {Direction.UPSTREAM: "lineage/upstream", Direction.DOWNSTREAM: "lineage/downstream"}
_IDS = {
    Direction.UPSTREAM: "lineage/ids_upstream",
    Direction.DOWNSTREAM: "lineage/ids_downstream",
}
_COUNT = {
    Direction.UPSTREAM: "lineage/count_upstream",
    Direction.DOWNSTREAM: "lineage/count_downstream",
}


class LineageService:
    """Asks the lineage of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def trace(
        self,
        start: NodeKey,
        direction: Direction,
        *,
        max_hops: int | None = None,
        beyond: int = -1,
    ) -> Lineage:
        """Return every node in one direction of a node, the node included, and their events.

        A hop crosses one event: artifact to execution is one, artifact to artifact two.

        Args:
            start: an artifact or execution.
            direction: against the flow of data, or with it.
            max_hops: 0 returns the start alone; None has no limit.
            beyond: only nodes further than this many hops; how a cut answer goes on.

        Returns:
            Nodes by distance, kind and id; events by the order in which they were put. Where
            `max_hops` cut it: `complete` is False, `left_out` counts the rest by kind and type,
            and `cursor` asks for it.

        Raises:
            NotFound: there is no such node.
            InvalidArgument: `max_hops` is negative.
        """
        _check_flows(start)
        if max_hops is not None and max_hops < 0:
            raise InvalidArgument(
                f"Hops are counted from 0, asked for {max_hops}.", max_hops=max_hops
            )
        statement = load(_TRACE[direction], LABELS[start.kind])
        if max_hops is not None:
            max_hops = min(max_hops, int(HOPS))
            statement = statement.at_depth(max_hops)
        rows = self._scope.graph.read(statement, namespace=self._scope.namespace, id=start.id)
        nodes = [row for chunk, _ in rows if chunk is not None for row in chunk]
        if not nodes:
            raise self._no_node(start)
        events = [row for _, chunk in rows if chunk is not None for row in chunk]
        left_out = {} if max_hops is None else self._left_out(start, direction, max_hops)
        cursor = encode_cursor(self._scope.namespace, start, direction, max_hops or 0)
        return _answer(
            start,
            direction,
            nodes,
            events,
            beyond=beyond,
            left_out=left_out,
            cursor=cursor if left_out else None,
        )

    def ids(self, start: NodeKey, direction: Direction) -> dict[TypeKind, list[int]]:
        """Return the ids of every node in one direction of a node, itself left out, unordered.

        Much quicker than `trace` where only the ids matter.

        Raises:
            NotFound: there is no such node.
        """
        _check_flows(start)
        statement = load(_IDS[direction], LABELS[start.kind])
        artifacts, executions = self._scope.graph.read(
            statement, namespace=self._scope.namespace, id=start.id
        )[0]
        if not artifacts and not executions:
            self._check_exists(start)
        return {TypeKind.ARTIFACT: artifacts, TypeKind.EXECUTION: executions}

    def resume(self, cursor: str, *, max_hops: int | None = None) -> Lineage:
        """Return what a cut answer left out, from its cursor.

        Args:
            cursor: of the answer before.
            max_hops: how many hops further to go; None has no limit.

        Raises:
            InvalidArgument: it is no cursor, or one of another namespace.
        """
        namespace, start, direction, reached = decode_cursor(cursor)
        if namespace != self._scope.namespace:
            raise InvalidArgument(
                f"The cursor is of namespace {namespace!r}, this is {self._scope.namespace!r}."
            )
        limit = None if max_hops is None else reached + max_hops
        return self.trace(start, direction, max_hops=limit, beyond=reached)

    def path(self, start: NodeKey, end: NodeKey) -> Lineage:
        """Return a shortest way between two nodes along the flow of data, either way round.

        Returns:
            The nodes and events of the way from its upstream to its downstream end; without
            nodes where neither lies upstream of the other.

        Raises:
            NotFound: one of them does not exist.
        """
        for key in (start, end):
            _check_flows(key)
            self._check_exists(key)
        if start == end:
            return self.trace(start, Direction.DOWNSTREAM, max_hops=0).alone()
        for first, last in ((start, end), (end, start)):
            rows = self._scope.graph.read(
                load("lineage/path", LABELS[first.kind]),
                namespace=self._scope.namespace,
                id=first.id,
                end_is_artifact=last.kind is TypeKind.ARTIFACT,
                end_id=last.id,
            )
            if rows:
                nodes, events = rows[0]
                numbered = [[*node, distance] for distance, node in enumerate(nodes)]
                answer = _answer(first, Direction.DOWNSTREAM, numbered, events)
                places = {node.key: node.distance for node in answer.nodes}
                on_the_way = sorted(answer.events, key=lambda event: places[event.source])
                return replace(answer, events=tuple(on_the_way))
        return Lineage(start, Direction.DOWNSTREAM, (), ())

    def _left_out(
        self, start: NodeKey, direction: Direction, beyond: int
    ) -> dict[TypeKind, dict[str, int]]:
        statement = load(_COUNT[direction], LABELS[start.kind])
        rows = self._scope.graph.read(
            statement, namespace=self._scope.namespace, id=start.id, beyond=beyond
        )
        counts: dict[TypeKind, dict[str, int]] = {}
        for is_artifact, type_name, count in rows:
            counts.setdefault(_kind(is_artifact), {})[type_name] = count
        return counts

    def _check_exists(self, key: NodeKey) -> None:
        statement = load("node/missing", LABELS[key.kind])
        if self._scope.graph.read(statement, namespace=self._scope.namespace, ids=[key.id])[0][0]:
            raise self._no_node(key)

    def _no_node(self, key: NodeKey) -> NotFound:
        return NotFound(
            f"No {key.kind.lower()} with id {key.id} in namespace {self._scope.namespace!r}.",
            kind=key.kind,
            id=key.id,
        )


def _check_flows(key: NodeKey) -> None:
    if key.kind is TypeKind.CONTEXT:
        raise InvalidArgument(
            f"Data does not flow through contexts, asked for {key}.",
            hint="Ask about an artifact or an execution.",
            key=key,
        )


def _answer(
    start: NodeKey,
    direction: Direction,
    node_rows: Iterable[list[Any]],
    event_rows: Iterable[list[Any]],
    *,
    beyond: int = -1,
    left_out: dict[TypeKind, dict[str, int]] | None = None,
    cursor: str | None = None,
) -> Lineage:
    nodes = sorted(
        (
            LineageNode(_kind(is_artifact), node_id, type_name, name, state, distance)
            for is_artifact, node_id, type_name, name, state, distance in node_rows
        ),
        key=lambda node: (node.distance, node.kind, node.id),
    )
    distances = {node.key: node.distance for node in nodes}
    events = []
    for row in sorted(event_rows, key=lambda row: (row[6] is None, row[6])):
        event = _event(row)
        ends = distances.get(event.artifact), distances.get(event.execution)
        if None not in ends and max(d for d in ends if d is not None) > beyond:
            events.append(event)
    kept = tuple(node for node in nodes if node.distance > beyond)
    return Lineage(start, direction, kept, tuple(events), left_out or {}, cursor)


def _event(row: list[Any]) -> LineageEvent:
    first_is_artifact, first_id, second_id, event_type, time, path, _ = row
    artifact_id, execution_id = (
        (first_id, second_id) if first_is_artifact else (second_id, first_id)
    )
    return LineageEvent(artifact_id, execution_id, event_type, time, path)


def _kind(is_artifact: bool) -> TypeKind:  # noqa: FBT001 - a column of the answer
    return TypeKind.ARTIFACT if is_artifact else TypeKind.EXECUTION
