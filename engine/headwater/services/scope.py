"""Scope: what every service of one store works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from headwater.errors import FailedPrecondition
from headwater.graph.session import Graph
from headwater.objects import ObjectStore
from headwater.services.door import Caller, Door, Operation
from headwater.services.ids import IdBlocks


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Scope:
    """One namespace of one graph, with the object store beside it.

    Attributes:
        graph: the database.
        objects: where large values and payloads lie; None where none was given.
        namespace: the tenant.
        door: through which every change goes.
        ids: where ids come from.
        offload_bytes: a larger value goes to the object store.
        index_budget: how many indexes are made without being asked for.
        clock: milliseconds since the epoch.
    """

    graph: Graph
    objects: ObjectStore | None
    namespace: str
    door: Door
    ids: IdBlocks
    offload_bytes: int
    index_budget: int
    clock: Callable[[], int] = field(default=now_ms)

    @property
    def object_store(self) -> ObjectStore:
        """The object store.

        Raises:
            FailedPrecondition: this store was opened without one.
        """
        if self.objects is None:
            raise FailedPrecondition(
                "This needs an object store, and the store was opened without one.",
                hint="Set HEADWATER_OBJECTS, or give `objects` to `connect`.",
            )
        return self.objects

    def operation(
        self, name: str, caller: Caller | None = None, *, namespace: str | None = None
    ) -> Operation:
        """Return what is to be done at the door, on this namespace unless another is named."""
        return Operation(name, namespace or self.namespace, caller or Caller(), self.clock())

    def fetch(self, digest: str) -> bytes:
        """Return the bytes that a digest names in the object store."""
        return self.object_store.read_bytes(digest)
