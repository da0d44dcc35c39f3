"""What the pipeline records: a class for each type of artifact, execution and context."""

import headwater


class Dataset(headwater.Artifact):
    """Rows and columns, stored as CSV."""

    rows: int
    columns: int
    split: str


class Statistics(headwater.Artifact):
    """What each column of a data set holds, stored as JSON."""

    rows: int
    missing: int


class Schema(headwater.Artifact):
    """What each column may hold, stored as JSON."""

    columns: int
    categories: int


class Anomalies(headwater.Artifact):
    """Where a data set breaks a schema, stored as JSON."""

    columns: int
    values: int


class Scaler(headwater.Artifact):
    """How features are brought to one scale, stored by joblib."""

    features: int


class TransformedData(headwater.Artifact):
    """A data set that is ready for training, stored as CSV."""

    rows: int
    features: int
    clipped: int


class Model(headwater.Artifact):
    """A trained classifier, stored by joblib."""

    algorithm: str
    features: int
    classes: int


class Evaluation(headwater.Artifact):
    """How well a model does on data it has not seen, stored as JSON."""

    accuracy: float
    auc: float
    log_loss: float
    report: str = headwater.Property(default="", index=False)


class Ingest(headwater.Execution):
    """Brings data in from its source."""

    source: str


class Split(headwater.Execution):
    """Parts a data set into one for training and one for evaluation."""

    eval_share: float
    seed: int


class Validate(headwater.Execution):
    """Describes both parts and checks the second against the first."""


class Transform(headwater.Execution):
    """Clips values to the schema's ranges and brings features to one scale."""


class Train(headwater.Execution):
    """Fits a logistic regression by stochastic gradient descent."""

    learning_rate: float
    regularization: float
    epochs: int
    seed: int


class Evaluate(headwater.Execution):
    """Measures a model on the data for evaluation."""


class Choose(headwater.Execution):
    """Takes the model whose evaluation is lowest by a metric."""

    metric: str


class Pipeline(headwater.Context):
    """A pipeline, over all its runs."""


class PipelineRun(headwater.Context):
    """One run of a pipeline, with the versions it ran on."""

    python: str
    scikit_learn: str


TYPES: tuple[type[headwater.TypedNode], ...] = (
    *(Dataset, Statistics, Schema, Anomalies, Scaler, TransformedData, Model, Evaluation),
    *(Ingest, Split, Validate, Transform, Train, Evaluate, Choose),
    *(Pipeline, PipelineRun),
)
