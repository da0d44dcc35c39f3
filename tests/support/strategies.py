"""Hypothesis strategies for everything the store takes, shared by all property-based tests.

Each covers what can go wrong: text that looks like Cypher, SQL or our own markers, NUL,
characters outside the basic plane, numbers at the ends of their range, values around the sizes
where they are stored another way. What is drawn is always valid.

Keys of declared properties come from one small pool, because Neo4j keeps an index for each;
keys of custom properties are drawn freely.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionBaseType,
    ExecutionState,
    ExecutionType,
    NodeType,
    PathStep,
    PropertyKind,
    ProtoValue,
    TypeKind,
)
from headwater_schema.properties import INT64_MAX, INT64_MIN, MAX_KEY_BYTES, MAX_NAME_BYTES
from headwater_schema.stored import LONG_TEXT_BYTES

DECLARED_POOL: Mapping[str, PropertyKind] = {
    "rows": PropertyKind.INT,
    "accuracy": PropertyKind.DOUBLE,
    "source": PropertyKind.STRING,
    "final": PropertyKind.BOOLEAN,
    "it's a `key`.x": PropertyKind.STRING,
    "split": PropertyKind.STRUCT,
    "message": PropertyKind.PROTO,
}
"""Every declared property that a drawn type has, with its kind: five indexes a label."""

HOSTILE_TEXTS = (
    "",
    " ",
    "\0",
    "before\0after",
    "it's",
    'say "no"',
    "`",
    "a`b``c",
    "n`) DETACH DELETE n //",
    "'}) MATCH (m) DETACH DELETE m //",
    "$namespace",
    "${id}",
    "'; DROP TABLE Artifact; --",
    "100%",
    "_%\\_",
    "\\u0060",
    "back\\slash",
    "__MLMD_NULL__",
    "mlmd-struct::e30=",
    "null",
    "NaN",
    "$struct",
    "clf@3",
    "p_rows",
    "id",
    "namespace",
    "a.b.c",
    "line\nline\r\n\ttab",
    "\u00e9 e\u0301 \ufb01",
    "\u202eright to left",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0010ffff\ufffe",
)


def texts(*, min_size: int = 0, max_size: int = 30) -> SearchStrategy[str]:
    """Texts that the store must keep as they are, up to `max_size` characters."""
    hostile = [text for text in HOSTILE_TEXTS if min_size <= len(text) <= max_size]
    return st.sampled_from(hostile) | st.text(min_size=min_size, max_size=max_size)


def long_texts(around: int = LONG_TEXT_BYTES) -> SearchStrategy[str]:
    """Texts of about so many bytes of UTF-8, some a little under and some over."""
    return st.builds(
        lambda unit, size: unit * max(1, size // len(unit.encode())),
        st.sampled_from(("x", "a`b", "\u00e9", "\u6c34", "\U0001f600", "\0")),
        st.integers(around - 8, around + 8) | st.just(3 * around),
    )


def names(*, min_size: int = 1) -> SearchStrategy[str]:
    """Names and external ids, up to the longest there may be."""
    longest = st.sampled_from(("x" * MAX_NAME_BYTES, "\U0001f600" * (MAX_NAME_BYTES // 4)))
    return st.one_of(texts(min_size=min_size), longest)


def uris() -> SearchStrategy[str]:
    """Uris: text of any length, the empty one among them."""
    plain = st.sampled_from(("s3://bucket/key", "file:///tmp/a%20b", "headwater://sha256/00"))
    return plain | texts() | long_texts()


def int64s() -> SearchStrategy[int]:
    """Whole numbers of 64 bits, the ends of their range among them."""
    edges = st.sampled_from((INT64_MIN, INT64_MAX, -1, 0, 1, 2**53, 2**53 + 1))
    return edges | st.integers(INT64_MIN, INT64_MAX)


def doubles() -> SearchStrategy[float]:
    """Doubles, with NaN, both infinities, minus zero and the least and greatest."""
    edges = (float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, 1e-10)
    return st.sampled_from(edges) | st.floats()


def structs() -> SearchStrategy[dict[str, Any] | list[Any]]:
    """STRUCT values: JSON objects and lists, nested, with keys that look like our own tags."""
    keys = texts(max_size=8) | st.sampled_from(("$struct", "$double", "$proto", "type_url"))
    leaves = (
        st.none() | st.booleans() | st.integers(-(2**100), 2**100) | doubles() | texts(max_size=12)
    )
    inner = st.recursive(
        leaves,
        lambda item: st.lists(item, max_size=3) | st.dictionaries(keys, item, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=3)


def protos() -> SearchStrategy[ProtoValue]:
    """PROTO values: any type and any bytes."""
    types = st.just("type.googleapis.com/ml_metadata.Artifact") | texts(min_size=1)
    return st.builds(ProtoValue, type_url=types, value=st.binary(max_size=40))


def property_values(kind: PropertyKind | None = None) -> SearchStrategy[Any]:
    """Values of one kind of property, or of any."""
    by_kind: dict[PropertyKind, SearchStrategy[Any]] = {
        PropertyKind.INT: int64s(),
        PropertyKind.DOUBLE: doubles(),
        PropertyKind.STRING: texts() | long_texts(),
        PropertyKind.BOOLEAN: st.booleans(),
        PropertyKind.STRUCT: structs(),
        PropertyKind.PROTO: protos(),
    }
    return st.one_of(list(by_kind.values())) if kind is None else by_kind[kind]


def custom_keys() -> SearchStrategy[str]:
    """Keys of custom properties: any text without NUL, up to the longest there may be."""
    usual = st.sampled_from(("rows", "note", "is `ok`?", "p_rows", "\u6c34", "k" * MAX_KEY_BYTES))
    return usual | texts().filter(lambda text: "\0" not in text)


def custom_properties(*, max_size: int = 3) -> SearchStrategy[dict[str, Any]]:
    """Custom properties of a node."""
    return st.dictionaries(custom_keys(), property_values(), max_size=max_size)


def declarations() -> SearchStrategy[dict[str, PropertyKind]]:
    """Declared properties of a type, some of the pool."""
    return st.sets(st.sampled_from(sorted(DECLARED_POOL))).map(
        lambda keys: {key: DECLARED_POOL[key] for key in sorted(keys)}
    )


def declared_values(declared: Mapping[str, PropertyKind]) -> SearchStrategy[dict[str, Any]]:
    """Values for some of the properties that a type declares."""
    return st.fixed_dictionaries(
        {}, optional={key: property_values(kind) for key, kind in declared.items()}
    )


@st.composite
def node_types(draw: st.DrawFn, kind: TypeKind) -> NodeType:
    """Types of one kind, as they are put: without an id."""
    declared = draw(declarations())
    fields: dict[str, Any] = {
        "name": draw(names()),
        "version": draw(st.none() | names()),
        "external_id": draw(st.none() | names()),
        "description": draw(st.none() | texts()),
        "properties": declared,
        "unindexed": draw(st.sets(st.sampled_from(sorted(declared)))) if declared else frozenset(),
    }
    match kind:
        case TypeKind.ARTIFACT:
            base = draw(st.none() | st.sampled_from(ArtifactBaseType))
            return ArtifactType(**fields, base_type=base)
        case TypeKind.EXECUTION:
            signatures = st.none() | st.dictionaries(texts(max_size=8), texts(), max_size=2)
            return ExecutionType(
                **fields,
                base_type=draw(st.none() | st.sampled_from(ExecutionBaseType)),
                input_type=draw(signatures),
                output_type=draw(signatures),
            )
        case TypeKind.CONTEXT:
            return ContextType(**fields)


@st.composite
def nodes(
    draw: st.DrawFn,
    kind: TypeKind,
    *,
    type_id: int = 10,
    declared: Mapping[str, PropertyKind] = DECLARED_POOL,
) -> Artifact | Execution | Context:
    """Nodes of one kind as they are put: without id, type name and times.

    Args:
        draw: Hypothesis's own.
        kind: which of the three.
        type_id: of a type that declares the properties.
        declared: the properties that may be set.
    """
    fields: dict[str, Any] = {
        "type_id": type_id,
        "name": draw(names() if kind is TypeKind.CONTEXT else st.none() | names(min_size=0)),
        "external_id": draw(st.none() | names()),
        "properties": draw(declared_values(declared)),
        "custom_properties": draw(custom_properties()),
    }
    match kind:
        case TypeKind.ARTIFACT:
            state = draw(st.none() | st.sampled_from(ArtifactState))
            return Artifact(**fields, uri=draw(st.none() | uris()), state=state)
        case TypeKind.EXECUTION:
            state_of_run = draw(st.none() | st.sampled_from(ExecutionState))
            return Execution(**fields, last_known_state=state_of_run)
        case TypeKind.CONTEXT:
            return Context(**fields)


def any_node() -> SearchStrategy[Artifact | Execution | Context]:
    """Nodes of any kind; see `nodes`."""
    return st.sampled_from(TypeKind).flatmap(nodes)


def paths() -> SearchStrategy[tuple[PathStep, ...]]:
    """Paths of events, the empty one among them."""
    indexes = st.builds(PathStep, index=int64s())
    keys = st.builds(PathStep, key=texts())
    return st.lists(indexes | keys, max_size=3).map(tuple)


def events(
    artifact_ids: SearchStrategy[int] | None = None,
    execution_ids: SearchStrategy[int] | None = None,
) -> SearchStrategy[Event]:
    """Events of any type between nodes with those ids."""
    return st.builds(
        Event,
        artifact_id=artifact_ids or st.integers(1, 9),
        execution_id=execution_ids or st.integers(1, 9),
        type=st.sampled_from(EventType),
        path=paths(),
        milliseconds_since_epoch=st.none() | int64s(),
    )
