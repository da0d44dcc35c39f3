"""Confirm: what cannot be undone is asked for twice."""

import sys
from typing import Annotated

import typer

from headwater.cli.call import Call
from headwater.errors import FailedPrecondition
from headwater.visible import visible

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def confirm(call: Call, warning: str, word: str, *, yes: bool) -> None:
    """Return once a person has typed the word, or at once where `--yes` was given.

    Raises:
        FailedPrecondition: another word was typed, or nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise FailedPrecondition(
            f"{warning} Nobody can be asked, since the input is no terminal.", hint="Say --yes."
        )
    call.screen.say(warning, style="bold yellow")
    if (
        typer.prompt(f"Type {visible(word)} to go on", default="", show_default=False, err=True)
        != word
    ):
        raise FailedPrecondition("Nothing was done.", hint=f"Type {word} exactly, or say --yes.")
