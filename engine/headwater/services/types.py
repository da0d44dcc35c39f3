"""Types: registered, evolved and looked up, by MLMD's rules.

Types only ever grow, so what was read once stays true and is kept; what is missing is looked
for again before anybody is told that it does not exist.
"""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from headwater.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, Unimplemented
from headwater.graph.indexes import create_indexes, indexable, list_indexes
from headwater.graph.records import rows_of
from headwater.graph.session import Transaction
from headwater.graph.statements import load
from headwater.services.door import Caller, Written
from headwater.services.namespaces import NamespaceService
from headwater.services.scope import Scope
from headwater.visible import visible
from headwater_schema import (
    ArtifactBaseType,
    ArtifactType,
    ContextType,
    ExecutionBaseType,
    ExecutionType,
    NodeType,
    PropertyKind,
    TypeKind,
)
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import LABELS, TYPE_PROPERTY_PREFIX, Prefix
from headwater_schema.types import SYSTEM_TYPES

TypeT = TypeVar("TypeT", bound=NodeType)
_Key = tuple[TypeKind, str, str]
_SYSTEM_IDS = {(str(kind), name): i for i, (kind, name) in enumerate(SYSTEM_TYPES, start=1)}
_INDEXED_KINDS = frozenset(
    {PropertyKind.INT, PropertyKind.DOUBLE, PropertyKind.STRING, PropertyKind.BOOLEAN}
)


class _NoNamespace(Aborted):
    """Somebody dropped the namespace that this process knew to be there."""


