"""Launcher: one step from its inputs to its end: driver, cache, executor, publisher.

Runs wherever the step does: in a thread of the run, or on a worker elsewhere. What it returns can
be sent between processes.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headwater.components.cache import Hit, look_up, made_by, usable
from headwater.components.codes import check_code
from headwater.components.driver import Artifacts, Registered
from headwater.components.endings import CANCELLED, Ended, StepState, reason_of
from headwater.components.executor import Call
from headwater.components.fingerprint import Fingerprint, digest_of
from headwater.components.handles import Made
from headwater.components.isolation import execute_isolated
from headwater.components.publisher import FINGERPRINT, Outcome
from headwater.components.signals import Skip
from headwater.components.task import Site, Task
from headwater.components.vigil import Vigil
from headwater.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    HeadwaterError,
    Internal,
    Unavailable,
    WorkerLost,
)
from headwater.pauses import pauses
from headwater.runs import Heart
from headwater.typed import Artifact, Execution
from headwater_schema import EventType, ExecutionState
from headwater_schema import Execution as ExecutionNode

HOLDER_PREFIX = "headwater:step:"
"""Before the fingerprint in the external id of the execution that runs it, or ran it well: there is
one such execution at a time, so that of two runs that want the same step one runs it."""

_POLL_S = (0.1, 2.0)
_log = logging.getLogger("headwater")


def launch(task: Task, site: Site) -> Ended:
    """Return how a step ended, after trying it as often as its component says.

    Every attempt is an execution of its own. What a component raises ends up in the answer; what
    the store raises is raised.
    """
    began = time.monotonic()
    attempt = 1
    ended = _Launch(task, site).run()
    while (
        ended.state is StepState.FAILED
        and attempt <= task.component.retries
        and not site.stop.asked
    ):
        attempt += 1
        ended = _Launch(task, site).run()
    return replace(ended, seconds=time.monotonic() - began, attempts=attempt)


def prepared(task: Task, site: Site) -> tuple[dict[str, list[Artifact]], Fingerprint | None]:
    """Return what a step would read, and its fingerprint; None where it is not to be cached.

    Raises:
        NotFound, InvalidArgument: as `Driver.inputs` does.
    """
    launched = _Launch(task, site)
    inputs = launched.inputs()
    return inputs, launched.fingerprint(inputs)


def abandon(task: Task, site: Site, error: WorkerLost | None) -> int | None:
    """Return the id of the execution that a worker left RUNNING, after recording its end.

    None where it had recorded none. A worker that works on it after all finds it ended, and keeps
    nothing of what it makes.

    Args:
        task: what the worker was given.
        site: where to record.
        error: how the worker was lost, which makes it FAILED; None for a run that is cancelled.
    """
    return _Launch(task, site).abandon(error)


class _Launch:
    """One attempt of one step."""

    def __init__(self, task: Task, site: Site) -> None:
        self._task = task
        self._site = site
        self._store = site.store
        self._signature = task.component.signature
        self._heart = Heart(self._store, site.settings.heartbeat_s, gone=self._gone)
        self._vigil = Vigil(site.store)
        self._execution = self._signature.checked(task.parameters, component=task.component.name)

    def run(self) -> Ended:
        try:
            declared = self._check_conditions()
            inputs = self.inputs()
            fingerprint = self.fingerprint(inputs)
        except Skip as skip:
            return self._skipped(skip)
        except Exception as error:  # noqa: BLE001 - conditions, drivers, outside: the user's
            return self._refused(error)
        digest = None if fingerprint is None else fingerprint.digest
        if digest is not None and self._task.reuse:
            hit = look_up(self._store, digest, self._task.component)
            if isinstance(hit, Hit):
                return self._cached(hit, inputs)
        registered = self._register(inputs, declared, fingerprint)
        if isinstance(registered, Ended):
            return registered
        return self._executed(registered, inputs, fingerprint)

    def inputs(self) -> dict[str, list[Artifact]]:
        """Return what the driver finds for each input."""
        return self._task.component.driver.inputs(
            self._store, self._task.sources, self._signature.inputs, self._task.made
        )

    def fingerprint(self, inputs: Artifacts) -> Fingerprint | None:
        """Return what the step's result depends on; None where it is not to be cached.

        Raises:
            Exception: whatever the component raises that looks outside.
        """
        if self._task.code is None:
            return None
        return Fingerprint(
            code=self._task.code,
            parameters={name: digest_of(value) for name, value in self._parameters().items()},
            inputs={key: tuple(map(_content, found)) for key, found in inputs.items()}
            | self._outside(),
            environment=self._site.environment,
        )

    def _outside(self) -> dict[str, tuple[str, ...]]:
        return self._task.component.outside_digests(self._parameters())

    def _parameters(self) -> dict[str, Any]:
        return self._task.component.parameters_of(self._execution)

    def abandon(self, error: WorkerLost | None) -> int | None:
        """Record the end of what a worker left RUNNING."""
        number, found = 1, None
        while True:
            known = self._named(number)
            if known is None:
                return found
            if known.last_known_state is ExecutionState.RUNNING:
                self._give_up(known, error)
                found = known.id
            number += 1

    # The parts of an attempt.

    def _check_conditions(self) -> list[int]:
        """Return the ids of what the conditions looked at."""
        looked_at: list[int] = []
        for condition in self._task.conditions:
            ref = condition.source
            ids = self._task.made.get((ref.step, ref.key), ())
            if not ids:
                raise Skip(f"{condition.text}: {ref.step} made none")
            for node in self._store.artifacts.by_ids(ids):
                looked_at.append(node.id or 0)
                if not condition.holds(ref.type.from_node(node)):
                    raise Skip(f"{condition.text} does not hold")
        return looked_at

    def _register(
        self, inputs: Artifacts, declared: Sequence[int], fingerprint: Fingerprint | None
    ) -> Registered | Ended:
        """Return the registered step, or how it has ended by what another process did meanwhile."""
        shared = fingerprint if self._task.reuse else None
        held = None if shared is None else _holder_id(shared)
        waits, number, awaited = pauses(*_POLL_S), 1, 0
        # Beforehand: what goes wrong here is nothing that waiting for others would mend.
        outputs = self._signature.outputs
        self._store.register(type(self._execution), *(spec.type for spec in outputs.values()))
        while not self._site.stop.asked:
            self._execution = self._recorded(self._name(number), held, fingerprint)
            try:
                return self._task.component.driver.register(
                    self._store,
                    self._execution,
                    inputs=inputs,
                    declared=declared,
                    environment_id=self._site.environment_id,
                    outputs=outputs,
                    series=self._task.series,
                    contexts=self._task.contexts,
                    first_beat=self._heart.first(),
                )
            except AlreadyExists:
                earlier = self._named(number)
                if earlier is None and shared is None:
                    raise
            if earlier is not None:
                # Of this run: an earlier attempt, or a process that runs under the same name.
                joined = self._joined(earlier) if earlier.id == awaited else None
                if joined is not None:
                    return joined
                if not self._is_running(earlier):
                    number += 1
                    continue
                awaited = earlier.id or 0
            elif shared is not None:
                # Before the look-up: what has ended by now is found by it. The other way round, a
                # step that ends in between is neither found nor running, and would be run again.
                other = next(
                    iter(self._store.executions.by_external_ids([_holder_id(shared)])), None
                )
                hit = look_up(self._store, shared.digest, self._task.component)
                if isinstance(hit, Hit):
                    return self._cached(hit, inputs)
                if not self._is_running(other):
                    self._release(other)
                    continue
            time.sleep(next(waits))
        return Ended(self._task.step, StepState.CANCELED, reason=CANCELLED)

    def _joined(self, earlier: ExecutionNode) -> Ended | None:
        """Return how the step ended in another process of this run, that was waited for."""
        if earlier.last_known_state is not ExecutionState.COMPLETE:
            return None
        made = usable(self._store, earlier, self._task.component)
        if not isinstance(made, Hit):
            return None
        reason = "in another process of this run"
        return Ended(self._task.step, StepState.COMPLETE, earlier.id, made.outputs, reason)

    def _recorded(self, name: str, held: str | None, fingerprint: Fingerprint | None) -> Execution:
        custom: dict[str, Any] = {"step": self._task.step}
        if fingerprint is not None:
            custom[FINGERPRINT] = fingerprint.as_json()
        return self._execution.model_copy(
            update={"name": name, "external_id": held, "custom_properties": custom}
        )

    def _name(self, number: int) -> str:
        return f"{self._task.contexts.run}/{self._task.step}#{number}"

    def _named(self, number: int) -> ExecutionNode | None:
        return self._store.executions.by_type_and_name(
            self._task.component.name, self._name(number)
        )

    def _is_running(self, other: ExecutionNode | None) -> bool:
        """Return whether another process works on an execution; who is lost is recorded so."""
        if other is None or other.last_known_state is not ExecutionState.RUNNING:
            return False
        if self._vigil.is_lost(other.id or 0):
            self._give_up(other, WorkerLost("The process that ran this is gone: it was lost."))
            return False
        return True

    def _release(self, other: ExecutionNode | None) -> None:
        """Let an execution that ended, and cannot stand in, hold its fingerprint no longer."""
        if other is None or other.last_known_state is ExecutionState.RUNNING:
            return
        if (other.external_id or "").startswith(HOLDER_PREFIX):
            self._task.component.publisher.release(self._store, other)

    def _give_up(self, execution: ExecutionNode, error: WorkerLost | None) -> None:
        events = self._store.edges.events_of_executions([execution.id or 0])
        pending = {
            event.path[0].key or "": event.artifact_id
            for event in events
            if event.type is EventType.PENDING_OUTPUT and event.path
        }
        lost = Registered(
            execution.id or 0,
            self._execution.model_copy(update={"name": execution.name}),
            self._task.contexts,
            self._signature.outputs,
            self._task.series,
            pending,
        )
        if error is None:
            self._cancel(lost)
        else:
            self._fail(lost, error)

    def _executed(
        self, registered: Registered, inputs: Artifacts, fingerprint: Fingerprint | None
    ) -> Ended:
        folder = Path(tempfile.mkdtemp(prefix="headwater-step-"))
        try:
            self._heart.start(registered.execution_id)
            made, alike = self._call(inputs, folder)
            found_by = None if fingerprint is None or not alike else self._found_by(fingerprint)
            outputs = self._published(registered, made, found_by)
        except Skip as skip:
            self._cancel(registered, skipped=skip.reason)
            return self._ended(StepState.SKIPPED, registered, reason=skip.reason)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the executor's boundary
            if isinstance(error, WorkerLost) and self._site.stop.asked:
                self._cancel(registered)
                return self._ended(StepState.CANCELED, registered, reason=CANCELLED)
            return self._failed(registered, error)
        except BaseException:
            self._cancel(registered)
            raise
        finally:
            self._heart.stop()
            shutil.rmtree(folder, ignore_errors=True)
        found = {key: tuple(ids) for key, ids in outputs.items()}
        return replace(self._ended(StepState.COMPLETE, registered), outputs=found)

    def _found_by(self, fingerprint: Fingerprint) -> str | None:
        """Return by which digest later runs find what was made; None if none may.

        What lies outside of the store may have changed while the component read it.
        """
        try:
            read = self._outside()
        except Exception:  # noqa: BLE001 - the user's; what was made is whole even so
            return None
        return fingerprint.digest if read == fingerprint.outside else None

    def _published(
        self, registered: Registered, made: Sequence[Made], fingerprint: str | None
    ) -> Outcome:
        """Return the ids of what was made, once it is recorded.

        A store or object store that is away is waited for, and where only the answer was lost, the
        record is looked at; what took hours is not lost for it.

        Raises:
            WorkerLost: another process took this one for lost meanwhile.
        """
        publisher = self._task.component.publisher
        waits, until = pauses(*_POLL_S), time.monotonic() + self._site.settings.retry_s
        while True:
            try:
                return publisher.complete(self._store, registered, made, fingerprint=fingerprint)
            except (Unavailable, Aborted, Internal, FailedPrecondition) as error:
                known = self._known_end(registered, error)
                if known is not None:
                    return known
                late = time.monotonic() > until or self._site.stop.asked
                if late or not isinstance(error, Unavailable | Aborted):
                    raise
                _log.warning("The end of step %s is recorded anew: %s", self._task.step, error)
            time.sleep(next(waits))

    def _known_end(self, registered: Registered, error: HeadwaterError) -> Outcome | None:
        """Return what is recorded as made, of a step whose end could not be; None if it runs on."""
        node = self._store.executions.by_ids([registered.execution_id])[0]
        if node.last_known_state is ExecutionState.COMPLETE:
            events = self._store.edges.events_of_executions([registered.execution_id])
            return {key: tuple(ids) for key, ids in made_by(events).items()}
        if _was_ended(error):
            raise WorkerLost(
                f"Execution {registered.execution_id} was ended by another process as "
                f"{node.last_known_state}, so what this one made is not kept.",
                hint="Was its run cancelled, or this process without the store for too long?",
                id=registered.execution_id,
            ) from error
        return None

    def _call(self, inputs: Artifacts, folder: Path) -> tuple[list[Made], bool]:
        """Return what the component made, and whether later runs may find it."""
        component = self._task.component
        call = Call(
            component.name,
            component.function,
            self._parameters(),
            self._signature.inputs,
            inputs,
            self._signature.outputs,
            folder,
        )
        if not self._task.isolated and component.timeout_s is None:
            compared = self._task.code if self._site.is_elsewhere else None
            alike = compared is None or check_code(component, compared)
            return component.executor.execute(call, self._store.objects.fetch), alike
        return execute_isolated(
            call,
            component,
            objects=self._site.objects,
            code=self._task.code,
            stop=self._site.stop,
        )

    def _gone(self) -> None:
        """Stop what is under way, of an execution that another process has ended."""
        if self._site.is_elsewhere:
            self._site.stop()

    # How it ends.

    def _cached(self, hit: Hit, inputs: Artifacts) -> Ended:
        execution = self._execution.model_copy(
            update={
                "name": None,
                "external_id": None,
                "custom_properties": {"step": self._task.step, "cached_from": hit.execution_id},
            }
        )
        execution_id = self._task.component.publisher.cached(
            self._store,
            execution,
            inputs=inputs,
            environment_id=self._site.environment_id,
            found=hit.outputs,
            contexts=self._task.contexts,
        )
        return Ended(
            self._task.step,
            StepState.CACHED,
            execution_id,
            hit.outputs,
            f"as execution {hit.execution_id}",
        )

    def _skipped(self, skip: Skip) -> Ended:
        execution_id = self._task.component.publisher.skip(
            self._store, self._unnamed(), skip.reason, contexts=self._task.contexts
        )
        return Ended(self._task.step, StepState.SKIPPED, execution_id, reason=skip.reason)

    def _refused(self, error: Exception) -> Ended:
        """Record a step whose inputs or conditions failed, and return how it ended."""
        driver, publisher = self._task.component.driver, self._task.component.publisher
        registered = driver.register(
            self._store,
            self._unnamed(),
            inputs={},
            declared=(),
            environment_id=self._site.environment_id,
            outputs={},
            series={},
            contexts=self._task.contexts,
            first_beat=self._heart.first(),
        )
        publisher.fail(self._store, registered, error)
        reason = str(error) if isinstance(error, HeadwaterError) else reason_of(error)
        return self._ended(StepState.FAILED, registered, reason=reason, error=error)

    def _failed(self, registered: Registered, error: BaseException) -> Ended:
        self._fail(registered, error)
        return self._ended(StepState.FAILED, registered, reason=reason_of(error), error=error)

    def _fail(self, registered: Registered, error: BaseException) -> None:
        try:
            self._task.component.publisher.fail(self._store, registered, error)
        except FailedPrecondition as ended:
            _say_ended(registered, ended)

    def _cancel(self, registered: Registered, *, skipped: str | None = None) -> None:
        try:
            self._task.component.publisher.cancel(self._store, registered, skipped=skipped)
        except FailedPrecondition as ended:
            _say_ended(registered, ended)

    def _unnamed(self) -> Execution:
        return self._execution.model_copy(update={"custom_properties": {"step": self._task.step}})

    def _ended(
        self,
        state: StepState,
        registered: Registered,
        *,
        reason: str = "",
        error: BaseException | None = None,
    ) -> Ended:
        return Ended(self._task.step, state, registered.execution_id, reason=reason, error=error)


def _holder_id(fingerprint: Fingerprint) -> str:
    """Return the external id of the execution that keeps others from running the same."""
    return f"{HOLDER_PREFIX}{fingerprint.digest}"


def _was_ended(error: HeadwaterError) -> bool:
    """Return whether an end was refused because the execution has one."""
    return isinstance(error, FailedPrecondition) and "found_state" in error.values


def _say_ended(registered: Registered, error: FailedPrecondition) -> None:
    """Say that another process has recorded the end first, whose word stands."""
    if not _was_ended(error):
        raise error
    _log.warning("Another process has ended execution %s: %s", registered.execution_id, error)


def _content(artifact: Artifact) -> str:
    """Return the digest of what a component can see of an artifact, but for its name and times."""
    # What lies elsewhere may change there: another artifact of the same uri is another content.
    bytes_ = artifact.digest or f"{artifact.uri} artifact:{artifact.id}"
    return digest_of(
        [artifact.type, bytes_, dict(artifact.properties), dict(artifact.custom_properties)]
    )
