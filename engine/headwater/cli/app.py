"""App: the whole command line put together, and what becomes of its errors."""

import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer
from typer.main import get_command

from headwater.cli import (
    artifacts,
    compare,
    contexts,
    cypher,
    doctor,
    executions,
    find,
    history,
    indexes,
    interchange,
    lineage,
    namespaces,
    objects,
    pipelines,
    relations,
    serve,
    servers,
    tokens,
    types,
)
from headwater.cli.call import examples_text, help_when_alone
from headwater.cli.exits import MEANINGS, ExitCode, exit_code
from headwater.cli.help import HelpfulGroup
from headwater.cli.screen import Screen
from headwater.errors import HeadwaterError
from headwater.visible import visible

_DEBUG = "HEADWATER_DEBUG"
_EXAMPLES = (
    "headwater up",
    "headwater artifacts list --type Model",
    "headwater lineage clf --up --depth 4",
    "headwater lineage clf --json | jq .complete",
)


def _epilog() -> str:
    codes = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return "\n\n".join([examples_text(_EXAMPLES), "Exit codes:", codes])


app = typer.Typer(
    name="headwater",
    help="Lineage of data and models, on Neo4j.\n\n"
    "Nothing set, a local Neo4j in .headwater is used, and started when it is needed. "
    "HEADWATER_NEO4J=bolt://host:7687 chooses another.",
    epilog=_epilog(),
    cls=HelpfulGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for noun in (
    servers,
    serve,
    doctor,
    lineage,
    find,
    compare,
    history,
    relations,
    cypher,
    interchange,
    pipelines,
):
    noun.add_to(app)
for noun_group in (artifacts, executions, contexts, types, namespaces, objects, indexes, tokens):
    app.add_typer(noun_group.app)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - for this alone

        typer.echo(f"headwater {version('headwater')}")
        raise typer.Exit(ExitCode.OK)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    help_when_alone(context)


def run(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of one command, after running it and telling of its error.

    Args:
        arguments: instead of the process's own.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.PIPE_CLOSED
    if code == ExitCode.PIPE_CLOSED:
        _forget_stdout()
    return code


def _run(arguments: Sequence[str] | None) -> int:
    program = get_command(app)
    given = list(sys.argv[1:] if arguments is None else arguments)
    screen = Screen(no_color="--no-color" in given)
    try:
        return int(program(args=given, prog_name="headwater", standalone_mode=False) or 0)
    except HeadwaterError as error:
        _trace()
        return _tell(screen, error.message, error.hint, exit_code(error))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost handler
        # Typer's own errors of usage; their class has another home in every version.
        if (told := getattr(error, "format_message", None)) is not None:
            return _tell(screen, told(), _where_help_is(error), ExitCode.USAGE)
        _trace()
        what = f"{type(error).__name__}: {error}"
        return _tell(screen, what, f"Set {_DEBUG}=1 for the traceback.", ExitCode.INTERNAL)


def _tell(screen: Screen, message: str, hint: str, code: ExitCode) -> ExitCode:
    screen.say(f"error: {message}", style="bold red")
    if hint:
        screen.say(hint, style="")
    return code


def _where_help_is(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"See: {visible(context.command_path)} --help" if context is not None else ""


def _trace() -> None:
    if os.environ.get(_DEBUG):
        traceback.print_exc()


def _forget_stdout() -> None:
    """Send what is left in the buffer nowhere, so that Python's own end stays quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
