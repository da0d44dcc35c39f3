"""A store that goes away while a pipeline runs, and comes back."""

import os
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import headwater
from headwater.components import Ended, StepState, pipeline
from headwater.local import down, up
from headwater_schema import ArtifactState, ExecutionState
from support import steps

AWAY_S = float(os.environ.get("HEADWATER_TEST_AWAY_S", "30"))


@pipeline
def long_sums() -> None:
    numbers = steps.make()
    for _ in range(4):
        numbers = steps.double(numbers=numbers)
    steps.add(numbers=[numbers])


def test_a_run_waits_for_a_store_that_is_killed_and_goes_on(tmp_path: Path) -> None:
    settings = replace(headwater.load_settings({}), home=tmp_path, heartbeat_s=1.0)
    process = up(settings, compiler="c1").neo4j
    back = threading.Timer(AWAY_S, up, args=(settings,), kwargs={"compiler": "c1"})

    def kill_once(step: str, state: StepState, _: Ended | None) -> None:
        if step == "double" and state is StepState.COMPLETE and not back.is_alive():
            os.kill(process.pid or 0, signal.SIGKILL)
            back.start()

    try:
        outcome = long_sums.run(settings=settings, watch=kill_once)
        back.join()
        with headwater.connect(settings=settings) as store:
            executions, artifacts = store.executions.all(), store.artifacts.all()
            beats = store.heartbeats.all()
    finally:
        back.cancel()
        down(settings)

    assert {ended.state for ended in outcome.steps.values()} == {StepState.COMPLETE}
    assert {ended.attempts for ended in outcome.steps.values()} == {1}
    assert Counter(e.type for e in executions) == {"Make": 1, "Double": 4, "Add": 1}
    assert {e.last_known_state for e in executions} == {ExecutionState.COMPLETE}
    assert {a.state for a in artifacts} == {ArtifactState.LIVE}
    assert beats == []
    assert outcome.seconds > AWAY_S
