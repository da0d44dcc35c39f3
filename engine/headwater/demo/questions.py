"""The questions: each answered by the store's own method, and again by Cypher to compare.

The Cypher lies in `cypher/`, one statement a file, and is printed for the reader to paste.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import headwater
from headwater.components.handles import FORMAT_KEY
from headwater.components.standard import Evaluation, Model

_RAN = "last_known_state != CACHED"
"""Which executions are shown: those for which an earlier one stood in have nothing to tell."""
_MADE = "type != 'Environment'"
"""Which artifacts are shown: where steps ran is a question of its own."""


@dataclass(frozen=True, slots=True)
class Query:
    """A Cypher statement with its parameters.

    Attributes:
        text: the statement.
        parameters: by name, without `$`.
    """

    text: str
    parameters: dict[str, str | int]

    def run(self, store: headwater.MetadataStore) -> headwater.CypherAnswer:
        """Return its rows."""
        return store.cypher(self.text, self.parameters)

    def to_paste(self) -> str:
        """Return the statement with its parameters set before it, as Neo4j's shells take it."""
        values = (f":param {name} => {_literal(value)};" for name, value in self.parameters.items())
        lines = (line for line in self.text.strip().splitlines() if not line.startswith("// @"))
        return "\n".join([*values, *lines]) + ";"


@dataclass(frozen=True, slots=True)
class LineageAnswer:
    """A lineage, and the Cypher that finds the same nodes."""

    lineage: headwater.Lineage
    query: Query


class Difference(NamedTuple):
    """One thing that two training runs can differ in.

    Attributes:
        what: `input`, `parameter`, `model` or `metric`.
        name: which of them.
        first: its value in the first run; None where it has none.
        second: its value in the second run.
        same: whether both are equal.
    """

    what: str
    name: str
    first: str | float | None
    second: str | float | None
    same: bool


@dataclass(frozen=True, slots=True)
class DifferenceAnswer:
    """What two training runs share and differ in, and the Cypher that tells it."""

    differences: tuple[Difference, ...]
    query: Query


def origin(store: headwater.MetadataStore, model: Model) -> LineageAnswer:
    """Return everything that a model came from.

    Raises:
        Internal: the Cypher finds something else.
    """
    lineage = store.upstream(model, executions=_RAN, artifacts=_MADE)
    query = _query("origin", namespace=store.namespace, id=lineage.start.id)
    expected = {(n.distance, n.kind.capitalize(), n.type, n.id, n.name) for n in lineage.nodes[1:]}
    found = {tuple(row.values()) for row in query.run(store)}
    _demand_equal("origin", expected, found)
    return LineageAnswer(lineage, query)


def impact(store: headwater.MetadataStore, data: headwater.Artifact) -> LineageAnswer:
    """Return everything that a withdrawal of data would touch.

    Raises:
        Internal: the Cypher finds something else.
    """
    lineage = store.downstream(data, executions=_RAN)
    query = _query("impact", namespace=store.namespace, id=lineage.start.id)
    expected = {(node.kind.capitalize(), node.type, names) for node, names in by_type(lineage)}
    found = {(row["kind"], row["type"], tuple(row["names"])) for row in query.run(store)}
    _demand_equal("impact", expected, found)
    return LineageAnswer(lineage, query)


def difference(
    store: headwater.MetadataStore, first: headwater.Execution, second: headwater.Execution
) -> DifferenceAnswer:
    """Return what two training runs share and differ in, by what it is, then by name.

    Raises:
        Internal: the store's own methods tell something else than the Cypher.
    """
    ids = {"first": first.id or 0, "second": second.id or 0}
    query = _query("difference", namespace=store.namespace, **ids)
    found = tuple(Difference(**row) for row in query.run(store))
    for side, run in (("first", first), ("second", second)):
        told = {(d.what, d.name, getattr(d, side)) for d in found if getattr(d, side) is not None}
        _demand_equal("difference", set(_facts(store, run)), told)
    return DifferenceAnswer(found, query)


def by_type(
    lineage: headwater.Lineage,
) -> list[tuple[headwater.LineageNode, tuple[str, ...]]]:
    """Return the first node of each type but the start, with the names of all of that type."""
    rest = sorted(lineage.nodes[1:], key=lambda node: (node.kind, node.type, node.id))
    groups: dict[tuple[str, str], list[headwater.LineageNode]] = {}
    for node in rest:
        groups.setdefault((node.kind, node.type), []).append(node)
    return [(nodes[0], tuple(n.name or f"#{n.id}" for n in nodes)) for nodes in groups.values()]


def _facts(
    store: headwater.MetadataStore, trained: headwater.Execution
) -> Iterable[tuple[str, str, object]]:
    """Yield what the store's own methods tell of a training run."""
    yield from (("parameter", key, value) for key, value in trained.properties.items())
    inputs = store.upstream(trained, max_hops=1, artifacts=_MADE).artifacts()
    yield from (("input", node.type, node.name) for node in inputs)
    for node in store.downstream(trained, max_hops=1, types=["Model"]).nodes:
        said = store.artifact(node.key, type=Model).custom_properties
        yield from (("model", key, value) for key, value in said.items() if key != FORMAT_KEY)
    for node in store.downstream(trained, max_hops=3, types=["Evaluation"]).nodes:
        measured = store.artifact(node.key, type=Evaluation).properties
        yield from (("metric", key, value) for key, value in measured.items())


def _query(name: str, **parameters: str | int) -> Query:
    file = resources.files("headwater.demo") / "cypher" / f"{name}.cypher"
    return Query(file.read_text("utf-8"), parameters)


def _demand_equal(question: str, expected: object, found: object) -> None:
    if expected != found:
        raise headwater.errors.Internal(
            f"The Cypher of {question} finds something else than the store: {found!r:.500}.",
            hint="Please report it.",
            expected=expected,
            found=found,
        )


def _literal(value: str | int) -> str:
    """Return a value as Cypher writes it: JSON's escapes are Cypher's, too."""
    return json.dumps(value, ensure_ascii=False)
