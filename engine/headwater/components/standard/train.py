"""Train: an estimator of scikit-learn's fitted on a data set."""

from typing import Any

import pandas as pd

from headwater.components import Input, Output, component
from headwater.components.standard.estimators import estimator_of, task_of
from headwater.components.standard.frames import target_of
from headwater.components.standard.types import Dataset, HyperParameters, Model
from headwater.errors import InvalidArgument


@component
def train(
    data: Input[Dataset],
    model: Output[Model],
    hyperparameters: Input[HyperParameters] | None = None,
    *,
    target: str,
    estimator: str = "sklearn.ensemble.RandomForestClassifier",
    parameters: dict[str, Any] | None = None,
    seed: int = 0,
) -> None:
    """Fit an estimator on a data set.

    Args:
        data: what it is fitted on; all columns but the target are features.
        model: the fitted estimator.
        hyperparameters: parameters that a search found; they take the place of equal names.
        target: the column that it learns to predict.
        estimator: dotted name of its class.
        parameters: what it is made with.
        seed: its `random_state`, where it has one.

    Raises:
        InvalidArgument: there is no such estimator, it takes no parameter of such a name, the
            search was for another one, or the data has no such target.
    """
    if hyperparameters is not None and hyperparameters.artifact.estimator != estimator:
        raise InvalidArgument(
            f"The parameters were searched for {hyperparameters.artifact.estimator}, and would be "
            f"used for {estimator}.",
            hint="Name the same estimator for both steps.",
            estimator=estimator,
        )
    found = {} if hyperparameters is None else hyperparameters.load()["parameters"]
    made = estimator_of(estimator, {**(parameters or {}), **found}, seed=seed)
    frame = data.load(pd.DataFrame)
    labels = target_of(frame, target, of="the training data")
    features = frame.drop(columns=target)
    model.save(made.fit(features, labels), format="joblib")
    model.set(
        estimator=estimator,
        task=task_of(made),
        target=target,
        features=features.shape[1],
        rows=len(frame),
    )
