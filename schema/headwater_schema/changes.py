"""Changes: what a write did to the graph, element by element, property by property."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class ElementKind(StrEnum):
    """What sort of element of the graph a change is about."""

    ARTIFACT = "ARTIFACT"
    EXECUTION = "EXECUTION"
    CONTEXT = "CONTEXT"
    TYPE = "TYPE"
    SERIES = "SERIES"
    EVENT = "EVENT"
    ATTRIBUTION = "ATTRIBUTION"
    ASSOCIATION = "ASSOCIATION"
    PARENT_CONTEXT = "PARENT_CONTEXT"
    PARENT_TYPE = "PARENT_TYPE"
    NAMESPACE = "NAMESPACE"


class Element(NamedTuple):
    """One node or edge of a namespace.

    `key` is `(id,)` for nodes and types, `(type_id, name)` for series,
    `(artifact_id, execution_id, event type)` for events, `(name,)` for namespaces, and the two
    ids in the order of the edge's direction otherwise. A namespace that ceased to be took all
    of its elements along: they are not told one by one.
    """

    kind: ElementKind
    key: tuple[int | str, ...]


class Change(NamedTuple):
    """One property of one element, before and after a write.

    An element that came to be has a change for each of its properties, `before` None.
    An edge without properties has one change with property `""`, from None to True.
    Values are as they are stored in the graph.
    """

    element: Element
    property: str
    before: Any
    after: Any


class ElementChange(NamedTuple):
    """One element before and after a write, each as all of its stored properties.

    `before` is None for an element that came to be, `after` for one that ceased to be.
    """

    element: Element
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def property_changes(elements: Iterable[ElementChange]) -> list[Change]:
    """Return what changed, property by property, in the order of the elements and then of keys."""
    return [
        Change(element, key, old, new)
        for element, before, after in elements
        for key, old, new in _differences(before, after)
    ]


def _differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[tuple[str, Any, Any]]:
    if not before and not after:
        if (before is None) != (after is None):
            yield "", None if before is None else True, None if after is None else True
        return
    old, new = before or {}, after or {}
    for key in sorted(old.keys() | new.keys()):
        if not _same(old.get(key), new.get(key)):
            yield key, old.get(key), new.get(key)


def _same(old: object, new: object) -> bool:
    # 1, 1.0 and True, 0.0 and -0.0 are equal in Python and different in the graph; NaN is itself.
    return type(old) is type(new) and (
        repr(old) == repr(new) if isinstance(old, float) else old == new
    )
