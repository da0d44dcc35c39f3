"""The system types, under the names of `ml_metadata.metadata_store.mlmd_types`.

TFX names one as the base of a type of its own.
"""

from headwater.mlmd.proto import metadata_store_pb2 as pb


class _SystemType:
    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name

    @property
    def name(self) -> str:
        """The type's name, say `mlmd.Dataset`."""
        return self._name

    @property
    def system_type(self) -> int:
        """The type's number in `SystemDefinedBaseType`."""
        return self._number


class ArtifactType(_SystemType):
    """A system type of artifacts."""

    def __init__(self, system_type: int) -> None:
        name = pb.ArtifactType.SystemDefinedBaseType.Name(system_type)
        super().__init__(system_type, f"mlmd.{name.capitalize()}")


class ExecutionType(_SystemType):
    """A system type of executions."""

    def __init__(self, system_type: int) -> None:
        name = pb.ExecutionType.SystemDefinedBaseType.Name(system_type)
        super().__init__(system_type, f"mlmd.{name.capitalize()}")


class Dataset(ArtifactType):
    """The system type of data sets."""

    def __init__(self) -> None:
        super().__init__(pb.ArtifactType.DATASET)


class Model(ArtifactType):
    """The system type of models."""

    def __init__(self) -> None:
        super().__init__(pb.ArtifactType.MODEL)


class Statistics(ArtifactType):
    """The system type of statistics."""

    def __init__(self) -> None:
        super().__init__(pb.ArtifactType.STATISTICS)


class Metrics(ArtifactType):
    """The system type of metrics."""

    def __init__(self) -> None:
        super().__init__(pb.ArtifactType.METRICS)


class Train(ExecutionType):
    """The system type of executions that train."""

    def __init__(self) -> None:
        super().__init__(pb.ExecutionType.TRAIN)


class Transform(ExecutionType):
    """The system type of executions that transform."""

    def __init__(self) -> None:
        super().__init__(pb.ExecutionType.TRANSFORM)


class Process(ExecutionType):
    """The system type of executions that process."""

    def __init__(self) -> None:
        super().__init__(pb.ExecutionType.PROCESS)


class Evaluate(ExecutionType):
    """The system type of executions that evaluate."""

    def __init__(self) -> None:
        super().__init__(pb.ExecutionType.EVALUATE)


class Deploy(ExecutionType):
    """The system type of executions that deploy."""

    def __init__(self) -> None:
        super().__init__(pb.ExecutionType.DEPLOY)
