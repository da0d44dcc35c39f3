"""Why the results of runs differ, where the cache answered some of their steps."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import headwater
from headwater.components import Outcome
from headwater.query.difference import Diff
from headwater.query.difference_parts import Aspect
from support import steps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of numbers."""
    file = tmp_path / "numbers.txt"
    file.write_text("1\n2\n3\n")
    return file


def total(outcome: Outcome) -> str:
    return f"artifact:{outcome.ids('add', 'total')[0]}"


def step(outcome: Outcome, name: str) -> str:
    return f"execution:{outcome.steps[name].execution_id}"


def context(outcome: Outcome) -> str:
    return f"context:{outcome.contexts.run_id}"


def causes(diff: Diff) -> list[tuple[Aspect, str, object, object]]:
    return [(d.aspect, d.property, d.before, d.after) for d in diff.causes]


def aspects(diff: Diff) -> set[Aspect]:
    return {d.aspect for d in diff.differences if not d.is_cause}


def test_that_a_command_line_was_another_is_no_difference(
    store: headwater.MetadataStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for times in (2, 3):
        monkeypatch.setattr(sys, "argv", ["headwater", "run", f"times={times}"])
        runs.append(steps.of_file.run(store=store, path=str(path), times=times))

    found = [
        store.diff(total(runs[0]), total(runs[1])),
        store.diff(context(runs[0]), context(runs[1])),
    ]

    for diff in found:
        assert causes(diff) == [(Aspect.PARAMETERS, "times", 2, 3)], diff.to_text()


def test_a_changed_parameter_is_the_only_cause_however_often_runs_were_repeated(
    store: headwater.MetadataStore, path: Path
) -> None:
    runs = [
        steps.of_file.run(store=store, path=str(path), times=times) for times in (2, 2, 3, 3, 2)
    ]
    first, second, third, fourth, _ = runs

    found = [
        store.diff(total(first), total(third)),
        store.diff(step(first, "add"), step(third, "add")),
        store.diff(step(second, "add"), step(fourth, "add")),
        store.diff(context(first), context(third)),
        store.diff(context(second), context(fourth)),
        store.diff(context(first), context(fourth)),
    ]

    for diff in found:
        assert causes(diff) == [(Aspect.PARAMETERS, "times", 2, 3)], diff.to_text()
        assert aspects(diff) == {Aspect.DATA}, diff.to_text()


def test_a_run_that_the_cache_answered_differs_in_nothing(
    store: headwater.MetadataStore, path: Path
) -> None:
    first, second = (steps.of_file.run(store=store, path=str(path)) for _ in range(2))

    found = [
        store.diff(step(first, "add"), step(second, "add")),
        store.diff(context(first), context(second)),
    ]

    assert [diff.to_text() for diff in found if not diff.same] == []
    assert {"state", "cached_from"} <= found[0].ignored.keys()


def test_a_changed_file_is_the_only_cause_however_often_runs_were_repeated(
    store: headwater.MetadataStore, path: Path
) -> None:
    first, second = (steps.of_file.run(store=store, path=str(path)) for _ in range(2))
    path.write_text("1\n2\n4\n")
    third, fourth = (steps.of_file.run(store=store, path=str(path)) for _ in range(2))

    found = [
        store.diff(total(first), total(third)),
        store.diff(context(first), context(third)),
        store.diff(context(second), context(fourth)),
    ]

    for diff in found:
        (cause,) = diff.causes
        assert (cause.aspect, cause.property) == (Aspect.DATA, "digest")
        assert cause.left is not None
        assert diff.title(cause.left).startswith("of-file.take-in.raw@")
        assert aspects(diff) == {Aspect.DATA}, diff.to_text()


def test_a_file_that_only_the_cache_led_from_is_no_cause(
    store: headwater.MetadataStore, path: Path
) -> None:
    first = steps.of_file.run(store=store, path=str(path))
    path.write_text("# a remark\n1\n2\n3\n")

    second = steps.of_file.run(store=store, path=str(path), offset=1.0)
    diff = store.diff(total(first), total(second))

    assert [str(s.state) for s in second.steps.values()] == [
        *("COMPLETE", "COMPLETE", "CACHED", "COMPLETE")
    ]
    assert causes(diff) == [(Aspect.PARAMETERS, "offset", 0.0, 1.0)]
    (raw,) = second.ids("take-in", "raw")
    touched = {str(node.key) for node in store.downstream(f"artifact:{raw}").nodes}
    assert {total(first), total(second)} <= touched


def test_a_file_that_was_read_is_told_where_the_other_side_only_has_it_by_the_cache(
    store: headwater.MetadataStore, path: Path
) -> None:
    steps.of_file.run(store=store, path=str(path))
    path.write_text("# a remark\n1\n2\n3\n")
    second = steps.of_file.run(store=store, path=str(path), offset=1.0)
    (parsed,) = second.ids("parse", "numbers")

    diff = store.diff(f"artifact:{parsed}", total(second))

    (raw,) = (d for d in diff.causes if d.property == "digest")
    assert {diff.title(key) for key in (raw.left, raw.right) if key is not None} == {
        "of-file.take-in.raw@1",
        "of-file.take-in.raw@2",
    }
    assert None not in (raw.before, raw.after)


def test_an_execution_of_the_cache_is_told_where_the_one_it_stood_in_for_was_deleted(
    store: headwater.MetadataStore, path: Path
) -> None:
    first, _, _ = (steps.of_file.run(store=store, path=str(path)) for _ in range(3))
    other = steps.of_file.run(store=store, path=str(path), times=3)

    store.delete(step(first, "double"))
    diff = store.diff(total(first), total(other))

    assert causes(diff) == [(Aspect.PARAMETERS, "times", 2, 3)], diff.to_text()
    assert aspects(diff) == {Aspect.DATA}, diff.to_text()


def test_another_command_line_is_no_cause(
    store: headwater.MetadataStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for times in (2, 3, 3):
        monkeypatch.setattr(sys, "orig_argv", ["headwater", "run", "--param", f"times={times}"])
        runs.append(steps.of_file.run(store=store, path=str(path), times=times, reuse=False))

    found = [
        store.diff(total(runs[0]), total(runs[1])),
        store.diff(context(runs[0]), context(runs[1])),
    ]

    environments = store.artifacts.all()
    assert [node.type for node in environments].count("Environment") == 2
    for diff in found:
        assert causes(diff) == [(Aspect.PARAMETERS, "times", 2, 3)], diff.to_text()
        assert aspects(diff) == {Aspect.DATA}, diff.to_text()
    assert store.diff(context(runs[1]), context(runs[2])).same


def test_what_differs_in_the_environment_is_told_of_the_steps_that_ran_in_it(
    store: headwater.MetadataStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = steps.of_file.run(store=store, path=str(path))
    monkeypatch.setattr("platform.platform", lambda: "another system")

    second = steps.of_file.run(store=store, path=str(path), offset=1.0)
    diff = store.diff(total(first), total(second))

    told = [(d.aspect, d.property, diff.title(d.left)) for d in diff.causes if d.left is not None]
    name = f"{first.run}/add#1"
    assert told == [
        (Aspect.PARAMETERS, "offset", name),
        (Aspect.ENVIRONMENT, "platform", name),
    ]


def test_changed_code_is_told_by_the_name_of_its_part(
    store: headwater.MetadataStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for version in ("1", "2"):
        monkeypatch.setattr(steps, "parse", replace(steps.parse, version=version))
        runs.append(steps.of_file.run(store=store, path=str(path)))

    diff = store.diff(step(runs[0], "parse"), step(runs[1], "parse"))

    assert [(d.aspect, d.property) for d in diff.differences] == [(Aspect.CODE, "code version")]


def test_a_changed_file_of_which_the_same_was_read_explains_nothing(
    store: headwater.MetadataStore, path: Path
) -> None:
    first = steps.of_file.run(store=store, path=str(path), reuse=False)
    path.write_text("# a remark\n1\n2\n3\n")

    second = steps.of_file.run(store=store, path=str(path), times=3, reuse=False)
    found = store.diff(total(first), total(second))
    runs = store.diff(context(first), context(second))

    raw = ("count", "digest")
    assert [d.property for d in found.causes] == ["times", *raw]
    assert [d.property for d in found.causes if d.absorbed] == [*raw]
    # Of a run the file is a part, which was asked about.
    assert [d.property for d in runs.causes] == [*raw, "times"]
    assert not any(d.absorbed for d in runs.causes)
