"""The cache against running everything: whatever is edited, it answers what a run would make.

HEADWATER_TEST_HISTORIES sets how many histories of edits are tried.
"""

import importlib
import linecache
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import headwater
from headwater.components import PAYLOADS, Outcome, StepState
from headwater_schema import TypeKind

HISTORIES = int(os.environ.get("HEADWATER_TEST_HISTORIES", "12"))
EDITS = 6
MODULE = "edited_pipeline"

SOURCE = '''
"""A pipeline that a test edits."""
# {comment}
from pathlib import Path

import headwater
from headwater.components import Input, Output, component, pipeline
import edited_helper

FACTOR = {factor}


class Number(headwater.Artifact):
    value: float = 0.0


def shift(value):
    return value + {shift}


class Scale:
    power = {power}

    def __call__(self, value):
        return value * self.power


def _file(path):
    return {{"file": Path(path).read_bytes()}}


@component(outside=_file)
def read(number: Output[Number], *, path: str) -> None:
    number.save(float(Path(path).read_text()))


@component
def first(number: Input[Number], result: Output[Number], *, plus: float = 0.0) -> None:
    result.save(shift(number.load()) * FACTOR + plus)


@component
def second(number: Input[Number], result: Output[Number]) -> None:
    result.save(Scale()(edited_helper.helped(number.load())))


@component
def third(one: Input[Number], other: Input[Number], result: Output[Number], *, weight: float = 1.0) -> None:
    from edited_helper import weighed  # {comment}

    result.save(weighed(one.load(), other.load(), weight))


@component
def label(number: Input[Number], result: Output[Number]) -> None:
    result.save(number.load())
    result.set(value=float(number.load() > 0))


@pipeline
def edited(path: str, plus: float = 0.0, weight: float = 1.0) -> None:
    number = read(path=path)
    one = first(number=number, plus=plus)
    two = second(number=one)
    three = third(one=one, other=two, weight=weight)
    label(number=three)
'''
HELPER = """
OFFSET = {offset}


def helped(value):
    return _deeper(value) + OFFSET


def _deeper(value):
    return value - {deeper}


def weighed(one, other, weight):
    return one * weight + other  # {comment}


def unused():
    return {unused}
"""


@dataclass(frozen=True)
class Edition:
    """What the files, the data and the parameters are after some edits."""

    code: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("factor", "shift", "power", "offset", "deeper", "unused", "comment"), 1
        )
    )
    raw: float = 2.0
    plus: float = 0.0
    weight: float = 1.0

    def expected(self) -> dict[str, float]:
        """Return what each step makes, by plain arithmetic."""
        code = self.code
        one = (self.raw + code["shift"]) * code["factor"] + self.plus
        two = (one - code["deeper"] + code["offset"]) * code["power"]
        three = one * self.weight + two
        return {"read": self.raw, "first": one, "second": two, "third": three, "label": three}

    def edited(self, chance: random.Random) -> "Edition":
        """Return an edition that differs in one thing, or, sometimes, in none."""
        what = chance.choice([*self.code, "raw", "plus", "weight", "nothing"])
        number = chance.randint(-2, 3)
        if what in self.code:
            return replace(self, code={**self.code, what: number})
        if what == "nothing":
            return self
        if what == "raw":
            return replace(self, raw=float(number))
        if what == "plus":
            return replace(self, plus=float(number))
        return replace(self, weight=float(number))


@dataclass
class World:
    """The files of one history."""

    folder: Path
    store: headwater.MetadataStore

    def run(self, edition: Edition) -> Outcome:
        """Run the pipeline as an edition has it, with the cache."""
        module = self.imported(edition)
        raw = self.folder / "raw.txt"
        raw.write_text(str(edition.raw))
        outcome: Outcome = module.edited.run(
            store=self.store, path=str(raw), plus=edition.plus, weight=edition.weight, workers=1
        )
        return outcome

    def imported(self, edition: Edition) -> ModuleType:
        """Return the module of an edition, as a new process would import it."""
        (self.folder / "edited_helper.py").write_text(HELPER.format(**edition.code))
        (self.folder / f"{MODULE}.py").write_text(SOURCE.format(**edition.code))
        for name in (MODULE, "edited_helper"):
            sys.modules.pop(name, None)
        linecache.clearcache()
        importlib.invalidate_caches()
        return importlib.import_module(MODULE)

    def made(self, outcome: Outcome) -> dict[str, float]:
        """Return the payload of each step's output."""
        found = {}
        for name, ended in outcome.steps.items():
            ((artifact_id,),) = ended.outputs.values()
            key = headwater.NodeKey(TypeKind.ARTIFACT, artifact_id)
            found[name] = _joblib(self.store, key, self.folder)
        return found


def _joblib(store: headwater.MetadataStore, key: headwater.NodeKey, folder: Path) -> Any:
    path = store.fetch(key, folder / f"fetched-{key.id}")
    return PAYLOADS.load(path, format="joblib")


@pytest.fixture
def world(
    store: headwater.MetadataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield World(tmp_path, store)
    for name in (MODULE, "edited_helper"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_cache_answers_what_a_run_would_make(world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    edition = Edition()
    for _ in range(EDITS):
        outcome = world.run(edition)
        assert world.made(outcome) == edition.expected(), edition
        edition = edition.edited(chance)


def test_what_changes_nothing_that_counts_runs_nothing(world: World) -> None:
    edition = Edition()
    world.run(edition)

    outcome = world.run(replace(edition, code={**edition.code, "comment": 7}))

    assert {ended.state for ended in outcome.steps.values()} == {StepState.CACHED}


def test_a_module_that_is_imported_in_a_function_counts_whole(world: World) -> None:
    """`third` imports the helper as it runs; `second` only calls a function of it."""
    edition = Edition()
    world.run(edition)

    outcome = world.run(replace(edition, code={**edition.code, "unused": 7}))

    states = {name: ended.state for name, ended in outcome.steps.items()}
    assert states == {
        "read": StepState.CACHED,
        "first": StepState.CACHED,
        "second": StepState.CACHED,
        "third": StepState.COMPLETE,
        "label": StepState.CACHED,
    }


def test_equal_bytes_from_a_step_that_ran_anew_stop_the_change(world: World) -> None:
    edition = replace(Edition(), weight=0.0)
    world.run(edition)

    # Twice the factor and half of what is multiplied: `first` runs, and makes the same.
    changed = replace(edition, code={**edition.code, "factor": 2, "shift": -1}, raw=2.5)
    assert changed.expected()["first"] == edition.expected()["first"]
    outcome = world.run(changed)

    assert outcome.steps["first"].state is StepState.COMPLETE
    assert outcome.steps["second"].state is StepState.CACHED
    assert outcome.steps["third"].state is StepState.CACHED
