"""Selections: what each word of one means, and the form of the answer.

Owns the words that a selection can use. Knows no Cypher and not what the store holds.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headwater.errors import InvalidArgument
from headwater.query.moment import NOW, Moment
from headwater.query.parts import LineageEvent, NodeKey
from headwater.query.selection_tree import Branch, parse, shown, wrong
from headwater_schema import ArtifactState, ExecutionState, TypeKind
from headwater_schema.properties import INT64_MAX

_KINDS = {"artifact": TypeKind.ARTIFACT, "execution": TypeKind.EXECUTION}
_STATES = sorted({*map(str, ArtifactState), *map(str, ExecutionState)})
_PIECE = re.compile(r'"((?:\\.|[^"\\])*)"|\'((?:\\.|[^\'\\])*)\'|\\(.)|([^"\'\\])', re.DOTALL)
_IN_QUOTES = re.compile(r"\\(.)|(.)", re.DOTALL)
_STAR = None
"""How a wildcard stands among the characters of a word; a star that is meant as such is a text."""


class Pattern(NamedTuple):
    """A text in which any characters may stand between the parts.

    Attributes:
        parts: one for an exact text, one more for each star.
    """

    parts: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether it stands for one text alone."""
        return len(self.parts) == 1

    @property
    def start(self) -> str:
        """What every text that fits begins with."""
        return self.parts[0]

    def __str__(self) -> str:
        return "*".join(self.parts)

    def regular_expression(self) -> str:
        """Return the pattern as a regular expression of Java's for a whole text.

        Each part is taken at its first place and never again elsewhere, so that no text makes
        the server try many ways.
        """
        return "(?s)" + _expression([_quoted(part) for part in self.parts])

    def fits(self, text: str) -> bool:
        """Return whether a text fits, whatever its case."""
        expression = _expression([re.escape(part.lower()) for part in self.parts])
        return re.fullmatch(expression, text.lower(), re.DOTALL) is not None


def _expression(parts: Sequence[str]) -> str:
    first, *others = parts
    if not others:
        return first
    middle = "".join(f"(?>.*?{part})" for part in others[:-1])
    return f"{first}{middle}.*{others[-1]}"


def _quoted(part: str) -> str:
    return "\\Q" + part.replace("\\E", "\\E\\\\E\\Q") + "\\E" if part else ""


class Atom(NamedTuple):
    """What one word of a selection asks for; exactly one way.

    Attributes:
        asks: name, type, kind, context, state, uri or id.
        pattern: of the name, type, context or uri.
        type: only nodes of types that fit.
        kinds: only nodes of these kinds.
        id: of the node, or of the context.
    """

    asks: str
    pattern: Pattern = Pattern(("",))
    type: Pattern | None = None
    kinds: tuple[TypeKind, ...] = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
    id: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A selection whose words are understood.

    Attributes:
        text: as it was given.
        tree: children first, the root last.
        atoms: what each word asks for, by its place in the tree.
    """

    text: str
    tree: Sequence[Branch]
    atoms: Mapping[int, Atom]


def check(text: str) -> Checked:
    """Return a selection, understood.

    Raises:
        InvalidArgument: it is none; the message shows where.
    """
    tree = parse(text)
    atoms = {
        place: _atom(text, branch) for place, branch in enumerate(tree) if branch.rule == "word"
    }
    return Checked(text, tree, atoms)


def _atom(text: str, branch: Branch) -> Atom:
    characters = _characters(branch.text)
    colon = next((i for i, (c, plain) in enumerate(characters) if c == ":" and plain), None)
    if colon is None:
        return Atom("name", _pattern(characters))
    key, value = characters[:colon], characters[colon + 1 :]
    if not key or not value:
        raise wrong(
            text,
            branch.start,
            f"{shown(branch.text)} has nothing {'before' if value else 'after'} the colon.",
            hint="Expected `TYPE:NAME`; a name with a colon is written in quotes.",
        )
    word = str(_pattern(key)).lower() if _is_plain(key) else ""
    if word in ("kind", "state"):
        return _one_of(text, branch, word, str(_pattern(value)))
    digits = str(_pattern(value)) if _is_plain(value) else ""
    if word in (*_KINDS, "context") and re.fullmatch(r"[0-9]{1,19}", digits):
        return _by_id(text, branch, word, int(digits))
    if word in _KINDS:
        return Atom("name", _pattern(value), kinds=(_KINDS[word],))
    if word in ("name", "type", "uri", "context"):
        return Atom(word, _pattern(value))
    return Atom("name", _pattern(value), type=_pattern(key))


def _one_of(text: str, branch: Branch, word: str, value: str) -> Atom:
    known = _STATES if word == "state" else [kind.upper() for kind in _KINDS]
    if value.upper() not in known:
        listed = ", ".join(known if word == "state" else _KINDS)
        raise wrong(
            text, branch.start, f"{shown(value)} is no {word}.", hint=f"There are {listed}."
        )
    if word == "state":
        return Atom("state", state=value.upper())
    return Atom("kind", kinds=(_KINDS[value.lower()],))


def _by_id(text: str, branch: Branch, word: str, node_id: int) -> Atom:
    if node_id > INT64_MAX:
        raise wrong(
            text,
            branch.start,
            f"{node_id} is larger than any id.",
            hint=f"Ids go up to {INT64_MAX}.",
        )
    if word == "context":
        return Atom("context", id=node_id)
    return Atom("id", id=node_id, kinds=(_KINDS[word],))


_Characters = list[tuple[str | None, bool]]


def _characters(word: str) -> _Characters:
    """Return the characters that a word stands for, each with whether it was written plainly."""
    found: _Characters = []
    for piece in _PIECE.finditer(word):
        double, single, escaped, plain = piece.groups()
        quoted = double if double is not None else single
        if quoted is not None:
            for inner in _IN_QUOTES.finditer(quoted):
                found.append((inner[1] or (_STAR if inner[2] == "*" else inner[2]), False))
        elif escaped is not None:
            found.append((escaped, False))
        else:
            found.append((_STAR if plain == "*" else plain, True))
    return found


def _is_plain(characters: _Characters) -> bool:
    return all(plain for _, plain in characters)


def _pattern(characters: _Characters) -> Pattern:
    parts = [""]
    for character, _ in characters:
        if character is _STAR:
            parts.append("")
        else:
            parts[-1] += character or ""
    # Two stars side by side are one.
    return Pattern((parts[0], *(p for p in parts[1:-1] if p), *parts[1:][-1:]))


class SelectedNode(NamedTuple):
    """A node of a selection."""

    kind: TypeKind
    id: int
    type: str
    name: str | None
    state: str | None

    @property
    def key(self) -> NodeKey:
        """What the node is told apart by."""
        return NodeKey(self.kind, self.id)

    @property
    def title(self) -> str:
        """The node's name, or its type and id where it has none."""
        return self.name or f"{self.type} #{self.id}"


