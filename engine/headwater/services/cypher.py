"""Cypher: a user's own read-only query, guarded, and its answer as plain values."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headwater.errors import InvalidArgument, MissingExtra
from headwater.graph.guard import check_reads_only, explain_reading
from headwater.graph.held import HeldNode, held, plain
from headwater.graph.statements import load
from headwater.query.cypher_graph import CypherGraph, graph_of
from headwater.query.cypher_plan import CypherPlan, plan_of
from headwater.services.scope import Scope

if TYPE_CHECKING:
    import pandas as pd

TIMEOUT_S = 120.0
"""How long a query may take unless its asker says otherwise."""


@dataclass(frozen=True)
class CypherAnswer:
    """The rows of a query: an iterable of dicts, by column.

    Nodes are dicts of their properties with `labels`, relationships with `type`, `source` and
    `target` (the ids of their ends) beside their properties.

    Attributes:
        columns: their names, in order.
        rows: in order.
        graph: the nodes and relationships that the rows hold, also inside paths, lists and
            maps, each once, under ids of ours.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    graph: CypherGraph = field(default_factory=CypherGraph, repr=False)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the rows as a data frame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise MissingExtra(
                "This needs pandas, which is not installed.",
                hint="pip install 'headwater[pandas]'",
            ) from error
        return pd.DataFrame(list(self.rows), columns=list(self.columns))


class CypherService:
    """Runs users' queries. They see every namespace of the database."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def run(
        self, query: str, parameters: Mapping[str, object], *, timeout_s: float | None = TIMEOUT_S
    ) -> CypherAnswer:
        """Return the rows of a query that only reads.

        Args:
            query: Cypher; values belong into parameters.
            parameters: by name, without `$`.
            timeout_s: when the server stops it, in seconds; the store's own limit
                (`HEADWATER_QUERY_TIMEOUT_S`) holds as well, and alone where this is None.

        Raises:
            PermissionDenied: it would do more than read the graph.
            InvalidArgument: it is not valid Cypher, or the time is not positive.
            DeadlineExceeded: it took longer than allowed.
            ResourceExhausted: it took more memory than Neo4j gives one transaction
                (`db.memory.transaction.max`) or all together
                (`dbms.memory.transaction.total.max`); or it is too long, too deeply nested, or
                joins too much for Neo4j to plan it in good time.
        """
        if timeout_s is not None and not 0 < timeout_s < math.inf:
            raise InvalidArgument(
                f"A query's time is a positive number of seconds, found {timeout_s}.",
                timeout_s=timeout_s,
            )
        check_reads_only(self._scope.graph, query, parameters)
        answer = self._scope.graph.run_guarded(query, parameters, timeout_s=timeout_s)
        columns = tuple(answer.keys)
        found = held(value for record in answer.records for value in record.values())
        ends = self._ends(found.ends)
        known = {**found.nodes, **ends}
        rows = tuple(
            {key: plain(record[key], known) for key in columns} for record in answer.records
        )
        return CypherAnswer(columns, rows, graph_of(found, ends))

    def explain(self, query: str, parameters: Mapping[str, object]) -> CypherPlan:
        """Return what the server would do for a query that only reads; it is not run.

        Args:
            query: Cypher.
            parameters: by name, without `$`; those that are not given count as null.

        Raises:
            PermissionDenied, InvalidArgument: as `run` does.
            ResourceExhausted: it is too long, too deeply nested, joins too much, or its plan is
                too deep to show.
        """
        return plan_of(explain_reading(self._scope.graph, query, parameters), query)

    def _ends(self, places: list[str]) -> dict[str, HeldNode]:
        if not places:
            return {}
        rows = self._scope.graph.read(load("answer/ends"), ids=places)
        return {
            place: HeldNode(tuple(sorted(labels)), properties)
            for place, labels, properties in zip(*rows[0], strict=True)
        }
