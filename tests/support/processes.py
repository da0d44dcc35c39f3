"""Processes that a test has seen begin, and waits for."""

import time

import psutil


def is_gone(pid: int, *, within_s: float) -> bool:
    """Return whether a process ends within a time; one that nobody has waited for yet has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
