"""Estimators: scikit-learn's, by dotted name, and those of others that keep to its interface."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator, is_classifier  # type: ignore[import-untyped] # no stubs

from headwater.errors import InvalidArgument


def estimator_of(name: str, parameters: Mapping[str, Any], *, seed: int) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return a new estimator.

    Args:
        name: dotted, such as `sklearn.linear_model.LogisticRegression`.
        parameters: what it is made with.
        seed: its `random_state`, where it has one that is not among the parameters.

    Raises:
        InvalidArgument: there is no such class, it is no estimator that predicts, or it takes no
            parameter of such a name.
    """
    kind = _class(name)
    known = inspect.signature(kind).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
    unknown = sorted(parameters.keys() - known.keys())
    if unknown and not takes_any:
        raise InvalidArgument(
            f"{name} has no parameter {unknown[0]!r}, but {', '.join(known)}.",
            estimator=name,
            parameter=unknown[0],
        )
    seeded = {"random_state": seed} if "random_state" in known else {}
    try:
        return kind(**{**seeded, **parameters})
    except TypeError as error:
        raise InvalidArgument(
            f"{name} cannot be made with {dict(parameters)}: {error}.", estimator=name
        ) from error


def task_of(estimator: Any) -> str:  # noqa: ANN401 - as above
    """Return `classification` or `regression`."""
    return "classification" if is_classifier(estimator) else "regression"


def _class(name: str) -> type[BaseEstimator]:
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidArgument(
            f"There is no estimator {name!r:.200}: {error}.",
            hint="Give its dotted name, such as sklearn.linear_model.LogisticRegression.",
            estimator=name,
        ) from error
    # By its methods too: a transformer is an estimator, and no model.
    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and _predicts(found)):
        raise InvalidArgument(
            f"{name} is no estimator that predicts.",
            hint="It derives from sklearn.base.BaseEstimator, with fit and predict.",
            estimator=name,
        )
    return found


def _predicts(kind: type) -> bool:
    return hasattr(kind, "fit") and hasattr(kind, "predict")
