"""Change records: what a change says of itself for good, and the values that may be erased.

A record tells who changed which element's property from what to what. Of what a user wrote it
holds salted digests only; the salts and values lie apart (`change_values`), so that a value can
be erased while the record stands. Reading is in `change_reading`. A record is drafted before the database has decided ids and
times; what it gave is filled in by `resolve`, and `canonical(resolved)` is what may be sealed.
`schema/change-records.md` writes the form down for other languages.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple, NoReturn

from headwater_schema.change_values import (
    EXACT_IN_JSON,
    SALT_BYTES,
    Erased,
    canonical,
    commitment,
    in_order,
    pack,
    typed,
    zipped,
)
from headwater_schema.changes import Element, ElementChange, ElementKind

FORM = 1

SKELETON = frozenset(
    {
        "namespace",
        "id",
        "kind",
        "type",
        "type_id",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
        "deleted_time_since_epoch",
        "milliseconds_since_epoch",
        "valid_at",
        "recorded_at",
        "retracted_at",
        "revision",
        "state",
        "last_known_state",
        "version",
        "latest",
        "size_bytes",
        "ordinal",
    }
)
"""Keys whose texts and integers stand in the record as they are; all else is committed to.

A closed list: a rule such as "whatever ends in _time_since_epoch" would also tell a user's `c_` key.
"""

_ALWAYS_TOLD = ("type", "revision")


@dataclass(frozen=True, slots=True)
class Given:
    """An integer that the database decides while it commits: the index among those it gave.

    May stand for any integer of an element's key or of a SKELETON property.
    """

    index: int


@dataclass(frozen=True, slots=True)
class Versioned:
    """The text `SERIES@VERSION` whose version the database decides; for an artifact's name."""

    series: str
    version: int | Given


class ChangeHeader(NamedTuple):
    """What a record says of the change as a whole.

    Attributes:
        namespace: whose elements changed.
        id: of the change; unique in its namespace.
        operation: what was called, such as `put`.
        request_id: of the request that called it.
        actor: who; `""` where nobody said. Committed to.
        reason: why; `""` where nobody said. Committed to.
        valid_at: from when on it is so, in milliseconds.
        recorded_at: when the store learned it, in milliseconds.
    """

    namespace: str
    id: str
    operation: str
    request_id: str
    actor: str | Erased
    reason: str | Erased
    valid_at: int | Given
    recorded_at: int | Given = Given(0)


class Draft(NamedTuple):
    """A record as it is stored, and its values, to be stored apart from it."""

    record: bytes
    values: bytes


def draft(
    header: ChangeHeader,
    changes: Iterable[ElementChange],
    *,
    made: Mapping[int, Given] | None = None,
    salts: Callable[[int], bytes] = os.urandom,
) -> Draft:
    """Return the record of a change, and its values.

    A property that is None counts as absent. A change after which all is as before, and a
    second one of an element, stand in the record as null; net them first.

    Args:
        header: of the change as a whole.
        changes: in the order in which they happened; an index counts this order.
        made: changes, by index, that only the database knows to have happened: where it gives
            0 the change did not.
        salts: returns that many random bytes; called once.
    """
    listed = list(changes)
    writing = _Writing(salts(SALT_BYTES * _most_values(listed)))
    conditions = made or {}
    actor, kept_actor = writing.committed(header.actor)
    told, kept = [], []
    seen: set[Element] = set()
    for index, change in enumerate(listed):
        if change.element in seen:
            told.append("null")
            kept.append("{}")
            continue
        condition = conditions.get(index)
        if condition is None:
            seen.add(change.element)
        record, values = writing.change(change, condition)
        told.append(record)
        kept.append(values)
    reason, kept_reason = writing.committed(header.reason)
    record = (
        f'{{"actor":{actor},"changes":[{",".join(told)}],"form":{FORM},"id":{quoted(header.id)},'
        f'"namespace":{quoted(header.namespace)},"operation":{quoted(header.operation)},'
        f'"reason":{reason},"recorded_at":{_plain(header.recorded_at)},'
        f'"request_id":{quoted(header.request_id)},"valid_at":{_plain(header.valid_at)}}}'
    )
    values = f'{{"actor":{kept_actor},"changes":[{",".join(kept)}],"reason":{kept_reason}}}'
    return Draft(zipped(record), pack(values, writing.used_salts))


