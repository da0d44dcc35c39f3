"""Tune: the best parameters of an estimator, searched by optuna."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
import pandas as pd
from sklearn.model_selection import (  # type: ignore[import-untyped] # ships no stubs
    KFold,
    StratifiedKFold,
    cross_val_score,
)

from headwater.components import Input, Output, component
from headwater.components.standard.estimators import estimator_of, task_of
from headwater.components.standard.frames import target_of
from headwater.components.standard.types import Dataset, HyperParameters
from headwater.errors import InvalidArgument

_SCORES = {"classification": "accuracy", "regression": "r2"}


@component
def tune(
    data: Input[Dataset],
    hyperparameters: Output[HyperParameters],
    *,
    target: str,
    space: dict[str, Any],
    estimator: str = "sklearn.ensemble.RandomForestClassifier",
    parameters: dict[str, Any] | None = None,
    metric: str = "",
    trials: int = 20,
    folds: int = 3,
    seed: int = 0,
) -> None:
    """Search for the parameters with which an estimator does best, by cross-validation.

    A space is a list of values for a parameter, or limits for a number: `{"C": {"low": 0.01,
    "high": 10, "log": true}, "penalty": ["l1", "l2"]}`. Limits that are both integers are of an
    integer; `step` is optional too.

    Args:
        data: what it is fitted and measured on, in turns.
        hyperparameters: the best, and all that were tried.
        target: the column that is predicted.
        space: what is searched.
        estimator: dotted name of the estimator's class.
        parameters: what it is made with besides.
        metric: of scikit-learn's scorers, of which more is better; empty takes accuracy, or r2.
        trials: how many are tried.
        folds: how many times each is measured.
        seed: of the search, the folds and the estimator.

    Raises:
        InvalidArgument: the space is empty or cannot be read; there is no such estimator, scorer
            or target; there are no trials, or fewer rows than folds.
    """
    if not space or trials < 1:
        raise InvalidArgument(
            f"A search takes a space and at least one trial, found {space} and {trials}.",
            hint="Leave the step out where there is nothing to search.",
        )
    frame = data.load(pd.DataFrame)
    labels = target_of(frame, target, of="the training data")
    features = frame.drop(columns=target)
    task = task_of(estimator_of(estimator, parameters or {}, seed=seed))
    chosen_metric = metric or _SCORES[task]
    kind = StratifiedKFold if task == "classification" else KFold
    parts = kind(folds, shuffle=True, random_state=seed)

    def score(chosen: Mapping[str, Any]) -> float:
        made = estimator_of(estimator, {**(parameters or {}), **chosen}, seed=seed)
        return _score(made, features, labels, parts, chosen_metric)

    study = _new_study(seed)
    tried = [_tried(study, space, score) for _ in range(trials)]
    # The first of equals, as optuna has it.
    best = max(tried, key=lambda one: one["value"])
    hyperparameters.save({**best, "metric": chosen_metric, "trials": tried}, format="json")
    hyperparameters.set(
        estimator=estimator, metric=chosen_metric, value=best["value"], trials=trials
    )


def _new_study(seed: int) -> optuna.Study:
    sampler = optuna.samplers.TPESampler(seed=seed)
    before = optuna.logging.get_verbosity()
    # It tells of every study that it has made one, under a name of chance.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction="maximize", sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)


def _tried(
    study: optuna.Study, space: Mapping[str, Any], score: Callable[[Mapping[str, Any]], float]
) -> dict[str, Any]:
    """Return what was tried next, and its value."""
    trial = study.ask()
    chosen = {name: _suggested(trial, name, space[name]) for name in space}
    value = score(chosen)
    study.tell(trial, value)
    return {"parameters": chosen, "value": value}


def _suggested(trial: optuna.Trial, name: str, space: Any) -> Any:  # noqa: ANN401 - JSON
    try:
        match space:
            case list():
                return trial.suggest_categorical(name, space)
            case {"low": int() as low, "high": int() as high}:
                return trial.suggest_int(name, low, high, **_options(space))
            case {"low": low, "high": high}:
                return trial.suggest_float(name, low, high, **_options(space))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"The space of {name!r}, {space!r:.200}, cannot be searched: {error}.", parameter=name
        ) from error
    raise InvalidArgument(
        f"The space of {name!r} is {space!r:.200}.",
        hint='Give a list of values, or {"low": 1, "high": 9}, with "log" or "step".',
        parameter=name,
    )


def _options(space: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in space.items() if key not in ("low", "high")}


def _score(
    made: Any,  # noqa: ANN401 - scikit-learn ships no types
    features: pd.DataFrame,
    labels: Sequence[Any],
    parts: Any,  # noqa: ANN401 - as above
    metric: str,
) -> float:
    try:
        scores = cross_val_score(
            made, features, labels, cv=parts, scoring=metric, error_score="raise"
        )
    except ValueError as error:
        raise InvalidArgument(
            f"{type(made).__name__} cannot be measured by {metric}: {error}",
            hint="Fewer folds, another metric, or another space?",
        ) from error
    return float(scores.mean())
