"""What a dry run says of a pipeline, and that it leaves nothing behind."""

import pytest

import headwater
from headwater.components import Input, Output, component, pipeline, prediction
from headwater.components.fingerprint import Difference, Versions, counting_environment
from headwater.components.prediction import Guess, predict
from support import steps


@component(cached=False)
def fetch(numbers: Output[steps.Numbers], *, first: int) -> None:
    numbers.save([first])
    numbers.set(count=1)


@component
def grow(numbers: Input[steps.Numbers], grown: Output[steps.Numbers], *, by: int = 1) -> None:
    grown.save([value + by for value in numbers.load()])
    grown.set(count=1)


@pipeline
def fetching(first: int = 1, by: int = 1) -> None:
    steps.double(numbers=grow(numbers=fetch(first=first), by=by))


def test_a_dry_run_records_nothing(store: headwater.MetadataStore) -> None:
    predict(steps.sums.plan(), store)

    assert store.executions.all() == []
    assert store.artifacts.all() == []
    assert store.contexts.all() == []


def test_a_changed_parameter_is_the_difference_that_is_named(
    store: headwater.MetadataStore,
) -> None:
    steps.sums.run(store=store)

    found = predict(steps.sums.plan(times=5), store)

    assert [p.guess for p in found] == [Guess.HIT, Guess.MISS, Guess.UNKNOWN]
    assert [d.field for d in found[1].differences] == ["parameters.times"]
    assert found[2].reason == "depends on what double makes"


def test_another_version_of_a_package_is_named(
    store: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.sums.run(store=store)
    here = counting_environment().by_name
    other = Versions.of({**here, "pydantic": "0.1"})
    monkeypatch.setattr(prediction, "counting_environment", lambda: other)

    found = predict(steps.sums.plan(), store)

    assert found[0].guess is Guess.MISS
    assert found[0].differences == (Difference("environment.pydantic", here["pydantic"], "0.1"),)


def test_a_lost_payload_is_the_reason_of_a_miss(store: headwater.MetadataStore) -> None:
    outcome = steps.sums.run(store=store)
    (doubled,) = outcome.ids("double", "doubled")
    digest = store.artifacts.by_ids([doubled])[0].digest
    assert digest is not None
    store.objects.delete(digest)

    found = predict(steps.sums.plan(), store)

    assert found[1].guess is Guess.MISS
    assert "has lost its payload" in found[1].reason


def test_after_a_step_that_always_runs_what_it_made_last_is_assumed(
    store: headwater.MetadataStore,
) -> None:
    before = predict(fetching.plan(), store)
    fetching.run(store=store)

    after = predict(fetching.plan(), store)
    changed = predict(fetching.plan(by=2), store)

    assert [p.guess for p in before] == [Guess.ALWAYS_RUN, Guess.UNKNOWN, Guess.UNKNOWN]
    assert [p.guess for p in after] == [Guess.ALWAYS_RUN, Guess.HIT, Guess.HIT]
    assert after[2].reason == "if fetch makes what it made last"
    assert [p.guess for p in changed] == [Guess.ALWAYS_RUN, Guess.MISS, Guess.UNKNOWN]
