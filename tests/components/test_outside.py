"""Components that read or make something outside of the store, and the cache."""

from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.components import (
    Input,
    Outcome,
    Output,
    Outputs,
    Pipeline,
    StepState,
    component,
    pipeline,
)
from headwater.components.prediction import Guess, predict
from headwater.errors import InvalidArgument
from headwater_schema import ExecutionState
from support import steps

COMPLETE, CACHED, FAILED = StepState.COMPLETE, StepState.CACHED, StepState.FAILED


def contents(path: str) -> dict[str, object]:
    return {"file": Path(path).read_bytes()}


def reading(path: Path, *, edit: str | None = None, until: Path | None = None) -> Pipeline:
    """Return a pipeline that reads a number from a file, which changes while it does if asked."""

    @component(outside=contents, version="1")
    def read(numbers: Output[steps.Numbers], *, path: str, by: int = 0) -> None:
        numbers.save([int(Path(path).read_text()) + by])
        numbers.set(count=1)
        if edit is not None:
            Path(path).write_text(edit)

    @component(version="1")
    def halt(numbers: Input[steps.Numbers], total: Output[steps.Total]) -> None:
        if until is not None and not until.exists():
            raise RuntimeError("not yet")
        total.set(value=float(numbers.load()[0]))

    @pipeline
    def numbers_of_a_file() -> None:
        halt(numbers=read(path=str(path)))

    return numbers_of_a_file


def states(outcome: Outcome) -> dict[str, StepState]:
    return {name: ended.state for name, ended in outcome.steps.items()}


