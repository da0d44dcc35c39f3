"""Runs: one step of work, recorded from its beginning to its end, whatever the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

import headwater
from headwater.errors import (
    AlreadyExists,
    FailedPrecondition,
    HeadwaterError,
    InvalidArgument,
    NotFound,
)
from headwater_schema import ArtifactState, EventType, ExecutionState
from support.servers import Neo4jAddress


class Dataset(headwater.Artifact):
    rows: int = 0


class Model(headwater.Artifact):
    accuracy: float = 0.0


class Train(headwater.Execution):
    learning_rate: float = 0.1
    loss: float | None = None


class Pipeline(headwater.Context):
    pass


def state_of(store: headwater.MetadataStore, run: headwater.Run) -> ExecutionState | None:
    return store.execution(run.execution).last_known_state


def fail_after_an_output(run: headwater.Run, error: BaseException) -> None:
    run.output(Model(name="clf"))
    raise error


# Ends.


def test_a_run_is_running_within_and_complete_after(store: headwater.MetadataStore) -> None:
    with store.run(Train(learning_rate=0.5)) as run:
        made = run.output(Model(name="clf"))

        assert state_of(store, run) is ExecutionState.RUNNING
        assert made.state is ArtifactState.PENDING
        assert [beat.execution_id for beat in store.heartbeats.all()] == [run.id]

    assert state_of(store, run) is ExecutionState.COMPLETE
    assert run.execution.last_known_state is ExecutionState.COMPLETE
    assert store.artifact(made).state is ArtifactState.LIVE
    assert store.heartbeats.all() == []


def test_an_error_fails_the_run_and_abandons_its_outputs(store: headwater.MetadataStore) -> None:
    run = store.run(Train())
    with pytest.raises(ZeroDivisionError), run:
        fail_after_an_output(run, ZeroDivisionError("division by zero"))

    found = store.execution(run.execution)
    assert found.last_known_state is ExecutionState.FAILED
    assert found.custom_properties["error"] == "ZeroDivisionError: division by zero"
    assert "raise error" in str(found.custom_properties["traceback"])
    assert store.artifact("clf@1").state is ArtifactState.ABANDONED
    assert store.heartbeats.all() == []


def test_a_keyboard_interrupt_cancels_the_run(store: headwater.MetadataStore) -> None:
    run = store.run(Train())
    with pytest.raises(KeyboardInterrupt), run:
        fail_after_an_output(run, KeyboardInterrupt())

    assert state_of(store, run) is ExecutionState.CANCELED
    assert store.artifact("clf@1").state is ArtifactState.ABANDONED


@pytest.mark.parametrize(
    ("code", "state"),
    [(None, ExecutionState.COMPLETE), (0, ExecutionState.COMPLETE), (1, ExecutionState.FAILED)],
)
def test_an_exit_ends_the_run_as_its_code_says(
    store: headwater.MetadataStore, code: int | None, state: ExecutionState
) -> None:
    with pytest.raises(SystemExit), store.run(Train()) as run:
        sys.exit(code)

    assert state_of(store, run) is state


def test_an_error_of_any_text_is_recorded(store: headwater.MetadataStore) -> None:
    with pytest.raises(ValueError, match="x"), store.run(Train()) as run:
        raise ValueError("x\ud800\0😀" + "y" * 10_000)

    assert str(store.execution(run.execution).custom_properties["error"]).startswith(
        "ValueError: x?"
    )


def test_the_users_error_is_what_they_see_when_the_store_is_gone_too(
    store: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FailedPrecondition("gone")

    def lose_the_store() -> None:
        monkeypatch.setattr(store, "put", refuse)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught, store.run(Train()):
        lose_the_store()

    assert "could not record" in caught.value.__notes__[0]


def test_a_state_that_was_given_is_kept(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        made = run.output(Model(state=ArtifactState.REFERENCE))

    assert store.artifact(made).state is ArtifactState.REFERENCE


# Use.


def test_a_run_is_used_within_its_with_statement(store: headwater.MetadataStore) -> None:
    run = store.run(Train())
    with pytest.raises(FailedPrecondition, match="has not begun"):
        run.output(Model())
    with run:
        pass
    with pytest.raises(FailedPrecondition, match="has ended"):
        run.log(loss=1.0)
    with pytest.raises(FailedPrecondition, match="once"):
        run.__enter__()


def test_inputs_and_outputs_are_events_with_their_keys(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as first:
        data = first.output(Dataset(name="d", rows=3), key="train")
    with store.run(Train()) as second:
        assert second.input(data, key="x") == data

    events = store.edges.events_of_artifacts([data.id or 0])
    assert [(e.execution_id, e.type, e.path[0].key) for e in events] == [
        (first.execution.id, EventType.OUTPUT, "train"),
        (second.execution.id, EventType.INPUT, "x"),
    ]


@pytest.mark.parametrize("by", ["object", "name", "series", "uri", "digest", "id", "key", "new"])
def test_an_input_is_found_however_it_is_named(store: headwater.MetadataStore, by: str) -> None:
    with store.run(Train()) as run:
        data = run.output(Dataset(name="d", uri="s3://b/d", rows=3), payload=b"bytes")
    references: dict[str, headwater.Artifact | headwater.NodeKey | str] = {
        "object": store.artifact(data, type=Dataset),
        "name": "d@1",
        "series": "d",
        "uri": "s3://b/d",
        "digest": str(data.digest),
        "id": f"artifact:{data.id}",
        "key": store.key(data),
        "new": Dataset(name="d", uri="s3://b/d", rows=3),
    }

    with store.run(Train()) as run:
        found = run.input(references[by], type=None if by == "new" else Dataset)

    assert (found.id, found.rows) == (data.id, 3)
    assert [e.artifact_id for e in store.edges.events_of_executions([run.execution.id or 0])] == [
        data.id
    ]


def test_an_input_that_differs_from_what_is_stored_is_recorded(
    store: headwater.MetadataStore,
) -> None:
    with store.run(Train()) as run:
        first = run.input(Dataset(name="d", uri="u", rows=1))
        second = run.input(Dataset(name="d", uri="u", rows=2))

    assert (first.name, second.name) == ("d@1", "d@2")
    assert store.artifact(second).state is ArtifactState.LIVE


def test_an_input_that_is_not_there_is_not_found_and_fails_the_run(
    store: headwater.MetadataStore,
) -> None:
    with pytest.raises(NotFound), store.run(Train()) as run:
        run.input("nope")

    assert state_of(store, run) is ExecutionState.FAILED


def test_an_input_twice_already_exists(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        data = run.input(Dataset(uri="u"))
        with pytest.raises(AlreadyExists):
            run.input(data)


def test_an_output_is_something_new(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        made = run.output(Model(name="m"))
        with pytest.raises(InvalidArgument, match="something new"):
            run.output(made)


@pytest.mark.parametrize("name", ["", "clf@3", "@1@2"])
def test_a_series_is_not_named_like_a_version(store: headwater.MetadataStore, name: str) -> None:
    with store.run(Train()) as run, pytest.raises(InvalidArgument, match="cannot name a series"):
        run.output(Model(name=name))

    assert store.artifacts.all() == []


def test_equal_bytes_are_a_new_version_with_the_same_digest(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    path = tmp_path / "payload"
    path.write_bytes(b"bytes")
    with store.run(Train()) as run:
        made = [
            run.output(Model(name="m"), payload=payload)
            for payload in (b"bytes", path, BytesIO(b"bytes"), iter([b"by", b"tes"]))
        ]

    assert [m.version for m in made] == [1, 2, 3, 4]
    assert len({m.digest for m in made}) == 1
    assert store.read_bytes("m@3") == b"bytes"
    assert str(made[0].uri).startswith("headwater://sha256/")


def test_a_uri_that_the_user_gave_is_kept(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        made = run.output(Model(uri="s3://b/m"), payload=b"bytes")

    assert made.uri == "s3://b/m"
    assert store.read_bytes(made) == b"bytes"


def test_an_artifact_without_payload_has_no_bytes(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        made = run.output(Model(uri="s3://b/m"))

    with pytest.raises(FailedPrecondition, match="s3://b/m"):
        store.read_bytes(made)


def test_logged_values_are_declared_or_custom(store: headwater.MetadataStore) -> None:
    with store.run(Train(learning_rate=0.5)) as run:
        run.log(loss=0.25, note="n")
        run.log()
        run.log(note="m")

    found = store.execution(run.execution, type=Train)
    assert (found.learning_rate, found.loss) == (0.5, 0.25)
    assert found.custom_properties == {"note": "m"}
    assert found.last_known_state is ExecutionState.COMPLETE


@pytest.mark.parametrize("value", [None, object(), 2**63, "\ud800"])
def test_a_value_that_cannot_be_stored_is_refused(
    store: headwater.MetadataStore, value: object
) -> None:
    with store.run(Train()) as run, pytest.raises(InvalidArgument, match="note"):
        run.log(note=value)


def test_a_declared_value_of_another_kind_is_refused(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run, pytest.raises(InvalidArgument, match="unmatched"):
        run.log(loss="high")


def test_a_run_and_what_it_touches_lie_in_its_contexts(store: headwater.MetadataStore) -> None:
    known = store.put_context(Pipeline(name="known"))
    with store.run(Train(), context=Pipeline(name="new"), contexts=[known]) as run:
        data = run.input(Dataset(uri="u"))
        model = run.output(Model())
    with store.run(Train(), context=Pipeline(name="new")):
        pass

    for name in ("known", "new"):
        context_id = store.context(name).id or 0
        assert {a.id for a in store.artifacts.in_context(context_id)} == {data.id, model.id}
    assert len(store.executions.in_context(store.context("new").id or 0)) == 2


# Concurrency and death.


def test_concurrent_outputs_of_one_series_are_its_next_versions(
    store: headwater.MetadataStore,
) -> None:
    def output(_: int) -> str | None:
        with store.run(Train()) as run:
            return run.output(Model(name="clf")).name

    store.register(Train)
    store.register(Model)
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(output, range(24)))

    assert sorted(names, key=lambda name: (len(name or ""), name)) == [
        f"clf@{i}" for i in range(1, 25)
    ]


CHILD = """
import sys, headwater
from headwater.settings import Settings, load_settings
from dataclasses import replace

