"""Tables: the SQL schema of MLMD's databases, versions 8 to 10, as its own client makes it.

Version 9 added external ids, version 10 PROTO and BOOLEAN values. Knows no data.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import (
    BLOB,
    TEXT,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from headwater_schema import ArtifactState, EventType, ExecutionState, PropertyKind, TypeKind
from headwater_schema.stored import LABELS

VERSIONS = (8, 9, 10)
"""Schema versions that can be read; the last is the one that is written."""

EXTERNAL_IDS_SINCE = 9
PROTO_VALUES_SINCE = 10

# The numbers of ml_metadata's enums, which are what the tables hold.
KIND_NUMBERS = {TypeKind.EXECUTION: 0, TypeKind.ARTIFACT: 1, TypeKind.CONTEXT: 2}
PROPERTY_KIND_NUMBERS = {kind: number for number, kind in enumerate(PropertyKind, start=1)}
ARTIFACT_STATE_NUMBERS = {state: number for number, state in enumerate(ArtifactState)}
EXECUTION_STATE_NUMBERS = {state: number for number, state in enumerate(ExecutionState)}
EVENT_TYPE_NUMBERS = {kind: number for number, kind in enumerate(EventType, start=1)}

STRUCT_PREFIX = "mlmd-struct::"
"""What begins a STRUCT in a string column; base64 of a serialized `Struct` message follows."""

NULL_TEXT = "__MLMD_NULL__"
"""A string that MLMD's client cannot tell from no value."""


@dataclass(frozen=True)
class Tables:
    """The tables of one schema version.

    Attributes:
        metadata: all of them.
        version: the schema version.
    """

    metadata: MetaData
    version: int
    types: Table
    type_properties: Table
    parent_types: Table
    nodes: Mapping[TypeKind, Table]
    properties: Mapping[TypeKind, Table]
    events: Table
    event_paths: Table
    associations: Table
    attributions: Table
    parents: Table
    env: Table


def tables_of(version: int, names: Mapping[str, str] | None = None) -> Tables:
    """Return the tables of a schema version.

    Args:
        version: one of `VERSIONS`.
        names: how a table is called in the database, by MLMD's name in lower case; PostgreSQL
            folds names that MLMD leaves unquoted.
    """
    return _Maker(version, names or {}).tables()


def owner_column(kind: TypeKind) -> str:
    """Return the column of a kind's property table that holds the node's id."""
    return f"{kind.lower()}_id"


