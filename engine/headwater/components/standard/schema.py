"""Schema: what each column of a data set may hold, learnt from its statistics."""

from collections.abc import Mapping
from typing import Any

from headwater.components import Input, Output, component
from headwater.components.standard.frames import Kind
from headwater.components.standard.types import DataSchema, Statistics
from headwater.errors import InvalidArgument


@component
def infer_schema(
    statistics: Input[Statistics],
    schema: Output[DataSchema],
    *,
    slack: float = 0.1,
    max_values: int = 50,
) -> None:
    """Learn from statistics what each column may hold.

    The payload has for each of `columns` its `kind`, whether it is `required` (no value was
    missing), the `values` that a string may have, and the `lowest` and `highest` of numbers.

    Args:
        statistics: of the data that is as it should be.
        schema: what it says of other data.
        slack: by which share of the range that was seen numbers may leave it.
        max_values: a string of more values than this may have any.

    Raises:
        InvalidArgument: the slack or the number of values is below 0.
    """
    if slack < 0 or max_values < 0:
        raise InvalidArgument(
            f"Limits are not negative, found slack={slack}, max_values={max_values}."
        )
    columns = {
        name: _allowed(column, slack=slack, max_values=max_values)
        for name, column in statistics.load()["columns"].items()
    }
    schema.save({"columns": columns}, format="json")
    schema.set(columns=len(columns), required=sum(c["required"] for c in columns.values()))


def _allowed(column: Mapping[str, Any], *, slack: float, max_values: int) -> dict[str, Any]:
    kind = Kind(column["kind"])
    found: dict[str, Any] = {"kind": kind.value, "required": column["missing"] == 0}
    if "quantiles" in column:
        lowest, highest = column["quantiles"][0], column["quantiles"][-1]
        width = (highest - lowest) * slack
        found |= {"lowest": lowest - width, "highest": highest + width}
    values = [value for value, _ in column["top"]]
    if kind is Kind.STRING and column["distinct"] <= min(max_values, len(values)):
        found["values"] = sorted(values)
    return found
