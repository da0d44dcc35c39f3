"""Measures: how well what a model predicts fits what is so, overall and by parts of the rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.metrics import (  # type: ignore[import-untyped] # ships no stubs
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.pipeline import Pipeline  # type: ignore[import-untyped] # ships no stubs

from headwater.components.standard.frames import demand_columns, kind_of, target_of
from headwater.components.standard.statistics import plain
from headwater.errors import InvalidArgument

METRICS = {
    "classification": ("accuracy", "f1", "auc", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
}
LESS_IS_BETTER = frozenset({"log_loss", "rmse", "mae"})

_MAX_VALUES = 20
_BINARY = 2


@dataclass(frozen=True)
class Predictions:
    """What a model says of some rows, and what is so.

    Attributes:
        truth: the target.
        predicted: what the model says in its place.
        chances: the probability of each class, a column for each; None where it tells none.
    """

    truth: "pd.Series[Any]"
    predicted: "pd.Series[Any]"
    chances: pd.DataFrame | None

    def of(self, rows: pd.Index) -> "Predictions":
        """Return those of some of the rows."""
        chances = None if self.chances is None else self.chances.loc[rows]
        return Predictions(self.truth.loc[rows], self.predicted.loc[rows], chances)


def served(estimator: Any, transform: Any = None) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return what predicts from the data as it comes: the estimator, behind its transformer."""
    if transform is None:
        return estimator
    return Pipeline([("transform", transform), ("model", estimator)])


def predictions(model: Any, frame: pd.DataFrame, target: str, *, of: str) -> Predictions:  # noqa: ANN401 - as above
    """Return what a model says of the rows of a frame.

    Args:
        model: an estimator that was fitted on a frame.
        frame: the rows.
        target: the column that is predicted.
        of: what the frame is, for errors.

    Raises:
        InvalidArgument: a feature or the target is not in the frame.
    """
    truth = target_of(frame, target, of=of)
    demand_columns(frame, model.feature_names_in_, of=of)
    features, chances = frame[list(model.feature_names_in_)], None
    if hasattr(model, "predict_proba"):
        shares = model.predict_proba(features)
        chances = pd.DataFrame(shares, index=frame.index, columns=list(model.classes_))
    predicted = pd.Series(model.predict(features), index=frame.index)
    return Predictions(pd.Series(truth, index=frame.index), predicted, chances)


def measured(found: Predictions, task: str) -> dict[str, float | None]:
    """Return each metric of a task; None where these rows cannot tell.

    Args:
        found: what a model says of them.
        task: `classification` or `regression`.
    """
    truth, predicted = found.truth.to_numpy(), found.predicted.to_numpy()
    if task == "regression":
        return {
            "rmse": float(root_mean_squared_error(truth, predicted)),
            "mae": float(mean_absolute_error(truth, predicted)),
            "r2": float(r2_score(truth, predicted)) if len(truth) > 1 else None,
        }
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
        **_of_chances(truth, found.chances),
    }


def slices_of(frame: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, str, pd.Index]]:
    """Give the rows of each value of each column, as column, value and index.

    A column of many numbers is parted into quarters of the rows.

    Raises:
        InvalidArgument: there is no such column, or it has too many values.
    """
    demand_columns(frame, columns, of="the data that is sliced")
    for name in columns:
        column = frame[name]
        if kind_of(column).is_numeric and column.nunique() > _MAX_VALUES:
            column = pd.qcut(column, 4, duplicates="drop").astype(str)
        if column.nunique() > _MAX_VALUES:
            raise InvalidArgument(
                f"Column {name!r} has {column.nunique()} values, and would be that many slices.",
                hint=f"Slice by a column with at most {_MAX_VALUES}.",
                column=name,
            )
        for value in sorted(column.dropna().unique(), key=str):
            yield name, str(plain(value)), frame.index[column == value]


def demand_metrics(names: Mapping[str, object] | Sequence[str], task: str) -> None:
    """Do nothing if these are metrics of a task.

    Raises:
        InvalidArgument: one is not.
    """
    wrong = [name for name in names if name not in METRICS[task]]
    if wrong:
        raise InvalidArgument(
            f"{wrong[0]!r:.100} is no metric of {task}; there are {', '.join(METRICS[task])}.",
            metric=wrong[0],
        )


def is_at_least(value: float | None, threshold: float, *, metric: str) -> bool:
    """Return whether a value is as good as a threshold; None is not."""
    if value is None:
        return False
    return value <= threshold if metric in LESS_IS_BETTER else value >= threshold


def _of_chances(truth: Any, chances: pd.DataFrame | None) -> dict[str, float | None]:  # noqa: ANN401 - an array
    """Return the metrics that take probabilities; of labels that the model knows alone."""
    present = set(truth)
    if chances is None or not present <= set(chances.columns):
        return {"auc": None, "log_loss": None}
    labels, shares = list(chances.columns), chances.to_numpy()
    loss = float(log_loss(truth, shares, labels=labels))
    if len(present) < len(labels):
        return {"auc": None, "log_loss": loss}
    if len(labels) == _BINARY:
        auc = roc_auc_score(truth == labels[1], shares[:, 1])
    else:
        auc = roc_auc_score(truth, shares, multi_class="ovr", labels=labels)
    return {"auc": float(auc), "log_loss": loss}
