r"""Tabular: a whole pipeline for a table with one column to predict.

::

    headwater run headwater.components.standard.tabular:tabular \
        --param path=wine.csv --param target=class --param destination=models
"""

from collections.abc import Mapping
from typing import Any

from headwater.components import Step, pipeline
from headwater.components.sources import OutputRef
from headwater.components.standard import (
    bless,
    evaluate,
    generate_statistics,
    import_file,
    infer_schema,
    ingest,
    push,
    pushed_to,
    split,
    train,
    transform,
    tune,
    validate,
)


@pipeline
def tabular(
    path: str,
    target: str,
    *,
    estimator: str = "sklearn.ensemble.RandomForestClassifier",
    parameters: dict[str, Any] | None = None,
    space: dict[str, Any] | None = None,
    trials: int = 20,
    leave_out: list[str] | None = None,
    stratify: str = "",
    key: str = "",
    span: int | None = None,
    slices: list[str] | None = None,
    thresholds: dict[str, float] | None = None,
    fail_on: list[str] | None = None,
    destination: str = "",
    seed: int = 0,
) -> None:
    """Read a table, check it, train on it, and push what is good enough.

    Args:
        path: CSV or Parquet: a file, a folder or a pattern.
        target: the column to predict.
        estimator: dotted name of an estimator of scikit-learn's.
        parameters: of the estimator.
        space: of a search for more of them; None searches nothing.
        trials: of the search.
        leave_out: columns that are no features.
        stratify: a column of which training and evaluation have the same shares.
        key: a column whose values go to training or evaluation as a whole.
        span: number of the period that the data is of.
        slices: columns by whose values the model is measured apart.
        thresholds: what each metric must reach.
        fail_on: the problems of the data that end the run.
        destination: the folder that the model is pushed to; empty pushes nothing.
        seed: of all chance.
    """
    data = ingest(raw=import_file(path=path), span=span)
    parts = split(data=data, seed=seed, stratify=stratify, key=key)
    described = generate_statistics(data=parts.train)
    validated = validate(
        data=parts.eval,
        schema=infer_schema(statistics=described),
        previous_statistics=described,
        fail_on=fail_on,
    )
    ready = transform(
        train=parts.train, eval=parts.eval, target=target, leave_out=leave_out
    ).following(validated)
    fitting = {"data": ready.transformed_train, "target": target, "estimator": estimator}
    fitting |= {"parameters": parameters, "seed": seed}
    best = tune(**fitting, space=space, trials=trials) if space else None
    model = train(**fitting, hyperparameters=best)
    measuring = {"slices": slices, "thresholds": thresholds}
    _serve(model, parts.eval, ready.transform, measuring=measuring, destination=destination)


def _serve(
    model: Step,
    held: OutputRef,
    transformer: OutputRef,
    *,
    measuring: Mapping[str, Any],
    destination: str,
) -> None:
    """Measure a model, bless it beside the one that is in use, and push it if it is blessed."""
    evaluation = evaluate(model=model, data=held, transform=transformer, **measuring)
    baseline = pushed_to(destination) if destination else None
    blessing = bless(model=model, evaluation=evaluation, data=held, baseline=baseline)
    if destination:
        push(model=model, transform=transformer, folder=destination).when(
            blessing, lambda found: found.blessed, "the model is blessed"
        )
