"""Waiting for what comes true a little later than it was done."""

import time
from collections.abc import Callable


def comes_true(condition: Callable[[], bool], *, within_s: float = 30.0) -> bool:
    """Return whether a condition holds within a time: at once where it already does."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
