"""Records: property maps of the graph to models and back.

Owns how a value becomes stored properties (prefixes, long texts, STRUCT and PROTO as JSON,
addresses of values that lie in the object store). Knows no statement and opens nothing:
what must go to the object store is handed back, and what must come from it is asked of a
function that the caller gives.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from headwater_schema import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    PathStep,
    PropertyKind,
    ProtoValue,
    TypeKind,
    kind_of,
)
from headwater_schema.nodes import Node
from headwater_schema.stored import (
    CUSTOM_PREFIXES,
    DECLARED_PREFIXES,
    FREED_KEYS,
    LONG_TEXT_BYTES,
    START_CHARACTERS,
    TOMBSTONE,
    Prefix,
)

Stored = dict[str, Any]
Fetch = Callable[[str], bytes]

STATE_KEYS: dict[TypeKind, str] = {
    TypeKind.ARTIFACT: "state",
    TypeKind.EXECUTION: "last_known_state",
}
_PLAIN_KINDS = frozenset({PropertyKind.INT, PropertyKind.DOUBLE, PropertyKind.BOOLEAN})
URI_KEYS = ("uri", "uri_long", "uri_digest", "uri_start")


class LargeValue(NamedTuple):
    """A value to be put into the object store: where its address goes, its kind, its bytes."""

    key: str
    kind: PropertyKind
    content: bytes


class Encoded(NamedTuple):
    """A node's user-settable properties as stored, and the values too large for the graph."""

    stored: Stored
    large: tuple[LargeValue, ...]


def encode_node(node: Node, *, offload_bytes: int) -> Encoded:
    """Return what a user sets on a node, as stored properties.

    Name, type, ids and times are not among them: the services decide those.
    """
    stored: Stored = {}
    large: list[LargeValue] = []
    if node.external_id is not None:
        stored["external_id"] = node.external_id
    if isinstance(node, Artifact):
        stored |= encode_uri(node.uri)
        if node.state is not None:
            stored["state"] = str(node.state)
    if isinstance(node, Execution) and node.last_known_state is not None:
        stored["last_known_state"] = str(node.last_known_state)
    for values, prefixes in (
        (node.properties, DECLARED_PREFIXES),
        (node.custom_properties, CUSTOM_PREFIXES),
    ):
        family = prefixes[0][0]
        for key, value in values.items():
            piece = _encode_value(key, value, family, offload_bytes)
            if isinstance(piece, LargeValue):
                large.append(piece)
            else:
                stored |= piece
    return Encoded(stored, tuple(large))


def encode_uri(uri: str | None) -> Stored:
    """Return an artifact's uri as stored properties; none for an unset or empty one."""
    if not uri:
        return {}
    if len(uri.encode()) <= LONG_TEXT_BYTES:
        return {"uri": uri}
    return {
        "uri_long": uri,
        "uri_digest": hashlib.sha256(uri.encode()).hexdigest(),
        "uri_start": uri[:START_CHARACTERS],
    }


def uri_of(stored: Mapping[str, Any]) -> str | None:
    """Return an artifact's uri, `""` for none, None for one that was erased."""
    uri: str | None = stored.get("uri_long", stored.get("uri", ""))
    return uri


def uris_with_digests(uris: Iterable[str]) -> list[list[str]]:
    """Return what the statement that finds artifacts by uri takes; unset ones are left out."""
    return [
        [uri, hashlib.sha256(uri.encode(errors="surrogatepass")).hexdigest()]
        for uri in dict.fromkeys(uris)
        if uri
    ]


def keys_of(key: str, *, custom: bool) -> tuple[str, ...]:
    """Return every stored key that a user's property can lie under."""
    prefixes = CUSTOM_PREFIXES if custom else DECLARED_PREFIXES
    return tuple(prefix + key for prefix in prefixes)


def offloaded(kind: PropertyKind, digest: str, size_bytes: int) -> str:
    """Return the address that stands in the graph for a value in the object store."""
    return _json({"digest": digest, "kind": str(kind), "size_bytes": size_bytes})


def struct_json(value: object) -> str:
    """Return a STRUCT's stored text: JSON with sorted keys."""
    return _json(value)


def _encode_value(
    key: str,
    value: Any,  # noqa: ANN401 - any property value
    family: str,
    offload_bytes: int,
) -> Stored | LargeValue:
    kind = kind_of(value)
    if kind in _PLAIN_KINDS:
        return {f"{family}_{key}": value}
    text = _text_of(kind, value)
    size = len(text) if text.isascii() else len(text.encode())
    if size > offload_bytes:
        return LargeValue(f"{family}o_{key}", kind, text.encode())
    if kind is PropertyKind.STRUCT:
        return {f"{family}s_{key}": text}
    if kind is PropertyKind.PROTO:
        return {f"{family}p_{key}": text}
    if size <= LONG_TEXT_BYTES:
        return {f"{family}_{key}": text}
    return {
        f"{family}l_{key}": text,
        f"{family}d_{key}": hashlib.sha256(text.encode()).hexdigest(),
        f"{family}x_{key}": text[:START_CHARACTERS],
    }


