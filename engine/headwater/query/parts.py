"""Parts of an answer: nodes by key, and the events between them."""

from enum import StrEnum
from typing import NamedTuple

from headwater_schema import EventType, TypeKind


class Direction(StrEnum):
    """Which way a lineage question goes."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"


class NodeKey(NamedTuple):
    """A node of a lineage: artifacts and executions count their ids apart."""

    kind: TypeKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.lower()}:{self.id}"


class LineageNode(NamedTuple):
    """A node of an answer, with its distance from the start in hops."""

    kind: TypeKind
    id: int
    type: str
    name: str | None
    state: str | None
    distance: int

    @property
    def key(self) -> NodeKey:
        """What the node is told apart by."""
        return NodeKey(self.kind, self.id)

    @property
    def title(self) -> str:
        """The node's name, or its type and id where it has none."""
        return self.name or f"{self.type} #{self.id}"


class LineageEvent(NamedTuple):
    """An event of an answer: an edge between two of its nodes.

    `path` is JSON text, as stored.
    """

    artifact_id: int
    execution_id: int
    type: str
    milliseconds_since_epoch: int | None
    path: str | None

    @property
    def artifact(self) -> NodeKey:
        """The artifact's end."""
        return NodeKey(TypeKind.ARTIFACT, self.artifact_id)

    @property
    def execution(self) -> NodeKey:
        """The execution's end."""
        return NodeKey(TypeKind.EXECUTION, self.execution_id)

    @property
    def source(self) -> NodeKey:
        """The end that data flows from."""
        return self.artifact if EventType(self.type).is_input else self.execution

    @property
    def target(self) -> NodeKey:
        """The end that data flows to."""
        return self.execution if EventType(self.type).is_input else self.artifact
