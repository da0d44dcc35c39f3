"""Living: whether the process of a number is still the one that was meant."""

import psutil


def living(pid: int, started_at: float, *, within_s: float) -> psutil.Process | None:
    """Return the living process of that number, never a later one that has got it since.

    Args:
        pid: the number.
        started_at: when the process began, in seconds since the epoch.
        within_s: how far the system's word of that may be off, which goes by a clock that is set.
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started_at) < within_s
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
