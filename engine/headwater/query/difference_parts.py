"""Parts of a difference: what is compared of a node, the two histories, and one finding.

Knows the keys under which a node's properties are stored, and nothing of how histories are
fetched or aligned.
"""

import builtins
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from headwater.query.parts import LineageEvent, NodeKey
from headwater_schema import TypeKind
from headwater_schema.stored import Prefix

STEP, INPUT, MADE_BY, OUTPUT = "step", "input", "made by", "output"
"""Properties of findings about edges and steps rather than about a value."""


class Aspect(StrEnum):
    """What a difference is about."""

    STRUCTURE = "structure"
    CODE = "code"
    PARAMETERS = "parameters"
    ENVIRONMENT = "environment"
    DATA = "data"
    METRICS = "metrics"
    STATE = "state"


class Fact(NamedTuple):
    """A node as far as it is compared.

    Attributes:
        key: kind and id.
        type: its type's name.
        name: None where it has none.
        series: of an artifact that is a version of one.
        external_id: None where it has none.
        values: user's properties by name, and `digest`, `uri`, `size_bytes`, `state`.
        gone: whether it is a tombstone.
    """

    key: NodeKey
    type: str
    name: str | None = None
    series: str | None = None
    external_id: str | None = None
    values: Mapping[str, Any] = {}
    gone: bool = False

    @property
    def title(self) -> str:
        """The node's name, or its type and id where it has none."""
        return self.name or f"{self.type} #{self.key.id}"


@dataclass(frozen=True)
class Provenance:
    """What one side came from.

    Attributes:
        root: what was asked about.
        nodes: every node by key, contexts of its executions included.
        events: edges between them, in the order in which they were put.
        members: artifact or execution, and context.
    """

    root: NodeKey
    nodes: Mapping[NodeKey, Fact]
    events: Sequence[LineageEvent]
    members: Sequence[tuple[NodeKey, NodeKey]] = ()


class Difference(NamedTuple):
    """One finding.

    Attributes:
        rank: from 1, the earliest divergence first.
        aspect: what it is about.
        left: the node on the left side; None where it is only on the right.
        right: the node on the right side; None where it is only on the left.
        property: name of the property; or `step` (only one side has the step), `type` (another
            step stands in its place), `input NAME` (another artifact is read), `made by`,
            `output`, `code NAME` (of a step's code, a part that it names).
        before: the left value, None where it has none; a title for nodes.
        after: the right value.
        hops: how far from what was asked about.
        consequence_of: rank of the difference that this one follows from; None for a cause.
        absorbed: of a cause, whether all that came of it on the way to what was asked about has
            equal bytes on both sides from some artifact on, so that it explains nothing there.
    """

    rank: int
    aspect: Aspect
    left: NodeKey | None
    right: NodeKey | None
    property: str
    before: Any
    after: Any
    hops: int
    consequence_of: int | None
    absorbed: bool = False

    @builtins.property
    def is_cause(self) -> bool:
        """Whether nothing upstream explains it."""
        return self.consequence_of is None


_VALUES = frozenset(
    {
        Prefix.DECLARED,
        Prefix.CUSTOM,
        Prefix.DECLARED_STRUCT,
        Prefix.CUSTOM_STRUCT,
        Prefix.DECLARED_PROTO,
        Prefix.CUSTOM_PROTO,
        Prefix.DECLARED_LONG,
        Prefix.CUSTOM_LONG,
        Prefix.DECLARED_OBJECT,
        Prefix.CUSTOM_OBJECT,
    }
)
_FIXED = {
    "digest": "digest",
    "uri": "uri",
    "uri_long": "uri",
    "size_bytes": "size_bytes",
    "state": "state",
    "last_known_state": "state",
}


def fact_of(kind: TypeKind, stored: Mapping[str, Any]) -> Fact:
    """Return what is compared of a node, from its stored properties.

    A value in the object store is compared by its digest and never fetched. Where a declared and
    a custom property have one name, or a user's property that of one of ours, the later one is
    told as `custom_properties.NAME` or `properties.NAME`.
    """
    values: dict[str, Any] = {}
    for key in sorted(stored):
        value = stored[key]
        if (fixed := _FIXED.get(key)) is not None:
            values[fixed] = value
            continue
        prefix, _, name = key.partition("_")
        if not name or f"{prefix}_" not in _VALUES:
            continue
        if prefix in ("ps", "cs", "pp", "cp"):
            value = json.loads(value)
        elif prefix in ("po", "co"):
            value = json.loads(value)["digest"]
        if name in _FIXED.values() or name in values:
            name = f"{'properties' if prefix[0] == 'p' else 'custom_properties'}.{name}"
        values[name] = value
    return Fact(
        NodeKey(kind, stored["id"]),
        stored["type"],
        stored.get("name", stored.get("deleted_name")),
        stored.get("series"),
        stored.get("external_id", stored.get("deleted_external_id")),
        values,
        "deleted_time_since_epoch" in stored,
    )
