from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from headwater.components.standard import (
    Dataset,
    generate_statistics,
    import_file,
    infer_schema,
    ingest,
    validate,
)
from headwater.components.standard.validate import Problem
from headwater.demo.pipeline import FATAL, LOADERS, TARGET, clip, load
from headwater.errors import FailedPrecondition
from headwater.objects import DirectoryStore
from support.calls import Calls

DataOf = Callable[[pd.DataFrame], Dataset]

FRAME = pd.DataFrame({"size": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"]})


@pytest.fixture
def calls(objects: DirectoryStore, tmp_path: Path) -> Calls:
    return Calls(objects, tmp_path / "calls")


@pytest.fixture
def data_of(calls: Calls, tmp_path: Path) -> DataOf:
    def made(frame: pd.DataFrame) -> Dataset:
        path = tmp_path / f"{id(frame)}.csv"
        frame.to_csv(path, index=False)
        data: Dataset = calls(ingest, **calls(import_file, path=str(path)))["data"]
        return data

    return made


@pytest.fixture
def checked(calls: Calls, data_of: DataOf) -> Callable[[pd.DataFrame], Dataset]:
    """Return what checks a frame against FRAME as the pipeline does, and clips it."""
    described = calls(generate_statistics, data=data_of(FRAME))
    schema = calls(infer_schema, **described, slack=0.0)["schema"]

    def made(frame: pd.DataFrame) -> Dataset:
        data = data_of(frame)
        found = calls(validate, data=data, schema=schema, fail_on=FATAL)
        clipped: Dataset = calls(clip, data=data, **found)["clipped"]
        return clipped

    return made


@pytest.mark.parametrize("source", LOADERS)
def test_loaded_data_names_its_classes(calls: Calls, source: str) -> None:
    raw: Dataset = calls(load, source=source)["raw"]

    frame = calls.load(raw)
    assert (raw.rows, raw.columns) == frame.shape
    assert pd.api.types.is_string_dtype(frame[TARGET])


def test_values_out_of_range_are_clipped_and_counted(
    calls: Calls, checked: Callable[[pd.DataFrame], Dataset]
) -> None:
    clipped = checked(FRAME.assign(size=[0.5, 3.0, 9.0]))

    assert calls.load(clipped)["size"].tolist() == [1.0, 3.0, 4.0]
    assert clipped.custom_properties["clipped"] == 2


def test_data_that_fits_its_schema_is_not_clipped(
    calls: Calls, checked: Callable[[pd.DataFrame], Dataset]
) -> None:
    clipped = checked(FRAME)

    pd.testing.assert_frame_equal(calls.load(clipped), FRAME, check_dtype=False)
    assert clipped.custom_properties["clipped"] == 0


@pytest.mark.parametrize(
    "worse",
    [
        FRAME.assign(kind="c"),
        FRAME.assign(kind=FRAME["kind"].where(FRAME["size"] > 1)),
        FRAME.assign(size="x"),
        FRAME.assign(more=1),
        FRAME.drop(columns="size"),
    ],
    ids=["new-values", "missing-values", "wrong-kind", "unknown-column", "missing-column"],
)
def test_what_clipping_does_not_mend_fails_the_check(
    checked: Callable[[pd.DataFrame], Dataset], worse: pd.DataFrame
) -> None:
    with pytest.raises(FailedPrecondition):
        checked(worse)


def test_all_problems_but_values_out_of_range_are_fatal() -> None:
    # Without statistics of other data there is no drift and no skew, and ingest refuses no rows.
    others = {Problem.OUT_OF_RANGE, Problem.DRIFT, Problem.SKEW, Problem.NO_ROWS}

    assert {Problem(name) for name in FATAL} == set(Problem) - others
