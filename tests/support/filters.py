"""Filters drawn at random, each with its meaning in plain Python: the oracle of the filter language.

A drawn `Drawn` is a text and a function that says what it gives for one assignment of its
neighbours. `matching` says which nodes of a `World` match, by MLMD's inner joins. With
`upstream=True` only what the MLMD 1.17.1 store on SQLite can answer is drawn, in words in which
it answers the same; its keys are in lower case, because it asks for them so.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from headwater_schema import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    Execution,
    ExecutionState,
    TypeKind,
)

Node = Artifact | Execution | Context
Key = tuple[bool, str]
KEYS = ("a", "b", "it's a `key`")
TEXTS = ("", "a", "b", "ab", "A", "100%", "a_b", "it's", "`", "é")
EVENT_NUMBERS = {
    "DECLARED_OUTPUT": 1,
    "DECLARED_INPUT": 2,
    "INPUT": 3,
    "OUTPUT": 4,
    "INTERNAL_INPUT": 5,
    "INTERNAL_OUTPUT": 6,
    "PENDING_OUTPUT": 7,
}
STATES = {
    TypeKind.ARTIFACT: ("state", [str(state) for state in ArtifactState]),
    TypeKind.EXECUTION: ("last_known_state", [str(state) for state in ExecutionState]),
}


@dataclass(frozen=True)
class Beside:
    """A neighbour of a node, with the event that leads to it, if it is one."""

    node: Node
    event: Event | None = None


@dataclass
class World:
    """Nodes and edges, as they are in the store."""

    nodes: dict[TypeKind, list[Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    attributions: list[tuple[int, int]] = field(default_factory=list)
    associations: list[tuple[int, int]] = field(default_factory=list)
    parents: list[tuple[int, int]] = field(default_factory=list)

    def beside(self, kind: TypeKind, node_id: int, name: str) -> list[Beside]:  # noqa: PLR0911 - one a word
        """Return what stands beside a node under the first word of a neighbour's name."""
        artifacts, executions, contexts = (
            {n.id: n for n in self.nodes.get(k, [])} for k in TypeKind
        )
        match kind, name:
            case TypeKind.ARTIFACT, "contexts":
                return [Beside(contexts[c]) for a, c in self.attributions if a == node_id]
            case TypeKind.EXECUTION, "contexts":
                return [Beside(contexts[c]) for e, c in self.associations if e == node_id]
            case TypeKind.ARTIFACT, "events":
                found = [e for e in self.events if e.artifact_id == node_id]
                return [Beside(executions[e.execution_id], e) for e in found]
            case TypeKind.EXECUTION, "events":
                found = [e for e in self.events if e.execution_id == node_id]
                return [Beside(artifacts[e.artifact_id], e) for e in found]
            case _, "artifacts":
                return [Beside(artifacts[a]) for a, c in self.attributions if c == node_id]
            case _, "executions":
                return [Beside(executions[e]) for e, c in self.associations if c == node_id]
            case _, "parent_contexts":
                return [Beside(contexts[p]) for c, p in self.parents if c == node_id]
            case _:
                return [Beside(contexts[c]) for c, p in self.parents if p == node_id]


@dataclass(frozen=True)
class Given:
    """One assignment: the node, and for each name the neighbour that it stands for."""

    node: Node
    beside: Mapping[str, Beside]


@dataclass(frozen=True)
class Drawn:
    """A piece of a filter: its text, its meaning, and what it speaks of."""

    text: str
    value: Callable[[Given], Any]
    aliases: frozenset[str] = frozenset()
    keys: frozenset[Key] = frozenset()

    def __repr__(self) -> str:
        return f"Drawn({self.text!r})"


def matching(world: World, kind: TypeKind, drawn: Drawn) -> list[int]:
    """Return the ids of the nodes that match, ascending."""
    return sorted(n.id for n in world.nodes.get(kind, []) if _matches(world, kind, n, drawn))


