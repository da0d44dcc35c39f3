"""Cypher: a query of one's own, which may only read."""

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, pair_of, refuse
from headwater.cli.screen import Column
from headwater.cli.wording import json_ready
from headwater.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from headwater import CypherAnswer


class RowForm(StrEnum):
    """Forms of an answer of rows."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


ParamOption = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="KEY=VALUE",
        help="A parameter; the value is JSON where it can be, else text. May be repeated.",
    ),
]
ParamsOption = Annotated[
    Path | None,
    typer.Option("--params", metavar="FILE", help="Parameters as a JSON object; -p goes before."),
]
FileOption = Annotated[
    Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the query from a file.")
]
FormOption = Annotated[
    RowForm | None, typer.Option("--format", help="What to write on stdout; a table when unset.")
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=0, metavar="ROWS", help="Write so many rows; the rest is told."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "cypher",
        examples=(
            "headwater cypher 'MATCH (m:Artifact) WHERE m.p_accuracy > $a RETURN m.name' -p a=0.9",
            "headwater cypher 'MATCH (n:Artifact {namespace: $ns}) RETURN count(n)' -p ns=default",
            "headwater cypher - --json < query.cypher",
            "headwater cypher --file query.cypher --params values.json --format csv",
        ),
    )(run_cypher)


def run_cypher(
    call: Call,
    query: Annotated[
        str | None, typer.Argument(help="The query, or - to read it from stdin.")
    ] = None,
    *,
    file: FileOption = None,
    param: ParamOption = None,
    params: ParamsOption = None,
    form: FormOption = None,
    limit: LimitOption = None,
) -> None:
    """Run a Cypher query that only reads. It sees all namespaces, whatever --namespace says."""
    if (query is None) == (file is None):
        raise refuse("Give either a QUERY or --file.")
    if call.json and form not in (None, RowForm.JSON):
        raise refuse(f"--json and --format {form} do not go together.")
    text = _text(file) if file is not None else sys.stdin.read() if query == "-" else query or ""
    parameters = {} if params is None else _object(params)
    parameters |= dict(pair_of(item) for item in param or [])
    with call.any_store() as store:
        try:
            answer = store.cypher(text, **parameters)
        except InvalidArgument as error:
            for line in str(error.values.get("excerpt", "")).splitlines():
                call.screen.say(f"  {line}", style="")
            raise
    _write(call, answer, form=RowForm.JSON if call.json else form, limit=limit)


def _write(call: Call, answer: "CypherAnswer", *, form: RowForm | None, limit: int | None) -> None:
    rows = answer.rows if limit is None else answer.rows[:limit]
    columns = answer.columns
    screen = call.screen
    match form:
        case RowForm.JSON:
            screen.answer({"columns": list(columns), "rows": list(rows)})
        case RowForm.NDJSON:
            for row in rows:
                screen.write(json.dumps(json_ready(row), default=str) + "\n")
        case RowForm.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_cell(row[name]) for name in columns] for row in rows)
        case _:
            screen.table(
                [Column(name) for name in columns],
                [[row[name] for name in columns] for row in rows],
            )
    if len(rows) < len(answer):
        screen.say(f"{len(rows):,} of {len(answer):,} rows; --limit cut the rest", style="yellow")
    elif screen.is_terminal and form in (None, RowForm.TABLE):
        screen.say(f"{len(answer)} row{'s' * (len(answer) != 1)}")


def _cell(value: object) -> object:
    """Return a value for a cell of CSV, which has no lists or maps: those are JSON."""
    match value:
        case bool() | dict() | list():
            return json.dumps(json_ready(value), default=str)
        case _:
            return value


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(path))
    except ValueError as error:
        raise refuse(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise refuse(f"{path} holds a {type(found).__name__}, not a JSON object.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"{path} is not UTF-8 text.") from error
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", path=str(path)) from error