class _Maker:
    def __init__(self, version: int, names: Mapping[str, str]) -> None:
        self._version = version
        self._names = names
        self._metadata = MetaData()

    def tables(self) -> Tables:
        return Tables(
            metadata=self._metadata,
            version=self._version,
            types=self._types(),
            type_properties=self._table(
                "TypeProperty", *_pair("type_id"), Column("data_type", Integer), key_name=True
            ),
            parent_types=self._table("ParentType", *_pair("type_id", "parent_type_id")),
            nodes={kind: self._nodes(kind) for kind in LABELS},
            properties={kind: self._properties(kind) for kind in LABELS},
            events=self._events(),
            event_paths=self._event_paths(),
            associations=self._links("Association", "execution_id"),
            attributions=self._links("Attribution", "artifact_id"),
            parents=self._parents(),
            env=self._table(
                "MLMDEnv", Column("schema_version", Integer, primary_key=True, nullable=True)
            ),
        )

    def _table(
        self,
        name: str,
        *columns: Column[object] | Index | UniqueConstraint,
        key_name: bool = False,
        counted: bool = False,
    ) -> Table:
        named = [Column("name", String(255), primary_key=True)] if key_name else []
        return Table(
            self._names.get(name.lower(), name),
            self._metadata,
            *columns[:1],
            *named,
            *columns[1:],
            sqlite_autoincrement=counted,
        )

    def _external_id(self, name: str) -> list[Column[object] | Index | UniqueConstraint]:
        if self._version < EXTERNAL_IDS_SINCE:
            return []
        return [
            Column("external_id", String(255), unique=True),
            Index(f"idx_{name.lower()}_external_id", "external_id"),
        ]

    def _types(self) -> Table:
        return self._table(
            "Type",
            _id(),
            Column("name", String(255), nullable=False),
            Column("version", String(255)),
            Column("type_kind", SmallInteger, nullable=False),
            Column("description", TEXT),
            Column("input_type", TEXT),
            Column("output_type", TEXT),
            *self._external_id("Type"),
            Index("idx_type_name", "name"),
            counted=True,
        )

    def _nodes(self, kind: TypeKind) -> Table:
        name = LABELS[kind]
        lower = name.lower()
        own: list[Column[object] | Index | UniqueConstraint] = []
        if kind is TypeKind.ARTIFACT:
            own = [
                Column("uri", TEXT),
                Column("state", Integer),
                Index("idx_artifact_uri", "uri"),
            ]
        elif kind is TypeKind.EXECUTION:
            own = [Column("last_known_state", Integer)]
        times = ("create_time_since_epoch", "last_update_time_since_epoch")
        return self._table(
            name,
            _id(),
            Column("type_id", Integer, nullable=False),
            *own,
            Column("name", String(255), nullable=kind is not TypeKind.CONTEXT),
            *self._external_id(name),
            *(_time(time) for time in times),
            UniqueConstraint("type_id", "name"),
            *(Index(f"idx_{lower}_{time}", time) for time in times),
            counted=True,
        )

    def _properties(self, kind: TypeKind) -> Table:
        late: list[Column[object]] = []
        if self._version >= PROTO_VALUES_SINCE:
            # The client keeps base64 text in this column on every database, whatever its type.
            late = [Column("proto_value", BLOB), Column("bool_value", SmallInteger)]
        table = self._table(
            f"{LABELS[kind]}Property",
            Column(owner_column(kind), Integer, primary_key=True, autoincrement=False),
            Column("is_custom_property", SmallInteger, primary_key=True, autoincrement=False),
            Column("int_value", Integer),
            Column("double_value", Double),
            Column("string_value", TEXT),
            Column("byte_value", BLOB),
            *late,
            key_name=True,
        )
        for what in ("int", "double", "string"):
            column = table.c[f"{what}_value"]
            Index(
                f"idx_{kind.lower()}_property_{what}",
                table.c.name,
                table.c.is_custom_property,
                column,
                sqlite_where=column.is_not(None),
            )
        return table

    def _events(self) -> Table:
        return self._table(
            "Event",
            _id(),
            Column("artifact_id", Integer, nullable=False),
            Column("execution_id", Integer, nullable=False),
            Column("type", Integer, nullable=False),
            Column("milliseconds_since_epoch", Integer),
            UniqueConstraint("artifact_id", "execution_id", "type"),
            Index("idx_event_execution_id", "execution_id"),
            counted=True,
        )

    def _event_paths(self) -> Table:
        return self._table(
            "EventPath",
            Column("event_id", Integer, nullable=False),
            Column("is_index_step", SmallInteger, nullable=False),
            Column("step_index", Integer),
            Column("step_key", TEXT),
            Index("idx_eventpath_event_id", "event_id"),
        )

    def _links(self, name: str, node: str) -> Table:
        return self._table(
            name,
            _id(),
            Column("context_id", Integer, nullable=False),
            Column(node, Integer, nullable=False),
            UniqueConstraint("context_id", node),
            counted=True,
        )

    def _parents(self) -> Table:
        return self._table(
            "ParentContext",
            *_pair("context_id", "parent_context_id"),
            Index("idx_parentcontext_parent_context_id", "parent_context_id"),
        )


def _time(name: str) -> Column[object]:
    return Column(name, Integer, nullable=False, server_default="0")


def _id() -> Column[object]:
    return Column("id", Integer, primary_key=True, autoincrement=True, nullable=True)


def _pair(*names: str) -> list[Column[object]]:
    return [Column(name, Integer, primary_key=True, autoincrement=False) for name in names]
