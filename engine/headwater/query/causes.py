"""Causes: what several nodes have in common upstream, and what changed there last."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from headwater.errors import InvalidArgument
from headwater.query.parts import LineageEvent, LineageNode, NodeKey
from headwater.visible import visible
from headwater_schema import TypeKind


class CommonAncestor(NamedTuple):
    """A node that all the nodes asked about descend from.

    Attributes:
        node: its `distance` is `greatest_distance`.
        healthy: how many of the healthy nodes descend from it too, or are it.
        greatest_distance: hops to the furthest of the nodes asked about.
        sum_of_distances: hops to all of them together.
        create_time_since_epoch: milliseconds; 0 where none is stored.
    """

    node: LineageNode
    healthy: int
    greatest_distance: int
    sum_of_distances: int
    create_time_since_epoch: int


@dataclass(frozen=True)
class CommonAncestors:
    """The common ancestors of some nodes, the most specific first; a cut answer says so.

    Attributes:
        nodes: that were asked about.
        healthy: that their ancestors were held against.
        ancestors: fewest healthy descendants first, then nearest, newest, by kind and id.
        total: how many there are in all.
        left_out: how many are in no answer so far, by kind and type.
        cursor: asks for those; None where none is left out.
    """

    nodes: tuple[NodeKey, ...]
    healthy: tuple[NodeKey, ...]
    ancestors: tuple[CommonAncestor, ...]
    total: int
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing follows."""
        return self.cursor is None

    def __len__(self) -> int:
        return len(self.ancestors)

    def __iter__(self) -> Iterator[CommonAncestor]:
        return iter(self.ancestors)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values."""
        return {
            "nodes": [str(key) for key in self.nodes],
            "healthy": [str(key) for key in self.healthy],
            "ancestors": [
                {
                    **_node_dict(found.node),
                    "healthy": found.healthy,
                    "greatest_distance": found.greatest_distance,
                    "sum_of_distances": found.sum_of_distances,
                    "create_time_since_epoch": found.create_time_since_epoch,
                }
                for found in self.ancestors
            ],
            "total": self.total,
            "complete": self.complete,
            "left_out": {str(kind): dict(counts) for kind, counts in self.left_out.items()},
            "cursor": self.cursor,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)


@dataclass(frozen=True)
class CommonChange:
    """The newest change in what several nodes have in common upstream; printed, it says why.

    Attributes:
        nodes: that were asked about.
        node: what changed, or where the event's data went.
        what: `created`, `updated` or `event`.
        event: the event, where it is one.
        milliseconds_since_epoch: when.
        greatest_distance: hops from `node` to the furthest of the nodes asked about.
        sum_of_distances: hops to all of them together.
    """

    nodes: tuple[NodeKey, ...]
    node: LineageNode
    what: str
    event: LineageEvent | None
    milliseconds_since_epoch: int
    greatest_distance: int
    sum_of_distances: int

    @property
    def why(self) -> str:
        """What changed and when, and what descends from it, as a sentence."""
        time = datetime.fromtimestamp(self.milliseconds_since_epoch / 1_000, UTC)
        when = time.isoformat(sep=" ", timespec="milliseconds")
        title = f"{visible(self.node.title)} ({self.node.key})"
        if self.event is None:
            begun = f"{title} was {self.what} at {when}"
        else:
            begun = f"{self.event.type} of {self.event.source} came into {title} at {when}"
        count = len(self.nodes)
        whose = "the node asked about descends" if count == 1 else f"all {count} nodes descend"
        return f"{begun}; {whose} from it, the furthest over {self.greatest_distance} hops."

    def __str__(self) -> str:
        return self.why

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        event = self.event
        return {
            "nodes": [str(key) for key in self.nodes],
            "node": _node_dict(self.node),
            "what": self.what,
            "event": None
            if event is None
            else {"source": str(event.source), "target": str(event.target), "type": event.type},
            "milliseconds_since_epoch": self.milliseconds_since_epoch,
            "greatest_distance": self.greatest_distance,
            "sum_of_distances": self.sum_of_distances,
            "why": self.why,
        }


def encode_position(content: Mapping[str, Any]) -> str:
    """Return the text that asks a ranked or ordered list's question again, from a place on."""
    text = json.dumps(content, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(cursor: str, keys: set[str], namespace: str) -> dict[str, Any]:
    """Return what a cursor says.

    Args:
        cursor: the text.
        keys: what it must say, `namespace` among them.
        namespace: that it must be of.

    Raises:
        InvalidArgument: it is no cursor of that question, or one of another namespace.
    """
    try:
        content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _no_cursor(cursor) from error
    if not isinstance(content, dict) or content.keys() != keys:
        raise _no_cursor(cursor)
    if content["namespace"] != namespace:
        raise InvalidArgument(
            f"The cursor is of namespace {content['namespace']!r:.200}, this is {namespace!r}."
        )
    return content


def _no_cursor(cursor: str) -> InvalidArgument:
    return InvalidArgument(
        f"{cursor!r:.200} is not a cursor of this question.",
        hint="Use the cursor of a cut answer as it is.",
    )


def _node_dict(node: LineageNode) -> dict[str, Any]:
    return {"key": str(node.key), **node._asdict(), "kind": str(node.kind)}
