"""The pipeline: load, split, describe, check, clip, transform, train twice, evaluate, choose.

Most steps are standard components; those of its own are what a project adds: where its data comes
from, what it does about values that its schema does not allow, and how it chooses. Each is a
function that says what it reads and makes; what they make lies in the store, and so does what ran.

::

    headwater run headwater.demo.pipeline:wine --param learning_rate=0.2
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine  # type: ignore[import-untyped] # no stubs
from sklearn.linear_model import SGDClassifier  # type: ignore[import-untyped] # ships no stubs

import headwater
from headwater.components import Ended, Input, Output, Plan, Step, component, pipeline, run
from headwater.components.endings import Watch
from headwater.components.standard import (
    Anomalies,
    Dataset,
    Evaluation,
    Model,
    evaluate,
    generate_statistics,
    infer_schema,
    split,
    transform,
    validate,
)
from headwater.components.standard.frames import save_frame

TARGET = "target"
LOADERS: Mapping[str, Callable[..., Any]] = {
    "breast-cancer": load_breast_cancer,
    "wine": load_wine,
}
# All that validation can find but values out of range, which are clipped.
FATAL = ["missing column", "unknown column", "wrong kind", "missing values", "new values"]


@component
def load(raw: Output[Dataset], *, source: str) -> None:
    """Bring data in as it comes with scikit-learn, with the names of classes for a target.

    Args:
        raw: all rows.
        source: `breast-cancer` or `wine`.
    """
    bunch = LOADERS[source](as_frame=True)
    names = [str(name) for name in bunch.target_names]
    save_frame(raw, bunch.frame.assign(**{TARGET: [names[number] for number in bunch.target]}))


@component
def clip(data: Input[Dataset], anomalies: Input[Anomalies], clipped: Output[Dataset]) -> None:
    """Bring every value that is out of its range to the end of it.

    Args:
        data: the rows.
        anomalies: which columns have such values, and their ranges.
        clipped: the rows, and how many values were clipped.
    """
    frame: pd.DataFrame = data.load(pd.DataFrame)
    found = [each for each in anomalies.load() if each["problem"] == "out of range"]
    for anomaly in found:
        frame[anomaly["column"]] = frame[anomaly["column"]].clip(*anomaly["expected"])
    save_frame(clipped, frame, split=data.artifact.split)
    clipped.set(clipped=sum(anomaly["count"] for anomaly in found))


@component
def train_linear(
    data: Input[Dataset],
    model: Output[Model],
    *,
    learning_rate: float,
    regularization: float = 1e-4,
    epochs: int = 20,
    seed: int = 7,
) -> None:
    """Fit a logistic regression by stochastic gradient descent.

    Args:
        data: what it is fitted on.
        model: the classifier, and how many of the rows that it was fitted on it gets right.
        learning_rate: how far a step goes.
        regularization: weight of the penalty.
        epochs: how often all rows are gone through.
        seed: of the order of rows.
    """
    frame = data.load(pd.DataFrame)
    features, labels = frame.drop(columns=TARGET), frame[TARGET]
    classifier = SGDClassifier(
        loss="log_loss",
        learning_rate="constant",
        eta0=learning_rate,
        alpha=regularization,
        max_iter=epochs,
        tol=None,
        random_state=seed,
    ).fit(features, labels)
    model.save(classifier, format="joblib")
    model.set(
        estimator="sklearn.linear_model.SGDClassifier",
        task="classification",
        target=TARGET,
        features=features.shape[1],
        rows=len(frame),
        training_accuracy=float(classifier.score(features, labels)),
    )


@component
def choose(
    models: list[Input[Model]],
    evaluations: list[Input[Evaluation]],
    clf: Output[Model],
    *,
    candidates: list[str],
    metric: Literal["log_loss"] = "log_loss",
) -> None:
    """Take the model that does best.

    Args:
        models: one for each candidate.
        evaluations: of the models, in their order.
        clf: the best model, and which candidate it was.
        candidates: the names of the models.
        metric: what counts; less is better.
    """
    losses = [float(getattr(each.artifact, metric)) for each in evaluations]
    best = losses.index(min(losses))
    clf.save(models[best].path)
    clf.set(**models[best].artifact.properties, candidate=candidates[best])


def write(source: str, candidates: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the steps of a pipeline.

    Args:
        source: where its data comes from; begins the name of every series.
        candidates: the parameters of each model that is trained, by name.
    """
    raw = load(source=source).making(raw=f"{source}.raw")
    parts = split(data=raw, eval_share=0.25, seed=7, stratify=TARGET).making(
        train=f"{source}.train", eval=f"{source}.eval"
    )
    clipped, ready = _prepared(source, parts)
    models, evaluations = [], []
    for name, parameters in candidates.items():
        trained = train_linear.named(f"train-{name}")(data=ready.transformed_train, **parameters)
        models.append(trained.making(model=f"{source}.{name}"))
        evaluated = evaluate.named(f"evaluate-{name}")(
            model=models[-1], data=clipped, transform=ready.transform
        )
        evaluations.append(evaluated.making(evaluation=f"{source}.{name}-evaluation"))
    choose(models=models, evaluations=evaluations, candidates=list(candidates)).making(
        clf=f"{source}.clf"
    )


