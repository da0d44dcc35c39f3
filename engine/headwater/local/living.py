"""Living: whether the process of a number is still the one that was meant."""

import psutil

_SAME_START_S = 0.5


def begun(pid: int) -> float:
    """Return when a process began, in seconds by a clock that stays: of no use but to compare.

    On Linux that is since the machine booted, which setting the clock does not change; elsewhere
    the system keeps the time of day at which it began.

    Raises:
        psutil.NoSuchProcess: there is none of that number.
    """
    created_at = psutil.Process(pid).create_time()
    return created_at - psutil.boot_time() if psutil.LINUX else created_at


def living(pid: int, begun_at: float) -> psutil.Process | None:
    """Return the living process of that number, never a later one that has got it since.

    Args:
        pid: the number.
        begun_at: when the process began, as `begun` says it.
    """
    try:
        process = psutil.Process(pid)
        same = abs(begun(pid) - begun_at) < _SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
