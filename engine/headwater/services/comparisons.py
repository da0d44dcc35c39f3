"""Comparisons: many executions with their parameters, metrics and inputs, fetched in one query."""

from collections.abc import Sequence

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Row
from headwater.graph.statements import load
from headwater.query.comparison import Comparison, InputRow, MetricRow, comparison
from headwater.services.scope import Scope

_NO_LIMIT = 2**31 - 1


class ComparisonService:
    """Compares executions of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def runs(self, execution_ids: Sequence[int]) -> Comparison:
        """Return executions side by side, in the order given, each once.

        Parameters are their properties. Metrics are the numbers on the metrics and models that
        they made, and on the metrics that others made of those models: metrics are artifacts
        whose type has the base `mlmd.Metrics`, or `metric` or `evaluation` in its name; models
        those with the base `mlmd.Model`, or `model` in the type's name. Inputs are named by
        their role, or else their type.

        Raises:
            NotFound: one of them does not exist; `ids` lists those.
            InvalidArgument: none is given.
        """
        wanted = list(dict.fromkeys(execution_ids))
        if not wanted:
            raise InvalidArgument("Nothing to compare.", hint="Name some runs.")
        found = self._compared(
            self._scope.graph.read(
                load("comparison/runs"),
                namespace=self._scope.namespace,
                execution_ids=wanted,
                limit=len(wanted),
            )
        )
        if missing := sorted(set(wanted) - {run.key.id for run in found.runs}):
            raise NotFound(
                f"No executions with the ids {', '.join(map(str, missing[:10]))} in namespace "
                f"{self._scope.namespace!r}.",
                ids=missing,
            )
        return found

    def in_context(
        self, context_id: int, *, type_name: str | None = None, limit: int | None = None
    ) -> Comparison:
        """Return the executions of a context side by side, newest first; see `runs`.

        Args:
            context_id: the context.
            type_name: only of this type.
            limit: at most so many; `left_out` then counts the rest.
        """
        return self._compared(
            self._scope.graph.read(
                load("comparison/in_context"),
                namespace=self._scope.namespace,
                context_id=context_id,
                type=type_name,
                limit=_limit(limit),
            )
        )

    def of_type(self, type_name: str, *, limit: int | None = None) -> Comparison:
        """Return the executions of a type side by side, newest first; see `in_context`."""
        return self._compared(
            self._scope.graph.read(
                load("comparison/of_type"),
                namespace=self._scope.namespace,
                type=type_name,
                limit=_limit(limit),
            )
        )

    def _compared(self, rows: Sequence[Row]) -> Comparison:
        parts: dict[str, list[list[object]]] = {"total": [], "run": [], "input": [], "metric": []}
        for part, chunk in rows:
            parts[part] += chunk
        runs: list[dict[str, object]] = [dict(stored) for stored in parts["run"]]  # type: ignore[arg-type] # property maps
        (total,) = parts["total"] or [0]  # type: ignore[list-item] # a number
        return comparison(
            runs,
            [InputRow(*row) for row in parts["input"]],  # type: ignore[arg-type] # columns in this order
            [MetricRow(*row) for row in parts["metric"]],  # type: ignore[arg-type] # likewise
            total=int(total),  # type: ignore[call-overload] # a number
        )


def _limit(limit: int | None) -> int:
    if limit is not None and limit < 1:
        raise InvalidArgument(f"At least 1 run is compared, asked for {limit}.", limit=limit)
    return _NO_LIMIT if limit is None else min(limit, _NO_LIMIT)
