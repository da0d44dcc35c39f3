"""The command line in tests: how it is run, and what is recorded for it to show."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import headwater
from support.servers import Neo4jAddress


class Dataset(headwater.Artifact):
    """A table."""

    rows: int
    note: str = headwater.Property(default="", index=False)


class Model(headwater.Artifact):
    """A trained model."""

    accuracy: float


class Train(headwater.Execution):
    """A training."""

    learning_rate: float = 0.1


class Pipeline(headwater.Context):
    """A pipeline."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def environment(server: Neo4jAddress, *, namespace: str, folder: Path) -> dict[str, str]:
    """Return the variables that lead a command to a test's store."""
    given = {
        "HEADWATER_NEO4J": server.address,
        "HEADWATER_NEO4J_USER": server.user,
        "HEADWATER_NAMESPACE": namespace,
        "HEADWATER_HOME": str(folder / "home"),
        "HEADWATER_OBJECTS": str(folder / "objects"),
    }
    return (
        given if server.password is None else {**given, "HEADWATER_NEO4J_PASSWORD": server.password}
    )


def column(ran: Ran, title: str) -> list[str]:
    """Return the values of one column of a table written into a pipe."""
    header, *rows = [line.split("\t") for line in ran.lines]
    return [row[header.index(title)] for row in rows]
