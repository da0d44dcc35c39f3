"""Put: the one operation that writes nodes, events and links, in one transaction.

A request is checked, its large values go to the object store, its ids are taken, and then
one statement made of the blocks it needs does the rest: one round trip where it only adds, in
its guarded form, two with the commit where the outcome must be judged first.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headwater.errors import (
    Aborted,
    AlreadyExists,
    HeadwaterError,
    InvalidArgument,
    NotFound,
    Unavailable,
)
from headwater.graph.records import Encoded, encode_node, offloaded, rows_of
from headwater.graph.session import COMMIT_UNKNOWN, Row
from headwater.graph.statements import Statement, guarded, joined, load
from headwater.services.door import Caller, Operation, Written, new_change_id
from headwater.services.namespaces import NamespaceService
from headwater.services.put_outcome import PutOutcome, unknown_ids
from headwater.services.put_plan import Planner, PutPlan, count_new, nodes_of
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import NodeType, PutAnswer, PutRequest, TypeKind
from headwater_schema.nodes import Node
from headwater_schema.stored import LABELS

_BLOCKS = (
    "types",
    "artifact_updates",
    "execution_updates",
    "context_updates",
    "clock",
    "change",
    "series",
    "artifacts",
    "executions",
    "contexts",
    "merged",
    "given_merged",
    "given_versions",
    "input_events",
    "known_input_events",
    "output_events",
    "events",
    "new_attributions",
    "merged_attributions",
    "attributions",
    "new_associations",
    "merged_associations",
    "associations",
    "parents",
    "first_beats",
    "ended_beats",
)
_GIVEN = {"merged": "merged", "versions": "series"}
"""What the database decides, and the block that tells it; in the order of `PutOutcome.drafted`."""
_UNFORESEEN = {"attributions", "associations"}
"""Blocks of which only the database knows what they change, so that no record can precede them."""
_TRIES = 5


class _StaleTypes(Exception):
    """The types that this process knows are not those of the graph."""


class PutService:
    """Writes to one namespace. Safe to share between threads."""

    def __init__(self, scope: Scope, namespaces: NamespaceService, types: TypeService) -> None:
        self._scope = scope
        self._namespaces = namespaces
        self._types = types

    def put(self, request: PutRequest, *, caller: Caller | None = None) -> PutAnswer:
        """Return the ids of the request's nodes, after writing all of it or, on an error, nothing.

        Args:
            request: what to write.
            caller: who asks, and why.

        Raises:
            InvalidArgument: a property is not declared or of another kind, an id is unknown, a
                context has no name, parent contexts would form a cycle.
            NotFound: a type id is unknown.
            AlreadyExists: a name, external id or event is taken.
            FailedPrecondition: the update times do not match, if that was asked, or an
                execution is not in the state that was expected.
            OutOfRange: a position beyond the request's nodes.

        Source: MLMD, PutExecution and PutLineageSubgraph; every other put is a part of them.
        """
        self._namespaces.ensure()
        request = self._reused(request)
        type_ids = self._types_of_updates(request)
        floors: dict[int, int] = {}
        for _ in range(_TRIES):
            try:
                return self._put(request, type_ids, floors, caller)
            except _StaleTypes:
                self._forget(request)
            except AlreadyExists as error:
                if _is_id_taken(error):
                    # The namespace was dropped and made again, and its ids start anew.
                    self._forget(request)
                elif not self._raise_floors(request, floors, error):
                    raise _explained(error, self._scope.namespace) from error.__cause__
        raise Aborted(
            f"Namespace {self._scope.namespace!r} kept changing under this request.",
            hint="Try again.",
        )

    def _put(
        self,
        request: PutRequest,
        type_ids: Mapping[tuple[TypeKind, int], int],
        floors: Mapping[int, int],
        caller: Caller | None,
    ) -> PutAnswer:
        now = self._scope.clock()
        encoded: dict[int, Encoded] = {}
        planner = Planner(
            request,
            namespace=self._scope.namespace,
            now=now,
            type_of=lambda node: self._type_of(node, type_ids),
            encode=lambda node: encoded[id(node)],
            floors=floors,
            valid_at=None if caller is None else caller.valid_at,
        )
        try:
            planner.check()
        except InvalidArgument:
            # Another process may have added the property since this one read the types.
            self._types.refresh()
            planner.check()
        for kind in TypeKind:
            for node in nodes_of(request, kind):
                encoded[id(node)] = self._encode(node)
        plan = planner.plan(self._scope.ids.take(self._scope.namespace, count_new(request)))
        rows: dict[str, Any] = dict(plan.rows)
        if plan.types:
            rows["types"] = [[type_id, name] for type_id, name in plan.types.items()]
        if not rows:
            return PutAnswer((), (), (), {})
        asker = caller or Caller()
        operation = Operation("put", self._scope.namespace, asker, now, new_change_id(now))
        shared = {
            "namespace": self._scope.namespace,
            "now": now,
            "valid_at": operation.valid_at,
            **rows,
        }
        if "artifacts" in rows or "executions" in rows:
            done = self._put_guarded(request, plan, shared, operation)
            if done is not None:
                return done[0]
        statement = joined(_blocks(rows, ("clock",)))
        try:
            return self._scope.door.write_one(
                statement,
                shared,
                lambda answer: self._outcome(request, plan, statement, answer),
                operation,
            )
        except (AlreadyExists, Unavailable) as error:
            # A unique value is taken: by this very put, where it was written and its answer lost.
            may_be_written = isinstance(error, AlreadyExists) or COMMIT_UNKNOWN in error.values
            written = self._found(plan, operation) if may_be_written else None
            if written is None:
                raise
            return written

    def _put_guarded(
        self, request: PutRequest, plan: PutPlan, shared: Mapping[str, Any], operation: Operation
    ) -> tuple[PutAnswer] | None:
        """Return the answer of one round trip, None where the put has to be judged first."""
        if _UNFORESEEN & plan.rows.keys():
            return None
        given = [f"given_{name}" for name, block in _GIVEN.items() if block in plan.rows]
        statement = guarded(_blocks(shared, ("clock", "change", *given)))
        if statement is None:
            return None
        drafted = PutOutcome.drafted(request, plan, namespace=self._scope.namespace)
        return self._scope.door.write_guarded(
            statement,
            {**shared, "change": operation.record(drafted)},
            lambda answer: self._outcome(request, plan, statement, answer),
            operation,
        )

    def _found(self, plan: PutPlan, operation: Operation) -> PutAnswer | None:
        """Return the answer of a put that is written already, as its record proves; else None."""
        namespace = self._scope.namespace
        # By the server that writes: in a cluster another one may not have it yet.
        read = self._scope.graph.write_alone
        if not read(load("change/by_ids"), namespace=namespace, ids=[operation.change_id]):
            return None
        artifact_ids, context_ids = plan.ids[TypeKind.ARTIFACT], plan.ids[TypeKind.CONTEXT]
        for position, row in zip(plan.merged, plan.rows.get("merged", ()), strict=True):
            stored = read(
                load("node/by_name", LABELS[TypeKind.CONTEXT]),
                namespace=namespace,
                type_ids=[row["type_id"]],
                name=row["name"],
            )
            if not stored:
                raise Unavailable(
                    f"The put was written, and its answer lost: context {row['name']!r:.200} has "
                    f"another name since, or was deleted.",
                    hint="Read it back; do not repeat the put.",
                )
            context_ids[position] = stored[0][0]["id"]
        numbered = {whole["id"]: position for position, *_, whole in plan.rows.get("series", ())}
        statement = load("node/by_ids", LABELS[TypeKind.ARTIFACT])
        chunks = read(statement, namespace=namespace, ids=list(numbered))
        versions = {numbered[node["id"]]: node["version"] for node in rows_of(chunks)}
        executions = tuple(plan.ids[TypeKind.EXECUTION])
        return PutAnswer(tuple(artifact_ids), executions, tuple(context_ids), versions)

    def _outcome(
        self, request: PutRequest, plan: PutPlan, statement: Statement, answer: list[Row]
    ) -> Written[PutAnswer]:
        # The guarded form has a column more, which is of no use here.
        results = dict(zip(statement.returns, answer[0], strict=False)) if answer else {}
        if results.get("stale_types"):
            raise _StaleTypes
        outcome = PutOutcome(request, plan, results, namespace=self._scope.namespace)
        outcome.check(self._missing)
        return outcome.written()

    def _missing(self, label: str, ids: list[int]) -> list[int]:
        """Return those of the ids that no node of the label has."""
        statement = load("node/missing", label)
        rows = self._scope.graph.read(statement, namespace=self._scope.namespace, ids=ids)
        return list(rows[0][0])

    def _type_of(self, node: Node, type_ids: Mapping[tuple[TypeKind, int], int]) -> NodeType:
        type_id = node.type_id
        if type_id is None and node.id is not None:
            type_id = type_ids.get((node.kind, node.id))
        if type_id is None:
            raise InvalidArgument(
                f"Type id is missing. Asked to put {node.kind.lower()} {node.name!r:.200} without one.",
                hint="Register the type and use its id.",
            )
        found = self._types.by_id(type_id)
        if found is None:
            # MLMD sees of an update that the type is not the stored one before it looks for it.
            error = NotFound if node.id is None else InvalidArgument
            raise error(
                f"Cannot find type for {node.kind.lower()}: no type has id {type_id} in namespace "
                f"{self._scope.namespace!r}.",
                unknown_type_id=type_id,
            )
        return found

    def _types_of_updates(self, request: PutRequest) -> dict[tuple[TypeKind, int], int]:
        """Return the type id of each node that is updated and does not say its type."""
        known: dict[tuple[TypeKind, int], int] = {}
        for kind in TypeKind:
            ids = [n.id for n in nodes_of(request, kind) if n.id is not None and n.type_id is None]
            if ids:
                statement = load("node/type_ids", LABELS[kind])
                rows = self._scope.graph.read(statement, namespace=self._scope.namespace, ids=ids)
                found = {(kind, row[0]): row[1] for row in rows}
                if missing := [i for i in ids if (kind, i) not in found]:
                    raise unknown_ids(kind, missing, self._scope.namespace)
                known |= found
        return known

    def _encode(self, node: Node) -> Encoded:
        encoded = encode_node(node, offload_bytes=self._scope.offload_bytes)
        for large in encoded.large:
            stored = self._scope.object_store.put(large.content)
            encoded.stored[large.key] = offloaded(large.kind, stored.digest, stored.size_bytes)
        return encoded

    def _reused(self, request: PutRequest) -> PutRequest:
        """Return the request with the ids of artifacts that are to be found by external id."""
        asked = [
            a.external_id for a in request.artifacts if a.id is None and a.external_id is not None
        ]
        if not request.reuse_artifacts or not asked:
            return request
        if len(set(asked)) < len(asked):
            raise AlreadyExists("Two artifacts of the request have the same external id.")
        statement = load("node/by_external_ids", "Artifact")
        rows = self._scope.graph.read(
            statement, namespace=self._scope.namespace, external_ids=asked
        )
        known = {row[0]["external_id"]: row[0]["id"] for row in rows}
        artifacts = tuple(
            a.model_copy(update={"id": known[a.external_id]})
            if a.id is None and a.external_id in known
            else a
            for a in request.artifacts
        )
        return replace(request, artifacts=artifacts)

    def _raise_floors(
        self, request: PutRequest, floors: dict[int, int], error: AlreadyExists
    ) -> bool:
        """Return whether a name made for a series was taken, after looking where it is free."""
        clash = _Clash.of(error)
        if clash is None or "name" not in clash.keys or clash.label != "Artifact":
            return False
        raised = False
        for position, series in request.series.items():
            type_id = request.artifacts[position].type_id
            taken = self._scope.graph.read(
                load("series/taken"),
                namespace=self._scope.namespace,
                type_id=type_id,
                series=series,
            )[0][0]
            raised = raised or taken > floors.get(position, 0)
            floors[position] = taken
        return raised

    def _forget(self, request: PutRequest) -> None:
        """Drop all that is kept of the namespace, and check that the request still means the same."""
        ids = {n.type_id for kind in TypeKind for n in nodes_of(request, kind)} - {None}
        believed = {i: self._types.by_id(i) for i in ids if i is not None}
        self._types.forget()
        self._namespaces.forget()
        self._scope.ids.forget(self._scope.namespace)
        self._namespaces.ensure()
        for type_id, before in believed.items():
            after = self._types.by_id(type_id)
            if before and after and _named(before) != _named(after):
                raise Aborted(
                    f"Namespace {self._scope.namespace!r} was dropped and made again: type id "
                    f"{type_id} was {before.name!r:.200} and is {after.name!r:.200} now.",
                    hint="Register the types again, and use their new ids.",
                    type_id=type_id,
                )


def _blocks(rows: Mapping[str, Any], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return the blocks that have rows, and those others, in the order in which they run."""
    return tuple(f"put/{block}" for block in _BLOCKS if block in rows or block in more)


