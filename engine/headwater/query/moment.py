"""Moment: which state of the world, as known when, a question is about."""

from datetime import UTC, datetime
from typing import NamedTuple

from headwater.errors import InvalidArgument

ALWAYS = 2**63 - 1
"""Later than any time, in milliseconds; stands for "no bound" in a statement's parameters."""

TimeLike = int | float | str | datetime
"""A time: milliseconds since the epoch, ISO 8601 text (UTC where it says no zone), or a datetime."""


class Moment(NamedTuple):
    """The two times of a question, in milliseconds since the epoch; None has no bound.

    Attributes:
        as_of: valid time: only what had happened by then.
        known_at: recorded time: only what the store knew by then, mistakes included.
    """

    as_of: int | None = None
    known_at: int | None = None

    @property
    def is_now(self) -> bool:
        """Whether the question is about the present state as known now."""
        return self.as_of is None and self.known_at is None

    @property
    def parameters(self) -> dict[str, int]:
        """The two times as parameters of a statement: `as_of` and `known_at`."""
        return {
            "as_of": ALWAYS if self.as_of is None else self.as_of,
            "known_at": ALWAYS if self.known_at is None else self.known_at,
        }


NOW = Moment()


def moment(as_of: TimeLike | None = None, known_at: TimeLike | None = None) -> Moment:
    """Return a moment from times in any of their forms.

    Raises:
        InvalidArgument: one of them is no time.
    """
    return Moment(
        None if as_of is None else milliseconds(as_of),
        None if known_at is None else milliseconds(known_at),
    )


def told(moment: Moment) -> str:
    """Return a moment as a message says it: "valid time 5 and recorded time 7", or "now"."""
    times = {"valid time": moment.as_of, "recorded time": moment.known_at}
    given = [f"{name} {time}" for name, time in times.items() if time is not None]
    return " and ".join(given) or "now"


def milliseconds(time: TimeLike) -> int:
    """Return a time as milliseconds since the epoch.

    Raises:
        InvalidArgument: it is no time.
    """
    try:
        match time:
            case int() | float():
                return int(time)
            case str() if time.strip().lstrip("-").isdecimal():
                return int(time)
            case str():
                time = datetime.fromisoformat(time.strip())
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        return round(time.timestamp() * 1_000)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(
            f"{time!r:.100} is not a time.",
            hint="Give milliseconds since the epoch, or ISO 8601: 2026-03-01T12:00:00+01:00.",
            time=str(time),
        ) from error
