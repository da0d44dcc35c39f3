"""What a person sees: the program on a terminal of its own."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import headwater
from support.commands import Dataset, Run, Train

PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()"]
ENDLESS = (
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b "
    "WITH a, b WHERE a * b = -1 RETURN count(*) AS n"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Seen = Callable[..., str]


@pytest.fixture
def seen(cli: object) -> Seen:
    """A function that returns all that a command writes onto a terminal of 100 columns."""
    assert cli

    def look(*arguments: str, **variables: str) -> str:
        near, far = pty.openpty()
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **variables}
        with subprocess.Popen(  # noqa: S603 - this very Python
            [*PROGRAM, *arguments], stdin=far, stdout=far, stderr=far, env=environ
        ) as process:
            os.close(far)
            chunks = list(iter(lambda: _read(near), b""))
        os.close(near)
        assert process.returncode is not None
        return b"".join(chunks).decode().replace("\r\n", "\n")

    return look


def test_a_list_is_drawn_in_colours(seen: Seen, recorded: headwater.MetadataStore) -> None:
    text = seen("artifacts", "list")
    lines = [line.rstrip() for line in COLOUR.sub("", text).splitlines()]

    assert COLOUR.search(text)
    assert lines[0].split() == ["ID", "NAME", "TYPE", "STATE", "SIZE", "CREATED", "URI"]
    assert lines[1].split()[:5] == ["3", "clf@2", "Model", "LIVE", "3"]
    assert lines[-1] == "3 artifacts"
    assert recorded.namespace


@pytest.mark.usefixtures("recorded")
def test_no_colour_is_drawn_where_none_is_wanted(seen: Seen) -> None:
    assert "\x1b" not in seen("lineage", "clf", "--no-color")
    assert "\x1b" not in seen("lineage", "clf", NO_COLOR="1")
    assert "\x1b" in seen("lineage", "clf")


@pytest.mark.usefixtures("recorded")
def test_a_shown_execution_keeps_the_lines_of_its_traceback(seen: Seen) -> None:
    text = seen("executions", "show", "4", "--no-color")
    lines = [line.rstrip() for line in text.splitlines()]

    assert any(line.endswith("RuntimeError: the engine is on fire") for line in lines)
    assert not any("\\n" in line for line in lines)


@pytest.mark.usefixtures("recorded")
def test_bytes_are_not_written_to_a_terminal(seen: Seen) -> None:
    text = seen("objects", "get", "clf", "--no-color")

    assert text.startswith("error: Bytes are not written to a terminal.")


@pytest.mark.usefixtures("recorded")
def test_an_error_is_red(seen: Seen) -> None:
    text = seen("artifacts", "show", "nothing")

    assert text.startswith("\x1b[1;31merror: ")


def test_a_hostile_name_adds_no_order_of_its_own(
    seen: Seen, store: headwater.MetadataStore
) -> None:
    with store.run(Train()) as step:
        step.output(Dataset(name="\x1b[2J[red]x\x07", rows=1))

    for arguments in (["artifacts", "list"], ["artifacts", "show", "1"], ["lineage", "artifact:1"]):
        text = seen(*arguments)
        assert "\\x1b[2J[red]x\\x07@1" in COLOUR.sub("", text)
        assert "\x1b[2J" not in text


def test_who_waits_on_a_terminal_is_told(seen: Seen, cli: Run) -> None:
    asked = ("cypher", ENDLESS, "--timeout", "2")

    shown = COLOUR.sub("", seen(*asked))

    assert "running the query" in shown
    assert re.search(r"0:00:0\d", shown)
    assert "\x1b" not in seen(*asked, "--no-color")
    assert "running the query" not in seen(*asked, "--json")
    assert "running the query" not in cli(*asked).err


def test_help_is_coloured(seen: Seen) -> None:
    assert COLOUR.search(seen("--help"))


def test_help_is_quick(tmp_path: Path) -> None:
    # Time depends on the machine; what takes it is what gets imported.
    listed = subprocess.run(
        [sys.executable, "-c", "import sys, headwater.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout.split()

    assert not {"neo4j", "minio", "pydantic", "pandas", "headwater.store"} & set(listed)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # how a terminal says that nobody is there any more
        return b""
