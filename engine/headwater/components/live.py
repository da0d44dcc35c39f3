"""Live: how far each step of a run is, as a table that changes on a terminal, or as lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from headwater.components.endings import Ended, StepState
from headwater.components.plan import Plan
from headwater.visible import visible

_STYLES = {
    StepState.WAITING: "dim",
    StepState.RUNNING: "yellow",
    StepState.COMPLETE: "green",
    StepState.CACHED: "cyan",
    StepState.SKIPPED: "dim",
    StepState.FAILED: "bold red",
    StepState.CANCELED: "red",
    StepState.NOT_RUN: "dim red",
}
_ROWS = 30
_REASON = 60


class LiveTable:
    """What a run's `watch` can be: shows each step's state while the run goes on.

    On a terminal a table that is drawn anew several times a second, with a bar of how many steps
    have ended; of a pipeline of more than 30 steps, those that run or failed are shown. Elsewhere
    a line for each step that ends.

    Args:
        plan: what is run.
        console: where to draw; None takes stderr.
    """

    def __init__(self, plan: Plan, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._names = [step.name for step in plan.steps]
        self._components = {step.name: step.component.name for step in plan.steps}
        self._states = dict.fromkeys(self._names, StepState.WAITING)
        self._ended: dict[str, Ended] = {}
        self._began: dict[str, float] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                refresh_per_second=8,
                transient=True,
                get_renderable=self.__rich__,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, step: str, state: StepState, ended: Ended | None) -> None:
        """Take what became of a step."""
        self._states[step] = state
        if state is StepState.RUNNING:
            self._began[step] = time.monotonic()
        if ended is not None:
            self._ended[step] = ended
            if self._live is None:
                self._console.print(self._line(ended), soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """Return the table as it is now."""
        table = Table(box=None, pad_edge=False)
        for title in ("STEP", "COMPONENT", "STATE", "TIME", ""):
            table.add_column(title, justify="right" if title == "TIME" else "left")
        shown = self._shown()
        for name in shown:
            state = self._states[name]
            table.add_row(
                Text(visible(name), style="bold"),
                Text(visible(self._components[name]), style="dim"),
                Text(state.value, style=_STYLES[state]),
                Text(self._time(name), style="dim"),
                Text(self._reason(name), style="dim"),
            )
        done, total = len(self._ended), len(self._names)
        more = total - len(shown)
        told = f" {done:,} of {total:,} steps" + (f", {more:,} not shown" if more else "")
        bar = Table.grid()
        bar.add_row(ProgressBar(total=total, completed=done, width=30), Text(told, style="dim"))
        return Group(table, bar)

    def _shown(self) -> list[str]:
        if len(self._names) <= _ROWS:
            return self._names
        first = (StepState.FAILED, StepState.RUNNING, StepState.CANCELED)
        ranked = [name for state in first for name in self._names if self._states[name] is state]
        return ranked[:_ROWS]

    def _time(self, name: str) -> str:
        if name in self._ended:
            return f"{self._ended[name].seconds:.1f} s" if self._ended[name].seconds else ""
        return f"{time.monotonic() - self._began[name]:.0f} s" if name in self._began else ""

    def _reason(self, name: str) -> str:
        ended = self._ended.get(name)
        first = ended.reason.partition("\n")[0] if ended is not None else ""
        return visible(first if len(first) <= _REASON else f"{first[: _REASON - 1]}…")

    def _line(self, ended: Ended) -> Text:
        told = f"{visible(ended.step)}: {ended.state.value}"
        told += f" in {ended.seconds:.1f} s" if ended.seconds else ""
        reason = ended.reason.partition("\n")[0]
        return Text(f"{told}, {visible(reason)}" if reason else told)
