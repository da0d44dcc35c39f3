"""Help pages and shell completion."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from support.commands import Run
from support.reference import commands_of_program

COMMANDS = commands_of_program()
PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()"]


@pytest.mark.parametrize("name", COMMANDS, ids="_".join)
def test_every_command_has_a_page_with_an_example_and_the_shared_options(
    command: Run, name: tuple[str, ...]
) -> None:
    ran = command(*name, "--help")

    assert ran.code == 0
    assert ran.lines[0].startswith(f"Usage: headwater {' '.join(name)}")
    assert f"  headwater {' '.join(name)}" in ran.out.split("Examples:")[1]
    for option in ("--namespace", "--json", "--no-color"):
        assert option in ran.out
    assert "\x1b" not in ran.out


def test_the_first_page_lists_commands_and_exit_codes(command: Run) -> None:
    ran = command("--help")

    assert command().out == ran.out
    for name in {name[0] for name in COMMANDS}:
        assert f"  {name} " in ran.out
    assert "    4  what was named does not exist" in ran.out


def test_a_group_alone_shows_its_commands(command: Run) -> None:
    ran = command("artifacts")

    assert ran.code == 0
    assert "  show " in ran.out


def test_the_version_is_told(command: Run) -> None:
    assert command("--version").out == f"headwater {version('headwater')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_made(shell: str) -> None:
    ran = subprocess.run(  # noqa: S603 - this very Python
        PROGRAM,
        env={"_HEADWATER_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "_HEADWATER_COMPLETE" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_the_shell_is_offered_commands_and_choices() -> None:
    for words, offered in (
        ("headwater arti", "artifacts"),
        ("headwater lineage --format s", "svg"),
    ):
        ran = subprocess.run(  # noqa: S603 - this very Python
            PROGRAM,
            env={
                "_HEADWATER_COMPLETE": "complete_bash",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split()) - 1),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert offered in ran.stdout.split()
