"""Requests and answers: what is asked of the store in one call, and pages of what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Generic, NamedTuple, TypeAlias, TypeVar

from pydantic import Field

from headwater_schema.edges import EventType, PathStep
from headwater_schema.nodes import Artifact, Context, Execution, ExecutionState
from headwater_schema.types import TypeKind

NodeT = TypeVar("NodeT")

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class OrderField(StrEnum):
    """What a list of nodes can be ordered by; ties are broken by id, in the same direction."""

    ID = "ID"
    CREATE_TIME = "CREATE_TIME"
    LAST_UPDATE_TIME = "LAST_UPDATE_TIME"


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Which part of a list is asked for.

    Attributes:
        max_result_size: most nodes in one page, at least 1.
        order_by: the order.
        is_asc: ascending, or descending.
        next_page_token: of the page before; the order must be the same.
        filter_query: only nodes that match, in MLMD's filter language; empty has no filter.
    """

    max_result_size: Annotated[int, Field(ge=1)] = DEFAULT_PAGE_SIZE
    order_by: OrderField = OrderField.ID
    is_asc: bool = True
    next_page_token: str = ""
    filter_query: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[NodeT]):
    """One page of a list.

    Attributes:
        items: the nodes, in the order asked for.
        next_page_token: asks for the next page; empty at the end.
    """

    items: tuple[NodeT, ...]
    next_page_token: str = ""


class New(NamedTuple):
    """A node of the same request, by its position in the list of its kind."""

    position: int


NodeRef: TypeAlias = int | New
"""A node by its id, or one of the same request."""


class EventPut(NamedTuple):
    """An event to record between two nodes, either of which may be new in the same request."""

    artifact: NodeRef
    execution: NodeRef
    type: EventType
    path: tuple[PathStep, ...] = ()
    milliseconds_since_epoch: int | None = None


class LinkPut(NamedTuple):
    """An attribution or association to record: the artifact or execution, and the context."""

    node: NodeRef
    context: NodeRef


class ParentPut(NamedTuple):
    """A parent context to record."""

    child: NodeRef
    parent: NodeRef


@dataclass(frozen=True, slots=True)
class StoredPayload:
    """The bytes of an artifact, already in the object store."""

    digest: str
    size_bytes: int


class FirstBeat(NamedTuple):
    """The first sign of life of the process that works on an execution.

    Attributes:
        host: where the process runs.
        pid: the process there.
        interval_ms: how long until the next one is due.
        machine: tells the boot and the namespace in which the pid means something from others;
            empty where nobody said.
        started: when the process began, in seconds since that boot, or since the epoch where the
            system says no more; 0 where nobody said.
    """

    host: str
    pid: int
    interval_ms: int
    machine: str = ""
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Everything that one call writes, in one transaction: all of it, or nothing.

    Attributes:
        artifacts: inserted where they have no id, else updated.
        executions: likewise.
        contexts: likewise.
        events: at most one per (artifact, execution, type).
        attributions: artifact to context; those that exist are left as they are.
        associations: execution to context; likewise.
        parents: child to parent context.
        series: position of an artifact to its series: the name is made of it and the
            next version.
        payloads: position of an artifact to its stored bytes.
        update_masks: by kind, names what an update of such a node may touch; a kind without
            a mask is replaced whole.
        reuse_contexts: a context without id whose type and name exist is used, not updated.
        reuse_artifacts: an artifact without id whose external id exists is updated.
        force_update_time: executions' update time moves even if nothing else changes.
        match_update_times: an update of an artifact is refused unless the request's
            update time equals the stored one.
        first_beats: position of a new execution to the process that works on it, whose
            heartbeat begins.
        expected_states: position of an updated execution to the state in which it must be,
            or the request is refused.
        ends_heartbeats: the heartbeats of the executions that are updated end.
    """

    artifacts: tuple[Artifact, ...] = ()
    executions: tuple[Execution, ...] = ()
    contexts: tuple[Context, ...] = ()
    events: tuple[EventPut, ...] = ()
    attributions: tuple[LinkPut, ...] = ()
    associations: tuple[LinkPut, ...] = ()
    parents: tuple[ParentPut, ...] = ()
    series: Mapping[int, str] = field(default_factory=dict)
    payloads: Mapping[int, StoredPayload] = field(default_factory=dict)
    update_masks: Mapping[TypeKind, tuple[str, ...]] = field(default_factory=dict)
    reuse_contexts: bool = False
    reuse_artifacts: bool = False
    force_update_time: bool = False
    match_update_times: bool = False
    first_beats: Mapping[int, FirstBeat] = field(default_factory=dict)
    expected_states: Mapping[int, ExecutionState] = field(default_factory=dict)
    ends_heartbeats: bool = False


class PutAnswer(NamedTuple):
    """The ids of a request's nodes, each list aligned with the request's.

    `versions` holds, by the artifact's position, the version that a series gave it.
    """

    artifact_ids: tuple[int, ...]
    execution_ids: tuple[int, ...]
    context_ids: tuple[int, ...]
    versions: Mapping[int, int]
