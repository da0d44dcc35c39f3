"""Stored values: how what another database holds is stored in the graph.

For those who bring whole stores in, and so make property maps themselves instead of models.
"""

from collections.abc import Callable
from typing import Any

from headwater.graph.records import Stored, encode_node, encode_path, encode_uri, offloaded
from headwater.objects import ObjectStore
from headwater.services.scope import Scope
from headwater_schema import Artifact, PathStep

__all__ = ["Stored", "ValueEncoder", "encode_path", "encode_uri"]

_KNOWN_PATHS = 10_000
"""A pipeline's events have few different paths; so many texts are kept."""

Put = Callable[[], ObjectStore]


class ValueEncoder:
    """Makes stored properties of single values, putting large ones into the object store.

    Args:
        objects: returns the object store; asked for when the first large value is met.
        offload_bytes: a larger value goes there.
    """

    def __init__(self, objects: Put, offload_bytes: int) -> None:
        self._objects = objects
        self._offload_bytes = offload_bytes
        self._paths: dict[tuple[tuple[bool, Any], ...], str] = {}

    @classmethod
    def of(cls, scope: Scope) -> "ValueEncoder":
        """Return the encoder of a store."""
        return cls(lambda: scope.object_store, scope.offload_bytes)

    def encode(self, key: str, value: Any, *, custom: bool) -> Stored:  # noqa: ANN401 - any property value
        """Return the stored properties of one user property."""
        properties = {key: value}
        node = Artifact.model_construct(
            properties={} if custom else properties, custom_properties=properties if custom else {}
        )
        encoded = encode_node(node, offload_bytes=self._offload_bytes)
        for large in encoded.large:
            kept = self._objects().put(large.content)
            encoded.stored[large.key] = offloaded(large.kind, kept.digest, kept.size_bytes)
        return encoded.stored

    def steps(self, steps: list[tuple[bool, Any]]) -> str | None:
        """Return an event's path as stored text.

        Args:
            steps: whether each is an index, and the index or key.
        """
        known = self._paths.get(key := tuple(steps))
        if known is None:
            path = tuple(
                PathStep.model_construct(
                    index=int(step) if is_index else None, key=None if is_index else step
                )
                for is_index, step in steps
            )
            known = encode_path(path)
            if len(self._paths) < _KNOWN_PATHS and known is not None:
                self._paths[key] = known
        return known