@dataclass(frozen=True)
class Selected:
    """What a selection text selects.

    Attributes:
        text: the text.
        moment: which state of the world its edges are of.
        nodes: artifacts, then executions, each by id.
        events: between selected nodes, where they were asked for: those of the executions among
            `nodes`, in the order in which they were put.
        left_out: how many nodes a limit left out, by kind and type.
        cursor: asks for what was left out; None in a complete answer.
    """

    text: str
    moment: Moment
    nodes: tuple[SelectedNode, ...]
    events: tuple[LineageEvent, ...] = ()
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out after these nodes."""
        return not self.left_out

    @property
    def keys(self) -> list[NodeKey]:
        """The keys of the nodes, in their order."""
        return [node.key for node in self.nodes]

    def __len__(self) -> int:
        return len(self.nodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values: nodes, edges, complete, left_out, cursor."""
        return {
            "selection": self.text,
            "as_of": self.moment.as_of,
            "known_at": self.moment.known_at,
            "nodes": [
                {"key": str(node.key), **node._asdict(), "kind": str(node.kind)}
                for node in self.nodes
            ],
            "edges": [event.as_dict() for event in self.events],
            "complete": self.complete,
            "left_out": {str(kind): dict(counts) for kind, counts in self.left_out.items()},
            "cursor": self.cursor,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)


def encode_cursor(namespace: str, text: str, moment: Moment, last: NodeKey) -> str:
    """Return the text that asks for what comes after a node."""
    content = json.dumps([namespace, _digest(text), *moment, str(last.kind), last.id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, namespace: str, text: str) -> tuple[Moment, NodeKey]:
    """Return the moment and the last node of a cursor.

    Raises:
        InvalidArgument: it is not one, or one of another namespace or selection.
    """
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of_namespace, digest, as_of, known_at, kind, node_id = json.loads(content)
        found = _moment(as_of, known_at), NodeKey(TypeKind(kind), int(node_id))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgument(
            f"{cursor!r:.200} is not a cursor.", hint="Use the cursor of a cut answer as it is."
        ) from error
    if of_namespace != namespace or digest != _digest(text):
        raise InvalidArgument(
            "The cursor is of another selection or namespace.",
            hint="Give it with the text that it came from.",
        )
    return found


def _moment(as_of: int | None, known_at: int | None) -> Moment:
    times = Moment(*(None if time is None else int(time) for time in (as_of, known_at)))
    return NOW if times.is_now else times


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
