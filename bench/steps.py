"""A pipeline of empty steps: what a step costs beyond its own code, beside MLflow's runs.

Both sides record for each step a parameter, a number, and a small file of JSON. Ours also has
inputs, contexts, heartbeats, a fingerprint and the record of each change.
"""

import statistics
import uuid

from peer import mlflow

import headwater
from headwater.components import Input, Output, component, pipeline


class Numbers(headwater.Artifact):
    """A list of numbers."""

    count: int


@component
def begin(numbers: Output[Numbers]) -> None:
    """Make the first numbers."""
    numbers.save([0])
    numbers.set(count=1)


@component
def step(before: Input[Numbers], numbers: Output[Numbers], *, number: int) -> None:  # noqa: ARG001 - an empty step
    """Make a number."""
    numbers.save([number])
    numbers.set(count=1)


@pipeline
def chain(steps: int) -> None:
    """Write so many steps, each of which reads what the one before it made."""
    before = begin()
    for number in range(1, steps):
        before = step(before=before, number=number)


def steps(arguments):
    """Compare what a step takes beyond its code with a nested run of MLflow."""
    count = arguments.steps
    rounds = min(arguments.rounds, 3)
    mine, cached, theirs = [], [], []
    namespace = f"bench-steps-{uuid.uuid4().hex[:8]}"
    with headwater.connect(namespace=namespace) as store, mlflow() as peer:
        chain.run(steps=20, store=store, workers=1)
        peer.ask("steps", 20)
        for _ in range(rounds):
            outcome = chain.run(steps=count, store=store, workers=1, reuse=False)
            mine += [ended.seconds for ended in outcome.steps.values()]
            theirs += peer.ask("steps", count)
            again = chain.run(steps=count, store=store, workers=1)
            cached += [ended.seconds for ended in again.steps.values()]
        store.drop_namespace(namespace)
    for name, seconds in (("run", mine), ("answered by the cache", cached)):
        a, b = statistics.median(seconds), statistics.median(theirs)
        yield (
            f"step of {count:,}, {name}, p50, against a nested run of MLflow on SQLite",
            f"{a * 1e3:.2f} ms",
            f"{b * 1e3:.2f} ms",
            f"{a / b:.2f}x its time",
            f"min {min(seconds) * 1e3:.2f} and {min(theirs) * 1e3:.2f} ms; {len(seconds):,} steps",
        )
