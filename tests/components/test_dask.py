"""Pipelines on Dask: what its workers do is what threads do, and a worker may die."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.components import Outcome, StepState, pipeline
from headwater.components.workers import local_cluster
from headwater_schema import ExecutionState
from support import steps


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Yield the address of a scheduler with two workers, each a process."""
    with local_cluster(2) as started:
        yield f"dask://{started.scheduler_address.removeprefix('tcp://')}"


def told(outcome: Outcome) -> dict[str, tuple[StepState, int]]:
    return {
        name: (ended.state, sum(map(len, ended.outputs.values())))
        for name, ended in outcome.steps.items()
    }


def graph_of(store: headwater.MetadataStore) -> dict[str, Any]:
    """Return what the store holds but for ids, times and names of runs."""
    return {
        "artifacts": sorted(
            (a.type or "", a.series or "", str(a.state), a.digest or "")
            for a in store.artifacts.all()
            if a.type != "Environment"
        ),
        "executions": sorted(
            (e.type or "", str(e.last_known_state), str(sorted(e.properties.items())))
            for e in store.executions.all()
        ),
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_dask_does_what_threads_do(store: headwater.MetadataStore, cluster: str) -> None:
    other = store.in_namespace(f"{store.namespace}-other")

    there = steps.mapped.run(store=store, on=cluster, count=4, size=2)
    here = steps.mapped.run(store=other, count=4, size=2)

    assert told(there) == told(here)
    assert graph_of(store) == graph_of(other)
    again = steps.mapped.run(store=store, on=cluster, count=4, size=2)
    assert {state for state, _ in told(again).values()} == {StepState.CACHED}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_worker_that_is_killed_in_mid_step_changes_nothing(
    store: headwater.MetadataStore, cluster: str, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"

    @pipeline
    def killed() -> None:
        waited = steps.wait_once(numbers=steps.make(), mark=str(mark))
        steps.double(numbers=waited)

    killer = threading.Thread(target=kill_who_marks, args=(mark,))
    killer.start()
    outcome = killed.run(store=store, on=cluster)
    killer.join()

    assert {state for state, _ in told(outcome).values()} == {StepState.COMPLETE}
    found = [e for e in store.executions.all() if e.type == "WaitOnce"]
    assert [e.last_known_state for e in found] == [ExecutionState.FAILED, ExecutionState.COMPLETE]
    assert "was lost" in str(found[0].custom_properties["error"])
    assert store.heartbeats.all() == []


def kill_who_marks(mark: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if mark.exists() and (text := mark.read_text()):
            os.kill(int(text), signal.SIGKILL)
            return
        time.sleep(0.05)
