"""Imports: whole stores brought in, in batches that a killed process can go on with.

The state of an import lies on an `:Import` node of its own, changed in the same transaction as
each batch, so that nothing is there twice and nothing is missed. The ids of what it makes are
the source's plus an offset for each kind, so no list of ids has to be kept. A namespace that
held nothing is marked IMPORTING until the import has ended; the node remains as its record.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headwater.errors import Aborted, AlreadyExists, FailedPrecondition, Internal
from headwater.graph.session import Row, Transaction
from headwater.graph.statements import Statement, load
from headwater.services.door import Caller, Written
from headwater.services.namespaces import NamespaceService
from headwater.services.scope import Scope
from headwater.services.stored_values import ValueEncoder
from headwater.services.types import TypeService
from headwater_schema import NodeType, TypeKind
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import FLOW_TYPES, LABELS, TYPE_PROPERTY_PREFIX
from headwater_schema.types import SYSTEM_TYPES

PHASES = (
    "CONTEXT",
    "ARTIFACT",
    "EXECUTION",
    "EVENT",
    "ATTRIBUTION",
    "ASSOCIATION",
    "PARENT",
    "DONE",
)
"""In which order an import writes; each name but the last is that of a batch's content."""

_STATEMENTS = {
    "EVENT": "import/events",
    "ATTRIBUTION": "import/attributions",
    "ASSOCIATION": "import/associations",
    "PARENT": "import/parents",
}
_IMPORT = "import"
_COUNTERS = ("ARTIFACT", "EXECUTION", "CONTEXT", "EVENT")
_EDGES: dict[TypeKind, tuple[str, ...]] = {
    TypeKind.EXECUTION: (*FLOW_TYPES, "ASSOCIATION"),
    TypeKind.ARTIFACT: ("ATTRIBUTION",),
    TypeKind.CONTEXT: ("PARENT",),
}


@dataclass(frozen=True)
class ImportPlan:
    """What an import is going to do.

    Attributes:
        source: digest of the source's address.
        address: the source, as it may be shown.
        keep_ids: whether types and nodes keep their ids.
        last_ids: the largest id of each table of the source, by name; those of `ARTIFACT`,
            `EXECUTION`, `CONTEXT` and `EVENT` are taken from the counters.
        types: the source's types, with its ids.
    """

    source: str
    address: str
    keep_ids: bool
    last_ids: Mapping[str, int]
    types: Sequence[NodeType]


@dataclass(frozen=True)
class ImportState:
    """Where an import stands.

    Attributes:
        source: digest of the source's address.
        keep_ids: whether types and nodes keep their ids.
        phase: one of `PHASES`.
        last: after which row of the source the phase goes on.
        offsets: what is added to an id of the source, by kind and for `EVENT`.
        last_ids: the largest id of each table when it began; later rows are not imported.
        type_ids: our id of each type, by the source's.
        notes: text that the importer keeps with it.
        begun: whether an earlier call had begun it.
    """

    source: str
    keep_ids: bool
    phase: str
    last: tuple[int, int]
    offsets: Mapping[str, int]
    last_ids: Mapping[str, int]
    type_ids: Mapping[int, int]
    notes: str
    begun: bool

    def reached(self, phase: str) -> bool:
        """Return whether everything before a phase is done."""
        return PHASES.index(self.phase) >= PHASES.index(phase)


