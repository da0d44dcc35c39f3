"""Question: what may be asked of a lineage, checked before anything is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from headwater.errors import InvalidArgument
from headwater.query.moment import NOW, Moment
from headwater.query.parts import Direction, NodeKey
from headwater_schema import TypeKind

FLOWING = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
"""The kinds that data flows through."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which of the nodes that are reached are shown; what is unset lets every node through.

    Attributes:
        kinds: ARTIFACT, EXECUTION or both.
        types: names of types.
        states: states, of artifacts or executions; DELETED is the state of a tombstone.
        artifacts: artifacts must match this, in MLMD's filter language; executions need not.
        executions: executions must match this; artifacts need not.
        contexts: ids of contexts, to one of which the node must be linked directly.
        since: created at this time or later, in milliseconds since the epoch.
        until: created at this time or earlier.
        roots: only nodes that no event leads to.
        leaves: only nodes that no event leads away from.
    """

    kinds: tuple[TypeKind, ...] | None = None
    types: tuple[str, ...] | None = None
    states: tuple[str, ...] | None = None
    artifacts: str = ""
    executions: str = ""
    contexts: tuple[int, ...] | None = None
    since: int | None = None
    until: int | None = None
    roots: bool = False
    leaves: bool = False

    def __post_init__(self) -> None:
        _freeze(self, kinds=_kind, types=_text, states=_text, contexts=_number)
        if self.kinds is not None and not set(self.kinds) <= set(FLOWING):
            raise InvalidArgument(
                "Only artifacts and executions are part of a lineage, asked to show "
                f"{', '.join(self.kinds)}.",
                hint="`contexts` selects the nodes of contexts.",
                kinds=self.kinds,
            )
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InvalidArgument(
                f"The time window is empty: since {self.since} until {self.until}.",
                since=self.since,
                until=self.until,
            )

    @property
    def is_all(self) -> bool:
        """Whether every node is shown."""
        return self == Selection()

    def filter_of(self, kind: TypeKind) -> str:
        """Return the filter for nodes of a kind, empty where there is none."""
        return self.artifacts if kind is TypeKind.ARTIFACT else self.executions


@dataclass(frozen=True, kw_only=True)
class Stops:
    """Nodes that are shown but not gone beyond; the start itself is always gone beyond.

    Attributes:
        types: names of types.
        keys: these nodes.
        artifacts: artifacts that match this, in MLMD's filter language.
        executions: executions that match this.
    """

    types: tuple[str, ...] = ()
    keys: tuple[NodeKey, ...] = ()
    artifacts: str = ""
    executions: str = ""

    def __post_init__(self) -> None:
        _freeze(self, types=_text, keys=_key)

    @property
    def is_none(self) -> bool:
        """Whether nothing stops."""
        return self == Stops()

    def filter_of(self, kind: TypeKind) -> str:
        """Return the filter for nodes of a kind, empty where there is none."""
        return self.artifacts if kind is TypeKind.ARTIFACT else self.executions


@dataclass(frozen=True, kw_only=True)
class Question:
    """A lineage question.

    Attributes:
        starts: the nodes asked about; of BETWEEN, where data comes from.
        direction: which way.
        targets: of BETWEEN alone, where data arrives.
        max_hops: 0 has the starts alone; None has no limit. A hop crosses one event. Of BETWEEN
            it is the length of the whole way.
        selection: which of the nodes are shown.
        stops: which are not gone beyond.
        moment: of which state of the world, as known when. Filters look at nodes as they are now.
        limit: at most so many nodes in one answer; its cursor goes on. None has no limit.

    Raises:
        InvalidArgument: this is no question; the message says why.
    """

    starts: tuple[NodeKey, ...]
    direction: Direction = Direction.UPSTREAM
    targets: tuple[NodeKey, ...] = ()
    max_hops: int | None = None
    selection: Selection = field(default_factory=Selection)
    stops: Stops = field(default_factory=Stops)
    moment: Moment = NOW
    limit: int | None = None

    def __post_init__(self) -> None:
        _freeze(self, starts=_key, targets=_key)
        for key in (*self.starts, *self.targets, *self.stops.keys):
            check_flows(key)
        if not self.starts:
            raise InvalidArgument(
                "A lineage question needs a node to start from.", hint="Give one or more nodes."
            )
        if (self.direction is Direction.BETWEEN) != bool(self.targets):
            raise InvalidArgument(
                f"Targets belong to BETWEEN and BETWEEN needs some, asked {self.direction} with "
                f"{len(self.targets)}.",
                direction=self.direction,
                targets=self.targets,
            )
        if self.max_hops is not None and self.max_hops < 0:
            raise InvalidArgument(
                f"Hops are counted from 0, asked for {self.max_hops}.", max_hops=self.max_hops
            )
        if self.limit is not None and self.limit < 1:
            raise InvalidArgument(
                f"A page has at least one node, asked for {self.limit}.", limit=self.limit
            )

    @property
    def start(self) -> NodeKey:
        """The first of the starts."""
        return self.starts[0]

    @property
    def is_plain(self) -> bool:
        """Whether it is about everything as it is now."""
        return (
            self.moment.is_now
            and self.limit is None
            and self.selection.is_all
            and self.stops.is_none
            and self.direction is not Direction.BETWEEN
        )


def check_flows(key: NodeKey) -> None:
    """Check that a node can be part of a lineage.

    Raises:
        InvalidArgument: it is a context.
    """
    if key.kind not in FLOWING:
        raise InvalidArgument(
            f"Data does not flow through contexts, asked for {key}.",
            hint="Ask about an artifact or an execution.",
            key=key,
        )


def _freeze(record: object, **makers: Any) -> None:  # noqa: ANN401 - what makes an element
    """Make tuples without repeats of the collections that a caller gave."""
    for column in fields(record):  # type: ignore[arg-type] # the three classes above
        value = getattr(record, column.name)
        if column.name not in makers or value is None:
            continue
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidArgument(
                f"`{column.name}` takes several values, found {value!r:.200}.",
                hint="Give a list.",
                field=column.name,
            )
        made = tuple(dict.fromkeys(makers[column.name](item) for item in value))
        object.__setattr__(record, column.name, made)


def _kind(value: object) -> TypeKind:
    try:
        return TypeKind(str(value))
    except ValueError as error:
        raise InvalidArgument(
            f"{value!r:.200} is not a kind.", hint="ARTIFACT or EXECUTION.", value=repr(value)
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"Expected a name, found {value!r:.200}.", value=repr(value))
    return str(value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgument(f"Expected an id, found {value!r:.200}.", value=repr(value))
    return value


def _key(value: object) -> NodeKey:
    if not isinstance(value, NodeKey):
        raise InvalidArgument(
            f"Expected the key of a node, found {value!r:.200}.",
            hint="`store.key` gives the key of a node, however it is named.",
            value=repr(value),
        )
    return value
