"""Choices: the closed sets that options offer, without importing the models that own them.

A test holds them equal to those of `headwater_schema`.
"""

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of node."""

    ARTIFACT = "artifact"
    EXECUTION = "execution"
    CONTEXT = "context"


class ArtifactStates(StrEnum):
    """States of artifacts."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"


class ExecutionStates(StrEnum):
    """States of executions."""

    UNKNOWN = "UNKNOWN"
    NEW = "NEW"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CACHED = "CACHED"
    CANCELED = "CANCELED"


class EventTypes(StrEnum):
    """Types of events along which data flows."""

    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    DECLARED_INPUT = "DECLARED_INPUT"
    DECLARED_OUTPUT = "DECLARED_OUTPUT"
    INTERNAL_INPUT = "INTERNAL_INPUT"
    INTERNAL_OUTPUT = "INTERNAL_OUTPUT"
    PENDING_OUTPUT = "PENDING_OUTPUT"


class Share(StrEnum):
    """What siblings of a run share with it, beside its type."""

    CONTEXT = "context"
    INPUTS = "inputs"
    TYPE = "type"


class Order(StrEnum):
    """Orders of a list."""

    CREATED = "created"
    UPDATED = "updated"
    ID = "id"


class Form(StrEnum):
    """Forms of a lineage."""

    TREE = "tree"
    JSON = "json"
    DOT = "dot"
    SVG = "svg"
    NDJSON = "ndjson"
    GRAPHML = "graphml"
    MERMAID = "mermaid"


class Server(StrEnum):
    """Local servers."""

    NEO4J = "neo4j"
    MINIO = "minio"


class Objects(StrEnum):
    """Local homes of large objects."""

    DIRECTORY = "directory"
    MINIO = "minio"
