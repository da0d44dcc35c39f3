import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from headwater_schema import Artifact, PropertyKind, ProtoValue, kind_of
from headwater_schema.properties import (
    INT64_MAX,
    INT64_MIN,
    MAX_DEPTH,
    from_json,
    to_json,
)
from support import strategies
from support.sameness import same


def artifact(**custom: object) -> Artifact:
    return Artifact(custom_properties=custom)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def only_error(raised: pytest.ExceptionInfo[ValidationError]) -> tuple[tuple[object, ...], str]:
    (error,) = raised.value.errors()
    return error["loc"], error["msg"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, PropertyKind.BOOLEAN),
        (1, PropertyKind.INT),
        (1.0, PropertyKind.DOUBLE),
        (float("nan"), PropertyKind.DOUBLE),
        ("1", PropertyKind.STRING),
        ({}, PropertyKind.STRUCT),
        ([], PropertyKind.STRUCT),
        (ProtoValue(type_url="t"), PropertyKind.PROTO),
    ],
)
def test_a_value_tells_its_kind(value: object, kind: PropertyKind) -> None:
    assert kind_of(value) is kind


@pytest.mark.parametrize("value", [None, b"bytes", (1, 2), {1}, object(), 1j])
def test_a_value_of_no_kind_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        artifact(bad=value)

    location, message = only_error(raised)
    assert location == ("custom_properties", "bad")
    assert (
        f"a property holds an int, float, str, bool, dict, list or ProtoValue, found {type(value).__name__}"
        in message
    )


@pytest.mark.parametrize("value", [INT64_MIN, INT64_MAX, 0, -1])
def test_every_int64_is_a_value(value: int) -> None:
    assert artifact(n=value).custom_properties["n"] == value


@pytest.mark.parametrize("value", [INT64_MIN - 1, INT64_MAX + 1, 10**30])
def test_an_int_outside_int64_is_refused_by_its_value(value: int) -> None:
    with pytest.raises(ValidationError) as raised:
        artifact(n=value)

    assert only_error(raised) == (
        ("custom_properties", "n"),
        f"Value error, an INT is a signed 64-bit integer, found {value}",
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -0.0])
def test_every_double_is_a_value(value: float) -> None:
    assert same(artifact(x=value).custom_properties["x"], value)


@pytest.mark.parametrize(
    "value", ["\ud800", "ab\udfff", ["\ud800"], {"\ud800": 1}, {"a": ["\udc00"]}]
)
def test_a_lone_surrogate_is_refused_with_its_position(value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        artifact(text=value)

    location, message = only_error(raised)
    assert location == ("custom_properties", "text")
    assert "text must be valid Unicode, found a lone surrogate at position" in message


def test_a_nul_in_a_value_is_kept() -> None:
    assert artifact(text="a\0b").custom_properties["text"] == "a\0b"


@pytest.mark.parametrize("family", ["properties", "custom_properties"])
def test_a_nul_in_a_key_is_refused_by_its_key(family: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Artifact(**{family: {"a\0b": 1}})

    location, message = only_error(raised)
    assert location[0] == family
    assert message == r"Value error, a property key holds no NUL, found 'a\x00b'"


def test_a_key_over_1000_bytes_is_refused_with_its_size() -> None:
    with pytest.raises(ValidationError) as raised:
        artifact(**{"é" * 501: 1})

    assert "a property key is at most 1,000 bytes, found 1,002" in only_error(raised)[1]


def test_the_empty_key_is_a_key() -> None:
    assert artifact(**{"": 1}).custom_properties == {"": 1}


def test_a_struct_nests_100_deep() -> None:
    value = artifact(deep=nested(MAX_DEPTH))

    assert Artifact.model_validate_json(value.model_dump_json()) == value


def test_a_struct_nested_deeper_is_refused() -> None:
    with pytest.raises(ValidationError, match="a STRUCT nests at most 100 deep"):
        artifact(deep=nested(MAX_DEPTH + 1))


def test_a_struct_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(ValidationError, match="a STRUCT nests at most 100 deep"):
        artifact(loop=value)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({1: 2}, "the keys of a STRUCT are text, found 1"),
        ([b""], "a STRUCT holds JSON values, found bytes"),
        ([(1,)], "a STRUCT holds JSON values, found tuple"),
        ([10**400], "a number in a STRUCT is not larger than a double can be"),
    ],
)
def test_a_struct_holds_json_alone(value: object, rule: str) -> None:
    with pytest.raises(ValidationError) as raised:
        artifact(bad=value)

    assert only_error(raised) == (("custom_properties", "bad"), f"Value error, {rule}")


def test_a_proto_takes_bytes_and_is_base64_in_json() -> None:
    value = ProtoValue(type_url="t", value=b"\xff\xfe")

    assert value.model_dump_json() == '{"type_url":"t","value":"//4="}'
    assert ProtoValue.model_validate_json(value.model_dump_json()) == value


@pytest.mark.parametrize(
    "fields", [{"type_url": ""}, {}, {"type_url": "t", "value": "//4="}, {"type_url": "t", "x": 1}]
)
def test_a_proto_without_type_or_with_text_for_bytes_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ProtoValue.model_validate(fields)


def test_an_int_and_a_double_of_the_same_value_stay_apart_in_json() -> None:
    text = artifact(i=1, d=1.0).model_dump_json()

    read = Artifact.model_validate_json(text).custom_properties

    assert '{"i":1,"d":1.0}' in text
    assert (type(read["i"]), type(read["d"])) == (int, float)


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (float("nan"), {"$double": "NaN"}),
        (float("-inf"), {"$double": "-Infinity"}),
        ([float("inf")], [{"$double": "Infinity"}]),
        (ProtoValue(type_url="t", value=b"v"), {"$proto": {"type_url": "t", "value": "dg=="}}),
        ({"$double": "NaN"}, {"$struct": {"$double": "NaN"}}),
        ({"$struct": {}}, {"$struct": {"$struct": {}}}),
        ({"$double": 1, "b": 2}, {"$double": 1, "b": 2}),
        ({"$other": 1}, {"$other": 1}),
    ],
)
def test_what_json_cannot_tell_is_tagged(value: object, json: object) -> None:
    assert to_json(value) == json
    assert same(from_json(json), value)


@pytest.mark.parametrize(
    "tagged",
    [
        '{"$double": "1"}',
        '{"$double": 1.0}',
        '{"$proto": {}}',
        '{"$proto": {"type_url": "t", "value": "no base64!"}}',
        '{"$proto": {"type_url": "t", "x": 1}}',
        '{"$struct": []}',
    ],
)
def test_a_tag_that_holds_something_else_is_refused(tagged: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Artifact.model_validate_json(f'{{"custom_properties": {{"bad": {tagged}}}}}')

    assert raised.value.errors()[0]["loc"][:2] == ("custom_properties", "bad")


def test_an_object_that_looks_tagged_is_a_struct_when_python_gives_it() -> None:
    assert artifact(s={"$double": "NaN"}).custom_properties["s"] == {"$double": "NaN"}


@settings(deadline=None)
@given(strategies.property_values())
@example({"$struct": {"$struct": {"$double": float("nan")}}})
def test_every_value_survives_json(value: object) -> None:
    read = Artifact.model_validate_json(artifact(v=value).model_dump_json())

    assert same(read.custom_properties["v"], value)


@settings(deadline=None)
@given(st.data(), st.sampled_from(PropertyKind))
def test_drawn_values_are_of_the_kind_asked_for(data: st.DataObject, kind: PropertyKind) -> None:
    assert kind_of(data.draw(strategies.property_values(kind))) is kind
