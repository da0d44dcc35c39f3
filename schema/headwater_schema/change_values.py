"""Values of change records: how a value is written, committed to, kept apart, and erased.

`schema/change-records.md` gives the form for other languages. Knows of records only that
their values are told apart by places.
"""

import json
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any, Final, NamedTuple

SALT_BYTES = 16
EXACT_IN_JSON = 2**53
"""Integers at or beyond it, either way, are written as text: a reader may have doubles only."""

_SMALL_BYTES = 16_384
_COUNT = struct.Struct(">I")
_DOUBLE = struct.Struct(">d")
_NAN = struct.pack(">Q", 0x7FF8_0000_0000_0000)


class Erased(Enum):
    """What stands where a value was erased: its commitment is in the record, and no more."""

    ERASED = "ERASED"


ERASED: Final = Erased.ERASED


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value of a kind that headwater never writes, a date or a point, as its text."""

    text: str


class Place(NamedTuple):
    """Where in a record a committed value stands.

    Attributes:
        change: index of the change in the record; None for the header's.
        part: `before`, `after`, `element`; of the header `actor` or `reason`.
        key: the property's key; the index in the element as text; `""` for the header's.
    """

    change: int | None
    part: str
    key: str


class Values(NamedTuple):
    """Opened values of one record.

    Attributes:
        tree: the shape of the record with only what is committed, each as `[kind, value]`, or
            None where it was erased.
        salts: 16 bytes for each value that is not erased, in the order of the tree's text.
    """

    tree: dict[str, Any]
    salts: bytes


def canonical(value: object) -> bytes:
    """Return the canonical JSON (RFC 8785) of a value without floats.

    Integers must be exact in a double, below 2**53 either way.
    """
    text = _dumps(value, sort_keys=True)
    if not text.isascii() and max(text) > "\uffff":
        # Python orders keys by code point, the RFC by UTF-16 unit: they part outside the plane.
        text = _dumps(_reordered(value), sort_keys=False)
    return text.encode()


def _dumps(value: object, *, sort_keys: bool) -> str:
    return json.dumps(
        value, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def _reordered(value: object) -> object:
    match value:
        case dict():
            return {key: _reordered(value[key]) for key in in_order(value)}
        case list() | tuple():
            return [_reordered(item) for item in value]
        case _:
            return value


def in_order(keys: object) -> list[str]:
    """Return the keys of a mapping in canonical order: by UTF-16 unit."""
    texts: list[str] = sorted(keys)  # type: ignore[call-overload]
    if all(text.isascii() for text in texts):
        return texts
    return sorted(texts, key=lambda text: text.encode("utf-16-be"))


def typed(value: object) -> str:
    """Return the canonical JSON text of `[kind, value]`, which tells any two values apart.

    Every NaN is one value. A subclass counts as its base: a member of a StrEnum is a STRING.

    Raises:
        TypeError: the value is None, or not yet known.
    """
    kind = type(value)
    if kind is str:
        return f'["STRING",{quoted(value)}]'  # type: ignore[arg-type]
    if kind is int:
        return f'["INT","{value}"]'
    if kind is bool:
        return '["BOOLEAN",true]' if value else '["BOOLEAN",false]'
    return _typed_other(value)


def _typed_other(value: object) -> str:
    match value:
        case None:
            raise TypeError("None is no value of the graph: leave the property out.")
        case str():
            return typed(str(value))
        case int():
            return typed(int(value))
        case float():
            bits = _NAN if math.isnan(value) else _DOUBLE.pack(value)
            kind, written = "DOUBLE", f'"{bits.hex()}"'
        case bytes() | bytearray():
            kind, written = "BYTES", f'"{value.hex()}"'
        case list():
            kind, written = "LIST", f"[{','.join(map(typed, value))}]"
        case _:
            text = value.text if isinstance(value, Foreign) else str(value)
            kind, written = "FOREIGN", quoted(text)
    return f'["{kind}",{written}]'


def untyped(pair: list[Any] | None) -> Any:  # noqa: ANN401 - any value of the graph
    """Return the value that a `[kind, value]` tells, and ERASED for None.

    Raises:
        ValueError: there is no such kind.
    """
    if pair is None:
        return ERASED
    match pair:
        case [str(kind), value] if kind in _READ:
            return _READ[kind](value)
        case _:
            raise ValueError(f"No value of a change record is written like this: {pair!r}.")


_READ: dict[str, Callable[[Any], object]] = {
    "STRING": str,
    "INT": int,
    "BOOLEAN": bool,
    "DOUBLE": lambda bits: _DOUBLE.unpack(bytes.fromhex(bits))[0],
    "BYTES": bytes.fromhex,
    "LIST": lambda items: [untyped(item) for item in items],
    "FOREIGN": Foreign,
}


def commitment(salt: bytes, text: str) -> str:
    """Return the hex digest that binds a record to a typed value without telling it."""
    return sha256(salt + text.encode()).hexdigest()


def zipped(text: str) -> bytes:
    """Return a text in UTF-8 as a zlib stream of level 1."""
    plain = text.encode()
    # To make room for the usual window takes 100 us, more than to write a small record.
    window, memory = (12, 5) if len(plain) < _SMALL_BYTES else (15, 8)
    stream = zlib.compressobj(1, zlib.DEFLATED, window, memory)
    return stream.compress(plain) + stream.flush()


def pack(tree_text: str, salts: bytes) -> bytes:
    """Return values as they are stored: the number of salts, the salts, the zipped tree."""
    return _COUNT.pack(len(salts) // SALT_BYTES) + salts + zipped(tree_text)


def open_values(values: bytes) -> Values:
    """Return stored values, opened.

    Raises:
        ValueError: these bytes are not values, or salts and values are not equally many.
    """
    try:
        (count,) = _COUNT.unpack_from(values)
        end = _COUNT.size + count * SALT_BYTES
        opened = Values(json.loads(zlib.decompress(values[end:])), values[_COUNT.size : end])
        kept = sum(pair is not None for _, pair in leaves(opened.tree))
    except (struct.error, zlib.error, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"These {len(values)} bytes are not values of a record.") from error
    if kept != count:
        raise ValueError(f"A record has {kept} values and {count} salts for them.")
    return opened


def leaves(tree: dict[str, Any]) -> Iterator[tuple[Place, list[Any] | None]]:
    """Yield each value of an opened tree with its place, in the order of the salts."""
    if "actor" in tree:
        yield Place(None, "actor", ""), tree["actor"]
    for index, parts in enumerate(tree["changes"]):
        for part in ("after", "before", "element"):
            for key, pair in parts.get(part, {}).items():
                yield Place(index, part, key), pair
    if "reason" in tree:
        yield Place(None, "reason", ""), tree["reason"]
