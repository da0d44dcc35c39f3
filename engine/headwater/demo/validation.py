"""Validation: what columns hold, what they may hold, and where one breaks the other.

Knows nothing of headwater. Everything it returns is JSON-ready.
"""

from typing import Any

import pandas as pd


def statistics(frame: pd.DataFrame) -> dict[str, Any]:
    """Return how many rows there are, and for each column what it holds."""
    columns = {str(name): _column_statistics(frame[name]) for name in frame.columns}
    return {"rows": len(frame), "columns": columns}


def infer_schema(frame: pd.DataFrame) -> dict[str, Any]:
    """Return for each column its kind, its range or categories, and whether it may be missing."""
    return {"columns": {str(name): _column_schema(frame[name]) for name in frame.columns}}


def find_anomalies(frame: pd.DataFrame, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each way in which a column breaks the schema, with how many values do.

    Problems are `missing column`, `unknown column`, `missing values`, `new categories` and
    `out of range`.
    """
    expected = schema["columns"]
    absent = [_anomaly(name, "missing column", 1) for name in expected if name not in frame]
    unknown = [_anomaly(str(n), "unknown column", 1) for n in frame if str(n) not in expected]
    known = [name for name in expected if name in frame]
    return absent + unknown + [a for n in known for a in _column_anomalies(frame[n], expected[n])]


def clip(frame: pd.DataFrame, schema: dict[str, Any]) -> tuple[pd.DataFrame, int]:
    """Return the frame with every number inside the schema's range, and how many were not."""
    numbers = {n: c for n, c in schema["columns"].items() if c["kind"] == "number"}
    lowest = pd.Series({name: column["min"] for name, column in numbers.items()})
    highest = pd.Series({name: column["max"] for name, column in numbers.items()})
    clipped = frame.copy()
    clipped[list(numbers)] = frame[list(numbers)].clip(lowest, highest, axis="columns")
    return clipped, int((clipped[list(numbers)] != frame[list(numbers)]).sum().sum())


def _column_statistics(column: "pd.Series[Any]") -> dict[str, Any]:
    common = {"missing": int(column.isna().sum()), "distinct": int(column.nunique())}
    if not pd.api.types.is_numeric_dtype(column):
        counts = column.value_counts()
        return {**common, "counts": {str(value): int(n) for value, n in counts.items()}}
    described = {
        "mean": column.mean(),
        "std": column.std(),
        "min": column.min(),
        "median": column.median(),
        "max": column.max(),
    }
    return {**common, **{name: float(value) for name, value in described.items()}}


def _column_schema(column: "pd.Series[Any]") -> dict[str, Any]:
    required = not column.isna().any()
    if pd.api.types.is_numeric_dtype(column):
        limits = {"min": float(column.min()), "max": float(column.max())}
        return {"kind": "number", "required": required, **limits}
    values = sorted(str(value) for value in column.dropna().unique())
    return {"kind": "category", "required": required, "values": values}


def _column_anomalies(column: "pd.Series[Any]", expected: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    name, missing = str(column.name), int(column.isna().sum())
    if missing and expected["required"]:
        found.append(_anomaly(name, "missing values", missing))
    present = column.dropna()
    if expected["kind"] == "category":
        new = present[~present.isin(expected["values"])]
        if len(new):
            categories = sorted(str(value) for value in new.unique())
            found.append(_anomaly(name, "new categories", len(new), found=categories))
        return found
    outside = present[(present < expected["min"]) | (present > expected["max"])]
    if len(outside):
        limits = [expected["min"], expected["max"]]
        values = outside.tolist()
        found.append(_anomaly(name, "out of range", len(outside), expected=limits, found=values))
    return found


def _anomaly(column: str, problem: str, values: int, **details: object) -> dict[str, Any]:
    return {"column": column, "problem": problem, "values": values, **details}
