"""Cypher text: a user's query as tokens, as far as the guard must read it by itself.

The server's plan says nothing of functions, prefixes and USE. Reads more strictly than the
server does: what it does not know it takes for a part of a name.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headwater.errors import InvalidArgument, PermissionDenied, ResourceExhausted

MAX_CHARACTERS = 100_000
MAX_DEPTH = 100
"""Neo4j 5.26 answers lists nested 200 deep, and at 400 never again on that connection."""

FUNCTION_SPACES = ("date", "datetime", "duration", "localdatetime", "localtime", "point", "time")
ALLOWED_FUNCTIONS = frozenset({"vector.similarity.cosine", "vector.similarity.euclidean"})
_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\r\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z))
    |`(?P<quoted>(?:``|[^`])*)(?:`|\Z)
    |(?P<sign>[\x00-\x20!#%&()*+,\-./:;<=>?@\[\\\]^{|}~$'"`])
    |(?P<word>[^\s\x00-\x20!#%&()*+,\-./:;<=>?@\[\\\]^{|}~$'"`]+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u+([0-9a-fA-F]{4})")


class Token(NamedTuple):
    """A word, quoted name, string or sign of a query."""

    kind: str
    text: str

    def says(self, word: str) -> bool:
        """Whether it is this word, in capitals or not, and not in quotes."""
        return self.kind == "word" and self.text.lower() == word


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, without blanks and comments.

    Raises:
        InvalidArgument: it has an escape that writes an ASCII character: the server reads
            escapes before anything else, so that such a text is not what it seems to be.
        ResourceExhausted: it is longer or more deeply nested than Neo4j can be trusted with.
    """
    if len(text) > MAX_CHARACTERS:
        raise ResourceExhausted(
            f"The query has {len(text):,} characters, more than {MAX_CHARACTERS:,}.",
            hint="Give long values and lists as parameters.",
        )
    for escape in _ESCAPE.finditer(text):
        if int(escape[1], 16) < 0x80:  # noqa: PLR2004 - where ASCII ends
            raise InvalidArgument(
                f"{escape[0]} at position {escape.start()} writes an ASCII character.",
                hint="Write the character itself, or give the text as a parameter.",
            )
    text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    found = [
        Token(match.lastgroup or "", match[match.lastgroup or 0])
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "blank"
    ]
    _check_depth(found)
    return found


def check_prefix(found: Sequence[Token]) -> None:
    """Check what stands before the query: nothing, or the version of Cypher.

    Raises:
        InvalidArgument: EXPLAIN, PROFILE or options of the planner.
    """
    place = 0
    while place < len(found) and found[place].kind == "word":
        word = found[place].text.lower()
        if word in {"explain", "profile"}:
            raise InvalidArgument(
                f"The query begins with {word.upper()}.",
                hint="Give the query alone; `headwater cypher --explain` shows its plan.",
            )
        if word != "cypher":
            return
        place += 1
        if place < len(found) and found[place].text.isdecimal():
            place += 1
        if place + 1 < len(found) and found[place + 1].text == "=":
            raise InvalidArgument(
                f"CYPHER {found[place].text}= is an option of the planner.",
                hint="Leave it out; only the version may be given: CYPHER 5.",
            )


def check_words(found: Sequence[Token]) -> None:
    """Check that a query opens no other graph and no file.

    Raises:
        PermissionDenied: it has a USE clause or LOAD CSV.
    """
    for before, token, after in zip(
        [Token("sign", ";"), *found], found, [*found[1:], Token("sign", ";")], strict=False
    ):
        if token.says("load") and after.says("csv"):
            raise PermissionDenied("LOAD CSV opens files and addresses; it is not allowed here.")
        plain_name = before.text in {".", ":", "$", "|", "&"} or before.says("as")
        if token.says("use") and after.kind in {"word", "quoted"} and not plain_name:
            raise PermissionDenied(
                "USE asks another graph; only the store's own may be asked.",
                hint="A variable of that name must stand in backquotes.",
            )


def called(found: Sequence[Token]) -> Iterator[str]:
    """Yield the names with a dot that are called, as functions or procedures, in small letters.

    Only such can come from a plugin: Neo4j lets nobody add a name without one.
    """
    parts: list[str] = []
    for place, token in enumerate(found):
        joined = place > 0 and found[place - 1].text == "." and found[place - 1].kind == "sign"
        if token.kind in {"word", "quoted"}:
            parts = [*parts, token.text] if joined and parts else [token.text]
        elif token.text == "(" and parts:
            name = ".".join(parts).lower()
            if "." in name:
                yield name
            parts = []
        elif token.text != "." or token.kind != "sign":
            parts = []


def is_safe_function(name: str) -> bool:
    """Whether a function with a dot in its name only computes."""
    return name in ALLOWED_FUNCTIONS or name.split(".", maxsplit=1)[0] in FUNCTION_SPACES


def _check_depth(found: Sequence[Token]) -> None:
    depth = case = 0
    for token in found:
        if token.kind == "sign" and token.text in "([{":
            depth += 1
        elif token.kind == "sign" and token.text in ")]}":
            depth -= 1
        elif token.says("case"):
            case += 1
        elif token.says("end"):
            case -= 1
        if depth + case > MAX_DEPTH:
            raise ResourceExhausted(
                f"The query is nested more than {MAX_DEPTH} deep.",
                hint="Give nested values as parameters.",
            )
