"""Help: the pages that `--help` writes, coloured on a terminal and plain into a pipe.

Typer's own pages take twice as long to import, and read brackets in examples as markup.
"""

import inspect
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from headwater.cli.screen import Screen

_INDENT = (0, 0, 0, 2)
_PIPED = 100
_NAMES = 34


class HelpfulCommand(TyperCommand):
    """A command that shows our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as typer calls it
        """Write the page into typer's formatter."""
        formatter.write(_page(self, ctx))


class HelpfulGroup(TyperGroup):
    """A group of commands that shows our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as typer calls it
        """Write the page into typer's formatter."""
        formatter.write(_page(self, ctx))


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


def _page(command: Any, context: Any) -> str:  # noqa: ANN401 - typer's
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts: list[RenderableType] = [Text.assemble(("Usage: ", "yellow"), (usage, "bold"))]
    for number, paragraph in enumerate(inspect.cleandoc(command.help or "").split("\n\n")):
        text = "\n" + " ".join(paragraph.split())
        parts.append(Text(text, style="dim" if number else ""))
    arguments, options = options_of(command, context)
    parts += _section("Arguments", arguments) + _section("Options", options)
    if isinstance(command, TyperGroup):
        parts += _section("Commands", _commands_of(command, context))
    for part in (command.epilog or "").split("\n\n"):
        indented = part.startswith(" ")
        parts.append(
            Text(part if indented else f"\n{part}", style="cyan" if indented else "yellow")
        )
    return Screen().rendered(Group(*parts), piped_width=_PIPED)


def _commands_of(group: TyperGroup, context: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - typer's
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [(name, c.get_short_help_str(limit=_PIPED)) for name, c in found if c is not None]


def _section(title: str, rows: list[tuple[str, str]]) -> list[RenderableType]:
    if not rows:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column(max_width=_NAMES)
    grid.add_column()
    for name, text in rows:
        grid.add_row(Text(name, style="bold cyan"), Text(text))
    return [Text(f"\n{title}:", style="yellow"), Padding(grid, _INDENT, expand=False)]
