"""Reading: an MLMD database as a stream in the order of its ids, in constant memory.

Every table is read in pieces of some thousand rows that begin after the last id of the piece
before, all in one snapshot; so a reader can start again anywhere, and two streams can be read
at once on databases that allow one open result.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

from sqlalchemy import Executable, bindparam, func, null, select, text, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from headwater.errors import DataLoss
from headwater.interchange.accounting import Oddities
from headwater.interchange.mlmd_database import database_url, open_engine, shown_url, snapshot
from headwater.interchange.mlmd_nodes import NodeMaker
from headwater.interchange.mlmd_tables import (
    EVENT_TYPE_NUMBERS,
    EXTERNAL_IDS_SINCE,
    PROTO_VALUES_SINCE,
    owner_column,
)
from headwater.interchange.mlmd_types import SourceTypes, read_types
from headwater.services.stored_values import Stored, ValueEncoder
from headwater_schema import EventType, NodeType, TypeKind

PIECE_ROWS = 5_000
LARGEST_ID = 2**63 - 1
_EVENT_TYPES = {number: kind for kind, number in EVENT_TYPE_NUMBERS.items()}
RowT = TypeVar("RowT")


class SourceEvent(NamedTuple):
    """One event: its id, what it links, its type, its time in ms, and its path as it is stored."""

    id: int
    artifact_id: int
    execution_id: int
    type: EventType
    milliseconds_since_epoch: int | None
    path: str | None


class SourceLink(NamedTuple):
    """One attribution or association: its id, the artifact's or execution's, the context's."""

    id: int
    node_id: int
    context_id: int


class SourceParent(NamedTuple):
    """That one context lies within another."""

    child_id: int
    parent_id: int


class Piece(NamedTuple, Generic[RowT]):
    """Some rows of a table, in order.

    Attributes:
        rows: those that can be taken over; the oddities tell of the others.
        last: where the next piece begins: after this.
        read: how many rows of the source were read for it.
    """

    rows: list[RowT]
    last: tuple[int, int]
    read: int