def _most_values(changes: list[ElementChange]) -> int:
    # At most: each property and each part of a key. Salts that are not used are thrown away.
    return 2 + sum(
        len(element.key) + len(before or ()) + len(after or ())
        for element, before, after in changes
    )


class _Writing:
    """Writes the parts of one record, with a salt for each value in the order of writing.

    The parts come in the canonical order of their keys, so the text needs no sorting later.
    """

    def __init__(self, salts: bytes) -> None:
        self._salts = salts
        self._position = 0
        self._layouts: dict[tuple[str, ...], list[tuple[str, str, bool]]] = {}

    @property
    def used_salts(self) -> bytes:
        return self._salts[: self._position]

    def committed(self, value: object) -> tuple[str, str]:
        """Return a commitment for the record, and the value to keep."""
        version = ""
        if isinstance(value, Versioned):
            version = f',"version":{_plain(value.version)}'
            value = value.series
        text = _known(value)
        end = self._position + SALT_BYTES
        digest = commitment(self._salts[self._position : end], text)
        self._position = end
        return f'{{"sha256":"{digest}"{version}}}', text

    def change(self, change: ElementChange, made: Given | None) -> tuple[str, str]:
        element, before, after = change
        if before is not None and after is not None:
            before, after = _differences(before, after)
            if before.keys() <= _UNCHANGED and before == after:
                return "null", "{}"
        kept: list[str] = []
        after_text = before_text = "null"
        if after is not None:
            after_text = self._properties("after", after, kept)
        if before is not None:
            before_text = self._properties("before", before, kept)
        element_text = self._element(element, kept)
        condition = "" if made is None else f',"made":{_plain(made)}'
        return (
            f'{{"after":{after_text},"before":{before_text},"element":{element_text}{condition}}}',
            f"{{{','.join(kept)}}}",
        )

    def _properties(self, part: str, stored: Mapping[str, Any], kept_parts: list[str]) -> str:
        keys = tuple(stored)
        layout = self._layouts.get(keys)
        if layout is None:
            layout = self._layouts[keys] = _layout(keys)
        told, kept = [], []
        salts, position = self._salts, self._position
        for key, name, is_skeleton in layout:
            value = stored[key]
            if value is None:
                continue
            if is_skeleton and (plain := _plain_or_none(value)) is not None:
                told.append(name + plain)
                continue
            # `committed`, without the call: of a bulk put's time this is the most.
            if type(value) is str:
                text = f'["STRING",{quoted(value)}]'
                salted = salts[position : position + SALT_BYTES] + text.encode()
                told.append(f'{name}{{"sha256":"{sha256(salted).hexdigest()}"}}')
                position += SALT_BYTES
            else:
                self._position = position
                digest, text = self.committed(value)
                position = self._position
                told.append(name + digest)
            kept.append(name + text)
        self._position = position
        if kept:
            kept_parts.append(f'"{part}":{{{",".join(kept)}}}')
        return f"{{{','.join(told)}}}"

    def _element(self, element: Element, kept_parts: list[str]) -> str:
        kind, key = element
        if kind is ElementKind.SERIES:  # the one key that holds what a user wrote
            type_id, name = key
            digest, text = self.committed(name)
            kept_parts.append(f'"element":{{"2":{text}}}')
            return f'["SERIES",{_plain(type_id)},{digest}]'
        return f'["{kind}",{",".join(map(_plain, key))}]'


_UNCHANGED = frozenset(_ALWAYS_TOLD)


