"""Property kinds and values: what a property may hold, and how a value tells its kind.

Knows nothing of how values are stored.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, WithJsonSchema

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
MAX_KEY_BYTES = 1_000
MAX_NAME_BYTES = 4_000
MAX_DEPTH = 100


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


class ProtoValue(BaseModel):
    """A protocol buffer message kept by its type and bytes, as `google.protobuf.Any` is.

    In JSON the bytes are base64.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type_url: str = Field(min_length=1)
    value: Base64Bytes = b""

    @classmethod
    def of(cls, type_url: str, value: bytes) -> "ProtoValue":
        """Return the message of that type with those (not base64) bytes."""
        return cls.model_construct(type_url=type_url, value=value)


def kind_of(value: object) -> PropertyKind:
    """Return the kind that a Python value has as a property.

    A bool is BOOLEAN and never INT; an int is never DOUBLE.

    Raises:
        ValueError: no kind holds a value of that Python type.
    """
    match value:
        case bool():
            return PropertyKind.BOOLEAN
        case int():
            return PropertyKind.INT
        case float():
            return PropertyKind.DOUBLE
        case str():
            return PropertyKind.STRING
        case dict() | list():
            return PropertyKind.STRUCT
        case ProtoValue():
            return PropertyKind.PROTO
        case _:
            raise ValueError(
                f"a property holds an int, float, str, bool, dict, list or ProtoValue, "
                f"found {type(value).__name__} {value!r:.100}"
            )


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
        case None | bool() | int() | float():
            pass
        case _:
            raise ValueError(f"a STRUCT holds JSON values, found {type(value).__name__}")


PropertyKey = Annotated[str, AfterValidator(check_key)]
Name = Annotated[str, AfterValidator(check_name)]
Text = Annotated[str, AfterValidator(check_text)]
PropertyValue = Annotated[
    Any,
    AfterValidator(check_value),
    WithJsonSchema(
        {
            "description": "INT, DOUBLE, STRING, BOOLEAN, STRUCT (JSON) or PROTO.",
            "anyOf": [
                {"type": "integer", "minimum": INT64_MIN, "maximum": INT64_MAX},
                {"type": "number"},
                {"type": "string"},
                {"type": "boolean"},
                {"type": "object"},
                {"type": "array"},
            ],
        }
    ),
]
