"""Cypher of a filter's terms: what an operator, a function or a pattern becomes.

Texts here are made of our own words and of texts made here: parameters' names, numbered names.
"""

import re
from typing import NamedTuple

from headwater.query.filter_check import ENUMS
from headwater_schema.stored import LONG_TEXT_BYTES

NUMBERS_PARAMETER = {
    "artifact state": "f_artifact",
    "execution state": "f_run",
    "event type": "f_event",
}
"""The parameter that holds an enum's numbers by name."""

NUMBERS: dict[str, dict[str, int]] = {name: ENUMS[enum] for enum, name in NUMBERS_PARAMETER.items()}

INT64_MIN_TEXT = "-9223372036854775808"
_SAFE = "9.2e18"
_FAR = "2147483648"


class Bound(NamedTuple):
    """A text in which `{0}`, `{1}` .. stand for arguments that it uses more than once."""

    text: str


CALLS: dict[str, str | Bound] = {
    "ABS": Bound(
        f"CASE WHEN {{0}} = {INT64_MIN_TEXT} THEN abs(toFloat({{0}})) ELSE abs({{0}}) END"
    ),
    "CHAR_LENGTH": "size({0})",
    "ENDS_WITH": "({0} ENDS WITH {1})",
    "IF": "CASE WHEN {0} THEN {1} ELSE {2} END",
    "LENGTH": "size({0})",
    "LOWER": "toLower({0})",
    "LTRIM": "ltrim({0})",
    "MOD": "({0} % nullIf({1}, 0))",
    "NULLIF": "nullIf({0}, {1})",
    "REPLACE": Bound("CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END"),
    "ROUND": "round(toFloat({0}), 0, 'HALF_UP')",
    "RTRIM": "rtrim({0})",
    "STARTS_WITH": "({0} STARTS WITH {1})",
    "TRIM": "trim({0})",
    "UPPER": "toUpper({0})",
}

NEGATIVE = Bound(f"CASE WHEN {{0}} = {INT64_MIN_TEXT} THEN -toFloat({{0}}) ELSE -{{0}} END")

# What does not fit 64 bits is a double, as in SQLite; Cypher alone would fail.
WHOLE = {
    sign: Bound(
        f"CASE WHEN abs(toFloat({{0}}) {sign} toFloat({{1}})) < {_SAFE} "
        f"THEN {{0}} {sign} {{1}} ELSE toFloat({{0}}) {sign} toFloat({{1}}) END"
    )
    for sign in ("+", "-", "*")
}
QUOTIENT = "(toFloat({0}) / nullIf(toFloat({1}), 0.0))"
BETWEEN = Bound("({1} <= {0} AND {0} <= {2})")

# SQLite's substr: from 1, from the end where negative, and 0 stands before the first.
SUBSTR_BOUNDS = Bound(
    "[{0}, CASE WHEN {1} > 0 THEN {1} - 1 WHEN {1} < 0 THEN size({0}) + {1} ELSE 0 END, "
    "CASE WHEN {1} = 0 AND {2} > 0 THEN {2} - 1 ELSE {2} END]"
)
SUBSTR_ENDS = Bound(
    "[{0}[0], CASE WHEN {0}[2] < 0 THEN {0}[1] + {0}[2] ELSE {0}[1] END, "
    "CASE WHEN {0}[2] < 0 THEN {0}[1] ELSE {0}[1] + {0}[2] END]"
)
SUBSTR_CLIPPED = Bound(
    "[{0}[0], CASE WHEN {0}[1] < 0 THEN 0 WHEN {0}[1] > size({0}[0]) THEN size({0}[0]) ELSE {0}[1] END, "
    "CASE WHEN {0}[2] < 0 THEN 0 WHEN {0}[2] > size({0}[0]) THEN size({0}[0]) ELSE {0}[2] END]"
)
SUBSTR_CUT = Bound(
    "CASE WHEN {0}[0] IS NULL OR {0}[1] IS NULL OR {0}[2] IS NULL THEN null WHEN {0}[2] <= {0}[1] THEN '' "
    "ELSE substring({0}[0], {0}[1], {0}[2] - {0}[1]) END"
)
NEAR = Bound(
    f"CASE WHEN {{0}} > {_FAR} THEN {_FAR} WHEN {{0}} < -{_FAR} THEN -{_FAR} ELSE {{0}} END"
)
FAR = _FAR
LONGEST_PLAIN = LONG_TEXT_BYTES

