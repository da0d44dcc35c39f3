"""Who ends a step: one process does, and what another says of it later changes nothing."""

# ruff: noqa: ARG001 - a component takes what it says, whether its body uses it or not

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

import headwater
from headwater.components import Input, Outcome, Output, StepState, component, pipeline
from headwater.components.vigil import Vigil
from headwater.errors import FailedPrecondition, WorkerLost
from headwater.services.heartbeats import first_beat
from headwater_schema import (
    ArtifactState,
    Execution,
    ExecutionState,
    FirstBeat,
    PutRequest,
    TypeKind,
)
from support import steps
from support.beats import silence


class Work(headwater.Execution):
    pass


def put_running(store: headwater.MetadataStore) -> int:
    store.register(Work)
    node = Work(last_known_state=ExecutionState.RUNNING).to_node(store.type_id(Work))
    beat = FirstBeat("elsewhere", 1, 10_000)
    return store.put(PutRequest(executions=(node,), first_beats={0: beat})).execution_ids[0]


def end(store: headwater.MetadataStore, execution_id: int, state: ExecutionState) -> None:
    ended = Execution(id=execution_id, type_id=store.type_id(Work), last_known_state=state)
    store.put(
        PutRequest(
            executions=(ended,),
            update_masks={TypeKind.EXECUTION: ("last_known_state",)},
            expected_states={0: ExecutionState.RUNNING},
            ends_heartbeats=True,
        )
    )


def test_a_heartbeat_comes_and_goes_with_its_execution(store: headwater.MetadataStore) -> None:
    execution_id = put_running(store)

    beat = store.heartbeats.of(execution_id)
    assert beat is not None
    assert (beat.host, beat.pid, beat.interval_ms) == ("elsewhere", 1, 10_000)
    assert 0 <= beat.age_ms < 60_000
    assert store.heartbeats.beat(execution_id, interval_s=10)
    end(store, execution_id, ExecutionState.COMPLETE)
    assert store.heartbeats.of(execution_id) is None


def test_a_beat_after_the_end_brings_nothing_back(store: headwater.MetadataStore) -> None:
    execution_id = put_running(store)
    end(store, execution_id, ExecutionState.COMPLETE)

    assert not store.heartbeats.beat(execution_id, interval_s=10)
    assert store.heartbeats.all() == []


def test_an_end_is_refused_where_there_is_one(store: headwater.MetadataStore) -> None:
    execution_id = put_running(store)
    end(store, execution_id, ExecutionState.FAILED)

    with pytest.raises(FailedPrecondition, match="is FAILED, the request expects RUNNING") as e:
        end(store, execution_id, ExecutionState.COMPLETE)

    assert e.value.values["found_state"] == "FAILED"
    (found,) = store.executions.by_ids([execution_id])
    assert found.last_known_state is ExecutionState.FAILED


