"""Types: what an artifact, execution or context may be, and which properties it has."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, field_validator

from headwater_schema.properties import Int64, Name, PropertyKey, PropertyKind, Struct, Text


class TypeKind(StrEnum):
    """Which kind of node a type is for."""

    ARTIFACT = "ARTIFACT"
    EXECUTION = "EXECUTION"
    CONTEXT = "CONTEXT"


class ArtifactBaseType(StrEnum):
    """The system types that an artifact type can have as its base.

    Source: `ml_metadata.ArtifactType.SystemDefinedBaseType`.
    """

    DATASET = "mlmd.Dataset"
    MODEL = "mlmd.Model"
    METRICS = "mlmd.Metrics"
    STATISTICS = "mlmd.Statistics"


class ExecutionBaseType(StrEnum):
    """The system types that an execution type can have as its base.

    Source: `ml_metadata.ExecutionType.SystemDefinedBaseType`.
    """

    TRAIN = "mlmd.Train"
    TRANSFORM = "mlmd.Transform"
    PROCESS = "mlmd.Process"
    EVALUATE = "mlmd.Evaluate"
    DEPLOY = "mlmd.Deploy"


SYSTEM_TYPES: tuple[tuple[TypeKind, str], ...] = (
    *((TypeKind.ARTIFACT, str(base)) for base in ArtifactBaseType),
    *((TypeKind.EXECUTION, str(base)) for base in ExecutionBaseType),
)
"""The types every namespace holds from the start, in the order of their ids 1 to 9."""

FIRST_USER_TYPE_ID = len(SYSTEM_TYPES) + 1


class NodeType(BaseModel):
    """What the three kinds of type share.

    Attributes:
        id: set by the store; ignored in a request.
        name: not empty.
        version: unset or not empty; the same name in another version is another type.
        properties: the kind of each declared property, by key.
        unindexed: declared properties that get no index of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[TypeKind]

    id: Int64 | None = None
    name: Name = Field(min_length=1)
    version: Name | None = None
    external_id: Name | None = None
    description: Text | None = None
    properties: dict[PropertyKey, PropertyKind] = Field(default_factory=dict)
    unindexed: Annotated[frozenset[PropertyKey], PlainSerializer(sorted, when_used="json")] = (
        frozenset()
    )

    @field_validator("version")
    @classmethod
    def _empty_version_is_unset(cls, version: str | None) -> str | None:
        return version or None


class ArtifactType(NodeType):
    """A type of artifact: a data set, a model, a report."""

    kind = TypeKind.ARTIFACT
    base_type: ArtifactBaseType | None = None


class ExecutionType(NodeType):
    """A type of execution: an import, a training, an evaluation.

    `input_type` and `output_type` are MLMD's ArtifactStructType messages as JSON; they are
    kept and not interpreted.
    """

    kind = TypeKind.EXECUTION
    base_type: ExecutionBaseType | None = None
    input_type: Struct | None = None
    output_type: Struct | None = None


class ContextType(NodeType):
    """A type of context: a pipeline, a run, an experiment. It has no base type."""

    kind = TypeKind.CONTEXT
