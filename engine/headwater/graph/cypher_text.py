"""Cypher text: a user's query as tokens, as far as the guard must read it by itself.

The server's plan says nothing of functions, prefixes and USE. Reads more strictly than the
server does: what it does not know it takes for a part of a name.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headwater.errors import InvalidArgument, PermissionDenied, ResourceExhausted

MAX_CHARACTERS = 100_000
MAX_DEPTH = 100
"""Neo4j 5.26 answers lists nested 200 deep, and at 400 never again on that connection."""

MAX_JOINED = 10
"""How many parts of a pattern may be joined with each other.

Measured on two cores, Neo4j 5.26 plans 10 in a chain or a comma list in 2 s, in a star in 2.4 s, and
in the worst case found (each leaf sought by id, the centre described anew each time) in 5.6 s;
16 of those take 14 s, and 24 over 30 s: the planner does not look at the time it was given.
Conditions that compare nodes with each other add to it: 200 among 4 nodes take 9 s.
"""

MAX_PARTS = 30
"""How many parts all patterns of a text may have: as 30 OPTIONAL MATCH they take 2 s, as 64, 12 s."""

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
# What Neo4j 5.26 takes for the dash and for the heads of an arrow.
_DASHES = frozenset("-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
_HEADS = frozenset("<>\u27e8\u3008\ufe64\uff1c\u27e9\u3009\ufe65\uff1e")
# Beside a node, these join it to a relationship or to a part that is repeated.
_BEFORE, _AFTER = "-<>)+*}", "-<>("
# Before a bracket, these are no name of a function.
_NO_NAMES = frozenset(
    [
        "match",
        "where",
        "and",
        "or",
        "not",
        "xor",
        "exists",
        "in",
        "return",
        "with",
        "any",
        "all",
        "shortest",
        "group",
        "groups",
        "path",
        "paths",
        "relationship",
        "relationships",
        "element",
        "elements",
        "walk",
        "trail",
    ]
)
_ESCAPE = re.compile(r"\\u+([0-9a-fA-F]{4})")


class Token(NamedTuple):
    """A word, quoted name, string or sign of a query."""

    kind: str
    text: str

    def says(self, word: str) -> bool:
        """Whether it is this word, in capitals or not, and not in quotes."""
        return self.kind == "word" and self.text.lower() == word

    def is_sign(self, signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind == "sign" and self.text in signs


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


def check_joins(found: Sequence[Token]) -> None:
    """Check that a query joins no more than the planner can order in good time.

    A part is a relationship of a pattern, or a node that stands on its own. Parts of one MATCH
    and those that follow it are joined with each other; what stands in braces or brackets, after
    UNION or in an OPTIONAL MATCH is planned apart, and quicker.

    Raises:
        ResourceExhausted: it has more; `parts` and `limit` say how many.
    """
    groups = _groups(_signs(found))
    parts = sum(groups)
    if parts > MAX_PARTS:
        found_parts, limit, told = parts, MAX_PARTS, "has"
    else:
        # Time grows faster than the number: ten apart cost less than ten joined.
        found_parts, limit, told = (
            math.ceil(math.sqrt(sum(group**2 for group in groups))),
            MAX_JOINED,
            "joins",
        )
    if found_parts > limit:
        raise ResourceExhausted(
            f"The query {told} {found_parts} parts of patterns (relationships, and nodes on their "
            f"own), more than {limit}.",
            hint="Neo4j would plan it longer than it may run. Ask in several queries that hand ids "
            "on as parameters, or follow a path of any length: -[:INPUT|OUTPUT*1..]->.",
            parts=found_parts,
            limit=limit,
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


def _signs(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with every dash and arrowhead that the server knows as ASCII."""
    made: list[Token] = []
    for token in found:
        if token.kind != "word" or not (_DASHES | _HEADS) & set(token.text):
            made.append(token)
            continue
        for sign in token.text:
            if sign in _DASHES:
                made.append(Token("sign", "-"))
            elif sign in _HEADS:
                made.append(Token("sign", ">"))
            elif not made or made[-1] is not token:
                made.append(token)
    return made


def _groups(found: Sequence[Token]) -> list[int]:
    """Return how many parts each group of joined patterns has."""
    ended: list[int] = []
    open_groups = [0]
    nodes: list[bool] = []
    near = zip([Token("sign", ";"), *found], found, [*found[1:], Token("sign", ";")], strict=False)
    for place, (before, token, after) in enumerate(near):
        if token.kind == "word":
            if token.says("union") or (token.says("optional") and after.says("match")):
                ended.append(open_groups[-1])
                open_groups[-1] = 0
            continue
        match token.text if token.kind == "sign" else "":
            case "-":
                open_groups[-1] += after.is_sign("-[")
            case "(":
                inside = found[place + 1 : place + 3]
                nodes.append(not before.is_sign(_BEFORE) and _is_node(before, inside))
            case ")" if nodes:
                open_groups[-1] += nodes.pop() and not after.is_sign(_AFTER)
            case "{" | "[":
                open_groups.append(0)
            case "}" | "]" if len(open_groups) > 1:
                ended.append(open_groups.pop())
            case _:
                pass
    return [*ended, *open_groups]


def _is_node(before: Token, inside: Sequence[Token]) -> bool:
    """Whether a bracket after that begins a node, rather than a call or a sum."""
    named = before.kind == "word" and not before.text.isdecimal()
    if before.kind == "quoted" or (named and before.text.lower() not in _NO_NAMES):
        return False
    first, second = (*inside, Token("sign", ";"), Token("sign", ";"))[:2]
    if first.kind in {"word", "quoted"}:
        return not first.text.isdecimal() and (second.is_sign("):{") or second.says("where"))
    return first.is_sign("):{")


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