class TypeService:
    """The types of one namespace. Safe to share between threads."""

    def __init__(self, scope: Scope, namespaces: NamespaceService) -> None:
        self._scope = scope
        self._namespaces = namespaces
        self._lock = threading.Lock()
        self._by_key: dict[_Key, NodeType] = {}
        self._by_id: dict[int, NodeType] = {}
        self._system: set[int] = set()
        self._indexed: set[tuple[str, str]] | None = None

    def put(
        self,
        types: Sequence[NodeType],
        *,
        can_add_fields: bool = False,
        can_omit_fields: bool = False,
        caller: Caller | None = None,
    ) -> list[int]:
        """Return the id of each type, made or completed as needed, all of them or none.

        Args:
            types: in any mixture of kinds; `id` is ignored.
            can_add_fields: whether a stored type may gain properties.
            can_omit_fields: whether a request may lack properties that are stored; they stay.
            caller: who asks.

        Raises:
            AlreadyExists: a stored type differs in a way that is not allowed, or its external
                id is taken.
            Unimplemented: a base type would change.

        Source: MLMD, PutArtifactType and its siblings.
        """
        self._namespaces.ensure()

        def work(tx: Transaction) -> Written[list[int]]:
            return _TypeWrite(self._scope, tx, can_add_fields, can_omit_fields).put(types)

        operation = self._scope.operation("put types", caller)
        try:
            ids = self._scope.door.write(work, operation)
        except _NoNamespace:
            self._namespaces.forget()
            self._namespaces.ensure()
            ids = self._scope.door.write(work, operation)
        self.refresh()
        self.ensure_indexes(self._by_id[type_id] for type_id in ids)
        return ids

    def get(self, kind: TypeKind, name: str, version: str | None = None) -> NodeType:
        """Return the type of that kind, name and version, with all that it has gained by now.

        Raises:
            NotFound: there is none.
        """
        self.refresh()
        found = self._by_key.get((kind, name, version or ""))
        if found is None:
            known = sorted({t.name for t in self.all(kind)})
            raise NotFound(
                f"No {kind.lower()} type {name!r}{f' version {version!r}' if version else ''} in "
                f"namespace {self._scope.namespace!r}.",
                hint=f"There are: {', '.join(known[:20]) or 'none'}.",
                kind=kind,
                name=name,
            )
        return found

    def find(self, kind: TypeKind, name: str, version: str | None = None) -> NodeType | None:
        """Return the type of that kind, name and version, None if there is none."""
        key = (kind, name, version or "")
        if key not in self._by_key:
            self.refresh()
        return self._by_key.get(key)

    def by_id(self, type_id: int) -> NodeType | None:
        """Return the type with that id, None if there is none."""
        if type_id not in self._by_id:
            self.refresh()
        return self._by_id.get(type_id)

    def all(self, kind: TypeKind | None = None) -> list[NodeType]:
        """Return the types of a kind, or of all, by id, without the system types."""
        self.refresh()
        return [
            stored
            for type_id, stored in sorted(self._by_id.items())
            if type_id not in self._system and kind in (None, stored.kind)
        ]

    def by_external_ids(self, kind: TypeKind, external_ids: Iterable[str]) -> list[NodeType]:
        """Return the types of a kind with those external ids, by id."""
        wanted = set(external_ids)
        return [t for t in self.all(kind) if t.external_id is not None and t.external_id in wanted]

    def named(self, kind: TypeKind, name: str) -> list[NodeType]:
        """Return the types of that kind and name, in all versions, by id."""
        self.refresh()
        return [t for _, t in sorted(self._by_id.items()) if t.kind is kind and t.name == name]

    def ids(self, kind: TypeKind, name: str | None = None) -> list[int]:
        """Return the ids of the types of that kind, of all names or in all versions of one."""
        types = self.all(kind) if name is None else self.named(kind, name)
        return [node_type.id for node_type in types if node_type.id is not None]

    def forget(self) -> None:
        """Drop what is kept, because the namespace may have been dropped."""
        with self._lock:
            self._by_key, self._by_id, self._system = {}, {}, set()

    def refresh(self) -> None:
        """Read all types of the namespace."""
        chunks = self._scope.graph.read(load("type/all"), namespace=self._scope.namespace)
        stored = [(properties, base) for properties, base in rows_of(chunks)]
        types = [decode_type(properties, base) for properties, base in stored]
        with self._lock:
            self._by_id = {cast("int", t.id): t for t in types}
            self._by_key = {(t.kind, t.name, t.version or ""): t for t in types}
            self._system = {
                properties["id"] for properties, _ in stored if properties.get("system")
            }

    def ensure_indexes(self, types: Iterable[NodeType]) -> None:
        """Make the indexes that the types' declared properties lack, within the budget."""
        wanted = {pair for node_type in types for pair in indexes_of(node_type)}
        if self._indexed is None or not wanted <= self._indexed:
            present = list_indexes(self._scope.graph)
            self._indexed = {(index.label, index.key) for index in present}
            room = self._scope.index_budget - sum(index.ours for index in present)
            missing = sorted(wanted - self._indexed)[: max(room, 0)]
            create_indexes(self._scope.graph, missing)
            self._indexed |= set(missing)

    def unindexed(self) -> dict[int, list[str]]:
        """Return, by type id, the declared properties that should have an index and have none."""
        present = {(index.label, index.key) for index in list_indexes(self._scope.graph)}
        return {
            cast("int", t.id): missing
            for t in self.all()
            if (
                missing := sorted(
                    key[2:] for label, key in indexes_of(t) if (label, key) not in present
                )
            )
        }


def indexes_of(node_type: NodeType) -> list[tuple[str, str]]:
    """Return the label and stored key of each index that a type's properties want."""
    return [
        (LABELS[node_type.kind], Prefix.DECLARED + key)
        for key, kind in node_type.properties.items()
        if kind in _INDEXED_KINDS and key not in node_type.unindexed and indexable(key)
    ]


def decode_type(stored: Mapping[str, Any], base: str | None) -> NodeType:
    """Return the type that a `:Type` node's properties and the name of its base type hold."""
    prefix = TYPE_PROPERTY_PREFIX
    fields: dict[str, Any] = {
        "id": stored["id"],
        "name": stored["name"],
        "version": stored["version"] or None,
        "external_id": stored.get("external_id"),
        "description": stored.get("description"),
        "unindexed": frozenset(stored.get("unindexed", ())),
        "properties": {
            key.removeprefix(prefix): PropertyKind(value)
            for key, value in stored.items()
            if key.startswith(prefix)
        },
    }
    match TypeKind(stored["kind"]):
        case TypeKind.ARTIFACT:
            base_type = None if base is None else ArtifactBaseType(base)
            return ArtifactType.model_construct(**fields, base_type=base_type)
        case TypeKind.EXECUTION:
            return ExecutionType.model_construct(
                **fields,
                base_type=None if base is None else ExecutionBaseType(base),
                input_type=_signature(stored.get("input_type")),
                output_type=_signature(stored.get("output_type")),
            )
        case TypeKind.CONTEXT:
            return ContextType.model_construct(**fields)


