"""Nodes of one kind: as a request, and compared field by field."""

from itertools import zip_longest
from typing import Any

from headwater_schema import PutRequest, TypeKind
from support.exact import exact_node


def of_kind(kind: TypeKind, nodes: list[Any], **options: Any) -> PutRequest:
    """Return a request that puts nodes of one kind."""
    field: Any = {
        TypeKind.ARTIFACT: "artifacts",
        TypeKind.EXECUTION: "executions",
        TypeKind.CONTEXT: "contexts",
    }[kind]
    fields: dict[str, Any] = {field: tuple(nodes), **options}
    return PutRequest(**fields)


def assert_same(found: Any, wanted: Any) -> None:
    """The two lists hold the same nodes in the same order, field by field."""
    pairs: list[tuple[Any, Any]] = list(
        zip_longest(map(exact_node, found), map(exact_node, wanted), fillvalue={})
    )
    assert [
        f"node {(a or b)['id'][1]}, {key}: found {a.get(key)!r:.300}, expected {b.get(key)!r:.300}"
        for a, b in pairs
        for key in a | b
        if a.get(key) != b.get(key)
    ] == []
