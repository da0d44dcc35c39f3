"""What becomes of errors, of hostile names, and of readers that go away."""

import os
import subprocess
import sys
import time

import pytest

import headwater
from headwater import errors
from headwater.cli import choices
from headwater.cli.exits import BY_CODE, MEANINGS, ExitCode, exit_code
from headwater_schema import ArtifactState, EventType, ExecutionState, TypeKind
from support.commands import Dataset, Pipeline, Run, Train, column

PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()"]
HOSTILE = [
    "[red]x[/red]",
    "[link=http://example.org]x[/link]",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31mc1",
    "tab\there",
    "line\nbreak\rback",
    "\u202egpj.exe",
    "😀👩\u200d🔬",
    "שלום",
    ":smile:",
    "--json",
    "naïve 你好",
]


def test_every_code_has_an_exit_code_with_a_meaning() -> None:
    assert set(BY_CODE) == set(errors.Code)
    assert set(MEANINGS) == set(ExitCode)


def test_choices_are_those_of_the_schema() -> None:
    assert {str(s) for s in choices.ArtifactStates} == {str(s) for s in ArtifactState}
    assert {str(s) for s in choices.ExecutionStates} == {str(s) for s in ExecutionState}
    assert {str(t) for t in choices.EventTypes} == {str(t) for t in EventType}
    assert {k.upper() for k in choices.Kind} == {str(k) for k in TypeKind}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidArgument, 2),
        (errors.OutOfRange, 2),
        (errors.Unimplemented, 3),
        (errors.NotFound, 4),
        (errors.AlreadyExists, 5),
        (errors.Unavailable, 6),
        (errors.DeadlineExceeded, 6),
        (errors.PermissionDenied, 7),
        (errors.Unauthenticated, 7),
        (errors.ResourceExhausted, 8),
        (errors.NoSpace, 8),
        (errors.FailedPrecondition, 9),
        (errors.Aborted, 9),
        (errors.DataLoss, 10),
        (errors.Internal, 70),
    ],
)
def test_an_error_is_told_in_two_lines_and_an_exit_code(
    cli: Run, monkeypatch: pytest.MonkeyPatch, error: type[errors.HeadwaterError], code: int
) -> None:
    def fail(**_: object) -> None:
        raise error("It went wrong\nhere.", hint="Do better.")

    monkeypatch.setattr(headwater, "connect", fail)

    ran = cli("artifacts", "list")

    assert ran.code == code == exit_code(error(""))
    assert ran.err == "error: It went wrong\\nhere.\nDo better.\n"
    assert ran.out == ""


def test_a_bug_is_told_without_a_traceback_unless_asked_for(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(headwater, "connect", fail)

    quiet = cli("artifacts", "list")
    monkeypatch.setenv("HEADWATER_DEBUG", "1")
    loud = cli("artifacts", "list")

    assert quiet.code == loud.code == 70
    assert quiet.err == "error: ZeroDivisionError: oh\nSet HEADWATER_DEBUG=1 for the traceback.\n"
    assert "Traceback" in loud.err


def test_an_interrupt_ends_quietly(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(headwater, "connect", interrupt)

    ran = cli("artifacts", "list")

    assert (ran.code, ran.out, ran.err) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["artifacts", "show"], ["artifacts", "list", "--limit", "x"], ["--nope"]],
)
def test_a_wrong_command_line_is_told_with_where_help_is(
    command: Run, arguments: list[str]
) -> None:
    ran = command(*arguments)

    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "--help" in ran.err
    assert len(ran.err.splitlines()) == 2


def test_a_server_that_does_not_answer_is_given_up_soon_and_without_a_traceback(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_NEO4J", "bolt://127.0.0.1:1")
    monkeypatch.setenv("HEADWATER_RETRY_S", "0.2")
    began = time.monotonic()

    ran = command("artifacts", "list", "--json")

    assert ran.code == 6
    assert time.monotonic() - began < 5
    assert "bolt://127.0.0.1:1" in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_setting_that_is_wrong_is_told(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_INDEX_BUDGET", "many")

    ran = command("status")

    assert ran.code == 2
    assert "HEADWATER_INDEX_BUDGET" in ran.err


def test_a_wrong_password_is_told(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if "HEADWATER_NEO4J_PASSWORD" not in os.environ:
        pytest.skip("this server asks for no password")
    monkeypatch.setenv("HEADWATER_NEO4J_PASSWORD", "wrong")

    ran = cli("artifacts", "list")

    assert ran.code == 7


@pytest.mark.usefixtures("cli")
def test_a_reader_that_goes_away_is_no_error() -> None:
    script = f"{PROGRAM[0]} -c '{PROGRAM[2]}' cypher 'UNWIND range(1, 200000) AS n RETURN n'"

    ran = subprocess.run(  # noqa: S602 - a pipe that is closed early needs a shell
        f"{{ {script}; echo code=$? >&2; }} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "n\n"
    assert ran.stderr == "code=141\n"


@pytest.fixture
def hostile(store: headwater.MetadataStore) -> headwater.MetadataStore:
    for name in HOSTILE:
        with store.run(Train(), context=Pipeline(name=name)) as run:
            run.output(Dataset(name=name, rows=1, note=name))
    return store


@pytest.mark.usefixtures("hostile")
def test_hostile_names_come_back_exactly_as_json(cli: Run) -> None:
    ran = cli("artifacts", "list", "--limit", "0", "--sort", "id", "--ascending", "--json")

    assert [node["series"] for node in ran.json["artifacts"]] == HOSTILE
    assert ran.out.replace("\n", "").replace("\u200d", "").isprintable()


@pytest.mark.usefixtures("hostile")
def test_hostile_names_are_shown_and_not_obeyed(cli: Run) -> None:
    listed = cli("artifacts", "list", "--limit", "0", "--sort", "id", "--ascending")
    contexts = cli("contexts", "list", "--limit", "0", "--sort", "id", "--ascending")

    names = column(listed, "NAME")
    assert len(names) == len(HOSTILE)
    assert names[0] == "[red]x[/red]@1"
    assert names[2] == "\\x1b[31mred\\x1b[0m@1"
    assert names[5:7] == ["tab\\there@1", "line\\nbreak\\rback@1"]
    assert names[8:] == [f"{name}@1" for name in HOSTILE[8:]]
    assert column(contexts, "NAME")[7] == "\\u202egpj.exe"


@pytest.mark.usefixtures("hostile")
def test_no_command_writes_what_a_terminal_would_obey(cli: Run) -> None:
    ran = [
        ran
        for number, name in enumerate(HOSTILE, start=1)
        for ran in (
            cli("artifacts", "show", f"artifact:{number}"),
            cli("contexts", "show", f"context:{number}"),
            cli("lineage", f"artifact:{number}"),
            cli("lineage", f"artifact:{number}", "--format", "svg"),
            cli("artifacts", "show", f"{name}nothing"),
        )
    ]

    written = "".join(f"{one.out}{one.err}" for one in ran)
    for seen in ("\n", "\t", "\u200d"):
        written = written.replace(seen, "")
    assert written.isprintable()
