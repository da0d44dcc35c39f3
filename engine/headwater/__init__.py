"""Headwater: a lineage engine over Neo4j and an object store that speaks ML Metadata.

::

    import headwater

    class Model(headwater.Artifact):
        accuracy: float

    class Train(headwater.Execution):
        learning_rate: float

    with headwater.connect() as store, store.run(Train(learning_rate=0.1)) as run:
        run.output(Model(name="clf", accuracy=0.9), payload=b"...")
"""

from headwater import errors
from headwater.opening import connect
from headwater.query.answers import Direction, Lineage, LineageEvent, LineageNode, NodeKey
from headwater.runs import Run
from headwater.services.cypher import CypherAnswer
from headwater.services.heartbeats import Heartbeat
from headwater.services.namespaces import Namespace
from headwater.settings import Settings, load_settings
from headwater.store import MetadataStore
from headwater.typed import Artifact, Context, Execution, Property, TypedNode
from headwater_schema import (
    ArtifactBaseType,
    ArtifactState,
    ExecutionBaseType,
    ExecutionState,
    ProtoValue,
)

__all__ = [
    "Artifact",
    "ArtifactBaseType",
    "ArtifactState",
    "Context",
    "CypherAnswer",
    "Direction",
    "Execution",
    "ExecutionBaseType",
    "ExecutionState",
    "Heartbeat",
    "Lineage",
    "LineageEvent",
    "LineageNode",
    "MetadataStore",
    "Namespace",
    "NodeKey",
    "Property",
    "ProtoValue",
    "Run",
    "Settings",
    "TypedNode",
    "connect",
    "errors",
    "load_settings",
]
