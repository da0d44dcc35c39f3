"""Exports: a whole namespace read in the order of its ids, some thousand rows at a time."""

from collections.abc import Iterator
from typing import Any

from headwater.graph.records import decode_node, rows_of
from headwater.graph.statements import load
from headwater.services.scope import Scope
from headwater.services.types import decode_type
from headwater_schema import Artifact, Context, Execution, NodeType, TypeKind
from headwater_schema.stored import LABELS

BATCH = 2_000


class ExportService:
    """Reads all of one namespace. What is written meanwhile may be seen or not."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def types(self) -> list[NodeType]:
        """Return every type by id, the system types among them."""
        chunks = self._scope.graph.read(load("type/all"), namespace=self._scope.namespace)
        return [decode_type(properties, base) for properties, base in rows_of(chunks)]

    def nodes(self, kind: TypeKind) -> Iterator[list[Artifact | Execution | Context]]:
        """Yield every node of a kind by id, in batches."""
        statement = load("export/nodes", LABELS[kind])
        after = -1
        while True:
            stored = self._scope.graph.read(
                statement, namespace=self._scope.namespace, after=after, size=BATCH
            )[0][0]
            if not stored:
                return
            yield [decode_node(kind, node, self._scope.fetch) for node in stored]
            after = stored[-1]["id"]

    def events(self, after: int, last: int) -> list[list[Any]]:
        """Return the events of the executions with ids after one up to another.

        Rows are [ordinal, artifact id, execution id, type, milliseconds, path as text], in the
        order in which they were put.
        """
        return self._rows("export/events", None, after, last)

    def links(self, kind: TypeKind, after: int, last: int) -> list[list[Any]]:
        """Return rows [node id, context id] of the nodes with ids after one up to another.

        They are attributions, associations or, for contexts, parents, by the kind of the nodes.
        """
        return self._rows("export/links", LABELS[kind], after, last)

    def _rows(self, name: str, label: str | None, after: int, last: int) -> list[list[Any]]:
        rows = self._scope.graph.read(
            load(name, label), namespace=self._scope.namespace, after=after, last=last
        )
        found: list[list[Any]] = rows[0][0]
        return found
