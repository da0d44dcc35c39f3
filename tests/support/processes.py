"""Processes that a test has seen begin, and waits for."""

import psutil

from support.waiting import comes_true


def is_gone(pid: int, *, within_s: float) -> bool:
    """Return whether a process ends within a time; one that nobody has waited for yet has ended."""

    def has_ended() -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    return comes_true(has_ended, within_s=within_s)
