"""The tree of a selection: text read into typed places, the children of each before itself.

Nothing here calls itself for each level: a selection may nest as deep as it likes. Knows the
grammar and no names.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple, TypeVar

from lark import Lark, Token, Transformer, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from headwater.errors import HeadwaterError, InvalidArgument

LONGEST = 100_000
"""How many characters a selection may have."""

MOST_LAYERS = 10**9
"""What a larger number of layers is read as; no graph is so deep."""

_EXCERPT = 40
_SHOWN = 200
_KEYWORDS = ("AND", "OR", "NOT")
_TERM = (
    "a name, `TYPE:NAME`, `type:`, `kind:`, `context:`, `state:`, `uri:`, `roots(`, `sinks(` or `(`"
)
ErrorT = TypeVar("ErrorT", bound=HeadwaterError)


class Branch(NamedTuple):
    """A place in the tree: what stands there, and where in the text.

    Attributes:
        rule: word, everything, up, down, around, roots, sinks, any_of, all_of or negated.
        args: positions of its children in the tree, all of them before its own.
        text: of a word what was written, quotes and escapes included.
        start: offset in the selection's text.
        above: how many layers upstream are added, None for all.
        below: the same downstream.
    """

    rule: str
    args: tuple[int, ...] = ()
    text: str = ""
    start: int = 0
    above: int | None = 0
    below: int | None = 0


class _Part(NamedTuple):
    branch: Branch
    parts: tuple["_Part", ...] = ()


class _Parts(Transformer[Token, _Part]):
    """Makes a part of each rule as the parser ends it, from the bottom up."""

    def __default__(self, data: Any, children: list[Any], meta: object) -> Any:  # noqa: ANN401 - lark's own name and types
        if str(data).startswith("_"):
            return Tree(str(data), children)  # a repetition, which lark itself takes apart again
        parts = tuple(child for child in children if isinstance(child, _Part))
        tokens = [child for child in children if isinstance(child, Token)]
        starts = [part.branch.start for part in parts] + [token.start_pos or 0 for token in tokens]
        return _Part(Branch(str(data), start=min(starts, default=0)), parts)

    def word(self, children: Sequence[Token]) -> _Part:
        (token,) = children
        return _Part(Branch("word", text=str(token), start=token.start_pos or 0))

    def ends(self, children: Sequence[Any]) -> _Part:
        opening, part, _ = children
        return _Part(Branch(opening.type.lower(), start=opening.start_pos or 0), (part,))

    def group(self, children: Sequence[Any]) -> _Part:
        return _Part(*children[1])

    def above(self, children: Sequence[Token]) -> tuple[int | None, int, bool]:
        first = children[0]
        layers = _layers(first) if first.type == "NUMBER" else None
        return layers, first.start_pos or 0, first.type == "STAR"

    def below(self, children: Sequence[Token]) -> int | None:
        return _layers(children[1]) if len(children) > 1 else None

    def up(self, children: Sequence[Any]) -> _Part:
        (layers, start, is_star), part = children
        text = "*" if is_star else ""
        return _Part(Branch("up", text=text, start=start, above=layers), (part,))

    def down(self, children: Sequence[Any]) -> _Part:
        part, layers = children
        return _Part(Branch("down", start=part.branch.start, below=layers), (part,))

    def around(self, children: Sequence[Any]) -> _Part:
        (above, start, is_star), part, below = children
        text = "*" if is_star else ""
        return _Part(Branch("around", text=text, start=start, above=above, below=below), (part,))


def parse(text: str) -> list[Branch]:
    """Return the tree of a selection, the root last.

    Raises:
        InvalidArgument: the text is no selection; the message shows where and what may stand
            there; or it has more than `LONGEST` characters.
    """
    if len(text) > LONGEST:
        raise InvalidArgument(
            f"The selection has {len(text):,} characters; at most {LONGEST:,} are read.",
            hint="Select by type, context or a pattern instead of one name after another.",
        )
    try:
        root: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    tree = _flat(root)
    _check_stars(text, tree)
    return tree


def wrong(
    text: str,
    start: int,
    problem: str,
    *,
    hint: str = "",
    error: type[ErrorT] = InvalidArgument,  # type: ignore[assignment] # the usual one
) -> ErrorT:
    """Return the error for a selection, with the place shown; under 2 kB whatever the text."""
    line = text.count("\n", 0, start) + 1
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    left, right = max(begin, start - _EXCERPT), min(end, start + _EXCERPT)
    before = ("…" if left > begin else "") + _one_line(text[left:start])
    after = _one_line(text[start:right]) + ("…" if right < end else "")
    place = f"line {line}, column {start - begin + 1}"
    return error(
        f"Selection: {problem} ({place})\n  {before}{after}\n  {' ' * len(before)}^\n",
        hint=hint,
        line=line,
        column=start - begin + 1,
    )


def shown(text: str) -> str:
    """Return a part of a selection as a message can quote it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _layers(token: Token) -> int:
    digits = token.lstrip("0")
    return int(digits or "0") if len(digits) < len(str(MOST_LAYERS)) else MOST_LAYERS