def _text_of(kind: PropertyKind, value: Any) -> str:  # noqa: ANN401 - any property value
    if kind is PropertyKind.STRING:
        return str(value)
    if kind is PropertyKind.PROTO:
        content = base64.b64encode(value.value).decode()
        return _json({"type_url": value.type_url, "value": content})
    return _json(value)


def _value_of(kind: PropertyKind, text: str) -> Any:  # noqa: ANN401 - any property value
    if kind is PropertyKind.STRING:
        return text
    parsed = json.loads(text)
    if kind is PropertyKind.PROTO:
        return ProtoValue(type_url=parsed["type_url"], value=base64.b64decode(parsed["value"]))
    return parsed


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_MODELS: dict[TypeKind, type[Artifact | Execution | Context]] = {
    TypeKind.ARTIFACT: Artifact,
    TypeKind.EXECUTION: Execution,
    TypeKind.CONTEXT: Context,
}
_FIXED = frozenset(
    {
        "id",
        "type_id",
        "type",
        "name",
        "external_id",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
        "digest",
        "size_bytes",
        "series",
        "version",
        TOMBSTONE,
    }
)


def decode_node(kind: TypeKind, stored: Mapping[str, Any], fetch: Fetch) -> Any:  # noqa: ANN401 - one of three models, by kind
    """Return the Artifact, Execution or Context that a property map holds.

    Args:
        kind: which of the three.
        stored: the node's properties.
        fetch: returns the bytes that a digest names in the object store.
    """
    fields: Stored = {"properties": {}, "custom_properties": {}}
    for key, value in stored.items():
        if key in _FIXED:
            fields[key] = value
        elif key[:2] in ("p_", "c_"):
            fields[_family(key)][key[2:]] = value
        elif key[2:3] == "_" and key[:3] in _DECODED:
            fields[_family(key)][key[3:]] = _decode_value(key[:3], value, fetch)
    if TOMBSTONE in stored:
        fields |= {key: stored.get(kept) for key, kept in FREED_KEYS.items()}
    if kind is TypeKind.ARTIFACT:
        fields["uri"] = uri_of(stored)
        state = stored.get("state")
        fields["state"] = None if state is None else ArtifactState(state)
    elif kind is TypeKind.EXECUTION:
        state = stored.get("last_known_state")
        fields["last_known_state"] = None if state is None else ExecutionState(state)
    # What the store holds was checked when it was written; checking again costs most of a read.
    return _MODELS[kind].model_construct(_fields_set=None, **fields)


_DECODED: dict[str, PropertyKind | None] = {
    str(Prefix.DECLARED_STRUCT): PropertyKind.STRUCT,
    str(Prefix.DECLARED_PROTO): PropertyKind.PROTO,
    str(Prefix.DECLARED_LONG): PropertyKind.STRING,
    str(Prefix.DECLARED_OBJECT): None,
    str(Prefix.CUSTOM_STRUCT): PropertyKind.STRUCT,
    str(Prefix.CUSTOM_PROTO): PropertyKind.PROTO,
    str(Prefix.CUSTOM_LONG): PropertyKind.STRING,
    str(Prefix.CUSTOM_OBJECT): None,
}


def _family(key: str) -> str:
    return "properties" if key[0] == "p" else "custom_properties"


def _decode_value(prefix: str, value: str, fetch: Fetch) -> Any:  # noqa: ANN401 - any property value
    kind = _DECODED[prefix]
    if kind is not None:
        return _value_of(kind, value)
    address = json.loads(value)
    return _value_of(PropertyKind(address["kind"]), fetch(address["digest"]).decode())


def encode_path(path: tuple[PathStep, ...]) -> str | None:
    """Return an event's path as stored text, None for an empty one."""
    if not path:
        return None
    steps = [{"key": s.key} if s.key is not None else {"index": s.index} for s in path]
    return json.dumps(steps, ensure_ascii=False, separators=(",", ":"))


def decode_path(stored: str) -> tuple[PathStep, ...]:
    """Return an event's path from its stored text."""
    return tuple(PathStep(**step) for step in json.loads(stored))


def decode_event(row: list[Any]) -> Event:
    """Return the event of a row `[artifact_id, execution_id, type, time, path]`."""
    artifact_id, execution_id, event_type, time, path = row
    return Event.model_construct(
        artifact_id=artifact_id,
        execution_id=execution_id,
        type=EventType(event_type),
        path=() if path is None else decode_path(path),
        milliseconds_since_epoch=time,
    )


def rows_of(chunks: list[list[Any]]) -> Iterator[Any]:
    """Yield the rows of an answer that came as chunks, one column of lists."""
    for chunk in chunks:
        yield from chunk[0]
