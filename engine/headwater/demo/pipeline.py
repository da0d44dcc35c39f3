"""The pipeline: ingest, split, validate, transform, train twice, evaluate, choose.

Each step is a `store.run(...)` that says what it read and what it made. Bytes are read back
from the store, never passed along in memory, so what is recorded is what happened.
"""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import joblib  # type: ignore[import-untyped] # ships no stubs
import pandas as pd
import sklearn  # type: ignore[import-untyped] # ships no stubs
from sklearn.datasets import load_breast_cancer, load_wine  # type: ignore[import-untyped] # no stubs
from sklearn.linear_model import SGDClassifier  # type: ignore[import-untyped] # ships no stubs
from sklearn.metrics import (  # type: ignore[import-untyped] # ships no stubs
    accuracy_score,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped] # no stubs
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped] # ships no stubs

import headwater
from headwater.demo.types import (
    TYPES,
    Anomalies,
    Choose,
    Dataset,
    Evaluate,
    Evaluation,
    Ingest,
    Model,
    Pipeline,
    PipelineRun,
    Scaler,
    Schema,
    Split,
    Statistics,
    Train,
    Transform,
    TransformedData,
    Validate,
)
from headwater.demo.validation import clip, find_anomalies, infer_schema, statistics

SOURCES: Mapping[str, Callable[..., Any]] = {
    "breast-cancer": load_breast_cancer,
    "wine": load_wine,
}
CANDIDATES: Mapping[str, Train] = {
    "cautious": Train(learning_rate=0.001, regularization=1e-4, epochs=50, seed=7),
    "bold": Train(learning_rate=0.1, regularization=1e-4, epochs=20, seed=7),
}
TARGET = "target"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the pipeline recorded that questions start from.

    Attributes:
        run: the context of everything it recorded.
        raw: the data as it came in.
        trained: the training runs, by candidate.
        chosen: the model that was taken.
        evaluation: how well it does.
    """

    run: PipelineRun
    raw: Dataset
    trained: Mapping[str, Train]
    chosen: Model
    evaluation: Evaluation


def run_pipeline(store: headwater.MetadataStore, source: str, *, started_at: datetime) -> Outcome:
    """Return what one run recorded; each run makes the next version of every series.

    Args:
        store: where it is recorded.
        source: `breast-cancer` or `wine`.
        started_at: names the run.
    """
    store.register(*TYPES)
    this_run = PipelineRun(
        name=f"{source} {started_at:%Y-%m-%d %H:%M:%S.%f}",
        python=platform.python_version(),
        scikit_learn=sklearn.__version__,
    )
    context = store.put_context(this_run)
    steps = Steps(store, source, (store.put_context(Pipeline(name=source)), context))

    raw = steps.ingest()
    train, evaluation = steps.split(raw)
    schema, anomalies = steps.validate(train, evaluation)
    ready_train, ready_evaluation = steps.transform(train, evaluation, schema, anomalies)
    runs, models, evaluations = {}, {}, {}
    for name, parameters in CANDIDATES.items():
        runs[name], models[name] = steps.train(name, parameters, ready_train)
        evaluations[name] = steps.evaluate(name, models[name], ready_evaluation)
    best, chosen = steps.choose(models, evaluations)
    return Outcome(context, raw, runs, chosen, evaluations[best])


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one run of the pipeline.

    Attributes:
        store: where they are recorded.
        source: begins the name of every series.
        contexts: what all that they record belongs to.
    """

    store: headwater.MetadataStore
    source: str
    contexts: tuple[headwater.Context, ...]

    def ingest(self) -> Dataset:
        """Return the data as it comes, with class names for a target."""
        loader = SOURCES[self.source]
        with self._run(Ingest(source=f"{loader.__module__}.{loader.__name__}")) as run:
            bunch = loader(as_frame=True)
            names = [str(name) for name in bunch.target_names]
            frame = bunch.frame.assign(**{TARGET: [names[number] for number in bunch.target]})
            return run.output(self._dataset("raw", frame), payload=_csv(frame))

    def split(self, raw: Dataset) -> tuple[Dataset, Dataset]:
        """Return the part for training and the part for evaluation."""
        step = Split(eval_share=0.25, seed=7)
        with self._run(step) as run:
            frame = self._frame(run.input(raw))
            parts = train_test_split(
                frame,
                test_size=step.eval_share,
                random_state=step.seed,
                stratify=frame[TARGET],
            )
            train, evaluation = (
                run.output(self._dataset(split, part), payload=_csv(part), key=split)
                for split, part in zip(("train", "eval"), parts, strict=True)
            )
            return train, evaluation

    def validate(self, train: Dataset, evaluation: Dataset) -> tuple[Schema, Anomalies]:
        """Return what the training part allows, and where the other part breaks it."""
        with self._run(Validate()) as run:
            frames = {
                dataset.split: self._frame(run.input(dataset, key=dataset.split))
                for dataset in (train, evaluation)
            }
            for split, frame in frames.items():
                made = Statistics(
                    name=self._name(f"{split}-statistics"),
                    rows=len(frame),
                    missing=int(frame.isna().sum().sum()),
                )
                run.output(made, payload=_json(statistics(frame)), key=f"{split}-statistics")
            schema = infer_schema(frames["train"])
            kinds = [column["kind"] for column in schema["columns"].values()]
            anomalies = find_anomalies(frames["eval"], schema)
            return (
                run.output(
                    Schema(
                        name=self._name("schema"),
                        columns=len(kinds),
                        categories=kinds.count("category"),
                    ),
                    payload=_json(schema),
                ),
                run.output(
                    Anomalies(
                        name=self._name("anomalies"),
                        columns=len({anomaly["column"] for anomaly in anomalies}),
                        values=sum(anomaly["values"] for anomaly in anomalies),
                    ),
                    payload=_json(anomalies),
                ),
            )

    def transform(
        self, train: Dataset, evaluation: Dataset, schema: Schema, anomalies: Anomalies
    ) -> tuple[TransformedData, TransformedData]:
        """Return both parts, clipped and scaled; the scale is that of the training part.

        Raises:
            ValueError: an anomaly is more than a value out of range.
        """
        with self._run(Transform()) as run:
            _demand_only_ranges(self._load_json(run.input(anomalies)))
            allowed = self._load_json(run.input(schema))
            frames = {
                dataset.split: clip(self._frame(run.input(dataset, key=dataset.split)), allowed)
                for dataset in (train, evaluation)
            }
            features = frames["train"][0].drop(columns=TARGET)
            scaler = StandardScaler().set_output(transform="pandas").fit(features)
            made = Scaler(name=self._name("scaler"), features=features.shape[1])
            run.output(made, payload=_joblib(scaler), key="scaler")
            ready = []
            for split, (frame, clipped) in frames.items():
                scaled = scaler.transform(frame.drop(columns=TARGET)).assign(target=frame[TARGET])
                data = TransformedData(
                    name=self._name(f"{split}-ready"),
                    rows=len(scaled),
                    features=features.shape[1],
                    clipped=clipped,
                )
                ready.append(run.output(data, payload=_csv(scaled), key=split))
            return ready[0], ready[1]

    def train(self, name: str, parameters: Train, data: TransformedData) -> tuple[Train, Model]:
        """Return the training run and the model it made."""
        with self._run(parameters) as run:
            frame = self._frame(run.input(data))
            features, target = frame.drop(columns=TARGET), frame[TARGET]
            classifier = SGDClassifier(
                loss="log_loss",
                learning_rate="constant",
                eta0=parameters.learning_rate,
                alpha=parameters.regularization,
                max_iter=parameters.epochs,
                tol=None,
                random_state=parameters.seed,
            ).fit(features, target)
            run.log(training_accuracy=float(classifier.score(features, target)))
            model = Model(
                name=self._name(name),
                algorithm=type(classifier).__name__,
                features=features.shape[1],
                classes=len(classifier.classes_),
            )
            made = run.output(model, payload=_joblib(classifier))
        return self.store.execution(run.execution, type=Train), made

    def evaluate(self, name: str, model: Model, data: TransformedData) -> Evaluation:
        """Return how well a model does on the part that it has not seen."""
        with self._run(Evaluate()) as run:
            classifier = self._load_joblib(run.input(model, key="model"))
            frame = self._frame(run.input(data, key="data"))
            report = _measure(classifier, frame.drop(columns=TARGET), frame[TARGET])
            metrics = {name: report[name] for name in ("accuracy", "auc", "log_loss")}
            made = Evaluation(
                name=self._name(f"{name}-evaluation"),
                report=f"{report['wrong']} of {len(frame)} rows wrong",
                **metrics,
            )
            return run.output(made, payload=_json(report))

    def choose(
        self, models: Mapping[str, Model], evaluations: Mapping[str, Evaluation]
    ) -> tuple[str, Model]:
        """Return the name of the candidate with the lowest log loss, and the model it became."""
        with self._run(Choose(metric="log_loss")) as run:
            read = {
                name: run.input(evaluation, key=f"{name}-evaluation")
                for name, evaluation in evaluations.items()
            }
            candidates = {name: run.input(model, key=name) for name, model in models.items()}
            best = min(read, key=lambda name: read[name].log_loss)
            run.log(chosen=best)
            chosen = Model(name=self._name("clf"), **candidates[best].properties)
            return best, run.output(chosen, payload=self.store.read_bytes(candidates[best]))

    def _run(self, execution: headwater.Execution) -> headwater.Run:
        return self.store.run(execution, contexts=self.contexts)

    def _name(self, part: str) -> str:
        return f"{self.source}.{part}"

    def _dataset(self, split: str, frame: pd.DataFrame) -> Dataset:
        rows, columns = frame.shape
        return Dataset(name=self._name(split), rows=rows, columns=columns, split=split)

    def _frame(self, data: Dataset | TransformedData) -> pd.DataFrame:
        with self.store.open(data) as stream:
            return pd.read_csv(stream)

    def _load_json(self, artifact: headwater.Artifact) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.store.read_bytes(artifact))

    def _load_joblib(self, artifact: headwater.Artifact) -> Any:  # noqa: ANN401 - any object
        return joblib.load(BytesIO(self.store.read_bytes(artifact)))


