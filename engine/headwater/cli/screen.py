"""Screen: where a command's results and messages go, and what they look like there.

Results go to stdout: for eyes on a terminal, as tab-separated lines into a pipe, or as one
JSON document. Messages go to stderr. No text of a user is ever read as markup, and every
character that a terminal would obey is shown instead.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from headwater.cli.wording import json_text, text_of
from headwater.visible import visible

_WIDE = 1_000_000
_STYLES = {
    "LIVE": "green",
    "COMPLETE": "green",
    "CACHED": "green",
    "RUNNING": "yellow",
    "NEW": "yellow",
    "PENDING": "yellow",
    "FAILED": "bold red",
    "CANCELED": "red",
    "ABANDONED": "red",
    "MARKED_FOR_DELETION": "red",
    "DELETED": "dim strike",
    "ONLINE": "green",
    "POPULATING": "yellow",
    "ok": "bold green",
    "warn": "bold yellow",
    "fail": "bold red",
    "alive": "green",
    "running": "bold green",
    "not running": "dim",
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: in capitals.
        style: of its cells on a terminal; `state` takes it from the value.
        show: turns a value into text for eyes; a pipe gets the plain value.
        right: whether its cells end, rather than begin, at one place.
        whole: whether its cells stay on one line, however narrow the terminal.
    """

    title: str
    style: str = ""
    show: Callable[[Any], str] = text_of
    right: bool = False
    whole: bool = False


ID = Column("ID", "dim", right=True, whole=True)
NAME = Column("NAME", "bold cyan")
STATE = Column("STATE", "state", whole=True)
CREATED = Column("CREATED", "dim", whole=True)


class Screen:
    """The two streams of one command.

    Args:
        no_color: no colours whatever the terminal can do.
    """

    def __init__(self, *, no_color: bool = False) -> None:
        plain = no_color or bool(os.environ.get("NO_COLOR"))
        self.is_terminal = sys.stdout.isatty()
        self.err_is_terminal = sys.stderr.isatty()
        self._out = _console(sys.stdout, plain=plain)
        self.err = _console(sys.stderr, plain=plain or not self.err_is_terminal)

    def answer(self, document: object) -> None:
        """Write one JSON document."""
        encoding = (sys.stdout.encoding or "").lower().replace("-", "")
        self.write(json_text(document, ascii_only=encoding != "utf8") + "\n")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
        """Write a table: drawn on a terminal, tab-separated with a header into a pipe."""
        if self.is_terminal:
            self._out.print(_drawn(columns, rows))
        else:
            self.write("\t".join(column.title for column in columns) + "\n")
            for row in rows:
                self.write("\t".join(text_of(value) for value in row) + "\n")

    def fields(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Write names with their values, one on a line; those without a value are left out.

        On a terminal a text of several lines stays one.
        """
        known = [(name, value) for name, value in pairs if value is not None]
        if not self.is_terminal:
            for name, value in known:
                self.write(f"{name}\t{text_of(value)}\n")
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in known:
            grid.add_row(Text(visible(name)), _block(value))
        self._out.print(grid)

    def heading(self, text: str, *, style: str = "bold") -> None:
        """Write a heading, after an empty line."""
        if self.is_terminal:
            self._out.print()
            self._out.print(Text(visible(text), style=style))
        else:
            self.write(f"\n# {visible(text)}\n")

    def line(self, *parts: tuple[str, str]) -> None:
        """Write one line of texts with their styles."""
        text = Text.assemble(*((visible(text), style) for text, style in parts))
        self.write(self.rendered(text))

    def draw(self, drawing: RenderableType, *, width: int = 0) -> None:
        """Write a drawing of rich's; wider than the terminal where it needs that."""
        self.write(self.rendered(drawing, width=width if width > self._out.width else None))

    def say(self, message: str, *, style: str = "dim") -> None:
        """Write a message for people, to stderr."""
        self.err.print(Text(visible(message), style=style), soft_wrap=True)

    def write(self, text: str) -> None:
        """Write text as it is, to stdout."""
        sys.stdout.write(text)

    def flush(self) -> None:
        """Hand on what was written, for readers that wait."""
        sys.stdout.flush()

    def rendered(
        self, drawing: RenderableType, *, width: int | None = None, piped_width: int = _WIDE
    ) -> str:
        """Return a drawing as the text that `draw` writes."""
        if self.is_terminal:
            with self._out.capture() as captured:
                self._out.print(drawing, width=width, overflow="fold", crop=False)
            return captured.get()
        target = StringIO()
        Console(file=target, width=piped_width, color_system=None, emoji=False).print(drawing)
        return "".join(f"{line.rstrip()}\n" for line in target.getvalue().splitlines())


def _console(file: Any, *, plain: bool) -> Console:  # noqa: ANN401 - a text stream
    return Console(
        file=file,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )


def _drawn(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.whole,
        )
    for row in rows:
        cells = zip(columns, row, strict=True)
        table.add_row(*(_cell(column, value) for column, value in cells))
    return table


def _cell(column: Column, value: object) -> Text:
    text = column.show(value)
    style = _style(text) if column.style == "state" else column.style
    return Text(text, style=style)


def _style(state: str) -> str:
    if state.startswith("stale"):
        return "bold red"
    return _STYLES.get(state, "")


def _block(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if not isinstance(value, str):
        return Text(text_of(value))
    return Text("\n".join(visible(line) for line in value.rstrip("\n").split("\n")))


def state_text(state: str | None) -> Text | None:
    """Return a state in its colour."""
    return None if state is None else Text(state, style=_style(state))
