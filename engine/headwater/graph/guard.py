"""Guard: lets a user's own Cypher through when it only reads the graph.

READ access mode is no sandbox: in it LOAD CSV opens files and addresses, SHOW and TERMINATE
run, and procedures do what they like. So the server is asked first what it would do.
"""

import re
from collections.abc import Mapping
from typing import Any

import neo4j

from headwater.errors import InvalidArgument, PermissionDenied
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
_PREFIX = re.compile(
    r"^(\s|//[^\r\n]*|/\*.*?\*/)*(explain|profile)\b",
    re.IGNORECASE | re.DOTALL,
)


def check_reads_only(graph: Graph, text: str, parameters: Mapping[str, object]) -> None:
    """Check that a text only reads the graph, by asking the server for its plan.

    Raises:
        PermissionDenied: it writes, opens a file or an address, runs a command, or calls a
            procedure that is not on the list; the message says which.
        InvalidArgument: it is not valid Cypher, or begins with EXPLAIN or PROFILE.
    """
    if _PREFIX.match(text):
        raise InvalidArgument(
            "The query begins with EXPLAIN or PROFILE.", hint="Give the query alone."
        )
    summary = graph.explain(text, parameters)
    if summary.query_type != "r":
        raise PermissionDenied(
            "The query writes, or is a command of the database; only reading is allowed here.",
            hint="Use the store's own methods to write.",
        )
    for operator, arguments in _operators(summary):
        _check_operator(operator, arguments)


def _check_operator(operator: str, arguments: Mapping[str, Any]) -> None:
    name = operator.split("@", maxsplit=1)[0]
    if name == "LoadCSV":
        raise PermissionDenied("LOAD CSV opens files and addresses; it is not allowed here.")
    if name in {"ProcedureCall", "CallProcedure"}:
        called = re.match(r"\s*([\w.]+)", str(arguments.get("Details", "")))
        if called is None or called[1].lower() not in ALLOWED_PROCEDURES:
            raise PermissionDenied(
                f"Procedure {called[1] if called else '?'} is not allowed here.",
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
