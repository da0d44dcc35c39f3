"""A filter as parts of a statement: where it starts, and what must hold of each node.

Conditions joined by AND are taken apart. Those that share no neighbour are asked each on its own;
those that an index can answer are also said in the words that the planner seeks by; and where
neighbours are named by id or name, the statement starts from the one that has the fewest nodes.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple

from headwater.graph.statements import trusted
from headwater.query import filter_terms as terms
from headwater.query.filter_check import Alias, Checked, Column, Neighbour, Property, Step
from headwater.query.filter_cypher import Known, Writer
from headwater.query.filter_kinds import Kind
from headwater.query.filter_neighbours import Places
from headwater_schema.properties import INT64_MAX, INT64_MIN

_MOST_DIRECT = 24
_SELECTIVE = frozenset({"id", "name", "external_id", "uri"})
_TIMES = frozenset({"create_time_since_epoch", "last_update_time_since_epoch"})
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_PARAMETER = re.compile(r"\$(f\w+)")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter ready to be put into a statement about nodes named `node`.

    Attributes:
        start: lines that find a superset of the matching nodes from their neighbours; empty
            where there is nothing to start from.
        seeks: whether an index can find what matches.
        where: conditions, to be joined by AND.
        after_start: those of them that the start leaves open.
        parameters: their values, besides `namespace`.
        marks: properties whose value may lie where the filter cannot see it, by the number
            in the mark that the server then stumbles over.
    """

    start: tuple[LiteralString, ...] = ()
    seeks: bool = False
    where: tuple[LiteralString, ...] = ()
    after_start: tuple[LiteralString, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    marks: tuple[Property, ...] = ()


class _Condition(NamedTuple):
    """One of the conditions that must all hold, or whose opposite must."""

    at: int
    negated: bool
    aliases: frozenset[Alias]


class _Asked(NamedTuple):
    """A term compared with literals: `sign` is a comparison, `in`, `between` or `like`."""

    term: Step
    sign: str
    values: list[Any]


def compile_filter(checked: Checked, known: Known) -> Filter:
    """Return a checked filter as parts of a statement."""
    return _Plan(checked, known).made()


class _Plan:
    def __init__(self, checked: Checked, known: Known) -> None:
        self.checked = checked
        self.steps = checked.steps
        self.places = Places(checked.kind, checked.aliases)
        self.writer = Writer(checked, known, self.places)
        self.known = known
        self.proven: set[tuple[bool, str]] = set()
        self.selective = False
        self.seeks = False

    def made(self) -> Filter:
        conditions = self._conditions()
        own = [c for c in conditions if not c.aliases]
        beside = [c for c in conditions if c.aliases]
        sought = [text for c in own for text in self._sought(c)]
        exact = self._texts(own)
        components = self._components(beside)
        starts, answered = ([], None) if self.selective else self._starts(components)
        where = [*sought, *exact]
        where += [self.writer.present(*key) for key in self.checked.keys if key not in self.proven]
        left: list[str] = list(where)
        for aliases, group in components:
            text = self._exists(aliases, group)
            where.append(text)
            if answered is None or answered not in group:
                left.append(text)
        return self._filter(starts, _few(where), _few(left))

    def _filter(self, starts: list[str], where: list[str], left: list[str]) -> Filter:
        given = self.writer.parameters | terms.NUMBERS
        used = {found[1] for text in (*starts, *where) for found in _PARAMETER.finditer(text)}
        return Filter(
            tuple(trusted(line) for line in starts),
            self.seeks,
            tuple(trusted(text) for text in where),
            tuple(trusted(text) for text in left),
            {name: given[name] for name in sorted(used)},
            tuple(self.writer.marks),
        )

    # Taking apart

    def _conditions(self) -> list[_Condition]:
        aliases = self._aliases_below()
        found: list[_Condition] = []
        waiting = [(len(self.steps) - 1, False)]
        while waiting:
            at, negated = waiting.pop()
            step = self.steps[at]
            if step.op == "not":
                waiting.append((step.args[0], not negated))
            elif step.op == ("any_of" if negated else "all_of"):
                waiting += [(child, negated) for child in reversed(step.args)]
            elif not (step.op == "literal" and step.value is not None and step.value != negated):
                found.append(_Condition(at, negated, aliases[at]))
        return found

    def _aliases_below(self) -> list[frozenset[Alias]]:
        none: frozenset[Alias] = frozenset()
        below: list[frozenset[Alias]] = []
        for step in self.steps:
            if step.op == "column" and step.value.alias is not None:
                below.append(frozenset({step.value.alias}))
                continue
            all_of_them = none
            for at in step.args:
                if not below[at] <= all_of_them:
                    all_of_them |= below[at]
            below.append(all_of_them)
        return below

    def _components(
        self, conditions: Sequence[_Condition]
    ) -> list[tuple[list[Alias], list[_Condition]]]:
        """Return groups of aliases that conditions tie together, with those conditions."""
        group_of: dict[Alias, int] = {alias: i for i, alias in enumerate(self.checked.aliases)}
        for condition in conditions:
            first, *others = condition.aliases
            for other in others:
                old, new = group_of[other], group_of[first]
                if old != new:
                    group_of = {a: new if g == old else g for a, g in group_of.items()}
        groups: dict[int, tuple[list[Alias], list[_Condition]]] = {}
        for alias, group in group_of.items():
            groups.setdefault(group, ([], []))[0].append(alias)
        for condition in conditions:
            groups[group_of[next(iter(condition.aliases))]][1].append(condition)
        return list(groups.values())

    def _texts(self, conditions: Sequence[_Condition]) -> list[str]:
        if len(conditions) > _MOST_DIRECT:
            return [self.writer.all_of([(c.at, c.negated) for c in conditions])]
        texts = [(self.writer.condition(c.at), c.negated) for c in conditions]
        return [f"NOT ({text})" if negated else text for text, negated in texts]

    def _exists(self, aliases: Iterable[Alias], conditions: Sequence[_Condition]) -> str:
        # Each pattern in a MATCH of its own: two names may stand for one and the same event.
        matches = " ".join(f"MATCH {self.places.pattern(alias)}" for alias in aliases)
        texts = self._texts(conditions)
        where = f" WHERE {' AND '.join(texts)}" if texts else ""
        return f"EXISTS {{ {matches}{where} RETURN 1 AS found }}"

    # Starting from neighbours

    def _starts(
        self, components: Sequence[tuple[list[Alias], list[_Condition]]]
    ) -> tuple[list[str], _Condition | None]:
        """Return the lines that find nodes from named neighbours, and what they answer whole."""
        named = [
            (condition, *anchor)
            for _, conditions in components
            for condition in conditions
            if (anchor := self._anchor(condition)) is not None
        ]
        if not named:
            return [], None
        if len(named) == 1:
            condition, alias, test = named[0]
            lines = [
                f"MATCH (anchor:{self.places.label(alias)})",
                f"WHERE anchor.namespace = $namespace AND {test}",
                f"MATCH {self._reach(alias)}",
                "WITH DISTINCT node",
            ]
            alone = [c for aliases, c in components if condition in c and aliases == [alias]]
            whole = bool(alone) and alone[0] == [condition]
            return lines, condition if whole else None
        branches = [self._branch(alias, test) for _, alias, test in named]
        lines = [
            "CALL () {",
            "\nUNION ALL\n".join(branches),
            "}",
            "WITH way, ends ORDER BY cost LIMIT 1",
            "UNWIND ends AS anchor",
            "CALL (way, anchor) {",
            "\nUNION\n".join(
                f"WITH * WHERE way = {way} MATCH {self._reach(alias)} RETURN node"
                for way, alias in sorted({self._way(alias): alias for _, alias, _ in named}.items())
            ),
            "}",
            "WITH DISTINCT node",
        ]
        return lines, None

    def _anchor(self, condition: _Condition) -> tuple[Alias, str] | None:
        asked = self._asked(condition)
        if asked is None or asked.sign not in ("=", "in") or asked.term.op != "column":
            return None
        column: Column = asked.term.value
        key = self.places.end_key(column)
        if column.alias is None or key is None:
            return None
        return column.alias, self._test(f"anchor.{key}", "in", asked.values)

    def _reach(self, alias: Alias) -> str:
        """Return the pattern from `anchor` back to the nodes."""
        pattern = self.places.pattern(alias, f"node:{self.places.owner()}")
        end = f"({self.places.end(alias)}:{self.places.label(alias)})"
        return _unnamed_event(pattern.replace(end, "(anchor)"))

    def _way(self, alias: Alias) -> int:
        return list(Neighbour).index(alias.neighbour)

    def _branch(self, alias: Alias, test: str) -> str:
        degree = self._reach(alias).replace(f"(node:{self.places.owner()})", "()")
        return "\n".join(
            (
                f"MATCH (anchor:{self.places.label(alias)})",
                f"WHERE anchor.namespace = $namespace AND {test}",
                f"WITH anchor, COUNT {{ {degree} }} AS degree",
                f"RETURN {self._way(alias)} AS way, collect(anchor) AS ends, sum(degree) AS cost",
            )
        )

    # What an index can answer

    def _asked(self, condition: _Condition) -> _Asked | None:
        """Return a condition as one term compared with literals, None if it is nothing so plain."""
        step = self.steps[condition.at]
        if condition.negated:
            return None
        if step.op == "any_of":
            return self._asked_any(condition.at)
        if step.op not in ("compare", "in", "between", "like") or step.value[1]:
            return None
        term, *others = (self.steps[at] for at in step.args)
        sign = step.value[0] if step.op == "compare" else step.op
        if term.op == "literal" and step.op == "compare":
            term, others = others[0], [term]
            sign = _TURNED.get(sign, sign)
        if term.op not in ("column", "property") or sign == "!=":
            return None
        if any(other.op != "literal" or other.value is None for other in others):
            return None
        return _Asked(term, sign, [other.value for other in others])

    def _asked_any(self, at: int) -> _Asked | None:
        """Return equalities of one term that OR joins as one list."""
        values: list[Any] = []
        term: Step | None = None
        for leaf in self.writer.leaves(at):
            if self.steps[leaf].op == "any_of":
                return None
            asked = self._asked(_Condition(leaf, False, frozenset()))  # noqa: FBT003 - a field
            if asked is None or asked.sign not in ("=", "in"):
                return None
            if term is not None and asked.term.value != term.value:
                return None
            term = asked.term
            values += asked.values
        return None if term is None else _Asked(term, "in", values)

    def _sought(self, condition: _Condition) -> list[str]:
        """Return what also holds where a condition does, in words that an index can answer."""
        asked = self._asked(condition)
        if asked is None:
            return []
        if asked.term.op == "property":
            return self._sought_property(asked.term.value, asked.sign, asked.values)
        return self._sought_column(asked.term.value, asked.sign, asked.values)

    def _sought_property(self, asked: Property, sign: str, values: list[Any]) -> list[str]:
        self.proven.add((asked.custom, asked.key))
        listed = self.known.custom if asked.custom else self.known.declared
        if asked.key not in listed:
            return []
        text = self.writer.stored(asked.custom, asked.key)["_"]
        if asked.kind is Kind.TEXT:
            if sign == "like":
                found = terms.like(values[0])
                sign, values = found.sign, [found.operand]
            short = all(len(v.encode()) <= self.known.plain_bytes for v in values)
            # A long text lies elsewhere, so only what pins a short one down can be sought.
            if sign not in ("=", "in") or not short:
                return []
        return self._sought_value(text, asked.kind, sign, values)

    def _sought_value(self, text: str, kind: Kind, sign: str, values: list[Any]) -> list[str]:
        bounds = values
        if kind in (Kind.INT, Kind.DOUBLE):
            found = seekable(kind, sign, values)
            if found is None:
                return []
            sign, bounds = found
        self.seeks = True
        return [self._test(text, sign, bounds)]

    def _sought_column(self, column: Column, sign: str, values: list[Any]) -> list[str]:
        name = column.name
        if column.enum or (name == "type_id"):
            return []
        if name == "uri":
            return self._sought_uri(sign, values)
        if sign == "like":
            found = terms.like(values[0])
            if found.sign == "=" or not found.prefix:
                values = [found.operand]
                sign = "=" if found.sign == "=" else ""
            else:
                sign, values = "STARTS WITH", [found.prefix]
        if not sign:
            return []
        exact = sign in ("=", "in")
        kind = Kind.INT if name == "id" or name in _TIMES else Kind.TEXT
        sought = self._sought_value(f"node.{name}", kind, sign, values)
        self.selective = self.selective or (bool(sought) and exact and name in _SELECTIVE)
        # An index on several keys is used only where each of them is spoken of.
        return [*sought, "node.id IS NOT NULL"] if sought and name in _TIMES else sought

    def _sought_uri(self, sign: str, values: list[Any]) -> list[str]:
        if sign == "like":
            found = terms.like(values[0])
            sign, values = found.sign, [found.operand if found.sign == "=" else found.prefix]
            if sign != "=":
                if not values[0]:
                    return []
                self.seeks = True
                start = self.writer.parameter(values[0])
                return [f"(node.uri STARTS WITH {start} OR node.uri_digest IS NOT NULL)"]
        if sign not in ("=", "in") or "" in values:
            return []
        self.seeks = self.selective = True
        short = [v for v in values if len(v.encode()) <= terms.LONGEST_PLAIN]
        digests = [
            hashlib.sha256(v.encode()).hexdigest()
            for v in values
            if len(v.encode()) > terms.LONGEST_PLAIN
        ]
        tests = [self._test("node.uri", "in", short)] if short else []
        tests += [self._test("node.uri_digest", "in", digests)] if digests else []
        return [f"({' OR '.join(tests)})"]

    def _test(self, text: str, sign: str, values: list[Any]) -> str:
        if sign == "between":
            low, high = (self.writer.parameter(value) for value in values)
            return f"({low} <= {text} AND {text} <= {high})"
        if sign == "in":
            if len(values) == 1:
                return f"{text} = {self.writer.parameter(values[0])}"
            return f"{text} IN {self.writer.parameter(values)}"
        return f"{text} {sign} {self.writer.parameter(values[0])}"


def seekable(kind: Kind, sign: str, values: list[Any]) -> tuple[str, list[Any]] | None:
    """Return a comparison with numbers as an index of that kind can answer it, None if it cannot.

    An index finds 1 where 1 is sought, and not where 1.0 is. What comes back may let through
    more than was asked.
    """
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        return None
    if sign in ("=", "in"):
        made = [float(value) if kind is Kind.DOUBLE else math.floor(value) for value in values]
        return (sign, made) if all(map(_is_whole, made)) else None
    if sign == "between":
        low, high = values
        made = [_bound(kind, low, up=False), _bound(kind, high, up=True)]
        return (sign, made) if all(map(_is_whole, made)) else None
    up = sign.startswith("<")
    made = [_bound(kind, values[0], up=up)]
    return ("<=" if up else ">=", made) if all(map(_is_whole, made)) else None


def _bound(kind: Kind, value: float, *, up: bool) -> float:
    if kind is Kind.DOUBLE:
        return float(value)
    return math.ceil(value) if up else math.floor(value)


def _is_whole(value: float) -> bool:
    """Return whether a number can be sent as it is: an int within 64 bits, or a double."""
    return isinstance(value, float) or INT64_MIN <= value <= INT64_MAX


def _few(texts: list[str]) -> list[str]:
    """Return texts that AND joins as no more than the server's parser likes to see joined."""
    if len(texts) <= _MOST_DIRECT:
        return texts
    return [*texts[:_MOST_DIRECT], f"all(x IN [{', '.join(texts[_MOST_DIRECT:])}] WHERE x)"]


def _unnamed_event(pattern: str) -> str:
    return re.sub(r"-\[a\d+:", "-[:", pattern)
