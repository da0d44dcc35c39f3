"""Evaluate: how well a model does on data that it has not seen, overall and by slices."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from headwater.components import Input, Output, component
from headwater.components.standard.measures import (
    demand_metrics,
    is_at_least,
    measured,
    predictions,
    served,
    slices_of,
)
from headwater.components.standard.types import Dataset, Evaluation, Model, Transform


@component
def evaluate(
    model: Input[Model],
    data: Input[Dataset],
    evaluation: Output[Evaluation],
    transform: Input[Transform] | None = None,
    *,
    slices: list[str] | None = None,
    thresholds: dict[str, float] | None = None,
    slice_thresholds: dict[str, float] | None = None,
    min_slice_rows: int = 30,
) -> None:
    """Measure a model as it will be served: on data as it comes, through its transformer.

    The payload has the `overall` metrics, those of each of `slices`, and the thresholds that are
    `unmet`. A threshold that is not met raises nothing; `bless` and conditions go by it.

    Args:
        model: the model.
        data: what it is measured on; not transformed yet, where there is a transformer.
        evaluation: how well it does.
        transform: what the model's features are made by; None where the data has them.
        slices: columns by whose values the rows are measured apart.
        thresholds: what each of these metrics must reach, of all rows: at least, or at most for
            `log_loss`, `rmse` and `mae`.
        slice_thresholds: the same, of each slice.
        min_slice_rows: a slice of fewer rows has to reach nothing.

    Raises:
        InvalidArgument: a feature, the target or a slice's column is not in the data, or there is
            no such metric.
    """
    task = model.artifact.task
    wanted, of_slices = thresholds or {}, slice_thresholds or {}
    demand_metrics(wanted, task)
    demand_metrics(of_slices, task)
    frame = data.load(pd.DataFrame)
    whole = served(model.load(), None if transform is None else transform.load())
    found = predictions(whole, frame, model.artifact.target, of="the evaluation data")
    overall = measured(found, task)
    parts: list[dict[str, Any]] = [
        {"column": column, "value": value, "rows": len(rows), **measured(found.of(rows), task)}
        for column, value, rows in slices_of(frame, slices or [])
    ]
    unmet = _unmet("", overall, wanted)
    for part in parts:
        if part["rows"] >= min_slice_rows:
            unmet += _unmet(f"{part['column']}={part['value']}", part, of_slices)
    report = {"task": task, "rows": len(frame), "overall": overall, "slices": parts}
    evaluation.save({**report, "unmet": unmet}, format="json")
    evaluation.set(rows=len(frame), slices=len(parts), passed=not unmet, **overall)


def _unmet(
    where: str, metrics: Mapping[str, Any], thresholds: Mapping[str, float]
) -> list[dict[str, Any]]:
    return [
        {"slice": where, "metric": name, "value": metrics[name], "threshold": threshold}
        for name, threshold in thresholds.items()
        if not is_at_least(metrics[name], threshold, metric=name)
    ]
