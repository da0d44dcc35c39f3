"""Help: the pages that `--help` writes, coloured on a terminal and plain into a pipe.

Typer's own pages take twice as long to import, and read brackets in examples as markup.
"""

import inspect
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from headwater.cli.screen import Screen

_INDENT = (0, 0, 0, 2)
_PIPED = 100


class Command(TyperCommand):
    """A command that shows our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as typer calls it
        """Write the page to stdout."""
        _write(self, ctx)


class Group(TyperGroup):
    """A group of commands that shows our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as typer calls it
        """Write the page to stdout."""
        _write(self, ctx)


def options_of(command: Any, context: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:  # noqa: ANN401 - typer's
    """Return the arguments and the options of a command, each as its spelling and help."""
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        into = arguments if parameter.param_type_name == "argument" else options
        into.append((record[0], record[1]))
    return arguments, options


def _write(command: Any, context: Any) -> None:  # noqa: ANN401 - typer's
    screen = Screen()
    usage = Text(command.get_usage(context).removeprefix("Usage: "), style="bold")
    screen.draw(Text("Usage: ", style="yellow").append_text(usage))
    first, *rest = inspect.cleandoc(command.help or "").split("\n\n")
    for number, paragraph in enumerate([first, *rest]):
        text = "\n" + " ".join(paragraph.split())
        screen.draw(Text(text, style="dim" if number else ""), piped_width=_PIPED)
    arguments, options = options_of(command, context)
    _section(screen, "Arguments", arguments)
    _section(screen, "Options", options)
    if isinstance(command, TyperGroup):
        names = command.list_commands(context)
        found = [(name, command.get_command(context, name)) for name in names]
        lines = [(name, c.get_short_help_str(limit=200)) for name, c in found if c is not None]
        _section(screen, "Commands", lines)
    for part in (command.epilog or "").split("\n\n"):
        if part.startswith(" "):
            screen.draw(Text(part, style="cyan"))
        elif part:
            screen.draw(Text(f"\n{part}", style="yellow"))


def _section(screen: Screen, title: str, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    screen.draw(Text(f"\n{title}:", style="yellow"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(max_width=34)
    grid.add_column()
    for name, text in rows:
        grid.add_row(Text(name, style="bold cyan"), Text(text))
    screen.draw(Padding(grid, _INDENT, expand=False), piped_width=_PIPED)
