"""A pipeline of empty steps: what a step costs beyond its own code, beside MLflow and Kubeflow.

All sides record for each step a parameter, a number, and a small file of JSON. Ours also has
inputs, contexts, heartbeats, a fingerprint and the record of each change. A nested run of MLflow
is a call within the one process; the local runner of Kubeflow Pipelines (KFP) starts a process for
each step, takes what it made from there to the next one, and keeps the files alone.
"""

import statistics
import time
import uuid
from contextlib import contextmanager
from itertools import pairwise

from peer import KFP, kfp, mlflow

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
    """Compare what a step takes beyond its code with MLflow's nested runs and KFP's processes."""
    rounds = min(arguments.rounds, 3)
    with _store() as store, mlflow() as runs, kfp() as runner:
        yield from beside_mlflow(store, runs, count=arguments.steps, rounds=rounds)
        few = max(arguments.kfp_steps, 2)
        yield from beside_kfp(store, runner, count=few, rounds=rounds)


def beside_mlflow(store, peer, *, count, rounds):
    """Compare steps in threads, and steps of the cache, with a nested run of MLflow."""
    mine, cached, theirs = [], [], []
    chain.run(steps=20, store=store, workers=1)
    peer.ask("steps", 20)
    for _ in range(rounds):
        outcome = chain.run(steps=count, store=store, workers=1, reuse=False)
        mine += [ended.seconds for ended in outcome.steps.values()]
        theirs += peer.ask("steps", count)
        again = chain.run(steps=count, store=store, workers=1)
        cached += [ended.seconds for ended in again.steps.values()]
    for name, seconds in (("run", mine), ("answered by the cache", cached)):
        question = f"step of {count:,}, {name}, p50, against a nested run of MLflow on SQLite"
        yield _row(question, seconds, theirs, f"{len(seconds):,} steps")


def beside_kfp(store, peer, *, count, rounds):
    """Compare steps in processes, and in threads besides, with those of KFP's local runner.

    A step's time is what passes from one step to the next, the runner's own work included: ours
    from end to end, its empty code within; KFP's without the code, from the end of one step's to
    the beginning of the next one's. So many steps have one time fewer.
    """
    sides = {
        "processes": lambda steps: _periods(store, steps, on="processes"),
        "threads": lambda steps: _periods(store, steps, on="threads"),
        "peer": lambda steps: between_codes(peer.ask("steps", steps)),
    }
    seconds = {name: [] for name in sides}
    for run in sides.values():
        run(2)
    for _ in range(rounds):
        for name, run in sides.items():
            seconds[name] += run(count)
    yield from rows_beside_kfp(seconds, count=count)


def rows_beside_kfp(seconds, *, count):
    """Yield the rows of the table; the note says of how many steps, and what is like for like.

    Args:
        seconds: of the steps of each side: `processes`, `threads` and `peer`.
        count: how many steps a pipeline had.
    """
    for name, place, likeness in (
        ("processes", "in a process of its own", "like for like: so is KFP's"),
        ("threads", "in a thread", "not like for like: KFP's is in a process of its own"),
    ):
        question = f"step of {count:,}, {place}, p50, against SubprocessRunner of {KFP}"
        note = f"{len(seconds['peer']):,} steps; {likeness}"
        yield _row(question, seconds[name], seconds["peer"], note)


def between_codes(marks):
    """Return the seconds from the end of each step's code to the beginning of the next one's.

    Args:
        marks: when the code of each step began and ended, in order.
    """
    return [begun - ended for (_, ended), (begun, _) in pairwise(marks)]


def _periods(store, count, *, on):
    """Return the seconds from the end of each step to the end of the next one."""
    ends = []

    def watch(_step, _state, ended):
        if ended is not None:
            ends.append(time.perf_counter())

    chain.run(steps=count, store=store, workers=1, reuse=False, on=on, watch=watch)
    return [after - before for before, after in pairwise(ends)]


def _row(question, mine, theirs, note):
    a, b = statistics.median(mine), statistics.median(theirs)
    return (
        question,
        f"{a * 1e3:.2f} ms",
        f"{b * 1e3:.2f} ms",
        f"{a / b:.2f}x its time",
        f"min {min(mine) * 1e3:.2f} and {min(theirs) * 1e3:.2f} ms; {note}",
    )


@contextmanager
def _store():
    namespace = f"bench-steps-{uuid.uuid4().hex[:8]}"
    with headwater.connect(namespace=namespace) as store:
        yield store
        store.drop_namespace(namespace)
