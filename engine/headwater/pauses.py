"""Pauses: how long to wait before asking again."""

from collections.abc import Iterator


def pauses(first_s: float, most_s: float) -> Iterator[float]:
    """Yield how many seconds to wait, again and again: twice as long each time, to a bound."""
    wait_s = first_s
    while True:
        yield wait_s
        wait_s = min(wait_s * 2, most_s)
