"""Bless: whether a model may be used: by its thresholds, and beside the one that is in use."""

from typing import Any

import joblib  # type: ignore[import-untyped] # ships no stubs
import pandas as pd

from headwater.components import Input, Output, component
from headwater.components.standard.measures import (
    LESS_IS_BETTER,
    demand_metrics,
    is_at_least,
    measured,
    predictions,
)
from headwater.components.standard.types import Blessing, Dataset, Evaluation, Model, PushedModel
from headwater.errors import InvalidArgument

_USUAL = {"classification": "accuracy", "regression": "rmse"}


@component
def bless(
    model: Input[Model],
    evaluation: Input[Evaluation],
    data: Input[Dataset],
    blessing: Output[Blessing],
    baseline: Input[PushedModel] | None = None,
    *,
    metric: str = "",
    min_gain: float = 0.0,
) -> None:
    """Say whether a model may be used.

    It may if it met its thresholds and is as good as the one that was pushed last, which is
    measured on the same rows. The answer is data: a step waits for it by `.when(blessed, lambda
    found: found.blessed)`. The payload has the reasons against it.

    Args:
        model: the model.
        evaluation: of the model.
        data: on which it was evaluated, as it came.
        blessing: whether it may be used.
        baseline: the model that is in use, as `pushed_to(folder)` finds it; None has none.
        metric: by which they are compared; empty takes accuracy, or rmse.
        min_gain: by how much it must be better; below 0, how much worse it may be.

    Raises:
        InvalidArgument: there is no such metric, the baseline does something else, or cannot
            read the data.
    """
    task, report = model.artifact.task, evaluation.load()
    compared_by = metric or _USUAL[task]
    demand_metrics([compared_by], task)
    value = report["overall"][compared_by]
    reasons = [_told(unmet) for unmet in report["unmet"]]
    known = None
    if baseline is not None:
        known = _measured(baseline, data.load(pd.DataFrame), model.artifact)[compared_by]
        sign = -1 if compared_by in LESS_IS_BETTER else 1
        wanted = None if known is None else known + sign * min_gain
        if wanted is not None and not is_at_least(value, wanted, metric=compared_by):
            reasons.append(f"{compared_by} is {value}, and {known} of the model in use")
    blessing.save({"blessed": not reasons, "reasons": reasons}, format="json")
    blessing.set(blessed=not reasons, metric=compared_by, value=value, baseline=known)


def _measured(
    baseline: Input[PushedModel], frame: pd.DataFrame, model: Model
) -> dict[str, float | None]:
    used = baseline.artifact
    if (used.task, used.target) != (model.task, model.target):
        raise InvalidArgument(
            f"The model in use does {used.task} of {used.target!r}, this one {model.task} of "
            f"{model.target!r}; they cannot be compared.",
            hint="Leave the baseline out, or find another: previous(series, ...).",
        )
    loaded: Any = joblib.load(baseline.path / "model.joblib")
    found = predictions(loaded, frame, used.target, of="the data for the model in use")
    return measured(found, used.task)


def _told(unmet: dict[str, Any]) -> str:
    where = f" of {unmet['slice']}" if unmet["slice"] else ""
    return f"{unmet['metric']}{where} is {unmet['value']}, and is to reach {unmet['threshold']}"
