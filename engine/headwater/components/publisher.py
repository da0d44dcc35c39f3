"""Publisher: records how a step ended and what it made.

"The publisher will push the results of running the executor back into the metadata store."
Payloads go to the object store first; then one transaction makes the outputs LIVE, adds their
events and ends the execution, or none of it.
"""

import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from headwater.components.contexts import ExecutionCache, RunContexts
from headwater.components.driver import (
    Artifacts,
    Registered,
    input_events,
    path_of,
    read_links,
)
from headwater.components.endings import reason_of
from headwater.components.handles import FORMAT_KEY, Made
from headwater.errors import InvalidArgument
from headwater.typed import Artifact, Execution
from headwater_schema import Artifact as ArtifactNode
from headwater_schema import (
    ArtifactState,
    EventPut,
    EventType,
    ExecutionState,
    LinkPut,
    New,
    PutRequest,
    StoredPayload,
    TypeKind,
)
from headwater_schema import Execution as ExecutionNode

if TYPE_CHECKING:
    from headwater.store import MetadataStore

_MAX_TRACEBACK = 20_000
FINGERPRINT = "fingerprint"
"""Custom property of an execution that the cache may find: what its result depends on."""
SKIPPED = "skipped"
"""Custom property of an execution that had nothing to do: why. Its state is CANCELED."""

Outcome = Mapping[str, Sequence[int]]
"""Ids of the artifacts of each output."""


@dataclass(frozen=True)
class _Parts:
    """The parts of one request."""

    artifacts: list[ArtifactNode] = field(default_factory=list)
    events: list[EventPut] = field(default_factory=list)
    series: dict[int, str] = field(default_factory=dict)
    payloads: dict[int, StoredPayload] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