def _prepared(source: str, parts: Step) -> tuple[Step, Step]:
    """Write the steps between the split and training: the check, and what makes features."""
    described = generate_statistics(data=parts.train).making(statistics=f"{source}.statistics")
    schema = infer_schema(statistics=described, slack=0.0).making(schema=f"{source}.schema")
    checked = validate(data=parts.eval, schema=schema, fail_on=FATAL).making(
        anomalies=f"{source}.anomalies"
    )
    clipped = clip(data=parts.eval, anomalies=checked).making(clipped=f"{source}.clipped")
    ready = transform(train=parts.train, eval=clipped, target=TARGET).making(
        transform=f"{source}.transform",
        transformed_train=f"{source}.train-ready",
        transformed_eval=f"{source}.eval-ready",
    )
    return clipped, ready


@pipeline(name="breast-cancer", project="demo")
def breast_cancer(learning_rate: float = 0.1) -> None:
    """Tell malignant tumours from benign ones; the learning rate is that of the bold candidate."""
    write("breast-cancer", _candidates(learning_rate))


@pipeline(project="demo")
def wine(learning_rate: float = 0.1) -> None:
    """Tell the grower of a wine; the learning rate is that of the bold candidate."""
    write("wine", _candidates(learning_rate))


def _candidates(learning_rate: float) -> dict[str, dict[str, Any]]:
    return {
        "cautious": {"learning_rate": 0.001, "epochs": 50},
        "bold": {"learning_rate": learning_rate},
    }


PIPELINES = {known.name: known for known in (breast_cancer, wine)}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one run of a pipeline recorded that questions start from.

    Attributes:
        run_id: of the context of everything it recorded.
        steps: how each step ended.
        raw: the data as it came in.
        trained: the executions that trained a model, by candidate.
        chosen: the model that was taken.
        evaluation: how well it does.
    """

    run_id: int
    steps: Mapping[str, Ended]
    raw: Dataset
    trained: Mapping[str, headwater.Execution]
    chosen: Model
    evaluation: Evaluation

    @property
    def candidate(self) -> str:
        """Which of the models was taken."""
        return str(self.chosen.custom_properties["candidate"])


def run_pipeline(
    store: headwater.MetadataStore, plan: Plan, *, watch: Watch | None = None
) -> Recorded:
    """Return what one run recorded; steps that an earlier run had done already are not run.

    Args:
        store: where it is recorded.
        plan: of one of `PIPELINES`.
        watch: is told of each change of a step.

    Raises:
        StepFailed: a step failed.
    """
    # Short, since it begins the name of each execution.
    name = f"{plan.pipeline} {secrets.token_hex(3)}"
    ended = run(plan, store=store, run=name, watch=watch)
    chosen = store.artifact(_key(ended.ids("choose", "clf")), type=Model)
    best = f"evaluate-{chosen.custom_properties['candidate']}"
    return Recorded(
        ended.contexts.run_id,
        ended.steps,
        store.artifact(_key(ended.ids("load", "raw")), type=Dataset),
        {
            name.removeprefix("train-"): store.execution(f"execution:{step.execution_id}")
            for name, step in ended.steps.items()
            if name.startswith("train-")
        },
        chosen,
        store.artifact(_key(ended.ids(best, "evaluation")), type=Evaluation),
    )


def _key(ids: tuple[int, ...]) -> str:
    return f"artifact:{ids[0]}"