def _matches(world: World, kind: TypeKind, node: Any, drawn: Drawn) -> bool:
    for custom, key in drawn.keys:
        if key not in (node.custom_properties if custom else node.properties):
            return False
    aliases = sorted(drawn.aliases)
    choices = [world.beside(kind, node.id, alias.rpartition("_")[0]) for alias in aliases]
    return any(
        drawn.value(Given(node, dict(zip(aliases, chosen, strict=True)))) is True
        for chosen in itertools.product(*choices)
    )


def quoted(text: str) -> str:
    """Return a text as a literal of the language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def filters(kind: TypeKind, *, upstream: bool = False) -> SearchStrategy[Drawn]:
    """Filters of nodes of one kind.

    Args:
        kind: of the nodes.
        upstream: draws only what the MLMD 1.17.1 store on SQLite answers in the same way.
    """
    leaves = conditions(kind, upstream=upstream)
    return st.recursive(leaves, _joined, max_leaves=6)


def any_filter(*, upstream: bool = False) -> SearchStrategy[tuple[TypeKind, Drawn]]:
    """Kinds, each with a filter of nodes of it."""
    return st.sampled_from(TypeKind).flatmap(
        lambda kind: st.tuples(st.just(kind), filters(kind, upstream=upstream))
    )


def _joined(inner: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    def both(word: str, parts: Sequence[Drawn]) -> Drawn:
        join = _and if word == "AND" else _or
        return _of(f" {word} ".join(f"({p.text})" for p in parts), join, *parts)

    joins = st.builds(both, st.sampled_from(("AND", "OR")), st.lists(inner, min_size=2, max_size=3))
    negations = inner.map(lambda p: _of(f"NOT ({p.text})", _not, p))
    tests = st.builds(
        lambda p, word: _of(f"({p.text}) IS {word}", lambda v: _is(v, word), p),
        inner,
        st.sampled_from(("NULL", "NOT NULL", "TRUE", "FALSE", "NOT TRUE", "NOT FALSE")),
    )
    choices = st.builds(
        lambda a, b, c: _of(
            f"CASE WHEN {a.text} THEN {b.text} ELSE {c.text} END",
            lambda x, y, z: y if x is True else z,
            a,
            b,
            c,
        ),
        inner,
        inner,
        inner,
    )
    return st.one_of(joins, negations, tests, choices)


def _is(value: object, word: str) -> bool:
    wanted = {"NULL": None, "TRUE": True, "FALSE": False}[word.removeprefix("NOT ")]
    return (value is wanted) != word.startswith("NOT ")


def _of(text: str, function: Callable[..., Any], *parts: Drawn) -> Drawn:
    """Return what a function makes of parts; None where it is told so by the parts themselves."""
    return Drawn(
        text,
        lambda given: function(*(part.value(given) for part in parts)),
        frozenset().union(*(part.aliases for part in parts)),
        frozenset().union(*(part.keys for part in parts)),
    )


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that gives None where an argument is None."""
    return lambda *values: None if any(v is None for v in values) else function(*values)


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def _not(value: bool | None) -> bool | None:  # noqa: FBT001 - a truth value
    return None if value is None else not value


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def conditions(kind: TypeKind, *, upstream: bool) -> SearchStrategy[Drawn]:
    """Single conditions: comparisons, lists, ranges, patterns, states."""
    numbers, texts = number_terms(kind), text_terms(kind)
    return st.one_of(
        _compared(numbers, numbers),
        _compared(texts, texts),
        _listed(numbers, number_literals()),
        _listed(texts, text_literals()),
        _ranges(numbers),
        _ranges(texts),
        st.one_of(numbers, texts).map(lambda t: _of(f"{t.text} IS NULL", lambda v: v is None, t)),
        st.one_of(numbers, texts).map(
            lambda t: _of(f"{t.text} IS NOT NULL", lambda v: v is not None, t)
        ),
        *(() if upstream else (_patterns(texts),)),
        properties("bool_value"),
        st.sampled_from((Drawn("true", lambda _: True), Drawn("1 = 2", lambda _: False))),
        *_enums(kind, upstream=upstream),
    )


