"""Nodes: artifacts, executions and contexts, with their states and properties."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from headwater_schema.properties import Int64, Name, PropertyKey, PropertyValue, Text
from headwater_schema.types import TypeKind

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Size = Annotated[Int64, Field(ge=0)]
Version = Annotated[Int64, Field(ge=1)]


class ArtifactState(StrEnum):
    """Where an artifact is in its life.

    Source: `ml_metadata.Artifact.State`.
    """

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"


class ExecutionState(StrEnum):
    """Where an execution is in its life.

    Source: `ml_metadata.Execution.State`.
    """

    UNKNOWN = "UNKNOWN"
    NEW = "NEW"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CACHED = "CACHED"
    CANCELED = "CANCELED"


class Node(BaseModel):
    """What the three kinds of node share.

    Attributes:
        id: set by the store; a node with an id is an update of the one that has it.
        type_id: the type's id.
        type: the type's name; read only.
        name: unique within its type where it is set.
        external_id: unique within its kind where it is set.
        properties: values of properties that the type declares.
        custom_properties: values of any other properties.
        create_time_since_epoch: milliseconds; read only.
        last_update_time_since_epoch: milliseconds; read only.
        deleted_time_since_epoch: milliseconds; set on the tombstone of a deleted node; read only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[TypeKind]

    id: Int64 | None = None
    type_id: Int64 | None = None
    type: Text | None = None
    name: Name | None = None
    external_id: Name | None = None
    properties: Mapping[PropertyKey, PropertyValue] = Field(default_factory=dict)
    custom_properties: Mapping[PropertyKey, PropertyValue] = Field(default_factory=dict)
    create_time_since_epoch: Int64 | None = None
    last_update_time_since_epoch: Int64 | None = None
    deleted_time_since_epoch: Int64 | None = None


class Artifact(Node):
    """A piece of data: where it is, what state it is in, and what its bytes are.

    Attributes:
        uri: where the bytes are, as the user gave it.
        state: unset where nobody gave one.
        digest: `sha256:` and 64 hex digits of the stored payload; read only.
        size_bytes: size of the stored payload; read only.
        series: the name without its version, for artifacts recorded as a series; read only.
        version: which of its series this one is, from 1; read only.
    """

    kind = TypeKind.ARTIFACT
    uri: Text | None = None
    state: ArtifactState | None = None
    digest: Digest | None = None
    size_bytes: Size | None = None
    series: Name | None = None
    version: Version | None = None


class Execution(Node):
    """A run of a step: what ran, with which parameters, and how it ended."""

    kind = TypeKind.EXECUTION
    last_known_state: ExecutionState | None = None


class Context(Node):
    """A group of artifacts and executions: a pipeline, a run, an experiment."""

    kind = TypeKind.CONTEXT