def _demand_only_ranges(anomalies: list[dict[str, Any]]) -> None:
    worse = [anomaly for anomaly in anomalies if anomaly["problem"] != "out of range"]
    if worse:
        found = "; ".join(f"{anomaly['column']}: {anomaly['problem']}" for anomaly in worse)
        raise ValueError(f"The data for evaluation is not what was trained on: {found}.")


def _measure(
    classifier: Any,  # noqa: ANN401 - scikit-learn ships no types
    features: pd.DataFrame,
    target: "pd.Series[Any]",
) -> dict[str, Any]:
    labels = list(classifier.classes_)
    probabilities = classifier.predict_proba(features)
    predicted = classifier.predict(features)
    scores = probabilities[:, 1] if len(labels) == 2 else probabilities  # noqa: PLR2004 - binary
    return {
        "accuracy": float(accuracy_score(target, predicted)),
        "auc": float(roc_auc_score(target, scores, multi_class="ovr", labels=labels)),
        "log_loss": float(log_loss(target, probabilities, labels=labels)),
        "wrong": int((predicted != target).sum()),
        "labels": labels,
        "confusion": confusion_matrix(target, predicted, labels=labels).tolist(),
    }


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()


def _joblib(value: object) -> bytes:
    buffer = BytesIO()
    joblib.dump(value, buffer)
    return buffer.getvalue()