def _named(node_type: NodeType) -> tuple[TypeKind, str, str]:
    return node_type.kind, node_type.name, node_type.version or ""


class _Clash:
    """Which unique value was taken, read out of the server's words."""

    _FORM = re.compile(
        r"with label `(?P<label>\w+)` and propert(?:y|ies) (?P<properties>.*)", re.DOTALL
    )

    def __init__(self, label: str, properties: str) -> None:
        self.label = label
        self.properties = properties
        self.keys = re.findall(r"`(\w+)` = ", properties)

    @classmethod
    def of(cls, error: AlreadyExists) -> "_Clash | None":
        found = cls._FORM.search(str(error.values.get("detail", "")))
        return cls(found["label"], found["properties"]) if found else None


def _is_id_taken(error: AlreadyExists) -> bool:
    clash = _Clash.of(error)
    return clash is not None and clash.keys == ["namespace", "id"]


def _explained(error: AlreadyExists, namespace: str) -> HeadwaterError:
    clash = _Clash.of(error)
    if clash is None:
        return error
    key = clash.keys[-1]
    value = clash.properties.rsplit(f"`{key}` = ", 1)[-1]
    what = "of the same type " if key == "name" else ""
    return AlreadyExists(
        f"{clash.label} with {key.replace('_', ' ')} {value:.300} exists already {what}in namespace "
        f"{namespace!r}.",
        hint="Use another one, or update the one that has it, by its id.",
        key=key,
        label=clash.label,
    )
