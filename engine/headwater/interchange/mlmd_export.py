"""Export: a namespace into a new MLMD database, an SQLite file of schema version 10.

Ids, times and values are kept. What MLMD has no place for is left out and told of: digest and
size of payloads, series and version of artifacts (the name `clf@3` is there), indexing of
declared properties, and the names of deleted nodes, which others may have taken.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, event, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.interchange.accounting import Oddities, Report, reconcile
from headwater.interchange.mlmd_database import database_url
from headwater.interchange.mlmd_reader import (
    ASSOCIATIONS,
    ATTRIBUTIONS,
    PARENTS,
    MlmdSource,
    event_element,
    link_element,
    node_element,
    property_element,
)
from headwater.interchange.mlmd_tables import (
    ARTIFACT_STATE_NUMBERS,
    EVENT_TYPE_NUMBERS,
    EXECUTION_STATE_NUMBERS,
    KIND_NUMBERS,
    NULL_TEXT,
    PROPERTY_KIND_NUMBERS,
    STRUCT_PREFIX,
    VERSIONS,
    owner_column,
    tables_of,
)
from headwater.interchange.mlmd_values import proto_text, struct_text
from headwater.local.progress import Progress, Silent
from headwater.store import MetadataStore
from headwater_schema import (
    Artifact,
    EventType,
    Execution,
    NodeType,
    PropertyKind,
    TypeKind,
    kind_of,
)
from headwater_schema.nodes import Node

_CLIENT_DIGITS = 15
"""Digits of a double that MLMD's client reads back from SQLite."""

_STRUCT_LIST_KEY = "values"
"""A STRUCT that is a list, which MLMD's cannot be, stands under this key of one."""

_LINKS = {TypeKind.ARTIFACT: "attributions", TypeKind.EXECUTION: "associations"}
Row = dict[str, Any]


def export_mlmd(
    store: MetadataStore, target: str | os.PathLike[str], *, progress: Progress | None = None
) -> Report:
    """Return what an export of the store's namespace into a new MLMD database did.

    The file appears at its place when it is whole. What is written to the namespace meanwhile
    may be in it or not; an edge to a node that came too late is left out and told of.

    Args:
        store: its namespace is exported.
        target: path or `sqlite:///` URL of a file that does not exist.
        progress: is told of each step.

    Raises:
        AlreadyExists: the file exists.
        NotFound: its folder does not exist, or the namespace.
        InvalidArgument: the URL is not one of SQLite's.
        DataLoss: a value lies in the object store and is missing there.
    """
    path = _path(os.fspath(target))
    if not store.namespaces.exists():
        raise NotFound(
            f"No namespace {store.namespace!r}; nothing to export.", namespace=store.namespace
        )
    return _Export(store, path, progress or Silent()).run()


def _path(target: str) -> Path:
    url = database_url(target)
    if url.get_backend_name() != "sqlite":
        raise InvalidArgument(
            "Only SQLite files are written.", hint="Give a path, or sqlite:///PATH."
        )
    path = Path(url.database or "").absolute()
    if path.exists():
        raise AlreadyExists(
            f"{str(path)!r} exists already; an export makes a new file.",
            hint="Give another path, or remove the file first.",
            path=str(path),
        )
    if not path.parent.is_dir():
        raise NotFound(f"There is no folder {str(path.parent)!r}.", path=str(path.parent))
    return path