class Train(headwater.Execution):
    pass

class Model(headwater.Artifact):
    pass

address, user, password, namespace, home = sys.argv[1:]
settings = replace(load_settings({}), heartbeat_s=0.1)
store = headwater.connect(
    address, user=user, password=password or None, namespace=namespace, home=home,
    objects=home + "/objects", settings=settings,
)
with store.run(Train()) as run:
    run.output(Model(name="m"))
    print(run.id, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def running(
    neo4j_server: Neo4jAddress, store: headwater.MetadataStore, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    arguments = [
        neo4j_server.address,
        neo4j_server.user,
        neo4j_server.password or "",
        store.namespace,
        str(tmp_path),
    ]
    with subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-c", CHILD, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_process_leaves_a_run_that_is_running_and_stale(
    store: headwater.MetadataStore, running: subprocess.Popen[str]
) -> None:
    assert running.stdout is not None
    execution_id = int(running.stdout.readline())
    first = store.heartbeats.all()[0].time
    deadline = time.monotonic() + 20
    while store.heartbeats.all()[0].time == first:
        assert time.monotonic() < deadline, "the heart does not beat"
    assert store.heartbeats.stale() == []

    os.kill(running.pid, signal.SIGKILL)
    running.wait()

    while not store.heartbeats.stale():
        assert time.monotonic() < deadline, "a dead run is not stale"
    (beat,) = store.heartbeats.stale()
    assert (beat.execution_id, beat.pid) == (execution_id, running.pid)
    execution = store.execution(f"execution:{execution_id}")
    assert execution.last_known_state is ExecutionState.RUNNING
    assert store.artifact("m@1").state is ArtifactState.PENDING


def test_a_heartbeat_is_stale_after_three_missed_ones() -> None:
    beat = headwater.Heartbeat(
        1, 1_000, "host", 1, interval_ms=100, machine="", started=0.0, age_ms=300
    )

    assert not beat.is_stale
    assert beat._replace(age_ms=301).is_stale


def test_a_missed_heartbeat_does_not_end_the_run(
    store: headwater.MetadataStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    missed = []

    def refuse(*_: object, **__: object) -> None:
        missed.append(1)
        raise HeadwaterError("away")

    run = headwater.Run(store, Train(), [], heartbeat_s=0.01)
    with run:
        monkeypatch.setattr(store.heartbeats, "beat", refuse)
        deadline = time.monotonic() + 10
        while not missed:
            assert time.monotonic() < deadline

    assert state_of(store, run) is ExecutionState.COMPLETE
    assert "was missed" in caplog.text
