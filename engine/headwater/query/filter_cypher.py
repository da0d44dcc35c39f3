"""A checked filter made into Cypher: the one place where a question's text is composed.

What a filter says becomes parameters; neighbours and keys are numbered. The only text that comes
from outside is the key of a declared or indexed property, taken from the store's own list of them
and quoted. Nothing calls itself for each level of a filter, and neither must the server: joined
conditions are lists, and what nests deeper than `_DEEPEST` is computed step by step in a list.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headwater.graph.indexes import indexable, quoted
from headwater.graph.records import offloaded
from headwater.query import filter_terms as terms
from headwater.query.filter_check import ENUMS, Checked, Column, Property, Step
from headwater.query.filter_kinds import NUMBERS, Kind
from headwater.query.filter_neighbours import Places
from headwater_schema import PropertyKind
from headwater_schema.properties import INT64_MAX, INT64_MIN
from headwater_schema.stored import CUSTOM_PREFIXES, DECLARED_PREFIXES, LONG_TEXT_BYTES

_DEEPEST = 24
_WIDEST = 4
_SAME = 3
MARK = "headwater-offloaded-"
"""Begins the text that the server is made to stumble over where a value is out of its reach."""


class Known(NamedTuple):
    """What is known of the store when a filter is made into Cypher.

    Attributes:
        declared: keys that types of the kind declare.
        custom: keys of custom properties that have an index.
        plain_bytes: no longer text lies anywhere but under its plain key.
    """

    declared: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()
    plain_bytes: int = LONG_TEXT_BYTES


class Fragment(NamedTuple):
    """A piece of Cypher, and how deep it nests."""

    text: str
    depth: int = 1


@dataclass(slots=True)
class Writer:
    """Makes Cypher of the steps of one filter, and collects its parameters."""

    checked: Checked
    known: Known
    places: Places
    parameters: dict[str, Any] = field(default_factory=dict)
    marks: list[Property] = field(default_factory=list)
    _values: dict[Property, str] = field(default_factory=dict)
    _stored: dict[tuple[bool, str], dict[str, str]] = field(default_factory=dict)
    _bound: int = 0

    def parameter(self, value: object) -> str:
        """Return the text of a new parameter of that value."""
        name = f"f{len(self.parameters)}"
        self.parameters[name] = _sendable(value)
        return f"${name}"

    # The walk

    def all_of(self, conditions: Sequence[tuple[int, bool]]) -> str:
        """Return the text of conditions that must all hold, or whose opposite must where marked."""
        steps = self.checked.steps
        places: list[int] = []
        for at, negated in conditions:
            if negated:
                steps.append(Step("not", Kind.BOOL, (at,)))
            places.append(len(steps) - 1 if negated else at)
        steps.append(Step("all_of", Kind.BOOL, tuple(places)))
        return self.condition(len(steps) - 1)

    def condition(self, root: int) -> str:
        """Return the text of a condition and of all below it."""
        steps = self.checked.steps
        needed = {self._plain(root)}
        top = self._plain(root)
        order: list[int] = []
        for at in range(top, -1, -1):
            if at in needed:
                order.append(at)
                needed.update(self._children(at))
        made: dict[int, Fragment] = {}
        steps_made: list[str] = []
        for at in reversed(order):
            fragment = self._made(steps[at], at, made)
            if fragment.depth > _DEEPEST and at != top:
                steps_made.append(fragment.text)
                fragment = Fragment(f"e[{len(steps_made) - 1}]")
            made[at] = fragment
        if not steps_made:
            return made[top].text
        return _stepwise([*steps_made, made[top].text])

    def _plain(self, at: int) -> int:
        """Return the place that says the same without NOT NOT."""
        steps = self.checked.steps
        while steps[at].op == "not" and steps[steps[at].args[0]].op == "not":
            at = steps[steps[at].args[0]].args[0]
        return at

    def leaves(self, at: int) -> list[int]:
        """Return the conditions that an AND or OR joins, those of the same word within too."""
        steps, op = self.checked.steps, self.checked.steps[at].op
        leaves: list[int] = []
        waiting = [at]
        while waiting:
            place = self._plain(waiting.pop())
            if steps[place].op == op:
                waiting += reversed(steps[place].args)
            else:
                leaves.append(place)
        return leaves

    def _children(self, at: int) -> list[int]:
        step = self.checked.steps[at]
        if step.op in ("any_of", "all_of"):
            return self.leaves(at)
        return [self._plain(child) for child in step.args]

    def _made(self, step: Step, at: int, made: Mapping[int, Fragment]) -> Fragment:  # noqa: PLR0911 - one return an operation
        parts = [made[self._plain(child)] for child in step.args if self._plain(child) in made]
        match step.op:
            case "any_of" | "all_of":
                return self._joined(step.op, self.leaves(at), made)
            case "literal":
                return Fragment("null" if step.value is None else self.parameter(step.value))
            case "column":
                return Fragment(self.places.column(step.value))
            case "property":
                return Fragment(self._value(step.value), 2)
            case "not":
                return _deeper("(NOT ({0}))", parts)
            case "same":
                return parts[0]
            case "negative":
                whole = step.kind is Kind.INT
                return self._bind(terms.NEGATIVE, parts) if whole else _deeper("(-{0})", parts)
            case "compare" | "in" | "like" | "between" | "is_null" | "is_true":
                return self._predicate(step, parts)
            case _:
                return self._term(step, parts)

    # Conditions

    def _joined(self, op: str, leaves: Sequence[int], made: Mapping[int, Fragment]) -> Fragment:
        parts = [made[at] for at in self._gathered(op, leaves, made)]
        parts += self._groups(op, leaves, made)
        if len(parts) == 1:
            return parts[0]
        depth = 1 + max(part.depth for part in parts)
        texts = [part.text for part in parts]
        # AND and OR one in the other are multiplied out by the planner, exponentially. A list
        # it leaves alone. A short OR stays, because the planner may seek each of its sides.
        if op == "any_of" and len(texts) <= _WIDEST and depth <= 3:  # noqa: PLR2004 - leaves
            return Fragment(f"({' OR '.join(texts)})", depth)
        word = "any" if op == "any_of" else "all"
        name = self._name()
        return Fragment(f"{word}({name} IN [{', '.join(texts)}] WHERE {name})", depth)

    def _gathered(self, op: str, leaves: Sequence[int], made: Mapping[int, Fragment]) -> list[int]:
        """Return the conditions of a join that are not one of many alike."""
        alike = {at for group in self._alike(op, leaves, made).values() for at in group}
        return [at for at in leaves if at not in alike]

    def _alike(
        self, op: str, leaves: Sequence[int], made: Mapping[int, Fragment]
    ) -> dict[tuple[str, str], list[int]]:
        """Return conditions that compare one term in one way with literals, by sign and term."""
        found: dict[tuple[str, str], list[int]] = {}
        steps = self.checked.steps
        for at in leaves:
            step = steps[at]
            if step.op == "compare" and steps[step.args[1]].op == "literal":
                sign, term = step.value[0], steps[step.args[0]]
                opposite = {"any_of": "!=", "all_of": "="}[op]
                if term.op in ("column", "property") and sign != opposite:
                    found.setdefault((sign, made[step.args[0]].text), []).append(at)
        return {key: group for key, group in found.items() if len(group) >= _SAME}

    def _groups(
        self, op: str, leaves: Sequence[int], made: Mapping[int, Fragment]
    ) -> list[Fragment]:
        fragments: list[Fragment] = []
        steps = self.checked.steps
        for (sign, text), group in self._alike(op, leaves, made).items():
            term = steps[steps[group[0]].args[0]]
            literals = [steps[steps[at].args[1]] for at in group]
            if sign in ("=", "!="):
                fragments.append(self._equal(term, Fragment(text), literals, negated=sign == "!="))
                continue
            values = [literal.value for literal in literals]
            word, name = ("any" if op == "any_of" else "all"), self._name()
            given = self.parameter(values)
            fragments.append(Fragment(f"{word}({name} IN {given} WHERE {text} {sign} {name})", 3))
        return fragments

    def _predicate(self, step: Step, parts: list[Fragment]) -> Fragment:
        steps = self.checked.steps
        negated = step.value[1]
        first = steps[step.args[0]]
        match step.op:
            case "compare":
                return self._compared(step, parts)
            case "in":
                literals = [steps[at] for at in step.args[1:]]
                if all(literal.op == "literal" for literal in literals):
                    return self._equal(first, parts[0], literals, negated=negated)
                items = ", ".join(f"{{{i}}}" for i in range(1, len(parts)))
                made = _deeper(f"({{0}} IN [{items}])", parts)
            case "like":
                made = self._like(first, steps[step.args[1]], parts)
            case "between":
                simple = first.op == "column"
                form = terms.BETWEEN
                made = _deeper(form.text, parts) if simple else self._bind(form, parts)
            case "is_null":
                if first.op == "property" and first.kind is Kind.TEXT:
                    made = Fragment(self._no_text(first.value), 2)
                else:
                    made = _deeper("({0} IS NULL)", parts)
            case _:
                wanted = "{0}" if step.value[0] else "NOT ({0})"
                made = _deeper(f"coalesce({wanted}, false)", parts)
        return Fragment(f"(NOT ({made.text}))", made.depth + 1) if negated else made

    def _compared(self, step: Step, parts: list[Fragment]) -> Fragment:
        steps, sign = self.checked.steps, step.value[0]
        left, right = (steps[at] for at in step.args)
        if sign in ("=", "!="):
            if left.op == "literal" and right.op != "literal":
                left, right, parts = right, left, parts[::-1]
            if right.op == "literal":
                return self._equal(left, parts[0], [right], negated=sign == "!=")
            if left.kind is not right.kind and sign == "=":
                # Where an index is sought by a double it says that it holds that double, not the
                # whole number that is there. So the planner must not see an equality to seek by.
                name = self._name()
                return _deeper(f"any({name} IN [{{1}}] WHERE {{0}} = {name})", parts)
        return _deeper(f"({{0}} {'<>' if sign == '!=' else sign} {{1}})", parts)

    def _equal(
        self, term: Step, part: Fragment, literals: Sequence[Step], *, negated: bool
    ) -> Fragment:
        """Return that a term is one of some values, or that it is none of them."""
        values = [_as_kind(term.kind, literal.value) for literal in literals]
        if term.op == "column" and term.value.enum:
            text = self._one_of(self.places.enum_name(term.value), _names(term.value, values))
            if not negated:
                return Fragment(f"({text})", 2)
            # MLMD's rule: not being in a state, by its name, is also said of what has none.
            named = any(literal.kind is Kind.ENUM for literal in literals)
            return Fragment(f"coalesce(NOT ({text}), true)" if named else f"(NOT ({text}))", 2)
        if term.op == "property" and term.kind is Kind.TEXT:
            text, depth = self._text_equal(term.value, values), 3
        else:
            text, depth = f"({self._one_of(part.text, values)})", part.depth + 1
        return Fragment(f"(NOT ({text}))", depth + 1) if negated else Fragment(text, depth)

    def _one_of(self, text: str, values: list[Any]) -> str:
        if len(values) == 1:
            return f"{text} = {self.parameter(values[0])}"
        return f"{text} IN {self.parameter(values)}"

    def _like(self, term: Step, pattern: Step, parts: list[Fragment]) -> Fragment:
        if pattern.op != "literal":
            made = self._bind(terms.PATTERN, parts[1:])
            return _deeper("({0} =~ {1})", [parts[0], made])
        found = terms.like(pattern.value)
        if found.sign == "=":
            literal = Step("literal", Kind.TEXT, value=found.operand)
            return self._equal(term, parts[0], [literal], negated=False)
        return _deeper(f"({{0}} {found.sign} {self.parameter(found.operand)})", parts[:1])

    # Terms

    def _term(self, step: Step, parts: list[Fragment]) -> Fragment:  # noqa: PLR0911 - one return an operation
        match step.op:
            case "arithmetic":
                if step.value == "/":
                    return _deeper(terms.QUOTIENT, parts)
                if step.kind is Kind.INT:
                    return self._bind(terms.WHOLE[step.value], parts)
                return _deeper(f"({{0}} {step.value} {{1}})", parts)
            case "cast":
                return self._cast(step, parts)
            case "call":
                return self._call(step, parts)
            case "case":
                return self._case(parts)
            case _:
                subject, *rest = parts
                name = self._name()
                cases = [
                    Fragment(f"{name} = {part.text}", part.depth + 1) if i % 2 == 0 else part
                    for i, part in enumerate(rest[: len(rest) // 2 * 2])
                ]
                made = self._case([*cases, *rest[len(rest) // 2 * 2 :]])
                text = f"reduce(r = null, {name} IN [{subject.text}] | {made.text})"
                return Fragment(text, 1 + max(subject.depth, made.depth))

    def _case(self, parts: list[Fragment]) -> Fragment:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        text = " ".join(f"WHEN {when.text} THEN {then.text}" for when, then in pairs)
        last = f" ELSE {parts[-1].text}" if len(parts) % 2 else ""
        return Fragment(f"CASE {text}{last} END", 1 + max(part.depth for part in parts))

    def _call(self, step: Step, parts: list[Fragment]) -> Fragment:
        name = step.value
        form = terms.CALLS.get(name)
        if form is not None:
            if isinstance(form, terms.Bound):
                return self._bind(form, parts)
            return _deeper(form, parts)
        marks = ", ".join(f"{{{i}}}" for i in range(len(parts)))
        match name:
            case "COALESCE" | "IFNULL":
                return _deeper(f"coalesce({marks})", parts)
            case "CONCAT":
                item = self._name()
                return _deeper(f"reduce(r = '', {item} IN [{marks}] | r + {item})", parts)
            case "REGEXP_CONTAINS":
                pattern = self.checked.steps[step.args[1]].value
                given = self.parameter(terms.regular(pattern))
                return _deeper(f"({{0}} =~ {given})", parts[:1])
            case _:
                return self._substr(parts)

    def _substr(self, parts: list[Fragment]) -> Fragment:
        text, start, *rest = parts
        near = self._bind(terms.NEAR, [start])
        count = self._bind(terms.NEAR, rest) if rest else Fragment(terms.FAR)
        made = self._bind(terms.SUBSTR_BOUNDS, [text, near, count])
        for form in (terms.SUBSTR_ENDS, terms.SUBSTR_CLIPPED, terms.SUBSTR_CUT):
            made = self._bind(form, [made])
        return made

    def _cast(self, step: Step, parts: list[Fragment]) -> Fragment:  # noqa: PLR0911 - one return an operation
        given = self.checked.steps[step.args[0]].kind
        match step.value, given:
            case Kind.INT, Kind.DOUBLE:
                return _deeper("toInteger(round({0}, 0, 'HALF_UP'))", parts)
            case Kind.INT, Kind.TEXT:
                return _deeper("toIntegerOrNull({0})", parts)
            case Kind.INT, _:
                return _deeper("toInteger({0})", parts)
            case Kind.DOUBLE, Kind.TEXT:
                return _deeper("toFloatOrNull({0})", parts)
            case Kind.DOUBLE, _:
                return _deeper("toFloat({0})", parts)
            case Kind.TEXT, _:
                return _deeper("toString({0})", parts)
            case _, kind if kind in NUMBERS:
                return _deeper("({0} <> 0)", parts)
            case _, Kind.TEXT:
                return _deeper("toBooleanOrNull({0})", parts)
            case _:
                return parts[0]

    def _bind(self, form: terms.Bound, parts: Sequence[Fragment]) -> Fragment:
        """Return a form whose arguments are computed once, however often it uses them."""
        name = self._name()
        given = ", ".join(part.text for part in parts)
        body = form.text.format(*(f"{name}[{i}]" for i in range(len(parts))))
        depth = 3 + max(part.depth for part in parts)
        return Fragment(f"reduce(r = null, {name} IN [[{given}]] | {body})", depth)

    def _name(self) -> str:
        self._bound += 1
        return f"t{self._bound}"

    # Properties

    def stored(self, custom: bool, key: str) -> dict[str, str]:  # noqa: FBT001 - half of a key
        """Return, by prefix, the text of each property that a value of the key can lie under."""
        if (custom, key) not in self._stored:
            prefixes = CUSTOM_PREFIXES if custom else DECLARED_PREFIXES
            listed = {k: k for k in (self.known.custom if custom else self.known.declared)}
            # The key that enters the text is the store's own, not the one that was sent.
            own = listed.get(key)
            texts = {}
            for prefix in prefixes:
                if own is not None and indexable(own):
                    texts[prefix[1:]] = f"node.{quoted(prefix + own)}"
                else:
                    texts[prefix[1:]] = f"node[{self.parameter(prefix + key)}]"
            self._stored[custom, key] = texts
        return self._stored[custom, key]

    def present(self, custom: bool, key: str) -> str:  # noqa: FBT001 - half of a key
        """Return that the node has the property, of whatever kind."""
        texts = self.stored(custom, key)
        asked = [texts[mark] for mark in ("_", "s_", "p_", "l_", "o_")]
        return f"coalesce({', '.join(asked)}) IS NOT NULL"

    def _value(self, asked: Property) -> str:
        if asked not in self._values:
            self._values[asked] = self._made_value(asked)
        return self._values[asked]

    def _made_value(self, asked: Property) -> str:
        texts = self.stored(asked.custom, asked.key)
        plain = texts["_"]
        kind = {Kind.INT: "INTEGER", Kind.DOUBLE: "FLOAT", Kind.BOOL: "BOOLEAN"}.get(asked.kind)
        if kind is not None:
            return f"CASE WHEN {plain} IS :: {kind} NOT NULL THEN {plain} END"
        mark = self.parameter(f"{MARK}{len(self.marks)} ")
        self.marks.append(asked)
        return (
            f"CASE WHEN {plain} IS :: STRING NOT NULL THEN {plain} "
            f"WHEN {texts['l_']} IS NOT NULL THEN {texts['l_']} "
            f"WHEN node.namespace = $namespace AND {_away(texts)} "
            f"THEN toString(date({mark} + {texts['o_']})) END"
        )

    def _no_text(self, asked: Property) -> str:
        texts = self.stored(asked.custom, asked.key)
        return (
            f"(NOT ({texts['_']} IS :: STRING NOT NULL) "
            f"AND {texts['l_']} IS NULL AND coalesce(NOT ({_away(texts)}), true))"
        )

    def _text_equal(self, asked: Property, values: list[Any]) -> str:
        """Return that a text is one of some: one in the object store is told by its digest."""
        texts = self.stored(asked.custom, asked.key)
        given = self.parameter(values)
        away = self.parameter([None if v is None else _address(v) for v in values])
        return (
            f"CASE WHEN {texts['_']} IS :: STRING NOT NULL THEN {texts['_']} IN {given} "
            f"WHEN {texts['l_']} IS NOT NULL THEN {texts['l_']} IN {given} "
            f"WHEN {_away(texts)} THEN {texts['o_']} IN {away} END"
        )


def _away(texts: Mapping[str, str]) -> str:
    return f'{texts["o_"]} CONTAINS \'"kind":"STRING"\''


def _address(text: str) -> str:
    content = text.encode()
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return offloaded(PropertyKind.STRING, digest, len(content))


def _names(column: Column, values: Sequence[Any]) -> list[str | None]:
    """Return an enum's names for its numbers, as they are stored; one that no name has equals none."""
    by_number = {n: name for name, n in ENUMS[column.enum].items()}
    return [None if value is None else by_number.get(value, f"#{value}") for value in values]


def _as_kind(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - any literal
    """Return a number that equals a whole one as that, which is how an index knows it."""
    whole = isinstance(value, float) and kind in (Kind.INT, Kind.ENUM) and value.is_integer()
    return int(value) if whole and INT64_MIN <= value <= INT64_MAX else value


def _sendable(value: Any) -> Any:  # noqa: ANN401 - any parameter
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        return float(value)
    return value


def _deeper(form: str, parts: Sequence[Fragment]) -> Fragment:
    text = form.format(*(part.text for part in parts))
    return Fragment(text, 1 + max((part.depth for part in parts), default=0))


def _stepwise(texts: Sequence[str]) -> str:
    """Return texts, each of which may use those before as `e[0]`, `e[1]` .., as the last one."""
    cases = " ".join(f"WHEN {i} THEN {text}" for i, text in enumerate(texts))
    return f"reduce(e = [], at IN range(0, {len(texts) - 1}) | e + [CASE at {cases} END])[-1]"
