"""Paths: ways along the flow of data from one node to another."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, overload

from headwater.query.answers import Lineage
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater.visible import visible


@dataclass(frozen=True)
class Path:
    """One way from a node to another; printed, it is a line of text.

    Two nodes that several events connect, of different types, are one step: the way is told
    apart from others by its nodes alone.

    Attributes:
        nodes: from the upstream end to the downstream one; `distance` counts from the first.
        events: of each step in turn; of one step by type, all that there are.
    """

    nodes: tuple[LineageNode, ...]
    events: tuple[LineageEvent, ...]

    @property
    def hops(self) -> int:
        """How many steps it takes: one fewer than it has nodes."""
        return len(self.nodes) - 1

    @property
    def keys(self) -> tuple[NodeKey, ...]:
        """The nodes by their keys, in order."""
        return tuple(node.key for node in self.nodes)

    def __str__(self) -> str:
        types: dict[tuple[NodeKey, NodeKey], list[str]] = {}
        for event in self.events:
            types.setdefault((event.source, event.target), []).append(event.type)
        text = _named(self.nodes[0])
        for source, target in pairwise(self.nodes):
            arrow = "+".join(types.get((source.key, target.key), []))
            text += f" -{arrow}-> {_named(target)}"
        return text

    def as_lineage(self) -> Lineage:
        """Return the way as a lineage, with all the forms that one can take."""
        return Lineage(self.nodes[0].key, Direction.DOWNSTREAM, self.nodes, self.events)

    def as_dict(self) -> dict[str, Any]:
        """Return the way as JSON-ready values: hops, nodes, edges."""
        whole = self.as_lineage().as_dict()
        return {"hops": self.hops, "nodes": whole["nodes"], "edges": whole["edges"]}


@dataclass(frozen=True)
class Paths(Sequence[Path]):
    """The shortest ways from a node to another: a sequence of them.

    Attributes:
        paths: shorter ones first; of one length, by the kinds and ids of their nodes.
        complete: whether there are no others.
        total: how many there are in all; None where data flows in rings between the two, which
            makes counting take too long, and the answer is not complete.
    """

    paths: tuple[Path, ...]
    complete: bool = True
    total: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Path, ...]: ...
    def __getitem__(self, index: int | slice) -> Path | tuple[Path, ...]:
        return self.paths[index]

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def __str__(self) -> str:
        lines = [str(path) for path in self.paths]
        if not self.complete:
            rest = "more" if self.total is None else f"{self.total - len(self.paths)} more"
            lines.append(f"... and {rest}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the ways as JSON-ready values: paths, complete, total."""
        return {
            "paths": [path.as_dict() for path in self.paths],
            "complete": self.complete,
            "total": self.total,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the ways as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)


def _named(node: LineageNode) -> str:
    return visible(node.title)
