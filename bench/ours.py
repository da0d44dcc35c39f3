"""Headwater's side of a benchmark."""

import time

from content import (
    ARTIFACT_KINDS,
    ARTIFACT_TYPE,
    CONTEXT_NAME,
    CONTEXT_TYPE,
    EXECUTION_KINDS,
    EXECUTION_TYPE,
    artifact_uri,
    artifact_values,
    execution_values,
)

from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    LinkPut,
    New,
    PutRequest,
)


class Ours:
    """A headwater store with two artifacts that every execution reads.

    Args:
        store: the store, in a namespace of its own.
        indexed: whether the declared properties get indexes.
    """

    def __init__(self, store, *, indexed):
        self._store = store
        suffix = "" if indexed else "Unindexed"
        # An index is shared by all types, so what must not be indexed needs keys of its own.
        self._tail = "" if indexed else "_unindexed"
        artifact_kinds = {k + self._tail: v for k, v in ARTIFACT_KINDS.items()}
        execution_kinds = {k + self._tail: v for k, v in EXECUTION_KINDS.items()}
        no_artifact = frozenset() if indexed else frozenset(artifact_kinds)
        no_execution = frozenset() if indexed else frozenset(execution_kinds)
        self._artifact_type, self._execution_type, self._context_type = store.put_types(
            [
                ArtifactType(
                    name=ARTIFACT_TYPE + suffix, properties=artifact_kinds, unindexed=no_artifact
                ),
                ExecutionType(
                    name=EXECUTION_TYPE + suffix,
                    properties=execution_kinds,
                    unindexed=no_execution,
                ),
                ContextType(name=CONTEXT_TYPE),
            ]
        )
        artifacts = (self._artifact(-1), self._artifact(-2))
        answer = store.put(PutRequest(artifacts=artifacts, contexts=(self._context(),)))
        self._inputs = answer.artifact_ids
        self.context_id = answer.context_ids[0]

    def _artifact(self, number):
        values = artifact_values(number)
        return Artifact(
            type_id=self._artifact_type,
            uri=artifact_uri(number),
            state=ArtifactState.LIVE,
            properties={k + self._tail: v for k, v in values.declared.items()},
            custom_properties=values.custom,
        )

    def _execution(self, number):
        values = execution_values(number)
        return Execution(
            type_id=self._execution_type,
            last_known_state=ExecutionState.COMPLETE,
            properties={k + self._tail: v for k, v in values.declared.items()},
            custom_properties=values.custom,
        )

    def _context(self):
        return Context(type_id=self._context_type, name=CONTEXT_NAME)

    def _request(self, executions, artifacts, attributed=()):
        events = [
            event
            for i in range(len(executions))
            for event in (
                *(EventPut(a, New(i), EventType.INPUT) for a in self._inputs),
                EventPut(New(i), New(i), EventType.OUTPUT),
            )
        ]
        return PutRequest(
            artifacts=artifacts,
            executions=executions,
            contexts=(self._context(),),
            events=tuple(events),
            attributions=tuple(
                LinkPut(node, New(0)) for node in (*map(New, range(len(artifacts))), *attributed)
            ),
            associations=tuple(LinkPut(New(i), New(0)) for i in range(len(executions))),
            reuse_contexts=True,
        )

    def single(self, first, count):
        """Return the seconds of each put: an execution, two inputs, one output, one context."""
        seconds = []
        for number in range(first, first + count):
            execution, artifact = self._execution(number), self._artifact(number)
            begin = time.perf_counter()
            # MLMD's put_execution attributes the inputs too.
            self._store.put(self._request((execution,), (artifact,), self._inputs))
            seconds.append(time.perf_counter() - begin)
        return seconds

    def bulk(self, first, count):
        """Return the seconds of one put of that many executions."""
        numbers = range(first, first + count)
        executions = tuple(self._execution(number) for number in numbers)
        artifacts = tuple(self._artifact(number) for number in numbers)
        begin = time.perf_counter()
        self._store.put(self._request(executions, artifacts))
        return [time.perf_counter() - begin]

    def count(self):
        """Return how many artifacts, executions, events and links there are."""
        store = self._store
        ids = [execution.id for execution in store.executions.all()]
        return {
            "artifacts": len(store.artifacts.all()),
            "executions": len(ids),
            "events": len(store.edges.events_of_executions(ids)),
            "attributions": len(store.artifacts.in_context(self.context_id)),
            "associations": len(store.executions.in_context(self.context_id)),
        }
