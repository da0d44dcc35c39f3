"""Pipelines as a user runs them, and what they leave in the store."""

# ruff: noqa: ARG001 - a component takes what it says, whether its body uses it or not

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.components import (
    Input,
    Outcome,
    Output,
    Pipeline,
    StepState,
    component,
    launcher,
    pipeline,
)
from headwater.components.cache import Hit, Miss, look_up
from headwater.errors import NotFound, StepFailed
from headwater_schema import ArtifactState, EventType, ExecutionState, TypeKind
from support import steps
from support.steps import states

COMPLETE, CACHED, FAILED = StepState.COMPLETE, StepState.CACHED, StepState.FAILED
SKIPPED, NOT_RUN = StepState.SKIPPED, StepState.NOT_RUN


def value_of(store: headwater.MetadataStore, outcome: Outcome, step: str, output: str) -> float:
    (artifact_id,) = outcome.ids(step, output)
    found = store.artifact(headwater.NodeKey(TypeKind.ARTIFACT, artifact_id), type=steps.Total)
    return found.value


def test_a_run_records_what_each_step_read_and_made(store: headwater.MetadataStore) -> None:
    outcome = steps.sums.run(store=store, times=3)

    assert states(outcome) == {"make": COMPLETE, "double": COMPLETE, "add": COMPLETE}
    assert value_of(store, outcome, "add", "total") == 6 + 18
    (total,) = outcome.ids("add", "total")
    names = {n.name for n in store.upstream(headwater.NodeKey(TypeKind.ARTIFACT, total)).nodes}
    assert {"sums.make.numbers@1", "sums.double.doubled@1", "sums.add.total@1"} <= names
    execution = store.executions.by_ids([outcome.steps["double"].execution_id or 0])[0]
    assert execution.last_known_state is ExecutionState.COMPLETE
    assert dict(execution.properties) == {"times": 3}
    assert store.heartbeats.all() == []
    kinds = {c.type for c in store.edges.contexts_of_execution(execution.id or 0)}
    assert kinds == {"Pipeline", "PipelineRun", "ExecutionCache"}
    (run,) = (c for c in store.contexts.all() if c.type == "PipelineRun")
    assert [c.name for c in store.edges.parents([run.id or 0])[run.id or 0]] == ["sums"]


def test_events_are_declared_pending_and_final(store: headwater.MetadataStore) -> None:
    outcome = steps.gated.run(store=store, least=1.0)

    events = store.edges.events_of_executions([outcome.steps["double"].execution_id or 0])
    by_type = {event.type: event for event in events}
    (numbers,), (total,) = outcome.ids("make", "numbers"), outcome.ids("add", "total")
    (doubled,) = outcome.ids("double", "doubled")
    assert by_type[EventType.INPUT].artifact_id == numbers
    assert by_type[EventType.DECLARED_INPUT].artifact_id == total
    assert by_type[EventType.PENDING_OUTPUT].artifact_id == doubled
    assert by_type[EventType.OUTPUT].artifact_id == doubled
    environment = store.artifacts.by_ids([by_type[EventType.INTERNAL_INPUT].artifact_id])[0]
    assert environment.type == "Environment"


def test_a_second_run_is_answered_by_the_cache(store: headwater.MetadataStore) -> None:
    first = steps.sums.run(store=store)

    second = steps.sums.run(store=store)

    assert states(second) == {"make": CACHED, "double": CACHED, "add": CACHED}
    assert second.ids("add", "total") == first.ids("add", "total")
    execution = store.executions.by_ids([second.steps["add"].execution_id or 0])[0]
    assert execution.last_known_state is ExecutionState.CACHED
    events = store.edges.events_of_executions([execution.id or 0])
    assert {e.artifact_id for e in events if e.type is EventType.OUTPUT} == set(
        first.ids("add", "total")
    )


def test_only_what_depends_on_a_changed_parameter_is_run(store: headwater.MetadataStore) -> None:
    steps.sums.run(store=store)

    changed = steps.sums.run(store=store, offset=1.0)

    assert states(changed) == {"make": CACHED, "double": CACHED, "add": COMPLETE}


