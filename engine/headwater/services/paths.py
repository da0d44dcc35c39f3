"""Paths: how data flows from one node to another, by the shortest ways."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.records import rows_of
from headwater.graph.session import Row
from headwater.graph.statements import Statement, load
from headwater.query.moment import NOW, Moment
from headwater.query.parts import LineageEvent, LineageNode, NodeKey
from headwater.query.paths import Path, Paths
from headwater.query.simple_paths import shortest_simple_paths
from headwater.services.scope import Scope
from headwater_schema import EventType, TypeKind
from headwater_schema.stored import HISTORY_PREFIX, LABELS

Step = tuple[NodeKey, NodeKey]


class PathService:
    """Finds the ways of data in one namespace.

    At a moment the ways are those of that moment; names and states of the nodes are those of now.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def shortest(self, start: NodeKey, end: NodeKey, *, moment: Moment = NOW) -> Path | None:
        """Return a shortest way along the data's flow, None where there is none.

        A node is its own way, of no hops. Where several are as short, which of them it is is not
        said; only at a `known_at` is it the first in the order of `shortest_k`, so that the same
        question has the same answer whenever it is asked.

        Raises:
            NotFound: one of the nodes does not exist.
            InvalidArgument: one of them is a context.
        """
        self._check(start, end)
        if moment.known_at is not None or start == end:
            found = self._shortest_k(start, end, 1, moment)
            return found[0] if found else None
        rows = self._ask("shortest", start, end, moment)
        if not rows:
            return None
        nodes = tuple(_node(row, distance) for distance, row in enumerate(rows[0][0]))
        return Path(nodes, tuple(_event(*row) for row in rows[0][1]))

    def is_upstream(self, start: NodeKey, end: NodeKey, *, moment: Moment = NOW) -> bool:
        """Return whether data flows from the first node to the second.

        No node is upstream of itself, whatever rings it is part of.

        Raises:
            NotFound: one of the nodes does not exist.
            InvalidArgument: one of them is a context.
        """
        self._check(start, end)
        return start != end and bool(self._ask("reaches", start, end, moment))

    def shortest_k(self, start: NodeKey, end: NodeKey, k: int, *, moment: Moment = NOW) -> Paths:
        """Return the shortest ways along the data's flow that cross no node twice.

        What lies between the two nodes is fetched once; no list of ways is made beyond those
        asked for. Nodes that several types of event connect are connected once.

        Args:
            start: the upstream end.
            end: the downstream end.
            k: how many ways, at least 1.
            moment: of which state of the world.

        Returns:
            By length, then by the kinds and ids of the nodes; with how many there are in all.

        Raises:
            NotFound: one of the nodes does not exist.
            InvalidArgument: one of them is a context, or k is not positive.
        """
        if k < 1:
            raise InvalidArgument(f"Paths are counted from 1, asked for {k}.", k=k)
        self._check(start, end)
        return self._shortest_k(start, end, k, moment)

    def _shortest_k(self, start: NodeKey, end: NodeKey, k: int, moment: Moment) -> Paths:
        between = _Between([] if start == end else self._ask("between", start, end, moment))
        keys = sorted({start, end}.union(*between.steps))
        numbers = {key: number for number, key in enumerate(keys)}
        found = shortest_simple_paths(
            len(keys),
            [(numbers[source], numbers[target]) for source, target in between.steps],
            start=numbers[start],
            end=numbers[end],
            k=k,
        )
        on_the_way = {keys[number] for path in found.paths for number in path}
        told = self._nodes(on_the_way)
        paths = tuple(
            _path([told[keys[number]] for number in path], between) for path in found.paths
        )
        return Paths(paths, complete=not found.more, total=found.total)

    def _ask(self, name: str, start: NodeKey, end: NodeKey, moment: Moment) -> list[Row]:
        return self._scope.graph.read(
            at_moment(f"paths/{name}", moment, LABELS[start.kind]),
            namespace=self._scope.namespace,
            id=start.id,
            end_is_artifact=end.kind is TypeKind.ARTIFACT,
            end_id=end.id,
            **({} if moment.is_now else moment.parameters),
        )

    def _nodes(self, keys: Iterable[NodeKey]) -> dict[NodeKey, LineageNode]:
        rows = self._scope.graph.read(
            load("paths/nodes"),
            namespace=self._scope.namespace,
            artifact_ids=[key.id for key in keys if key.kind is TypeKind.ARTIFACT],
            execution_ids=[key.id for key in keys if key.kind is TypeKind.EXECUTION],
        )
        nodes = (_node(row, 0) for row in rows_of(rows))
        return {node.key: node for node in nodes}

    def _check(self, *keys: NodeKey) -> None:
        check_exist(self._scope, keys)


