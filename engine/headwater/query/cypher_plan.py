"""Plan: what the server would do for a Cypher query, and what we know of such plans."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from headwater.errors import ResourceExhausted
from headwater.graph.cypher_text import tokens
from headwater.graph.explained import Explained, ServerNote
from headwater.visible import visible

MAX_DEPTH = 150
"""How many operators may stand on each other: JSON, and who reads it, nests no deeper at will."""

_INDENT = "  "


@dataclass(frozen=True)
class PlanStep:
    """One operator of a plan; its rows come from its children, the first of which runs first.

    Attributes:
        operator: its name, such as `NodeUniqueIndexSeek`.
        details: what it works on, in the server's words; "" where it says nothing.
        estimated_rows: how many rows the server expects of it; None where it says nothing.
        children: where its rows come from.
    """

    operator: str
    details: str
    estimated_rows: float | None
    children: tuple["PlanStep", ...] = ()

    def steps(self) -> Iterator[tuple[int, "PlanStep"]]:
        """Yield this step and all below it with their depth, from 0, parents first."""
        waiting = [(0, self)]
        while waiting:
            depth, step = waiting.pop()
            yield depth, step
            waiting += [(depth + 1, child) for child in reversed(step.children)]

    def as_dict(self) -> dict[str, Any]:
        """Return the step and those below it as JSON-ready values."""
        return {
            "operator": self.operator,
            "details": self.details,
            "estimated_rows": self.estimated_rows,
            "children": [child.as_dict() for child in self.children],
        }


@dataclass(frozen=True)
class CypherPlan:
    """What the server would do for a query, which it has not run.

    Attributes:
        root: the operator that hands out the rows.
        notes: what the server says about the query.
        warnings: what we say: of operators that can take very long on a graph of lineage.
    """

    root: PlanStep
    notes: tuple[ServerNote, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values: plan, notes, warnings."""
        return {
            "plan": self.root.as_dict(),
            "notes": [note._asdict() for note in self.notes],
            "warnings": list(self.warnings),
        }

    def remarks(self) -> list[str]:
        """Return the notes and warnings, a line each."""
        return [*map(_note_text, self.notes), *(f"warning: {text}" for text in self.warnings)]

    def tree(self) -> str:
        """Return the plan as indented text, a step a line, and the remarks below it."""
        lines = [
            f"{_INDENT * depth}{'  '.join(part for part, _ in _told(step))}"
            for depth, step in self.root.steps()
        ]
        remarks = self.remarks()
        return "".join(f"{line}\n" for line in (*lines, *([""] if remarks else []), *remarks))

    def __str__(self) -> str:
        return self.tree()

    def __rich__(self) -> RenderableType:
        """Return the coloured tree that rich prints for the plan, and the remarks below it."""
        above: list[Tree] = []
        for depth, step in self.root.steps():
            label = Text("  ").join(Text(part, style=style) for part, style in _told(step))
            tree = above[depth - 1].add(label) if depth else Tree(label)
            above[depth:] = [tree]
        remarks = [Text(line, style="yellow") for line in self.remarks()]
        return Group(above[0], *([Text()] if remarks else []), *remarks)


def plan_of(found: Explained, query: str) -> CypherPlan:
    """Return what the server explained of a query, with warnings of our own.

    Raises:
        ResourceExhausted: the plan is deeper than `MAX_DEPTH`.
    """
    if (depth := _depth(found.plan)) > MAX_DEPTH:
        raise ResourceExhausted(
            f"The plan is {depth:,} operators deep, more than {MAX_DEPTH}.",
            hint="The query itself may run. Explain a part of it, such as one side of a UNION.",
            depth=depth,
            limit=MAX_DEPTH,
        )
    root = _step(found.plan)
    warnings = [warning(step) for _, step in root.steps() for warning in _WARNINGS]
    if (name := _all_shortest(query)) is not None:
        warnings.append(_ways(name))
    return CypherPlan(root, found.notes, tuple(dict.fromkeys(text for text in warnings if text)))


def _depth(plan: Mapping[str, Any]) -> int:
    depth, level = 0, [plan]
    while level:
        depth, level = depth + 1, [child for step in level for child in step.get("children", ())]
    return depth


def _step(plan: Mapping[str, Any]) -> PlanStep:
    arguments = plan.get("args", {})
    return PlanStep(
        str(plan["operatorType"]).split("@")[0],
        re.sub(r"\s+", " ", str(arguments.get("Details", ""))),
        arguments.get("EstimatedRows"),
        tuple(_step(child) for child in plan.get("children", ())),
    )


def _told(step: PlanStep) -> list[tuple[str, str]]:
    count = "" if step.estimated_rows is None else _rounded(step.estimated_rows)
    rows = f"~{count} row{'s' * (count != '1')}" if count else ""
    bad = any(warning(step) for warning in _WARNINGS)
    parts = [
        (step.operator, "bold red" if bad else "bold cyan"),
        (visible(step.details), ""),
        (rows, "dim"),
    ]
    return [(text, style) for text, style in parts if text]


def _rounded(rows: float) -> str:
    return f"{rows:,.0f}" if rows >= 10 or rows == int(rows) else f"{rows:.2g}"  # noqa: PLR2004


def _note_text(note: ServerNote) -> str:
    place = "" if note.line is None else f" (line {note.line}, column {note.column})"
    severity = "warning" if note.severity == "WARNING" else "note"
    return f"server {severity}: {visible(note.text)}{place}"


def _all_shortest(query: str) -> str | None:
    """Return how a query asks for all shortest paths: its plan is that of a query for one."""
    found = tokens(query)
    if any(token.says("allshortestpaths") for token in found):
        return "allShortestPaths"
    pairs = pairwise(found)
    return "ALL SHORTEST" if any(a.says("all") and b.says("shortest") for a, b in pairs) else None


def _ways(name: str) -> str:
    return (
        f"{name} follows every way there is, not every node: in a lineage their number explodes "
        "with depth. Name no path or list of relationships, and write DISTINCT right after the "
        "walk; shortestPath finds one way between two nodes."
    )


def _of_ways(step: PlanStep) -> str | None:
    name = step.operator
    walks = name.startswith(("VarLengthExpand", "OptionalVarLength")) and "Pruning" not in name
    others = re.match(r"(AllShortest|StatefulShortest|(Bidirectional)?Repeat)", name)
    return _ways(name) if walks or others else None


def _of_scans(step: PlanStep) -> str | None:
    if "AllNodesScan" in step.operator or "AllRelationshipsScan" in step.operator:
        what = "nodes" if "Nodes" in step.operator else "relationships"
        return (
            f"{step.operator} reads all {what} of the database, in every namespace. Give a label "
            "or a relationship type, and match on `namespace`."
        )
    if re.search(r"(ByLabels?|RelationshipTypes?)Scan", step.operator):
        what = "nodes of a label" if "Label" in step.operator else "relationships of a type"
        return (
            f"{step.operator} ({step.details}) reads all {what}, in every namespace, because no "
            "index fits. Begin at nodes sought by `namespace` and `id`, `name`, `type` or another "
            "indexed property: `headwater indexes list` names them."
        )
    return None


def _of_products(step: PlanStep) -> str | None:
    # Of two nodes sought by their ids it pairs one with one.
    if step.operator == "CartesianProduct" and round(step.estimated_rows or 0) > 1:
        return (
            "CartesianProduct pairs every row of one part with every row of another. Join the "
            "parts by a relationship, or collect the first before the second."
        )
    return None


_WARNINGS: tuple[Callable[[PlanStep], str | None], ...] = (_of_ways, _of_scans, _of_products)
