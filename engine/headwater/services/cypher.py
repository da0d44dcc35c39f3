"""Cypher: a user's own read-only query, guarded, and its answer as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.errors import MissingExtra
from headwater.graph.guard import check_reads_only
from headwater.graph.records import plain
from headwater.services.scope import Scope

if TYPE_CHECKING:
    import pandas as pd

TIMEOUT_S = 120.0


@dataclass(frozen=True)
class CypherAnswer:
    """The rows of a query: an iterable of dicts, by column.

    Nodes are dicts of their properties with `labels`, relationships with `type`, `source` and
    `target` beside their properties.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

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
            timeout_s: when the server stops it.

        Raises:
            PermissionDenied: it would do more than read the graph.
            InvalidArgument: it is not valid Cypher.
            DeadlineExceeded: it took longer than allowed.
        """
        check_reads_only(self._scope.graph, query, parameters)
        answer = self._scope.graph.run_guarded(query, parameters, timeout_s=timeout_s)
        columns = tuple(answer.keys)
        rows = tuple({key: plain(record[key]) for key in columns} for record in answer.records)
        return CypherAnswer(columns, rows)
