"""Property kinds and values: what a property may hold, and how a value tells its kind.

In JSON most values are themselves; a DOUBLE has a point or an exponent, an INT has not. What
JSON cannot tell is an object with one key that begins with `$`: `{"$proto": {"type_url": …,
"value": base64}}`, `{"$double": "NaN"}` (`Infinity`, `-Infinity`), and `{"$struct": {…}}`
around an object that would itself be taken for one of these.

Knows nothing of how values are stored.
"""

import base64
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
MAX_KEY_BYTES = 1_000
MAX_NAME_BYTES = 4_000
MAX_DEPTH = 100
MAX_STRUCT_INT_BITS = 1_023


class PropertyKind(StrEnum):
    """The kinds of value a property can be declared to hold.

    Source: `ml_metadata.PropertyType` of MLMD, by name.
    """

    INT = "INT"
    DOUBLE = "DOUBLE"
    STRING = "STRING"
    STRUCT = "STRUCT"
    PROTO = "PROTO"
    BOOLEAN = "BOOLEAN"


def _base64_decoded(value: object, info: ValidationInfo) -> object:
    if info.mode == "json" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value


class ProtoValue(BaseModel):
    """A protocol buffer message kept by its type and bytes, as `google.protobuf.Any` is.

    Attributes:
        type_url: what the bytes are a message of; not empty.
        value: the bytes; base64 in JSON.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    type_url: Annotated[str, Field(min_length=1)]
    value: Annotated[
        bytes,
        Strict(),
        BeforeValidator(_base64_decoded),
        PlainSerializer(lambda value: base64.b64encode(value).decode(), when_used="json"),
        WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
    ] = b""


def kind_of(value: object) -> PropertyKind:
    """Return the kind that a Python value has as a property.

    A bool is BOOLEAN and never INT; an int is never DOUBLE.

    Raises:
        ValueError: no kind holds a value of that Python type.
    """
    kind = _KINDS.get(type(value))
    if kind is None:
        kind = next((k for known, k in _KINDS.items() if isinstance(value, known)), None)
    if kind is None:
        raise ValueError(
            f"a property holds an int, float, str, bool, dict, list or ProtoValue, "
            f"found {type(value).__name__} {value!r:.100}"
        )
    return kind


# Looked up by exact type first: a batch asks for tens of thousands of kinds. bool is before int.
_KINDS: dict[type, PropertyKind] = {
    bool: PropertyKind.BOOLEAN,
    int: PropertyKind.INT,
    float: PropertyKind.DOUBLE,
    str: PropertyKind.STRING,
    dict: PropertyKind.STRUCT,
    list: PropertyKind.STRUCT,
    ProtoValue: PropertyKind.PROTO,
}


def check_text(text: str) -> str:
    """Return the text if every character of it can be stored, which a lone surrogate cannot.

    Raises:
        ValueError: the text is not valid Unicode.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"text must be valid Unicode, found a lone surrogate at position {error.start}"
        ) from None
    return text


def check_name(text: str) -> str:
    """Return the text if it is valid Unicode and at most 4,000 bytes of UTF-8.

    Raises:
        ValueError: it is not.
    """
    size = len(check_text(text).encode())
    if size > MAX_NAME_BYTES:
        raise ValueError(f"must be at most {MAX_NAME_BYTES:,} bytes of UTF-8, found {size:,}")
    return text


def check_key(key: str) -> str:
    """Return the key if it can name a property: valid Unicode, no NUL, at most 1,000 bytes.

    Raises:
        ValueError: it cannot.
    """
    size = len(check_text(key).encode())
    if size > MAX_KEY_BYTES:
        raise ValueError(f"a property key is at most {MAX_KEY_BYTES:,} bytes, found {size:,}")
    if "\0" in key:
        raise ValueError(f"a property key holds no NUL, found {key!r}")
    return key


def check_value(value: Any) -> Any:  # noqa: ANN401 - any Python value may be offered
    """Return the value if a property can hold it exactly.

    Raises:
        ValueError: the type has no kind, an int is outside int64, or text is not Unicode.
    """
    match kind_of(value):
        case PropertyKind.INT:
            if not INT64_MIN <= value <= INT64_MAX:
                raise ValueError(f"an INT is a signed 64-bit integer, found {value}")
        case PropertyKind.STRING:
            check_text(value)
        case PropertyKind.STRUCT:
            _check_struct(value, depth=0)
        case _:
            pass
    return value


