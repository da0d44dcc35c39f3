"""Outcome of a put: what the statement handed back, as errors, ids and changes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from headwater.graph.records import STATE_KEYS
from headwater.services.door import Drafted, Written
from headwater.services.put_plan import PutPlan, event_properties, nodes_of
from headwater_schema import PutAnswer, PutRequest, TypeKind
from headwater_schema.change_records import Given, Versioned
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import LABELS, TOMBSTONE

Missing = Callable[[str, list[int]], list[int]]
"""Returns those of the ids that no node of a label has."""

_UPDATES = {
    TypeKind.ARTIFACT: "artifact_updates",
    TypeKind.EXECUTION: "execution_updates",
    TypeKind.CONTEXT: "context_updates",
}


class _Told(NamedTuple):
    """A change, and whether it was made where a merge decides that; Given where nobody knows yet."""

    change: ElementChange
    made: bool | Given | None = None


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
        for position, (context_id, _) in zip(
            self._plan.merged, self._handed("merged"), strict=True
        ):
            context_ids[position] = context_id
        answer = PutAnswer(
            tuple(self._plan.ids[TypeKind.ARTIFACT]),
            tuple(self._plan.ids[TypeKind.EXECUTION]),
            tuple(context_ids),
            {row[0]: row[1] for row in self._handed("versions")},
        )
        changes = (each.change for each in self._changes() if each.made is not False)
        return Written(answer, changes, self._results.get("recorded_at"))

    @classmethod
    def drafted(cls, request: PutRequest, plan: PutPlan, *, namespace: str) -> list[Drafted]:
        """Return what a put that only adds will have changed, where the database decides with Given.

        It gives, after the time of recording: for each row of `merged` the context's id and 1
        where it was made, else 0; for each row of `series` the version and the latest before it.
        """
        numbers = count(1)
        merged = [[Given(next(numbers)), Given(next(numbers))] for _ in plan.merged]
        versions = [
            [row[0], Given(next(numbers)), Given(next(numbers))]
            for row in plan.rows.get("series", ())
        ]
        results = {"merged": merged, "versions": versions}
        outcome = cls(request, plan, results, namespace=namespace)
        return [
            Drafted(each.change, each.made if isinstance(each.made, Given) else None)
            for each in outcome._changes()
        ]

    def _changes(self) -> Iterator["_Told"]:
        return chain(self._node_changes(), map(_Told, self._edge_changes()))

    def _rows(self, block: str) -> list[Any]:
        """Return the rows that a block was given."""
        return self._plan.rows.get(block, [])

    def _made_ids(self, block: str) -> list[int]:
        """Return the ids of the nodes that a block makes, by index."""
        return [made["id"] for _, made in self._rows(block)]

    def _handed(self, name: str) -> list[Any]:
        """Return what a block handed on, of the lists among them."""
        handed: list[Any] = self._results.get(name, [])
        return handed

    # Checks.

    def _check_updates(self, kind: TypeKind) -> None:
        rows = self._rows(_UPDATES[kind])
        found = self._handed(_UPDATES[kind])
        present = {row[0] for row in found}
        missing = [row["id"] for row in rows if row["id"] not in present]
        if missing:
            raise unknown_ids(kind, missing, self._namespace)
        nodes = [
            (position, node)
            for position, node in enumerate(nodes_of(self._request, kind))
            if node.id is not None
        ]
        for (position, node), (_, before, _after) in zip(nodes, found, strict=True):
            if node.type_id not in (None, before["type_id"]):
                raise InvalidArgument(
                    f"{kind.capitalize()} {node.id} has type id {before['type_id']}, which cannot "
                    f"change to {node.type_id}.",
                    id=node.id,
                )
            if TOMBSTONE in before:
                raise FailedPrecondition(
                    f"{kind.capitalize()} {node.id} was deleted at {before[TOMBSTONE]}, and a "
                    f"tombstone is never changed.",
                    hint="Leave the id out to insert a new one.",
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
            if kind is TypeKind.EXECUTION:
                self._check_state(position, before)

    def _check_state(self, position: int, before: Mapping[str, Any]) -> None:
        expected = self._request.expected_states.get(position)
        state = before.get(STATE_KEYS[TypeKind.EXECUTION])
        if expected not in (None, state):
            raise FailedPrecondition(
                f"Execution {before['id']} is {state or 'in no state'}, the request expects "
                f"{expected}.",
                hint="Read it again, and decide again.",
                id=before["id"],
                found_state=state,
            )

    def _check_new_edges(self, missing: Missing) -> None:
        expected = {
            ("known_input_events", "Artifact"): len(self._rows("known_input_events")),
            ("new_attributions", "Context"): _links(self._rows("new_attributions")),
            ("new_associations", "Context"): _links(self._rows("new_associations")),
        }
        for (block, label), links in expected.items():
            if links and self._results[block] != links:
                ids = [row[0] for row in self._rows(block)]
                raise _not_there(label, missing(label, ids), self._namespace)

    def _check_events(self) -> None:
        rows = {row[0]: row for row in self._rows("events")}
        for ordinal, no_artifact, no_execution in self._handed("event_problems"):
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
        rows = self._rows(block)
        for row, (found, context_id, _) in zip(rows, self._handed(block), strict=True):
            if not found:
                raise _not_there(LABELS[kind], [row[0]], self._namespace)
            if context_id is None:
                raise _not_there("Context", [row[1]], self._namespace)

    def _check_parents(self) -> None:
        rows = self._rows("parents")
        for row, (child, parent, taken, cycle) in zip(rows, self._handed("parents"), strict=True):
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

    def _node_changes(self) -> Iterator["_Told"]:
        types = list(self._plan.types.items())
        for kind, block in (
            (ElementKind.ARTIFACT, "artifacts"),
            (ElementKind.EXECUTION, "executions"),
            (ElementKind.CONTEXT, "contexts"),
        ):
            for index, made in self._rows(block):
                type_id, name = types[index]
                whole = {**made, "type_id": type_id, "type": name, **self._plan.shared}
                yield _Told(ElementChange(Element(kind, (made["id"],)), None, whole))
        yield from map(_Told, _net(self._series_changes()))
        for stored, (context_id, made) in zip(
            self._rows("merged"), self._handed("merged"), strict=True
        ):
            element = Element(ElementKind.CONTEXT, (context_id,))
            yield _Told(ElementChange(element, None, {**stored, "id": context_id}), made)
        yield from map(
            _Told,
            _net(
                ElementChange(Element(ElementKind(type_kind), (node_id,)), before, after)
                for type_kind in TypeKind
                for node_id, before, after in self._handed(_UPDATES[type_kind])
            ),
        )

    def _series_changes(self) -> Iterator[ElementChange]:
        rows = self._rows("series")
        for row, (_, version, latest) in zip(rows, self._handed("versions"), strict=True):
            _, type_id, series, _, stored = row
            name = (
                Versioned(series, version) if isinstance(version, Given) else f"{series}@{version}"
            )
            named = {**stored, "version": version, "name": name}
            yield ElementChange(Element(ElementKind.ARTIFACT, (stored["id"],)), None, named)
            key = {"namespace": self._namespace, "type_id": type_id, "name": series}
            yield ElementChange(
                Element(ElementKind.SERIES, (type_id, series)),
                {**key, "latest": latest} if latest else None,
                {**key, "latest": version},
            )

    def _edge_changes(self) -> Iterator[ElementChange]:
        artifacts, executions = self._made_ids("artifacts"), self._made_ids("executions")
        valid_at = self._plan.valid_at
        for block, event_type in (("input_events", "INPUT"), ("output_events", "OUTPUT")):
            for artifact, execution, *properties in self._rows(block):
                stored = event_properties(*properties, valid_at=valid_at)
                yield _event_change(artifacts[artifact], executions[execution], event_type, stored)
        for artifact_id, execution, *properties in self._rows("known_input_events"):
            stored = event_properties(*properties, valid_at=valid_at)
            yield _event_change(artifact_id, executions[execution], "INPUT", stored)
        for _, artifact_id, execution_id, properties, event_type in self._rows("events"):
            yield _event_change(artifact_id, execution_id, event_type, properties)
        yield from self._link_changes("attributions", ElementKind.ATTRIBUTION)
        yield from self._link_changes("associations", ElementKind.ASSOCIATION)
        for child, parent, _, _ in self._handed("parents"):
            yield ElementChange(Element(ElementKind.PARENT_CONTEXT, (child, parent)), None, {})

    def _link_changes(self, block: str, kind: ElementKind) -> Iterator[ElementChange]:
        made = self._made_ids("artifacts" if kind is ElementKind.ATTRIBUTION else "executions")
        merged = self._handed("merged")
        pairs = [
            (made[index], context_id)
            for context_id, indexes in self._rows(f"new_{block}")
            for index in indexes
        ]
        pairs += [
            (made[index], merged[context][0])
            for context, indexes in self._rows(f"merged_{block}")
            for index in indexes
        ]
        results: Sequence[Any] = self._handed(block)
        pairs += [
            (row[0], context_id)
            for row, (_, context_id, count) in zip(self._rows(block), results, strict=True)
            if count
        ]
        for pair in dict.fromkeys(pairs):
            yield ElementChange(Element(kind, pair), None, {})


def _net(changes: Iterable[ElementChange]) -> Iterable[ElementChange]:
    """Return one change for each element, from before its first to after its last."""
    seen: dict[Element, ElementChange] = {}
    for change in changes:
        first = seen.get(change.element, change)
        seen[change.element] = ElementChange(change.element, first.before, change.after)
    return seen.values()


def _links(rows: Sequence[Any]) -> int:
    return sum(len(indexes) for _, indexes in rows)


def _event_change(
    artifact_id: int, execution_id: int, event_type: str, properties: Mapping[str, Any]
) -> ElementChange:
    element = Element(ElementKind.EVENT, (artifact_id, execution_id, event_type))
    return ElementChange(element, None, properties)


def unknown_ids(kind: TypeKind, ids: Sequence[int], namespace: str) -> InvalidArgument:
    """Return the error of an update of nodes that do not exist; the text begins as MLMD's does."""
    return InvalidArgument(
        f"Cannot find the given id {ids[0]}: no such {kind.lower()} in namespace {namespace!r}.",
        hint="Leave the id out to insert.",
        ids=list(ids),
    )


def _not_there(label: str, ids: Sequence[int], namespace: str) -> InvalidArgument:
    listed = ", ".join(str(i) for i in list(ids)[:10])
    return InvalidArgument(
        f"No {label.lower()} with id {listed} in namespace {namespace!r}.",
        ids=list(ids),
        label=label,
    )
