"""The local servers by the command line, in homes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.local import down
from headwater.settings import load_settings
from support.commands import Ran, Run, column

PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()"]


def headwater(home: Path, *arguments: str) -> Ran:
    environ = {**os.environ, "HEADWATER_HOME": str(home)}
    ran = subprocess.run(  # noqa: S603 - this very Python
        [*PROGRAM, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home in which nothing runs, and nothing does afterwards."""
    folder = tmp_path / "home"
    yield folder
    down(load_settings({"HEADWATER_HOME": str(folder)}), timeout_s=2)


@pytest.fixture
def bare(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same home, for commands run in this process."""
    monkeypatch.setenv("HEADWATER_HOME", str(home))
    return home


def test_a_home_goes_up_works_and_goes_down(home: Path) -> None:
    up = headwater(home, "up")
    again = headwater(home, "up", "--json").json
    status = headwater(home, "status", "--json").json
    listed = headwater(home, "artifacts", "list")
    examined = headwater(home, "doctor", "--json")
    logs = headwater(home, "logs", "neo4j", "-n", "3")
    followed = next_line_of_log(home)
    gone = headwater(home, "down")

    assert up.code == 0
    assert column(up, "STATE") == ["running", "not running"]
    assert "start neo4j ..." in up.err
    assert "\x1b" not in up.out + up.err
    assert status["neo4j"]["address"].startswith("bolt://127.0.0.1:")
    assert status["neo4j"]["user"] == "neo4j"
    assert Path(status["neo4j"]["password_file"]).exists()
    assert status["uses"]["neo4j"] == status["neo4j"]["address"]
    assert again == status
    assert (listed.code, listed.err) == (0, "")
    assert examined.code == 0
    assert {"neo4j", "local neo4j", "java", "jars"} <= {c["check"] for c in examined.json["checks"]}
    assert len(logs.lines) == 3
    assert followed == "one line more"
    assert gone.out == "neo4j  stopped\n"
    assert headwater(home, "down", "--json").json["neo4j"]["running"] is False


def test_a_command_that_needs_a_store_starts_it_and_says_so(home: Path) -> None:
    ran = headwater(home, "namespaces", "list", "--json")

    assert ran.code == 0
    assert ran.json == {"namespaces": []}
    assert "start neo4j ..." in ran.err


def test_nothing_running_is_told(command: Run, bare: Path) -> None:
    status = command("status")
    stopped = command("down")
    logs = command("logs", "minio", "--json")

    assert column(status, "STATE") == ["not running", "not running"]
    assert column(status, "DETAIL") == ["never started", "never started"]
    assert stopped.out == "nothing was running\n"
    assert logs.json == {"server": "minio", "lines": []}
    assert not bare.exists()


def test_status_tells_what_the_environment_chose(
    command: Run, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_NEO4J", "bolt://example.org:7687")

    uses = command("status", "--json").json["uses"]

    assert uses == {"neo4j": "bolt://example.org:7687", "objects": str(bare / "objects")}


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--s3-port", "9000"],
        ["up", "--neo4j-port", "70000"],
        ["up", "--objects", "tape"],
        ["logs", "oracle"],
        ["logs", "neo4j", "--follow", "--json"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(command: Run, arguments: list[str]) -> None:
    assert command(*arguments).code == 2


@pytest.mark.usefixtures("bare")
def test_what_a_log_says_is_shown_and_not_obeyed(command: Run, bare: Path) -> None:
    log = bare / "neo4j" / "logs" / "neo4j.log"
    log.parent.mkdir(parents=True)
    log.write_text("a\tb\x1b[31m\n", encoding="utf-8")

    assert command("logs", "neo4j").out == "a\tb\\x1b[31m\n"


def next_line_of_log(home: Path) -> str:
    """Return the line that `logs --follow` writes next, after one is added to the log."""
    environ = {**os.environ, "HEADWATER_HOME": str(home)}
    log = Path(headwater(home, "status", "--json").json["neo4j"]["log_file"])
    with subprocess.Popen(  # noqa: S603 - this very Python
        [*PROGRAM, "logs", "neo4j", "-n", "1", "--follow"],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with log.open("a", encoding="utf-8") as file:
            file.write("one line more\n")
        found = next(line for line in process.stdout if "one line more" in line)
        process.terminate()
    return found.strip()