def _compared(left: SearchStrategy[Drawn], right: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    return st.builds(
        lambda a, sign, b: _of(f"{a.text} {sign} {b.text}", _strict(COMPARISONS[sign]), a, b),
        left,
        st.sampled_from(sorted(COMPARISONS)),
        right,
    )


def _listed(term: SearchStrategy[Drawn], items: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    def made(t: Drawn, chosen: list[Drawn], word: str) -> Drawn:
        def within(value: Any, *values: Any) -> bool | None:
            found = None if value is None else value in values
            return _not(found) if word == "NOT IN" else found

        return _of(f"{t.text} {word} ({', '.join(c.text for c in chosen)})", within, t, *chosen)

    lists = st.lists(items, min_size=1, max_size=3)
    return st.builds(made, term, lists, st.sampled_from(("IN", "NOT IN")))


def _ranges(terms: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    def between(value: Any, low: Any, high: Any) -> bool | None:
        above = None if None in (value, low) else bool(low <= value)
        below = None if None in (value, high) else bool(value <= high)
        return _and(above, below)

    return st.builds(
        lambda t, low, high: _of(
            f"{t.text} BETWEEN {low.text} AND {high.text}", between, t, low, high
        ),
        terms,
        terms,
        terms,
    )


def _patterns(terms: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    pieces = st.lists(st.sampled_from(("%", "_", "a", "b", "it's", ".")), max_size=4)
    return st.builds(
        lambda t, parts: _of(
            f"{t.text} LIKE {quoted(''.join(parts))}", _strict(lambda v: like(v, "".join(parts))), t
        ),
        terms,
        pieces,
    )


def like(text: str, pattern: str) -> bool:
    """Return whether a text fits a pattern of `%` and `_`, told by trying every way."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[i:], pattern[1:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(text[1:], pattern[1:])


def number_literals() -> SearchStrategy[Drawn]:
    """Whole numbers and halves, some of them negative."""
    values = st.sampled_from((-1, 0, 1, 2, 3, 5, 1_001, 2**62, 0.5, 1.0, 2.5))
    return values.map(lambda value: Drawn(repr(value), lambda _: value))


def text_literals() -> SearchStrategy[Drawn]:
    """Texts, some of which look like the language's own signs."""
    return st.sampled_from(TEXTS).map(lambda text: Drawn(quoted(text), lambda _: text))


def number_terms(kind: TypeKind) -> SearchStrategy[Drawn]:
    """Numbers: attributes, properties, literals, and what arithmetic makes of them."""
    times = ("create_time_since_epoch", "last_update_time_since_epoch")
    plain = st.one_of(
        st.sampled_from(("id", "type_id", *times)).map(_attribute),
        _beside(kind, ("id", *times) if kind is not TypeKind.CONTEXT else ("id",), event_ids=True),
        properties("int_value"),
        properties("double_value"),
        number_literals(),
    )
    sums = st.builds(
        lambda a, sign, b: _of(
            f"({a.text} {sign} {b.text})",
            _strict(lambda x, y: x + y if sign == "+" else x - y),
            a,
            b,
        ),
        plain,
        st.sampled_from("+-"),
        plain,
    )
    return st.one_of(plain, plain, sums)


def text_terms(kind: TypeKind) -> SearchStrategy[Drawn]:
    """Texts: attributes, properties, literals, and what functions make of them."""
    own = ("name", "type", "external_id", *(("uri",) if kind is TypeKind.ARTIFACT else ()))
    plain = st.one_of(
        st.sampled_from(own).map(_attribute),
        _beside(kind, ("name", "type"), event_ids=False),
        properties("string_value"),
        text_literals(),
    )
    made = st.builds(
        lambda a, b: _of(f"COALESCE({a.text}, {b.text})", lambda x, y: y if x is None else x, a, b),
        plain,
        plain,
    )
    return st.one_of(plain, plain, made)


def _attribute(name: str) -> Drawn:
    if name == "uri":
        return Drawn(name, lambda given: getattr(given.node, "uri", None) or "")
    return Drawn(name, lambda given: getattr(given.node, name))


def _beside(kind: TypeKind, names: Sequence[str], *, event_ids: bool) -> SearchStrategy[Drawn]:
    if kind is TypeKind.CONTEXT:
        words = ["parent_contexts", "child_contexts", "artifacts", "executions"]
    else:
        words = ["contexts"]
    plain = st.builds(
        lambda word, letter, name: Drawn(
            f"{word}_{letter}.{name}",
            lambda given: getattr(given.beside[f"{word}_{letter}"].node, name),
            frozenset({f"{word}_{letter}"}),
        ),
        st.sampled_from(words),
        st.sampled_from("ab"),
        st.sampled_from(names),
    )
    if kind is TypeKind.CONTEXT or not event_ids:
        return plain
    other = "execution_id" if kind is TypeKind.ARTIFACT else "artifact_id"
    events = st.builds(
        lambda letter, name: Drawn(
            f"events_{letter}.{name}",
            lambda given: getattr(given.beside[f"events_{letter}"].event, name),
            frozenset({f"events_{letter}"}),
        ),
        st.sampled_from("ab"),
        st.sampled_from((other, "milliseconds_since_epoch")),
    )
    return plain | events


def properties(column: str) -> SearchStrategy[Drawn]:
    """Values of declared and custom properties, as the column of one kind."""
    kind = {"int_value": int, "double_value": float, "string_value": str, "bool_value": bool}[
        column
    ]

    def made(key: str, custom: bool) -> Drawn:  # noqa: FBT001 - half of a key
        def value(given: Given) -> Any:
            held = (given.node.custom_properties if custom else given.node.properties)[key]
            return held if type(held) is kind else None

        word = "custom_properties" if custom else "properties"
        shown = key if key.isalnum() else "`" + key.replace("`", "\\`") + "`"
        return Drawn(f"{word}.{shown}.{column}", value, keys=frozenset({(custom, key)}))

    return st.builds(made, st.sampled_from(KEYS), st.booleans())


def _enums(kind: TypeKind, *, upstream: bool) -> list[SearchStrategy[Drawn]]:
    found: list[SearchStrategy[Drawn]] = []
    if kind in STATES:
        column, names = STATES[kind]
        refused = ("ABANDONED", "REFERENCE") if upstream else ()
        names = [name for name in names if name not in refused]
        found.append(_enum(column, names, lambda given: getattr(given.node, column), frozenset()))
        events = [n for n in EVENT_NUMBERS if not upstream or n != "PENDING_OUTPUT"]
        found.append(
            _enum(
                "events_a.type",
                events,
                lambda given: given.beside["events_a"].event.type,  # type: ignore[union-attr]
                frozenset({"events_a"}),
            )
        )
    return found


def _enum(
    column: str, names: list[str], value: Callable[[Given], Any], aliases: frozenset[str]
) -> SearchStrategy[Drawn]:
    def made(sign: str, chosen: list[str]) -> Drawn:
        single = sign in ("=", "!=")
        listed = chosen[:1] if single else chosen
        text = listed[0] if single else f"({', '.join(listed)})"

        def holds(given: Given) -> bool | None:
            held = value(given)
            if sign in ("!=", "NOT IN"):  # not being in a state is also said of what has none
                return held is None or str(held) not in listed
            return None if held is None else str(held) in listed

        return Drawn(f"{column} {sign} {text}", holds, aliases)

    lists = st.lists(st.sampled_from(names), min_size=1, max_size=3)
    return st.builds(made, st.sampled_from(("=", "!=", "IN", "NOT IN")), lists)
