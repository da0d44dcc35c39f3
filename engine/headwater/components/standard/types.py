"""Types: what the standard components read and make, in the words of ML Metadata and TFX."""

from headwater.typed import Artifact
from headwater_schema import ArtifactBaseType


class RawFile(Artifact):
    """Bytes as they came from outside: one file as it is, or a folder of several.

    Attributes:
        format: `csv` or `parquet`.
        files: how many there are.
    """

    format: str
    files: int


class Dataset(Artifact, base_type=ArtifactBaseType.DATASET):
    """Rows and columns, stored as Parquet.

    Attributes:
        rows: how many.
        columns: how many.
        split: which part of a whole it is, such as `train`; empty for the whole.
        span: number of the period that it is of.
    """

    rows: int
    columns: int
    split: str = ""
    span: int | None = None


class Statistics(Artifact, base_type=ArtifactBaseType.STATISTICS):
    """What each column of a data set holds, stored as JSON.

    Attributes:
        rows: of the data set.
        columns: of the data set.
        missing: how many values are missing, over all columns.
        split: of the data set.
        span: of the data set.
    """

    rows: int
    columns: int
    missing: int
    split: str = ""
    span: int | None = None


class DataSchema(Artifact):
    """What each column may hold, stored as JSON.

    Attributes:
        columns: how many are described.
        required: how many of them may have no missing values.
    """

    columns: int
    required: int


class Anomalies(Artifact):
    """Where a data set breaks its schema or differs from another, stored as JSON.

    Attributes:
        count: how many anomalies there are.
        columns: in how many columns.
        problems: which problems there are, by name, parted by commas.
    """

    count: int
    columns: int
    problems: str = ""


class Transform(Artifact, base_type=ArtifactBaseType.MODEL):
    """A fitted transformer of data sets, stored by joblib.

    Attributes:
        target: the column that it leaves alone.
        features_in: how many columns it reads.
        features_out: how many it makes.
        left_out: columns that it drops, parted by commas.
    """

    target: str
    features_in: int
    features_out: int
    left_out: str = ""


class HyperParameters(Artifact):
    """The best parameters that a search found for an estimator, stored as JSON.

    Attributes:
        estimator: dotted name of the estimator.
        metric: what was searched by.
        value: of the metric, over the folds.
        trials: how many were tried.
    """

    estimator: str
    metric: str
    value: float
    trials: int


class Model(Artifact, base_type=ArtifactBaseType.MODEL):
    """A fitted estimator, stored by joblib.

    Attributes:
        estimator: dotted name of its class.
        task: `classification` or `regression`.
        target: the column that it predicts.
        features: how many columns it reads.
        rows: how many it was fitted on.
    """

    estimator: str
    task: str
    target: str
    features: int
    rows: int


class Evaluation(Artifact, base_type=ArtifactBaseType.METRICS):
    """How well a model does on data that it has not seen, stored as JSON.

    Attributes:
        rows: how many it was measured on.
        slices: how many parts of them were measured apart.
        passed: whether all thresholds were met.
        accuracy: share of the rows that are right.
        f1: of the classes, each counted alike.
        auc: area under the curve, one class against the rest; None where a class is absent.
        log_loss: None where the model gives no probabilities.
        rmse: root of the mean squared error.
        mae: mean absolute error.
        r2: share of the variance that is explained.
    """

    rows: int
    slices: int
    passed: bool
    accuracy: float | None = None
    f1: float | None = None
    auc: float | None = None
    log_loss: float | None = None
    rmse: float | None = None
    mae: float | None = None
    r2: float | None = None


class Blessing(Artifact):
    """Whether a model may be used, stored as JSON with the reasons.

    Attributes:
        blessed: whether it may.
        metric: what it was compared by; empty where it was compared with nothing.
        value: of the model.
        baseline: of the model that it was compared with.
    """

    blessed: bool
    metric: str = ""
    value: float | None = None
    baseline: float | None = None


class PushedModel(Artifact, base_type=ArtifactBaseType.MODEL):
    """A model at the place from which it is served; its payload is the folder that lies there.

    Attributes:
        destination: the folder of its versions.
        pushed_version: the number of the folder in there.
        content: digest of the files of that folder.
        task: of the model.
        target: of the model.
    """

    destination: str
    pushed_version: int
    content: str = ""
    task: str
    target: str
