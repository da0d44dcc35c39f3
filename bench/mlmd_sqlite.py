"""MLMD's side of a generated graph: its own SQLite schema, filled by plain SQL.

The tables and the numbers in them are those of ml-metadata 1.17.1, schema version 10, whose
client opens the file as one of its own.
"""

import json
import sqlite3
from itertools import islice
from pathlib import Path

from headwater_schema import ArtifactState, EventType, ExecutionState, PropertyKind, TypeKind

SCHEMA_VERSION = 10
_SCHEMA = Path(__file__).with_name("mlmd_schema.sql")
_PIECE = 50_000
_KINDS = {TypeKind.EXECUTION: 0, TypeKind.ARTIFACT: 1, TypeKind.CONTEXT: 2}
_TABLES = {
    TypeKind.ARTIFACT: "Artifact",
    TypeKind.EXECUTION: "Execution",
    TypeKind.CONTEXT: "Context",
}
_OWN = {
    TypeKind.ARTIFACT: ("uri", "state"),
    TypeKind.EXECUTION: ("last_known_state",),
    TypeKind.CONTEXT: (),
}
_SHARED = (
    "id",
    "type_id",
    "name",
    "external_id",
    "create_time_since_epoch",
    "last_update_time_since_epoch",
)
_PROPERTY_KINDS = {kind: number for number, kind in enumerate(PropertyKind, start=1)}
_EVENT_TYPES = {kind: number for number, kind in enumerate(EventType, start=1)}
_STATES = {str(state): number for number, state in enumerate(ArtifactState)}
_LAST_STATES = {str(state): number for number, state in enumerate(ExecutionState)}
_COLUMNS = {int: 0, float: 1, str: 2, bool: 3}


def write_mlmd(path, source):
    """Write a new MLMD database with all that the source gives, ids and times included.

    Args:
        path: of the file; must not exist.
        source: as `headwater.interchange.bulk.Source` says; of the kinds of values INT, DOUBLE,
            STRING and BOOLEAN.
    """
    if Path(path).exists():
        raise SystemExit(f"{path} exists already")
    statements = _SCHEMA.read_text(encoding="utf-8")
    tables, _, indexes = statements.partition("CREATE INDEX")
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        connection.executescript(tables)
        connection.execute("BEGIN")
        _types(connection, source.types())
        for kind in _TABLES:
            _nodes(connection, kind, source.stored_nodes(kind))
        _events(connection, source.events())
        for table, node, rows in (
            ("Attribution", "artifact_id", source.attributions()),
            ("Association", "execution_id", source.associations()),
        ):
            insert = f"INSERT INTO {table} (id, {node}, context_id) VALUES (?, ?, ?)"  # noqa: S608 - our own names
            _many(connection, insert, rows)
        _many(
            connection,
            "INSERT INTO ParentContext (context_id, parent_context_id) VALUES (?, ?)",
            source.parents(),
        )
        connection.execute("COMMIT")
        connection.executescript("CREATE INDEX" + indexes)
    finally:
        connection.close()


def _types(connection, types):
    connection.execute("INSERT INTO MLMDEnv (schema_version) VALUES (?)", (SCHEMA_VERSION,))
    rows = [(t.id, t.name, _KINDS[t.kind]) for t in types]
    connection.executemany("INSERT INTO Type (id, name, type_kind) VALUES (?, ?, ?)", rows)
    connection.executemany(
        "INSERT INTO TypeProperty (type_id, name, data_type) VALUES (?, ?, ?)",
        [(t.id, key, _PROPERTY_KINDS[kind]) for t in types for key, kind in t.properties.items()],
    )


def _nodes(connection, kind, nodes):
    columns = (*_SHARED, *_OWN[kind])
    table = _TABLES[kind]
    marks = ", ".join("?" * len(columns))
    node_insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
    property_insert = (
        f"INSERT INTO {table}Property ({table.lower()}_id, name, is_custom_property, "  # noqa: S608 - likewise
        "int_value, double_value, string_value, bool_value) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    stream = iter(nodes)
    while piece := list(islice(stream, _PIECE)):
        rows, properties = [], []
        for node in piece:
            rows.append([_number(column, node.get(column)) for column in columns])
            for key, value in node.items():
                if key[:2] in ("p_", "c_"):
                    values = [None, None, None, None]
                    values[_COLUMNS[type(value)]] = value
                    properties.append((node["id"], key[2:], key[0] == "c", *values))
        connection.executemany(node_insert, rows)
        # The key of the table is (id, name, custom): in its order the tree grows at its end.
        properties.sort(key=lambda row: row[:3])
        connection.executemany(property_insert, properties)


def _number(column, value):
    if value is None:
        return "" if column == "uri" else None
    if column == "state":
        return _STATES[value]
    return _LAST_STATES[value] if column == "last_known_state" else value


def _events(connection, events):
    stream = iter(events)
    while piece := list(islice(stream, _PIECE)):
        rows = [(*row[:3], _EVENT_TYPES[row[3]], row[4]) for row in piece]
        connection.executemany(
            "INSERT INTO Event (id, artifact_id, execution_id, type, milliseconds_since_epoch) "
            "VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        steps = [
            (event_id, "index" in step, step.get("index"), step.get("key"))
            for event_id, *_, path in piece
            if path is not None
            for step in json.loads(path)
        ]
        connection.executemany(
            "INSERT INTO EventPath (event_id, is_index_step, step_index, step_key) "
            "VALUES (?, ?, ?, ?)",
            steps,
        )


def _many(connection, statement, rows):
    stream = iter(rows)
    while piece := list(islice(stream, _PIECE)):
        connection.executemany(statement, piece)
