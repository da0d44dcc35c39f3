"""The lineage subgraph: the question as MLMD puts it, and its answer in columns.

An answer may hold a million events, so nothing in it is an object of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from headwater.query.parts import LineageEvent
from headwater_schema import EventType, TypeKind

MLMD_STARTING_NODES = 101
"""How many starting nodes MLMD takes, whatever its documents say; it drops the rest."""


class SubgraphDirection(StrEnum):
    """Which way events are followed from the starting nodes."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BIDIRECTIONAL = "BIDIRECTIONAL"


@dataclass(frozen=True, slots=True)
class EndingNodes:
    """Nodes at which the walk ends.

    Attributes:
        filter_query: which they are; the empty one is every node.
        include: whether they, and the events that reached them, are in the answer.
    """

    filter_query: str
    include: bool = False


@dataclass(frozen=True, slots=True)
class SubgraphQuestion:
    """A question for a lineage subgraph.

    Attributes:
        starting: ARTIFACT or EXECUTION, and the filter that starting nodes match.
        max_num_hops: 0 has the starting nodes alone; None has no limit. Artifact to execution
            is one hop.
        direction: which way.
        ending_artifacts: artifacts that are not gone beyond.
        ending_executions: executions that are not gone beyond.
        max_starting: of more starting nodes, those with the lowest ids are taken; None takes all.
        with_events: whether `events` is wanted.
        with_attributions: whether `attributions` is wanted.
        with_associations: whether `associations` is wanted.
        with_contexts: whether `context_ids` is wanted.
    """

    starting: tuple[TypeKind, str]
    max_num_hops: int | None = None
    direction: SubgraphDirection = SubgraphDirection.BIDIRECTIONAL
    ending_artifacts: EndingNodes | None = None
    ending_executions: EndingNodes | None = None
    max_starting: int | None = MLMD_STARTING_NODES
    with_events: bool = True
    with_attributions: bool = True
    with_associations: bool = True
    with_contexts: bool = True

    @property
    def with_links(self) -> bool:
        """Whether anything about contexts is wanted."""
        return self.with_attributions or self.with_associations or self.with_contexts

    def ending(self, kind: TypeKind) -> EndingNodes | None:
        """Return where the walk ends among nodes of a kind."""
        return self.ending_artifacts if kind is TypeKind.ARTIFACT else self.ending_executions


@dataclass(slots=True)
class EventColumns:
    """Events, a list for each field, all of one length; `paths` holds JSON text as stored."""

    artifact_ids: list[int] = field(default_factory=list)
    execution_ids: list[int] = field(default_factory=list)
    types: list[EventType] = field(default_factory=list)
    milliseconds: list[int | None] = field(default_factory=list)
    paths: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.types)

    def begin(self) -> None:
        """Forget all events."""
        for column in self._columns():
            column.clear()

    def add(self, events: "EventColumns") -> None:
        """Add events behind those that are there."""
        for column, more in zip(self._columns(), events._columns(), strict=True):  # noqa: SLF001
            column.extend(more)

    def rows(self) -> Iterator[LineageEvent]:
        """Yield the events one by one."""
        return map(LineageEvent, *self._columns())

    def _columns(self) -> tuple[list[Any], ...]:
        return self.artifact_ids, self.execution_ids, self.types, self.milliseconds, self.paths


class EventReceiver(Protocol):
    """What takes the events of an answer as they come in, in no order.

    Its work on some is done while the server finds the next.
    """

    def begin(self) -> None:
        """Forget what came: a lost connection has the answer begin anew."""
        ...

    def add(self, events: EventColumns) -> None:
        """Take some events."""
        ...


@dataclass(frozen=True, slots=True)
class Cut:
    """What limits kept out of an answer.

    Attributes:
        starting_left_out: starting nodes that match and were not taken.
        hops: whether the limit of hops left out an event.
        nodes_beyond: nodes a hop further than the limit; not all those that are further still.
    """

    starting_left_out: int = 0
    hops: bool = False
    nodes_beyond: int = 0

    def __bool__(self) -> bool:
        return self.starting_left_out > 0 or self.hops


@dataclass(slots=True)
class Subgraph:
    """A lineage subgraph in columns.

    Attributes:
        artifact_ids: by id.
        execution_ids: by id.
        context_ids: contexts of those nodes, by id.
        events: by execution, artifact and type, each once; none where a receiver took them.
        attributions: (artifact id, context id), by both.
        associations: (execution id, context id), by both.
        cut: what limits kept out.
    """

    artifact_ids: list[int] = field(default_factory=list)
    execution_ids: list[int] = field(default_factory=list)
    context_ids: list[int] = field(default_factory=list)
    events: EventColumns = field(default_factory=EventColumns)
    attributions: list[tuple[int, int]] = field(default_factory=list)
    associations: list[tuple[int, int]] = field(default_factory=list)
    cut: Cut = field(default_factory=Cut)
