"""Running: a plan's steps, each as soon as what it needs has ended well.

Decides what runs next, and nothing of where: that is the workers' executor. What a step did is
in the store when it ends, so a run that was stopped can be resumed by its name.
"""

import secrets
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headwater.components.component import Step
from headwater.components.contexts import RunContexts, open_contexts
from headwater.components.earlier import earlier_steps
from headwater.components.endings import (
    CANCELLED,
    Ended,
    Outcome,
    StepState,
    Watch,
    reason_of,
)
from headwater.components.fingerprint import Code
from headwater.components.launcher import abandon
from headwater.components.plan import Plan
from headwater.components.sources import Latest, OutputRef, references
from headwater.components.task import Site, Task
from headwater.components.workers import THREADS, Workers, check_workers, site_of, workers_of
from headwater.errors import HeadwaterError, InvalidArgument, StepFailed, WorkerLost
from headwater.masking import masked_command
from headwater.settings import Settings, load_settings

if TYPE_CHECKING:
    from headwater.store import MetadataStore

PATIENCE_S = 300.0
"""How long a run waits for a store that is away, before its steps fail."""

_LOOK_S = 0.2


@dataclass
class _Progress:
    """Where a run is."""

    plan: Plan
    contexts: RunContexts
    codes: Mapping[str, Code | None]
    reuse: bool
    watch: Watch
    ended: dict[str, Ended] = field(default_factory=dict)
    made: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    flying: "dict[Future[Ended], tuple[str, Task]]" = field(default_factory=dict)
    parts: dict[str, list[Ended]] = field(default_factory=dict)
    awaited: dict[str, int] = field(default_factory=dict)

    def end(self, ended: Ended) -> None:
        self.ended[ended.step] = ended
        for key, ids in ended.outputs.items():
            self.made[ended.step, key] = tuple(ids)
        self.watch(ended.step, ended.state, ended)


def run(
    plan: Plan,
    *,
    store: "MetadataStore | None" = None,
    settings: Settings | None = None,
    on: str = THREADS,
    workers: int = 2,
    run: str | None = None,
    resume: str | None = None,
    experiment: str | None = None,
    reuse: bool = True,
    watch: Watch | None = None,
    cancel: threading.Event | None = None,
    raising: bool = True,
) -> Outcome:
    """Run a pipeline's plan and return how each of its steps ended.

    A step begins when all that it reads from has ended well. Where one fails, what needs it does
    not run and all else does; where one is skipped, what needs it is skipped, unless that input
    may be missing. A store that goes away is waited for, five minutes at most.

    Args:
        plan: of a pipeline, by `pipeline.plan(...)`.
        store: whose database, objects and namespace are used; None goes by the settings.
        settings: instead of the environment's.
        on: `threads`; `processes`, one for each step, as a component with a timeout has anyway;
            `dask`, a cluster for this run; `dask://host:port`, the scheduler of one.
        workers: how many steps run at once, except on a cluster that is there.
        run: the run's name; None makes one of the pipeline's name, the time and chance.
        resume: name of a run that did not end well: what ended well there is not run again.
        experiment: the context that the run belongs to.
        reuse: whether earlier executions may stand in for steps that are alike.
        watch: is told of each change of a step.
        cancel: once set, no step begins any more, and those in a process of their own end.
        raising: whether a failed step is raised, once all is over.

    Raises:
        StepFailed: a step failed; the cause is its error, and `outcome` has the others.
        InvalidArgument: an option is wrong, or code cannot be read.
        NotFound: no run has the name that is to be resumed.
        Unavailable: the store could not be reached for longer than that.
    """
    began = time.monotonic()
    check_workers(on, count=workers)
    codes = plan.codes()
    known = store.settings if store is not None else settings or load_settings()
    site = site_of(_patient(known))
    with site.store:
        contexts = _contexts(site.store, plan, run, resume, experiment)
        progress = _Progress(plan, contexts, codes, reuse, watch or _nobody)
        if resume is not None:
            for ended in earlier_steps(site.store, plan, contexts, codes):
                progress.end(ended)
        _work(progress, workers_of(on, site=site, count=workers), site, cancel)
    steps = {step.name: progress.ended[step.name] for step in plan.steps}
    outcome = Outcome(contexts.run, contexts, steps, time.monotonic() - began)
    if raising:
        _raise_failed(outcome)
    return outcome


