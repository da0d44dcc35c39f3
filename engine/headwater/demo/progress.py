"""Progress: how the demo shows a download, a build or a start, on a terminal and in a pipe."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TimeElapsedColumn


class Bar:
    """A progress bar that is gone when its task has ended. For a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: tuple[Progress, TaskID] | None = None

    def begin(self, task: str, total: int | None) -> None:
        """Draw a bar for a task."""
        columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        progress = Progress(*columns, console=self._console, transient=True)
        self._shown = progress, progress.add_task(task, total=total)
        progress.start()

    def advance(self, amount: int) -> None:
        """Move the bar on."""
        if self._shown is not None:
            progress, task = self._shown
            progress.advance(task, amount)

    def end(self) -> None:
        """Remove the bar."""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None


class Lines:
    """A line when a task begins and one when it has ended. For a pipe or a file."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task = ""
        self._begun_s = 0.0

    def begin(self, task: str, total: int | None) -> None:  # noqa: ARG002 - as Progress has it
        """Print that a task begins."""
        self._task, self._begun_s = task, time.monotonic()
        self._console.print(f"{task} …", highlight=False)

    def advance(self, amount: int) -> None:
        """Print nothing."""

    def end(self) -> None:
        """Print that the task has ended, and how long it took."""
        seconds = time.monotonic() - self._begun_s
        self._console.print(f"{self._task}: {seconds:.1f} s", highlight=False)
