"""A store that goes away while a pipeline runs, and comes back."""

import os
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import headwater
from headwater.components import Ended, StepState, pipeline
from headwater.errors import Unavailable
from headwater.local import down, up
from headwater_schema import ArtifactState, ExecutionState
from support import steps
from support.servers import Neo4jAddress

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


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_a_run_waits_for_an_object_store_that_is_killed_and_goes_on(
    tmp_path: Path, neo4j_server: Neo4jAddress, namespace: str, on: str
) -> None:
    settings = replace(
        headwater.load_settings({}),
        home=tmp_path,
        neo4j=neo4j_server.address,
        neo4j_user=neo4j_server.user,
        neo4j_password=neo4j_server.password,
        namespace=namespace,
        objects="minio",
    )
    process = up(settings, objects="minio").minio
    back = threading.Timer(AWAY_S / 3, up, args=(settings,), kwargs={"objects": "minio"})

    def kill_once(step: str, state: StepState, _: Ended | None) -> None:
        if step == "double" and state is StepState.COMPLETE and not back.is_alive():
            os.kill(process.pid or 0, signal.SIGKILL)
            back.start()

    try:
        outcome = long_sums.run(settings=settings, watch=kill_once, on=on)
        back.join()
        with headwater.connect(settings=settings) as store:
            executions = store.executions.all()
            (total,) = store.artifacts.by_ids(outcome.ids("add", "total"))
    finally:
        back.cancel()
        down(settings)

    assert {ended.state for ended in outcome.steps.values()} == {StepState.COMPLETE}
    assert Counter(e.type for e in executions) == {"Make": 1, "Double": 4, "Add": 1}
    assert total.state is ArtifactState.LIVE
    assert outcome.seconds > AWAY_S / 3


def test_a_run_whose_object_store_never_answered_ends_at_once(
    store: headwater.MetadataStore,
) -> None:
    nowhere = replace(
        store.settings,
        objects="http://127.0.0.1:9/bucket",
        s3_access_key="key",
        s3_secret_key="secret",  # noqa: S106 - of nobody
    )

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        long_sums.run(settings=nowhere)

    assert store.executions.all() == []
