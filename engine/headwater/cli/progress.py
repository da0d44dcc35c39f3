"""Progress: how far a long step is, as a bar on a terminal and as lines elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from headwater.visible import visible

_QUARTERS = 4


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


def _bar(console: Console, *, counted: bool) -> Bar:
    task = TextColumn("{task.description}", markup=False)
    percent = TextColumn("{task.percentage:>3.0f}%")
    length = (BarColumn(), percent) if counted else (SpinnerColumn(),)
    return Bar(task, *length, TimeElapsedColumn(), console=console, transient=True)
