"""What is shown of an answer that is awaited."""

import time
from io import StringIO

import pytest
from rich.console import Console

from headwater.cli import progress
from headwater.cli.progress import Waiting


def terminal(target: StringIO, *, is_terminal: bool = True, colours: bool = True) -> Console:
    """Return a console of 100 columns that writes into a text."""
    return Console(
        file=target,
        force_terminal=is_terminal,
        color_system="standard" if colours else None,
        width=100,
    )


def wait_for(target: StringIO, text: str) -> None:
    """Wait until a text has been written."""
    began = time.monotonic()
    while text not in target.getvalue():
        assert time.monotonic() - began < 10
        time.sleep(0.01)


def test_what_has_come_in_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY_S", 0.0)
    target = StringIO()

    with Waiting(terminal(target), "receiving", shown=True) as waiting:
        wait_for(target, "receiving")
        for what in ("nodes", "edges"):
            for _ in range(1_200):
                waiting.count(what)
        wait_for(target, "receiving: 1,200 nodes, 1,200 edges")

    assert target.getvalue().endswith("\x1b[2K")


def test_a_quick_answer_shows_nothing() -> None:
    target = StringIO()

    with Waiting(terminal(target), "receiving", shown=True) as waiting:
        waiting.count("nodes")

    assert target.getvalue() == ""


@pytest.mark.parametrize(
    ("is_terminal", "colours", "shown"),
    [(False, True, True), (True, False, True), (True, True, False)],
)
def test_nobody_is_told_who_did_not_ask(
    monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool, colours: bool, shown: bool
) -> None:
    monkeypatch.setattr(progress, "DELAY_S", 0.0)
    target = StringIO()
    console = terminal(target, is_terminal=is_terminal, colours=colours)

    with Waiting(console, "receiving", shown=shown) as waiting:
        time.sleep(0.1)
        waiting.count("nodes")

    assert target.getvalue() == ""
