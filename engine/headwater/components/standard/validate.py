"""Validate: where a data set breaks a schema, or has moved away from other data."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from headwater.components import Input, Output, component
from headwater.components.standard.distance import Distance, distance_of
from headwater.components.standard.frames import Kind, kind_of
from headwater.components.standard.statistics import plain
from headwater.components.standard.types import Anomalies, DataSchema, Dataset, Statistics
from headwater.errors import FailedPrecondition, InvalidArgument


class Problem(StrEnum):
    """What can be wrong with a column."""

    NO_ROWS = "no rows"
    MISSING_COLUMN = "missing column"
    UNKNOWN_COLUMN = "unknown column"
    WRONG_KIND = "wrong kind"
    MISSING_VALUES = "missing values"
    NEW_VALUES = "new values"
    OUT_OF_RANGE = "out of range"
    DRIFT = "drift"
    SKEW = "skew"


_OF_PANDERA = {
    "column_in_dataframe": Problem.MISSING_COLUMN,
    "column_in_schema": Problem.UNKNOWN_COLUMN,
    "not_nullable": Problem.MISSING_VALUES,
}


@component
def validate(
    data: Input[Dataset],
    schema: Input[DataSchema],
    anomalies: Output[Anomalies],
    previous_statistics: Input[Statistics] | None = None,
    serving_statistics: Input[Statistics] | None = None,
    *,
    fail_on: list[str] | None = None,
    distance: Distance = "jensen_shannon",
    max_distance: float = 0.1,
    examples: int = 5,
) -> None:
    """Find where a data set breaks a schema; where it drifted or is skewed.

    The payload is a list: `column`, `problem`, `count` of values, some of them as `examples`, and
    what was `expected`. It raises nothing for them, so that they are recorded; a step that is to
    wait for good data says `.when(validated, lambda found: found.count == 0)`.

    Args:
        data: the data set.
        schema: what its columns may hold.
        anomalies: what was found.
        previous_statistics: of an earlier span; a column too far from it is a `drift`.
        serving_statistics: of data at serving; a column too far from it is a `skew`.
        fail_on: the problems that fail the step, such as `missing column`.
        distance: how columns are compared with statistics.
        max_distance: how far they may be.
        examples: how many values are told of each anomaly.

    Raises:
        FailedPrecondition: an anomaly of `fail_on` was found; `anomalies` has them.
        InvalidArgument: there is no problem of a name in `fail_on`.
    """
    fatal = _problems(fail_on or [])
    frame, columns = data.load(pd.DataFrame), schema.load()["columns"]
    found = [*_broken(frame, columns, examples)]
    for problem, known in (
        (Problem.DRIFT, previous_statistics),
        (Problem.SKEW, serving_statistics),
    ):
        if known is not None:
            statistics = known.load()["columns"]
            found += _moved(frame, statistics, problem, by=distance, at_most=max_distance)
    worst = [anomaly for anomaly in found if anomaly["problem"] in fatal]
    if worst:
        told = "; ".join(f"{a['column']}: {a['problem']} ({a['count']})" for a in worst[:10])
        raise FailedPrecondition(
            f"The data has {len(worst)} of the problems that it must not have: {told}.",
            hint="Mend the data, or take the problem out of fail_on.",
            anomalies=worst,
        )
    anomalies.save(found, format="json")
    anomalies.set(
        count=len(found),
        columns=len({anomaly["column"] for anomaly in found}),
        problems=", ".join(sorted({anomaly["problem"] for anomaly in found})),
    )


def pandera_schema(columns: Mapping[str, Mapping[str, Any]]) -> pa.DataFrameSchema:
    """Return the schema of pandera that a DataSchema's columns are."""
    return pa.DataFrameSchema(
        {
            name: pa.Column(nullable=not allowed["required"], checks=_checks(allowed))
            for name, allowed in columns.items()
        },
        strict=True,
    )


