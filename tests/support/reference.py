"""The reference of the command line, made from the commands themselves."""

import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from headwater.cli.app import app
from headwater.cli.exits import MEANINGS
from headwater.cli.help import options_of

SHARED = ("--namespace", "--json", "--no-color", "--help")


def commands_of_program() -> list[tuple[str, ...]]:
    """Return the name of each command, as words after `headwater`."""
    return [name for name, _, _ in _commands()]


def reference() -> str:
    """Return docs/cli.md."""
    commands = list(_commands())
    parts = [
        _INTRODUCTION,
        "## Every command\n\n" + _table("Option", _shared(commands[0])),
        "`headwater logs` alone keeps `-n` for its lines.",
        "## Exit codes\n\n" + _table("Code", [(str(int(c)), m) for c, m in MEANINGS.items()]),
        "## Commands\n\n" + "\n".join(_link(name) for name, _, _ in commands),
        *(_section(name, command, context) for name, command, context in commands),
    ]
    return "\n\n".join(parts) + "\n"


def _commands() -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    root: Any = get_command(app)
    yield from _below((), root, root.context_class(root, info_name="headwater"))


def _below(
    name: tuple[str, ...], command: Any, context: Any
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command, context
        return
    for word in command.list_commands(context):
        inner = command.get_command(context, word)
        below = inner.context_class(inner, info_name=word, parent=context)
        yield from _below((*name, word), inner, below)


def _shared(command: tuple[tuple[str, ...], Any, Any]) -> list[tuple[str, str]]:
    _, found, context = command
    return [row for row in options_of(found, context)[1] if _is_shared(row)]


def _is_shared(row: tuple[str, str]) -> bool:
    return any(option in row[0] for option in SHARED)


def _section(name: tuple[str, ...], command: Any, context: Any) -> str:
    arguments, options = options_of(command, context)
    own = [row for row in options if not _is_shared(row)]
    help_text = inspect.cleandoc(command.help)
    examples = [line.strip() for line in command.epilog.split("\n") if line.startswith("  ")]
    parts = [
        f"### headwater {' '.join(name)}",
        "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n")),
        "```sh\n" + "\n".join(examples) + "\n```",
    ]
    if arguments:
        parts.append(_table("Argument", arguments))
    if own:
        parts.append(_table("Option", own))
    return "\n\n".join(parts)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|"]
    for name, text in rows:
        cells = (f"`{name}`".replace("|", "\\|"), " ".join(text.split()).replace("|", "\\|"))
        lines.append(f"| {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _link(name: tuple[str, ...]) -> str:
    title = f"headwater {' '.join(name)}"
    return f"- [{title}](#{title.replace(' ', '-')})"


_INTRODUCTION = """\
# Command line

<!-- Made from the commands by `make golden`; a test holds it to them. -->

`headwater` works on the store that the environment names. Nothing set, that is a Neo4j in
`.headwater`, which commands start when they need it, and say so on stderr. `headwater status`
tells where it answers and where its password lies.

Results go to stdout, messages to stderr. On a terminal there are tables, trees and colours; in a
pipe tab-separated lines with a header, whole and without colours; with `--json` one document. In
both of the first, characters that a terminal would obey are shown as escapes (`\\x1b`, `\\n`), so
exact names are in the JSON. Times are UTC. Lists are cut at `--limit` and then say how to go on.

`headwater --install-completion` teaches the shell to complete commands, options and choices.

| Variable | |
|---|---|
| `HEADWATER_HOME` | folder of the local servers; `.headwater` when unset |
| `HEADWATER_NEO4J` | address of another Neo4j, with `HEADWATER_NEO4J_USER` and `HEADWATER_NEO4J_PASSWORD` |
| `HEADWATER_OBJECTS` | where large objects go: a folder, `minio`, or an S3 address |
| `HEADWATER_NAMESPACE` | the tenant; `default` when unset |
| `HEADWATER_ACTOR` | who is named in the records of changes; the user of the process when unset |
| `HEADWATER_RETRY_S` | how long a Neo4j that does not answer is tried; 5 s when unset |
| `HEADWATER_OBJECTS_RETRY_S` | how long an S3 store that goes away is tried; 0 s when unset, 300 s at least in a pipeline's run |
| `HEADWATER_DEBUG` | `1` shows the traceback of an error |
| `NO_COLOR` | anything turns colours off |"""
