"""Names of the graph: labels, relationship types and property keys, as people write them in Cypher.

This is the public contract that `schema/README.md` explains. Labels and relationship types
are closed sets; a user's type is a value, never a label.
"""

from enum import StrEnum

from headwater_schema.edges import INPUT_TYPES, OUTPUT_TYPES, EventType
from headwater_schema.types import TypeKind

LABELS: dict[TypeKind, str] = {
    TypeKind.ARTIFACT: "Artifact",
    TypeKind.EXECUTION: "Execution",
    TypeKind.CONTEXT: "Context",
}

FLOW_TYPES: tuple[str, ...] = tuple(
    str(event_type)
    for event_type in EventType
    if event_type in INPUT_TYPES or event_type in OUTPUT_TYPES
)
"""Relationship types along which data flows, artifact to execution to artifact."""

NAMESPACED_LABELS = (
    *LABELS.values(),
    "Type",
    "Series",
    "Heartbeat",
    "Counter",
    "Import",
    "Change",
)
"""Labels whose nodes carry a `namespace`, and go with it when it is dropped."""

TOMBSTONE = "deleted_time_since_epoch"
"""Key that tells a tombstone from other nodes: when the node was deleted, in milliseconds."""

FREED_KEYS = {"name": "deleted_name", "external_id": "deleted_external_id"}
"""Unique keys that a deletion frees for others, and where their values stay as evidence."""

LINK_TYPES = ("ATTRIBUTION", "ASSOCIATION", "PARENT", "PARENT_TYPE")

HISTORY_PREFIX = "WAS_"
"""A retracted edge keeps its properties under its type with this prefix: `WAS_INPUT`."""

PAST_FLOW_TYPES = tuple(HISTORY_PREFIX + flow_type for flow_type in FLOW_TYPES)
PAST_LINK_TYPES = tuple(HISTORY_PREFIX + link_type for link_type in LINK_TYPES[:3])

RECORDED_AT = "recorded_at"
"""When the store learned it, in milliseconds of the database server's clock.

On a node, of its latest change; on an edge, of its making. Absent on what is older than changes
of the graph are recorded, which counts as known from the beginning.
"""

RETRACTED_AT = "retracted_at"
"""On an edge of a history type: when the store learned that it is not so, like RECORDED_AT."""

REVISION = "revision"
"""How often a node was changed, its making included; absent for 1."""

VALID_AT = "valid_at"
"""From when on it is so, in milliseconds: of a link, and of a node's latest revision after its
first, which is valid from its creation time. An event's is `milliseconds_since_epoch`."""


class Prefix(StrEnum):
    """What the first part of a user property's key in the graph means.

    DECLARED and CUSTOM hold INT, DOUBLE, BOOLEAN and STRING values as they are. A string of
    more than `LONG_TEXT_BYTES` lies whole under LONG, with its sha256 under DIGEST and its
    first characters under START, and nothing under the plain key. A value that lies in the
    object store has its address under OBJECT.
    """

    DECLARED = "p_"
    DECLARED_STRUCT = "ps_"
    DECLARED_PROTO = "pp_"
    DECLARED_LONG = "pl_"
    DECLARED_DIGEST = "pd_"
    DECLARED_START = "px_"
    DECLARED_OBJECT = "po_"
    CUSTOM = "c_"
    CUSTOM_STRUCT = "cs_"
    CUSTOM_PROTO = "cp_"
    CUSTOM_LONG = "cl_"
    CUSTOM_DIGEST = "cd_"
    CUSTOM_START = "cx_"
    CUSTOM_OBJECT = "co_"


DECLARED_PREFIXES = tuple(str(p) for p in Prefix if p.startswith("p"))
CUSTOM_PREFIXES = tuple(str(p) for p in Prefix if p.startswith("c"))

TYPE_PROPERTY_PREFIX = "d_"
"""Prefix of a declared property's kind on a `:Type` node: `d_rows = 'INT'`."""

LONG_TEXT_BYTES = 4_000
"""Longest text that is stored under its plain key; an index key holds about 8 kB."""

START_CHARACTERS = 500
"""How much of a long text its START key holds."""
