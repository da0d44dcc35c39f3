"""Run lists: executions that a question found, newest first, a page at a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from headwater.query.parts import NodeKey
from headwater_schema import TypeKind


class RunRow(NamedTuple):
    """What a list tells of an execution."""

    id: int
    type: str
    name: str | None
    state: str | None
    create_time_since_epoch: int

    @property
    def key(self) -> NodeKey:
        """What the execution is told apart by."""
        return NodeKey(TypeKind.EXECUTION, self.id)


@dataclass(frozen=True)
class RunList:
    """Executions, newest first (by creation time, then id).

    Attributes:
        runs: this page.
        total: how many there are on all pages.
        left_out: how many follow this page.
        cursor: asks for those; None at the end.
        undecided: ids of executions, and of artifacts that they may have read, that were changed
            after the moment asked about, so that what they held at it is not known here.
    """

    runs: tuple[RunRow, ...]
    total: int
    left_out: int = 0
    cursor: str | None = None
    undecided: tuple[NodeKey, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing follows, and nothing is undecided."""
        return not self.left_out and not self.undecided

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[RunRow]:
        return iter(self.runs)

    def as_dict(self) -> dict[str, Any]:
        """Return the page as JSON-ready values."""
        return {
            "runs": [{"key": str(run.key), **run._asdict()} for run in self.runs],
            "total": self.total,
            "complete": self.complete,
            "left_out": self.left_out,
            "cursor": self.cursor,
            "undecided": [str(key) for key in self.undecided],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the page as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)
