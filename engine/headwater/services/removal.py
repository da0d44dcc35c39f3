"""Removal: a deleted node becomes a tombstone, and its lineage stays whole.

What users set on the node goes: its properties, its name and its external id, which others
may have from then on. A context or an artifact that is put under that name again is a new
node, and nobody writes into a grave by reusing one. What the lineage must tell stays: id,
type, times, uri, digest and size, series and version, all edges, and the name it had.

An artifact's state becomes DELETED. ML Metadata has no such state for executions, whose last
state stays the fact that it was, nor any for contexts: there the time of deletion tells.
"""

from typing import Any, NamedTuple

from headwater.errors import NotFound
from headwater.graph.session import Row
from headwater.graph.statements import load
from headwater.query.parts import NodeKey
from headwater.services.door import Caller, Written
from headwater.services.scope import Scope
from headwater_schema import ArtifactState, TypeKind
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import (
    CUSTOM_PREFIXES,
    DECLARED_PREFIXES,
    FREED_KEYS,
    LABELS,
    TOMBSTONE,
)


class Tombstone(NamedTuple):
    """What a deletion left behind.

    Attributes:
        kind: of what.
        id: its id.
        type: its type.
        name: the name that it had.
        deleted_time_since_epoch: milliseconds.
        new: whether this call deleted it; False where it was deleted before.
    """

    kind: TypeKind
    id: int
    type: str
    name: str | None
    deleted_time_since_epoch: int
    new: bool


class RemovalService:
    """Deletes nodes of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def delete(self, key: NodeKey, *, caller: Caller | None = None) -> Tombstone:
        """Return the tombstone of a node, after turning it into one; deleting it again does nothing.

        Its bytes in the object store stay until `GarbageService.collect` finds that nothing
        else refers to them.

        Raises:
            NotFound: there is no such node.
        """
        state = {"state": str(ArtifactState.DELETED)} if key.kind is TypeKind.ARTIFACT else {}
        return self._scope.door.write_one(
            load("node/delete", LABELS[key.kind]),
            {
                "namespace": self._scope.namespace,
                "id": key.id,
                "now": self._scope.clock(),
                "prefixes": [*DECLARED_PREFIXES, *CUSTOM_PREFIXES],
                "state": state,
            },
            lambda rows: self._outcome(key, rows),
            self._scope.operation("delete", caller),
        )

    def _outcome(self, key: NodeKey, rows: list[Row]) -> Written[Tombstone]:
        if not rows:
            raise NotFound(
                f"No {key.kind.lower()} with id {key.id} in namespace {self._scope.namespace!r}.",
                kind=key.kind,
                id=key.id,
            )
        before, after = rows[0]
        new = TOMBSTONE not in before
        tombstone = _tombstone(key, after, new=new)
        return Written(tombstone, [node_change(key, before, after)] if new else [])


def node_change(key: NodeKey, before: dict[str, Any], after: dict[str, Any]) -> ElementChange:
    """Return the change of one node."""
    return ElementChange(Element(ElementKind(key.kind), (key.id,)), before, after)


def _tombstone(key: NodeKey, stored: dict[str, Any], *, new: bool) -> Tombstone:
    name = stored.get(FREED_KEYS["name"])
    return Tombstone(key.kind, key.id, stored["type"], name, stored[TOMBSTONE], new)
