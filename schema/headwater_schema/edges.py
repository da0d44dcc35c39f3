"""Edges: events, attributions, associations and parent contexts."""

from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, model_validator

from headwater_schema.properties import Int64, Text


class EventType(StrEnum):
    """How an execution touched an artifact.

    Source: `ml_metadata.Event.Type`; UNKNOWN is not a type that an event can have.
    """

    DECLARED_OUTPUT = "DECLARED_OUTPUT"
    DECLARED_INPUT = "DECLARED_INPUT"
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    INTERNAL_INPUT = "INTERNAL_INPUT"
    INTERNAL_OUTPUT = "INTERNAL_OUTPUT"
    PENDING_OUTPUT = "PENDING_OUTPUT"

    @property
    def is_input(self) -> bool:
        """Whether data flows from the artifact to the execution."""
        return self in INPUT_TYPES


INPUT_TYPES = frozenset({EventType.INPUT, EventType.DECLARED_INPUT, EventType.INTERNAL_INPUT})
OUTPUT_TYPES = frozenset(EventType) - INPUT_TYPES


class PathStep(BaseModel):
    """One step of an event's path: a position in a list or a key in a map."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "oneOf": [
                {"required": ["index"], "properties": {"index": {"type": "integer"}}},
                {"required": ["key"], "properties": {"key": {"type": "string"}}},
            ]
        },
    )

    index: Int64 | None = None
    key: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.index is None) == (self.key is None):
            raise ValueError(
                f"a path step has either an index or a key, found {self.index!r} and {self.key!r:.100}"
            )
        return self


class Event(BaseModel):
    """That an execution read or wrote an artifact.

    One per (artifact, execution, type); never updated.

    Attributes:
        path: which input or output of the execution the artifact was.
        milliseconds_since_epoch: when; the store's time where none is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    artifact_id: Int64
    execution_id: Int64
    type: EventType
    path: tuple[PathStep, ...] = ()
    milliseconds_since_epoch: Int64 | None = None


class Attribution(NamedTuple):
    """That an artifact belongs to a context."""

    artifact_id: int
    context_id: int


class Association(NamedTuple):
    """That an execution belongs to a context."""

    execution_id: int
    context_id: int


class ParentContext(NamedTuple):
    """That one context lies within another. A context may have many parents, and no cycle."""

    child_id: int
    parent_id: int
