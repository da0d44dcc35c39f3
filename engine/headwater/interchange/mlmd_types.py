"""Types: read from MLMD's tables as models."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, null, select

from headwater.errors import FailedPrecondition
from headwater.interchange.accounting import Oddities
from headwater.interchange.mlmd_tables import (
    EXTERNAL_IDS_SINCE,
    KIND_NUMBERS,
    PROPERTY_KIND_NUMBERS,
    Tables,
)
from headwater.interchange.mlmd_values import signature_of
from headwater_schema import (
    ArtifactType,
    ContextType,
    ExecutionType,
    NodeType,
    PropertyKind,
    TypeKind,
)
from headwater_schema.properties import check_key
from headwater_schema.types import SYSTEM_TYPES

_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}
_PROPERTY_KINDS = {number: kind for kind, number in PROPERTY_KIND_NUMBERS.items()}
_MODELS: Mapping[TypeKind, type[NodeType]] = {
    TypeKind.ARTIFACT: ArtifactType,
    TypeKind.EXECUTION: ExecutionType,
    TypeKind.CONTEXT: ContextType,
}


@dataclass(frozen=True)
class SourceTypes:
    """The types of a source.

    Attributes:
        models: each type once, by id, the system types among them.
        names: each type's name by its id.
        ids: the id of the type that stands for a row, by the row's kind and id; two rows that
            are the same kind, name and version are one type.
    """

    models: tuple[NodeType, ...]
    names: Mapping[int, str]
    ids: Mapping[TypeKind, Mapping[int, int]]


def is_system(node_type: NodeType) -> bool:
    """Return whether a type is one of those that every store has from the start."""
    return not node_type.version and (node_type.kind, node_type.name) in SYSTEM_TYPES


def read_types(connection: Connection, tables: Tables, oddities: Oddities) -> SourceTypes:
    """Return the types of a source.

    Raises:
        FailedPrecondition: two rows are the same type and declare a property differently, or a
            type has a name that cannot be kept.
    """
    return _Reading(connection, tables, oddities).types()


class _Reading:
    def __init__(self, connection: Connection, tables: Tables, oddities: Oddities) -> None:
        self._connection = connection
        self._tables = tables
        self._oddities = oddities

    def types(self) -> SourceTypes:
        properties = self._properties()
        bases = self._bases()
        by_key: dict[tuple[TypeKind, str, str | None], NodeType] = {}
        ids: dict[TypeKind, dict[int, int]] = {kind: {} for kind in TypeKind}
        for row in self._rows():
            kind = _KINDS.get(row.type_kind)
            if kind is None:
                self._odd(row, f"has the unknown kind {row.type_kind}", left_out=True)
                continue
            model = self._model(kind, row, properties[row.id], bases.get(row.id))
            key = (kind, model.name, model.version)
            known = by_key.get(key)
            if known is not None:
                self._odd(row, "is there twice and became one", left_out=True)
                model = _merged(known, model)
            by_key[key] = model
            ids[kind][row.id] = model.id or 0
        models = tuple(sorted(by_key.values(), key=lambda model: model.id or 0))
        return SourceTypes(models, {model.id or 0: model.name for model in models}, ids)

    def _rows(self) -> list[Row[Any]]:
        table = self._tables.types
        external_id = (
            table.c.external_id
            if self._tables.version >= EXTERNAL_IDS_SINCE
            else null().label("external_id")
        )
        columns = (
            table.c[name]
            for name in (
                "id",
                "name",
                "version",
                "type_kind",
                "description",
                "input_type",
                "output_type",
            )
        )
        statement = select(*columns, external_id).order_by(table.c.id)
        return list(self._connection.execute(statement))

    def _properties(self) -> defaultdict[int, dict[str, PropertyKind]]:
        table = self._tables.type_properties
        found: defaultdict[int, dict[str, PropertyKind]] = defaultdict(dict)
        statement = select(table.c.type_id, table.c.name, table.c.data_type).order_by(
            table.c.type_id, table.c.name
        )
        for type_id, name, number in self._connection.execute(statement):
            kind = _PROPERTY_KINDS.get(number)
            what = f"type {type_id}: {name!r:.200}"
            try:
                check_key(name)
            except ValueError as error:
                self._oddities.add("declared properties", f"{error}; left out", what, left_out=True)
                continue
            if kind is None:
                self._oddities.add(
                    "declared properties", "of no known kind; left out", what, left_out=True
                )
                continue
            found[type_id][name] = kind
        return found

    def _bases(self) -> dict[int, str]:
        links, types = self._tables.parent_types, self._tables.types
        statement = (
            select(links.c.type_id, types.c.name)
            .join(types, types.c.id == links.c.parent_type_id)
            .order_by(links.c.type_id, links.c.parent_type_id)
        )
        rows = self._connection.execute(statement)
        return {row[0]: row[1] for row in rows}

    def _model(
        self,
        kind: TypeKind,
        row: Row[Any],
        properties: dict[str, PropertyKind],
        base: str | None,
    ) -> NodeType:
        fields: dict[str, Any] = {
            "id": row.id,
            "name": row.name,
            "version": row.version or None,
            "description": row.description,
            "external_id": row.external_id,
            "properties": properties,
        }
        if kind is TypeKind.EXECUTION:
            fields["input_type"] = self._signature(row, "input_type")
            fields["output_type"] = self._signature(row, "output_type")
        if base is not None and (kind, base) in SYSTEM_TYPES:
            fields["base_type"] = base
        elif base is not None:
            self._odd(row, f"has the unknown base type {base!r}, which is left out")
        try:
            return _MODELS[kind](**fields)
        except ValidationError as error:
            raise FailedPrecondition(
                f"{kind.capitalize()} type {row.id} ({row.name!r:.200}) cannot be kept: "
                f"{error.errors(include_url=False)[0]['msg']}.",
                type_id=row.id,
            ) from error

    def _signature(self, row: Row[Any], column: str) -> dict[str, Any] | None:
        text = row._mapping[column]  # noqa: SLF001 - SQLAlchemy's documented name
        if not text:
            return None
        parsed = signature_of(text)
        if parsed is None:
            self._odd(row, f"has an {column} that cannot be read, which is left out")
        return parsed

    def _odd(self, row: Row[Any], reason: str, *, left_out: bool = False) -> None:
        self._oddities.add("types", reason, f"type {row.id} ({row.name!r:.200})", left_out=left_out)


def _merged(first: NodeType, second: NodeType) -> NodeType:
    for key, kind in second.properties.items():
        if first.properties.get(key, kind) is not kind:
            raise FailedPrecondition(
                f"{first.kind.capitalize()} type {first.name!r:.200} is there twice, as {first.id} and "
                f"{second.id}, and its property {key!r:.200} is {first.properties[key]} in one and "
                f"{kind} in the other.",
                hint="Rename one of the two types in the source.",
                type_name=first.name,
            )
    return first.model_copy(update={"properties": {**second.properties, **first.properties}})
