"""Tenants: the store of each namespace that clients name, a bounded number of them."""

import threading
from collections import OrderedDict

from headwater import MetadataStore
from headwater.services.namespaces import check_namespace

_KEPT = 256


class Tenants:
    """Stores by namespace, the least recently used one forgotten first.

    A store knows its types, so it is kept; but clients can invent namespaces, so not for ever.

    Args:
        store: of the namespace that is used where a client names none.
        kept: how many stores.
    """

    def __init__(self, store: MetadataStore, *, kept: int = _KEPT) -> None:
        self._default = store
        self._kept = kept
        self._lock = threading.Lock()
        self._stores: OrderedDict[str, MetadataStore] = OrderedDict()

    def __len__(self) -> int:
        return len(self._stores)

    def named(self, namespace: str | None) -> str:
        """Return the namespace that a client named, or the one that is used where it named none.

        Raises:
            InvalidArgument: no namespace can have that name.
        """
        return self._default.namespace if namespace is None else check_namespace(namespace)

    def store(self, namespace: str) -> MetadataStore:
        """Return the namespace's store."""
        if namespace == self._default.namespace:
            return self._default
        with self._lock:
            found = self._stores.get(namespace)
            if found is None:
                found = self._stores[namespace] = self._default.in_namespace(namespace)
                while len(self._stores) > self._kept:
                    self._stores.popitem(last=False)
            else:
                self._stores.move_to_end(namespace)
            return found