def _check_struct(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"a STRUCT nests at most {MAX_DEPTH} deep")
    match value:
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ValueError(f"the keys of a STRUCT are text, found {key!r}")  # noqa: TRY004 - pydantic reports ValueError
                check_text(key)
                _check_struct(item, depth + 1)
        case list():
            for item in value:
                _check_struct(item, depth + 1)
        case str():
            check_text(value)
        case int() if value.bit_length() > MAX_STRUCT_INT_BITS:
            raise ValueError("a number in a STRUCT is not larger than a double can be")
        case None | bool() | int() | float():
            pass
        case _:
            raise ValueError(f"a STRUCT holds JSON values, found {type(value).__name__}")


_TAGS = ("$proto", "$double", "$struct")
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def to_json(value: Any) -> Any:  # noqa: ANN401 - any property value
    """Return a property value as JSON can hold it; `from_json` is the way back."""
    match value:
        case float() if not math.isfinite(value):
            return {"$double": _NOT_FINITE[str(value)]}
        case ProtoValue():
            return {"$proto": value.model_dump(mode="json")}
        case dict():
            items = {key: to_json(item) for key, item in value.items()}
            return {"$struct": items} if _is_tagged(value) else items
        case list():
            return [to_json(item) for item in value]
        case _:
            return value


def from_json(value: Any) -> Any:  # noqa: ANN401 - any parsed JSON
    """Return the property value that parsed JSON stands for; see `to_json`.

    Raises:
        ValueError: what a tag holds is not what it says.
    """
    match value:
        case {"$double": "NaN" | "Infinity" | "-Infinity" as name} if len(value) == 1:
            return float(name)
        case {"$proto": dict(fields)} if len(value) == 1:
            return _proto_of(fields)
        case {"$struct": dict(fields)} if len(value) == 1:
            return {key: from_json(item) for key, item in fields.items()}
        case dict() if _is_tagged(value):
            raise ValueError(f"not a property value: {value!r:.100}")
        case dict():
            return {key: from_json(item) for key, item in value.items()}
        case list():
            return [from_json(item) for item in value]
        case _:
            return value


def _is_tagged(value: Mapping[str, object]) -> bool:
    return len(value) == 1 and next(iter(value)) in _TAGS


def _proto_of(fields: Mapping[str, Any]) -> ProtoValue:
    content = fields.get("value", "")
    if fields.keys() - {"type_url", "value"} or not isinstance(content, str):
        raise ValueError(f"a PROTO has a type_url and a base64 value, found {fields!r:.100}")
    return ProtoValue(
        type_url=fields.get("type_url", ""), value=base64.b64decode(content, validate=True)
    )


def _parsed(value: object, info: ValidationInfo) -> object:
    return from_json(value) if info.mode == "json" else value


Int64 = Annotated[int, Strict(), Field(ge=INT64_MIN, le=INT64_MAX)]
PropertyKey = Annotated[
    str,
    AfterValidator(check_key),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": MAX_KEY_BYTES,
            "not": {"pattern": "\\u0000"},
            "description": f"At most {MAX_KEY_BYTES:,} bytes of UTF-8, no NUL.",
        }
    ),
]
Name = Annotated[
    str,
    AfterValidator(check_name),
    Field(json_schema_extra={"maxLength": MAX_NAME_BYTES}),
]
Text = Annotated[str, AfterValidator(check_text)]
_TAG_SCHEMAS: dict[str, dict[str, Any]] = {
    "$double": {"enum": ["NaN", "Infinity", "-Infinity"]},
    "$proto": {
        "type": "object",
        "properties": {
            "type_url": {"type": "string", "minLength": 1},
            "value": {"type": "string", "contentEncoding": "base64"},
        },
        "required": ["type_url"],
        "additionalProperties": False,
    },
    "$struct": {"type": "object"},
}
PropertyValue = Annotated[
    Any,
    BeforeValidator(_parsed),
    AfterValidator(check_value),
    PlainSerializer(to_json, when_used="json"),
    WithJsonSchema(
        {
            "description": "A DOUBLE has a point or an exponent, an INT has not.",
            "anyOf": [
                {"title": "INT", "type": "integer", "minimum": INT64_MIN, "maximum": INT64_MAX},
                {"title": "DOUBLE", "type": "number"},
                {"title": "STRING", "type": "string"},
                {"title": "BOOLEAN", "type": "boolean"},
                {"title": "STRUCT", "type": "array"},
                {
                    "title": "STRUCT, or a tagged value",
                    "type": "object",
                    "if": {"maxProperties": 1},
                    "then": {"properties": _TAG_SCHEMAS},
                },
            ],
        }
    ),
]
Struct = Annotated[
    dict[str, Any],
    BeforeValidator(_parsed),
    AfterValidator(check_value),
    PlainSerializer(to_json, when_used="json"),
]
