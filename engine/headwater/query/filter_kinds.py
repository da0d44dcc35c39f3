"""Kinds of value that a filter works with, and which go together."""

from enum import StrEnum


class Kind(StrEnum):
    """The kind of a literal, an attribute or an expression, worded as messages say it."""

    INT = "a whole number"
    DOUBLE = "a number"
    TEXT = "text"
    BOOL = "a truth value"
    ENUM = "an enum value"
    NULL = "NULL"
    NAME = "the name of an enum value"


NUMBERS = frozenset({Kind.INT, Kind.DOUBLE, Kind.ENUM})


def together(one: Kind, other: Kind) -> Kind | None:
    """Return the kind that values of both kinds have in common, None if there is none."""
    if Kind.NULL in (one, other):
        return other if one is Kind.NULL else one
    if one is other:
        return one
    if {one, other} <= NUMBERS:
        return Kind.DOUBLE if Kind.DOUBLE in (one, other) else Kind.INT
    return None
