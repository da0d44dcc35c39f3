"""Guard: lets a user's own Cypher through when it only reads the graph.

READ access mode is no sandbox: in it LOAD CSV opens files and addresses, SHOW and TERMINATE
run, and procedures and a plugin's functions do what they like. So its words are looked at, and
then the server is asked what it would do.
"""

import re
from collections.abc import Mapping
from typing import Any

import neo4j

from headwater.errors import InvalidArgument, PermissionDenied
from headwater.graph.cypher_text import (
    called,
    check_joins,
    check_prefix,
    check_words,
    is_safe_function,
    tokens,
)
from headwater.graph.explained import Explained, explained, handing_out
from headwater.graph.session import Graph

ALLOWED_PROCEDURES = frozenset(
    {
        "db.labels",
        "db.propertykeys",
        "db.relationshiptypes",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.schema.visualization",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
    }
)
_EXPLAIN = len("EXPLAIN ")
_PLACE = re.compile(r"\s*\(line \d+, column \d+ \(offset: (\d+)\)\).*", re.DOTALL)


def check_reads_only(
    graph: Graph,
    text: str,
    parameters: Mapping[str, object],
    *,
    notes: neo4j.NotificationMinimumSeverity = neo4j.NotificationMinimumSeverity.OFF,
) -> neo4j.ResultSummary:
    """Check that a text only reads the graph, and return what the server would do for it.

    Args:
        graph: where it would run.
        text: the query.
        parameters: its parameters.
        notes: from which severity on the server notes what it thinks of the text.

    Raises:
        PermissionDenied: it writes, opens a file or an address, asks another graph, runs a
            command, or calls a procedure or function that is not known to be harmless; the
            message says which.
        InvalidArgument: it is not valid Cypher, or begins with EXPLAIN, PROFILE or options of
            the planner; where the server says so, `line`, `column` (both from 1) and `excerpt`
            tell the place.
        ResourceExhausted: it is too long, too deeply nested, or joins too much for the planner.
    """
    found = tokens(text)
    check_prefix(found)
    check_words(found)
    check_joins(found)
    for name in called(found):
        if name not in ALLOWED_PROCEDURES and not is_safe_function(name):
            raise PermissionDenied(
                f"{name} is not allowed here.",
                hint=f"Allowed procedures: {', '.join(sorted(ALLOWED_PROCEDURES))}; of functions "
                "all that Neo4j has itself.",
                name=name,
            )
    try:
        summary = graph.explain(text, parameters, notes=notes)
    except InvalidArgument as error:
        raise _placed(error, text, skipped=_EXPLAIN) from error
    if summary.query_type != "r":
        raise PermissionDenied(
            "The query writes, or is a command of the database; only reading is allowed here.",
            hint="Use the store's own methods to write.",
        )
    for operator, arguments in _operators(summary):
        _check_operator(operator, arguments)
    return summary


def explain_reading(graph: Graph, text: str, parameters: Mapping[str, object]) -> Explained:
    """Return what the server would do for a text that only reads, and its notes; nothing is run.

    Raises:
        PermissionDenied, InvalidArgument, ResourceExhausted: as `check_reads_only` does.
    """
    every = neo4j.NotificationMinimumSeverity.INFORMATION
    with handing_out():
        return explained(check_reads_only(graph, text, parameters, notes=every))


def _placed(error: InvalidArgument, text: str, *, skipped: int) -> InvalidArgument:
    """Return the error with the place it is about, where the server names one."""
    place = _PLACE.search(error.message)
    if place is None:
        return error
    # The server counts UTF-16 units.
    units = text.encode("utf-16-le", "surrogatepass")[: max(int(place[1]) - skipped, 0) * 2]
    before = units.decode("utf-16-le", "replace")
    line, start = before.count("\n") + 1, before.rfind("\n") + 1
    column = len(before) - start + 1
    whole = text[start:].split("\n", maxsplit=1)[0].rstrip("\r")
    excerpt = f"{whole.expandtabs(1)}\n{' ' * (column - 1)}^"
    return InvalidArgument(
        f"{error.message[: place.start()]} (line {line}, column {column}).",
        hint=error.hint,
        **{**error.values, "line": line, "column": column, "excerpt": excerpt},
    )


def _check_operator(operator: str, arguments: Mapping[str, Any]) -> None:
    name = operator.split("@", maxsplit=1)[0]
    if name == "LoadCSV":
        raise PermissionDenied("LOAD CSV opens files and addresses; it is not allowed here.")
    if name in {"ProcedureCall", "CallProcedure"}:
        named = re.match(r"\s*([\w.]+)", str(arguments.get("Details", "")))
        if named is None or named[1].lower() not in ALLOWED_PROCEDURES:
            raise PermissionDenied(
                f"Procedure {named[1] if named else '?'} is not allowed here.",
                hint=f"Allowed: {', '.join(sorted(ALLOWED_PROCEDURES))}.",
            )
    if re.match(r"(Show|Terminate|Drop|Alter|Grant|Deny|Revoke)\w+", name):
        raise PermissionDenied(f"{name} is a command of the database; it is not allowed here.")


def _operators(summary: neo4j.ResultSummary) -> list[tuple[str, Mapping[str, Any]]]:
    found: list[tuple[str, Mapping[str, Any]]] = []
    waiting = [summary.plan] if summary.plan else []
    while waiting:
        plan = waiting.pop()
        found.append((plan["operatorType"], plan.get("args", {})))
        waiting += plan.get("children", ())
    return found