def test_a_failed_step_stops_what_needs_it_and_nothing_else(
    store: headwater.MetadataStore,
) -> None:
    @pipeline
    def broken() -> None:
        numbers = steps.make()
        bad = steps.fail(numbers=numbers)
        steps.compare(new=bad, old=None)
        steps.double(numbers=numbers)

    outcome = broken.run(store=store, raising=False)

    assert states(outcome) == {
        "make": COMPLETE,
        "fail": FAILED,
        "compare": NOT_RUN,
        "double": COMPLETE,
    }
    failed = store.executions.by_ids([outcome.steps["fail"].execution_id or 0])[0]
    assert failed.last_known_state is ExecutionState.FAILED
    assert failed.custom_properties["error"] == "ValueError: no luck"
    pending = [
        store.artifacts.by_ids([e.artifact_id])[0]
        for e in store.edges.events_of_executions([failed.id or 0])
        if e.type is EventType.PENDING_OUTPUT
    ]
    assert [artifact.state for artifact in pending] == [ArtifactState.ABANDONED]


def test_a_failure_is_raised_with_the_components_own_error(
    store: headwater.MetadataStore,
) -> None:
    @pipeline
    def broken() -> None:
        steps.fail(numbers=steps.make())

    with pytest.raises(StepFailed, match=r"Step 'fail' of run .* failed: ValueError: no luck") as e:
        broken.run(store=store)

    assert isinstance(e.value.__cause__, ValueError)
    assert e.value.step == "fail"


