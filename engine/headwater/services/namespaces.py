"""Namespaces: tenants, each an own store with its own ids and types."""

import threading
from typing import NamedTuple

from headwater.errors import InvalidArgument
from headwater.graph.session import Transaction
from headwater.graph.statements import load
from headwater.services.door import Written
from headwater.services.scope import Scope
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.types import FIRST_USER_TYPE_ID, SYSTEM_TYPES

MAX_NAMESPACE_BYTES = 255


class Namespace(NamedTuple):
    """A namespace by its name, and when it was made, in milliseconds."""

    name: str
    create_time_since_epoch: int


def check_namespace(name: str) -> str:
    """Return the name if it can name a namespace: 1 to 255 bytes, printable, no blanks at the ends.

    Raises:
        InvalidArgument: it cannot.
    """
    legal = name.isprintable() and name == name.strip()
    if not legal or not 1 <= len(name.encode(errors="replace")) <= MAX_NAMESPACE_BYTES:
        raise InvalidArgument(
            f"{name!r:.300} cannot name a namespace.",
            hint=f"Use 1 to {MAX_NAMESPACE_BYTES} printable characters without blanks at the ends.",
            namespace=name,
        )
    return name


class NamespaceService:
    """Makes the store's namespace when first something is written, and lists all."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lock = threading.Lock()
        self._known = False

    def ensure(self) -> None:
        """Make the namespace with its system types where there is none."""
        with self._lock:
            if not self._known:
                self._scope.door.write(self._make)
                self._known = True

    def forget(self) -> None:
        """Look again the next time, because somebody may have dropped the namespace."""
        self._known = False

    def all(self) -> list[Namespace]:
        """Return all namespaces of the database, by name."""
        return [Namespace(*row) for row in self._scope.graph.read(load("namespace/list"))]

    def exists(self) -> bool:
        """Return whether anything was ever written to this namespace."""
        return any(namespace.name == self._scope.namespace for namespace in self.all())

    def _make(self, tx: Transaction) -> Written[bool]:
        types = [(i, str(kind), name) for i, (kind, name) in enumerate(SYSTEM_TYPES, start=1)]
        fresh = tx.run(
            load("namespace/ensure"),
            namespace=self._scope.namespace,
            now=self._scope.clock(),
            types=[list(row) for row in types],
            next=FIRST_USER_TYPE_ID,
        )[0][0]
        changes = [self._system_type(*row) for row in types] if fresh else []
        return Written(bool(fresh), changes)

    def _system_type(self, type_id: int, kind: str, name: str) -> ElementChange:
        stored = {
            "namespace": self._scope.namespace,
            "id": type_id,
            "kind": kind,
            "name": name,
            "version": "",
            "system": True,
        }
        return ElementChange(Element(ElementKind.TYPE, (type_id,)), None, stored)
