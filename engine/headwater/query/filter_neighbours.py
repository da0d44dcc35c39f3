"""Where a filter's names lie in the graph: attributes of the node, its neighbours, its events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from headwater.query import filter_terms as terms
from headwater.query.filter_check import Alias, Column, Neighbour
from headwater_schema import TypeKind
from headwater_schema.stored import FLOW_TYPES, LABELS


class _Way(NamedTuple):
    """How a neighbour is reached from the node: left, right, and the label at the other end."""

    left: str
    right: str
    label: str


_EVENTS = "|".join(FLOW_TYPES)
_WAYS: dict[tuple[TypeKind, Neighbour], _Way] = {
    (TypeKind.ARTIFACT, Neighbour.CONTEXTS): _Way("-[:ATTRIBUTION]->", "", "Context"),
    (TypeKind.EXECUTION, Neighbour.CONTEXTS): _Way("-[:ASSOCIATION]->", "", "Context"),
    (TypeKind.ARTIFACT, Neighbour.EVENTS): _Way("-[", f":{_EVENTS}]-", "Execution"),
    (TypeKind.EXECUTION, Neighbour.EVENTS): _Way("-[", f":{_EVENTS}]-", "Artifact"),
    (TypeKind.CONTEXT, Neighbour.PARENTS): _Way("-[:PARENT]->", "", "Context"),
    (TypeKind.CONTEXT, Neighbour.CHILDREN): _Way("<-[:PARENT]-", "", "Context"),
    (TypeKind.CONTEXT, Neighbour.ARTIFACTS): _Way("<-[:ATTRIBUTION]-", "", "Artifact"),
    (TypeKind.CONTEXT, Neighbour.EXECUTIONS): _Way("<-[:ASSOCIATION]-", "", "Execution"),
}
_END_IDS = frozenset({"execution_id", "artifact_id"})


@dataclass(slots=True)
class Places:
    """The names of one filter's neighbours in Cypher: `a0`, `a1` .., an event's far end `b0` .."""

    kind: TypeKind
    aliases: Sequence[Alias]
    _numbers: dict[Alias, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = {alias: number for number, alias in enumerate(self.aliases)}

    def pattern(self, alias: Alias, node: str = "node") -> str:
        """Return the pattern that ranges over an alias' neighbours of the node."""
        number = self._numbers[alias]
        way = _WAYS[self.kind, alias.neighbour]
        if alias.neighbour is Neighbour.EVENTS:
            return f"({node}){way.left}a{number}{way.right}(b{number}:{way.label})"
        return f"({node}){way.left}(a{number}:{way.label})"

    def end(self, alias: Alias) -> str:
        """Return the name of the node at the other end."""
        letter = "b" if alias.neighbour is Neighbour.EVENTS else "a"
        return f"{letter}{self._numbers[alias]}"

    def label(self, alias: Alias) -> str:
        """Return the label of the node at the other end."""
        return _WAYS[self.kind, alias.neighbour].label

    def owner(self) -> str:
        """Return the label of the nodes that the filter is about."""
        return LABELS[self.kind]

    def end_key(self, column: Column) -> str | None:
        """Return under which key of the far end a column lies, if it tells few of them apart."""
        if column.alias is not None and column.alias.neighbour is Neighbour.EVENTS:
            return "id" if column.name in _END_IDS else None
        return column.name if column.name in ("id", "name", "external_id") else None

    def column(self, column: Column) -> str:
        """Return the text of an attribute; an enum's is its number, and no uri is an empty one."""
        if column.enum:
            return f"${terms.NUMBERS_PARAMETER[column.enum]}[{self.enum_name(column)}]"
        name = "node" if column.alias is None else self._holder(column)
        if column.name == "uri":
            return f"coalesce({name}.uri, {name}.uri_long, '')"
        if column.name in _END_IDS:
            return f"{name}.id"
        return f"{name}.{column.name}"

    def enum_name(self, column: Column) -> str:
        """Return the text of an enum's name as it is stored."""
        if column.alias is None:
            return f"node.{column.name}"
        name = self._holder(column)
        if column.alias.neighbour is Neighbour.EVENTS:
            return f"type({name})"
        return f"{name}.{column.name}"

    def _holder(self, column: Column) -> str:
        assert column.alias is not None  # noqa: S101 - asked for neighbours only
        number = self._numbers[column.alias]
        return f"b{number}" if column.name in _END_IDS else f"a{number}"
