"""Canonical form: bytes that are equal for equal values and differ for all others.

Each value is a letter for what it is, the length of what follows, and that; so no two values have
one form. What Python takes for equal is told apart by its type: 1, 1.0, True and `Decimal(1)`
differ, as do a list and a tuple, and 0.0 and -0.0. All NaNs are one. A dict is without order, as
its `==` is; an OrderedDict has its own.

Knows nothing of code, nor of the store.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import struct
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from headwater.errors import InvalidArgument

MAX_DEPTH = 120
"""How deep a value may nest; the store itself takes 100."""

PLAIN = (
    complex,
    range,
    decimal.Decimal,
    fractions.Fraction,
    dt.datetime,
    dt.date,
    dt.time,
    dt.timedelta,
    dt.timezone,
    uuid.UUID,
)
"""Types whose `repr` says all of a value."""

_BUILT_ON = (int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset)


def digest_of(value: Any) -> str:  # noqa: ANN401 - any value that has a form
    """Return the sha256 of a value's canonical form, as 64 hexadecimal digits.

    Takes None, bools, ints of any size, floats, text (lone surrogates too), bytes, lists, tuples,
    dicts with any such keys, sets, numbers and times of the standard library, paths, UUIDs, enums,
    pydantic models, dataclasses, and all of them nested. Instances of subclasses differ from those
    of their bases. Models and dataclasses count by class and fields.

    Raises:
        InvalidArgument: something in it has no canonical form, or it nests deeper than 120, which
            what holds itself does.
    """
    return sha256(canonical(value)).hexdigest()


def canonical(value: Any) -> bytes:  # noqa: ANN401 - as above
    """Return the canonical form itself; see `digest_of`."""
    try:
        return _form(value, 0)
    except RecursionError:
        raise _too_deep() from None


def type_name(cls: type) -> str:
    """Return a class's module and qualified name."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _framed(letter: str, content: bytes) -> bytes:
    return f"{letter}{len(content)}:".encode() + content


def _text(text: str) -> bytes:
    return _framed("s", text.encode("utf-8", "surrogatepass"))


def _form(value: Any, depth: int) -> bytes:  # noqa: ANN401 - any value
    if depth > MAX_DEPTH:
        raise _too_deep()
    match value:
        case None:
            return _framed("n", b"")
        case enum.Enum():
            return _named("e", value, [_text(value.name or ""), _form(value.value, depth + 1)])
        case BaseModel():
            return _named("p", value, [_pairs(_model_fields(value), depth)])
        case type():
            raise _refused(value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, _BUILT_ON):
            return _named("c", value, [_pairs(_data_fields(value), depth)])
        case _:
            form = _builtin(value, depth)
    known = type(value).__module__ == "builtins" or isinstance(value, PLAIN)
    own = getattr(value, "__dict__", None)
    if known and not own:
        return form
    return _named("u", value, [form, _pairs(own or {}, depth)])


def _builtin(value: Any, depth: int) -> bytes:  # noqa: ANN401, C901, PLR0911, PLR0912 - one case a type
    match value:
        case bool():
            return _framed("b", b"1" if value else b"0")
        case int():
            # Not in decimals: Python refuses to write those of more than 4,300 digits.
            return _framed("i", format(int(value), "x").encode())
        case float():
            bits = struct.pack(">d", value) if value == value else b"nan"  # noqa: PLR0124 - NaN
            return _framed("f", bits)
        case str():
            return _text(str.__str__(value))
        case bytes():
            return _framed("y", bytes(value))
        case bytearray():
            return _framed("Y", bytes(value))
        case list():
            return _items("l", value, depth)
        case tuple():
            return _items("t", value, depth)
        case OrderedDict():
            return _items("o", list(value.items()), depth)
        case dict():
            return _pairs(value, depth)
        case set():
            return _framed("z", b"".join(sorted(_form(item, depth + 1) for item in value)))
        case frozenset():
            return _framed("Z", b"".join(sorted(_form(item, depth + 1) for item in value)))
        case _ if isinstance(value, PLAIN):
            return _named("r", value, [_text(repr(value))])
        case pathlib.PurePath():
            return _text(str(value))
        case _:
            raise _refused(value)


def _items(letter: str, items: Sequence[Any], depth: int) -> bytes:
    return _framed(letter, b"".join(_form(item, depth + 1) for item in items))


def _pairs(values: Mapping[Any, Any], depth: int) -> bytes:
    pairs = ((_form(key, depth + 1), _form(item, depth + 1)) for key, item in values.items())
    return _framed("d", b"".join(key + item for key, item in sorted(pairs)))


def _named(letter: str, value: object, parts: Iterable[bytes]) -> bytes:
    return _framed(letter, b"".join([_text(type_name(type(value))), *parts]))


def _model_fields(model: BaseModel) -> dict[str, Any]:
    fields = {name: getattr(model, name) for name in type(model).model_fields}
    return fields | (model.model_extra or {})


def _data_fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an instance of a dataclass
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _too_deep() -> InvalidArgument:
    return InvalidArgument(
        f"A value nests deeper than {MAX_DEPTH}, or holds itself.",
        hint="Hand it over as an artifact.",
    )


def _refused(value: object) -> InvalidArgument:
    return InvalidArgument(
        f"A value of class {type_name(type(value))} has no canonical form.",
        hint="Use numbers, text, bytes, lists, dicts, enums, dataclasses or pydantic models.",
        found=type_name(type(value)),
    )
