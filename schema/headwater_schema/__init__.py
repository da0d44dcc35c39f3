"""The ML Metadata model: what the data is.

Types, nodes, edges, requests and changes as frozen pydantic models and tuples. Knows nothing
of how or where they are stored; `headwater_schema.stored` names the graph's own words.
"""

from headwater_schema.changes import Change, Element, ElementKind
from headwater_schema.edges import (
    Association,
    Attribution,
    Event,
    EventType,
    ParentContext,
    PathStep,
)
from headwater_schema.nodes import (
    Artifact,
    ArtifactState,
    Context,
    Execution,
    ExecutionState,
)
from headwater_schema.properties import PropertyKind, PropertyValue, ProtoValue, kind_of
from headwater_schema.requests import (
    EventPut,
    FirstBeat,
    LinkPut,
    ListOptions,
    New,
    NodeRef,
    OrderField,
    Page,
    ParentPut,
    PutAnswer,
    PutRequest,
    StoredPayload,
)
from headwater_schema.types import (
    ArtifactBaseType,
    ArtifactType,
    ContextType,
    ExecutionBaseType,
    ExecutionType,
    NodeType,
    TypeKind,
)

__all__ = [
    "Artifact",
    "ArtifactBaseType",
    "ArtifactState",
    "ArtifactType",
    "Association",
    "Attribution",
    "Change",
    "Context",
    "ContextType",
    "Element",
    "ElementKind",
    "Event",
    "EventPut",
    "EventType",
    "Execution",
    "ExecutionBaseType",
    "ExecutionState",
    "ExecutionType",
    "FirstBeat",
    "LinkPut",
    "ListOptions",
    "New",
    "NodeRef",
    "NodeType",
    "OrderField",
    "Page",
    "ParentContext",
    "ParentPut",
    "PathStep",
    "PropertyKind",
    "PropertyValue",
    "ProtoValue",
    "PutAnswer",
    "PutRequest",
    "StoredPayload",
    "TypeKind",
    "kind_of",
]