class _Export:
    def __init__(self, store: MetadataStore, path: Path, progress: Progress) -> None:
        self._store = store
        self._path = path
        self._progress = progress
        self._tables = tables_of(VERSIONS[-1])
        self._oddities = Oddities()
        self._counts: dict[str, int] = {}
        self._ids: dict[TypeKind, set[int]] = {kind: set() for kind in TypeKind}
        self._spans: dict[TypeKind, list[tuple[int, int]]] = {kind: [] for kind in TypeKind}
        self._began_s = time.monotonic()

    def run(self) -> Report:
        partial = self._path.with_name(f"{self._path.name}.part-{os.getpid()}")
        try:
            self._write(partial)
            report = self._reconciled(partial)
            self._publish(partial)
        finally:
            partial.unlink(missing_ok=True)
        return report

    def _publish(self, partial: Path) -> None:
        try:
            # Unlike a rename, a link does not take the place of what has come there meanwhile.
            os.link(partial, self._path)
        except FileExistsError as error:
            raise AlreadyExists(
                f"{str(self._path)!r} exists already; an export makes a new file.",
                path=str(self._path),
            ) from error

    def _write(self, partial: Path) -> None:
        partial.unlink(missing_ok=True)
        engine = create_engine(f"sqlite:///{partial}", poolclass=NullPool)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        try:
            with engine.begin() as connection:
                self._tables.metadata.create_all(connection)
                connection.execute(insert(self._tables.env), [{"schema_version": VERSIONS[-1]}])
                self._write_types(connection)
                for kind in TypeKind:
                    self._write_nodes(connection, kind)
                self._write_events(connection)
                for kind in TypeKind:
                    self._write_links(connection, kind)
        except DBAPIError as error:
            raise FailedPrecondition(
                f"{str(self._path)!r} cannot be written: {str(error.orig).rstrip('.')}.",
                path=str(self._path),
            ) from error
        finally:
            engine.dispose()
        with partial.open("rb") as file:
            os.fsync(file.fileno())

    def _put(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        if rows:
            connection.execute(insert(table), rows)

    # Types.

    def _write_types(self, connection: Connection) -> None:
        tables = self._tables
        types = self._store.exports.types()
        self._put(connection, tables.types, [_type_row(node_type) for node_type in types])
        properties = [
            {"type_id": t.id, "name": key, "data_type": PROPERTY_KIND_NUMBERS[kind]}
            for t in types
            for key, kind in t.properties.items()
        ]
        self._put(connection, tables.type_properties, properties)
        by_name = {(t.kind, t.name): t.id for t in types if not t.version}
        bases = [
            {"type_id": t.id, "parent_type_id": by_name[t.kind, str(base)]}
            for t in types
            if (base := getattr(t, "base_type", None)) is not None
        ]
        self._put(connection, tables.parent_types, bases)
        self._counts["types"] = len(types)
        self._counts["declared properties"] = len(properties)
        for t in types:
            if t.unindexed:
                reason = "declare properties that get no index, which MLMD cannot say"
                self._oddities.add("types", reason, f"type {t.id} ({t.name!r:.200})")

    # Nodes.

    def _write_nodes(self, connection: Connection, kind: TypeKind) -> None:
        element, property_name = node_element(kind), property_element(kind)
        self._counts[element] = self._counts[property_name] = 0
        self._progress.begin(f"Exporting {element}", None)
        after = -1
        try:
            for nodes in self._store.exports.nodes(kind):
                rows = [self._node_row(kind, node) for node in nodes]
                values = [row for node in nodes for row in self._property_rows(kind, node)]
                self._put(connection, self._tables.nodes[kind], rows)
                self._put(connection, self._tables.properties[kind], values)
                self._counts[element] += len(nodes)
                self._ids[kind].update(row["id"] for row in rows)
                self._spans[kind].append((after, rows[-1]["id"]))
                after = rows[-1]["id"]
                self._progress.advance(len(nodes))
        finally:
            self._progress.end()

    def _node_row(self, kind: TypeKind, node: Node) -> Row:
        row: Row = {
            "id": node.id,
            "type_id": node.type_id,
            "name": node.name,
            "external_id": node.external_id,
            "create_time_since_epoch": node.create_time_since_epoch,
            "last_update_time_since_epoch": node.last_update_time_since_epoch,
        }
        if node.deleted_time_since_epoch is not None:
            self._odd(kind, "are tombstones; written without name and external id", node)
            row["name"] = row["external_id"] = None
        self._check_texts(kind, node)
        if isinstance(node, Artifact):
            row["uri"] = node.uri or ""
            row["state"] = None if node.state is None else ARTIFACT_STATE_NUMBERS[node.state]
            if node.digest is not None:
                self._odd(kind, "have a digest and size, which are left out", node)
            if node.series is not None:
                self._odd(kind, "are versions of a series, which only their names tell", node)
        elif isinstance(node, Execution):
            state = node.last_known_state
            row["last_known_state"] = None if state is None else EXECUTION_STATE_NUMBERS[state]
        elif row["name"] is None:
            # The column cannot be empty, and (type, name) is unique.
            row["name"] = f"mlmd-export:context:{node.id}"
            self._odd(kind, "have no name, which MLMD demands; named mlmd-export:context:ID", node)
        return row

    def _check_texts(self, kind: TypeKind, node: Node) -> None:
        for text in (node.name, node.external_id, getattr(node, "uri", None)):
            if text is not None and ("\0" in text or text == NULL_TEXT):
                self._odd(kind, "have a text that MLMD's client reads cut or not at all", node)

    def _property_rows(self, kind: TypeKind, node: Node) -> Iterator[Row]:
        owner = owner_column(kind)
        for is_custom, values in enumerate((node.properties, node.custom_properties)):
            for key, value in values.items():
                self._counts[property_element(kind)] += 1
                columns = self._columns(kind, node, key, value)
                if columns is not None:
                    yield {
                        owner: node.id,
                        "name": key,
                        "is_custom_property": is_custom,
                        **_NO_VALUE,
                        **columns,
                    }

    def _columns(self, kind: TypeKind, node: Node, key: str, value: Any) -> Row | None:  # noqa: ANN401 - any property value
        match kind_of(value):
            case PropertyKind.INT:
                return {"int_value": value}
            case PropertyKind.DOUBLE:
                return self._double(kind, node, key, value)
            case PropertyKind.BOOLEAN:
                return {"bool_value": int(value)}
            case PropertyKind.PROTO:
                return {"proto_value": proto_text(value).encode()}
            case PropertyKind.STRUCT:
                if isinstance(value, list):
                    value = {_STRUCT_LIST_KEY: value}
                    self._odd_value(
                        kind, node, key, "are lists, which stand under the key 'values'"
                    )
                return {"string_value": struct_text(value)}
            case PropertyKind.STRING:
                if "\0" in value or value == NULL_TEXT or value.startswith(STRUCT_PREFIX):
                    self._odd_value(
                        kind, node, key, "are strings that MLMD's client reads cut or not at all"
                    )
                return {"string_value": value}

    def _double(self, kind: TypeKind, node: Node, key: str, value: float) -> Row | None:
        if math.isnan(value):
            self._odd_value(
                kind, node, key, "are NaN, which SQLite cannot hold; left out", out=True
            )
            return None
        if float(f"{value:.{_CLIENT_DIGITS}g}") != value or math.isinf(value):
            self._odd_value(
                kind,
                node,
                key,
                f"are doubles of more than {_CLIENT_DIGITS} digits or infinite; the file holds them, "
                "MLMD's client rounds",
            )
        return {"double_value": value}

    # Edges.

    def _write_events(self, connection: Connection) -> None:
        self._progress.begin("Exporting events", None)
        events, paths = self._tables.events, self._tables.event_paths
        try:
            for after, last in self._spans[TypeKind.EXECUTION]:
                rows = self._store.exports.events(after, last)
                kept = [row for row in rows if self._has_ends(row)]
                self._put(connection, events, [_event_row(row) for row in kept])
                self._put(connection, paths, [step for row in kept for step in _path_rows(row)])
                self._progress.advance(len(rows))
        finally:
            self._progress.end()

    def _has_ends(self, row: Sequence[Any]) -> bool:
        ordinal, artifact_id, _, event_type = row[:4]
        element = event_element(EventType(event_type))
        self._count(element)
        if artifact_id in self._ids[TypeKind.ARTIFACT]:
            return True
        reason = "their artifact was made during the export; left out"
        self._oddities.add(element, reason, f"event {ordinal}", left_out=True)
        return False

    def _write_links(self, connection: Connection, kind: TypeKind) -> None:
        element = PARENTS if kind is TypeKind.CONTEXT else link_element(kind)
        self._counts.setdefault(element, 0)
        table, make = self._link_table(kind)
        self._progress.begin(f"Exporting {element}", None)
        try:
            for after, last in self._spans[kind]:
                rows = self._store.exports.links(kind, after, last)
                self._counts[element] += len(rows)
                kept = [row for row in rows if row[1] in self._ids[TypeKind.CONTEXT]]
                self._put(connection, table, [make(*row) for row in kept])
                if len(kept) < len(rows):
                    reason = "their context was made during the export; left out"
                    missing = len(rows) - len(kept)
                    self._oddities.add(element, reason, "", left_out=True, count=missing)
                self._progress.advance(len(rows))
        finally:
            self._progress.end()

    def _link_table(self, kind: TypeKind) -> tuple[Table, Callable[[int, int], Row]]:
        tables = self._tables
        if kind is TypeKind.CONTEXT:
            return tables.parents, lambda child, parent: {
                "context_id": child,
                "parent_context_id": parent,
            }
        table = tables.attributions if kind is TypeKind.ARTIFACT else tables.associations
        owner = owner_column(kind)
        return table, lambda node, context: {"context_id": context, owner: node}

    # Accounts.

    def _count(self, element: str) -> None:
        self._counts[element] = self._counts.get(element, 0) + 1

    def _odd(self, kind: TypeKind, reason: str, node: Node) -> None:
        self._oddities.add(node_element(kind), reason, f"{kind.lower()} {node.id}")

    def _odd_value(
        self, kind: TypeKind, node: Node, key: str, reason: str, *, out: bool = False
    ) -> None:
        example = f"{kind.lower()} {node.id}: {key!r:.100}"
        self._oddities.add(property_element(kind), reason, example, left_out=out)

    def _reconciled(self, partial: Path) -> Report:
        with MlmdSource(str(partial), self._store.imports.encoder()) as written:
            counts = written.counts()
        order = [*counts, ATTRIBUTIONS, ASSOCIATIONS, PARENTS]
        source = {name: self._counts.get(name, 0) for name in [*order, *self._counts]}
        return Report(
            source=f"namespace {self._store.namespace}",
            target=str(self._path),
            counts=reconcile(source, counts, self._oddities),
            oddities=tuple(self._oddities.all()),
            seconds=time.monotonic() - self._began_s,
            details={"schema_version": VERSIONS[-1]},
        )


# Every row of one insert has the same columns.
_NO_VALUE: Row = dict.fromkeys(
    ("int_value", "double_value", "string_value", "proto_value", "bool_value")
)


def _type_row(node_type: NodeType) -> Row:
    row: Row = {
        "id": node_type.id,
        "name": node_type.name,
        "version": node_type.version,
        "type_kind": KIND_NUMBERS[node_type.kind],
        "description": node_type.description,
        "external_id": node_type.external_id,
    }
    for key in ("input_type", "output_type"):
        value = getattr(node_type, key, None)
        row[key] = None if value is None else json.dumps(value, separators=(",", ":"))
    return row


def _event_row(row: Sequence[Any]) -> Row:
    ordinal, artifact_id, execution_id, event_type, milliseconds, _ = row
    return {
        "id": ordinal,
        "artifact_id": artifact_id,
        "execution_id": execution_id,
        "type": EVENT_TYPE_NUMBERS[EventType(event_type)],
        "milliseconds_since_epoch": milliseconds,
    }


def _path_rows(row: Sequence[Any]) -> Iterator[Row]:
    for step in json.loads(row[5] or "[]"):
        yield {
            "event_id": row[0],
            "is_index_step": int("index" in step),
            "step_index": step.get("index"),
            "step_key": step.get("key"),
        }