def _checks(allowed: Mapping[str, Any]) -> list[pa.Check]:
    kind = Kind(allowed["kind"])
    checks = []
    if kind is not Kind.EMPTY:
        # With missing values, which tell integers from other numbers.
        checks.append(pa.Check(lambda c: _fits(c, kind), error=Problem.WRONG_KIND, ignore_na=False))
    if "lowest" in allowed:
        limits = allowed["lowest"], allowed["highest"]
        checks.append(pa.Check(lambda c: _is_within(c, limits), error=Problem.OUT_OF_RANGE))
    if "values" in allowed:
        values = set(allowed["values"])
        checks.append(pa.Check(lambda c: c.map(plain).isin(values), error=Problem.NEW_VALUES))
    return checks


def _fits(column: "pd.Series[Any]", kind: Kind) -> bool:
    found = kind_of(column)
    return found in (kind, Kind.EMPTY) or (kind is Kind.NUMBER and found is Kind.INTEGER)


def _is_within(column: "pd.Series[Any]", limits: tuple[float, float]) -> "pd.Series[bool]":
    numbers = pd.to_numeric(column, errors="coerce")
    return ~((numbers < limits[0]) | (numbers > limits[1]))


def _broken(
    frame: pd.DataFrame, columns: Mapping[str, Mapping[str, Any]], examples: int
) -> Iterator[dict[str, Any]]:
    """Give each column and problem that pandera finds, in the order of the schema."""
    if frame.empty:
        yield _anomaly("", Problem.NO_ROWS, 1, [], "rows")
    try:
        pandera_schema(columns).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return
    grouped: dict[tuple[str, Problem], list[Any]] = {}
    for case in cases.to_dict("records"):
        problem = _OF_PANDERA.get(case["check"]) or Problem(case["check"])
        is_whole = problem in (Problem.MISSING_COLUMN, Problem.UNKNOWN_COLUMN)
        column = str(case["failure_case"] if is_whole else case["column"])
        grouped.setdefault((column, problem), []).append(case["failure_case"])
    places = {name: place for place, name in enumerate([*columns, *frame.columns])}
    for column, problem in sorted(grouped, key=lambda key: (places[key[0]], key[1])):
        values = grouped[column, problem]
        if problem is Problem.WRONG_KIND:
            values = list(frame[column].dropna())
        told = _examples(values, examples) if problem in _WITH_EXAMPLES else []
        expected = _expected(problem, columns.get(column, {}))
        yield _anomaly(column, problem, len(values), told, expected)


_WITH_EXAMPLES = (Problem.WRONG_KIND, Problem.NEW_VALUES, Problem.OUT_OF_RANGE)


def _expected(problem: Problem, allowed: Mapping[str, Any]) -> object:
    match problem:
        case Problem.WRONG_KIND | Problem.MISSING_COLUMN:
            return allowed["kind"]
        case Problem.OUT_OF_RANGE:
            return [allowed["lowest"], allowed["highest"]]
        case Problem.NEW_VALUES:
            return allowed["values"]
        case _:
            return None


def _moved(
    frame: pd.DataFrame,
    statistics: Mapping[str, Mapping[str, Any]],
    problem: Problem,
    *,
    by: Distance,
    at_most: float,
) -> Iterator[dict[str, Any]]:
    for name, known in statistics.items():
        if name in frame.columns:
            far = distance_of(frame[name], known, by=by)
            if far > at_most:
                expected = {by: at_most, "found": round(far, 9)}
                yield _anomaly(name, problem, int(frame[name].count()), [], expected)


def _anomaly(
    column: str, problem: Problem, count: int, examples: Sequence[Any], expected: object
) -> dict[str, Any]:
    return {
        "column": column,
        "problem": problem.value,
        "count": count,
        "examples": list(examples),
        "expected": expected,
    }


def _examples(values: Sequence[Any], count: int) -> list[Any]:
    return sorted({plain(value) for value in values}, key=str)[:count]


def _problems(names: Sequence[str]) -> set[str]:
    known = [problem.value for problem in Problem]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InvalidArgument(
            f"Nothing can fail on {wrong[0]!r:.100}; there are {', '.join(known)}.",
            problem=wrong[0],
        )
    return set(names)
