"""Where data breaks a schema, or has moved."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headwater.components.standard import (
    DataSchema,
    Dataset,
    Statistics,
    generate_statistics,
    infer_schema,
    validate,
)
from headwater.components.standard.distance import Distance, distance_of
from headwater.components.standard.statistics import describe
from headwater.errors import FailedPrecondition, InvalidArgument
from support.calls import Calls

DataOf = Callable[[pd.DataFrame], Dataset]
GOOD = pd.DataFrame(
    {
        "size": [1.5, 2.0, 3.0, 4.0],
        "count": [1, 2, 3, 4],
        "kind": ["a", "b", "a", "b"],
        "fresh": [True, False, True, True],
    }
)


@pytest.fixture
def statistics(calls: Calls, data_of: DataOf) -> Statistics:
    made: Statistics = calls(generate_statistics, data=data_of(GOOD))["statistics"]
    return made


@pytest.fixture
def schema(calls: Calls, statistics: Statistics) -> DataSchema:
    made: DataSchema = calls(infer_schema, statistics=statistics)["schema"]
    return made


@pytest.fixture
def found(
    calls: Calls, data_of: DataOf, schema: DataSchema
) -> Callable[[pd.DataFrame], list[dict[str, Any]]]:
    def anomalies(frame: pd.DataFrame) -> list[dict[str, Any]]:
        made = calls(validate, data=data_of(frame), schema=schema)["anomalies"]
        payload: list[dict[str, Any]] = calls.load(made)
        assert made.count == len(payload)
        return payload

    return anomalies


Found = Callable[[pd.DataFrame], list[dict[str, Any]]]


def test_data_has_no_anomalies_against_its_own_schema(found: Found) -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"size": [1.5, 2, 99, -99]}, [("size", "out of range", 2, [-99.0, 99.0])]),
        ({"kind": ["a", "c", "c", "d"]}, [("kind", "new values", 3, ["c", "d"])]),
        ({"kind": ["a", None, "b", "a"]}, [("kind", "missing values", 1, [])]),
        ({"count": [1.5, 2, 3, 4]}, [("count", "wrong kind", 4, [1.5, 2.0, 3.0, 4.0])]),
        ({"size": [2, 2, 3, 4]}, []),
        ({"more": [1, 2, 3, 4]}, [("more", "unknown column", 1, [])]),
        ({"fresh": [None] * 4}, [("fresh", "missing values", 4, [])]),
        (
            {"size": ["x", "y", "x", "z"]},
            [("size", "wrong kind", 4, ["x", "y", "z"])],
        ),
        (
            {"count": [1, None, 3, 77]},
            [("count", "missing values", 1, []), ("count", "out of range", 1, [77])],
        ),
    ],
)
def test_each_way_to_break_a_schema_is_told(
    found: Found, changed: dict[str, Any], problems: list[tuple[Any, ...]]
) -> None:
    anomalies = found(GOOD.assign(**changed))

    told = [(a["column"], a["problem"], a["count"], a["examples"]) for a in anomalies]
    assert told == problems


def test_a_column_too_few_is_told(found: Found) -> None:
    (anomaly,) = found(GOOD.drop(columns="size"))

    assert anomaly == {
        "column": "size",
        "problem": "missing column",
        "count": 1,
        "examples": [],
        "expected": "number",
    }


def test_a_column_that_was_empty_may_hold_anything(calls: Calls, data_of: DataOf) -> None:
    empty = data_of(GOOD.assign(size=None))
    described = calls(generate_statistics, data=empty)["statistics"]
    schema = calls(infer_schema, statistics=described)["schema"]

    made = calls(validate, data=data_of(GOOD), schema=schema)["anomalies"]

    assert made.count == 0


def test_a_problem_that_must_not_be_fails_the_step(
    calls: Calls, data_of: DataOf, schema: DataSchema
) -> None:
    data = data_of(GOOD.assign(kind="c"))

    calls(validate, data=data, schema=schema, fail_on=["missing column"])
    with pytest.raises(FailedPrecondition, match=r"kind: new values \(4\)"):
        calls(validate, data=data, schema=schema, fail_on=["missing column", "new values"])


def test_a_problem_that_there_is_not_is_refused(
    calls: Calls, data_of: DataOf, schema: DataSchema
) -> None:
    with pytest.raises(InvalidArgument, match="fail on 'bad'; there are no rows, missing column"):
        calls(validate, data=data_of(GOOD), schema=schema, fail_on=["bad"])


def test_drift_and_skew_are_told_of_columns_that_have_moved(
    calls: Calls, data_of: DataOf, schema: DataSchema, statistics: Statistics
) -> None:
    moved = data_of(GOOD.assign(kind="a"))

    made = calls(
        validate,
        data=moved,
        schema=schema,
        previous_statistics=statistics,
        serving_statistics=statistics,
    )["anomalies"]

    told = [(a["column"], a["problem"]) for a in calls.load(made)]
    assert told == [("kind", "drift"), ("kind", "skew")]
    assert made.problems == "drift, skew"


@pytest.mark.parametrize("by", ["jensen_shannon", "l_infinity", "psi"])
def test_a_distance_grows_with_what_has_moved(by: Distance) -> None:
    chance = np.random.default_rng(5)
    known = describe(pd.Series(chance.normal(size=5000)), top=50)

    far = [
        distance_of(pd.Series(chance.normal(by_, size=5000)), known, by=by)
        for by_ in (0.0, 0.5, 1.0, 3.0)
    ]

    assert far[0] < 0.02
    assert far == sorted(far)
    assert far[-1] > 0.3


def test_distances_of_disjoint_columns_are_the_largest() -> None:
    known = describe(pd.Series(["a"] * 3), top=50)
    column = pd.Series(["b"] * 5)

    assert distance_of(column, known, by="jensen_shannon") == 1.0
    assert distance_of(column, known, by="l_infinity") == 1.0
    assert distance_of(column[:0], known, by="psi") == 0.0