class ImportService:
    """Writes the batches of imports into one namespace."""

    def __init__(self, scope: Scope, namespaces: NamespaceService, types: TypeService) -> None:
        self._scope = scope
        self._namespaces = namespaces
        self._types = types

    def encoder(self) -> ValueEncoder:
        """Return what makes stored values of this store's."""
        return ValueEncoder.of(self._scope)

    def state(self, source: str) -> ImportState | None:
        """Return where the import of a source stands, None where it has not begun."""
        rows = self._scope.graph.read(
            load("import/state"), namespace=self._scope.namespace, source=source
        )
        return _state(rows[0][0], begun=True) if rows else None

    def had_nodes(self) -> bool:
        """Return whether the namespace ever held nodes."""
        rows = self._scope.graph.read(load("import/used"), namespace=self._scope.namespace)
        return bool(rows[0][1])

    def begin(self, plan: ImportPlan, *, caller: Caller | None = None) -> ImportState:
        """Return the state of an import, begun now or by an earlier call.

        Raises:
            FailedPrecondition: ids are to be kept and the namespace is not empty, or the import
                was begun the other way.
            AlreadyExists: a type differs from the stored one of its name.
        """
        self._namespaces.ensure()
        mapped = {} if plan.keep_ids else self._put_types(plan, caller)
        state = self._scope.door.write(
            lambda tx: self._begin(tx, plan, mapped), self._scope.operation("begin import", caller)
        )
        if plan.keep_ids:
            self._types.refresh()
            self._types.ensure_indexes(self._types.all())
        return state

    def check_free(
        self,
        kind: TypeKind,
        names: Iterable[tuple[int, str]],
        external_ids: Iterable[str],
        *,
        types: Mapping[int, NodeType],
    ) -> None:
        """Check that no node of a kind has one of those names or external ids already.

        Args:
            kind: of the nodes.
            names: type ids of the source, and names.
            external_ids: external ids.
            types: the source's types by id.

        Raises:
            AlreadyExists: some have; it names the first of them.
        """
        wanted = [
            [known.id, name]
            for type_id, name in names
            if (known := self._known(types.get(type_id))) is not None
        ]
        found = self._scope.graph.read(
            load("import/taken", LABELS[kind]),
            namespace=self._scope.namespace,
            names=wanted,
            external_ids=list(external_ids),
        )
        if found:
            listed = "; ".join(
                f"{kind.lower()} {row[0]} of type {row[1]!r:.100} (name {row[2]!r:.100}, external id {row[3]!r:.100})"
                for row in found
            )
            raise AlreadyExists(
                f"Namespace {self._scope.namespace!r} has nodes with names or external ids of the "
                f"source already: {listed}. Nothing was imported.",
                hint="Import into a namespace of its own: --namespace NAME.",
                ids=[row[0] for row in found],
            )

    def write(
        self,
        state: ImportState,
        rows: Sequence[Any],
        *,
        last: tuple[int, int],
        notes: str,
        caller: Caller | None = None,
    ) -> ImportState:
        """Return the state after a batch of the state's phase was written.

        Args:
            state: where the import stands.
            rows: for a kind, maps of stored properties without namespace; for EVENT rows
                `[artifact id, execution id, type, properties]`, else pairs of ids.
            last: where the import stands afterwards.
            notes: what the importer keeps.
            caller: who asks.

        Raises:
            Aborted: it stands elsewhere, because another process goes on with it.
            AlreadyExists: a unique value is taken.
        """
        after = {"last": list(last), "notes": notes}
        statement = self._statement(state.phase)

        def outcome(answer: list[Row]) -> Written[None]:
            made = self._stood(answer, state)
            if made != len(rows):
                raise Internal(
                    f"A batch of {len(rows):,} rows of phase {state.phase} made {made:,}."
                )
            return Written(None, _changes(state.phase, rows, self._scope.namespace))

        parameters = self._step(state, after) | {"rows": list(rows)}
        operation = self._scope.operation(_IMPORT, caller)
        self._scope.door.write_one(statement, parameters, outcome, operation, recorded=False)
        return _moved(state, phase=state.phase, last=last, notes=notes)

    def next_phase(self, state: ImportState) -> ImportState:
        """Return the state at the start of the phase after this one; written with its first batch."""
        phase = PHASES[PHASES.index(state.phase) + 1]
        self._scope.door.write_one(
            load("import/advance"),
            self._step(state, {"phase": phase, "last": [0, 0]}),
            lambda answer: Written(self._stood(answer, state), ()),
            self._scope.operation(_IMPORT),
            recorded=False,
        )
        return _moved(state, phase=phase, last=(0, 0), notes=state.notes)

    def finish(self, state: ImportState, record: str) -> None:
        """End an import, whose node stays as its record.

        Args:
            state: where it stands, in its last phase.
            record: text to be kept.
        """
        values = {
            "phase": PHASES[-1],
            "record": record,
            "finish_time_since_epoch": self._scope.clock(),
        }
        self._scope.door.write_one(
            load("import/finish"),
            self._step(state, values),
            lambda answer: Written(self._stood(answer, state), ()),
            self._scope.operation(_IMPORT, Caller(reason=record)),
            recorded=True,
        )

    def record(self, source: str) -> str | None:
        """Return the record of an import that has ended, None for one that has not."""
        rows = self._scope.graph.read(
            load("import/state"), namespace=self._scope.namespace, source=source
        )
        found = rows[0][0].get("record") if rows else None
        return None if found is None else str(found)

    def count_nodes(
        self, state: ImportState, kind: TypeKind, prefixes: Sequence[str]
    ) -> tuple[int, int]:
        """Return how many nodes of a kind the import made, and how many properties they have."""
        nodes, properties = self._count("import/count_nodes", state, kind, prefixes=prefixes)[0]
        return int(nodes), int(properties or 0)

    def count_edges(self, state: ImportState) -> dict[str, int]:
        """Return how many edges of each type the import made."""
        counts: dict[str, int] = {}
        for kind, types in _EDGES.items():
            for name, count in self._count("import/count_edges", state, kind, types=types):
                # Both ends of a PARENT edge are contexts, so it is met twice.
                counts[name] = count // 2 if name == "PARENT" else count
        return counts

    def _count(
        self, name: str, state: ImportState, kind: TypeKind, **parameters: Sequence[str]
    ) -> list[Row]:
        first = state.offsets[str(kind)]
        return self._scope.graph.read(
            load(name, LABELS[kind]),
            namespace=self._scope.namespace,
            first=first,
            last=first + state.last_ids[str(kind)],
            **{key: list(value) for key, value in parameters.items()},
        )

    def _known(self, node_type: NodeType | None) -> NodeType | None:
        if node_type is None:
            return None
        return self._types.find(node_type.kind, node_type.name, node_type.version)

    def _statement(self, phase: str) -> Statement:
        if phase in _STATEMENTS:
            return load(_STATEMENTS[phase])
        return load("import/nodes", LABELS[TypeKind(phase)])

    def _step(self, state: ImportState, after: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "namespace": self._scope.namespace,
            "source": state.source,
            "phase": state.phase,
            "after": list(state.last),
            "state": dict(after),
        }

    def _stood(self, answer: list[Row], state: ImportState) -> int:
        if not answer:
            raise Aborted(
                f"The import of this source into namespace {self._scope.namespace!r} is not where it "
                f"was: another process goes on with it, or the namespace is being dropped.",
                hint="Once no other process does, the same command goes on where it stands.",
                phase=state.phase,
            )
        return int(answer[0][0])

    def _put_types(self, plan: ImportPlan, caller: Caller | None) -> dict[int, int]:
        own = [t for t in plan.types if not _is_system(t)]
        ids = self._types.put(own, can_add_fields=True, can_omit_fields=True, caller=caller)
        mapped = {t.id or 0: type_id for t, type_id in zip(own, ids, strict=True)}
        for node_type in plan.types:
            if _is_system(node_type) and (known := self._known(node_type)) is not None:
                mapped[node_type.id or 0] = known.id or 0
        return mapped

    def _begin(
        self, tx: Transaction, plan: ImportPlan, mapped: Mapping[int, int]
    ) -> Written[ImportState]:
        namespace = self._scope.namespace
        created, known = tx.run(load("import/lock"), namespace=namespace, source=plan.source)[0]
        if known is not None:
            state = _state(known, begun=True)
            _check_same_way(state, plan, namespace)
            return Written(state, ())
        has_types, had_nodes = tx.run(load("import/used"), namespace=namespace)[0]
        changes: list[ElementChange] = []
        if plan.keep_ids:
            _check_empty(used=has_types or had_nodes, namespace=namespace)
            mapped = {t.id or 0: t.id or 0 for t in plan.types}
            changes = self._replace_types(tx, plan.types)
        stored = {
            "namespace": namespace,
            "source": plan.source,
            "address": plan.address,
            "keep_ids": plan.keep_ids,
            "phase": PHASES[0],
            "last": [0, 0],
            "notes": "",
            "last_ids": json.dumps(dict(plan.last_ids)),
            "type_ids": json.dumps(list(mapped.items())),
            "namespace_created": created,
            "create_time_since_epoch": self._scope.clock(),
        }
        rows = tx.run(
            load("import/begin"),
            namespace=namespace,
            wanted=[[kind, plan.last_ids[kind]] for kind in _COUNTERS],
            state=stored,
            hidden=not had_nodes,
        )
        return Written(_state(rows[0][0], begun=False), changes)

    def _replace_types(self, tx: Transaction, types: Sequence[NodeType]) -> list[ElementChange]:
        """Write the types with their own ids, and return what changed."""
        namespace = self._scope.namespace
        largest = max((t.id or 0 for t in types), default=0)
        present = {(t.kind, t.name) for t in types if _is_system(t)}
        rows = [
            _stored_type(t, namespace) | ({"system": True} if _is_system(t) else {}) for t in types
        ]
        for kind, name in SYSTEM_TYPES:
            if (kind, name) not in present:
                largest += 1
                row = {"id": largest, "kind": str(kind), "name": name, "version": ""}
                rows.append({"namespace": namespace, **row, "system": True})
        ids = {(row["kind"], row["name"]): row["id"] for row in rows if "system" in row}
        bases = [
            [t.id, ids[str(t.kind), str(base)]]
            for t in types
            if (base := getattr(t, "base_type", None)) is not None
        ]
        replaced = tx.run(
            load("import/types"), namespace=namespace, rows=rows, bases=bases, next=largest + 1
        )[0][0]
        before = {row["id"]: row for row in replaced}
        after = {row["id"]: row for row in rows}
        return [
            *(
                ElementChange(
                    Element(ElementKind.TYPE, (type_id,)), before.get(type_id), after.get(type_id)
                )
                for type_id in sorted(before.keys() | after.keys())
                if before.get(type_id) != after.get(type_id)
            ),
            *(
                ElementChange(Element(ElementKind.PARENT_TYPE, tuple(pair)), None, {})
                for pair in bases
            ),
        ]


