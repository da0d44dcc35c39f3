"""History: what was changed, by whom and why, and what the store said at a moment.

A node's past state is its present one with the later changes undone, so nothing is kept twice
and a node that never changed costs nothing. Of changes that were recorded late, those of the moment
are made again. Two clocks count: valid time, when something was so, and recorded time, when the
store learned it, which is the database server's own.

An answer as known at a moment is final once no open write can still be recorded at or before
it. The `horizon` says up to when that is so: each write is recorded after its transaction began,
so what began last among those still open bounds it from above.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.errors import DataLoss, InvalidArgument, NotFound
from headwater.graph.records import decode_node, rows_of
from headwater.graph.statements import load
from headwater.query.moment import ALWAYS, Moment
from headwater.query.parts import NodeKey
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.change_reading import element_changes, verify
from headwater_schema.change_records import digest, resolve
from headwater_schema.change_values import ERASED, Values, open_values
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import (
    FREED_KEYS,
    LABELS,
    RECORDED_AT,
    REVISION,
    TOMBSTONE,
    VALID_AT,
)

MARGIN_MS = 100
"""How far the horizon stays behind, for a transaction that has its time and is not yet listed."""

Stored = dict[str, Any]
Shown = tuple[str, str | None, str | None]
"""Type, name and state of a node."""


@dataclass(frozen=True)
class RecordedChange:
    """One change, as its record tells it.

    Attributes:
        id: of the change.
        operation: what was called.
        recorded_at: when the store learned it, in milliseconds.
        valid_at: from when on it is so, in milliseconds.
        actor: who.
        reason: why.
        request_id: of which request.
        changes: what changed, element by element; of an update only what differs. An erased
            value is ERASED.
        digest: sha256 of the record's canonical bytes, in hex.
    """

    id: str
    operation: str
    recorded_at: int
    valid_at: int
    actor: str
    reason: str
    request_id: str
    changes: tuple[ElementChange, ...]
    digest: str


class HistoryService:
    """Reads the past of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def horizon(self) -> int:
        """Return up to when, in milliseconds, what was known cannot change any more."""
        return int(self._scope.graph.read(load("change/horizon"))[0][0]) - MARGIN_MS

    def now(self) -> int:
        """Return what time it is by the database server's clock, in milliseconds."""
        return int(self._scope.graph.read(load("change/now"))[0][0])

    def is_provisional(self, moment: Moment) -> bool:
        """Return whether an open write may still change an answer about what was known then."""
        return moment.known_at is not None and moment.known_at > self.horizon()

    def at(self, keys: Iterable[NodeKey], moment: Moment) -> dict[NodeKey, Stored | None]:
        """Return the stored properties of nodes at a moment; None of one that was not known then.

        A node is known from its making on, whatever its times say; of its properties, those
        hold that were valid. Nodes that do not exist at all are left out.
        """
        found: dict[NodeKey, Stored | None] = {}
        waiting: dict[NodeKey, tuple[Stored, list[str]]] = {}
        for key, stored, changes in self._nodes(keys):
            if changes and is_later(stored, moment):
                waiting[key] = stored, changes
            else:
                found[key] = None if _is_unknown(stored, moment) else stored
        records = self._records({change for _, ids in waiting.values() for change in ids})
        for key, (stored, changes) in waiting.items():
            found[key] = _state_at(key, stored, [records[change] for change in changes], moment)
        return found

    def known(self, keys: Iterable[NodeKey], moment: Moment) -> dict[NodeKey, Stored]:
        """Return what `at` does, without the nodes that were not known then."""
        found = self.at(keys, moment)
        return {key: stored for key, stored in found.items() if stored is not None}

    def shown(self, keys: Sequence[NodeKey], moment: Moment) -> dict[NodeKey, Shown | None]:
        """Return what an answer shows of nodes as they were at a moment; None of unknown ones."""
        found = self.at(keys, moment)
        return {key: None if stored is None else _shown(stored) for key, stored in found.items()}

    def nodes_at(self, kind: TypeKind, ids: Iterable[int], moment: Moment) -> list[Any]:
        """Return nodes of a kind as they were at a moment, without those that were not known then."""
        found = self.known([NodeKey(kind, node_id) for node_id in ids], moment)
        return [decode_node(kind, stored, self._scope.fetch) for stored in found.values()]

    def node_at(self, key: NodeKey, moment: Moment) -> Any:  # noqa: ANN401 - a node of that kind
        """Return a node as it was at a moment.

        Raises:
            NotFound: there is no such node, or the store did not know it then.
        """
        stored = self.at([key], moment).get(key)
        if stored is None:
            raise NotFound(
                f"No {key.kind.lower()} with id {key.id} was known in namespace "
                f"{self._scope.namespace!r} at {moment.known_at}.",
                kind=key.kind,
                id=key.id,
                known_at=moment.known_at,
            )
        return decode_node(key.kind, stored, self._scope.fetch)

    def of(self, key: NodeKey) -> list[RecordedChange]:
        """Return the changes of a node after its making, the latest first.

        Raises:
            NotFound: there is no such node.
        """
        rows = list(self._nodes([key]))
        if not rows:
            raise NotFound(
                f"No {key.kind.lower()} with id {key.id} in namespace {self._scope.namespace!r}.",
                kind=key.kind,
                id=key.id,
            )
        ids = rows[0][2]
        records = self._records(ids)
        return [_told(records[change], _element(key)) for change in ids]

    def changes(
        self,
        *,
        since: int = 0,
        until: int = ALWAYS,
        limit: int = 100,
        after: RecordedChange | None = None,
    ) -> list[RecordedChange]:
        """Return changes of the namespace by when they were recorded, the latest first.

        Args:
            since: recorded then or later, in milliseconds.
            until: recorded then or before.
            limit: at most so many.
            after: the last one seen; go on behind it.

        Raises:
            InvalidArgument: the limit is not positive.
        """
        if limit < 1:
            raise InvalidArgument(f"A limit is at least 1, asked for {limit}.", limit=limit)
        rows = self._scope.graph.read(
            load("change/page"),
            namespace=self._scope.namespace,
            since=since,
            until=until,
            before_time=ALWAYS if after is None else after.recorded_at,
            before_id="" if after is None else after.id,
            limit=limit,
        )
        return [_told(_Record.of(row[0]), None) for row in rows]

    def _nodes(self, keys: Iterable[NodeKey]) -> Iterator[tuple[NodeKey, Stored, list[str]]]:
        by_kind: dict[TypeKind, list[int]] = {}
        for key in dict.fromkeys(keys):
            by_kind.setdefault(key.kind, []).append(key.id)
        for kind, ids in by_kind.items():
            chunks = self._scope.graph.read(
                load("change/of_nodes", LABELS[kind]), namespace=self._scope.namespace, ids=ids
            )
            for node_id, stored, changes in rows_of(chunks):
                yield NodeKey(kind, node_id), stored, changes

    def _records(self, ids: Iterable[str]) -> dict[str, "_Record"]:
        wanted = list(ids)
        if not wanted:
            return {}
        rows = self._scope.graph.read(
            load("change/by_ids"), namespace=self._scope.namespace, ids=wanted
        )
        return {row[0]["id"]: _Record.of(row[0]) for row in rows}


