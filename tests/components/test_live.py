"""What is shown of a run while it goes on."""

from io import StringIO

from rich.console import Console

from headwater.components import Ended, StepState, pipeline
from headwater.components.live import LiveTable
from support import steps


def drawn(table: LiveTable) -> str:
    console = Console(file=StringIO(), width=100)
    console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_table_has_every_step_with_its_state() -> None:
    table = LiveTable(steps.sums.plan(), Console(file=StringIO()))

    table("make", StepState.RUNNING, None)
    table("make", StepState.COMPLETE, Ended("make", StepState.COMPLETE, 1, seconds=1.25))
    table("double", StepState.RUNNING, None)
    failed = Ended("double", StepState.FAILED, 2, reason="ValueError: [bold]no[/]\nmore of it")
    table("double", StepState.FAILED, failed)

    text = drawn(table)
    assert "COMPLETE" in text
    assert "1.2 s" in text
    assert "ValueError: [bold]no[/]" in text
    assert "more of it" not in text
    assert "WAITING" in text
    assert "2 of 3 steps" in text


def test_elsewhere_than_on_a_terminal_each_end_is_a_line() -> None:
    out = StringIO()

    with LiveTable(steps.sums.plan(), Console(file=out)) as table:
        table("make", StepState.RUNNING, None)
        table("make", StepState.CACHED, Ended("make", StepState.CACHED, 1, reason="as execution 1"))

    assert out.getvalue() == "make: CACHED, as execution 1\n"


def test_of_many_steps_those_are_shown_that_matter() -> None:
    @pipeline
    def many() -> None:
        for _ in range(40):
            steps.make()

    table = LiveTable(many.plan(), Console(file=StringIO()))
    table("make-7", StepState.RUNNING, None)

    text = drawn(table)
    assert "make-7" in text
    assert "make-8" not in text
    assert "0 of 40 steps, 39 not shown" in text