def _is_system(node_type: NodeType) -> bool:
    return not node_type.version and (node_type.kind, node_type.name) in SYSTEM_TYPES


def _stored_type(node_type: NodeType, namespace: str) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "namespace": namespace,
        "id": node_type.id,
        "kind": str(node_type.kind),
        "name": node_type.name,
        "version": node_type.version or "",
    }
    for key, kind in node_type.properties.items():
        stored[TYPE_PROPERTY_PREFIX + key] = str(kind)
    for key in ("external_id", "description"):
        if (value := getattr(node_type, key)) is not None:
            stored[key] = value
    for key in ("input_type", "output_type"):
        if (value := getattr(node_type, key, None)) is not None:
            stored[key] = json.dumps(value, sort_keys=True)
    return stored


def _check_same_way(state: ImportState, plan: ImportPlan, namespace: str) -> None:
    if state.keep_ids != plan.keep_ids:
        how = "with" if state.keep_ids else "without"
        raise FailedPrecondition(
            f"The import of {plan.address} into namespace {namespace!r} was begun {how} keeping ids.",
            hint=f"Go on {how} --keep-ids.",
        )


def _check_empty(*, used: bool, namespace: str) -> None:
    if used:
        raise FailedPrecondition(
            f"Ids can be kept only in an empty namespace, and {namespace!r} holds something already.",
            hint="Import into a new one with --namespace NAME, or without --keep-ids.",
            namespace=namespace,
        )


