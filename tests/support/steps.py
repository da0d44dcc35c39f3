"""Components and pipelines that tests run: small, and importable by other processes."""

# ruff: noqa: ARG001 - a component takes what it says, whether its body uses it or not

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import headwater
from headwater.components import (
    Input,
    Outcome,
    Output,
    Outputs,
    Skip,
    StepState,
    component,
    each,
    pipeline,
    previous,
)


class Numbers(headwater.Artifact):
    """A list of numbers, as JSON."""

    count: int


class Total(headwater.Artifact):
    """The sum of numbers."""

    value: float


class Parts(Numbers):
    """Numbers that are parts of something."""

    of: str


@component
def make(numbers: Output[Numbers], *, first: int = 1, count: int = 3) -> None:
    values = list(range(first, first + count))
    numbers.save(values)
    numbers.set(count=len(values))


@component(cached=False)
def take_in(raw: Output[Numbers], *, path: str) -> None:
    text = Path(path).read_text()
    raw.save(text, format="text")
    raw.set(count=text.count("\n"))


@component
def parse(raw: Input[Numbers], numbers: Output[Numbers]) -> None:
    """Read a number a line; a line with a # says nothing."""
    values = [int(line) for line in raw.load().splitlines() if "#" not in line]
    numbers.save(values)
    numbers.set(count=len(values))


@component
def make_parts(parts: Output[Parts]) -> None:
    parts.save([1, 2])
    parts.set(count=2, of="three")


@component
def double(numbers: Input[Numbers], doubled: Output[Numbers], *, times: int = 2) -> None:
    values = [value * times for value in numbers.load()]
    doubled.save(values)
    doubled.set(count=len(values))


@component
def add(numbers: list[Input[Numbers]], total: Output[Total], *, offset: float = 0.0) -> None:
    total.set(value=sum(sum(one.load()) for one in numbers) + offset)


@component
def compare(new: Input[Total], old: Input[Total] | None, better: Output[Total]) -> None:
    better.set(value=new.artifact.value - (old.artifact.value if old is not None else 0.0))


@component
def cut(numbers: Input[Numbers], parts: Outputs[Numbers], *, size: int = 1) -> None:
    values = numbers.load()
    for begin in range(0, len(values), size):
        part = parts.new(f"from-{begin}")
        part.save(values[begin : begin + size])
        part.set(count=len(values[begin : begin + size]))


@component
def fail(numbers: Input[Numbers], total: Output[Total], *, message: str = "no luck") -> None:
    raise ValueError(message)


@component(retries=2)
def fail_until(numbers: Input[Numbers], total: Output[Total], *, folder: str, times: int) -> None:
    marks = Path(folder)
    tried = len(list(marks.iterdir()))
    (marks / str(tried)).touch()
    if tried < times:
        raise ConnectionError(f"try {tried}")
    total.set(value=float(tried))


@component
def skip_odd(numbers: Input[Numbers], even: Output[Numbers]) -> None:
    if numbers.artifact.count % 2:
        raise Skip("an odd number of them")
    even.save(numbers.load())
    even.set(count=numbers.artifact.count)


@component
def forget(numbers: Input[Numbers], total: Output[Total]) -> None:
    numbers.load()


@component
def mistype(numbers: Input[Numbers], total: Output[Total]) -> None:
    total.set(value="many")


@component
def return_it(numbers: Input[Numbers], total: Output[Total]) -> list[int]:
    found: list[int] = numbers.load()
    return found


@component(timeout_s=15.0)
def hang(numbers: Input[Numbers], total: Output[Total], *, child_file: str = "") -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if child_file:
        Path(child_file).write_text(str(child.pid))
    time.sleep(600)


@component
def wait_once(numbers: Input[Numbers], waited: Output[Numbers], *, mark: str) -> None:
    """Write down whose process this is and wait to be killed; the next time, do the work."""
    place = Path(mark)
    if not place.exists():
        place.write_text(str(os.getpid()))
        time.sleep(600)
    waited.save(numbers.load())
    waited.set(count=numbers.artifact.count)


@component
def kill_itself(numbers: Input[Numbers], total: Output[Total]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@component(cached=False)
def touchy(numbers: Input[Numbers], total: Output[Total], *, path: str) -> None:
    """Fail for as long as a file is there."""
    if Path(path).exists():
        raise RuntimeError("not yet")
    total.set(value=float(sum(numbers.load())))


CONNECTION = threading.Lock()


@component(outside=lambda path: {"file": (CONNECTION.locked(), Path(path).read_bytes())})
def take_number(numbers: Output[Numbers], *, path: str) -> None:
    """Take a number from a file, of which the cache learns by what cannot be sent elsewhere."""
    numbers.save([int(Path(path).read_text())])
    numbers.set(count=1)


@component
def leave_a_thread(numbers: Input[Numbers], total: Output[Total]) -> None:
    threading.Thread(target=time.sleep, args=(600,)).start()
    total.set(value=1.0)


@component
def read_standard_input(numbers: Input[Numbers], total: Output[Total]) -> None:
    total.set(value=float(len(sys.stdin.read())))


@component
def counted_slowly(numbers: Output[Numbers], *, folder: str) -> None:
    """Leave a mark of each call, and take a while."""
    (Path(folder) / uuid.uuid4().hex).touch()
    time.sleep(1)
    numbers.save([1, 2, 3])
    numbers.set(count=3)


@component
def half(numbers: Input[Numbers], doubled: Output[Numbers]) -> None:
    doubled.path.write_text("[1, 2")
    doubled.set(count=2)
    raise OSError("the disk went away")


@pipeline
def sums(first: int = 1, times: int = 2, offset: float = 0.0) -> None:
    numbers = make(first=first)
    doubled = double(numbers=numbers, times=times)
    add(numbers=[numbers, doubled], offset=offset)


@pipeline
def of_file(path: str, times: int = 2, offset: float = 0.0) -> None:
    doubled = double(numbers=parse(raw=take_in(path=path)), times=times)
    add(numbers=[doubled], offset=offset)


@pipeline
def mapped(count: int = 3, size: int = 1) -> None:
    parts = cut(numbers=make(count=count), size=size)
    doubled = double(numbers=each(parts.parts))
    add(numbers=doubled.doubled)


@pipeline
def chosen(count: int = 3, first: int = 1) -> None:
    numbers = make(count=count, first=first)
    even = skip_odd(numbers=numbers)
    double(numbers=even)
    add.named("all")(numbers=[numbers])


@pipeline
def gated(first: int = 1, least: float = 10.0) -> None:
    numbers = make(first=first)
    total = add(numbers=[numbers])
    double(numbers=numbers).when(total, lambda found: found.value >= least, "the sum is large")


@pipeline
def baseline(first: int = 1) -> None:
    total = add(numbers=[make(first=first)]).making(total="grand-total")
    compare(new=total, old=previous("grand-total"))


@pipeline
def counted(folder: str) -> None:
    double(numbers=counted_slowly(folder=folder))


@pipeline
def doubled_parts() -> None:
    double(numbers=make_parts())


def states(outcome: Outcome) -> dict[str, StepState]:
    """Return how each step of a run ended."""
    return {name: ended.state for name, ended in outcome.steps.items()}
