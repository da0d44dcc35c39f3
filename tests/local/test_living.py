"""Whether a process is the one that was meant, when numbers are used again and clocks are set."""

import os
import subprocess
import sys

import psutil
import pytest

from headwater.local.living import begun, living


def test_a_process_is_known_by_its_number_and_its_beginning() -> None:
    own = os.getpid()

    assert living(own, begun(own)) is not None
    assert living(own, begun(own) - 1.0) is None


def test_one_that_has_ended_is_not_living() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        began = begun(process.pid)
        assert living(process.pid, began) is not None
        process.kill()
        process.wait()
    assert living(process.pid, began) is None


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere the system keeps the time of day")
def test_a_clock_that_is_set_makes_nobody_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's word of when it booted moves with the clock, and with it all times of starts."""
    own = os.getpid()
    began, booted_at, created_at = begun(own), psutil.boot_time(), psutil.Process(own).create_time()
    monkeypatch.setattr(psutil, "boot_time", lambda: booted_at + 11.0)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: created_at + 11.0)

    assert living(own, began) is not None
