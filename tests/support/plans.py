"""Plans: what the server says it would do for a query, as a flat list of operators."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from headwater.graph.session import Graph
from headwater.graph.statements import Statement


class Operator(NamedTuple):
    """One operator of a plan: its name, and the details that the server gives."""

    name: str
    details: str


def operators(
    graph: Graph, query: Statement | str, parameters: Mapping[str, object] | None = None
) -> list[Operator]:
    """Return the operators of a query's plan, the last one to run first."""
    given = dict(parameters or {})
    if isinstance(query, Statement):
        plan = graph.explain(query.bundled(), {"asked": given}).plan
    else:
        plan = graph.explain(query, given).plan
    return [] if plan is None else _flat(plan)


def _flat(plan: Mapping[str, Any]) -> list[Operator]:
    name = str(plan["operatorType"]).split("@")[0]
    own = Operator(name, str(plan.get("args", {}).get("Details", "")))
    return [own, *(operator for child in plan.get("children", ()) for operator in _flat(child))]


def names(plan: list[Operator]) -> set[str]:
    """Return the names of a plan's operators."""
    return {operator.name for operator in plan}