def _patient(settings: Settings) -> Settings:
    return replace(
        settings,
        retry_s=max(settings.retry_s, PATIENCE_S),
        objects_retry_s=max(settings.objects_retry_s, PATIENCE_S),
    )


def _contexts(
    store: "MetadataStore", plan: Plan, run: str | None, resume: str | None, experiment: str | None
) -> RunContexts:
    """Return the contexts of a run, after registering all of its types."""
    signatures = [step.component.signature for step in plan.steps]
    # All at once: after each new one Neo4j plans every statement anew.
    store.register(
        *(signature.execution for signature in signatures),
        *(spec.type for signature in signatures for spec in signature.outputs.values()),
    )
    return open_contexts(
        store,
        pipeline=plan.pipeline,
        run=resume or run or _new_name(plan.pipeline),
        project=plan.project,
        experiment=experiment,
        command=masked_command(sys.argv),
        must_exist=resume is not None,
    )


def _raise_failed(outcome: Outcome) -> None:
    failed = next((e for e in outcome.steps.values() if e.state is StepState.FAILED), None)
    if failed is not None:
        raise StepFailed(
            f"Step {failed.step!r} of run {outcome.run!r} failed: {failed.reason}",
            hint=f"Mend it, and go on with resume={outcome.run!r}.",
            step=failed.step,
            outcome=outcome,
        ) from failed.error


