"""`headwater run`, in a folder of the user's with a pipeline in it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import Run

PIPELINE = """
import os
import signal
import time

import headwater
from headwater.components import Input, Output, component, pipeline


class Text(headwater.Artifact):
    length: int = 0


@component
def write(text: Output[Text], *, word: str = "water") -> None:
    text.save(word)
    text.set(length=len(word))


@component
def shout(text: Input[Text], loud: Output[Text], *, mark: str = "!") -> None:
    if mark == "?":
        raise ValueError("that is a question")
    loud.save(text.load().upper() + mark)


@component
def interrupt(text: Output[Text]) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
    text.save("late")
    text.set(length=4)


@pipeline
def interrupted() -> None:
    shout(text=interrupt())


@pipeline
def shouting(word: str = "water", mark: str = "!") -> None:
    shout(text=write(word=word), mark=mark)


other = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "shouts.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("shouts", None)


@pytest.mark.usefixtures("folder")
def test_a_run_that_is_interrupted_tells_where_it_is_and_how_to_go_on(cli: Run) -> None:
    ran = cli("run", "shouts:interrupted", "--name", "stopped")

    assert ran.code == 130
    assert [line.split("\t")[:2] for line in ran.out.splitlines()[1:]] == [
        ["interrupt", "COMPLETE"],
        ["shout", "CANCELED"],
    ]
    assert "--resume 'stopped'" in ran.err
    again = cli("run", "shouts:interrupted", "--resume", "stopped")
    assert [line.split("\t")[1] for line in again.out.splitlines()[1:]] == ["COMPLETE"] * 2


@pytest.mark.usefixtures("folder")
def test_a_pipeline_is_run_and_told_step_by_step(cli: Run) -> None:
    ran = cli("run", "shouts:shouting", "--param", "word=lake")

    assert ran.code == 0
    assert [line.split("\t")[:2] for line in ran.out.splitlines()[1:]] == [
        ["write", "COMPLETE"],
        ["shout", "COMPLETE"],
    ]
    assert "write: COMPLETE in" in ran.err
    assert "run 'shouting " in ran.err


@pytest.mark.usefixtures("folder")
def test_a_dry_run_says_what_the_cache_would_answer(cli: Run) -> None:
    before = cli("run", "shouts:shouting", "--dry-run", "--json").json
    assert cli("run", "shouts:shouting").code == 0
    after = cli("run", "shouts:shouting", "--dry-run", "--json").json
    changed = cli("run", "shouts:shouting", "--dry-run", "-p", "mark=;", "--json").json

    assert [step["cache"] for step in before["steps"]] == ["MISS", "UNKNOWN"]
    assert before["steps"][1]["reason"] == "depends on what write makes"
    assert [step["cache"] for step in after["steps"]] == ["HIT", "HIT"]
    assert [step["cache"] for step in changed["steps"]] == ["HIT", "MISS"]
    assert [d["field"] for d in changed["steps"][1]["differences"]] == ["parameters.mark"]
    shown = cli("run", "shouts:shouting", "--dry-run", "-p", "mark=;").out
    assert "differs in parameters.mark" in shown


@pytest.mark.usefixtures("folder")
def test_a_failed_run_exits_with_1_and_is_resumed(cli: Run) -> None:
    failed = cli("run", "shouts:shouting", "--name", "first", "-p", "mark=?")

    assert failed.code == 1
    assert "ValueError: that is a question" in failed.out
    assert "--resume 'first'" in failed.err
    resumed = cli("run", "shouts:shouting", "--resume", "first", "--json").json
    assert resumed["run"] == "first"
    assert [step["state"] for step in resumed["steps"]] == ["COMPLETE", "COMPLETE"]
    assert resumed["steps"][0]["attempts"] == 0


def test_a_pipeline_is_drawn(cli: Run, folder: Path) -> None:
    assert cli("run", "shouts:shouting", "--svg", "steps.svg").code == 0
    assert "shout" in (folder / "steps.svg").read_text()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shouts",), "A pipeline is MODULE:NAME, found 'shouts'"),
        (("whispers:shouting",), "There is no module 'whispers'"),
        (("shouts:other",), "shouts has no pipeline 'other'. It has interrupted, shouting"),
        (("shouts:shouting", "-p", "wrd=x"), "Parameter 'wrd' of pipeline 'shouting'"),
        (("shouts:shouting", "--on", "moon"), "A pipeline cannot run on 'moon'"),
        (("shouts:shouting", "--name", "a", "--resume", "b"), "--resume names the run already"),
    ],
)
def test_what_cannot_be_run_says_why(cli: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = cli("run", *arguments)

    assert ran.code == 2
    assert message in ran.err.replace("\n", " ")
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("folder")
def test_a_run_that_never_was_is_not_found(cli: Run) -> None:
    assert cli("run", "shouts:shouting", "--resume", "never").code == 4


def test_a_pipeline_may_import_what_other_commands_leave_out(folder: Path) -> None:
    (folder / "framed.py").write_text(f"import numpy, pandas, pyarrow\n{PIPELINE}")
    command = [sys.executable, "-c", "from headwater.cli import main; main()"]

    ran = subprocess.run(  # noqa: S603 - our own command
        [*command, "run", "framed:shouting", "--svg", "drawn.svg"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    assert "shout" in (folder / "drawn.svg").read_text()
