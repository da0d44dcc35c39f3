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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headwater import errors

if TYPE_CHECKING:
    from headwater.autologging import Autolog, autolog
    from headwater.graph.asked import Asking
    from headwater.opening import connect
    from headwater.query.answers import Lineage
    from headwater.query.cypher_graph import CypherGraph
    from headwater.query.cypher_plan import CypherPlan
    from headwater.query.moment import Moment
    from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
    from headwater.query.question import Question, Selection, Stops
    from headwater.runs import Run
    from headwater.services.cypher import CypherAnswer
    from headwater.services.heartbeats import Heartbeat
    from headwater.services.history import RecordedChange
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
    "Asking",
    "Autolog",
    "Context",
    "CypherAnswer",
    "CypherGraph",
    "CypherPlan",
    "Direction",
    "Execution",
    "ExecutionBaseType",
    "ExecutionState",
    "Heartbeat",
    "Lineage",
    "LineageEvent",
    "LineageNode",
    "MetadataStore",
    "Moment",
    "Namespace",
    "NodeKey",
    "Property",
    "ProtoValue",
    "Question",
    "RecordedChange",
    "Run",
    "Selection",
    "Settings",
    "Stops",
    "TypedNode",
    "autolog",
    "connect",
    "errors",
    "load_settings",
]

# Imported at first use: all of it takes a second or two, most of it the Neo4j driver, and
# `headwater --help` needs none.
_HOMES = {
    "headwater.autologging": ("Autolog", "autolog"),
    "headwater.graph.asked": ("Asking",),
    "headwater.opening": ("connect",),
    "headwater.query.answers": ("Direction", "Lineage", "LineageEvent", "LineageNode", "NodeKey"),
    "headwater.query.cypher_graph": ("CypherGraph",),
    "headwater.query.cypher_plan": ("CypherPlan",),
    "headwater.query.moment": ("Moment",),
    "headwater.query.question": ("Question", "Selection", "Stops"),
    "headwater.runs": ("Run",),
    "headwater.services.cypher": ("CypherAnswer",),
    "headwater.services.heartbeats": ("Heartbeat",),
    "headwater.services.history": ("RecordedChange",),
    "headwater.services.namespaces": ("Namespace",),
    "headwater.settings": ("Settings", "load_settings"),
    "headwater.store": ("MetadataStore",),
    "headwater.typed": ("Artifact", "Context", "Execution", "Property", "TypedNode"),
    "headwater_schema": (
        "ArtifactBaseType",
        "ArtifactState",
        "ExecutionBaseType",
        "ExecutionState",
        "ProtoValue",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME_OF:
        raise AttributeError(f"module 'headwater' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
