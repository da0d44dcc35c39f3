"""Filters: text in MLMD's filter language made ready for a kind of node of one namespace, and run.

Knows which properties the namespace's types declare and which custom ones have an index. What a
filter means is told by `headwater.query`.
"""

import re
from typing import Any

from headwater.errors import InvalidArgument
from headwater.graph.indexes import list_indexes
from headwater.graph.session import Row
from headwater.graph.statements import Statement
from headwater.query.filter_check import Checked, check
from headwater.query.filter_cypher import MARK, Known
from headwater.query.filter_plan import Filter, compile_filter
from headwater.query.filter_tree import shown, wrong
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS, LONG_TEXT_BYTES, Prefix


class FilterService:
    """Compiles filters of nodes of one kind, and reads by them."""

    def __init__(self, scope: Scope, types: TypeService, kind: TypeKind) -> None:
        self._scope = scope
        self._types = types
        self.kind = kind

    def compiled(self, text: str) -> Filter:
        """Return a filter as parts of a statement.

        Raises:
            InvalidArgument: it is no filter of such nodes; the message shows where and why.
        """
        return self._compiled(check(self.kind, text))

    def of_nodes_alone(self, text: str) -> Filter | None:
        """Return a filter that can be asked of a past state, None for an empty text.

        It may speak of the nodes' own attributes and properties. Who their neighbours were, and
        what those were then, is not in the graph as it is now.

        Raises:
            InvalidArgument: it is no filter of such nodes, or speaks of a neighbour.
        """
        if not text:
            return None
        checked = check(self.kind, text)
        for step in checked.steps:
            if step.op == "column" and step.value.alias is not None:
                raise wrong(
                    text,
                    step.start,
                    f"{shown(step.value.alias.name)} is a neighbour, and a list of a past state is "
                    "filtered by what its nodes were themselves.",
                    hint="Leave it out and ask for the `context_id`, or ask a lineage question of "
                    "that moment; a list of now takes neighbours.",
                )
        return self._compiled(checked)

    def read(
        self, statement: Statement, filtered: Filter | None, parameters: dict[str, Any]
    ) -> list[Row]:
        """Return the rows of a statement that holds a filter; one round trip.

        Raises:
            InvalidArgument: the filter needs a value that lies in the object store.
        """
        try:
            return self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)
        except InvalidArgument as error:
            found = re.search(rf"{MARK}(\d+) ", str(error))
            if filtered is None or found is None:
                raise
            asked = filtered.marks[int(found[1])]
            raise InvalidArgument(
                f"Invalid `filter_query`: a value of property {asked.key!r:.200} lies in the object "
                "store, where it can only be tested by = and IN.",
                hint="Ask for something else of it, or raise HEADWATER_OFFLOAD_BYTES before it is put.",
                key=asked.key,
            ) from error

    def _compiled(self, checked: Checked) -> Filter:
        declared = {
            key
            for custom, key in checked.keys
            if not custom
            for node_type in self._types.all(self.kind)
            for key in node_type.properties
        }
        known = Known(
            declared=frozenset(declared),
            custom=self._indexed_custom(checked),
            plain_bytes=min(LONG_TEXT_BYTES, self._scope.offload_bytes),
        )
        return compile_filter(checked, known)

    def _indexed_custom(self, checked: Checked) -> frozenset[str]:
        """Return the keys of custom properties that have an index, asked for only where it helps."""
        if not any(custom for custom, _ in checked.keys):
            return frozenset()
        return frozenset(
            index.key.removeprefix(Prefix.CUSTOM)
            for index in list_indexes(self._scope.graph)
            if index.label == LABELS[self.kind] and index.key.startswith(Prefix.CUSTOM)
        )
