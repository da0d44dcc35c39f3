"""Reading change records: the values given back, checked against the record, and erased.

Takes records as `change_records.resolve` returns them and values as `open_values` does.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from headwater_schema.change_records import ChangeHeader
from headwater_schema.change_values import (
    ERASED,
    SALT_BYTES,
    Place,
    Values,
    canonical,
    commitment,
    leaves,
    open_values,
    pack,
    untyped,
)
from headwater_schema.changes import Element, ElementChange, ElementKind


class Commitment(NamedTuple):
    """One committed value of a resolved record.

    Attributes:
        place: where it stands.
        element: the element as the record has it, `[kind, key...]`; empty for the header's.
        sha256: the digest, in hex.
    """

    place: Place
    element: Sequence[Any]
    sha256: str


def header_of(resolved: Mapping[str, Any], values: Values | None) -> ChangeHeader:
    """Return what a record says of the change as a whole; `values` None where all are erased."""
    tree = {} if values is None else values.tree
    return ChangeHeader(
        namespace=resolved["namespace"],
        id=resolved["id"],
        operation=resolved["operation"],
        request_id=resolved["request_id"],
        actor=untyped(tree.get("actor")),
        reason=untyped(tree.get("reason")),
        valid_at=_told(resolved["valid_at"], None),
        recorded_at=_told(resolved["recorded_at"], None),
    )


def element_changes(
    resolved: Mapping[str, Any],
    values: Values | None,
    *,
    about: Collection[Element] | None = None,
) -> list[ElementChange]:
    """Return the changes of a record, with the values that are kept and ERASED for the others.

    Of a change from one state to another only the properties that differ are there, and the
    type and revision. The order is that of the record. What a value is, is not checked against
    its commitment: see `verify`.

    Args:
        resolved: the record.
        values: its values; None where all of them are erased.
        about: only the changes of these elements; None for all.
    """
    kept = [] if values is None else values.tree["changes"]
    found = []
    for index, change in enumerate(resolved["changes"]):
        if change is None:
            continue
        parts = kept[index] if index < len(kept) else {}
        kind, *key = change["element"]
        names = parts.get("element", {})
        told = [_told(part, names.get(str(place))) for place, part in enumerate(key, 1)]
        element = Element(ElementKind(kind), tuple(told))
        if about is None or element in about:
            before = _told_properties(change["before"], parts.get("before", {}))
            after = _told_properties(change["after"], parts.get("after", {}))
            found.append(ElementChange(element, before, after))
    return found


def _told_properties(
    properties: dict[str, Any] | None, kept: dict[str, Any]
) -> dict[str, Any] | None:
    if properties is None:
        return None
    return {
        key: _told(value, kept.get(key)) if type(value) is dict else value
        for key, value in properties.items()
    }


def _told(value: Any, kept: list[Any] | None) -> Any:  # noqa: ANN401 - any value of the graph
    if type(value) is not dict:
        return value
    if "int" in value:
        return int(value["int"])
    told = untyped(kept)
    if "version" not in value or told is ERASED:
        return told
    return f"{told}@{_told(value['version'], None)}"


def commitments(resolved: Mapping[str, Any]) -> Iterator[Commitment]:
    """Yield each committed value of a record with its place, for one who chooses or checks."""
    yield Commitment(Place(None, "actor", ""), (), resolved["actor"]["sha256"])
    for index, change in enumerate(resolved["changes"]):
        if change is None:
            continue
        element = change["element"]
        parts = {
            "after": change["after"] or {},
            "before": change["before"] or {},
            "element": {str(place): part for place, part in enumerate(element)},
        }
        for part, properties in parts.items():
            for key, value in properties.items():
                if type(value) is dict and "sha256" in value:
                    yield Commitment(Place(index, part, key), element, value["sha256"])
    yield Commitment(Place(None, "reason", ""), (), resolved["reason"]["sha256"])


def verify(resolved: Mapping[str, Any], values: Values | None) -> list[Place]:
    """Return where a kept value does not fit its commitment, or has none; an erased one fits.

    Values of a change that was not made are not of the record and are passed over.
    """
    if values is None:
        return []
    kept: dict[Place, tuple[bytes, str] | None] = {}
    position = 0
    for place, pair in leaves(values.tree):
        if pair is None:
            kept[place] = None
            continue
        end = position + SALT_BYTES
        kept[place] = values.salts[position:end], canonical(pair).decode()
        position = end
    wrong = []
    for place, _, expected in commitments(resolved):
        if place not in kept:
            wrong.append(place)
            continue
        found = kept.pop(place)
        if found is not None and commitment(*found) != expected:
            wrong.append(place)
    return wrong + [place for place in kept if _is_of(place, resolved)]


def _is_of(place: Place, resolved: Mapping[str, Any]) -> bool:
    changes = resolved["changes"]
    index = place.change
    return index is None or index >= len(changes) or changes[index] is not None


def erase(values: bytes, resolved: Mapping[str, Any], places: Collection[Place]) -> bytes:
    """Return the values without those at the given places, nor their salts.

    Values of changes that were not made go as well: no commitment speaks of them.

    Args:
        values: as they are stored.
        resolved: the record they belong to.
        places: what to erase, as `commitments` gives them; an erased one stays erased.

    Raises:
        ValueError: a place has no value in the record.
    """
    opened = open_values(values)
    chosen = set(places)
    known = {place for place, _ in leaves(opened.tree)}
    if unknown := sorted(map(repr, chosen - known)):
        raise ValueError(f"The record has no committed value at {', '.join(unknown[:10])}.")
    salts, position = [], 0
    for place, pair in list(leaves(opened.tree)):
        if pair is None:
            continue
        end = position + SALT_BYTES
        if place in chosen or not _is_of(place, resolved):
            _forget(opened.tree, place)
        else:
            salts.append(opened.salts[position:end])
        position = end
    return pack(canonical(opened.tree).decode(), b"".join(salts))


def _forget(tree: dict[str, Any], place: Place) -> None:
    if place.change is None:
        tree[place.part] = None
    else:
        tree["changes"][place.change][place.part][place.key] = None
