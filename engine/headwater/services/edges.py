"""Edges: events, and the contexts that nodes and contexts lie in, read back."""

from collections.abc import Iterable

from headwater.graph.records import decode_event, decode_node, rows_of
from headwater.graph.statements import load
from headwater.services.scope import Scope
from headwater_schema import Context, Event, TypeKind


class EdgeService:
    """Reads the edges of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def events_of_executions(self, execution_ids: Iterable[int]) -> list[Event]:
        """Return the executions' events in the order in which they were put."""
        return self._events("event/by_executions", execution_ids)

    def events_of_artifacts(self, artifact_ids: Iterable[int]) -> list[Event]:
        """Return the artifacts' events in the order in which they were put."""
        return self._events("event/by_artifacts", artifact_ids)

    def contexts_of_artifact(self, artifact_id: int) -> list[Context]:
        """Return the contexts that an artifact is attributed to, by id."""
        return self._contexts("context/of_artifact", artifact_id)

    def contexts_of_execution(self, execution_id: int) -> list[Context]:
        """Return the contexts that an execution is associated with, by id."""
        return self._contexts("context/of_execution", execution_id)

    def parents(self, context_ids: Iterable[int]) -> dict[int, list[Context]]:
        """Return the direct parents of each context that has one, by id."""
        return self._related("context/parents", context_ids)

    def children(self, context_ids: Iterable[int]) -> dict[int, list[Context]]:
        """Return the direct children of each context that has one, by id."""
        return self._related("context/children", context_ids)

    def _events(self, name: str, ids: Iterable[int]) -> list[Event]:
        chunks = self._scope.graph.read(load(name), namespace=self._scope.namespace, ids=list(ids))
        return [decode_event(row) for row in rows_of(chunks)]

    def _contexts(self, name: str, node_id: int) -> list[Context]:
        rows = self._scope.graph.read(load(name), namespace=self._scope.namespace, id=node_id)
        return [decode_node(TypeKind.CONTEXT, row[0], self._scope.fetch) for row in rows]

    def _related(self, name: str, context_ids: Iterable[int]) -> dict[int, list[Context]]:
        rows = self._scope.graph.read(
            load(name), namespace=self._scope.namespace, ids=list(context_ids)
        )
        related: dict[int, list[Context]] = {}
        for context_id, stored in rows:
            context = decode_node(TypeKind.CONTEXT, stored, self._scope.fetch)
            related.setdefault(context_id, []).append(context)
        return related
