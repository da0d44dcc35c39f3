"""Namespaces: tenants, each an own store with its own ids and types.

A namespace is dropped in batches. The first marks it and removes its types, in one transaction:
from then on nothing can be put into it, since every put looks at the types that it believes in.
What it holds then goes ten thousand elements at a time, and the namespace itself last. A drop
that was interrupted goes on when it is called again.
"""

import threading
import time
from typing import NamedTuple

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Transaction
from headwater.graph.statements import Statement, load
from headwater.local.progress import Progress, Silent
from headwater.services.door import Caller, Written
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import LABELS
from headwater_schema.types import FIRST_USER_TYPE_ID, SYSTEM_TYPES

MAX_NAMESPACE_BYTES = 255
DROPPING = "DROPPING"
DROP = "drop namespace"
"""What the record of a drop says was done; it alone outlives the namespace."""
_BATCH = 10_000
# Longer than a process at rest keeps ids that it took, see `services.ids`: whoever took some of
# this namespace either tries to use them while it is being dropped, and forgets them, or does not.
_LEAST_S = 1.5


class Namespace(NamedTuple):
    """A namespace by its name.

    Attributes:
        name: of the tenant.
        create_time_since_epoch: milliseconds.
        state: `DROPPING` where a drop has begun and not ended, else None.
    """

    name: str
    create_time_since_epoch: int
    state: str | None = None


class NamespaceCounts(NamedTuple):
    """How much a namespace holds, tombstones included; `types` without ML Metadata's own."""

    artifacts: int
    executions: int
    contexts: int
    types: int


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
    """Makes the store's namespace when first something is written; lists, makes and drops any."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lock = threading.Lock()
        self._known = False

    def ensure(self) -> None:
        """Make the namespace with its system types where there is none.

        Raises:
            FailedPrecondition: it is being dropped.
        """
        with self._lock:
            if not self._known:
                self._scope.door.write(
                    lambda tx: self._make(tx, self._scope.namespace),
                    self._scope.operation("create namespace"),
                )
                self._known = True

    def forget(self) -> None:
        """Look again the next time, because somebody may have dropped the namespace."""
        self._known = False

    def all(self) -> list[Namespace]:
        """Return all namespaces of the database, by name, also those that are being dropped."""
        return [Namespace(*row) for row in self._scope.graph.read(load("namespace/list"))]

    def exists(self) -> bool:
        """Return whether anything was ever written to this namespace."""
        return any(namespace.name == self._scope.namespace for namespace in self.all())

    def count(self, name: str) -> NamespaceCounts:
        """Return how much a namespace holds; nothing where there is no such namespace."""
        rows = self._scope.graph.read(load("namespace/count"), namespace=name)
        return NamespaceCounts(*rows[0])

    def create(self, name: str, *, caller: Caller | None = None) -> Namespace:
        """Return a new namespace, made with its system types.

        Raises:
            AlreadyExists: there is one of that name.
            FailedPrecondition: it is being dropped.
            InvalidArgument: that cannot be its name.
        """
        check_namespace(name)
        operation = self._scope.operation("create namespace", caller, namespace=name)
        if not self._scope.door.write(lambda tx: self._make(tx, name), operation):
            raise AlreadyExists(f"There is a namespace {name!r} already.", namespace=name)
        return next(namespace for namespace in self.all() if namespace.name == name)

    def drop(
        self, name: str, *, progress: Progress | None = None, caller: Caller | None = None
    ) -> NamespaceCounts:
        """Return how much there was, after removing a namespace with all that it holds.

        While it goes on nothing can be put into the namespace, and stores of it that are open
        see it shrink. Killed in the middle and called again, it goes on, and counts what was
        left. Then the name is free: whoever writes to it makes a new namespace, whose ids
        start at 1 and types at 10. Objects in the object store stay for the garbage collection.

        Raises:
            NotFound: there is no such namespace.
        """
        check_namespace(name)
        began_s = time.monotonic()
        operation = self._scope.operation(DROP, caller, namespace=name)
        if not self._scope.door.write(lambda tx: self._begin(tx, name), operation):
            raise NotFound(f"No namespace {name!r}; nothing to drop.", namespace=name)
        counts = self.count(name)
        bar = progress or Silent()
        bar.begin(f"drop namespace {name}", sum(counts[:3]))
        try:
            self._empty(name, bar)
            # What was on its way when the drop began has arrived by then.
            time.sleep(max(_LEAST_S - (time.monotonic() - began_s), 0))
            self._empty(name, bar)
        finally:
            bar.end()
        self._scope.door.write(lambda tx: self._finish(tx, name), operation)
        return counts

    def _make(self, tx: Transaction, name: str) -> Written[bool]:
        types = [(i, str(kind), base) for i, (kind, base) in enumerate(SYSTEM_TYPES, start=1)]
        fresh, state = tx.run(
            load("namespace/ensure"),
            namespace=name,
            now=self._scope.clock(),
            types=[list(row) for row in types],
            next=FIRST_USER_TYPE_ID,
        )[0]
        if state == DROPPING:
            raise FailedPrecondition(
                f"Namespace {name!r} is being dropped, and nothing can be put into it.",
                hint="Wait until the drop ends. If it was interrupted, drop it again: "
                f"headwater namespaces drop {name}",
                namespace=name,
            )
        changes = [_system_type(name, *row) for row in types] if fresh else []
        return Written(bool(fresh), changes)

    def _begin(self, tx: Transaction, name: str) -> Written[bool]:
        return Written(bool(tx.run(load("namespace/begin_drop"), namespace=name)), ())

    def _empty(self, name: str, bar: Progress) -> None:
        # Executions first: their events and associations are most of the edges there are.
        for kind in (TypeKind.EXECUTION, TypeKind.ARTIFACT, TypeKind.CONTEXT):
            edges = load("namespace/drop_edges", LABELS[kind])
            nodes = load("namespace/drop_nodes", LABELS[kind])
            removed = _BATCH
            while removed:
                # A hub has more edges than fit into one transaction's memory.
                while self._remove(edges, namespace=name, nodes=_BATCH, edges=_BATCH) == _BATCH:
                    pass
                removed = self._remove(nodes, namespace=name, nodes=_BATCH)
                bar.advance(removed)
        for name_of in ("series", "heartbeats", "changes"):
            statement = load(f"namespace/drop_{name_of}")
            while self._remove(statement, namespace=name, nodes=_BATCH):
                pass

    def _remove(self, statement: Statement, **parameters: object) -> int:
        """Return how many elements one batch removed; the change is told once, at the end."""

        def work(tx: Transaction) -> Written[int]:
            return Written(int(tx.run(statement, **parameters)[0][0]), ())

        operation = self._scope.operation(DROP, namespace=str(parameters["namespace"]))
        return self._scope.door.write(work, operation, recorded=False)

    def _finish(self, tx: Transaction, name: str) -> Written[None]:
        rows = tx.run(load("namespace/finish_drop"), namespace=name)
        element = Element(ElementKind.NAMESPACE, (name,))
        return Written(None, [ElementChange(element, row[0], None) for row in rows])


def _system_type(namespace: str, type_id: int, kind: str, name: str) -> ElementChange:
    stored = {
        "namespace": namespace,
        "id": type_id,
        "kind": kind,
        "name": name,
        "version": "",
        "system": True,
    }
    return ElementChange(Element(ElementKind.TYPE, (type_id,)), None, stored)