def test_of_two_who_end_at_once_one_does(store: headwater.MetadataStore) -> None:
    execution_id = put_running(store)
    barrier = threading.Barrier(2)
    refused: list[ExecutionState] = []

    def race(state: ExecutionState) -> None:
        barrier.wait(timeout=60)
        try:
            end(store, execution_id, state)
        except FailedPrecondition:
            refused.append(state)

    racers = [
        threading.Thread(target=race, args=(state,))
        for state in (ExecutionState.COMPLETE, ExecutionState.FAILED)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    (found,) = store.executions.by_ids([execution_id])
    assert [found.last_known_state] == [
        state for state in (ExecutionState.COMPLETE, ExecutionState.FAILED) if state not in refused
    ]


def ended_by_another(store: headwater.MetadataStore, finish: Callable[[], None]) -> Outcome:
    """Run a step that another process takes for lost while it works, and ends otherwise itself."""

    @component(version="1")
    def taken(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        (running,) = (e for e in store.executions.all() if e.type == "Taken")
        end_as_lost(store, running)
        total.set(value=1.0)
        finish()

    @pipeline
    def taking() -> None:
        taken(numbers=steps.make())

    return taking.run(store=store, raising=False)


def end_as_lost(store: headwater.MetadataStore, running: Execution) -> None:
    lost = Execution(id=running.id, type_id=running.type_id, last_known_state=ExecutionState.FAILED)
    store.put(
        PutRequest(
            executions=(lost,),
            update_masks={TypeKind.EXECUTION: ("last_known_state",)},
            ends_heartbeats=True,
        )
    )


def test_a_step_that_was_taken_for_lost_is_not_complete(store: headwater.MetadataStore) -> None:
    outcome = ended_by_another(store, lambda: None)

    ended = outcome.steps["taken"]
    assert ended.state is StepState.FAILED
    assert isinstance(ended.error, WorkerLost)
    assert "was ended by another process as FAILED" in ended.reason
    (found,) = (e for e in store.executions.all() if e.type == "Taken")
    assert found.last_known_state is ExecutionState.FAILED
    assert [
        a for a in store.artifacts.all() if a.state is ArtifactState.LIVE and a.type == "Total"
    ] == []


def test_the_first_word_of_an_end_stands_where_the_step_fails_too(
    store: headwater.MetadataStore,
) -> None:
    def fail() -> None:
        raise ValueError("too late")

    outcome = ended_by_another(store, fail)

    assert outcome.steps["taken"].reason == "ValueError: too late"
    (found,) = (e for e in store.executions.all() if e.type == "Taken")
    assert "error" not in found.custom_properties


def held_by(store: headwater.MetadataStore, beat: FirstBeat) -> Outcome:
    """Run a step whose fingerprint a run holds that gave no sign of life for long."""
    first = steps.sums.run(store=store)
    (add,) = (e for e in store.executions.all() if e.type == "Add")
    # As if its process had died in mid-step: what it made is gone, and it still says it runs.
    begun = Execution(id=add.id, type_id=add.type_id, last_known_state=ExecutionState.RUNNING)
    masks = {TypeKind.EXECUTION: ("last_known_state",)}
    store.put(PutRequest(executions=(begun,), update_masks=masks))
    silence(store, add.id or 0, **beat._asdict())
    assert first.is_good
    return steps.sums.run(store=store)


def test_a_step_of_another_machine_that_falls_silent_is_run_again(
    store: headwater.MetadataStore,
) -> None:
    beat = first_beat(0.3)._replace(machine="another")

    outcome = held_by(store, beat)

    assert outcome.steps["add"].state is StepState.COMPLETE
    adds = [e for e in store.executions.all() if e.type == "Add"]
    assert [e.last_known_state for e in adds] == [ExecutionState.FAILED, ExecutionState.COMPLETE]
    assert "was lost" in str(adds[0].custom_properties["error"])


def test_a_step_of_a_process_of_this_machine_that_is_gone_is_run_again_at_once(
    store: headwater.MetadataStore,
) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )

    outcome = held_by(store, first_beat(600)._replace(pid=int(gone.stdout)))

    assert outcome.steps["add"].state is StepState.COMPLETE


def test_another_process_of_the_same_pid_is_not_the_one_that_beat(
    store: headwater.MetadataStore,
) -> None:
    outcome = held_by(store, first_beat(600)._replace(started=1.0))

    assert outcome.steps["add"].state is StepState.COMPLETE


def test_a_process_that_is_there_and_does_not_beat_is_waited_for_longer(
    store: headwater.MetadataStore,
) -> None:
    began = time.monotonic()

    outcome = held_by(store, first_beat(0.3))

    assert outcome.steps["add"].state is StepState.COMPLETE
    assert time.monotonic() - began > 9


def test_a_heart_that_beats_while_it_is_watched_is_never_lost(
    store: headwater.MetadataStore,
) -> None:
    store.register(Work)
    node = Work(last_known_state=ExecutionState.RUNNING).to_node(store.type_id(Work))
    beat = first_beat(0.5)._replace(machine="another")
    (execution_id,) = store.put(PutRequest(executions=(node,), first_beats={0: beat})).execution_ids
    vigil = Vigil(store)

    for _ in range(10):
        assert not vigil.is_lost(execution_id)
        time.sleep(0.2)
        silence(store, execution_id, time=time.time_ns())
    end(store, execution_id, ExecutionState.COMPLETE)
    assert vigil.is_lost(execution_id)


def test_a_gap_between_two_looks_is_no_silence(
    store: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = put_running(store)
    vigil, now = Vigil(store), 0.0
    monkeypatch.setattr("headwater.components.vigil.time.monotonic", lambda: now)

    assert not vigil.is_lost(execution_id)
    # As long as the store was away; then ten seconds again and again.
    for now in (100.0, 110.0, 120.0, 130.0):  # noqa: B007 - the clock's
        assert not vigil.is_lost(execution_id)
    now = 131.0
    assert vigil.is_lost(execution_id)