def at_moment(name: str, moment: Moment, label: str | None = None) -> Statement:
    """Return the statement of that name, in its form for a moment unless that is now."""
    return load(name if moment.is_now else f"{name}_at", label)


def check_exist(scope: Scope, keys: Sequence[NodeKey]) -> None:
    """Check that all are artifacts and executions of the namespace; a round trip for each kind.

    Raises:
        NotFound: one of them does not exist.
        InvalidArgument: one of them is a context.
    """
    for key in keys:
        if key.kind is TypeKind.CONTEXT:
            raise InvalidArgument(
                f"Data does not flow through contexts, asked for {key}.",
                hint="Ask about an artifact or an execution.",
                key=key,
            )
    for kind in sorted({key.kind for key in keys}):
        ids = [key.id for key in keys if key.kind is kind]
        statement = load("node/missing", LABELS[kind])
        for node_id in scope.graph.read(statement, namespace=scope.namespace, ids=ids)[0][0]:
            raise NotFound(
                f"No {kind.lower()} with id {node_id} in namespace {scope.namespace!r}.",
                kind=kind,
                id=node_id,
            )


class _Between:
    """The events between two nodes, by the steps they make."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.steps: dict[Step, list[_Told]] = {}
        for part, sources, targets, times, paths in rows:
            event_type = str(part).removeprefix(HISTORY_PREFIX)
            source_kind, target_kind = _ends(event_type)
            for source, target, time, path in zip(sources, targets, times, paths, strict=True):
                step = NodeKey(source_kind, source), NodeKey(target_kind, target)
                told = _Told(event_type, None if time is False else time, path or None)
                self.steps.setdefault(step, []).append(told)


class _Told(NamedTuple):
    type: str
    time: int | None
    path: str | None


def _path(nodes: Sequence[LineageNode], between: _Between) -> Path:
    placed = tuple(node._replace(distance=distance) for distance, node in enumerate(nodes))
    events = tuple(
        _event(told.type, source.id, target.id, told.time, told.path)
        for source, target in pairwise(placed)
        for told in sorted(between.steps[source.key, target.key], key=lambda told: told.type)
    )
    return Path(placed, events)


def _ends(event_type: str) -> tuple[TypeKind, TypeKind]:
    if EventType(event_type).is_input:
        return TypeKind.ARTIFACT, TypeKind.EXECUTION
    return TypeKind.EXECUTION, TypeKind.ARTIFACT


def _event(
    part: str, source_id: int, target_id: int, time: int | None, path: str | None
) -> LineageEvent:
    event_type = part.removeprefix(HISTORY_PREFIX)
    is_input = EventType(event_type).is_input
    ends = (source_id, target_id) if is_input else (target_id, source_id)
    return LineageEvent(*ends, event_type, time, path)


def _node(row: list[Any], distance: int) -> LineageNode:
    is_artifact, node_id, type_name, name, state = row
    kind = TypeKind.ARTIFACT if is_artifact else TypeKind.EXECUTION
    return LineageNode(kind, node_id, type_name, name, state, distance)
