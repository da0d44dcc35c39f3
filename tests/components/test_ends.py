"""Who ends a step: one process does, and what another says of it later changes nothing."""

# ruff: noqa: ARG001 - a component takes what it says, whether its body uses it or not

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import headwater
from headwater.components import Input, Outcome, Output, StepState, component, pipeline
from headwater.errors import FailedPrecondition, WorkerLost
from headwater.graph.statements import Statement
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

BEAT = Statement(
    "test/beat",
    """
    CREATE (:Heartbeat {
      namespace: $namespace, execution_id: $execution_id, interval_ms: 10000, host: $host, pid: 0
    })
    """,
)


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


def held_by(store: headwater.MetadataStore, host: str | None, pid: int | None) -> Outcome:
    """Run a step whose fingerprint a run holds that gave no sign of life for long."""
    first = steps.sums.run(store=store)
    (add,) = (e for e in store.executions.all() if e.type == "Add")
    # As if its process had died in mid-step: what it made is gone, and it still says it runs.
    ended = Execution(id=add.id, type_id=add.type_id, last_known_state=ExecutionState.RUNNING)
    store.put(
        PutRequest(executions=(ended,), update_masks={TypeKind.EXECUTION: ("last_known_state",)})
    )
    store._graph.write_alone(  # noqa: SLF001 - a beat without a process
        BEAT, namespace=store.namespace, execution_id=add.id, host=socket.gethostname()
    )
    silence(store, add.id or 0, host=host, pid=pid)
    assert first.is_good
    return steps.sums.run(store=store)


def test_a_step_of_a_host_that_fell_silent_is_run_again(store: headwater.MetadataStore) -> None:
    outcome = held_by(store, "elsewhere", 1)

    assert outcome.steps["add"].state is StepState.COMPLETE
    adds = [e for e in store.executions.all() if e.type == "Add"]
    assert [e.last_known_state for e in adds] == [ExecutionState.FAILED, ExecutionState.COMPLETE]
    assert "was lost" in str(adds[0].custom_properties["error"])


def test_a_step_of_a_process_of_this_host_that_is_gone_is_run_again(
    store: headwater.MetadataStore,
) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )

    outcome = held_by(store, None, int(gone.stdout))

    assert outcome.steps["add"].state is StepState.COMPLETE


def test_a_process_of_this_host_that_is_there_is_waited_for_whatever_its_beats(
    store: headwater.MetadataStore,
) -> None:
    held: list[Outcome] = []
    waiting = threading.Thread(target=lambda: held.append(held_by(store, None, os.getpid())))
    waiting.start()
    waiting.join(timeout=8)
    assert waiting.is_alive()

    (running,) = (e for e in store.executions.all() if e.last_known_state is ExecutionState.RUNNING)
    end_as_lost(store, running)
    waiting.join(timeout=60)

    assert held[0].steps["add"].state is StepState.COMPLETE
