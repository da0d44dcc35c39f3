"""What goes wrong in a step, and what the store says of it afterwards."""

import importlib
from pathlib import Path

import pytest

import headwater
from headwater.components import Component, Outcome, StepState, pipeline
from headwater.errors import DeadlineExceeded, FailedPrecondition, InvalidArgument, WorkerLost
from headwater_schema import ArtifactState, EventType, ExecutionState
from support import steps
from support.processes import is_gone


def failed(store: headwater.MetadataStore, of: Component, **parameters: object) -> Outcome:
    """Run a step that fails beside one that does not, and check what is left of it."""

    @pipeline
    def broken() -> None:
        numbers = steps.make()
        of.named("bad")(numbers=numbers, **parameters)
        steps.double(numbers=numbers)

    outcome = broken.run(store=store, raising=False)
    ended = outcome.steps["bad"]
    assert ended.state is StepState.FAILED
    assert outcome.steps["double"].state is StepState.COMPLETE
    execution = store.executions.by_ids([ended.execution_id or 0])[0]
    assert execution.last_known_state is ExecutionState.FAILED
    assert execution.custom_properties["error"] in f"{ended.reason}"
    made = [
        store.artifacts.by_ids([event.artifact_id])[0]
        for event in store.edges.events_of_executions([execution.id or 0])
        if event.type in (EventType.PENDING_OUTPUT, EventType.OUTPUT)
    ]
    assert [artifact.state for artifact in made] == [ArtifactState.ABANDONED]
    assert made[0].digest is None
    assert store.heartbeats.all() == []
    return outcome


@pytest.mark.parametrize(
    ("of", "error", "message"),
    [
        (steps.fail, ValueError, "no luck"),
        (steps.forget, FailedPrecondition, "ended without making total"),
        (steps.mistype, InvalidArgument, "Output 'total' of Mistype is no Total: value"),
        (steps.return_it, InvalidArgument, "returned list"),
        (steps.half, OSError, "the disk went away"),
    ],
)
def test_what_a_component_does_wrong_is_the_reason(
    store: headwater.MetadataStore, of: Component, error: type[Exception], message: str
) -> None:
    ended = failed(store, of).steps["bad"]

    assert isinstance(ended.error, error)
    assert message in ended.reason


def test_a_step_that_hangs_is_stopped_with_what_it_started(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    child = tmp_path / "child"

    ended = failed(store, steps.hang, child_file=str(child)).steps["bad"]

    assert isinstance(ended.error, DeadlineExceeded)
    assert ended.seconds < 60
    assert is_gone(int(child.read_text()), within_s=10)


def test_a_step_whose_process_is_killed_is_lost(store: headwater.MetadataStore) -> None:
    @pipeline
    def killed() -> None:
        numbers = steps.make()
        steps.kill_itself(numbers=numbers)
        steps.double(numbers=numbers)

    outcome = killed.run(store=store, on="processes", raising=False)

    ended = outcome.steps["kill-itself"]
    assert ended.state is StepState.FAILED
    assert isinstance(ended.error, WorkerLost)
    assert "SIGKILL" in ended.reason
    assert outcome.steps["double"].state is StepState.COMPLETE


@pytest.mark.parametrize("of", [steps.leave_a_thread, steps.read_standard_input])
def test_nothing_that_a_component_leaves_or_asks_keeps_its_process(
    store: headwater.MetadataStore, of: Component
) -> None:
    @pipeline
    def left() -> None:
        of(numbers=steps.make())

    outcome = left.run(store=store, on="processes")

    assert outcome.is_good


def test_a_module_that_its_process_cannot_import_is_the_reason(
    store: headwater.MetadataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(steps.__file__)).read_text()
    module = tmp_path / "half_edited_steps.py"
    module.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    half = importlib.import_module("half_edited_steps")
    pipeline_of = half.sums
    module.write_text(text + "\ndef broken(:\n")

    outcome = pipeline_of.run(store=store, on="processes", raising=False)

    assert outcome.steps["make"].state is StepState.FAILED
    assert "SyntaxError" in outcome.steps["make"].reason


def test_processes_do_what_threads_do(store: headwater.MetadataStore) -> None:
    outcome = steps.mapped.run(store=store, on="processes")
    again = steps.mapped.run(store=store)

    assert {ended.state for ended in outcome.steps.values()} == {StepState.COMPLETE}
    assert {ended.state for ended in again.steps.values()} == {StepState.CACHED}


def test_an_error_of_another_process_comes_with_its_traceback(
    store: headwater.MetadataStore,
) -> None:
    @pipeline
    def broken() -> None:
        steps.fail(numbers=steps.make(), message="here")

    outcome = broken.run(store=store, on="processes", raising=False)

    error = outcome.steps["fail"].error
    assert isinstance(error, ValueError)
    assert "steps.py" in str(error.__cause__)
    recorded = store.executions.by_ids([outcome.steps["fail"].execution_id or 0])[0]
    assert "steps.py" in str(recorded.custom_properties["traceback"])
