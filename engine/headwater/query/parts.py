"""Parts of an answer: nodes by key, and the events between them, kept as columns."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import compress
from typing import Any, NamedTuple, Self, TypeVar, overload

from headwater_schema import EventType, TypeKind

ENVIRONMENT_TYPE = "Environment"
"""The type of artifacts that only say what executions ran in."""

RUN_TYPE = "PipelineRun"
"""The type of contexts that are runs of pipelines."""


class Direction(StrEnum):
    """Which way a lineage question goes.

    BOTH has what a node came from and what came of it, not what else came of the same;
    BETWEEN has what lies on some way of data from one node to another.
    """

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BOTH = "BOTH"
    BETWEEN = "BETWEEN"


class NodeKey(NamedTuple):
    """A node of a lineage: artifacts and executions count their ids apart."""

    kind: TypeKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.lower()}:{self.id}"


class LineageNode(NamedTuple):
    """A node of an answer, with its distance from the start in hops."""

    kind: TypeKind
    id: int
    type: str
    name: str | None
    state: str | None
    distance: int

    @property
    def key(self) -> NodeKey:
        """What the node is told apart by."""
        return NodeKey(self.kind, self.id)

    @property
    def title(self) -> str:
        """The node's name, or its type and id where it has none."""
        return self.name or f"{self.type} #{self.id}"


class LineageEvent(NamedTuple):
    """An event of an answer: an edge between two of its nodes.

    `path` is JSON text, as stored.
    """

    artifact_id: int
    execution_id: int
    type: str
    milliseconds_since_epoch: int | None
    path: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the event as JSON-ready values: source, target, type, time, path."""
        return {
            "source": str(self.source),
            "target": str(self.target),
            "type": self.type,
            "milliseconds_since_epoch": self.milliseconds_since_epoch,
            "path": None if self.path is None else json.loads(self.path),
        }

    @property
    def artifact(self) -> NodeKey:
        """The artifact's end."""
        return NodeKey(TypeKind.ARTIFACT, self.artifact_id)

    @property
    def execution(self) -> NodeKey:
        """The execution's end."""
        return NodeKey(TypeKind.EXECUTION, self.execution_id)

    @property
    def source(self) -> NodeKey:
        """The end that data flows from."""
        return self.artifact if EventType(self.type).is_input else self.execution

    @property
    def target(self) -> NodeKey:
        """The end that data flows to."""
        return self.execution if EventType(self.type).is_input else self.artifact


RowT = TypeVar("RowT", LineageNode, LineageEvent)


class Columns(Sequence[RowT]):
    """Rows kept as a list for each field, which behave as a tuple of rows.

    A row is made when it is asked for: an answer of a million rows costs no objects until then.

    Args:
        columns: a list for each field of a row, all of one length.
        order: where given, a number for each row, by which the rows are sorted when somebody
            first looks at them; None sorts first.
    """

    __slots__ = ("_state",)
    _make: Callable[..., RowT]
    _width: int

    def __init__(
        self, columns: Sequence[list[Any]] = (), *, order: list[int | None] | None = None
    ) -> None:
        # One attribute, so that two threads that sort at once do no harm.
        self._state = (tuple(columns) or tuple([] for _ in range(self._width)), order)

    @classmethod
    def of(cls, rows: Iterable[RowT]) -> Self:
        """Return rows as columns; columns as they are."""
        return rows if isinstance(rows, cls) else cls([list(c) for c in zip(*rows, strict=True)])

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """A list for each field, in the order of the rows; not to be changed."""
        columns, order = self._state
        if order is not None:
            places = sorted(
                range(len(order)), key=[-1 if n is None else n for n in order].__getitem__
            )
            columns = tuple([column[i] for i in places] for column in columns)
            self._state = (columns, None)
        return columns

    def where(self, wanted: Iterable[object]) -> Self:
        """Return the rows for which the value at their place is true."""
        kept = list(wanted)
        return type(self)([list(compress(column, kept)) for column in self.columns])

    def __len__(self) -> int:
        return len(self._state[0][0])

    def __iter__(self) -> Iterator[RowT]:
        return map(self._make, *self.columns)

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RowT, ...]: ...
    def __getitem__(self, index: int | slice) -> RowT | tuple[RowT, ...]:
        picked = [column[index] for column in self.columns]
        return tuple(map(self._make, *picked)) if isinstance(index, slice) else self._make(*picked)

    def __add__(self, other: Sequence[RowT]) -> tuple[RowT, ...]:
        return tuple(self) + tuple(other)

    def __radd__(self, other: object) -> tuple[RowT, ...]:
        # As of a tuple: a list that is extended in place stays a list.
        return other + tuple(self) if isinstance(other, tuple) else NotImplemented

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Columns):
            return type(self) is type(other) and self.columns == other.columns
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:_SHOWN]))
        more = len(self) - _SHOWN
        return f"({shown}, and {more:,} more)" if more > 0 else f"({shown})"


_SHOWN = 20


class Nodes(Columns[LineageNode]):
    """The nodes of an answer."""

    __slots__ = ()
    _make = LineageNode
    _width = 6

    @property
    def kinds(self) -> list[TypeKind]:
        """The kind of each node."""
        return self.columns[0]

    @property
    def ids(self) -> list[int]:
        """The id of each node."""
        return self.columns[1]

    @property
    def types(self) -> list[str]:
        """The name of each node's type."""
        return self.columns[2]

    @property
    def names(self) -> list[str | None]:
        """The name of each node."""
        return self.columns[3]

    @property
    def states(self) -> list[str | None]:
        """The state of each node."""
        return self.columns[4]

    @property
    def distances(self) -> list[int]:
        """How many hops each node is from the start."""
        return self.columns[5]

    def ids_of(self, kind: TypeKind) -> set[int]:
        """Return the ids of the nodes of a kind."""
        return {i for k, i in zip(self.kinds, self.ids, strict=True) if k is kind}


class Events(Columns[LineageEvent]):
    """The events of an answer."""

    __slots__ = ()
    _make = LineageEvent
    _width = 5

    @property
    def artifact_ids(self) -> list[int]:
        """The artifact of each event."""
        return self.columns[0]

    @property
    def execution_ids(self) -> list[int]:
        """The execution of each event."""
        return self.columns[1]

    @property
    def types(self) -> list[str]:
        """The type of each event."""
        return self.columns[2]

    @property
    def milliseconds(self) -> list[int | None]:
        """When each event happened, in milliseconds since the epoch."""
        return self.columns[3]

    @property
    def paths(self) -> list[str | None]:
        """The path of each event, as JSON text."""
        return self.columns[4]

    def between(self, nodes: Nodes) -> "Events":
        """Return the events whose two ends are among nodes."""
        artifacts, executions = nodes.ids_of(TypeKind.ARTIFACT), nodes.ids_of(TypeKind.EXECUTION)
        return self.where(
            a in artifacts and e in executions
            for a, e in zip(self.artifact_ids, self.execution_ids, strict=True)
        )
