"""Meaning of a filter: every name resolved, every kind checked, before anything is run.

Owns the names that a filter can use and which kinds go together. Knows no Cypher.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn

from headwater.query.filter_functions import FUNCTIONS, result_kind
from headwater.query.filter_kinds import Kind, together
from headwater.query.filter_literals import IllegalLiteral, number, text_of, unquoted
from headwater.query.filter_tree import Branch, parse, shown, wrong
from headwater_schema import ArtifactState, ExecutionState, TypeKind
from headwater_schema.properties import INT64_MAX, INT64_MIN


class Neighbour(StrEnum):
    """What stands beside a node, by the first word of its name in a filter."""

    CONTEXTS = "contexts"
    EVENTS = "events"
    PARENTS = "parent_contexts"
    CHILDREN = "child_contexts"
    ARTIFACTS = "artifacts"
    EXECUTIONS = "executions"


class Alias(NamedTuple):
    """One neighbour that a filter speaks of; the same name is the same neighbour."""

    neighbour: Neighbour
    name: str


class Column(NamedTuple):
    """An attribute of the node itself (no alias), or of a neighbour."""

    alias: Alias | None
    name: str
    enum: str = ""


class Property(NamedTuple):
    """The value that a declared or custom property has, if it is of one kind."""

    custom: bool
    key: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Step:
    """A place of the checked tree; its children stand at earlier ones.

    Attributes:
        op: what is done: literal, column, property, any_of, all_of, not, compare, like, in,
            between, is_null, is_true, arithmetic, call, cast, case, case_of.
        kind: of what comes of it.
        args: positions of the children.
        value: of a literal its value, of a column or property which, else what tells the op.
        start: offset in the filter's text.
    """

    op: str
    kind: Kind
    args: tuple[int, ...] = ()
    value: Any = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """A filter whose names and kinds are right.

    Attributes:
        kind: of the nodes that it is about.
        text: as it was given.
        steps: children first, the root last.
        aliases: every neighbour that is mentioned, in order.
        keys: every property that is mentioned, as (custom, key), in order.
    """

    kind: TypeKind
    text: str
    steps: list[Step]
    aliases: tuple[Alias, ...]
    keys: tuple[tuple[bool, str], ...]


EVENT_NUMBERS: dict[str, int] = {
    "UNKNOWN": 0,
    "DECLARED_OUTPUT": 1,
    "DECLARED_INPUT": 2,
    "INPUT": 3,
    "OUTPUT": 4,
    "INTERNAL_INPUT": 5,
    "INTERNAL_OUTPUT": 6,
    "PENDING_OUTPUT": 7,
}
"""Source: `ml_metadata.Event.Type`; so are the two below by their messages."""

ENUMS: dict[str, dict[str, int]] = {
    "artifact state": {str(state): number for number, state in enumerate(ArtifactState)},
    "execution state": {str(state): number for number, state in enumerate(ExecutionState)},
    "event type": EVENT_NUMBERS,
}

_TIMES = {"create_time_since_epoch": Kind.INT, "last_update_time_since_epoch": Kind.INT}
_COMMON = {"id": Kind.INT, "name": Kind.TEXT, "type": Kind.TEXT, "external_id": Kind.TEXT} | _TIMES
_OWN: dict[TypeKind, dict[str, Kind]] = {
    TypeKind.ARTIFACT: _COMMON | {"uri": Kind.TEXT, "state": Kind.ENUM},
    TypeKind.EXECUTION: _COMMON | {"last_known_state": Kind.ENUM},
    TypeKind.CONTEXT: _COMMON,
}
_EVENT = {"type": Kind.ENUM, "milliseconds_since_epoch": Kind.INT}
_BESIDE: dict[TypeKind, dict[Neighbour, dict[str, Kind]]] = {
    TypeKind.ARTIFACT: {
        Neighbour.CONTEXTS: _COMMON,
        Neighbour.EVENTS: _EVENT | {"execution_id": Kind.INT},
    },
    TypeKind.EXECUTION: {
        Neighbour.CONTEXTS: _COMMON,
        Neighbour.EVENTS: _EVENT | {"artifact_id": Kind.INT},
    },
    TypeKind.CONTEXT: {
        Neighbour.PARENTS: _COMMON,
        Neighbour.CHILDREN: _COMMON,
        Neighbour.ARTIFACTS: _OWN[TypeKind.ARTIFACT],
        Neighbour.EXECUTIONS: _OWN[TypeKind.EXECUTION],
    },
}
_ENUM_OF = {
    "state": "artifact state",
    "last_known_state": "execution state",
    "type": "event type",
}
_COLUMN_KINDS = {
    "int_value": Kind.INT,
    "double_value": Kind.DOUBLE,
    "string_value": Kind.TEXT,
    "bool_value": Kind.BOOL,
}
_CAST_KINDS = {
    "INT64": Kind.INT,
    "FLOAT64": Kind.DOUBLE,
    "DOUBLE": Kind.DOUBLE,
    "STRING": Kind.TEXT,
    "BOOL": Kind.BOOL,
    "BOOLEAN": Kind.BOOL,
}
_ENUM_NAMES = frozenset(name for names in ENUMS.values() for name in names)
_PROPERTY = re.compile(r"(custom_)?properties\.(.*)\.(\w+)", re.IGNORECASE | re.DOTALL)
_ALIAS = re.compile(r"([a-z_]+?)_(\w+)", re.IGNORECASE)


def check(kind: TypeKind, text: str) -> Checked:
    """Return what a filter of nodes of that kind means.

    Raises:
        InvalidArgument: it is no filter of such nodes; the message shows where and why.
    """
    if not text.strip():
        raise wrong(text, 0, "it is blank.", hint="Leave the filter empty to list everything.")
    return _Check(kind, text).run()


@dataclass(slots=True)
class _Check:
    """One filter being checked, place by place."""

    kind: TypeKind
    text: str
    tree: list[Branch] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    aliases: dict[Alias, None] = field(default_factory=dict)
    keys: dict[tuple[bool, str], None] = field(default_factory=dict)

    def run(self) -> Checked:
        self.tree = parse(self.text)
        for branch in self.tree:
            self.steps.append(_RULES[branch.rule](self, branch))
        root = len(self.steps) - 1
        self._no_bare_name(root)
        if self.steps[root].kind is not Kind.BOOL:
            self._fail(root, f"a filter is true or false, this is {self.steps[root].kind}.")
        return Checked(self.kind, self.text, self.steps, tuple(self.aliases), tuple(self.keys))

    def _fail(self, at: int, problem: str, hint: str = "") -> NoReturn:
        raise wrong(self.text, self.tree[at].start, problem, hint=hint)

    # Literals and names

    def literal(self, branch: Branch) -> Step:
        try:
            match branch.rule:
                case "integer":
                    return Step("literal", Kind.INT, value=number(branch.text), start=branch.start)
                case "double":
                    value = float(branch.text)
                    return Step("literal", Kind.DOUBLE, value=value, start=branch.start)
                case "string":
                    value_text = text_of(branch.text)
                    return Step("literal", Kind.TEXT, value=value_text, start=branch.start)
                case "boolean":
                    value_bool = branch.text.upper() == "TRUE"
                    return Step("literal", Kind.BOOL, value=value_bool, start=branch.start)
                case _:
                    return Step("literal", Kind.NULL, start=branch.start)
        except IllegalLiteral as error:
            raise wrong(self.text, branch.start, error.problem, hint=error.hint) from None

    def _unquoted(self, branch: Branch, text: str) -> str:
        try:
            return unquoted(text)
        except IllegalLiteral as error:
            raise wrong(self.text, branch.start, error.problem, hint=error.hint) from None

    def name(self, branch: Branch) -> Step:
        parts = [
            self._unquoted(branch, part)
            for part in re.findall(r"`(?:[^`\\]|\\.)*`|\w+", branch.text)
        ]
        first, rest = parts[0].lower(), parts[1:]
        own = {**_OWN[self.kind], "type_id": Kind.INT}
        if first in own and not rest:
            return self._column(branch, None, first, own[first])
        if first in own:
            raise wrong(self.text, branch.start, f"{shown(first)} has no parts.")
        if not rest and parts[0] in _ENUM_NAMES and not branch.text.startswith("`"):
            return Step("enum", Kind.NAME, value=parts[0], start=branch.start)
        return self._beside(branch, first, [part.lower() for part in rest])

    def _beside(self, branch: Branch, first: str, rest: list[str]) -> Step:
        known = _BESIDE[self.kind]
        found = next(
            (n for n in sorted(known, key=len, reverse=True) if first.startswith(f"{n}_")), None
        )
        if found is None or len(first) <= len(found) + 1:
            raise wrong(
                self.text,
                branch.start,
                f"{shown(branch.text)} is unknown.",
                hint=f"{self._plural} have {', '.join(sorted([*_OWN[self.kind], 'type_id']))}, "
                "properties.KEY.int_value, custom_properties.KEY.int_value (double_value, "
                f"string_value, bool_value), and {', '.join(f'{n}_NAME' for n in known)}.",
            )
        columns = known[found]
        if len(rest) != 1 or rest[0] not in columns:
            raise wrong(
                self.text,
                branch.start,
                f"{shown(branch.text)} is unknown.",
                hint=f"{found}_NAME has {', '.join(columns)}: `{first[:40]}.{next(iter(columns))}`.",
            )
        alias = Alias(found, first)
        self.aliases[alias] = None
        return self._column(branch, alias, rest[0], columns[rest[0]])

    @property
    def _plural(self) -> str:
        return f"{self.kind.capitalize()}s"

    def _column(self, branch: Branch, alias: Alias | None, name: str, kind: Kind) -> Step:
        enum = _ENUM_OF[name] if kind is Kind.ENUM else ""
        return Step("column", kind, value=Column(alias, name, enum), start=branch.start)

    def property(self, branch: Branch) -> Step:
        found = _PROPERTY.fullmatch(branch.text)
        if found is None:
            raise wrong(self.text, branch.start, f"{shown(branch.text)} is unknown.")
        custom, key, column = bool(found[1]), self._unquoted(branch, found[2]), found[3].lower()
        if column not in _COLUMN_KINDS:
            raise wrong(
                self.text,
                branch.start,
                f"a property has no {shown(column)}.",
                hint=f"Use {', '.join(_COLUMN_KINDS)}.",
            )
        self.keys[custom, key] = None
        kind = _COLUMN_KINDS[column]
        return Step("property", kind, value=Property(custom, key, kind), start=branch.start)

    # Conditions

    def joined(self, branch: Branch) -> Step:
        for at in branch.args:
            self._want_bool(at, "AND" if branch.rule == "all_of" else "OR")
        return Step(branch.rule, Kind.BOOL, branch.args, start=branch.start)

    def negated(self, branch: Branch) -> Step:
        (at,) = branch.args
        self._no_null(at, "NOT")
        self._want_bool(at, "NOT")
        return Step("not", Kind.BOOL, branch.args, start=branch.start)

    def compare(self, branch: Branch) -> Step:
        sign = "!=" if branch.text == "<>" else branch.text
        self._enums(branch.args)
        for at in branch.args:
            self._no_null(at, branch.text)
        self._agree(branch.args, branch.text)
        return Step("compare", Kind.BOOL, branch.args, (sign, False), branch.start)

    def like(self, branch: Branch) -> Step:
        for at in branch.args:
            self._no_null(at, "LIKE")
            self._want(at, Kind.TEXT, "LIKE")
        pattern = self.steps[branch.args[1]]
        if pattern.op == "literal" and re.search(r"(?<!\\)(\\\\)*\\$", pattern.value):
            self._fail(branch.args[1], "the pattern of LIKE ends in a backslash.", "Double it.")
        step = Step("like", Kind.BOOL, branch.args, start=branch.start)
        return self._maybe_not(step, negated=branch.rule == "not_like")

    def within(self, branch: Branch) -> Step:
        self._enums(branch.args)
        self._agree(branch.args, "IN")
        step = Step("in", Kind.BOOL, branch.args, start=branch.start)
        return self._maybe_not(step, negated=branch.rule == "not_within")

    def between(self, branch: Branch) -> Step:
        self._enums(branch.args)
        self._agree(branch.args, "BETWEEN")
        step = Step("between", Kind.BOOL, branch.args, start=branch.start)
        return self._maybe_not(step, negated=branch.rule == "not_between")

    def is_a(self, branch: Branch) -> Step:
        (at,) = branch.args
        self._no_bare_name(at)
        word = branch.text.upper()
        if word == "NULL":
            step = Step("is_null", Kind.BOOL, branch.args, start=branch.start)
        else:
            self._want_bool(at, f"IS {word}")
            step = Step("is_true", Kind.BOOL, branch.args, word == "TRUE", branch.start)
        return self._maybe_not(step, negated=branch.rule == "is_not")

    def _maybe_not(self, step: Step, *, negated: bool) -> Step:
        """Return the step, or one whose `negated` mark says that its opposite is meant."""
        return Step(step.op, step.kind, step.args, (step.value, negated), step.start)

    # Terms

    def arithmetic(self, branch: Branch) -> Step:
        for at in branch.args:
            self._no_null(at, branch.text)
        if branch.text == "||":
            for at in branch.args:
                self._want(at, Kind.TEXT, "||")
            return Step("call", Kind.TEXT, branch.args, "CONCAT", branch.start)
        for at in branch.args:
            self._want(at, Kind.INT, branch.text)
        kinds = {self.steps[at].kind for at in branch.args}
        kind = Kind.DOUBLE if Kind.DOUBLE in kinds or branch.text == "/" else Kind.INT
        left, right = (self.steps[at] for at in branch.args)
        if left.op == right.op == "literal" and branch.text != "/":
            value = _computed(branch.text, left.value, right.value)
            kind = Kind.INT if isinstance(value, int) else Kind.DOUBLE
            return Step("literal", kind, value=value, start=branch.start)
        return Step("arithmetic", kind, branch.args, branch.text, branch.start)

    def sign(self, branch: Branch) -> Step:
        (at,) = branch.args
        self._no_null(at, branch.text)
        self._want(at, Kind.INT, branch.text)
        inner = self.steps[at]
        if inner.op == "literal":
            value = -inner.value if branch.text == "-" else inner.value
            return Step("literal", inner.kind, value=value, start=branch.start)
        kind = Kind.DOUBLE if inner.kind is Kind.DOUBLE else Kind.INT
        return Step("negative" if branch.text == "-" else "same", kind, (at,), start=branch.start)

    def call(self, branch: Branch) -> Step:
        name = branch.text.upper()
        for at in branch.args:
            self._no_bare_name(at)
        if name not in FUNCTIONS:
            raise wrong(
                self.text,
                branch.start,
                f"there is no function {shown(branch.text)}.",
                hint=f"There are {', '.join(sorted(FUNCTIONS))}.",
            )
        problem = FUNCTIONS[name].problem([self.steps[at].kind for at in branch.args])
        if problem:
            raise wrong(self.text, branch.start, f"{name} {problem}.")
        if name == "REGEXP_CONTAINS":
            self._check_pattern(branch.args[1])
        kind = result_kind(name, [self.steps[at].kind for at in branch.args])
        return Step("call", kind, branch.args, name, branch.start)

    def _check_pattern(self, at: int) -> None:
        step = self.steps[at]
        if step.op != "literal" or step.kind is not Kind.TEXT:
            self._fail(at, "the pattern of REGEXP_CONTAINS must be a text in quotes.")
        try:
            re.compile(step.value)
        except (re.error, RecursionError, OverflowError) as error:
            self._fail(at, f"the pattern is no regular expression: {str(error)[:100]}.")

    def cast(self, branch: Branch) -> Step:
        (at,) = branch.args
        self._no_bare_name(at)
        kind = _CAST_KINDS.get(branch.text.upper())
        if kind is None:
            self._fail(
                at, f"nothing is cast to {shown(branch.text)}.", f"Use {', '.join(_CAST_KINDS)}."
            )
        if {kind, self.steps[at].kind} == {Kind.BOOL, Kind.DOUBLE}:
            self._fail(at, f"{self.steps[at].kind} is not cast to {kind}.")
        return Step("cast", kind, branch.args, kind, branch.start)

    def branch(self, branch: Branch) -> Step:
        self._no_bare_name(branch.args[1])
        return Step("branch", self.steps[branch.args[1]].kind, branch.args, start=branch.start)

    def choice(self, branch: Branch) -> Step:
        return self._chosen(branch, branch.args, None)

    def choice_of(self, branch: Branch) -> Step:
        return self._chosen(branch, branch.args[1:], branch.args[0])

    def _chosen(self, branch: Branch, args: tuple[int, ...], subject: int | None) -> Step:
        flat: list[int] = []
        results: list[int] = []
        for at in args:
            if self.steps[at].op == "branch":
                flat += self.steps[at].args
                results.append(flat[-1])
            else:
                self._no_bare_name(at)
                flat.append(at)
                results.append(at)
        conditions = flat[: len(flat) // 2 * 2 : 2]
        if subject is None:
            for at in conditions:
                self._want_bool(at, "WHEN")
        else:
            self._enums((subject, *conditions))
            self._agree((subject, *conditions), "CASE")
        kind = self._agree(tuple(results), "CASE")
        if subject is None:
            return Step("case", kind, tuple(flat), start=branch.start)
        return Step("case_of", kind, (subject, *flat), start=branch.start)

    # Rules of kinds

    def _agree(self, places: Sequence[int], what: str) -> Kind:
        """Return the kind that all those places have in common."""
        for at in places:
            self._no_bare_name(at)
        kind: Kind | None = Kind.NULL
        for at in places:
            joined = together(kind or Kind.NULL, self.steps[at].kind)
            if joined is None:
                self._mismatch(at, kind or Kind.NULL, what)
            kind = joined
        return kind or Kind.NULL

    def _mismatch(self, at: int, before: Kind, what: str) -> NoReturn:
        kind = self.steps[at].kind
        hint = "Compare like with like; CAST(.. AS ..) makes one of another."
        if {before, kind} == {Kind.ENUM, Kind.TEXT}:
            hint = "An enum's names stand without quotes: LIVE, COMPLETE, INPUT."
        self._fail(at, f"{what} cannot take {before} and {kind}.", hint)

    def _enums(self, places: Sequence[int]) -> None:
        """Make numbers of the enum names among those places, by the enum beside them."""
        named = [at for at in places if self.steps[at].kind is Kind.NAME]
        if not named:
            return
        columns = (self.steps[at] for at in places if self.steps[at].kind is Kind.ENUM)
        enums = {step.value.enum for step in columns if step.op == "column"}
        if len(enums) != 1:
            self._no_bare_name(named[0])
        (enum,) = enums
        for at in named:
            step = self.steps[at]
            if step.value not in ENUMS[enum]:
                self._fail(
                    at,
                    f"{step.value} is no {enum}.",
                    f"There are {', '.join(ENUMS[enum])}.",
                )
            self.steps[at] = Step("literal", Kind.ENUM, (), ENUMS[enum][step.value], step.start)

    def _no_bare_name(self, at: int) -> None:
        step = self.steps[at]
        if step.kind is Kind.NAME:
            self._fail(
                at,
                f"{step.value} can only be compared with a state or an event's type.",
                "Write `state = LIVE`; text stands in quotes.",
            )

    def _no_null(self, at: int, what: str) -> None:
        if self.steps[at].op == "literal" and self.steps[at].kind is Kind.NULL:
            self._fail(at, f"{what} cannot take a literal NULL.", "Write IS NULL or IS NOT NULL.")

    def _want_bool(self, at: int, what: str) -> None:
        self._want(at, Kind.BOOL, what)

    def _want(self, at: int, kind: Kind, what: str) -> None:
        self._no_bare_name(at)
        found = self.steps[at].kind
        if together(found, kind) is None:
            self._fail(at, f"{what} takes {kind}, this is {found}.")


def _computed(sign: str, left: float, right: float) -> float:
    """Return what comes of two numbers; beyond 64 bits a double, as SQLite has it."""
    operation: Callable[[float, float], float] = _OPERATIONS[sign]
    value = operation(left, right)
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        return float(value)
    return value


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_RULES: dict[str, Callable[[_Check, Branch], Step]] = {
    "any_of": _Check.joined,
    "all_of": _Check.joined,
    "negated": _Check.negated,
    "compare": _Check.compare,
    "like": _Check.like,
    "not_like": _Check.like,
    "within": _Check.within,
    "not_within": _Check.within,
    "between": _Check.between,
    "not_between": _Check.between,
    "is_a": _Check.is_a,
    "is_not": _Check.is_a,
    "arithmetic": _Check.arithmetic,
    "sign": _Check.sign,
    "integer": _Check.literal,
    "double": _Check.literal,
    "string": _Check.literal,
    "boolean": _Check.literal,
    "null": _Check.literal,
    "name": _Check.name,
    "property": _Check.property,
    "call": _Check.call,
    "cast": _Check.cast,
    "branch": _Check.branch,
    "choice": _Check.choice,
    "choice_of": _Check.choice_of,
}
