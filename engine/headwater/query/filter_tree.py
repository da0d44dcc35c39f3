"""The tree of a filter: text read into typed places, the children of each before itself.

Nothing here, or in what works on the tree, calls itself for each level: a filter may nest as
deep as it likes. Knows the grammar and no names.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from lark import Lark, Token, Transformer, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from headwater.errors import InvalidArgument

_KEYWORDS = frozenset(
    word
    for line in (
        ["OR", "AND", "NOT", "LIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"],
        ["CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "IF"],
    )
    for word in line
)
# Words of GoogleSQL that can be no name and that this language has no use for.
_RESERVED = frozenset(
    ["SELECT", "FROM", "WHERE", "ORDER", "GROUP", "LIMIT", "UNION", "EXISTS", "DISTINCT", "HAVING"]
)
_EXCERPT = 40
_SHOWN = 200


class Branch(NamedTuple):
    """A place in the tree: what stands there, and where in the text.

    Attributes:
        rule: the grammar's name for it.
        args: positions of its children in the tree, all of them before its own.
        text: the word or sign that tells it from others of its rule.
        start: offset in the filter's text.
    """

    rule: str
    args: tuple[int, ...]
    text: str
    start: int


class _Part(NamedTuple):
    rule: str
    parts: tuple["_Part", ...]
    text: str
    start: int


class _Parts(Transformer[Token, _Part]):
    """Makes a part of each rule as the parser ends it, from the bottom up."""

    def __default__(self, data: Any, children: list[Any], meta: object) -> Any:  # noqa: ANN401 - lark's own name and types
        if str(data).startswith("_"):
            return Tree(str(data), children)  # a repetition, which lark itself takes apart again
        parts = tuple(child for child in children if isinstance(child, _Part))
        tokens = [child for child in children if isinstance(child, Token)]
        first = [part.start for part in parts[:1]] + [token.start_pos or 0 for token in tokens[:1]]
        return _Part(str(data), parts, str(tokens[-1]) if tokens else "", min(first, default=0))

    def group(self, children: Sequence[_Part]) -> _Part:
        """Return what the parentheses hold."""
        return children[0]


def parse(text: str) -> list[Branch]:
    """Return the tree of a filter, the root last.

    Raises:
        InvalidArgument: the text is no filter; the message shows where.
    """
    try:
        root: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    return _flat(root)


def wrong(text: str, start: int, problem: str, *, hint: str = "") -> InvalidArgument:
    """Return the error for a filter, with the place shown; under 2 kB whatever the filter."""
    line = text.count("\n", 0, start) + 1
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    left, right = max(begin, start - _EXCERPT), min(end, start + _EXCERPT)
    before = ("…" if left > begin else "") + _one_line(text[left:start])
    after = _one_line(text[start:right]) + ("…" if right < end else "")
    place = f"line {line}, column {start - begin + 1}"
    return InvalidArgument(
        f"Invalid `filter_query`: {problem} ({place})\n  {before}{after}\n  {' ' * len(before)}^\n",
        hint=hint,
        line=line,
        column=start - begin + 1,
    )


def shown(text: str) -> str:
    """Return a part of a filter as a message can quote it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


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
        tree.append(Branch(part.rule, args, part.text, part.start))
    return tree


@cache
def _parser() -> Lark:
    grammar = resources.files("headwater.query").joinpath("filter_grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        transformer=_Parts(),
        lexer_callbacks={"NAME": _keyword},
        maybe_placeholders=False,
        keep_all_tokens=False,
    )


def _keyword(token: Token) -> Token:
    word = token.upper()
    if word in _KEYWORDS:
        return Token.new_borrow_pos(word, str(token), token)
    if word in _RESERVED:
        return Token.new_borrow_pos("RESERVED", str(token), token)
    return token


def _syntax_error(text: str, error: UnexpectedInput) -> InvalidArgument:
    match error:
        case UnexpectedToken(token=Token(type="$END")):
            return wrong(text, len(text), "the filter ends too soon.", hint="Complete it.")
        case UnexpectedToken(token=Token() as token):
            return wrong(
                text,
                token.start_pos or 0,
                f"{shown(str(token))} cannot stand here.",
                hint=_advice(str(token)),
            )
        case UnexpectedCharacters():
            start = int(error.pos_in_stream or 0)  # type: ignore[redundant-expr] # lark says None
            return wrong(text, start, *_character_problem(text, start))
        case _:
            return wrong(text, 0, "the filter cannot be read.")


def _advice(token: str) -> str:
    advice: Mapping[str, str] = {
        "=": "Equality is a single `=`, and comparisons do not chain: use parentheses.",
        ")": "Close only what was opened, and leave no empty or unfinished list.",
    }
    return advice.get(token, "Join conditions by AND or OR; put text in quotes.")


def _character_problem(text: str, start: int) -> tuple[str]:
    if text[start] in "'\"":
        return ("a text is not closed: its quote is missing.",)
    if re.match(r"[.\d]", text[start]):
        return ("a number goes over into a word. Put a blank between them.",)
    return (f"{shown(text[start])} is no part of the language.",)
