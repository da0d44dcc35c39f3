"""Standard components: the stages of a production pipeline, each a small file to copy from.

::

    from headwater.components.standard import import_file, ingest, split, train

They need the extra `standard`, and `headwater.components` does not need them.
"""

from headwater.components.standard.bless import bless
from headwater.components.standard.evaluate import evaluate
from headwater.components.standard.ingest import import_file, ingest
from headwater.components.standard.push import push, pushed_to
from headwater.components.standard.schema import infer_schema
from headwater.components.standard.split import split
from headwater.components.standard.statistics import generate_statistics
from headwater.components.standard.train import train
from headwater.components.standard.transform import transform
from headwater.components.standard.tune import tune
from headwater.components.standard.types import (
    Anomalies,
    Blessing,
    DataSchema,
    Dataset,
    Evaluation,
    HyperParameters,
    Model,
    PushedModel,
    RawFile,
    Statistics,
    Transform,
)
from headwater.components.standard.validate import validate

__all__ = [
    "Anomalies",
    "Blessing",
    "DataSchema",
    "Dataset",
    "Evaluation",
    "HyperParameters",
    "Model",
    "PushedModel",
    "RawFile",
    "Statistics",
    "Transform",
    "bless",
    "evaluate",
    "generate_statistics",
    "import_file",
    "infer_schema",
    "ingest",
    "push",
    "pushed_to",
    "split",
    "train",
    "transform",
    "tune",
    "validate",
]
