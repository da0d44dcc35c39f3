"""Equal inputs are equal bytes, in any process: without it no re-run is cut off early."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib  # type: ignore[import-untyped] # ships no stubs
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped] # no stubs

from headwater.components.pickling import dump, dumps

SCRIPT = Path(__file__).with_name("digests.py")
SUPPORT = Path(__file__).parents[2]


def _digests(path: Path, *, hash_seed: str) -> dict[str, str]:
    printed = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(SCRIPT), str(path), "target"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SUPPORT), "PYTHONHASHSEED": hash_seed},
    ).stdout
    found: dict[str, str] = json.loads(printed)
    return found


def test_two_processes_make_the_same_bytes(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    tables["wine"].to_csv(path, index=False)

    first, second = (_digests(path, hash_seed=seed) for seed in ("1", "2"))

    assert {key for key in first if first[key] != second[key]} == set()
    assert len(first) == 5 * 5 + 10


def test_equal_objects_are_equal_pickles_whichever_of_their_parts_are_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one.joblib", tmp_path / "other.joblib"
    text = str(b"long text", "utf-8")
    shared = [text, text, {text}, np.array([text, "b"], dtype=object), frozenset({"a", "b", "c"})]
    apart = ["long " + text[5:], "".join(text), {"long text"}]
    apart += [np.array(["long text", "b"], dtype=object), frozenset({"c", "b", "a"})]

    dump(shared, one)
    dump(apart, other)

    assert one.read_bytes() == other.read_bytes()
    assert dumps(shared) == dumps(apart)
    for read in (joblib.load(one), pickle.loads(dumps(shared))):  # noqa: S301 - our own
        assert read[:3] == shared[:3]
        assert read[3].tolist() == ["long text", "b"]
        assert read[4] == shared[4]


def test_a_forest_that_was_read_is_written_as_it_was(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    forest = RandomForestClassifier(5, random_state=0)
    forest.fit(chance.normal(size=(99, 3)), chance.integers(2, size=99))
    first, second = tmp_path / "first.joblib", tmp_path / "second.joblib"

    dump(forest.estimators_[0].tree_, first)
    dump(joblib.load(first), second)

    assert first.read_bytes() == second.read_bytes()
