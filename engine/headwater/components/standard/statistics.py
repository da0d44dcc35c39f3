"""Statistics: what each column of a data set holds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from headwater.components import Input, Output, component
from headwater.components.standard.frames import kind_of
from headwater.components.standard.types import Dataset, Statistics
from headwater.errors import InvalidArgument

_TENTHS = tuple(n / 10 for n in range(11))


@component
def generate_statistics(
    data: Input[Dataset], statistics: Output[Statistics], *, top: int = 50
) -> None:
    """Describe each column of a data set.

    The payload has `rows`, and for each of `columns` its `kind`, `count`, `missing`, `distinct`
    and `top` values with how often each comes, the most frequent first; numbers have `mean`,
    `std`, `quantiles` (lowest, tenths and highest) and a `histogram`, of those that are finite.

    Args:
        data: the data set.
        statistics: what its columns hold.
        top: of how many values of a column it is told how often they come.

    Raises:
        InvalidArgument: no value is asked for.
    """
    if top < 1:
        raise InvalidArgument(f"At least one value of each column is told, asked for {top}.")
    frame = data.load(pd.DataFrame)
    described = {name: describe(frame[name], top=top) for name in frame.columns}
    statistics.save({"rows": len(frame), "columns": described}, format="json")
    statistics.set(
        rows=len(frame),
        columns=len(described),
        missing=sum(column["missing"] for column in described.values()),
        split=data.artifact.split,
        span=data.artifact.span,
    )


def describe(column: "pd.Series[Any]", *, top: int) -> Mapping[str, Any]:
    """Return what a column holds, ready for JSON.

    Args:
        column: the column.
        top: how many of its values are told.
    """
    kind, present = kind_of(column), column.dropna()
    counts = present.map(plain).value_counts()
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:top]
    found: dict[str, Any] = {
        "kind": kind.value,
        "count": len(present),
        "missing": len(column) - len(present),
        "distinct": len(counts),
        "top": [[plain(value), int(count)] for value, count in ranked],
    }
    if kind.is_numeric:
        found |= _described_numbers(present.to_numpy(dtype=float))
    return found


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """Return a column's value as JSON has it: numbers and truth as they are, all else as text."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float) else str(value)


def _described_numbers(values: "np.ndarray[Any, Any]") -> dict[str, Any]:
    numbers = values[np.isfinite(values)]
    if not len(numbers):
        return {}
    quantiles = np.quantile(numbers, _TENTHS)
    counts, edges = np.histogram(numbers, bins=np.unique(quantiles))
    return {
        "mean": float(numbers.mean()),
        "std": float(numbers.std()),
        "quantiles": quantiles.tolist(),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }
