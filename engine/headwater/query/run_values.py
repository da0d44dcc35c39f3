"""Run values: which nodes hold a value under a key, as statements that use the key's index.

A key enters a text only where the store itself lists it as declared or indexed, and quoted. Any
other key is a parameter of `run/with_custom`.
"""

import hashlib
from typing import Any, LiteralString, NamedTuple

from headwater.graph.indexes import quoted
from headwater.graph.records import offloaded, struct_json
from headwater.graph.statements import Statement, literal
from headwater_schema import PropertyKind, ProtoValue, TypeKind, kind_of
from headwater_schema.stored import LONG_TEXT_BYTES

_NODES: dict[TypeKind, LiteralString] = {
    TypeKind.ARTIFACT: "node:Artifact",
    TypeKind.EXECUTION: "node:Execution",
}
_BACK: LiteralString = (
    "RETURN collect(node.id) AS ids, collect(coalesce(node.create_time_since_epoch, 0)) AS times"
)


class Sought(NamedTuple):
    """A value as it may be stored: marks of the keys, and what lies under them.

    Attributes:
        marks: what comes between `p` or `c` and the key: `_`, `s_`, `p_`, `l_`, `o_`.
        values: any of which may lie there; numbers equal across INT and DOUBLE.
        start: what a text may also begin with.
    """

    marks: tuple[str, ...]
    values: tuple[Any, ...]
    start: str | None = None


def sought(value: Any, *, plain_bytes: int = LONG_TEXT_BYTES) -> Sought:  # noqa: ANN401 - any property value
    """Return how a property's value may be stored.

    Args:
        value: of any kind that a property can hold.
        plain_bytes: no longer text lies anywhere but under its plain key.

    Raises:
        ValueError: no property can hold it.
    """
    kind = kind_of(value)
    match kind:
        case PropertyKind.INT | PropertyKind.DOUBLE | PropertyKind.BOOLEAN:
            return Sought(("_",), (value,))
        case PropertyKind.STRING:
            if len(value.encode()) <= min(plain_bytes, LONG_TEXT_BYTES):
                return Sought(("_",), (value,))
            return Sought(("_", "l_", "o_"), (value, _away(kind, value)))
        case PropertyKind.STRUCT:
            text = struct_json(value)
            return Sought(("s_", "o_"), (text, _away(kind, text)))
        case PropertyKind.PROTO:
            text = _proto_json(value)
            return Sought(("p_", "o_"), (text, _away(kind, text)))


def by_index(kind: TypeKind, key: str) -> Statement:
    """Return the statement for the nodes that have one of `values` under a stored key.

    Parameters to add: `namespace`, `values`. Its columns: ids, creation times.

    Args:
        kind: of the nodes.
        key: stored key, with its prefix, from the store's own list of declared or indexed ones.
    """
    lines: list[LiteralString] = [
        f"MATCH ({_NODES[kind]})",
        f"WHERE node.namespace = $namespace AND node.{quoted(key)} IN $values",
        _BACK,
    ]
    return Statement(f"run/by_index_{kind.lower()}", literal(lines))


def by_start(kind: TypeKind, key: str) -> Statement:
    """Return the statement for the nodes whose text under a stored key begins with `start`.

    As `by_index`; parameters to add: `namespace`, `start`.
    """
    lines: list[LiteralString] = [
        f"MATCH ({_NODES[kind]})",
        f"WHERE node.namespace = $namespace AND node.{quoted(key)} STARTS WITH $start",
        _BACK,
    ]
    return Statement(f"run/by_start_{kind.lower()}", literal(lines))


def _away(kind: PropertyKind, text: str) -> str:
    content = text.encode()
    return offloaded(kind, "sha256:" + hashlib.sha256(content).hexdigest(), len(content))


def _proto_json(value: ProtoValue) -> str:
    return struct_json(
        {"type_url": value.type_url, "value": value.model_dump(mode="json")["value"]}
    )
