"""From data sets to models that are measured, blessed and pushed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped] # ships no stubs
import numpy as np
import pandas as pd
import pytest

from headwater.components.standard import (
    Dataset,
    Evaluation,
    Model,
    Transform,
    bless,
    evaluate,
    push,
    split,
    train,
    transform,
    tune,
)
from headwater.errors import InvalidArgument
from support.calls import Calls

DataOf = Callable[[pd.DataFrame], Dataset]
Tables = dict[str, pd.DataFrame]
LOGISTIC = "sklearn.linear_model.LogisticRegression"
TREE = "sklearn.tree.DecisionTreeClassifier"


@dataclass(frozen=True)
class Trained:
    train: Dataset
    eval: Dataset
    transform: Transform
    ready: Dataset
    model: Model
    evaluation: Evaluation


@pytest.fixture
def trained(calls: Calls, wine: Dataset) -> Trained:
    parts = calls(split, data=wine, stratify="target")
    ready = calls(transform, **parts, target="target")
    model = calls(train, data=ready["transformed_train"], target="target", estimator=LOGISTIC)
    model = model["model"]
    measured = calls(
        evaluate,
        model=model,
        data=parts["eval"],
        transform=ready["transform"],
        slices=["region", "alcohol"],
    )
    return Trained(
        parts["train"],
        parts["eval"],
        ready["transform"],
        ready["transformed_train"],
        model,
        measured["evaluation"],
    )


def test_a_transform_scales_numbers_and_parts_categories(calls: Calls, trained: Trained) -> None:
    frame = calls.load(trained.ready)

    assert frame["number__alcohol"].mean() == pytest.approx(0)
    assert frame["number__alcohol"].std(ddof=0) == pytest.approx(1)
    assert {"category__region_north", "category__region_south", "target"} < set(frame.columns)
    assert (trained.transform.features_in, trained.transform.features_out) == (14, 15)


def test_a_transform_takes_missing_values_and_categories_it_has_not_seen(
    calls: Calls, data_of: DataOf
) -> None:
    kinds = {"n": [1.0, None, 3.0], "word": ["a", None, "b"], "truth": [True, False, None]}
    train_ = pd.DataFrame({**kinds, "empty": None, "id": [7, 8, 9], "y": [0, 1, 0]})
    held = train_.assign(n=None, word="new", truth=None, empty="x")

    made = calls(transform, train=data_of(train_), eval=data_of(held), target="y", leave_out=["id"])

    frame = calls.load(made["transformed_eval"])
    assert not frame.isna().any().any()
    assert frame.filter(like="word").to_numpy().tolist() == [[0, 0, 0]] * 3
    assert made["transform"].left_out == "empty, id"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, ("none", "no column 'none' in the training data, but alcohol")),
        ({"target": None}, ("target", "178 of 178 rows in the training data have no 'target'")),
    ],
)
def test_a_target_that_is_not_there_is_refused(
    calls: Calls, data_of: DataOf, tables: Tables, change: Any, wrong: tuple[str, str]
) -> None:
    data, (target, told) = data_of(tables["wine"].assign(**change)), wrong

    with pytest.raises(InvalidArgument, match=told):
        calls(transform, train=data, eval=data, target=target)
    with pytest.raises(InvalidArgument, match=told):
        calls(train, data=data, target=target)


def test_a_part_without_the_target_is_named(
    calls: Calls, data_of: DataOf, tables: Tables, wine: Dataset
) -> None:
    held = data_of(tables["wine"].drop(columns="target"))

    with pytest.raises(InvalidArgument, match="no column 'target' in the eval data"):
        calls(transform, train=wine, eval=held, target="target")


def test_a_transform_without_any_feature_is_refused(calls: Calls, data_of: DataOf) -> None:
    data = data_of(pd.DataFrame({"y": [1, 2], "void": [None, None]}))

    with pytest.raises(InvalidArgument, match="No feature is left of 2 columns: void is empty"):
        calls(transform, train=data, eval=data, target="y")


@pytest.mark.parametrize(
    ("estimator", "parameters", "told"),
    [
        ("sklearn.linear_model.Nothing", {}, "no estimator 'sklearn.linear_model.Nothing'"),
        ("nowhere.Nothing", {}, "no estimator 'nowhere.Nothing'"),
        ("Nothing", {}, "no estimator 'Nothing'"),
        ("sklearn.preprocessing.StandardScaler", {}, "is no estimator that predicts"),
        ("os.path.join", {}, "is no estimator that predicts"),
        (LOGISTIC, {"depth": 3}, "has no parameter 'depth', but .*max_iter"),
    ],
)
def test_an_estimator_that_cannot_be_is_refused(
    calls: Calls, trained: Trained, estimator: str, parameters: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidArgument, match=told):
        calls(
            train,
            data=trained.ready,
            target="target",
            estimator=estimator,
            parameters=parameters,
        )


def test_a_search_finds_parameters_that_training_takes(calls: Calls, trained: Trained) -> None:
    space = {
        "max_depth": {"low": 1, "high": 5},
        "ccp_alpha": {"low": 1e-4, "high": 0.1, "log": True},
        "criterion": ["gini", "entropy"],
    }
    about = {"data": trained.ready, "target": "target", "estimator": TREE}

    found = calls(tune, **about, space=space, trials=8)["hyperparameters"]
    model = calls(train, **about, hyperparameters=found, parameters={"max_depth": 1})["model"]

    payload = calls.load(found)
    assert found.value == max(trial["value"] for trial in payload["trials"]) > 0.8
    assert found.metric == "accuracy"
    fitted = calls.load(model)
    assert {name: getattr(fitted, name) for name in space} == payload["parameters"]
    with pytest.raises(InvalidArgument, match=rf"searched for {TREE}, and would be used for"):
        calls(train, **{**about, "estimator": LOGISTIC}, hyperparameters=found)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"space": {}}, "takes a space"),
        ({"space": {"max_depth": 3}}, "space of 'max_depth' is 3"),
        ({"space": {"max_depth": {"low": 5, "high": 1}}}, "'max_depth', .*cannot be searched"),
        ({"space": {"max_depth": [3]}, "metric": "none"}, "cannot be measured by none"),
        ({"space": {"depth": [3]}}, "has no parameter 'depth'"),
    ],
)
def test_a_search_that_cannot_be_is_refused(
    calls: Calls, trained: Trained, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidArgument, match=told):
        calls(tune, data=trained.ready, target="target", estimator=TREE, **wrong)


def test_an_evaluation_tells_metrics_overall_and_of_slices(calls: Calls, trained: Trained) -> None:
    report = calls.load(trained.evaluation)

    assert trained.evaluation.passed
    assert trained.evaluation.accuracy == report["overall"]["accuracy"] > 0.9
    assert report["overall"]["auc"] > 0.9
    regions = [part for part in report["slices"] if part["column"] == "region"]
    assert [part["value"] for part in regions] == ["north", "south"]
    assert sum(part["rows"] for part in regions) == report["rows"] == trained.eval.rows
    assert len(report["slices"]) == trained.evaluation.slices == 6


def test_a_threshold_that_is_not_met_is_told_and_nothing_raised(
    calls: Calls, trained: Trained
) -> None:
    made = calls(
        evaluate,
        model=trained.model,
        data=trained.eval,
        transform=trained.transform,
        slices=["region"],
        thresholds={"accuracy": 0.5, "log_loss": 0.0},
        slice_thresholds={"accuracy": 1.1},
        min_slice_rows=20,
    )["evaluation"]

    unmet = [(one["slice"], one["metric"]) for one in calls.load(made)["unmet"]]
    assert ("", "log_loss") in unmet
    assert ("", "accuracy") not in unmet
    assert any(where.startswith("region=") for where, _ in unmet)
    assert not made.passed


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"thresholds": {"rmse": 1.0}}, "'rmse' is no metric of classification"),
        ({"slices": ["none"]}, "no column 'none' in the data that is sliced"),
        ({"transform": None}, "no column 'number__alcohol' in the evaluation data"),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused(
    calls: Calls, trained: Trained, wrong: dict[str, Any], told: str
) -> None:
    about: dict[str, Any] = {"transform": trained.transform, **wrong}
    with pytest.raises(InvalidArgument, match=told):
        calls(evaluate, model=trained.model, data=trained.eval, **about)


def test_a_class_that_the_model_has_not_seen_counts_as_wrong(
    calls: Calls, data_of: DataOf, trained: Trained
) -> None:
    frame = calls.load(trained.eval)
    frame.loc[0, "target"] = "class-new"

    made = calls(evaluate, model=trained.model, data=data_of(frame), transform=trained.transform)[
        "evaluation"
    ]

    assert made.accuracy < 1
    assert (made.auc, made.log_loss) == (None, None)


def test_a_regression_is_measured_by_its_own_metrics(
    calls: Calls, data_of: DataOf, tables: Tables
) -> None:
    parts = calls(split, data=data_of(tables["diabetes"]))
    model = calls(
        train, data=parts["train"], target="target", estimator="sklearn.linear_model.Ridge"
    )["model"]

    made = calls(evaluate, model=model, data=parts["eval"], thresholds={"rmse": 70.0})

    evaluation = made["evaluation"]
    assert model.task == "regression"
    assert evaluation.passed
    assert evaluation.rmse < 70
    assert evaluation.accuracy is None


def test_a_model_is_blessed_that_met_its_thresholds(calls: Calls, trained: Trained) -> None:
    blessing = _blessing(calls, trained)

    assert (blessing.blessed, blessing.metric, blessing.baseline) == (True, "accuracy", None)


def test_a_model_with_an_unmet_threshold_is_not_blessed(calls: Calls, trained: Trained) -> None:
    poor = calls(
        evaluate,
        model=trained.model,
        data=trained.eval,
        transform=trained.transform,
        thresholds={"accuracy": 1.1},
    )["evaluation"]

    blessing = _blessing(calls, trained, evaluation=poor)

    assert not blessing.blessed
    (reason,) = calls.load(blessing)["reasons"]
    assert reason.startswith("accuracy is ")
    assert reason.endswith(", and is to reach 1.1")


def test_a_model_is_blessed_if_it_is_as_good_as_the_one_in_use(
    calls: Calls, trained: Trained, tmp_path: Path
) -> None:
    used = _pushed(calls, trained, tmp_path)

    equal = _blessing(calls, trained, baseline=used)
    wanted = _blessing(calls, trained, baseline=used, metric="log_loss", min_gain=0.01)

    assert equal.blessed
    assert equal.baseline == equal.value == trained.evaluation.accuracy
    assert not wanted.blessed


def test_a_baseline_that_does_something_else_is_refused(
    calls: Calls, trained: Trained, tmp_path: Path
) -> None:
    used = _pushed(calls, trained, tmp_path).model_copy(update={"target": "other"})

    with pytest.raises(InvalidArgument, match="does classification of 'other', this one"):
        _blessing(calls, trained, baseline=used)


def test_a_pushed_model_predicts_from_data_as_it_comes(
    calls: Calls, trained: Trained, tmp_path: Path
) -> None:
    pushed = _pushed(calls, trained, tmp_path)

    place = tmp_path / "models" / "1"
    frame = calls.load(trained.eval)
    found = joblib.load(place / "model.joblib").predict(frame)
    assert np.mean(found == frame["target"]) == trained.evaluation.accuracy
    assert pushed.uri == place.as_uri()
    assert json.loads((place / "MLmodel").read_text())["flavors"].keys() == {
        "python_function",
        "sklearn",
    }
    assert (calls.path(pushed) / "model.joblib").read_bytes() == (
        place / "model.joblib"
    ).read_bytes()


def test_a_model_that_is_the_newest_version_stays_where_it_is(
    calls: Calls, trained: Trained, tmp_path: Path
) -> None:
    other = calls(train, data=trained.ready, target="target", estimator=TREE)["model"]

    numbers = [
        _pushed(calls, trained, tmp_path, model=model).pushed_version
        for model in (trained.model, trained.model, other, trained.model)
    ]

    assert numbers == [1, 1, 2, 3]
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["1", "2", "3"]


def test_a_model_is_not_pushed_over_a_file(calls: Calls, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")

    with pytest.raises(InvalidArgument, match="pushed to a folder"):
        _pushed(calls, trained, tmp_path)


def _blessing(calls: Calls, trained: Trained, **given: Any) -> Any:
    about = {"model": trained.model, "evaluation": trained.evaluation, "data": trained.eval}
    return calls(bless, **{**about, **given})["blessing"]


def _pushed(calls: Calls, trained: Trained, folder: Path, **given: Any) -> Any:
    about = {"model": trained.model, "transform": trained.transform}
    return calls(push, **{**about, **given}, folder=str(folder / "models"))["pushed"]
