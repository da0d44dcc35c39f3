"""The report: what the demo prints. Asks the store for nothing but what steps took."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

import headwater
from headwater.components import StepState
from headwater.demo.pipeline import Recorded
from headwater.demo.questions import DifferenceAnswer, LineageAnswer, Query, by_type
from headwater.local import ServerStatus, status

HEADINGS = (
    "1. What the chosen model came from",
    "2. What would be touched if the raw data were withdrawn",
    "3. How the two training runs differ",
    "4. The Cypher behind each",
)
_PLAIN_WIDTH = 120
_ORDER = ("input", "parameter", "model", "metric")


def open_console() -> Console:
    """Return the console: coloured on a terminal, plain and wide enough for the tree elsewhere."""
    console = Console(highlight=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(highlight=False, width=_PLAIN_WIDTH)


def print_steps(
    console: Console, store: headwater.MetadataStore, recorded: Mapping[str, Recorded]
) -> None:
    """Print what each step took, as the store has recorded it, what was chosen, and what was not run."""
    table = Table(title="Seconds per step, as recorded", title_justify="left")
    table.add_column("step")
    for source in recorded:
        table.add_column(source, justify="right")
    durations = [_durations_s(store, each.run_id) for each in recorded.values()]
    for step in next(iter(recorded.values())).steps:
        table.add_row(step, *(_duration(taken[step]) for taken in durations))
    table.add_section()
    sums = (sum(filter(None, taken.values())) for taken in durations)
    table.add_row("all", *(f"{seconds:.2f}" for seconds in sums))
    console.print(table)
    for each in recorded.values():
        found = each.evaluation
        console.print(
            f"chosen: {each.candidate} as {each.chosen.name} from {each.raw.name} "
            f"({each.raw.rows} rows): accuracy {found.accuracy:.3f}, AUC {found.auc:.3f}, "
            f"log loss {found.log_loss:.3f}",
            soft_wrap=True,
        )
    _print_cached(console, recorded)


def _print_cached(console: Console, recorded: Mapping[str, Recorded]) -> None:
    states = [step.state for each in recorded.values() for step in each.steps.values()]
    cached = states.count(StepState.CACHED)
    if cached:
        console.print(
            f"{cached} of {len(states)} steps were answered by the cache: code, parameters, inputs "
            "and environment are as in an earlier run.",
            soft_wrap=True,
        )
    else:
        console.print("Run it again, and the cache answers what has not changed.")


def print_origin(console: Console, answer: LineageAnswer) -> None:
    """Print the tree of a model's upstream."""
    _print_heading(console, HEADINGS[0])
    console.print(answer.lineage)
    console.print("^ marks what is drawn above.", style="dim")


def print_impact(console: Console, answer: LineageAnswer) -> None:
    """Print what would be touched, by type."""
    _print_heading(console, HEADINGS[1])
    table = Table()
    for column in ("kind", "type"):
        table.add_column(column)
    table.add_column("count", justify="right")
    table.add_column("names")
    for node, names in by_type(answer.lineage):
        table.add_row(node.kind.lower(), node.type, str(len(names)), Text(", ".join(names)))
    console.print(table)


def print_difference(console: Console, answer: DifferenceAnswer, *, names: tuple[str, str]) -> None:
    """Print two training runs side by side; what differs is bold and marked."""
    _print_heading(console, HEADINGS[2])
    table = Table()
    for column in ("", "", *names, ""):
        table.add_column(column)
    before = ""
    for found in sorted(answer.differences, key=lambda found: _ORDER.index(found.what)):
        if before and found.what != before:
            table.add_section()
        values = (found.first, found.second)
        table.add_row(
            "" if found.what == before else found.what,
            found.name,
            *(Text(_value(value)) for value in values),
            "same" if found.same else "differs",
            style="dim" if found.same else "bold",
        )
        before = found.what
    console.print(table)


def print_cypher(console: Console, queries: Mapping[str, Query]) -> None:
    """Print statements as they can be pasted, by the heading they answer."""
    _print_heading(console, HEADINGS[3])
    console.print(
        "Each was run just now and found the same as the store's own methods.", style="dim"
    )
    for heading, query in queries.items():
        console.print(f"\nBehind {heading}", markup=False)
        console.print(query.to_paste(), style="cyan", soft_wrap=True, markup=False)


def print_places(
    console: Console, store: headwater.MetadataStore, settings: headwater.Settings, model: str
) -> None:
    """Print where everything is now, and what to try next."""
    local = status(settings)
    _print_heading(console, "Where it all is")
    if settings.neo4j is None:
        http = f"{local.neo4j.http_address} over HTTP"
        _print_pair(console, "Neo4j", f"{local.neo4j.address} over Bolt, {http}")
        _print_pair(console, "", _login(local.neo4j))
    else:
        _print_pair(console, "Neo4j", f"{settings.neo4j}, as HEADWATER_NEO4J says")
    _print_pair(console, "namespace", store.namespace)
    for label, text in _objects(store.objects.location, local.minio):
        _print_pair(console, label, text)

    _print_heading(console, "Look around")
    command = _command()
    changed = "run headwater.demo.pipeline:wine -p learning_rate=0.2"
    for arguments, meaning in (
        (f"{changed} --dry-run", "what the cache would say to that, and why"),
        (changed, "one parameter changed: what depends on it runs"),
        (f"lineage {model}", "the first answer again; --down asks the other way"),
        ("artifacts list --type Model", "every model, of both pipelines and all runs"),
        ("status", "the servers, which go on running"),
        ("down", "stops them; the next start finds all of this again"),
    ):
        _print_pair(console, f"{command} {arguments}", meaning, width=len(command) + 66)


def _objects(location: str, minio: ServerStatus) -> list[tuple[str, str]]:
    if minio.address is not None and location.startswith(minio.address):
        other = "A directory takes them instead: make demo OBJECTS=directory"
        return [("objects", f"in the local MinIO, {location}"), ("", _login(minio)), ("", other)]
    kept = "in the directory " if "://" not in location.removeprefix("file://") else "at "
    other = "A local MinIO takes them instead: make demo OBJECTS=minio"
    return [("objects", f"{kept}{location}"), ("", other)]


def _login(server: ServerStatus) -> str:
    return f"user {server.user}, password in {_relative(server.password_file)}"


def _command() -> str:
    beside = Path(sys.executable).with_name("headwater")
    return _relative(beside) if beside.exists() else "headwater"


def _relative(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _durations_s(store: headwater.MetadataStore, run_id: int) -> dict[str, float | None]:
    """Return the seconds that each step of a run took; None where the cache answered."""
    taken: dict[str, float | None] = {}
    for execution in store.executions.in_context(run_id):
        began = execution.create_time_since_epoch or 0
        ended = execution.last_update_time_since_epoch or began
        cached = execution.last_known_state is headwater.ExecutionState.CACHED
        seconds = None if cached else (ended - began) / 1_000
        taken[str(execution.custom_properties["step"])] = seconds
    return taken


def _duration(seconds: float | None) -> str:
    return "cached" if seconds is None else f"{seconds:.2f}"


def _value(value: str | float | None) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)


def _print_pair(console: Console, label: str, text: str, *, width: int = 10) -> None:
    console.print(f"{label:<{width}} {text}", soft_wrap=True, markup=False)


def _print_heading(console: Console, heading: str) -> None:
    console.print(f"\n{heading}", style="bold", markup=False)
