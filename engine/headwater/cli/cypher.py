"""Cypher: a query of one's own, which may only read."""

import json
import sys
from typing import Annotated, Any

import typer

from headwater.cli.call import Call, command, refuse
from headwater.cli.screen import Column


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "cypher",
        examples=(
            "headwater cypher 'MATCH (m:Artifact) WHERE m.p_accuracy > $a RETURN m.name' -p a=0.9",
            "headwater cypher 'MATCH (n:Artifact {namespace: $ns}) RETURN count(n)' -p ns=default",
            "headwater cypher - --json < query.cypher",
        ),
    )(run_cypher)


def run_cypher(
    call: Call,
    query: Annotated[str, typer.Argument(help="The query, or - to read it from stdin.")],
    *,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="KEY=VALUE",
            help="A parameter; the value is JSON where it can be, else text. May be repeated.",
        ),
    ] = None,
) -> None:
    """Run a Cypher query that only reads. It sees all namespaces, whatever --namespace says."""
    text = sys.stdin.read() if query == "-" else query
    parameters = dict(_parameter(item) for item in param or [])
    with call.any_store() as store:
        answer = store.cypher(text, **parameters)
    if call.json:
        call.screen.answer({"columns": list(answer.columns), "rows": list(answer.rows)})
        return
    call.screen.table(
        [Column(name) for name in answer.columns],
        [[row[name] for name in answer.columns] for row in answer.rows],
    )
    if call.screen.is_terminal:
        call.screen.say(f"{len(answer)} row{'s' * (len(answer) != 1)}")


def _parameter(item: str) -> tuple[str, Any]:
    key, equals, value = item.partition("=")
    if not equals or not key:
        raise refuse(f"A parameter is KEY=VALUE, found {item!r}.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
