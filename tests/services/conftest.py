"""A store with one type of each kind, and short ways to put things into it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater_schema import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    New,
    PropertyKind,
    PutRequest,
)
from support.clocked import Services


@dataclass(frozen=True)
class Typed:
    """The services, with the ids of a type of each kind: `a` INT and `d` DOUBLE are declared."""

    services: Services
    artifact_type: int
    execution_type: int
    context_type: int

    def artifact(self, **fields: Any) -> Artifact:
        return Artifact(**{"type_id": self.artifact_type} | fields)

    def execution(self, **fields: Any) -> Execution:
        return Execution(**{"type_id": self.execution_type} | fields)

    def context(self, name: str = "c", **fields: Any) -> Context:
        return Context(**{"type_id": self.context_type, "name": name} | fields)

    def put(self, *nodes: Artifact | Execution | Context, **more: Any) -> tuple[int, ...]:
        """Return the ids of nodes put in one request, a millisecond after the one before."""
        self.services.now += 1
        answer = self.services.puts.put(
            PutRequest(
                artifacts=tuple(n for n in nodes if isinstance(n, Artifact)),
                executions=tuple(n for n in nodes if isinstance(n, Execution)),
                contexts=tuple(n for n in nodes if isinstance(n, Context)),
                **more,
            )
        )
        return (*answer.artifact_ids, *answer.execution_ids, *answer.context_ids)

    def read(self, artifact_id: int) -> Artifact:
        return self.services.artifacts.by_ids([artifact_id])[0]

    def step(self, inputs: list[int], outputs: int) -> tuple[int, list[int]]:
        """Return the ids of an execution that reads those artifacts, and of what it makes."""
        *made, execution_id = self.put(
            *(self.artifact() for _ in range(outputs)),
            self.execution(),
            events=(
                *(EventPut(i, New(0), EventType.INPUT) for i in inputs),
                *(EventPut(New(i), New(0), EventType.OUTPUT) for i in range(outputs)),
            ),
        )
        return execution_id, list(made)


@pytest.fixture
def make_services(graph: Graph, objects: DirectoryStore) -> Callable[[], Services]:
    return lambda: Services(graph, objects, f"test-{uuid.uuid4().hex}")


@pytest.fixture
def services(make_services: Callable[[], Services]) -> Services:
    return make_services()


@pytest.fixture
def typed(services: Services) -> Typed:
    return with_types(services)


def with_types(services: Services) -> Typed:
    properties = {"a": PropertyKind.INT, "d": PropertyKind.DOUBLE}
    ids = services.types.put(
        [
            ArtifactType(name="A", properties=properties),
            ExecutionType(name="E", properties=properties),
            ContextType(name="C", properties=properties),
        ]
    )
    return Typed(services, *ids)
