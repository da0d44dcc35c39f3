"""Fixtures: real tables as files, and components that are called by themselves."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import (  # type: ignore[import-untyped] # ships no stubs
    load_breast_cancer,
    load_diabetes,
    load_wine,
)

from headwater.components.standard import Dataset, import_file, ingest
from headwater.objects import DirectoryStore
from support.calls import Calls

LOADERS = {"wine": load_wine, "breast-cancer": load_breast_cancer, "diabetes": load_diabetes}


@pytest.fixture
def calls(objects: DirectoryStore, tmp_path: Path) -> Calls:
    return Calls(objects, tmp_path / "calls")


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Return tables with a `target`; that of wine has names, and a column of regions besides."""
    found = {name: load(as_frame=True).frame for name, load in LOADERS.items()}
    wine = found["wine"]
    wine["region"] = ["north" if hue > 1 else "south" for hue in wine["hue"]]
    wine["target"] = [f"class-{number}" for number in wine["target"]]
    return found


@pytest.fixture
def data_of(calls: Calls, tmp_path: Path) -> Callable[[pd.DataFrame], Dataset]:
    """Return what makes a data set of a frame, through a file."""

    def made(frame: pd.DataFrame) -> Dataset:
        path = tmp_path / f"{id(frame)}.csv"
        frame.to_csv(path, index=False)
        data: Dataset = calls(ingest, **calls(import_file, path=str(path)))["data"]
        return data

    return made


@pytest.fixture
def wine(data_of: Callable[[pd.DataFrame], Dataset], tables: dict[str, pd.DataFrame]) -> Dataset:
    return data_of(tables["wine"])
