"""Transform: columns made ready for estimators, the same way in training and at serving."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer  # type: ignore[import-untyped] # ships no stubs
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped] # ships no stubs
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped] # ships no stubs
from sklearn.preprocessing import (  # type: ignore[import-untyped] # ships no stubs
    FunctionTransformer,
    OneHotEncoder,
    StandardScaler,
)

from headwater.components import Input, Output, component
from headwater.components.standard.frames import (
    Kind,
    demand_columns,
    kind_of,
    save_frame,
    target_of,
)
from headwater.components.standard.types import Dataset, Transform
from headwater.errors import InvalidArgument


@component
def transform(
    train: Input[Dataset],
    eval: Input[Dataset],
    transform: Output[Transform],
    transformed_train: Output[Dataset],
    transformed_eval: Output[Dataset],
    *,
    target: str,
    leave_out: list[str] | None = None,
    max_categories: int = 50,
) -> None:
    """Fit a transformer on the training part, and apply it to both.

    Numbers are imputed by the median and scaled; strings and truth values become a column for
    each value, with one of their own for missing values and one for all that are rare. Columns of
    times, and those without any value, are left out.

    Args:
        train: what it is fitted on.
        eval: to be transformed alike.
        transform: the fitted transformer, a ColumnTransformer of scikit-learn.
        transformed_train: the training part, and its target.
        transformed_eval: the evaluation part, and its target.
        target: the column that is to be predicted, and stays as it is.
        leave_out: columns that are no features, such as ids.
        max_categories: how many columns are made of one, at most.

    Raises:
        InvalidArgument: a part has no rows, lacks a column, or has rows without a target; no
            feature is left.
    """
    frame, leaving = train.load(pd.DataFrame), leave_out or []
    demand_columns(frame, leaving, of="the training data")
    target_of(frame, target, of="the training data")
    numbers, categories = _features(frame, (target, *leaving))
    fitted = _transformer(numbers, categories, max_categories).fit(frame[numbers + categories])
    for source, output in ((train, transformed_train), (eval, transformed_eval)):
        part, told = source.load(pd.DataFrame), f"the {source.key} data"
        target_of(part, target, of=told)
        demand_columns(part, numbers + categories, of=told)
        ready = fitted.transform(part[numbers + categories]).assign(**{target: part[target]})
        save_frame(output, ready, split=source.artifact.split, span=source.artifact.span)
    transform.save(fitted, format="joblib")
    transform.set(
        target=target,
        features_in=len(numbers + categories),
        features_out=len(fitted.get_feature_names_out()),
        left_out=", ".join(n for n in frame.columns if n not in (target, *numbers, *categories)),
    )


def _features(frame: pd.DataFrame, others: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns of numbers and those of categories."""
    kinds = {name: kind_of(frame[name]) for name in frame.columns if name not in others}
    numbers = [name for name, kind in kinds.items() if kind.is_numeric]
    categories = [name for name, kind in kinds.items() if kind in (Kind.STRING, Kind.BOOLEAN)]
    if not numbers and not categories:
        raise InvalidArgument(
            f"No feature is left of {len(frame.columns)} columns: "
            f"{', '.join(f'{name} is {kind}' for name, kind in kinds.items()) or 'all are left out'}.",
            hint="Features are numbers, strings and truth values, with some values at least.",
        )
    return numbers, categories


def _transformer(
    numbers: Sequence[str], categories: Sequence[str], max_categories: int
) -> ColumnTransformer:
    encoder = OneHotEncoder(
        max_categories=max_categories,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        dtype=np.float64,
    )
    # A column without any value is one of numbers to pandas, which the encoder cannot compare.
    as_objects = FunctionTransformer(
        pd.DataFrame.astype, kw_args={"dtype": "object"}, feature_names_out="one-to-one"
    )
    scaler = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer(
        [
            ("number", scaler, list(numbers)),
            ("category", make_pipeline(as_objects, encoder), list(categories)),
        ],
        verbose_feature_names_out=True,
    ).set_output(transform="pandas")
