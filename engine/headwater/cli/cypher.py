"""Cypher: a query of one's own, which may only read."""

import csv
import json
import math
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, pair_of, refuse, write_file
from headwater.cli.lineage import DotOption, SvgOption
from headwater.cli.screen import Column
from headwater.cli.wording import json_ready
from headwater.errors import DeadlineExceeded, InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headwater import CypherAnswer, CypherPlan


class RowForm(StrEnum):
    """Forms of an answer: of its rows, or of the graph that they hold."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    GRAPH = "graph"
    DOT = "dot"
    MERMAID = "mermaid"
    SVG = "svg"


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
    RowForm | None,
    typer.Option(
        "--format",
        help="What to write on stdout; a table when unset. graph (JSON), dot, mermaid and svg "
        "are the nodes, relationships and paths that the query returns.",
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=0, metavar="ROWS", help="Write so many rows; the rest is told."),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show what the server would do, and do not run it.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", help="When the server ends the query; 120 when unset."
    ),
]

_GRAPHS = frozenset({RowForm.GRAPH, RowForm.DOT, RowForm.MERMAID, RowForm.SVG})


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
            "headwater cypher --file query.cypher --explain",
            "headwater cypher 'MATCH way = (:Artifact)-[:INPUT]->() RETURN way' --svg graph.svg",
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
    explain: ExplainOption = False,
    timeout: TimeoutOption = None,
    form: FormOption = None,
    limit: LimitOption = None,
    svg: SvgOption = None,
    dot: DotOption = None,
) -> None:
    """Run a Cypher query that only reads. It sees all namespaces, whatever --namespace says.

    The server ends it after --timeout, or HEADWATER_QUERY_TIMEOUT_S where that is less, and
    where it takes more memory than Neo4j's setting db.memory.transaction.max allows.
    """
    if (query is None) == (file is None):
        raise refuse("Give either a QUERY or --file.")
    if call.json and form not in (None, RowForm.JSON):
        raise refuse(f"--json and --format {form} do not go together.")
    if timeout is not None and not 0 < timeout < math.inf:
        raise refuse(f"--timeout must be a positive number of seconds, found {timeout:g}.")
    drawn = svg is not None or dot is not None or form in _GRAPHS
    if drawn and limit is not None:
        raise refuse("--limit counts rows, and a graph has none.", hint="Put LIMIT in the query.")
    text = _text(file) if file is not None else sys.stdin.read() if query == "-" else query or ""
    parameters = {} if params is None else _object(params)
    parameters |= dict(pair_of(item) for item in param or [])
    form = RowForm.JSON if call.json else form
    if explain:
        if drawn or limit is not None or timeout is not None or form not in _EXPLAINED:
            raise refuse("--explain runs nothing: it goes with --json and parameters alone.")
        with call.any_store() as store, _placing_errors(call):
            plan = store.explain(text, parameters)
        _write_plan(call, plan, form=form)
        return
    given = {} if timeout is None else {"timeout_s": timeout}
    with call.any_store() as store, _placing_errors(call), call.waiting("running the query"):
        answer = store.cypher(text, parameters, **given)
    if drawn:
        _write_graph(call, answer, form=form, svg=svg, dot=dot)
    if form not in _GRAPHS and (form is not None or not drawn):
        _write(call, answer, form=form, limit=limit)


_EXPLAINED = (None, RowForm.TABLE, RowForm.JSON)


@contextmanager
def _placing_errors(call: Call) -> "Iterator[None]":
    """Show the place that an error is about, and speak of options, not of arguments."""
    try:
        yield
    except InvalidArgument as error:
        for line in str(error.values.get("excerpt", "")).splitlines():
            call.screen.say(f"  {line}", style="")
        raise
    except DeadlineExceeded as error:
        raise DeadlineExceeded(
            "The query took longer than it was given, and was ended at the server.",
            hint="Ask for less, or give it more time (--timeout, HEADWATER_QUERY_TIMEOUT_S).",
            **error.values,
        ) from error


def _write_plan(call: Call, plan: "CypherPlan", *, form: RowForm | None) -> None:
    if form is RowForm.JSON:
        call.screen.answer(plan.as_dict())
    elif call.screen.is_terminal:
        call.screen.draw(plan)
    else:
        call.screen.write(plan.tree())


def _write_graph(
    call: Call, answer: "CypherAnswer", *, form: RowForm | None, svg: Path | None, dot: Path | None
) -> None:
    graph = answer.graph
    if not graph and any(not _is_empty(value) for row in answer for value in row.values()):
        raise refuse(
            "The answer holds no nodes to draw.",
            hint="Return nodes, relationships or paths (RETURN a, event, b), not their properties.",
        )
    for path, draw in ((svg, graph.to_svg), (dot, graph.to_dot)):
        if path is not None:
            write_file(call, path, draw())
    texts: dict[RowForm, Callable[[], str]] = {
        RowForm.DOT: graph.to_dot,
        RowForm.MERMAID: graph.to_mermaid,
        RowForm.SVG: graph.to_svg,
    }
    match form:
        case RowForm.GRAPH:
            call.screen.answer(graph.as_dict())
        case RowForm() as chosen if chosen in texts:
            call.screen.write(texts[chosen]())
        case _:
            pass


def _is_empty(value: object) -> bool:
    """Whether a value of a row is what a query returns where it found no node."""
    return value is None or value in ([], {})


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
