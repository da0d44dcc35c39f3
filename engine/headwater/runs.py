"""Runs: one step of work, recorded from its beginning to its end.

The execution is RUNNING while the `with` block runs, COMPLETE after it, FAILED with the error
where it raises. Its outputs are PENDING until then, LIVE or ABANDONED after. A heartbeat tells
a run that works from one whose process was killed.
"""

import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from headwater.errors import FailedPrecondition, HeadwaterError, InvalidArgument
from headwater.objects import Payload, StoredObject
from headwater.services.heartbeats import first_beat
from headwater.typed import Artifact, Context, Execution, check_series, checked_node
from headwater_schema import Artifact as ArtifactNode
from headwater_schema import (
    ArtifactState,
    EventPut,
    EventType,
    ExecutionState,
    FirstBeat,
    LinkPut,
    New,
    NodeRef,
    PathStep,
    PutRequest,
    StoredPayload,
    TypeKind,
)
from headwater_schema import Execution as ExecutionNode

if TYPE_CHECKING:
    from headwater.references import NodeLike
    from headwater.store import MetadataStore

ArtifactT = TypeVar("ArtifactT", bound=Artifact)
_log = logging.getLogger("headwater")
_MAX_TRACEBACK = 20_000


class Run:
    """One execution while it runs; use it in a `with` statement.

    Attributes:
        execution: the execution; with its id inside the `with`.
    """

    def __init__(
        self,
        store: "MetadataStore",
        execution: Execution,
        contexts: Sequence[Context],
        *,
        heartbeat_s: float,
    ) -> None:
        self.execution = execution
        self._store = store
        self._contexts = contexts
        self._context_ids: tuple[int, ...] = ()
        self._type_id: int | None = None
        self._outputs: list[ArtifactNode] = []
        self._heart = Heart(store, heartbeat_s)
        self._ended = False

    @property
    def id(self) -> int:
        """The execution's id.

        Raises:
            FailedPrecondition: the run has not begun.
        """
        if self.execution.id is None or self._ended:
            raise FailedPrecondition(
                "The run has ended." if self._ended else "The run has not begun.",
                hint="Use it inside `with store.run(...) as run:`.",
            )
        return self.execution.id

    def __enter__(self) -> Self:
        if self.execution.id is not None:
            raise FailedPrecondition("A run records one execution, once.", id=self.execution.id)
        started = self.execution.model_copy(update={"last_known_state": ExecutionState.RUNNING})
        self._store.register(type(started), *(type(context) for context in self._contexts))
        self._type_id = self._store.type_id(type(started))
        node = started.to_node(self._type_id)
        contexts = tuple(c.to_node(self._store.type_id(type(c))) for c in self._contexts)
        known = {i for i, context in enumerate(contexts) if context.id is not None}
        new = [context for i, context in enumerate(contexts) if i not in known]
        refs = [c.id for c in contexts if c.id is not None]
        every: list[NodeRef] = [*refs, *(New(i) for i in range(len(new)))]
        answer = self._store.put(
            PutRequest(
                executions=(node,),
                contexts=tuple(new),
                associations=tuple(LinkPut(New(0), context) for context in every),
                reuse_contexts=True,
                first_beats={0: self._heart.first()},
            )
        )
        self._context_ids = (*refs, *answer.context_ids)
        self.execution = started.model_copy(update={"id": answer.execution_ids[0]})
        self._heart.start(answer.execution_ids[0])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._finish(error)
        except HeadwaterError as lost:
            if error is None:
                raise
            # The user's own error is what they must see; that it was not recorded is added to it.
            error.add_note(f"headwater could not record that this run failed: {lost}")
            _log.exception("Could not record the end of execution %s", self.execution.id)
        finally:
            self._ended = True
            self._heart.stop()

    def input(
        self, reference: "NodeLike", *, type: type[ArtifactT] | str | None = None, key: str = ""
    ) -> Any:  # noqa: ANN401 - of the class that was given
        """Return an artifact, after recording that this run reads it.

        Args:
            reference: as in `MetadataStore.artifact`. An object that the store has not seen is
                looked up by its type, name, uri and properties, and recorded where it is new.
            type: class to return it as, or name of its type.
            key: which input of the execution it is.

        Raises:
            NotFound: there is no such artifact.
            AlreadyExists: this run has read it already.
        """
        if isinstance(reference, Artifact) and reference.id is None:
            artifact: Artifact = self._known(reference) or self._record(reference, None, None)
        elif isinstance(reference, Artifact) and type is None:
            artifact = reference
        else:
            artifact = cast("Artifact", self._store.artifact(reference, type=cast("Any", type)))
        artifact_id = artifact.id or 0
        self._store.put(
            PutRequest(
                events=(EventPut(artifact_id, self.id, EventType.INPUT, _path(key)),),
                attributions=tuple(LinkPut(artifact_id, c) for c in self._context_ids),
            )
        )
        return artifact

    def output(
        self,
        artifact: ArtifactT,
        *,
        payload: Payload | None = None,
        key: str = "",
    ) -> ArtifactT:
        """Return the artifact as the store keeps it, after recording that this run made it.

        Args:
            artifact: what was made; its name is a series, of which it is the next version.
            payload: its bytes: a path, bytes, a binary file or an iterable of bytes. They go
                to the object store before anything is recorded.
            key: which output of the execution it is.
        """
        if artifact.id is not None:
            raise InvalidArgument(
                f"Artifact {artifact.id} exists already; an output is something new.",
                hint="Give a new object of its class.",
                id=artifact.id,
            )
        stored = None if payload is None else self._store.objects.put(payload)
        return self._record(
            artifact, stored, EventPut(New(0), self.id, EventType.OUTPUT, _path(key))
        )

    def log(self, **values: Any) -> None:  # noqa: ANN401 - property values
        """Set properties of the execution: declared ones where its class declares them, else custom.

        Raises:
            InvalidArgument: a declared property is of another kind.
        """
        if not values:
            return
        declared = type(self.execution).node_type().properties
        properties = {k: v for k, v in values.items() if k in declared}
        custom = {k: v for k, v in values.items() if k not in declared}
        mask = [f"properties.{k}" for k in properties] + [f"custom_properties.{k}" for k in custom]
        node = checked_node(
            ExecutionNode,
            id=self.id,
            type_id=self._type_id,
            properties=properties,
            custom_properties=custom,
        )
        self._update(node, mask)

    def _record(
        self, artifact: ArtifactT, stored: StoredObject | None, event: EventPut | None
    ) -> ArtifactT:
        node = artifact.to_node(self._store.type_id(type(artifact)))
        state = ArtifactState.LIVE if event is None else ArtifactState.PENDING
        fields: dict[str, Any] = {"state": artifact.state or state, "name": None}
        if stored is not None and artifact.uri is None:
            fields["uri"] = stored.uri
        answer = self._store.put(
            PutRequest(
                artifacts=(node.model_copy(update=fields),),
                events=() if event is None else (event,),
                attributions=tuple(LinkPut(New(0), c) for c in self._context_ids),
                series={} if artifact.name is None else {0: check_series(artifact.name)},
                payloads={}
                if stored is None
                else {0: StoredPayload(stored.digest, stored.size_bytes)},
            )
        )
        artifact_id = answer.artifact_ids[0]
        if event is not None and artifact.state is None:
            self._outputs.append(ArtifactNode(id=artifact_id, type_id=node.type_id))
        return type(artifact).from_node(self._store.artifacts.by_ids([artifact_id])[0])

    def _known(self, artifact: ArtifactT) -> ArtifactT | None:
        """Return the latest version of the artifact's series, or of its uri, if nothing differs."""
        type_name = artifact.node_type().name
        found: list[ArtifactNode] = []
        if artifact.name is not None:
            found = self._store.artifacts.latest(artifact.name, type_name=type_name)
        elif artifact.uri is not None:
            at = self._store.artifacts.by_uris([artifact.uri])
            found = [node for node in at if node.type == type_name][-1:]
        same = [
            node
            for node in found
            if (node.uri or None) == (artifact.uri or None)
            and dict(node.properties) == artifact.properties
            and dict(node.custom_properties) == dict(artifact.custom_properties)
        ]
        return type(artifact).from_node(same[0]) if same else None

    def _finish(self, error: BaseException | None) -> None:
        state = _end_state(error)
        output = ArtifactState.LIVE if state is ExecutionState.COMPLETE else ArtifactState.ABANDONED
        custom: dict[str, Any] = {}
        if state is not ExecutionState.COMPLETE and error is not None:
            text = "".join(traceback.format_exception(error))
            custom = {
                "error": f"{type(error).__name__}: {error}",
                "traceback": text[-_MAX_TRACEBACK:],
            }
            custom = {k: v.encode(errors="replace").decode() for k, v in custom.items()}
        node = ExecutionNode(
            id=self.id, type_id=self._type_id, last_known_state=state, custom_properties=custom
        )
        mask = ["last_known_state", *(f"custom_properties.{k}" for k in custom)]
        outputs = tuple(made.model_copy(update={"state": output}) for made in self._outputs)
        self._update(node, mask, outputs, ends=True)
        self.execution = self.execution.model_copy(update={"last_known_state": state})

    def _update(
        self,
        node: ExecutionNode,
        mask: Sequence[str],
        outputs: tuple[ArtifactNode, ...] = (),
        *,
        ends: bool = False,
    ) -> None:
        masks = {TypeKind.EXECUTION: tuple(mask), TypeKind.ARTIFACT: ("state",)}
        self._store.put(
            PutRequest(
                executions=(node,), artifacts=outputs, update_masks=masks, ends_heartbeats=ends
            )
        )


