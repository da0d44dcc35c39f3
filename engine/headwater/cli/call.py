"""Call: what every command is given, and how a function becomes a command.

`--namespace`, `--json` and `--no-color` are declared here once and accepted by all.
"""

import getpass
import inspect
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

import headwater
from headwater.cli.exits import ExitCode
from headwater.cli.help import HelpfulCommand, HelpfulGroup
from headwater.cli.screen import Screen
from headwater.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from headwater.settings import DEFAULT_NAMESPACE, Settings, load_settings

if TYPE_CHECKING:
    from headwater import MetadataStore
    from headwater.cli.progress import StderrProgress, Waiting
    from headwater.objects import ObjectStore

FunctionT = TypeVar("FunctionT", bound=Callable[..., None])

# A person waits: a server that cannot be reached is given up sooner than by a program.
_RETRY_S = "5"
_SHOWN_NAMESPACES = 20


class Call:
    """One run of a command: its shared options, its screen, and the way to a store."""

    def __init__(self, *, namespace: str | None = None, json: bool, no_color: bool) -> None:
        self.json = json
        self.screen = Screen(no_color=no_color)
        self._namespace = namespace

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment, with the namespace that was asked for."""
        settings = load_settings({"HEADWATER_RETRY_S": _RETRY_S, **os.environ})
        return settings if self._namespace is None else replace(settings, namespace=self._namespace)

    @cached_property
    def progress(self) -> "StderrProgress":
        """Tells stderr of long steps."""
        from headwater.cli.progress import StderrProgress  # noqa: PLC0415 - only for long steps

        return StderrProgress(self.screen.err)

    def waiting(self, task: str, *, beside: bool = False) -> "Waiting":
        """Return a context in which a terminal sees that an answer is awaited; see `Waiting`.

        Args:
            task: what is awaited.
            beside: whether stdout is written to meanwhile, which must then be no terminal.
        """
        from headwater.cli.progress import Waiting  # noqa: PLC0415 - as above

        shown = not self.json and not (beside and self.screen.is_terminal)
        return Waiting(self.screen.err, task, shown=shown)

    @contextmanager
    def store(self) -> "Iterator[MetadataStore]":
        """Open the store, starting the local servers where they are needed and do not run.

        Raises:
            NotFound: the namespace does not exist; `default` always counts as existing.
        """
        with self.any_store() as store:
            check_namespace(store)
            yield store

    @contextmanager
    def any_store(self) -> "Iterator[MetadataStore]":
        """Open the store as `store` does, whether the namespace exists or not."""
        actor = self.settings.actor or _login()
        with headwater.connect(
            settings=self.settings, actor=actor, progress=self.progress
        ) as store:
            yield store

    @contextmanager
    def objects(self) -> "Iterator[ObjectStore]":
        """Open the object store alone, which needs no Neo4j."""
        from headwater.opening import open_objects  # noqa: PLC0415 - takes a second to import

        with open_objects(self.settings, progress=self.progress) as objects:
            yield objects


def _login() -> str:
    """Return the name of the user whose process this is; "" where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def check_namespace(store: "MetadataStore") -> None:
    """Check that the store's namespace exists.

    Raises:
        NotFound: it does not, and is not `default`; the hint lists those that do.
    """
    if store.namespace == DEFAULT_NAMESPACE:
        return
    found = {namespace.name: namespace for namespace in store.list_namespaces()}
    if store.namespace in found:
        if found[store.namespace].state == "DROPPING":
            raise FailedPrecondition(
                f"Namespace {store.namespace!r} is being dropped.",
                hint=f"If that was interrupted, go on: headwater namespaces drop {store.namespace}",
                namespace=store.namespace,
            )
        return
    names = [name for name, namespace in found.items() if namespace.state != "DROPPING"]
    listed = ", ".join(names[:_SHOWN_NAMESPACES]) or "none"
    more = len(names) - _SHOWN_NAMESPACES
    raise NotFound(
        f"No namespace {store.namespace!r}.",
        hint=f"There are: {listed}{f', and {more} more: headwater namespaces list' * (more > 0)}.",
        namespace=store.namespace,
    )


def command(
    group: typer.Typer, name: str, *, examples: Sequence[str], taken: Sequence[str] = ()
) -> Callable[[FunctionT], FunctionT]:
    """Return a decorator that makes a function a command, with the shared options added.

    Args:
        group: which group gets it.
        name: how it is called.
        examples: whole command lines, shown under its help.
        taken: options of its own that a shared one would have; with both spellings of
            `--namespace`, that is not shared.
    """

    def register(function: FunctionT) -> FunctionT:
        made = group.command(name, cls=HelpfulCommand, epilog=examples_text(examples))
        made(_with_shared_options(function, taken))
        return function

    return register


def group(name: str, summary: str) -> typer.Typer:
    """Return an empty group of commands, which alone shows its help."""
    made = typer.Typer(name=name, help=summary, cls=HelpfulGroup, rich_markup_mode=None)
    made.callback(invoke_without_command=True)(help_when_alone)
    return made


def help_when_alone(context: typer.Context) -> None:
    """Show the help where no command follows."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.OK)


def refuse(message: str, *, hint: str = "") -> InvalidArgument:
    """Return the error of options that do not go together."""
    return InvalidArgument(message, hint=hint)


def pair_of(text: str, form: str = "KEY=VALUE") -> tuple[str, Any]:
    """Return the two sides of a parameter; the value is JSON where it can be, else text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise refuse(f"A parameter is {form}, found {text!r}.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def write_file(call: Call, path: Path, text: str) -> None:
    """Write a text to a file that the caller named, and say so.

    Raises:
        NotFound: its folder does not exist.
        PermissionDenied: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(f"No folder {str(path.parent)!r} to write to.", path=str(path)) from None
    except (PermissionError, IsADirectoryError) as error:
        raise PermissionDenied(f"{path} cannot be written: {error.strerror}.", path=path) from error
    call.screen.say(f"wrote {path}")


def examples_text(examples: Sequence[str]) -> str:
    """Return examples as the last part of a help text."""
    lines = [f"  {example}" for example in examples]
    return "\n\n".join(["Examples:", "\n".join(lines)])


def _shared_parameters(taken: Sequence[str]) -> list[inspect.Parameter]:
    spellings = [spelling for spelling in ("--namespace", "-n") if spelling not in taken]
    namespace = typer.Option(
        *spellings,
        envvar="HEADWATER_NAMESPACE",
        metavar="NAME",
        help="The tenant to ask; `default` when unset.",
    )
    json = typer.Option("--json", help="Write one JSON document on stdout, and nothing else.")
    no_color = typer.Option("--no-color", help="No colours; NO_COLOR=1 does the same.")
    options: dict[str, tuple[Any, Any]] = {
        "namespace": (None, Annotated[str | None, namespace]),
        "json": (False, Annotated[bool, json]),
        "no_color": (False, Annotated[bool, no_color]),
    }
    if not spellings:
        del options["namespace"]
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for name, (default, annotation) in options.items()
    ]


def _with_shared_options(
    function: Callable[..., None], taken: Sequence[str]
) -> Callable[..., None]:
    own = tuple(inspect.signature(function).parameters.values())[1:]
    shared = _shared_parameters(taken)

    def run(**values: Any) -> None:  # noqa: ANN401 - whatever the command declares
        call = Call(**{parameter.name: values.pop(parameter.name) for parameter in shared})
        try:
            function(call, **values)
        except BrokenPipeError:
            raise typer.Exit(ExitCode.PIPE_CLOSED) from None

    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *shared)
    ]
    # What typer reads of a function to make its command.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    return run