def _signature(text: str | None) -> dict[str, Any] | None:
    return None if text is None else cast("dict[str, Any]", json.loads(text))


def _base_of(node_type: NodeType) -> str | None:
    base = getattr(node_type, "base_type", None)
    return None if base is None else str(base)


def _declarations(node_type: NodeType) -> dict[str, str]:
    return {TYPE_PROPERTY_PREFIX + key: str(kind) for key, kind in node_type.properties.items()}


class _TypeWrite:
    """One put of types, in one transaction, under the lock of the namespace's types."""

    def __init__(self, scope: Scope, tx: Transaction, can_add: bool, can_omit: bool) -> None:  # noqa: FBT001 - private
        self._scope = scope
        self._tx = tx
        self._can_add = can_add
        self._can_omit = can_omit
        self._stored: dict[_Key, dict[str, Any]] = {}
        self._before: dict[int, dict[str, Any]] = {}
        self._bases: dict[int, str] = {}
        self._new: list[dict[str, Any]] = []
        self._updates: dict[int, dict[str, Any]] = {}
        self._new_bases: list[list[Any]] = []

    def put(self, types: Sequence[NodeType]) -> Written[list[int]]:
        """Return the ids, after writing what is new."""
        self._read(types)
        self._take_ids(types)
        ids = [self._put_one(node_type) for node_type in types]
        if self._new or self._updates or self._new_bases:
            self._tx.run(
                load("type/write"),
                namespace=self._scope.namespace,
                created=self._new,
                updated=[[type_id, values] for type_id, values in self._updates.items()],
                bases=self._new_bases,
            )
        return Written(ids, self._changes())

    def _read(self, types: Sequence[NodeType]) -> None:
        rows = self._tx.run(
            load("type/lock"),
            namespace=self._scope.namespace,
            names=sorted({t.name for t in types}),
            external_ids=sorted({t.external_id for t in types if t.external_id is not None}),
        )
        for stored, base in rows:
            self._remember(stored)
            self._before[stored["id"]] = dict(stored)
            if base is not None:
                self._bases[stored["id"]] = base

    def _remember(self, stored: dict[str, Any]) -> None:
        self._stored[TypeKind(stored["kind"]), stored["name"], stored["version"]] = stored

    def _take_ids(self, types: Sequence[NodeType]) -> None:
        keys = {(t.kind, t.name, t.version or "") for t in types} - self._stored.keys()
        rows = self._tx.run(load("type/take_ids"), namespace=self._scope.namespace, count=len(keys))
        if not rows:
            raise _NoNamespace(
                f"Namespace {self._scope.namespace!r} was dropped while this was put into it.",
                hint="Try again.",
            )
        first = rows[0][0]
        self._free_ids = list(range(first, first + len(keys)))

    def _put_one(self, node_type: NodeType) -> int:
        stored = self._stored.get((node_type.kind, node_type.name, node_type.version or ""))
        self._check_external_id(node_type, stored)
        type_id = self._create(node_type) if stored is None else self._evolve(node_type, stored)
        base = _base_of(node_type)
        if base is not None and self._bases.get(type_id) != base:
            if type_id in self._bases:
                raise Unimplemented(
                    f"Type {node_type.name!r} has base type {self._bases[type_id]}, "
                    f"asked to change it to {base}.",
                    hint="Register the type under another name or version.",
                )
            self._bases[type_id] = base
            self._new_bases.append([type_id, str(node_type.kind), base])
        return type_id

    def _check_external_id(self, node_type: NodeType, stored: Mapping[str, Any] | None) -> None:
        if node_type.external_id is None:
            return
        for other in self._stored.values():
            if other is not stored and other.get("external_id") == node_type.external_id:
                raise AlreadyExists(
                    f"External id {node_type.external_id!r:.200} of type {node_type.name!r:.200} "
                    f"is taken by {other['kind'].lower()} type {other['name']!r:.200}.",
                    external_id=node_type.external_id,
                )

    def _create(self, node_type: NodeType) -> int:
        stored: dict[str, Any] = {
            "namespace": self._scope.namespace,
            "id": self._free_ids.pop(0),
            "kind": str(node_type.kind),
            "name": node_type.name,
            "version": node_type.version or "",
            **_declarations(node_type),
        }
        for key in ("external_id", "description"):
            if (value := getattr(node_type, key)) is not None:
                stored[key] = value
        for key in ("input_type", "output_type"):
            if (value := getattr(node_type, key, None)) is not None:
                stored[key] = json.dumps(value, sort_keys=True)
        if node_type.unindexed:
            stored["unindexed"] = sorted(node_type.unindexed)
        self._new.append(stored)
        self._remember(stored)
        return int(stored["id"])

    def _evolve(self, node_type: NodeType, stored: dict[str, Any]) -> int:
        asked = _declarations(node_type)
        known = {k: v for k, v in stored.items() if k.startswith(TYPE_PROPERTY_PREFIX)}
        self._check_evolution(node_type, asked, known)
        values: dict[str, Any] = {k: v for k, v in asked.items() if k not in known}
        if node_type.external_id not in (None, stored.get("external_id")):
            values["external_id"] = node_type.external_id
        unindexed = sorted(node_type.unindexed | set(stored.get("unindexed", ())))
        if unindexed != stored.get("unindexed", []):
            values["unindexed"] = unindexed
        stored.update(values)
        if values and stored["id"] in self._before:
            self._updates.setdefault(stored["id"], {}).update(values)
        return int(stored["id"])

    def _check_evolution(
        self, node_type: NodeType, asked: Mapping[str, str], known: Mapping[str, str]
    ) -> None:
        wrong = [k for k, v in asked.items() if known.get(k, v) != v]
        added = [k for k in asked if k not in known]
        omitted = [k for k in known if k not in asked]
        prefix = len(TYPE_PROPERTY_PREFIX)
        for keys, allowed, what, hint in (
            (wrong, False, "changes the kind of", "Register it under another name or version."),
            (added, self._can_add, "adds", "Allow it with can_add_fields."),
            (omitted, self._can_omit, "lacks", "Allow it with can_omit_fields."),
        ):
            if keys and not allowed:
                listed = ", ".join(
                    _described(k[prefix:], known.get(k), asked.get(k)) for k in keys[:10]
                )
                raise AlreadyExists(
                    f"Type already exists with different properties: {node_type.kind.lower()} type "
                    f"{node_type.name!r:.200}; the request {what} {listed}.",
                    hint=hint,
                    type_name=node_type.name,
                    keys=[k[prefix:] for k in keys],
                )

    def _changes(self) -> list[ElementChange]:
        made = [ElementChange(_element(stored["id"]), None, stored) for stored in self._new]
        changed = [
            ElementChange(
                _element(type_id), self._before[type_id], {**self._before[type_id], **values}
            )
            for type_id, values in self._updates.items()
        ]
        linked = [
            ElementChange(
                Element(ElementKind.PARENT_TYPE, (type_id, _SYSTEM_IDS[kind, base])), None, {}
            )
            for type_id, kind, base in self._new_bases
        ]
        return made + changed + linked


def _element(type_id: int) -> Element:
    return Element(ElementKind.TYPE, (type_id,))


def _described(key: str, stored: str | None, asked: str | None) -> str:
    kinds = f" ({stored} to {asked})" if stored and asked and stored != asked else ""
    return f"{key!r:.100}{kinds}"


def check_declared(node_type: NodeType, key: str, kind: PropertyKind) -> None:
    """Check that a type declares a property of that kind.

    Raises:
        InvalidArgument: it does not; the texts begin as MLMD's do.
    """
    declared = node_type.properties.get(key)
    if declared is None:
        raise InvalidArgument(
            f"Found unknown property: {visible(key):.200} is not declared by {node_type.kind.lower()} type "
            f"{node_type.name!r:.200}.",
            hint="Declare it in the type, or give it as a custom property. "
            f"Declared: {', '.join(sorted(node_type.properties)[:20]) or 'none'}.",
            key=key,
        )
    if declared is not kind:
        raise InvalidArgument(
            f"Found unmatched property type: {visible(key):.200} of {node_type.kind.lower()} type "
            f"{node_type.name!r:.200} is {declared}, found a value of kind {kind}.",
            key=key,
            declared=declared,
            found=kind,
        )