def _work(
    progress: _Progress, workers: Workers, site: Site, cancel: threading.Event | None
) -> None:
    """Run what is left of a plan to its end."""
    waiting = True
    try:
        while len(progress.ended) < len(progress.plan.steps):
            if cancel is not None and cancel.is_set():
                break
            _begin_ready(progress, workers)
            if not progress.flying:
                continue
            done, _ = wait(progress.flying, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in done:
                _take(progress, future, site)
    except BaseException:
        waiting = False
        raise
    finally:
        try:
            if len(progress.ended) < len(progress.plan.steps):
                _cancel(progress, site, workers)
        finally:
            workers.close(waiting=waiting)


def _begin_ready(progress: _Progress, workers: Workers) -> None:
    begun = {name for name, _ in progress.flying.values()}
    for step in progress.plan.steps:
        needs = progress.plan.needs(step)
        if step.name in progress.ended or step.name in begun:
            continue
        if not all(name in progress.ended for name in needs):
            continue
        barred = _barred(progress, step)
        if barred is not None:
            progress.end(barred)
            continue
        _begin(progress, step, workers)


def _barred(progress: _Progress, step: Step) -> Ended | None:
    """Return how a step ends that cannot run, because of what it needs; None if it can."""
    inputs = step.component.signature.inputs
    demanded = {condition.source.step for condition in step.conditions} | set(step.after)
    demanded |= {
        ref.step
        for key, source in step.sources.items()
        for ref in references(source)
        if not inputs[key].optional
    }
    for name in progress.plan.needs(step):
        state = progress.ended[name].state
        if state.is_good:
            continue
        if state is StepState.SKIPPED:
            if name not in demanded:
                continue
            return Ended(step.name, StepState.SKIPPED, reason=f"{name} was skipped")
        return Ended(step.name, StepState.NOT_RUN, reason=f"needs {name}, which {_told(state)}")
    return None


def _begin(progress: _Progress, step: Step, workers: Workers) -> None:
    try:
        tasks = _tasks(progress, step)
    except HeadwaterError as error:
        progress.end(Ended(step.name, StepState.FAILED, reason=str(error), error=error))
        return
    progress.parts[step.name], progress.awaited[step.name] = [], len(tasks)
    progress.watch(step.name, StepState.RUNNING, None)
    for task in tasks:
        progress.flying[workers.submit(task)] = (step.name, task)
    if not tasks:
        keys = step.component.signature.outputs
        progress.end(Ended(step.name, StepState.COMPLETE, None, dict.fromkeys(keys, ())))


def _tasks(progress: _Progress, step: Step) -> list[Task]:
    whole = Task.of(
        step,
        series=progress.plan.series(step),
        contexts=progress.contexts,
        made=_needed(progress, step),
        code=progress.codes[step.name],
        reuse=progress.reuse,
    )
    mapped = [ref for source in step.sources.values() for ref in references(source) if ref.each]
    if not mapped:
        return [whole]
    return [
        replace(whole, step=f"{step.name}[{index}]", made={**whole.made, **chosen})
        for index, chosen in enumerate(_chosen(progress, mapped, step))
    ]


def _needed(progress: _Progress, step: Step) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return what a step reads of what others made, and not the rest of a long run."""
    read = [ref for source in step.sources.values() for ref in references(source)]
    read += [condition.source for condition in step.conditions]
    own = {(ref.step, ref.key): progress.made.get((ref.step, ref.key), ()) for ref in read}
    # What the run made itself is no earlier baseline.
    outside = any(
        isinstance(source, Latest) and source.other_run for source in step.sources.values()
    )
    return dict(progress.made) if outside else own


def _chosen(
    progress: _Progress, mapped: Sequence[OutputRef], step: Step
) -> list[dict[tuple[str, str], tuple[int, ...]]]:
    """Return what each part of a mapped step reads of the outputs that it is run for each of."""
    columns = {(ref.step, ref.key): progress.made.get((ref.step, ref.key), ()) for ref in mapped}
    lengths = {len(ids) for ids in columns.values()}
    if len(lengths) > 1:
        raise InvalidArgument(
            f"Step {step.name!r} is run for each of several outputs, which have "
            f"{' and '.join(str(n) for n in sorted(lengths))} artifacts.",
            step=step.name,
        )
    count = lengths.pop() if lengths else 0
    return [{key: (ids[index],) for key, ids in columns.items()} for index in range(count)]


def _take(progress: _Progress, future: "Future[Ended]", site: Site) -> None:
    name, task = progress.flying.pop(future)
    parts = progress.parts[name]
    parts.append(_result(future, task, site))
    if len(parts) < progress.awaited[name]:
        return
    step = next(step for step in progress.plan.steps if step.name == name)
    progress.end(_joined(step, parts) if step.is_mapped else parts[0])


def _result(future: "Future[Ended]", task: Task, site: Site) -> Ended:
    try:
        return future.result()
    except (Exception, CancelledError) as error:  # noqa: BLE001 - the worker's boundary
        # Dask raises errors of its own, and cancels all when it loses the scheduler.
        lost = error if isinstance(error, WorkerLost) else WorkerLost(f"{error}")
        lost.__cause__ = error
        execution_id = abandon(task, site, lost)
        return Ended(
            task.step, StepState.FAILED, execution_id, reason=reason_of(error), error=error
        )


def _joined(step: Step, parts: Sequence[Ended]) -> Ended:
    """Return how a mapped step ended, of how its parts did, in their order."""
    ordered = sorted(parts, key=lambda part: int(part.step.rpartition("[")[2][:-1]))
    states = [part.state for part in ordered]
    worst = next(
        (
            state
            for state in (
                StepState.FAILED,
                StepState.CANCELED,
                StepState.COMPLETE,
                StepState.CACHED,
            )
            if state in states
        ),
        states[0],
    )
    bad = next((part for part in ordered if part.state is worst and part.error), None)
    return Ended(
        step.name,
        worst,
        None,
        {
            key: tuple(i for part in ordered for i in part.outputs.get(key, ()))
            for key in step.component.signature.outputs
        },
        "" if bad is None else f"{bad.step}: {bad.reason}",
        None if bad is None else bad.error,
        max(part.seconds for part in ordered),
        max(part.attempts for part in ordered),
    )


def _cancel(progress: _Progress, site: Site, workers: Workers) -> None:
    """End the run: nothing begins any more, and what can be stopped is."""
    for future in progress.flying:
        future.cancel()
    site.stop()
    for future, (name, task) in progress.flying.items():
        if future.cancelled():
            # On a cluster it may have begun all the same.
            execution_id = abandon(task, site, None) if workers.is_elsewhere else None
            part = Ended(task.step, StepState.CANCELED, execution_id, reason=CANCELLED)
        else:
            part = _result(future, task, site)
        progress.parts[name].append(part)
    for step in progress.plan.steps:
        parts = progress.parts.get(step.name)
        if parts and step.name not in progress.ended:
            progress.end(_joined(step, parts) if step.is_mapped else parts[0])
    for step in progress.plan.steps:
        if step.name not in progress.ended:
            progress.end(Ended(step.name, StepState.CANCELED, reason=CANCELLED))


def _new_name(pipeline: str) -> str:
    return f"{pipeline} {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(3)}"


def _told(state: StepState) -> str:
    return {StepState.NOT_RUN: "did not run", StepState.CANCELED: "was cancelled"}.get(
        state, "failed"
    )


def _nobody(step: str, state: StepState, ended: Ended | None) -> None:
    """Tell nobody."""
