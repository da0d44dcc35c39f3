"""Indexes: which properties of nodes can be searched fast, and how to change that.

They are the database's and shared by its namespaces; which ones are missing is told for one.
"""

from typing import NamedTuple

from headwater.errors import FailedPrecondition, NotFound
from headwater.graph.indexes import create_indexes, drop_index, list_indexes
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS, Prefix

_KINDS = {label: kind for kind, label in LABELS.items()}


class Index(NamedTuple):
    """A range index on one property of one kind of node.

    Attributes:
        kind: of which nodes.
        key: the property, as users name it.
        custom: whether it is a custom property, or a declared one.
        state: `ONLINE` once it is used; `POPULATING` before; `FAILED`.
        ours: whether headwater made it, rather than somebody by hand.
    """

    kind: TypeKind
    key: str
    custom: bool
    state: str
    ours: bool


class IndexService:
    """Lists, adds and drops the indexes on properties."""

    def __init__(self, scope: Scope, types: TypeService) -> None:
        self._scope = scope
        self._types = types

    def all(self) -> list[Index]:
        """Return every index on one user property, by kind, then declared before custom, then key."""
        found = [
            Index(
                _KINDS[index.label],
                index.key[len(Prefix.DECLARED) :],
                index.key.startswith(Prefix.CUSTOM),
                index.state,
                index.ours,
            )
            for index in list_indexes(self._scope.graph)
            if index.label in _KINDS and index.key.startswith((Prefix.DECLARED, Prefix.CUSTOM))
        ]
        return sorted(found, key=lambda index: (index.kind, index.custom, index.key))

    def add(self, kind: TypeKind, key: str, *, custom: bool = False) -> None:
        """Make an index on a property, whatever the budget; one that is there stays.

        Raises:
            InvalidArgument: the key cannot be indexed.
            NotFound: no type of the kind declares the property, and it is not `custom`.
        """
        if not custom and not any(key in t.properties for t in self._types.all(kind)):
            raise NotFound(
                f"No {kind.lower()} type of namespace {self._scope.namespace!r} declares {key!r:.200}.",
                hint="See `headwater types list`; for a custom property say so.",
                key=key,
            )
        create_indexes(self._scope.graph, [(LABELS[kind], _stored(key, custom=custom))])

    def drop(self, kind: TypeKind, key: str, *, custom: bool = False) -> None:
        """Drop an index that headwater made.

        That of a declared property comes back when a type that declares it is registered,
        unless it is declared with `index=False`.

        Raises:
            NotFound: there is no such index.
            FailedPrecondition: somebody made it by hand.
        """
        found = [i for i in self.all() if (i.kind, i.key, i.custom) == (kind, key, custom)]
        if not found:
            raise NotFound(
                f"No index on {'custom' if custom else 'declared'} property {key!r:.200} of "
                f"{kind.lower()}s.",
                hint="See `headwater index list`.",
                key=key,
            )
        if not found[0].ours:
            raise FailedPrecondition(
                f"The index on property {key!r:.200} of {kind.lower()}s was made by hand.",
                hint="Drop it in Cypher, with DROP INDEX and its name.",
                key=key,
            )
        drop_index(self._scope.graph, LABELS[kind], _stored(key, custom=custom))

    def unindexed(self) -> dict[int, list[str]]:
        """Return, by type id, the declared properties that should have an index and have none."""
        return self._types.unindexed()


def _stored(key: str, *, custom: bool) -> str:
    return (Prefix.CUSTOM if custom else Prefix.DECLARED) + key
