"""The record of one script: what it read, wrote and fitted, put into the store.

One thread uses it. Knows nothing of the libraries that were patched.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from headwater.autologging.seen import SeenFile, SeenFit
from headwater.autologging.types import AUTOLOGGED, File, Fit, Model, Script
from headwater.objects import StoredObject
from headwater.store import MetadataStore
from headwater.typed import Context, check_series
from headwater_schema import (
    ArtifactState,
    EventPut,
    EventType,
    ExecutionState,
    LinkPut,
    New,
    PutRequest,
    StoredPayload,
)


class ScriptRecord:
    """A script's execution, from its beginning to its end.

    Args:
        store: where it is recorded.
        script: the execution.
        context: what everything belongs to, made where it is new.
        name: what series of models are called after.
        resources: closed at the end.
    """

    def __init__(
        self,
        store: MetadataStore,
        script: Script,
        context: Context | None,
        *,
        name: str,
        resources: ExitStack,
    ) -> None:
        self._store = store
        self._name = name
        self._resources = resources
        self._files: dict[str, int] = {}
        store.register(*AUTOLOGGED)
        stored = None if context is None else store.put_context(context)
        self._context_ids = () if stored is None or stored.id is None else (stored.id,)
        self._run = store.run(script, context=stored)

    @classmethod
    def begun(
        cls,
        open_store: Callable[[ExitStack], MetadataStore],
        script: Script,
        context: Context | None,
        *,
        name: str,
    ) -> Self:
        """Return the record of a script that is RUNNING from now on.

        Args:
            open_store: gives the store, and leaves on the stack what is closed at the end.
            script: the execution.
            context: what everything belongs to.
            name: what series of models are called after.
        """
        with ExitStack() as resources:
            store = open_store(resources)
            record = cls(store, script, context, name=name, resources=resources)
            record._run.__enter__()
            record._resources = resources.pop_all()
            return record

    @property
    def execution_id(self) -> int:
        """The script's execution."""
        return self._run.execution.id or 0

    def read(self, seen: SeenFile) -> None:
        """Record that the script read a file, unless it read or wrote these bytes before."""
        if seen.tag not in self._files:
            known = self._known(seen)
            artifact = self._run.input(_file(seen) if known is None else known)
            self._files[seen.tag] = artifact.id or 0

    def written(self, seen: SeenFile) -> None:
        """Record that the script wrote a file, unless it read or wrote these bytes before.

        Bytes that nobody can compare are new each time.
        """
        if seen.digest is None or seen.tag not in self._files:
            self._files[seen.tag] = self._run.output(_file(seen)).id or 0

    def fitted(self, seen: SeenFit) -> None:
        """Record a fit, from the files that its data came from to the model it made."""
        stored = None if seen.payload is None else self._store.objects.put(seen.payload)
        self._store.put(self._fit_request(seen, stored))

    def end(self, error: BaseException | None) -> None:
        """End the script as `Run` does: COMPLETE, FAILED by the error, or CANCELED."""
        with self._resources:
            self._run.__exit__(None if error is None else type(error), error, None)

    def _known(self, seen: SeenFile) -> File | None:
        """Return the newest file of that place and these bytes, whoever recorded it."""
        nodes = self._store.artifacts.by_uris([seen.uri])
        same = [
            node
            for node in nodes
            if node.type == File.type_name
            and node.properties.get("file_digest") == seen.digest
            and node.custom_properties.get("query") == seen.query
        ]
        newest = max(same, key=lambda node: node.id or 0, default=None)
        return None if newest is None else File.from_node(newest)

    def _fit_request(self, seen: SeenFit, stored: StoredObject | None) -> PutRequest:
        files = sorted({self._files[tag] for tag in seen.tags if tag in self._files})
        started_ms = seen.ended_ms - round(seen.training_time_s * 1_000)
        events = [EventPut(i, New(0), EventType.INPUT, (), started_ms) for i in files]
        made: dict[str, Any] = {}
        if not seen.error:
            events.append(EventPut(New(0), New(0), EventType.OUTPUT, (), seen.ended_ms))
            node = _model(seen).to_node(self._store.type_id(Model))
            uri = None if stored is None else stored.uri
            made = {
                "artifacts": (node.model_copy(update={"uri": uri}),),
                "series": {0: check_series(f"{self._name}/{seen.estimator}")},
                "attributions": tuple(LinkPut(New(0), c) for c in self._context_ids),
            }
        if stored is not None:
            made["payloads"] = {0: StoredPayload(stored.digest, stored.size_bytes)}
        fit = self._fit(seen).to_node(self._store.type_id(Fit))
        return PutRequest(
            executions=(fit,),
            events=tuple(events),
            associations=tuple(LinkPut(New(0), c) for c in self._context_ids),
            **made,
        )

    def _fit(self, seen: SeenFit) -> Fit:
        error = {"error": seen.error} if seen.error else {}
        return Fit(
            estimator=seen.estimator,
            training_time_s=seen.training_time_s,
            rows=seen.rows,
            columns=seen.columns,
            script_execution_id=self.execution_id,
            custom_properties={**seen.properties, **error},
            last_known_state=ExecutionState.FAILED if seen.error else ExecutionState.COMPLETE,
        )


def _file(seen: SeenFile) -> File:
    return File(
        uri=seen.uri,
        file_digest=seen.digest,
        file_size_bytes=seen.size_bytes,
        rows=seen.rows,
        columns=seen.columns,
        custom_properties={} if seen.query is None else {"query": seen.query},
    )


def _model(seen: SeenFit) -> Model:
    return Model(
        estimator=seen.estimator,
        module=seen.module,
        scikit_learn=seen.scikit_learn,
        state=ArtifactState.LIVE,
    )