def total(store: headwater.MetadataStore, outcome: Outcome) -> float:
    (found,) = store.artifacts.by_ids(outcome.ids("halt", "total"))
    return float(found.properties["value"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


def test_the_cache_answers_until_what_is_outside_changes(
    store: headwater.MetadataStore, file: Path
) -> None:
    given = reading(file)
    outcomes = [given.run(store=store), given.run(store=store)]
    file.write_text("2")
    outcomes.append(given.run(store=store))
    file.write_text("1")
    outcomes.append(given.run(store=store))

    assert [states(outcome)["read"] for outcome in outcomes] == [COMPLETE, CACHED, COMPLETE, CACHED]
    assert [total(store, outcome) for outcome in outcomes] == [1.0, 1.0, 2.0, 1.0]


def test_what_changes_while_it_is_read_is_not_found_later(
    store: headwater.MetadataStore, file: Path
) -> None:
    reading(file, edit="2").run(store=store)
    file.write_text("1")

    again = reading(file).run(store=store)

    assert states(again)["read"] is COMPLETE
    assert states(reading(file).run(store=store))["read"] is CACHED


def test_what_is_gone_once_it_was_read_is_kept_and_not_found_later(
    store: headwater.MetadataStore, file: Path
) -> None:
    @component(outside=contents)
    def take(numbers: Output[steps.Numbers], *, path: str) -> None:
        Path(path).rename(numbers.path)
        numbers.set(count=1)

    @pipeline
    def taking() -> None:
        take(path=str(file))

    first = taking.run(store=store)
    assert states(first) == {"take": COMPLETE}
    second = taking.run(store=store, raising=False)
    assert states(second) == {"take": FAILED}
    assert "No such file" in second.steps["take"].reason
    file.write_text("1")
    assert states(taking.run(store=store)) == {"take": COMPLETE}


def test_a_dry_run_names_what_has_changed(store: headwater.MetadataStore, file: Path) -> None:
    given = reading(file)
    given.run(store=store)

    assert [p.guess for p in predict(given.plan(), store)] == [Guess.HIT, Guess.HIT]
    file.write_text("2")
    changed = predict(given.plan(), store)
    file.unlink()
    missing = predict(given.plan(), store)

    assert [p.guess for p in changed] == [Guess.MISS, Guess.UNKNOWN]
    assert [d.field for d in changed[0].differences] == ["inputs.file"]
    assert missing[0].guess is Guess.MISS
    assert missing[0].reason.startswith("FileNotFoundError: ")


def test_a_resumed_run_does_not_keep_what_changed_while_it_was_read(
    store: headwater.MetadataStore, file: Path, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    failed = reading(file, edit="2", until=until).run(store=store, raising=False)
    file.write_text("1")
    until.touch()

    resumed = reading(file, until=until).run(store=store, resume=failed.run)

    assert resumed.steps["read"].execution_id != failed.steps["read"].execution_id
    (kept,) = store.executions.by_ids([failed.steps["read"].execution_id or 0])
    assert kept.last_known_state is ExecutionState.COMPLETE
    assert "fingerprint" not in kept.custom_properties


def test_less_outside_than_before_is_a_change_too(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()

    def names(folder: str) -> dict[str, object]:
        return {path.name: "" for path in Path(folder).iterdir()}

    @component(outside=names, version="1")
    def count(numbers: Output[steps.Numbers], *, folder: str) -> None:
        found = list(Path(folder).iterdir())
        (tmp_path / "b").unlink(missing_ok=True)
        numbers.save([])
        numbers.set(count=len(found))

    @pipeline
    def counting() -> None:
        count(folder=str(tmp_path))

    counting.run(store=store)
    (tmp_path / "b").touch()

    assert states(counting.run(store=store)) == {"count": COMPLETE}


@pytest.mark.parametrize("change", ["nothing", "another", "gone"])
def test_a_resumed_run_looks_outside_again(
    store: headwater.MetadataStore, file: Path, tmp_path: Path, change: str
) -> None:
    until = tmp_path / "until"
    given = reading(file, until=until)
    failed = given.run(store=store, raising=False)
    until.touch()
    if change == "another":
        file.write_text("2")
    elif change == "gone":
        file.unlink()

    resumed = given.run(store=store, resume=failed.run, raising=False)

    if change == "gone":
        assert states(resumed)["read"] is FAILED
        return
    same = resumed.steps["read"].execution_id == failed.steps["read"].execution_id
    assert same == (change == "nothing")
    assert total(store, resumed) == (2.0 if change == "another" else 1.0)


def making(folder: Path, stale: Any) -> Pipeline:
    @component(stale=stale, version="1")
    def write(copies: Outputs[steps.Numbers], total: Output[steps.Total], *, folder: str) -> None:
        for number in range(2):
            (Path(folder) / str(number)).touch()
            copy = copies.new(str(number))
            copy.uri = (Path(folder) / str(number)).as_uri()
            copy.set(count=number)
        total.set(value=2.0)

    @pipeline
    def making_files() -> None:
        write(folder=str(folder))

    return making_files


def test_what_was_made_outside_must_be_there(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    def gone(copies: list[steps.Numbers], total: steps.Total) -> str:
        assert total.value == len(copies)
        missing = [n.count for n in copies if not Path(str(n.uri).removeprefix("file://")).exists()]
        return f"is not whole: {missing} is gone" if missing else ""

    given = making(tmp_path, gone)
    outcomes = [given.run(store=store), given.run(store=store)]
    (tmp_path / "1").unlink()
    (predicted,) = predict(given.plan(), store)
    outcomes += [given.run(store=store), given.run(store=store)]

    assert [states(o)["write"] for o in outcomes] == [COMPLETE, CACHED, COMPLETE, CACHED]
    assert predicted.guess is Guess.MISS
    assert predicted.reason.endswith("made is not whole: [1] is gone")


def test_what_cannot_be_looked_at_is_made_again(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    def broken() -> str:
        raise OSError("no way there")

    given = making(tmp_path, broken)
    given.run(store=store)
    (predicted,) = predict(given.plan(), store)

    assert predicted.reason.endswith("cannot be looked at: no way there")
    assert states(given.run(store=store)) == {"write": COMPLETE}


def test_names_that_the_component_does_not_have_are_refused() -> None:
    def step(numbers: Output[steps.Numbers], *, path: str) -> None: ...

    with pytest.raises(InvalidArgument, match="'file' is not a parameter of Step; found path"):
        component(outside=lambda file: {"file": file})(step)
    with pytest.raises(InvalidArgument, match="'path' is not an output of Step; found numbers"):
        component(stale=lambda path: path)(step)


def test_its_own_code_counts_for_what_is_outside(
    store: headwater.MetadataStore, file: Path
) -> None:
    def run(outside: Any) -> dict[str, StepState]:
        @component(outside=outside)
        def read(numbers: Output[steps.Numbers], *, path: str) -> None:
            numbers.save([int(Path(path).read_text())])
            numbers.set(count=1)

        @pipeline
        def reading_once() -> None:
            read(path=str(file))

        return states(reading_once.run(store=store))

    def other(path: str) -> dict[str, object]:
        found = {"file": Path(path).read_bytes()}
        return dict(found)

    assert run(contents) == {"read": COMPLETE}
    assert run(contents) == {"read": CACHED}
    assert run(other) == {"read": COMPLETE}


def test_an_output_that_fits_its_class_no_more_is_made_again(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    def made_with(**fields: type) -> Pipeline:
        namespace = {"__annotations__": fields, "__module__": __name__}
        kind: Any = type("Changing", (headwater.Artifact,), namespace)

        def make(one: Any, *, folder: str) -> None:
            one.set(uri=folder, **dict.fromkeys(fields, 1))

        make.__annotations__["one"] = Output[kind]
        made = component(name="MakeChanging", version="1", stale=lambda one: one.uri and "")(make)

        @pipeline
        def making_one() -> None:
            made(folder=str(tmp_path))

        return making_one

    made_with(a=int).run(store=store)
    (predicted,) = predict(made_with(a=int, b=int).plan(), store)

    assert predicted.guess is Guess.MISS
    assert "cannot be looked at" in predicted.reason


def test_what_looks_outside_is_not_sent_to_other_processes(
    store: headwater.MetadataStore, file: Path
) -> None:
    @pipeline
    def apart() -> None:
        steps.take_number(path=str(file))

    assert states(apart.run(store=store, on="processes")) == {"take-number": COMPLETE}
    assert states(apart.run(store=store, on="processes")) == {"take-number": CACHED}