def _end_state(error: BaseException | None) -> ExecutionState:
    match error:
        case None:
            return ExecutionState.COMPLETE
        case SystemExit(code=None | 0):
            return ExecutionState.COMPLETE
        case KeyboardInterrupt():
            return ExecutionState.CANCELED
        case _:
            return ExecutionState.FAILED


def _path(key: str) -> tuple[PathStep, ...]:
    return (PathStep(key=key),) if key else ()


class Heart:
    """A thread that notes, every interval, that this process still works on an execution.

    Args:
        store: where it is noted.
        interval_s: seconds between two.
        gone: is called, once, where another process has ended the execution.
    """

    def __init__(
        self, store: "MetadataStore", interval_s: float, *, gone: Callable[[], None] | None = None
    ) -> None:
        self._store = store
        self._gone = gone
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def first(self) -> FirstBeat:
        """Return the first sign of life, for the put that makes the execution."""
        return first_beat(self._interval_s)

    def start(self, execution_id: int) -> None:
        """Go on noting them, one interval after the first."""
        self._thread = threading.Thread(
            target=self._beat, args=(execution_id,), name="headwater-heartbeat", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Note no more of them."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self, execution_id: int) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                noted = self._store.heartbeats.beat(execution_id, interval_s=self._interval_s)
            except HeadwaterError as error:
                # A missed beat says what it should: that the store was not told of this run.
                _log.warning("Heartbeat of execution %s was missed: %s", execution_id, error)
                continue
            if not noted:
                if self._gone is not None and not self._stop.is_set():
                    self._gone()
                return