def _layout(keys: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    return [(key, quoted(key) + ":", key in SKELETON) for key in in_order(keys)]


def _known(value: object) -> str:
    if isinstance(value, Given):
        raise TypeError("Only a property of the skeleton can be what the database gives.")
    return typed(value)


def _plain(value: object) -> str:
    text = _plain_or_none(value)
    if text is None:
        raise TypeError(f"{value!r} is neither a text nor an integer.")
    return text


def _plain_or_none(value: object) -> str | None:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Given):
        return f'{{"given":{value.index}}}'
    if isinstance(value, int) and type(value) is not bool:
        return str(value) if _is_exact(value) else f'{{"int":"{value}"}}'
    return None


def _is_exact(number: int) -> bool:
    return -EXACT_IN_JSON < number < EXACT_IN_JSON


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = before.keys() | after.keys()
    told = {key for key in keys if not _same(before.get(key), after.get(key))}
    told.update(_ALWAYS_TOLD)
    return (
        {key: value for key, value in before.items() if key in told and value is not None},
        {key: value for key, value in after.items() if key in told and value is not None},
    )


def _same(old: object, new: object) -> bool:
    if old is new:
        return True
    kind = type(old)
    if kind is type(new) and kind in (str, int, bool, Given, Versioned):
        return old == new
    if isinstance(old, Given | Versioned | None) or isinstance(new, Given | Versioned | None):
        return False
    return typed(old) == typed(new)


def resolve(record: bytes, given: Sequence[int]) -> dict[str, Any]:
    """Return a stored record with what the database gave in its place.

    A change that the database did not make is null, and so is a second one of an element: each
    change stays at its index.

    Args:
        record: as `draft` returned it.
        given: what the database decided, in the order of `Given.index`.

    Raises:
        ValueError: these bytes are no record, or it asks for more than was given.
    """
    try:
        text = zlib.decompress(record)
        drafted = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
        form = drafted["form"]
    except (zlib.error, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"These {len(record)} bytes are no change record.") from error
    if form != FORM:
        raise ValueError(f"A change record of form {form!r}; this reads form {FORM}.")
    numbers = [number if _is_exact(number) else {"int": str(number)} for number in given]
    try:
        return {
            **drafted,
            "changes": list(_resolved_changes(drafted["changes"], numbers)),
            "recorded_at": _resolved(drafted["recorded_at"], numbers),
            "valid_at": _resolved(drafted["valid_at"], numbers),
        }
    except IndexError as error:
        raise ValueError(f"A record needs more than the {len(numbers)} numbers given.") from error


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"A change record has no number such as {text}.")


def _resolved_changes(
    changes: list[dict[str, Any] | None], numbers: list[Any]
) -> Iterator[dict[str, Any] | None]:
    seen: set[str] = set()
    for change in changes:
        if change is None or ("made" in change and not _resolved(change["made"], numbers)):
            yield None
            continue
        element = [_resolved(part, numbers) for part in change["element"]]
        name = repr(element)
        if name in seen:
            yield None
            continue
        seen.add(name)
        yield {
            "after": _resolved_properties(change["after"], numbers),
            "before": _resolved_properties(change["before"], numbers),
            "element": element,
        }


def _resolved_properties(
    properties: dict[str, Any] | None, numbers: list[Any]
) -> dict[str, Any] | None:
    if properties is None:
        return None
    return {
        key: _resolved(value, numbers) if type(value) is dict else value
        for key, value in properties.items()
    }


def _resolved(value: Any, numbers: list[Any]) -> Any:  # noqa: ANN401 - any JSON
    if type(value) is not dict:
        return value
    if "given" in value:
        return numbers[value["given"]]
    if "version" in value:
        return {**value, "version": _resolved(value["version"], numbers)}
    return value


def digest(resolved: Mapping[str, Any]) -> str:
    """Return the sha256, in hex, of a resolved record's canonical bytes."""
    return sha256(canonical(resolved)).hexdigest()
