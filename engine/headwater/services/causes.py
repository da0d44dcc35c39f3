"""Causes: what several nodes have in common upstream, ranked by how specific it is to them."""

from collections.abc import Collection, Sequence
from typing import Any

from headwater.errors import InvalidArgument
from headwater.query.causes import (
    CommonAncestor,
    CommonAncestors,
    CommonChange,
    decode_position,
    encode_position,
)
from headwater.query.moment import ALWAYS, NOW, Moment
from headwater.query.parts import LineageEvent, LineageNode, NodeKey
from headwater.services.paths import at_moment, check_exist
from headwater.services.scope import Scope
from headwater_schema import EventType, TypeKind
from headwater_schema.stored import HISTORY_PREFIX

_FLOWING = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
_CURSOR = {"namespace", "nodes", "healthy", "kinds", "types", "moment", "first"}


class CauseService:
    """Asks for common causes in one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def common_ancestors(
        self,
        nodes: Sequence[NodeKey],
        *,
        healthy: Sequence[NodeKey] = (),
        kinds: Collection[TypeKind] = _FLOWING,
        types: Collection[str] | None = None,
        limit: int | None = 100,
        moment: Moment = NOW,
    ) -> CommonAncestors:
        """Return what all of some nodes descend from, the most specific first.

        A node is no ancestor of itself. First come those from which the fewest of the healthy
        nodes descend (or which are one), then those whose furthest descendant among the nodes
        is nearest, then by the sum of those distances, newest, artifacts first, by id. One
        traversal for each node, healthy ones too.

        Args:
            nodes: at least one; naming one twice changes nothing.
            healthy: nodes that what is looked for did not harm.
            kinds: only ancestors of these kinds.
            types: only ancestors of these types; None takes all.
            limit: most ancestors in the answer; None has no limit.
            moment: of which state of the world.

        Returns:
            The ancestors; where the limit cut them, counts of the rest and a cursor.

        Raises:
            NotFound: one of the nodes does not exist.
            InvalidArgument: no node is given, one is a context, or the limit is not positive.
        """
        return self._common(
            nodes,
            healthy,
            sorted(kinds),
            None if types is None else sorted(types),
            limit=limit,
            moment=moment,
        )

    def resume(self, cursor: str, *, limit: int | None = 100) -> CommonAncestors:
        """Return what a cut answer left out, from its cursor, in the state that the answer was of.

        Raises:
            InvalidArgument: it is no cursor of such an answer, or one of another namespace.
        """
        said = decode_position(cursor, _CURSOR, self._scope.namespace)
        return self._common(
            [_key(pair) for pair in said["nodes"]],
            [_key(pair) for pair in said["healthy"]],
            [TypeKind(kind) for kind in said["kinds"]],
            said["types"],
            limit=limit,
            moment=Moment(*said["moment"]),
            first=int(said["first"]),
        )

    def most_recent_common_change(
        self, nodes: Sequence[NodeKey], *, before: int | None = None, moment: Moment = NOW
    ) -> CommonChange | None:
        """Return the newest change among what all of some nodes descend from; None if nothing is.

        A node changed when it was last updated, if it was, else when it was created; data came
        into it at the time of an event. Times are valid times: when it happened, not when the
        store learned it. At one time the nearest change comes first, a node before an event.

        Args:
            nodes: at least one.
            before: milliseconds; only changes no later than this. A node updated later counts
                by its creation, as its updates before that are not on it.
            moment: of which state of the world.

        Raises:
            NotFound: one of the nodes does not exist.
            InvalidArgument: no node is given, or one is a context.
        """
        asked = self._checked(nodes, ())
        bounds = [time for time in (before, moment.as_of) if time is not None]
        rows = self._scope.graph.read(
            at_moment("causes/latest", moment),
            namespace=self._scope.namespace,
            starts=_starts(asked, ()),
            count=len(asked),
            before=min(bounds, default=ALWAYS),
            **({} if moment.is_now else moment.parameters),
        )
        if not rows:
            return None
        found = min(rows, key=lambda row: (-row[3], row[4], row[5], row[2] is not None))
        node, is_new, event, time, greatest, total = found
        what = "event" if event is not None else "created" if is_new else "updated"
        told = None if event is None else _event(*event)
        return CommonChange(asked, _node(node, greatest), what, told, time, greatest, total)

    def _common(
        self,
        nodes: Sequence[NodeKey],
        healthy: Sequence[NodeKey],
        kinds: Sequence[TypeKind],
        types: Sequence[str] | None,
        *,
        limit: int | None,
        moment: Moment,
        first: int = 0,
    ) -> CommonAncestors:
        if limit is not None and limit < 1:
            raise InvalidArgument(f"An answer has at least 1, asked for {limit}.", limit=limit)
        asked = self._checked(nodes, healthy)
        others = tuple(dict.fromkeys(healthy))
        last = ALWAYS if limit is None else first + limit
        rows = self._scope.graph.read(
            at_moment("causes/common", moment),
            namespace=self._scope.namespace,
            starts=_starts(asked, others),
            count=len(asked),
            kinds=[kind is TypeKind.ARTIFACT for kind in kinds],
            types=types,
            first=first,
            last=min(last, 2**31 - 1),
            **({} if moment.is_now else moment.parameters),
        )
        total = next(size for _, size, _, _ in rows if size is not None)
        found = tuple(_ancestor(row) for *_, chunk in rows for row in chunk or ())
        left_out: dict[TypeKind, dict[str, int]] = {}
        for is_artifact, type_name, count in (
            row for _, _, counts, _ in rows for row in counts or ()
        ):
            left_out.setdefault(_kind(is_artifact), {})[type_name] = count
        if not left_out:
            return CommonAncestors(asked, others, found, total)
        frozen = Moment(moment.as_of, rows[0][0] if moment.known_at is None else moment.known_at)
        cursor = encode_position(
            {
                "namespace": self._scope.namespace,
                "nodes": asked,
                "healthy": others,
                "kinds": kinds,
                "types": types,
                "moment": frozen,
                "first": first + len(found),
            }
        )
        return CommonAncestors(asked, others, found, total, left_out, cursor)

    def _checked(self, nodes: Sequence[NodeKey], healthy: Sequence[NodeKey]) -> tuple[NodeKey, ...]:
        asked = tuple(dict.fromkeys(nodes))
        if not asked:
            raise InvalidArgument(
                "Common ancestors are asked of at least one node, none was given."
            )
        check_exist(self._scope, [*asked, *healthy])
        return asked


def _starts(nodes: Sequence[NodeKey], healthy: Sequence[NodeKey]) -> list[list[object]]:
    return [
        [key.kind is TypeKind.ARTIFACT, key.id, is_healthy]
        for keys, is_healthy in ((nodes, False), (healthy, True))
        for key in keys
    ]


def _ancestor(row: list[Any]) -> CommonAncestor:
    *node, healthy, greatest, total, created = row
    return CommonAncestor(_node(node, greatest), healthy, greatest, total, created)


def _node(row: Sequence[Any], distance: int) -> LineageNode:
    is_artifact, node_id, type_name, name, state = row
    return LineageNode(_kind(is_artifact), node_id, type_name, name, state, distance)


def _event(
    part: str, source_id: int, target_id: int, time: int | None, path: str | None
) -> LineageEvent:
    event_type = part.removeprefix(HISTORY_PREFIX)
    is_input = EventType(event_type).is_input
    ends = (source_id, target_id) if is_input else (target_id, source_id)
    return LineageEvent(*ends, event_type, time, path)


def _key(pair: Sequence[Any]) -> NodeKey:
    return NodeKey(TypeKind(pair[0]), int(pair[1]))


def _kind(is_artifact: bool) -> TypeKind:  # noqa: FBT001 - a column of the answer
    return TypeKind.ARTIFACT if is_artifact else TypeKind.EXECUTION