def test_a_step_is_tried_again_as_often_as_it_says(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()

    @pipeline
    def flaky() -> None:
        steps.fail_until(numbers=steps.make(), folder=str(marks), times=2)

    outcome = flaky.run(store=store)

    assert outcome.steps["fail-until"].attempts == 3
    found = [e for e in store.executions.all() if e.type == "FailUntil"]
    assert [e.last_known_state for e in found] == [
        ExecutionState.FAILED,
        ExecutionState.FAILED,
        ExecutionState.COMPLETE,
    ]
    assert len({e.name for e in found}) == 3


def test_a_skipped_step_skips_what_needs_it(store: headwater.MetadataStore) -> None:
    odd = steps.chosen.run(store=store, count=3)
    even = steps.chosen.run(store=store, count=4)

    assert states(odd) == {
        "make": COMPLETE,
        "skip-odd": SKIPPED,
        "double": SKIPPED,
        "all": COMPLETE,
    }
    assert odd.is_good
    assert set(states(even).values()) == {COMPLETE}
    skipped = store.executions.by_ids([odd.steps["skip-odd"].execution_id or 0])[0]
    assert skipped.last_known_state is ExecutionState.CANCELED
    assert skipped.custom_properties["skipped"] == "an odd number of them"


def test_a_condition_that_does_not_hold_skips_the_step(store: headwater.MetadataStore) -> None:
    outcome = steps.gated.run(store=store, least=100.0)

    assert states(outcome)["double"] is SKIPPED
    assert "the sum is large does not hold" in outcome.steps["double"].reason


def test_a_step_is_run_for_each_of_many(store: headwater.MetadataStore) -> None:
    outcome = steps.mapped.run(store=store, count=5, size=2)

    assert len(outcome.ids("cut", "parts")) == 3
    assert len(outcome.ids("double", "doubled")) == 3
    assert value_of(store, outcome, "add", "total") == 2 * (1 + 2 + 3 + 4 + 5)
    doubles = [e for e in store.executions.all() if e.type == "Double"]
    assert len(doubles) == 3


def test_a_baseline_is_what_another_run_made(store: headwater.MetadataStore) -> None:
    first = steps.baseline.run(store=store, first=1)
    second = steps.baseline.run(store=store, first=2)

    assert value_of(store, first, "compare", "better") == 6
    assert value_of(store, second, "compare", "better") == 9 - 6


def test_an_input_takes_an_output_whose_class_derives_from_its_own(
    store: headwater.MetadataStore,
) -> None:
    outcome = steps.doubled_parts.run(store=store)

    (made,) = store.artifacts.by_ids(outcome.ids("double", "doubled"))
    assert (made.type, made.properties) == ("Numbers", {"count": 2})


def test_a_failed_run_goes_on_where_it_stopped(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    lock = tmp_path / "broken"
    lock.touch()

    @pipeline
    def halting() -> None:
        steps.touchy(numbers=steps.double(numbers=steps.make()), path=str(lock))

    failed = halting.run(store=store, raising=False)
    lock.unlink()

    resumed = halting.run(store=store, resume=failed.run)

    assert states(resumed) == {"make": COMPLETE, "double": COMPLETE, "touchy": COMPLETE}
    assert resumed.steps["make"].execution_id == failed.steps["make"].execution_id
    assert resumed.run == failed.run
    assert len([e for e in store.executions.all() if e.type == "Make"]) == 1


def test_a_resumed_run_runs_again_what_was_edited_or_lost_its_payload(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    lock = tmp_path / "broken"
    lock.touch()

    def halting(version: str) -> Pipeline:
        @component(version=version)
        def edited(numbers: Input[steps.Numbers], doubled: Output[steps.Numbers]) -> None:
            doubled.save([int(version)])
            doubled.set(count=1)

        @pipeline(name="halting")
        def halting() -> None:
            numbers = steps.make()
            steps.touchy(numbers=edited(numbers=numbers), path=str(lock))
            steps.double(numbers=numbers)

        return halting

    failed = halting("1").run(store=store, raising=False)
    (lost,) = store.artifacts.by_ids(failed.ids("double", "doubled"))
    store.objects.delete(lost.digest or "")
    lock.unlink()

    resumed = halting("2").run(store=store, resume=failed.run)

    kept = {
        name
        for name, ended in resumed.steps.items()
        if ended.execution_id == failed.steps[name].execution_id
    }
    assert kept == {"make"}
    assert value_of(store, resumed, "touchy", "total") == 2.0


def test_a_resumed_run_runs_again_what_reads_other_things_now(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    lock = tmp_path / "broken"
    lock.touch()

    def wired(second: bool) -> Pipeline:  # noqa: FBT001 - which of two
        @pipeline(name="wired")
        def wired() -> None:
            few = steps.make.named("few")(count=1)
            many = steps.make.named("many")(count=3)
            steps.touchy(numbers=steps.double(numbers=many if second else few), path=str(lock))

        return wired

    failed = wired(second=False).run(store=store, raising=False)
    lock.unlink()

    resumed = wired(second=True).run(store=store, resume=failed.run)

    assert value_of(store, resumed, "touchy", "total") == 12.0
    assert resumed.steps["few"].execution_id == failed.steps["few"].execution_id
    assert resumed.steps["double"].execution_id != failed.steps["double"].execution_id


def test_resuming_a_run_that_never_was_is_refused(store: headwater.MetadataStore) -> None:
    with pytest.raises(NotFound):
        steps.sums.run(store=store, resume="nothing of the kind")


def test_a_cancelled_run_begins_nothing_more(store: headwater.MetadataStore) -> None:
    cancel = threading.Event()

    @component
    def stopper(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        cancel.set()
        total.set(value=1.0)

    @pipeline
    def stopping() -> None:
        total = stopper(numbers=steps.make())
        steps.compare(new=total, old=None)

    outcome = stopping.run(store=store, cancel=cancel, workers=1)

    assert outcome.steps["compare"].state is StepState.CANCELED
    assert not outcome.is_good
    assert store.heartbeats.all() == []


def test_who_watches_sees_every_change(store: headwater.MetadataStore) -> None:
    seen: list[tuple[str, StepState]] = []

    steps.sums.run(store=store, watch=lambda step, state, _: seen.append((step, state)))

    assert seen == [
        (name, state)
        for name in ("make", "double", "add")
        for state in (StepState.RUNNING, COMPLETE)
    ]


def test_the_same_pipeline_twice_at_once_runs_each_step_once(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    count.mkdir()

    @component(version="1")
    def slow(numbers: Output[steps.Numbers], *, path: str) -> None:
        (Path(path) / uuid.uuid4().hex).touch()
        time.sleep(0.5)
        numbers.save([1, 2, 3])
        numbers.set(count=3)

    @pipeline
    def racing() -> None:
        steps.double(numbers=slow(path=str(count)))

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: run_of(racing, store), range(3)))

    assert len(list(count.iterdir())) == 1
    assert sorted(states(o)["slow"] for o in outcomes) == [CACHED, CACHED, COMPLETE]
    assert len({o.ids("double", "doubled") for o in outcomes}) == 1


def run_of(of: Pipeline, store: headwater.MetadataStore) -> Outcome:
    return of.run(store=store)


def test_a_step_that_ends_while_another_run_looks_for_it_is_not_run_again(
    store: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    calls: list[int] = []
    looks: list[Hit | Miss] = []

    @component(version="1")
    def waiting(numbers: Output[steps.Numbers]) -> None:
        calls.append(1)
        begun.set()
        assert go.wait(timeout=60)
        numbers.save([1])
        numbers.set(count=1)

    @pipeline
    def looking() -> None:
        waiting()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(looking.run, store=store)
        assert begun.wait(timeout=60)

        def look_up_slowly(*asked: Any) -> Any:
            found = look_up(*asked)
            looks.append(found)
            if len(looks) == 2:
                go.set()
                first.result()
            return found

        monkeypatch.setattr(launcher, "look_up", look_up_slowly)
        second = looking.run(store=store)

    assert len(calls) == 1
    assert states(second) == {"waiting": CACHED}