def _flat(root: _Part) -> list[Branch]:
    tree: list[Branch] = []
    done: list[int] = []
    open_parts: list[tuple[_Part, bool]] = [(root, False)]
    while open_parts:
        part, entered = open_parts.pop()
        if not entered:
            open_parts.append((part, True))
            open_parts += [(child, False) for child in reversed(part.parts)]
            continue
        first = len(done) - len(part.parts)
        args = tuple(done[first:])
        del done[first:]
        done.append(len(tree))
        tree.append(part.branch._replace(args=args))
    return tree


def _check_stars(text: str, tree: Sequence[Branch]) -> None:
    """Refuse `*clf*`, which could mean two things."""
    for branch in tree:
        if branch.rule not in ("up", "around") or branch.text != "*":
            continue
        child = tree[branch.args[0]]
        if child.rule == "word" and re.fullmatch(r"[^\"'\\:]*\*[^\"'\\:]*", child.text):
            raise wrong(
                text,
                branch.start,
                f"{shown('*' + child.text)} begins with a star, which means everything upstream.",
                hint=f"Write name:*{child.text:.100} for such names, +{child.text:.100} for upstream.",
            )


@cache
def _parser() -> Lark:
    grammar = resources.files("headwater.query").joinpath("selection.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        transformer=_Parts(),
        lexer_callbacks={"WORD": _keyword},
        maybe_placeholders=False,
        keep_all_tokens=False,
    )


def _keyword(token: Token) -> Token:
    word = token.upper()
    return Token.new_borrow_pos(word, str(token), token) if word in _KEYWORDS else token


def _syntax_error(text: str, error: UnexpectedInput) -> InvalidArgument:
    match error:
        case UnexpectedToken(token=Token(type="$END")):
            problem = "it ends too soon." if text.strip() else "it is empty."
            digits = re.search(r"(\d+)\s*$", text)
            advice = f' A name of digits is written in quotes: "{digits[1]:.40}".' if digits else ""
            return wrong(text, len(text), problem, hint=f"Expected {_expected(error)}.{advice}")
        case UnexpectedToken(token=Token() as token):
            return wrong(
                text,
                token.start_pos or 0,
                f"{shown(str(token))} cannot stand here.",
                hint=f"Expected {_expected(error)}.{_advice(token)}",
            )
        case UnexpectedCharacters():
            start = int(error.pos_in_stream or 0)  # type: ignore[redundant-expr] # lark says None
            return wrong(text, start, *_character_problem(text[start]))
        case _:
            return wrong(text, 0, "it cannot be read.")


def _expected(error: UnexpectedToken) -> str:
    accepts = set(error.accepts or error.expected)
    wanted = []
    if "WORD" in accepts:
        wanted.append(_TERM)
    elif "PLUS" in accepts and not accepts & {"AND", "OR"}:
        wanted.append("`+`")
    if accepts & {"AND", "OR"}:
        wanted.append("`and`, `or`" + ", `+`" * ("PLUS" in accepts))
    if "CLOSE" in accepts:
        wanted.append("`)`")
    if "$END" in accepts:
        wanted.append("the end")
    return " or ".join(wanted)


def _advice(token: Token) -> str:
    match token.type:
        case "NUMBER":
            return f' A name of digits is written in quotes: "{token:.40}".'
        case "STAR":
            return " Everything downstream is written `x+`; a star inside a name stands for any characters."
        case "AND" | "OR" | "NOT":
            return f' As a name it is written in quotes: "{token}".'
        case _:
            return ""


def _character_problem(character: str) -> tuple[str]:
    if character in "'\"":
        return ("a quote is not closed.",)
    if character == "\\":
        return ("a backslash stands before nothing.",)
    return (f"{shown(character)} is no part of the language.",)