def _state(stored: Mapping[str, Any], *, begun: bool) -> ImportState:
    first, second = stored["last"]
    return ImportState(
        source=stored["source"],
        keep_ids=stored["keep_ids"],
        phase=stored["phase"],
        last=(first, second),
        offsets=dict(zip(stored["offset_kinds"], stored["offsets"], strict=True)),
        last_ids=json.loads(stored["last_ids"]),
        type_ids=dict(json.loads(stored["type_ids"])),
        notes=stored["notes"],
        begun=begun,
    )


def _moved(state: ImportState, *, phase: str, last: tuple[int, int], notes: str) -> ImportState:
    return replace(state, phase=phase, last=last, notes=notes)


def _changes(phase: str, rows: Sequence[Any], namespace: str) -> Iterable[ElementChange]:
    match phase:
        case "EVENT":
            for artifact_id, execution_id, event_type, stored in rows:
                element = Element(ElementKind.EVENT, (artifact_id, execution_id, event_type))
                yield ElementChange(element, None, stored)
        case "ATTRIBUTION" | "ASSOCIATION":
            for node_id, context_id in rows:
                yield ElementChange(Element(ElementKind(phase), (node_id, context_id)), None, {})
        case "PARENT":
            for child_id, parent_id in rows:
                element = Element(ElementKind.PARENT_CONTEXT, (child_id, parent_id))
                yield ElementChange(element, None, {})
        case _:
            for node in rows:
                element = Element(ElementKind(phase), (node["id"],))
                yield ElementChange(element, None, {**node, "namespace": namespace})
