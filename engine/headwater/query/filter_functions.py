"""Functions that a filter can call: what each takes and gives."""

from collections.abc import Sequence
from typing import NamedTuple

from headwater.query.filter_kinds import NUMBERS, Kind, together


class Function(NamedTuple):
    """What a function takes.

    Attributes:
        takes: the kind of each argument; None for any, the same for all that are so.
        least: how many arguments must be given.
        gives: the kind of the result; None for what the arguments of any kind share.
        repeats: whether the last may be given any number of times.
    """

    takes: tuple[Kind | None, ...]
    least: int
    gives: Kind | None
    repeats: bool = False

    def problem(self, kinds: Sequence[Kind]) -> str:
        """Return what is wrong with arguments of those kinds, empty if nothing."""
        if len(kinds) < self.least or (len(kinds) > len(self.takes) and not self.repeats):
            most = "or more" if self.repeats else f"to {len(self.takes)}"
            count = str(self.least) if len(self.takes) == self.least else f"{self.least} {most}"
            return f"takes {count} arguments, {len(kinds)} are given"
        shared: Kind | None = Kind.NULL
        for position, kind in enumerate(kinds):
            wanted = self.takes[min(position, len(self.takes) - 1)]
            if wanted is None:
                before, shared = shared, together(shared or Kind.NULL, kind)
                if shared is None:
                    return f"cannot take {before} and {kind}"
            elif not _fits(kind, wanted):
                return f"takes {wanted} as argument {position + 1}, this is {kind}"
        return ""


def _fits(kind: Kind, wanted: Kind) -> bool:
    if kind is Kind.NULL or kind is wanted:
        return True
    return kind in NUMBERS and (wanted is Kind.DOUBLE or (wanted, kind) == (Kind.INT, Kind.ENUM))


FUNCTIONS: dict[str, Function] = {
    "ABS": Function((Kind.DOUBLE,), 1, None),
    "CHAR_LENGTH": Function((Kind.TEXT,), 1, Kind.INT),
    "COALESCE": Function((None,), 1, None, repeats=True),
    "CONCAT": Function((Kind.TEXT,), 1, Kind.TEXT, repeats=True),
    "ENDS_WITH": Function((Kind.TEXT, Kind.TEXT), 2, Kind.BOOL),
    "IF": Function((Kind.BOOL, None, None), 3, None),
    "IFNULL": Function((None, None), 2, None),
    "LENGTH": Function((Kind.TEXT,), 1, Kind.INT),
    "LOWER": Function((Kind.TEXT,), 1, Kind.TEXT),
    "LTRIM": Function((Kind.TEXT,), 1, Kind.TEXT),
    "MOD": Function((Kind.INT, Kind.INT), 2, Kind.INT),
    "NULLIF": Function((None, None), 2, None),
    "REGEXP_CONTAINS": Function((Kind.TEXT, Kind.TEXT), 2, Kind.BOOL),
    "REPLACE": Function((Kind.TEXT, Kind.TEXT, Kind.TEXT), 3, Kind.TEXT),
    "ROUND": Function((Kind.DOUBLE,), 1, Kind.DOUBLE),
    "RTRIM": Function((Kind.TEXT,), 1, Kind.TEXT),
    "STARTS_WITH": Function((Kind.TEXT, Kind.TEXT), 2, Kind.BOOL),
    "SUBSTR": Function((Kind.TEXT, Kind.INT, Kind.INT), 2, Kind.TEXT),
    "TRIM": Function((Kind.TEXT,), 1, Kind.TEXT),
    "UPPER": Function((Kind.TEXT,), 1, Kind.TEXT),
}
"""Functions by name. Source: GoogleSQL, those that MLMD's stores run and those it only parses."""


def result_kind(name: str, kinds: Sequence[Kind]) -> Kind:
    """Return the kind that a function gives for arguments of those kinds."""
    function = FUNCTIONS[name]
    if function.gives is not None:
        return function.gives
    if name == "ABS":
        return Kind.DOUBLE if kinds[0] is Kind.DOUBLE else Kind.INT
    shared = Kind.NULL
    for kind in kinds[1:] if name == "IF" else kinds:
        shared = together(shared, kind) or Kind.NULL
    return shared
