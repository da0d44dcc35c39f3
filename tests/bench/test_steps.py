"""The benchmark of empty steps: what it counts of a peer's step, and what its table says of it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the benchmark's module, which is a script's and in no package."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield importlib.import_module("steps")
    for name in ("steps", "peer"):
        sys.modules.pop(name, None)


def test_a_step_of_the_peer_is_counted_from_the_code_before_it_to_its_own(steps: Any) -> None:
    marks = [(10.0, 10.25), (11.25, 11.5), (13.5, 99.0)]

    seconds = steps.between_codes(marks)

    assert seconds == [1.0, 2.0]


def test_the_table_says_of_how_many_steps_it_is_and_what_is_like_for_like(steps: Any) -> None:
    seconds = {"processes": [0.5, 1.0, 3.0], "threads": [0.1] * 3, "peer": [0.25, 2.0, 4.0]}

    processes, threads = steps.rows_beside_kfp(seconds, count=4)

    assert processes == (
        "step of 4, in a process of its own, p50, against SubprocessRunner of kfp==2.17.0",
        "1000.00 ms",
        "2000.00 ms",
        "0.50x its time",
        "min 500.00 and 250.00 ms; 3 steps; like for like: so is KFP's",
    )
    assert threads[0].startswith("step of 4, in a thread, p50, against")
    assert threads[4].endswith("; 3 steps; not like for like: KFP's is in a process of its own")