class MlmdSource:
    """An open MLMD database. Not safe to share between threads.

    The ids it gives are the source's. A type that is there twice has the first one's id.

    Args:
        url: SQLAlchemy URL of an SQLite, MySQL or PostgreSQL database, or path of an SQLite file.
        encoder: makes stored values, putting large ones into the object store.
        until: the largest id to read, by name (`ARTIFACT`, `EVENT`, `attributions` …); all if missing.
    """

    def __init__(
        self, url: str, encoder: ValueEncoder, *, until: Mapping[str, int] | None = None
    ) -> None:
        parsed = database_url(url)
        self.shown = shown_url(parsed)
        self.oddities = Oddities()
        self._until = until or {}
        self._encoder = encoder
        self._resources = ExitStack()
        engine = open_engine(parsed)
        self._resources.callback(engine.dispose)
        try:
            opened = snapshot(engine, self.shown)
            self._connection, self._tables = self._resources.enter_context(opened)
            self._types = self._read_types()
        except BaseException:
            self._resources.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._resources.close()

    @property
    def version(self) -> int:
        """The schema version, 8 to 10."""
        return self._tables.version

    def types(self) -> list[NodeType]:
        """Return the types by id, each once, the system types among them."""
        return list(self._types.models)

    # Streams.

    def stored_nodes(self, kind: TypeKind) -> Iterator[Stored]:
        """Yield the nodes of a kind by id, as the properties that the graph stores.

        All of them but `namespace`: id, type_id, type, times, name, uri, state, and the user's.
        """
        return _flat(self.node_pieces(kind))

    def events(self) -> Iterator[SourceEvent]:
        """Yield the events by id, which is the order in which they were put."""
        return _flat(self.event_pieces())

    def attributions(self) -> Iterator[SourceLink]:
        """Yield which artifacts belong to which contexts."""
        return _flat(self.link_pieces(TypeKind.ARTIFACT))

    def associations(self) -> Iterator[SourceLink]:
        """Yield which executions belong to which contexts."""
        return _flat(self.link_pieces(TypeKind.EXECUTION))

    def parents(self) -> Iterator[SourceParent]:
        """Yield which contexts lie within which."""
        return _flat(self.parent_pieces())

    # Pieces, for those who stop and go on.

    def node_pieces(
        self, kind: TypeKind, *, after: int = 0, size: int = PIECE_ROWS
    ) -> Iterator[Piece[Stored]]:
        """Yield the nodes of a kind in pieces of some number of rows."""
        maker = NodeMaker(kind, self._types, self._encoder, self.oddities)
        until = self._last(kind)
        statement, properties = self._node_statement(kind), self._property_statement(kind)
        while True:
            rows = self._read(statement, after=after, until=until, size=size)
            last = rows[-1][0] if len(rows) == size else until
            values = self._read(properties, after=after, until=last)
            yield Piece(maker.make(rows, values), (last, 0), len(rows))
            if len(rows) < size:
                return
            after = last

    def event_pieces(
        self, *, after: int = 0, size: int = PIECE_ROWS
    ) -> Iterator[Piece[SourceEvent]]:
        """Yield the events in pieces of some number of rows."""
        statement, path_statement = self._event_statement(), self._path_statement()
        has_paths = self._count(self._tables.event_paths) > 0
        until = self._until.get("EVENT", LARGEST_ID)
        while True:
            rows = self._read(statement, after=after, until=until, size=size)
            last = rows[-1][0] if len(rows) == size else until
            paths = self._paths(path_statement, after, last) if has_paths else {}
            events = [event for row in rows if (event := self._event(row, paths)) is not None]
            yield Piece(events, (last, 0), len(rows))
            if len(rows) < size:
                return
            after = last

    def link_pieces(
        self, kind: TypeKind, *, after: int = 0, size: int = PIECE_ROWS
    ) -> Iterator[Piece[SourceLink]]:
        """Yield the attributions (kind ARTIFACT) or associations (EXECUTION) in pieces."""
        table = self._link_table(kind)
        element = link_element(kind)
        until = self._until.get(element, LARGEST_ID)
        statement = self._link_statement(kind)
        node_ids, context_ids = self._types.ids[kind], self._types.ids[TypeKind.CONTEXT]
        while True:
            rows = self._read(statement, after=after, until=until, size=size)
            last = rows[-1][0] if len(rows) == size else until
            links: list[SourceLink] = []
            for row_id, node_id, context_id, node_type, context_type in rows:
                if node_type in node_ids and context_type in context_ids:
                    links.append(SourceLink(row_id, node_id, context_id))
                else:
                    missing = kind.lower() if node_type not in node_ids else "context"
                    self.oddities.add(
                        element,
                        f"their {missing} is missing; left out",
                        f"{table.name} {row_id}: {kind.lower()} {node_id}, context {context_id}",
                        left_out=True,
                    )
            yield Piece(links, (last, 0), len(rows))
            if len(rows) < size:
                return
            after = last

    def parent_pieces(
        self, *, after: tuple[int, int] = (0, 0), size: int = PIECE_ROWS
    ) -> Iterator[Piece[SourceParent]]:
        """Yield the parents of contexts in pieces, by child and parent."""
        statement = self._parent_statement()
        known = self._types.ids[TypeKind.CONTEXT]
        until = self._last(TypeKind.CONTEXT)
        while True:
            rows = self._read(statement, child=after[0], parent=after[1], until=until, size=size)
            parents: list[SourceParent] = []
            for child, parent, child_type, parent_type in rows:
                if child != parent and child_type in known and parent_type in known:
                    parents.append(SourceParent(child, parent))
                else:
                    self.oddities.add(
                        PARENTS,
                        "one of the two is missing, or both are one; left out",
                        f"ParentContext ({child}, {parent})",
                        left_out=True,
                    )
            last = (rows[-1][0], rows[-1][1]) if len(rows) == size else (until, until)
            yield Piece(parents, last, len(rows))
            if len(rows) < size:
                return
            after = last

    # Counts.

    def counts(self) -> dict[str, int]:
        """Return how many rows the source has, by element; see `Reconciled.element`."""
        tables = self._tables
        counts = {
            "types": self._count(tables.types),
            "declared properties": self._count(tables.type_properties),
        }
        for kind in TypeKind:
            counts[node_element(kind)] = self._count(tables.nodes[kind])
        for kind in TypeKind:
            counts[property_element(kind)] = self._count(tables.properties[kind])
        events = tables.events
        by_type = select(events.c.type, func.count()).group_by(events.c.type)
        for number, count in sorted(self._read(by_type.order_by(events.c.type))):
            counts[event_element(_EVENT_TYPES.get(number))] = count + counts.get(
                event_element(_EVENT_TYPES.get(number)), 0
            )
        counts[ATTRIBUTIONS] = self._count(tables.attributions)
        counts[ASSOCIATIONS] = self._count(tables.associations)
        counts[PARENTS] = self._count(tables.parents)
        return counts

    def node_count(self) -> int:
        """Return how many nodes of all kinds the source has."""
        return sum(self._count(table) for table in self._tables.nodes.values())

    def last_ids(self) -> dict[str, int]:
        """Return the largest id of each table that has one, 0 for an empty one."""
        tables = (
            *self._tables.nodes.items(),
            ("EVENT", self._tables.events),
            (ATTRIBUTIONS, self._tables.attributions),
            (ASSOCIATIONS, self._tables.associations),
        )
        return {
            str(name): self._read(select(func.coalesce(func.max(table.c.id), 0)))[0][0]
            for name, table in tables
        }

    def named(self, kind: TypeKind) -> Iterator[list[Sequence[Any]]]:
        """Yield pieces of rows (id, type id, name, external id) of nodes that have one of the two."""
        table = self._tables.nodes[kind]
        external_id = self._external_id(kind)
        statement = (
            select(table.c.id, table.c.type_id, table.c.name, external_id)
            .where(table.c.id > bindparam("after"), table.c.id <= bindparam("until"))
            .order_by(table.c.id)
            .limit(bindparam("size"))
        )
        after = 0
        while True:
            rows = self._read(statement, after=after, until=self._last(kind), size=PIECE_ROWS)
            yield [row for row in rows if row[2] is not None or row[3] is not None]
            if len(rows) < PIECE_ROWS:
                return
            after = rows[-1][0]

    # The rest is private.

    def _read_types(self) -> SourceTypes:
        try:
            return read_types(self._connection, self._tables, self.oddities)
        except DBAPIError as error:
            raise self._failed(error) from error

    def _read(self, statement: Executable, **parameters: int) -> Sequence[Any]:
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except DBAPIError as error:
            raise self._failed(error) from error

    def _failed(self, error: DBAPIError) -> DataLoss:
        return DataLoss(
            f"{self.shown} cannot be read: {str(error.orig).strip().rstrip('.')}.",
            hint="Is the file whole, and is it MLMD's? What was read before this stays imported.",
            address=self.shown,
        )

    def _last(self, kind: TypeKind) -> int:
        return self._until.get(str(kind), LARGEST_ID)

    def _count(self, table: Any) -> int:  # noqa: ANN401 - a Table
        return int(self._read(select(func.count()).select_from(table))[0][0])

    def _external_id(self, kind: TypeKind) -> Any:  # noqa: ANN401 - a column
        if self.version < EXTERNAL_IDS_SINCE:
            return null().label("external_id")
        return self._tables.nodes[kind].c.external_id

    def _node_statement(self, kind: TypeKind) -> Executable:
        table = self._tables.nodes[kind]
        own = {
            TypeKind.ARTIFACT: ("state", "uri"),
            TypeKind.EXECUTION: ("last_known_state",),
            TypeKind.CONTEXT: (),
        }[kind]
        return (
            select(
                table.c.id,
                table.c.type_id,
                table.c.name,
                self._external_id(kind),
                table.c.create_time_since_epoch,
                table.c.last_update_time_since_epoch,
                *(table.c[name] for name in own),
            )
            .where(table.c.id > bindparam("after"), table.c.id <= bindparam("until"))
            .order_by(table.c.id)
            .limit(bindparam("size"))
        )

    def _property_statement(self, kind: TypeKind) -> Executable:
        table = self._tables.properties[kind]
        owner = table.c[owner_column(kind)]
        late = (
            (table.c.bool_value, type_coerce(table.c.proto_value, NullType()))
            if self.version >= PROTO_VALUES_SINCE
            else (null(), null())
        )
        return (
            select(
                owner,
                table.c.name,
                table.c.is_custom_property,
                table.c.int_value,
                table.c.double_value,
                table.c.string_value,
                *late,
            )
            .where(owner > bindparam("after"), owner <= bindparam("until"))
            .order_by(owner)
        )

    def _event_statement(self) -> Executable:
        event = self._tables.events
        artifact = self._tables.nodes[TypeKind.ARTIFACT]
        execution = self._tables.nodes[TypeKind.EXECUTION]
        joined = event.outerjoin(artifact, artifact.c.id == event.c.artifact_id)
        joined = joined.outerjoin(execution, execution.c.id == event.c.execution_id)
        return (
            select(
                event.c.id,
                event.c.artifact_id,
                event.c.execution_id,
                event.c.type,
                event.c.milliseconds_since_epoch,
                artifact.c.type_id,
                execution.c.type_id,
            )
            .select_from(joined)
            .where(event.c.id > bindparam("after"), event.c.id <= bindparam("until"))
            .order_by(event.c.id)
            .limit(bindparam("size"))
        )

    def _event(self, row: Any, paths: Mapping[int, str | None]) -> SourceEvent | None:  # noqa: ANN401 - a row
        event_id, artifact_id, execution_id, number, time, artifact_type, execution_type = row
        kind = _EVENT_TYPES.get(number)
        if kind is None:
            reason = f"of the unknown type {number}; left out"
        elif artifact_type not in self._types.ids[TypeKind.ARTIFACT]:
            reason = "their artifact is missing; left out"
        elif execution_type not in self._types.ids[TypeKind.EXECUTION]:
            reason = "their execution is missing; left out"
        else:
            path = paths.get(event_id)
            return SourceEvent(event_id, artifact_id, execution_id, kind, time, path)
        example = f"Event {event_id}: artifact {artifact_id}, execution {execution_id}"
        self.oddities.add(event_element(kind), reason, example, left_out=True)
        return None

    def _path_statement(self) -> Executable:
        table = self._tables.event_paths
        # Steps have no number; their order is that of insertion.
        order = [text("rowid")] if self._connection.dialect.name == "sqlite" else []
        return (
            select(table.c.event_id, table.c.is_index_step, table.c.step_index, table.c.step_key)
            .where(table.c.event_id > bindparam("after"), table.c.event_id <= bindparam("until"))
            .order_by(table.c.event_id, *order)
        )

    def _paths(self, statement: Executable, after: int, until: int) -> dict[int, str | None]:
        steps: dict[int, list[tuple[bool, Any]]] = {}
        for event_id, is_index, index, key in self._read(statement, after=after, until=until):
            steps.setdefault(event_id, []).append((bool(is_index), index if is_index else key))
        return {event_id: self._encoder.steps(path) for event_id, path in steps.items()}

    def _link_table(self, kind: TypeKind) -> Any:  # noqa: ANN401 - a Table
        tables = self._tables
        return tables.attributions if kind is TypeKind.ARTIFACT else tables.associations

    def _link_statement(self, kind: TypeKind) -> Executable:
        link = self._link_table(kind)
        node, context = self._tables.nodes[kind], self._tables.nodes[TypeKind.CONTEXT]
        node_id = link.c[owner_column(kind)]
        joined = link.outerjoin(node, node.c.id == node_id)
        joined = joined.outerjoin(context, context.c.id == link.c.context_id)
        return (
            select(link.c.id, node_id, link.c.context_id, node.c.type_id, context.c.type_id)
            .select_from(joined)
            .where(link.c.id > bindparam("after"), link.c.id <= bindparam("until"))
            .order_by(link.c.id)
            .limit(bindparam("size"))
        )

    def _parent_statement(self) -> Executable:
        link = self._tables.parents
        child = self._tables.nodes[TypeKind.CONTEXT].alias("child")
        parent = self._tables.nodes[TypeKind.CONTEXT].alias("parent")
        pair = (link.c.context_id, link.c.parent_context_id)
        joined = link.outerjoin(child, child.c.id == pair[0])
        joined = joined.outerjoin(parent, parent.c.id == pair[1])
        return (
            select(*pair, child.c.type_id, parent.c.type_id)
            .select_from(joined)
            .where(
                (pair[0] > bindparam("child"))
                | ((pair[0] == bindparam("child")) & (pair[1] > bindparam("parent"))),
                pair[0] <= bindparam("until"),
            )
            .order_by(*pair)
            .limit(bindparam("size"))
        )


ATTRIBUTIONS = "attributions"
ASSOCIATIONS = "associations"
PARENTS = "parent contexts"


def node_element(kind: TypeKind) -> str:
    """Return how the nodes of a kind are called where they are counted."""
    return f"{kind.lower()}s"


def property_element(kind: TypeKind) -> str:
    """Return how the properties of a kind's nodes are called where they are counted."""
    return f"{kind.lower()} properties"


def event_element(kind: EventType | None) -> str:
    """Return how events of a type are called where they are counted; None for unknown types."""
    return f"{kind or 'unknown'} events"


def link_element(kind: TypeKind) -> str:
    """Return how the links of a kind's nodes to contexts are called where they are counted."""
    return ATTRIBUTIONS if kind is TypeKind.ARTIFACT else ASSOCIATIONS


def _flat(pieces: Iterable[Piece[RowT]]) -> Iterator[RowT]:
    for piece in pieces:
        yield from piece.rows