@dataclass(frozen=True)
class _Record:
    """A `:Change` node, opened."""

    stored: Mapping[str, Any]
    resolved: Mapping[str, Any]
    values: Values | None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "_Record":
        kept = stored.get("values")
        record = cls(
            stored,
            resolve(bytes(stored["record"]), stored["given"]),
            None if kept is None else open_values(bytes(kept)),
        )
        if wrong := verify(record.resolved, record.values):
            raise DataLoss(
                f"Values of change {stored['id']} do not fit its record: {wrong[0]} and "
                f"{len(wrong) - 1} more. Somebody has written into the database by hand.",
                id=stored["id"],
            )
        return record

    def about(self, element: Element | None) -> list[ElementChange]:
        about = None if element is None else {element}
        return element_changes(self.resolved, self.values, about=about)


def _told(record: _Record, element: Element | None) -> RecordedChange:
    stored = record.stored
    return RecordedChange(
        id=stored["id"],
        operation=stored["operation"],
        recorded_at=stored["recorded_at"],
        valid_at=stored["valid_at"],
        actor=stored.get("actor", ""),
        reason=stored.get("reason", ""),
        request_id=stored.get("request_id", ""),
        changes=tuple(record.about(element)),
        digest=digest(record.resolved),
    )


def _element(key: NodeKey) -> Element:
    return Element(ElementKind(key.kind), (key.id,))


def _shown(stored: Mapping[str, Any]) -> Shown:
    gone = stored.get(TOMBSTONE) is not None
    state = "DELETED" if gone else stored.get("state", stored.get("last_known_state"))
    return stored["type"], stored.get("name", stored.get(FREED_KEYS["name"])), state


def is_later(stored: Mapping[str, Any], moment: Moment) -> bool:
    """Return whether a node's latest change, or a record, lies behind a moment."""
    known_at = ALWAYS if moment.known_at is None else moment.known_at
    as_of = ALWAYS if moment.as_of is None else moment.as_of
    recorded_at, valid_at = stored.get(RECORDED_AT, 0), stored.get(VALID_AT, 0)
    return bool(recorded_at > known_at or valid_at > as_of)


def _is_unknown(stored: Mapping[str, Any], moment: Moment) -> bool:
    return moment.known_at is not None and bool(stored.get(RECORDED_AT, 0) > moment.known_at)


def _state_at(
    key: NodeKey, stored: Stored, records: Sequence[_Record], moment: Moment
) -> Stored | None:
    """Return a node's properties at a moment; None where it was not known then.

    They are those of its making with the changes of that moment made to them in the order in
    which they were recorded, as they were made to the present. A late one, valid before one that
    was recorded earlier, can lie behind one that does not count yet. So all are undone until none
    is left that does not count, and those among them that do are made again.
    """
    told = [(record, record.about(_element(key))) for record in records]
    # Within a millisecond, times do not say which came first.
    told.sort(key=lambda each: max(map(_revision, each[1]), default=1), reverse=True)
    state = dict(stored)
    undone = []
    for record, changes in told:
        if not is_later(state, moment):
            break
        for change in reversed(changes):
            _set(state, change.after, change.before)
        undone.append((record, changes))
    if _is_unknown(state, moment):
        return None
    for record, changes in reversed(undone):
        if not is_later(record.stored, moment):
            valid_at = max(record.stored[VALID_AT], state.get(VALID_AT, 0))
            for change in changes:
                _set(state, change.before, change.after)
            state[VALID_AT] = valid_at
    return state


def _revision(change: ElementChange) -> int:
    return int((change.after or {}).get(REVISION, 1))


def _set(state: Stored, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> None:
    """Put what a change has on one side in the place of what it has on the other."""
    new = new or {}
    for name in old or {}:
        if name not in new:
            state.pop(name, None)
    for name, value in new.items():
        state[name] = None if value is ERASED else value
    if state.get(REVISION) == 1:
        del state[REVISION]
