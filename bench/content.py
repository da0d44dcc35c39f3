"""What both sides of a benchmark write: the same nodes, events and links, as plain values."""

from typing import Any, NamedTuple

ARTIFACT_TYPE = "BenchModel"
EXECUTION_TYPE = "BenchTrain"
CONTEXT_TYPE = "BenchRun"
ARTIFACT_KINDS = {"accuracy": "DOUBLE", "rows": "INT", "framework": "STRING"}
EXECUTION_KINDS = {"learning_rate": "DOUBLE", "epochs": "INT", "optimizer": "STRING"}
CONTEXT_NAME = "bench"


class Values(NamedTuple):
    """Properties and custom properties of one node."""

    declared: dict[str, Any]
    custom: dict[str, Any]


def artifact_values(number: int) -> Values:
    """Return what the artifact of that number holds."""
    declared = {"accuracy": number / 7, "rows": number, "framework": f"framework {number % 5}"}
    return Values(declared, {"note": f"note of {number}"})


def execution_values(number: int) -> Values:
    """Return what the execution of that number holds."""
    declared = {"learning_rate": number / 9, "epochs": number % 50, "optimizer": "adam"}
    return Values(declared, {"host": f"host-{number % 20}"})


def artifact_uri(number: int) -> str:
    """Return where the artifact of that number lies."""
    return f"s3://bucket/models/{number}"
