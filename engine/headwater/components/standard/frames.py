"""Frames: what the standard components share about data frames: kinds of columns, and saving.

Knows nothing of what a component does with them.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import pandas as pd

from headwater.components import Output
from headwater.components.standard.types import Dataset
from headwater.errors import InvalidArgument

_SHOWN = 20


class Kind(StrEnum):
    """What the values of a column are."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    STRING = "string"
    EMPTY = "empty"

    @property
    def is_numeric(self) -> bool:
        """Whether its values can be averaged."""
        return self in (Kind.INTEGER, Kind.NUMBER)


def kind_of(column: "pd.Series[Any]") -> Kind:
    """Return what the values of a column are; integers stay so where some are missing."""
    present = column.dropna()
    if present.empty:
        return Kind.EMPTY
    if pd.api.types.is_bool_dtype(present.infer_objects()):
        return Kind.BOOLEAN
    if pd.api.types.is_integer_dtype(present):
        return Kind.INTEGER
    if pd.api.types.is_numeric_dtype(present):
        # A missing value makes floats of integers when CSV is read.
        whole = len(present) < len(column) and bool((present % 1 == 0).all())
        return Kind.INTEGER if whole else Kind.NUMBER
    return Kind.TIME if pd.api.types.is_datetime64_any_dtype(present) else Kind.STRING


def demand_columns(frame: pd.DataFrame, columns: Iterable[str], *, of: str) -> None:
    """Do nothing if a frame has those columns.

    Args:
        frame: the frame.
        columns: which it must have.
        of: what the frame is, for the error.

    Raises:
        InvalidArgument: it lacks one; `column` is the first.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns[:_SHOWN]))
        more = len(frame.columns) - _SHOWN
        raise InvalidArgument(
            f"There is no column {missing[0]!r} in {of}, but {found}"
            f"{f' and {more} more' if more > 0 else ''}.",
            hint="Correct the name, or the data.",
            column=missing[0],
        )


def demand_rows(frame: pd.DataFrame, *, of: str) -> None:
    """Do nothing if a frame has rows.

    Raises:
        InvalidArgument: it has none.
    """
    if frame.empty:
        raise InvalidArgument(f"There are no rows in {of}.", hint="Is the right file read?")


def target_of(frame: pd.DataFrame, target: str, *, of: str) -> Any:  # noqa: ANN401 - an array of any values
    """Return the values of the column that is to be predicted.

    Args:
        frame: the frame.
        target: the column.
        of: what the frame is, for errors.

    Raises:
        InvalidArgument: there is no such column, or values of it are missing.
    """
    demand_rows(frame, of=of)
    demand_columns(frame, [target], of=of)
    missing = int(frame[target].isna().sum())
    if missing:
        raise InvalidArgument(
            f"{missing} of {len(frame)} rows in {of} have no {target!r}, which is the target.",
            hint="Take these rows out before the data is split.",
            column=target,
            missing=missing,
        )
    return frame[target].to_numpy()


def save_frame(
    output: Output[Dataset], frame: pd.DataFrame, *, split: str = "", span: int | None = None
) -> None:
    """Save a frame as a data set.

    Args:
        output: where to.
        frame: its rows are numbered anew.
        split: which part of a whole it is.
        span: number of the period that it is of.
    """
    rows, columns = frame.shape
    output.set(rows=rows, columns=columns, split=split, span=span)
    output.save(frame.reset_index(drop=True), format="parquet")
