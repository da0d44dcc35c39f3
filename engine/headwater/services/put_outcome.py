"""Outcome of a put: what the statement handed back, as errors, ids and changes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from headwater.services.door import Written
from headwater.services.put_plan import PutPlan, nodes_of
from headwater_schema import PutAnswer, PutRequest, TypeKind
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import LABELS

Missing = Callable[[str, list[int]], list[int]]
"""Returns those of the ids that no node of a label has."""

_UPDATES = {
    TypeKind.ARTIFACT: "artifact_updates",
    TypeKind.EXECUTION: "execution_updates",
    TypeKind.CONTEXT: "context_updates",
}


class PutOutcome:
    """What one put did, before its transaction is committed.

    Args:
        request: what was asked.
        plan: what was run.
        results: what the blocks handed on, by name.
        namespace: the tenant.
        now: milliseconds, as in the plan.
    """

    def __init__(
        self,
        request: PutRequest,
        plan: PutPlan,
        results: Mapping[str, Any],
        *,
        namespace: str,
    ) -> None:
        self._request = request
        self._plan = plan
        self._results = results
        self._namespace = namespace

    def check(self, missing: Missing) -> None:
        """Raise what stands in the way, so that the transaction keeps nothing."""
        for kind in TypeKind:
            self._check_updates(kind)
        self._check_new_edges(missing)
        self._check_events()
        self._check_links("attributions", TypeKind.ARTIFACT)
        self._check_links("associations", TypeKind.EXECUTION)
        self._check_parents()

    def written(self) -> Written[PutAnswer]:
        """Return the answer and what changed."""
        context_ids = self._plan.ids[TypeKind.CONTEXT]
        for position, context_id in zip(
            self._plan.merged, self._results.get("merged", ()), strict=True
        ):
            context_ids[position] = context_id
        answer = PutAnswer(
            tuple(self._plan.ids[TypeKind.ARTIFACT]),
            tuple(self._plan.ids[TypeKind.EXECUTION]),
            tuple(context_ids),
            {row[0]: row[1] for row in self._results.get("versions", ())},
        )
        return Written(answer, [*self._node_changes(), *self._edge_changes()])

    # Checks.

    def _check_updates(self, kind: TypeKind) -> None:
        rows = self._plan.rows.get(_UPDATES[kind], ())
        found = self._results.get(_UPDATES[kind], ())
        present = {row[0] for row in found}
        missing = [row["id"] for row in rows if row["id"] not in present]
        if missing:
            raise InvalidArgument(
                f"Cannot find the given id {missing[0]}: no such {kind.lower()} in namespace "
                f"{self._namespace!r}.",
                hint="Leave the id out to insert.",
                ids=missing,
            )
        nodes = [node for node in nodes_of(self._request, kind) if node.id is not None]
        for node, (_, before, _after) in zip(nodes, found, strict=True):
            if node.type_id not in (None, before["type_id"]):
                raise InvalidArgument(
                    f"{kind.capitalize()} {node.id} has type id {before['type_id']}, which cannot "
                    f"change to {node.type_id}.",
                    id=node.id,
                )
            stored = before["last_update_time_since_epoch"]
            if (
                self._request.match_update_times
                and kind is TypeKind.ARTIFACT
                and (node.last_update_time_since_epoch or 0) != stored
            ):
                raise FailedPrecondition(
                    f"Artifact {node.id} was last updated at {stored}, the request expects "
                    f"{node.last_update_time_since_epoch or 0}.",
                    hint="Read it again, and decide again.",
                    id=node.id,
                )

    def _check_new_edges(self, missing: Missing) -> None:
        rows = self._plan.rows
        expected = {
            ("known_input_events", "Artifact"): len(rows.get("known_input_events", ())),
            ("new_attributions", "Context"): _links(rows.get("new_attributions", ())),
            ("new_associations", "Context"): _links(rows.get("new_associations", ())),
        }
        for (block, label), count in expected.items():
            if count and self._results[block] != count:
                ids = [row[0] for row in rows[block]]
                raise _not_there(label, missing(label, ids), self._namespace)

    def _check_events(self) -> None:
        rows = {row[0]: row for row in self._plan.rows.get("events", ())}
        for ordinal, no_artifact, no_execution in self._results.get("event_problems", ()):
            _, artifact_id, execution_id, _, event_type = rows[ordinal]
            if no_artifact:
                raise _not_there("Artifact", [artifact_id], self._namespace)
            if no_execution:
                raise _not_there("Execution", [execution_id], self._namespace)
            raise AlreadyExists(
                f"There is an {event_type} event between artifact {artifact_id} and execution "
                f"{execution_id} already.",
                hint="An event is never updated.",
                artifact_id=artifact_id,
                execution_id=execution_id,
            )

    def _check_links(self, block: str, kind: TypeKind) -> None:
        rows = self._plan.rows.get(block, ())
        for row, (found, context_id, _) in zip(rows, self._results.get(block, ()), strict=True):
            if not found:
                raise _not_there(LABELS[kind], [row[0]], self._namespace)
            if context_id is None:
                raise _not_there("Context", [row[1]], self._namespace)

    def _check_parents(self) -> None:
        rows = self._plan.rows.get("parents", ())
        for row, (child, parent, taken, cycle) in zip(
            rows, self._results.get("parents", ()), strict=True
        ):
            for found, asked in ((child, row[0]), (parent, row[3])):
                if found is None:
                    raise InvalidArgument(
                        f"Context {asked} cannot be found in namespace {self._namespace!r}.",
                        id=asked,
                    )
            if taken:
                raise AlreadyExists(f"Context {child} has parent {parent} already.")
            if cycle:
                raise InvalidArgument(
                    f"There is a cycle detected: context {child} cannot lie within {parent}, "
                    f"which is or lies within it.",
                    child_id=child,
                    parent_id=parent,
                )

    # Changes.

    def _node_changes(self) -> Iterator[ElementChange]:
        rows = self._plan.rows
        for kind, block in (
            (ElementKind.ARTIFACT, "artifacts"),
            (ElementKind.EXECUTION, "executions"),
            (ElementKind.CONTEXT, "contexts"),
        ):
            for stored in rows.get(block, ()):
                yield ElementChange(Element(kind, (stored["id"],)), None, stored)
        yield from self._series_changes()
        made: set[int] = set()
        for stored, context_id in zip(
            rows.get("merged", ()), self._results.get("merged", ()), strict=True
        ):
            if stored["id"] == context_id and context_id not in made:
                made.add(context_id)
                yield ElementChange(Element(ElementKind.CONTEXT, (context_id,)), None, stored)
        for type_kind in TypeKind:
            for node_id, before, after in self._results.get(_UPDATES[type_kind], ()):
                yield ElementChange(Element(ElementKind(type_kind), (node_id,)), before, after)

    def _series_changes(self) -> Iterator[ElementChange]:
        rows = self._plan.rows.get("series", ())
        for row, (_, version, latest) in zip(rows, self._results.get("versions", ()), strict=True):
            _, type_id, series, _, stored = row
            named = {**stored, "version": version, "name": f"{series}@{version}"}
            yield ElementChange(Element(ElementKind.ARTIFACT, (stored["id"],)), None, named)
            key = {"namespace": self._namespace, "type_id": type_id, "name": series}
            yield ElementChange(
                Element(ElementKind.SERIES, (type_id, series)),
                {**key, "latest": latest} if latest else None,
                {**key, "latest": version},
            )

    def _edge_changes(self) -> Iterator[ElementChange]:
        rows = self._plan.rows
        artifacts, executions = rows.get("artifacts", ()), rows.get("executions", ())
        for block, event_type in (("input_events", "INPUT"), ("output_events", "OUTPUT")):
            for artifact, execution, properties in rows.get(block, ()):
                ends = artifacts[artifact]["id"], executions[execution]["id"]
                yield _event_change(*ends, event_type, properties)
        for artifact_id, execution, properties in rows.get("known_input_events", ()):
            yield _event_change(artifact_id, executions[execution]["id"], "INPUT", properties)
        for _, artifact_id, execution_id, properties, event_type in rows.get("events", ()):
            yield _event_change(artifact_id, execution_id, event_type, properties)
        yield from self._link_changes("attributions", ElementKind.ATTRIBUTION)
        yield from self._link_changes("associations", ElementKind.ASSOCIATION)
        for child, parent, _, _ in self._results.get("parents", ()):
            yield ElementChange(Element(ElementKind.PARENT_CONTEXT, (child, parent)), None, {})

    def _link_changes(self, block: str, kind: ElementKind) -> Iterator[ElementChange]:
        rows = self._plan.rows
        made = rows.get("artifacts" if kind is ElementKind.ATTRIBUTION else "executions", ())
        merged = self._results.get("merged", ())
        pairs = [
            (made[index]["id"], context_id)
            for context_id, indexes in rows.get(f"new_{block}", ())
            for index in indexes
        ]
        pairs += [
            (made[index]["id"], merged[context])
            for context, indexes in rows.get(f"merged_{block}", ())
            for index in indexes
        ]
        results: Sequence[Any] = self._results.get(block, ())
        pairs += [
            (row[0], context_id)
            for row, (_, context_id, count) in zip(rows.get(block, ()), results, strict=True)
            if count
        ]
        for pair in dict.fromkeys(pairs):
            yield ElementChange(Element(kind, pair), None, {})


def _links(rows: Sequence[Any]) -> int:
    return sum(len(indexes) for _, indexes in rows)


def _event_change(
    artifact_id: int, execution_id: int, event_type: str, properties: Mapping[str, Any]
) -> ElementChange:
    element = Element(ElementKind.EVENT, (artifact_id, execution_id, event_type))
    return ElementChange(element, None, properties)


def _not_there(label: str, ids: Sequence[int], namespace: str) -> InvalidArgument:
    listed = ", ".join(str(i) for i in list(ids)[:10])
    return InvalidArgument(
        f"No {label.lower()} with id {listed} in namespace {namespace!r}.", ids=list(ids)
    )