# A pattern that is no literal, made into a regular expression a character at a time.
PATTERN = Bound(
    "'(?s)' + reduce(made = ['', false], at IN range(0, size({0}) - 1) | CASE "
    "WHEN made[1] THEN [made[0] + '\\\\Q' + substring({0}, at, 1) + '\\\\E', false] "
    "WHEN substring({0}, at, 1) = '\\\\' THEN [made[0], true] "
    "WHEN substring({0}, at, 1) = '%' THEN [made[0] + '.*', false] "
    "WHEN substring({0}, at, 1) = '_' THEN [made[0] + '.', false] "
    "ELSE [made[0] + '\\\\Q' + substring({0}, at, 1) + '\\\\E', false] END)[0]"
)


def regular(pattern: str) -> str:
    """Return the regular expression of all texts in which a pattern is found."""
    return f"(?s:.*?)(?:{pattern})(?s:.*)"


class Like(NamedTuple):
    """A pattern of LIKE: how it is asked, and with what.

    Attributes:
        sign: `=`, `STARTS WITH`, `ENDS WITH`, `CONTAINS` or `=~`.
        operand: the text or regular expression.
        prefix: what every match begins with.
    """

    sign: str
    operand: str
    prefix: str


def like(pattern: str) -> Like:
    """Return how to ask for a pattern: `%` any text, `_` a character, a backslash for either."""
    pieces = _pieces(pattern)
    prefix = "".join(_literal_start(pieces))
    marks = [piece for piece, wild in pieces if wild]
    text = "".join(piece for piece, wild in pieces if not wild)
    if not marks:
        return Like("=", text, prefix)
    if "_" not in marks:
        first, last = pieces[0], pieces[-1]
        outer = [first[1], last[1]]
        if len(marks) == 1 and outer[1]:
            return Like("STARTS WITH", text, prefix)
        if len(marks) == 1 and outer[0]:
            return Like("ENDS WITH", text, prefix)
        if len(marks) == 2 and all(outer) and len(pieces) == 3:  # noqa: PLR2004 - %text%
            return Like("CONTAINS", text, prefix)
    return Like("=~", _like_regular(pieces), prefix)


def _pieces(pattern: str) -> list[tuple[str, bool]]:
    """Return the pattern as runs of text and single wildcards, which are marked."""
    pieces: list[tuple[str, bool]] = []
    for found in re.finditer(r"\\(.)|([%_])|([^\\%_]+)", pattern, re.DOTALL):
        escaped, wild, plain = found.groups()
        if wild:
            if not (wild == "%" and pieces and pieces[-1] == ("%", True)):
                pieces.append((wild, True))
        elif pieces and not pieces[-1][1]:
            pieces[-1] = (pieces[-1][0] + (plain or escaped), False)
        else:
            pieces.append((plain or escaped, False))
    return pieces


def _literal_start(pieces: list[tuple[str, bool]]) -> list[str]:
    return [pieces[0][0]] if pieces and not pieces[0][1] else []


def _like_regular(pieces: list[tuple[str, bool]]) -> str:
    """Return a regular expression that takes time in proportion to the text, whatever it holds.

    The first place where a part between two `%` fits is as good as any later one, so nothing
    is tried again there (`(?>..)`).
    """
    parts: list[str] = [""]
    for piece, wild in pieces:
        if wild and piece == "%":
            parts.append("")
        else:
            parts[-1] += "." if wild else _quoted(piece)
    first, *middle = parts
    if not middle:
        return f"(?s){first}"
    last = middle.pop()
    return f"(?s){first}" + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"


def _quoted(text: str) -> str:
    return "".join(c if c.isalnum() or ord(c) > 127 or c == "\0" else "\\" + c for c in text)  # noqa: PLR2004 - ASCII
