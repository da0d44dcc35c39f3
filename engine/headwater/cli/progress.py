"""Progress: how far a long step is, as a bar on a terminal and as lines elsewhere."""

import time
from collections import Counter
from threading import Timer
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from headwater.visible import visible

DELAY_S = 1.0
"""How long an answer is awaited before a terminal is told so."""

_QUARTERS = 4
_TOLD_EVERY = 100


class StderrProgress:
    """Tells stderr of each long step; see `headwater.local.Progress`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Bar | None = None
        self._id = TaskID(0)
        self._task = ""
        self._total: int | None = None
        self._done = 0
        self._told = 0
        self._began = 0.0

    def begin(self, task: str, total: int | None) -> None:
        """Start a bar, or say what begins."""
        self._task, self._total = visible(task), total
        self._done, self._told, self._began = 0, 0, time.monotonic()
        if self._console.is_terminal:
            self._bar = _bar(self._console, counted=total is not None)
            self._id = self._bar.add_task(self._task, total=total)
            self._bar.start()
        else:
            self._console.print(f"{self._task} ...", soft_wrap=True)

    def advance(self, amount: int) -> None:
        """Move the bar, or tell of each quarter."""
        self._done += amount
        if self._bar is not None:
            self._bar.advance(self._id, amount)
        elif self._total and (quarter := self._done * _QUARTERS // self._total) > self._told:
            self._told = quarter
            percent = min(quarter, _QUARTERS) * 100 // _QUARTERS
            self._console.print(f"{self._task}: {percent}%", soft_wrap=True)

    def end(self) -> None:
        """Take the bar away, and say how long it took."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        seconds = time.monotonic() - self._began
        self._console.print(f"{self._task}: {seconds:.1f} s", style="dim", soft_wrap=True)


class Waiting:
    """A spinner on a terminal, with the time that has passed, while an answer is awaited.

    Shown from `DELAY_S` on, so that quick answers do not flicker, and gone without a trace at the
    end. Where the console is no terminal, or has no colours, nothing is ever shown.

    Args:
        console: stderr.
        task: what is awaited.
        shown: whether to show anything.
    """

    def __init__(self, console: Console, task: str, *, shown: bool) -> None:
        self._console = console
        self._task = visible(task)
        self._shown = shown and console.is_terminal and console.color_system is not None
        self._counts: Counter[str] = Counter()
        self._bar: Bar | None = None
        self._timer = Timer(DELAY_S, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._shown:
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._timer.cancel()
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def count(self, what: str) -> None:
        """Tell that one more of something has come in."""
        self._counts[what] += 1
        if self._bar is not None and self._counts[what] % _TOLD_EVERY == 0:
            self._bar.update(self._id, description=self._described())

    def _show(self) -> None:
        bar = _bar(self._console, counted=False)
        self._id = bar.add_task(self._described(), total=None)
        bar.start()
        self._bar = bar

    def _described(self) -> str:
        told = ", ".join(f"{number:,} {name}" for name, number in self._counts.items())
        return f"{self._task}: {told}" if told else self._task


def _bar(console: Console, *, counted: bool) -> Bar:
    task = TextColumn("{task.description}", markup=False)
    percent = TextColumn("{task.percentage:>3.0f}%")
    length = (BarColumn(), percent) if counted else (SpinnerColumn(),)
    return Bar(task, *length, TimeElapsedColumn(), console=console, transient=True)
