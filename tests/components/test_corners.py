"""Where steps, caches and ends meet in ways that are rare."""

# ruff: noqa: ARG001 - a component takes what it says, whether its body uses it or not

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import pytest

import headwater
from headwater.components import (
    Input,
    Output,
    Outputs,
    Publisher,
    StepState,
    component,
    each,
    pipeline,
)
from headwater.components.driver import Registered
from headwater.components.handles import Made
from headwater.errors import HeadwaterError, Internal, Unavailable
from headwater_schema import ExecutionState
from support import steps
from support.steps import states

COMPLETE, CACHED, FAILED = StepState.COMPLETE, StepState.CACHED, StepState.FAILED
SKIPPED, CANCELED, NOT_RUN = StepState.SKIPPED, StepState.CANCELED, StepState.NOT_RUN


# Ends


def test_a_component_that_exits_has_failed(store: headwater.MetadataStore) -> None:
    @component
    def leave(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        sys.exit(3)

    @pipeline
    def leaving() -> None:
        leave(numbers=steps.make())

    outcome = leaving.run(store=store, raising=False)

    assert states(outcome)["leave"] is FAILED
    assert outcome.steps["leave"].reason == "SystemExit: 3"
    assert store.heartbeats.all() == []


class LosesTheAnswer(Publisher):
    """Ends well, and the word of it does not arrive the first time; or does not even end."""

    def __init__(self, error: HeadwaterError, *, commits: bool) -> None:
        self.error = error
        self.commits = commits
        self.tries = 0

    def complete(
        self,
        store: headwater.MetadataStore,
        registered: Registered,
        made: Sequence[Made],
        *,
        fingerprint: str | None,
    ) -> Mapping[str, Sequence[int]]:
        self.tries += 1
        known: Mapping[str, Sequence[int]] = {}
        if self.commits or self.tries > 1:
            known = super().complete(store, registered, made, fingerprint=fingerprint)
        if self.tries == 1:
            raise self.error
        return known


AWAY = Unavailable("The connection was lost while committing.")


@pytest.mark.parametrize(
    ("error", "commits", "tries", "state"),
    [
        (AWAY, True, 1, COMPLETE),
        (AWAY, False, 2, COMPLETE),
        (Internal("A bug."), True, 1, COMPLETE),
        (Internal("A bug."), False, 1, FAILED),
    ],
)
def test_an_end_whose_answer_is_lost_is_looked_up_and_recorded_once(
    store: headwater.MetadataStore,
    *,
    error: HeadwaterError,
    commits: bool,
    tries: int,
    state: StepState,
) -> None:
    publisher = LosesTheAnswer(error, commits=commits)

    @component(publisher=publisher)
    def unheard(numbers: Input[steps.Numbers], doubled: Output[steps.Numbers]) -> None:
        doubled.save([2])
        doubled.set(count=1)

    @pipeline
    def losing() -> None:
        steps.double(numbers=unheard(numbers=steps.make()))

    outcome = losing.run(store=store, raising=False)

    assert publisher.tries == tries
    assert states(outcome)["unheard"] is state
    assert len(outcome.ids("unheard", "doubled")) == (state is COMPLETE)
    assert states(outcome)["double"] is (COMPLETE if state is COMPLETE else NOT_RUN)


def test_what_a_condition_raises_is_the_reason_of_its_step(store: headwater.MetadataStore) -> None:
    def broken(_: headwater.Artifact) -> bool:
        raise ZeroDivisionError("a judge's")

    @pipeline
    def judged() -> None:
        numbers = steps.make()
        steps.double(numbers=numbers).when(numbers, broken, "never known")

    outcome = judged.run(store=store, raising=False)

    assert outcome.steps["double"].reason == "ZeroDivisionError: a judge's"
    (failed,) = (e for e in store.executions.all() if e.type == "Double")
    assert failed.last_known_state is ExecutionState.FAILED
    assert "broken" in str(failed.custom_properties["traceback"])


def test_one_name_for_two_runs_gives_each_attempt_its_own(store: headwater.MetadataStore) -> None:
    steps.sums.run(store=store, run="nightly", reuse=False)
    steps.sums.run(store=store, run="nightly", reuse=False)

    names = Counter(e.name for e in store.executions.all())
    assert names == dict.fromkeys(
        [f"nightly/{step}#{n}" for step in ("make", "double", "add") for n in (1, 2)], 1
    )


# Skips and conditions


@component
def cut_nothing(numbers: Input[steps.Numbers], parts: Outputs[steps.Numbers]) -> None:
    """Make none of what might be many."""


def test_a_condition_on_what_was_not_made_does_not_hold(store: headwater.MetadataStore) -> None:
    @pipeline
    def conditional() -> None:
        numbers = steps.make()
        parts = cut_nothing(numbers=numbers)
        steps.double(numbers=numbers).when(parts.parts, lambda _: True, "there is a part")

    outcome = conditional.run(store=store)

    assert states(outcome)["double"] is SKIPPED
    assert outcome.steps["double"].reason == "there is a part: cut-nothing made none"


@pytest.mark.parametrize(("demanded", "state"), [(False, COMPLETE), (True, SKIPPED)])
def test_a_skipped_step_may_be_missed_by_an_input_and_not_by_an_order(
    store: headwater.MetadataStore, *, demanded: bool, state: StepState
) -> None:
    @component
    def either(
        new: Input[steps.Numbers], old: Input[steps.Numbers] | None, out: Output[steps.Total]
    ) -> None:
        out.set(value=0.0 if old is None else 1.0)

    @pipeline
    def missing() -> None:
        numbers = steps.make(count=3)
        odd = steps.skip_odd(numbers=numbers)
        step = either(new=numbers, old=odd)
        if demanded:
            step.following(odd)

    outcome = missing.run(store=store)

    assert states(outcome)["skip-odd"] is SKIPPED
    assert states(outcome)["either"] is state


# Steps that are run for each


@component
def double_but_two(numbers: Input[steps.Numbers], doubled: Output[steps.Numbers]) -> None:
    (value,) = numbers.load()
    if value == 2:
        raise ValueError("not two")
    doubled.save([value * 2])
    doubled.set(count=1)


def test_one_part_that_fails_is_told_and_the_others_stay(store: headwater.MetadataStore) -> None:
    @pipeline
    def parted() -> None:
        parts = steps.cut(numbers=steps.make(count=3), size=1)
        steps.add(numbers=double_but_two(numbers=each(parts.parts)).doubled)

    outcome = parted.run(store=store, raising=False)

    ended = outcome.steps["double-but-two"]
    assert (ended.state, ended.reason) == (FAILED, "double-but-two[1]: ValueError: not two")
    assert len(ended.outputs["doubled"]) == 2
    assert states(outcome)["add"] is NOT_RUN


def test_parts_of_which_some_are_known_run_the_others(store: headwater.MetadataStore) -> None:
    steps.mapped.run(store=store, count=2)
    more = steps.mapped.run(store=store, count=3)
    again = steps.mapped.run(store=store, count=3)

    assert states(more)["double"] is COMPLETE
    doubles = Counter(e.last_known_state for e in store.executions.all() if e.type == "Double")
    assert doubles == {ExecutionState.COMPLETE: 3, ExecutionState.CACHED: 2 + 3}
    assert states(again)["double"] is CACHED


def test_parts_of_unlike_numbers_fail_their_step_alone(store: headwater.MetadataStore) -> None:
    @pipeline
    def unlike() -> None:
        few = steps.cut.named("few")(numbers=steps.make(count=2), size=1)
        many = steps.cut.named("many")(numbers=steps.make.named("make-more")(count=4), size=1)
        steps.add.named("pairs")(numbers=[each(few.parts), each(many.parts)])
        steps.add.named("rest")(numbers=few.parts)

    outcome = unlike.run(store=store, raising=False)

    assert states(outcome)["pairs"] is FAILED
    assert "which have 2 and 4 artifacts" in outcome.steps["pairs"].reason
    assert states(outcome)["rest"] is COMPLETE


# Cancels


def test_a_cancelled_run_tries_nothing_again(store: headwater.MetadataStore) -> None:
    cancel = threading.Event()
    calls: list[int] = []

    @component(retries=5, version="1")
    def stubborn(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        calls.append(1)
        cancel.set()
        # Until the run has seen it.
        threading.Event().wait(1.5)
        raise ConnectionError("again")

    @pipeline
    def retrying() -> None:
        stubborn(numbers=steps.make())

    outcome = retrying.run(store=store, cancel=cancel, raising=False)

    assert len(calls) == 1
    assert states(outcome)["stubborn"] is FAILED


def test_of_a_cancelled_run_processes_end_and_parts_are_told_as_one(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    cancel = threading.Event()
    mark = tmp_path / "mark"

    @pipeline
    def parted() -> None:
        parts = steps.cut(numbers=steps.make(count=3), size=1)
        steps.wait_once(numbers=each(parts.parts), mark=str(mark))

    def cancel_once_it_waits() -> None:
        while not mark.exists():
            threading.Event().wait(0.05)
        cancel.set()

    canceller = threading.Thread(target=cancel_once_it_waits)
    canceller.start()
    outcome = parted.run(store=store, on="processes", cancel=cancel, workers=1, raising=False)
    canceller.join()

    assert states(outcome)["wait-once"] is CANCELED
    waits = [e for e in store.executions.all() if e.type == "WaitOnce"]
    assert ExecutionState.RUNNING not in {e.last_known_state for e in waits}
    assert store.heartbeats.all() == []


# Contents


def test_what_lies_elsewhere_counts_by_its_record_and_not_by_its_address(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    place = tmp_path / "numbers"

    @component(cached=False)
    def point(numbers: Output[steps.Numbers], *, path: str) -> None:
        numbers.set(uri=Path(path).as_uri(), count=1)

    @component
    def read(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        total.set(value=float(place.read_text()))

    @pipeline
    def pointing() -> None:
        read(numbers=point(path=str(place)))

    values = []
    for text in ("1", "2"):
        place.write_text(text)
        outcome = pointing.run(store=store)
        (total,) = store.artifacts.by_ids(outcome.ids("read", "total"))
        values.append(total.properties["value"])

    assert values == [1.0, 2.0]


def test_a_folder_that_is_saved_gets_nothing_beside_it(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    folder = tmp_path / "mine" / "folder"
    folder.mkdir(parents=True)
    (folder / "file").write_text("text")

    @component
    def keep(numbers: Output[steps.Numbers]) -> None:
        numbers.save(folder)
        numbers.set(count=1)

    @component
    def look(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        total.set(value=float((numbers.load() / "file").read_text() == "text"))

    @pipeline
    def keeping() -> None:
        look(numbers=keep())

    outcome = keeping.run(store=store)

    (total,) = store.artifacts.by_ids(outcome.ids("look", "total"))
    assert total.properties["value"] == 1.0
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


# Two processes

RACER = """
    import sys
    import headwater
    from support import steps

    address, user, password, namespace, objects, home, count, name = sys.argv[1:]
    with headwater.connect(
        address, user=user, password=password or None, namespace=namespace, objects=objects, home=home
    ) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        outcome = steps.counted.run(store=store, folder=count, run=name or None)
    print(",".join(f"{name}={ended.state}" for name, ended in outcome.steps.items()))
    print(outcome.ids("double", "doubled"))
"""


@pytest.mark.parametrize("name", ["", "nightly"])
def test_two_processes_with_one_pipeline_run_each_step_once(
    store: headwater.MetadataStore, tmp_path: Path, name: str
) -> None:
    count = tmp_path / "count"
    count.mkdir()
    store.register(steps.Numbers)
    settings = store.settings
    arguments = [
        settings.neo4j,
        settings.neo4j_user,
        settings.neo4j_password or "",
        store.namespace,
        str(tmp_path / "objects"),
        str(tmp_path),
        str(count),
        name,
    ]
    racers = [
        subprocess.Popen(  # noqa: S603 - this very Python
            [sys.executable, "-c", dedent(RACER), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        told = [racer.communicate("go\n", timeout=300)[0].splitlines() for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()

    assert len(list(count.iterdir())) == 1
    ends = {tuple(end.split("=")) for lines in told for end in lines[0].split(",")}
    assert {state for _, state in ends} <= {COMPLETE.value, CACHED.value}
    assert told[0][1] == told[1][1]
    complete = Counter(
        e.type for e in store.executions.all() if e.last_known_state is ExecutionState.COMPLETE
    )
    assert complete == {"CountedSlowly": 1, "Double": 1}
    assert store.heartbeats.all() == []