class Publisher:
    """Records the ends of steps; derive a class to record more."""

    def complete(
        self,
        store: "MetadataStore",
        registered: Registered,
        made: Sequence[Made],
        *,
        fingerprint: str | None,
    ) -> Outcome:
        """Return the ids of what a step made, after recording that it is complete.

        Args:
            store: where it is recorded.
            registered: the step.
            made: of each output.
            fingerprint: by which later runs find it; None keeps it out of the cache, and takes
                from the execution the fingerprint that it was registered with.

        Raises:
            InvalidArgument: a property does not fit the class of its output.
            FailedPrecondition: the execution is not RUNNING: another process has ended it.
        """
        execution, outputs = registered.execution, registered.outputs
        # All is checked before any payload is stored.
        typed = [_typed(one, outputs[one.key].type, execution) for one in made]
        parts = _Parts()
        for one, artifact in zip(made, typed, strict=True):
            self._add(parts, store, registered, (one, artifact))
        type_id = store.type_id(type(execution))
        ended = ExecutionNode(
            id=registered.execution_id,
            type_id=type_id,
            last_known_state=ExecutionState.COMPLETE,
        )
        links = [LinkPut(ref, c) for ref in _new(parts) for c in registered.contexts.ids]
        answer = store.put(
            PutRequest(
                artifacts=tuple(parts.artifacts),
                executions=(ended,),
                events=tuple(parts.events),
                attributions=tuple(links),
                series=parts.series,
                payloads=parts.payloads,
                expected_states={0: ExecutionState.RUNNING},
                ends_heartbeats=True,
                **_cached_by(store, registered, fingerprint),
            )
        )
        found: defaultdict[str, list[int]] = defaultdict(list)
        for key, artifact_id in zip(parts.keys, answer.artifact_ids, strict=True):
            found[key].append(artifact_id)
        return {key: tuple(found[key]) for key in outputs}

    def fail(
        self,
        store: "MetadataStore",
        registered: Registered,
        error: BaseException,
    ) -> None:
        """Record that a step failed: FAILED with the reason, and its pending outputs ABANDONED.

        Raises:
            FailedPrecondition: the execution is not RUNNING: another process has ended it.
        """
        text = "".join(traceback.format_exception(error))
        custom = {"error": reason_of(error), "traceback": text[-_MAX_TRACEBACK:]}
        self._end(store, registered, ExecutionState.FAILED, custom)

    def cancel(
        self,
        store: "MetadataStore",
        registered: Registered,
        *,
        skipped: str | None = None,
    ) -> None:
        """Record that a step was cancelled: CANCELED, with why it was skipped if it was.

        Raises:
            FailedPrecondition: the execution is not RUNNING: another process has ended it.

        Source: MLMD's states, of which none is for skipped executions.
        """
        custom = {} if skipped is None else {SKIPPED: skipped}
        self._end(store, registered, ExecutionState.CANCELED, custom)

    def release(self, store: "MetadataStore", execution: ExecutionNode) -> None:
        """Take its external id from an execution, so that another can hold its fingerprint."""
        freed = ExecutionNode(
            id=execution.id,
            type_id=execution.type_id,
            external_id=released_id(execution.id or 0),
        )
        masks = {TypeKind.EXECUTION: ("external_id",)}
        store.put(PutRequest(executions=(freed,), update_masks=masks))

    def skip(
        self, store: "MetadataStore", execution: Execution, reason: str, *, contexts: RunContexts
    ) -> int:
        """Return the id of the execution that records that a step was skipped before it began."""
        store.register(type(execution))
        skipped = execution.model_copy(
            update={
                "last_known_state": ExecutionState.CANCELED,
                "custom_properties": {**execution.custom_properties, SKIPPED: reason},
            }
        )
        return self._record(store, skipped, [], contexts)

    def cached(
        self,
        store: "MetadataStore",
        execution: Execution,
        *,
        inputs: Artifacts,
        environment_id: int | None,
        found: Outcome,
        contexts: RunContexts,
    ) -> int:
        """Return the id of the execution that records that an earlier one stood in for it.

        Its state is CACHED, it reads what it would have read, and the outputs are those of the
        earlier execution, by events of its own.

        Source: TFX's `execution_publish_utils.publish_cached_executions`.
        """
        store.register(type(execution))
        cached = execution.model_copy(update={"last_known_state": ExecutionState.CACHED})
        events = input_events(New(0), inputs, (), environment_id)
        links = read_links(inputs, contexts)
        for key, ids in found.items():
            for index, artifact_id in enumerate(ids):
                path = path_of(key, index if len(ids) > 1 else None)
                events.append(EventPut(artifact_id, New(0), EventType.OUTPUT, path))
                links += [LinkPut(artifact_id, context) for context in contexts.ids]
        return self._record(store, cached, events, contexts, links)

    def _record(
        self,
        store: "MetadataStore",
        execution: Execution,
        events: Sequence[EventPut],
        contexts: RunContexts,
        links: Sequence[LinkPut] = (),
    ) -> int:
        answer = store.put(
            PutRequest(
                executions=(execution.to_node(store.type_id(type(execution))),),
                events=tuple(events),
                associations=tuple(LinkPut(New(0), i) for i in contexts.ids),
                attributions=tuple(dict.fromkeys(links)),
            )
        )
        return answer.execution_ids[0]

    def _end(
        self,
        store: "MetadataStore",
        registered: Registered,
        state: ExecutionState,
        custom: Mapping[str, str],
    ) -> None:
        clean = {k: v.encode(errors="replace").decode() for k, v in custom.items()}
        ended = ExecutionNode(
            id=registered.execution_id,
            type_id=store.type_id(type(registered.execution)),
            last_known_state=state,
            external_id=released_id(registered.execution_id),
            custom_properties=clean,
        )
        abandoned = tuple(
            ArtifactNode(id=node.id, type_id=node.type_id, state=ArtifactState.ABANDONED)
            for node in store.artifacts.by_ids(registered.pending.values())
        )
        mask = ("last_known_state", "external_id", *(f"custom_properties.{key}" for key in clean))
        store.put(
            PutRequest(
                executions=(ended,),
                artifacts=abandoned,
                update_masks={TypeKind.EXECUTION: mask, TypeKind.ARTIFACT: ("state",)},
                expected_states={0: ExecutionState.RUNNING},
                ends_heartbeats=True,
            )
        )

    def _add(
        self,
        parts: _Parts,
        store: "MetadataStore",
        registered: Registered,
        output: tuple[Made, Artifact],
    ) -> None:
        one, artifact = output
        position = len(parts.artifacts)
        fields: dict[str, Any] = {"state": ArtifactState.LIVE, "uri": one.uri, "name": None}
        if one.path is not None:
            stored = store.objects.put(one.path)
            parts.payloads[position] = StoredPayload(stored.digest, stored.size_bytes)
            fields["uri"] = one.uri or stored.uri
        known = registered.pending.get(one.key)
        ref: New | int = New(position) if known is None else known
        if known is None:
            parts.series[position] = registered.series[one.key]
        else:
            fields["id"] = known
        node = artifact.to_node(store.type_id(type(artifact)))
        parts.artifacts.append(node.model_copy(update=fields))
        parts.keys.append(one.key)
        path = path_of(one.key)
        if one.element:
            path = path_of(one.key, sum(key == one.key for key in parts.keys) - 1)
        parts.events.append(EventPut(ref, registered.execution_id, EventType.OUTPUT, path))


def _cached_by(
    store: "MetadataStore", registered: Registered, fingerprint: str | None
) -> dict[str, Any]:
    """Return the parts of a request that let later runs find an execution by a digest, or not."""
    mask: tuple[str, ...] = ("last_known_state",)
    if fingerprint is None:
        if FINGERPRINT in registered.execution.custom_properties:
            mask = (*mask, f"custom_properties.{FINGERPRINT}")
        return {"update_masks": {TypeKind.EXECUTION: mask}}
    context = ExecutionCache(name=fingerprint).to_node(store.type_id(ExecutionCache))
    return {
        "update_masks": {TypeKind.EXECUTION: mask},
        "contexts": (context,),
        "reuse_contexts": True,
        "associations": (LinkPut(registered.execution_id, New(0)),),
    }


def released_id(execution_id: int) -> str:
    """Return the external id of an execution that holds its fingerprint no longer."""
    return f"headwater:execution:{execution_id}"


def _typed(one: Made, kind: type[Artifact], execution: Execution) -> Artifact:
    custom = dict(one.custom)
    if one.format is not None:
        custom[FORMAT_KEY] = one.format
    if one.element:
        custom["element"] = one.element
    try:
        return kind(**one.properties, custom_properties=custom)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidArgument(
            f"Output {one.key!r} of {type(execution).type_name} is no {kind.__name__}: {where}: "
            f"{first['msg']}.",
            hint=f"`{one.key}.set({where}=...)` in the component.",
            output=one.key,
            property=where,
        ) from error


def _new(parts: _Parts) -> list[New]:
    return [New(i) for i, node in enumerate(parts.artifacts) if node.id is None]
