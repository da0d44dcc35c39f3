import hashlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headwater.graph.records import (
    decode_event,
    decode_node,
    encode_node,
    encode_path,
    keys_of,
    offloaded,
)
from headwater_schema import Artifact, Context, Event, Execution, ProtoValue, TypeKind
from headwater_schema.properties import INT64_MAX, INT64_MIN
from headwater_schema.stored import LONG_TEXT_BYTES, START_CHARACTERS, Prefix
from support import strategies
from support.sameness import same

Node = Artifact | Execution | Context
STORED_SCALARS = (bool, int, float, str)


def stored_as(node: Node, offload_bytes: int = 10**9) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return a node's properties as the graph would hold them, and the object store beside it."""
    encoded = encode_node(node, offload_bytes=offload_bytes)
    stored, objects = dict(encoded.stored), dict[str, bytes]()
    for large in encoded.large:
        digest = "sha256:" + hashlib.sha256(large.content).hexdigest()
        objects[digest] = large.content
        stored[large.key] = offloaded(large.kind, digest, len(large.content))
    fixed = {"type_id": node.type_id, "name": node.name}
    return stored | {k: v for k, v in fixed.items() if v is not None}, objects


def artifact(value: object) -> Artifact:
    return Artifact(properties={"key": value}, custom_properties={"key": value})


@settings(deadline=None)
@given(strategies.any_node(), st.sampled_from([0, 10, LONG_TEXT_BYTES, 10**9]))
@example(artifact("\U0001f600" * 1_001), 10**9)
@example(artifact(INT64_MAX), 0)
@example(artifact(INT64_MIN), 0)
@example(artifact({"a": [{"$struct": [None, -0.0, float("nan"), "\0"]}]}), 10**9)
@example(artifact(ProtoValue(type_url="t", value=b"\0\xff" * 10_000)), 4_000)
def test_a_node_is_read_as_it_was_written(node: Node, offload_bytes: int) -> None:
    stored, objects = stored_as(node, offload_bytes)

    read = decode_node(node.kind, stored, objects.__getitem__)

    expected = node
    if isinstance(node, Artifact):
        expected = node.model_copy(update={"uri": node.uri or ""})
    assert same(read, expected)


@settings(deadline=None)
@given(strategies.any_node())
def test_what_is_stored_is_scalar_and_short_where_it_is_indexed(node: Node) -> None:
    stored, _ = stored_as(node)

    assert all(isinstance(value, STORED_SCALARS) for value in stored.values())
    plain = [v for k, v in stored.items() if k.startswith((Prefix.DECLARED, Prefix.CUSTOM))]
    plain += [stored[key] for key in ("uri", "name", "external_id") if key in stored]
    assert all(len(v.encode()) <= LONG_TEXT_BYTES for v in plain if isinstance(v, str))


@settings(deadline=None)
@given(
    key=strategies.custom_keys(),
    value=strategies.property_values(),
    custom=st.booleans(),
    offload_bytes=st.integers(0, 5_000),
)
def test_a_property_lies_only_under_the_keys_that_are_its_own(
    *, key: str, value: object, custom: bool, offload_bytes: int
) -> None:
    node = Context(**{"custom_properties" if custom else "properties": {key: value}})

    stored, _ = stored_as(node, offload_bytes)

    assert stored.keys() <= set(keys_of(key, custom=custom))


@pytest.mark.parametrize(("size", "long"), [(LONG_TEXT_BYTES, False), (LONG_TEXT_BYTES + 1, True)])
def test_a_long_text_lies_beside_its_digest_and_start(*, size: int, long: bool) -> None:
    text = "x" * size

    stored, _ = stored_as(Artifact(uri=text, properties={"k": text}))

    if not long:
        assert stored == {"uri": text, "p_k": text}
        return
    digest, start = hashlib.sha256(text.encode()).hexdigest(), text[:START_CHARACTERS]
    assert stored == {
        "uri_long": text,
        "uri_digest": digest,
        "uri_start": start,
        "pl_k": text,
        "pd_k": digest,
        "px_k": start,
    }


def test_a_value_over_the_limit_goes_to_the_object_store_whole() -> None:
    encoded = encode_node(Context(custom_properties={"k": "é" * 6}), offload_bytes=11)

    assert encoded.stored == {}
    (large,) = encoded.large
    assert (large.key, large.content) == ("co_k", "é".encode() * 6)


def test_a_struct_is_stored_as_json_with_sorted_keys() -> None:
    stored, _ = stored_as(Context(properties={"k": {"b": 1, "a": ["é", None]}}))

    assert stored == {"ps_k": '{"a":["é",null],"b":1}'}


def test_a_proto_is_stored_as_json_with_base64() -> None:
    stored, _ = stored_as(Context(properties={"k": ProtoValue(type_url="t", value=b"\xff")}))

    assert stored == {"pp_k": '{"type_url":"t","value":"/w=="}'}


def test_what_somebody_else_wrote_on_a_node_is_passed_over() -> None:
    stored = {"id": 1, "my_own": 1, "px_k": "x", "pd_k": "y", "q_k": 1, "namespace": "n"}

    node = decode_node(TypeKind.CONTEXT, stored, dict[str, bytes]().__getitem__)

    assert node == Context(id=1)


@settings(deadline=None)
@given(strategies.events())
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    row = [
        event.artifact_id,
        event.execution_id,
        str(event.type),
        event.milliseconds_since_epoch,
        encode_path(event.path),
    ]

    assert decode_event(row) == event
