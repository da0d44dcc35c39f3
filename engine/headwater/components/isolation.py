"""Isolation: an executor in a process of its own, which can be stopped, or die, without ours.

The call goes into a file and what it made comes back in one; both processes share the call's
folder. `child` is what the other process runs.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cloudpickle

from headwater.components.component import Component
from headwater.components.executor import Call
from headwater.components.fingerprint import Code
from headwater.components.handles import Made
from headwater.components.signals import Skip
from headwater.errors import DeadlineExceeded, WorkerLost
from headwater.objects import ObjectPlace

CALL, ANSWER = "call.pickle", "answer.pickle"


class RemoteTraceback(Exception):
    """The traceback of an error that was raised in another process, as text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n{self.text}"


@dataclass(frozen=True)
class Answer:
    """What a child says.

    Attributes:
        made: what the call made, if it ended well.
        skipped: the reason, if the component had nothing to do.
        error: the error, pickled, if it failed; bytes that are no pickle if it cannot be.
        text: the error's traceback.
        alike: whether the values that the code uses were those of the run.
    """

    made: list[Made] | None = None
    skipped: str | None = None
    error: bytes | None = None
    text: str = ""
    alike: bool = True


class Stop:
    """Ends the processes of calls that are under way, from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._hurry: Callable[[], None] = lambda: None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether somebody has asked for it."""
        return self._asked

    def __call__(self) -> None:
        """End all of them now, and those that begin later at once."""
        with self._lock:
            self._asked = True
            self._hurry()
            for process in self._running:
                _kill(process)

    def hurry(self, hurry: Callable[[], None]) -> None:
        """Let it call this too, which ends what is being waited for."""
        self._hurry = hurry

    def add(self, process: "subprocess.Popen[bytes]") -> None:
        """Count a process among those under way."""
        with self._lock:
            self._running.add(process)
            if self._asked:
                _kill(process)

    def remove(self, process: "subprocess.Popen[bytes]") -> None:
        """Count a process no longer."""
        with self._lock:
            self._running.discard(process)


def execute_isolated(
    call: Call,
    component: Component,
    *,
    objects: ObjectPlace,
    code: Code | None = None,
    stop: Stop | None = None,
) -> tuple[list[Made], bool]:
    """Return what a call made in a process of its own, and whether it may be found later.

    Args:
        call: the call.
        component: whose function is called there, after its `timeout_s` killed; one that is
            imported there, or that cloudpickle can send.
        objects: where its inputs are.
        code: the component's as the run has read it, which must be the same there; None for
            one that is not cached, of which that does not matter.
        stop: may kill it too.

    Raises:
        DeadlineExceeded: it took longer.
        WorkerLost: its process ended without an answer; `signal` or `exit_status` says how.
        FailedPrecondition: the code there is another; see `check_code`.
        Skip, Exception: as `Executor.execute` does; an error comes with the child's traceback.
    """
    call.folder.mkdir(parents=True, exist_ok=True)
    with (call.folder / CALL).open("wb") as stream:
        # First what the child must know to find the modules that the rest names.
        pickle.dump((sys.path, str(Path.cwd())), stream)
        # The function comes with the component, which may be imported there.
        cloudpickle.dump((replace(call, function=_sent), component, code, objects), stream)
    command = [sys.executable, "-m", "headwater.components.child", str(call.folder)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, start_new_session=True
    )
    if stop is not None:
        stop.add(process)
    try:
        is_late = _wait(process, component.timeout_s)
    finally:
        _kill(process)
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
        if stop is not None:
            stop.remove(process)
    if is_late:
        raise DeadlineExceeded(
            f"Component {call.component!r} took longer than {component.timeout_s:g} s, and was "
            "stopped.",
            hint="Give it a longer timeout_s, or less to do.",
            component=call.component,
            timeout_s=component.timeout_s,
        )
    return _answered(call, process.returncode)


def _wait(process: "subprocess.Popen[bytes]", timeout_s: float | None) -> bool:
    """Wait for a process, which is killed after a time, and return whether it was."""
    if timeout_s is None:
        process.wait()
        return False
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    # `Popen.wait` with a timeout sees an end up to 50 ms late.
    timer = threading.Timer(timeout_s, end)
    timer.start()
    try:
        process.wait()
    finally:
        timer.cancel()
    return late.is_set()


def _sent() -> None:
    """Stand for the component's function while a call is sent."""


def _answered(call: Call, status: int) -> tuple[list[Made], bool]:
    path = call.folder / ANSWER
    if not path.exists():
        how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        raise WorkerLost(
            f"The process of component {call.component!r} ended {how} without an answer.",
            hint="Was it killed, or out of memory? Its step can be run again.",
            component=call.component,
            exit_status=status,
        )
    # Written by our own child in the call's folder.
    answer: Answer = pickle.loads(path.read_bytes())  # noqa: S301
    if answer.skipped is not None:
        raise Skip(answer.skipped)
    if answer.error is not None:
        raise _revived(answer) from RemoteTraceback(answer.text)
    return answer.made or [], answer.alike


def _revived(answer: Answer) -> BaseException:
    try:
        error = pickle.loads(answer.error or b"")  # noqa: S301 - as above
    except Exception:  # noqa: BLE001 - a user's class may raise anything when it is made anew
        error = None
    last = answer.text.strip().rpartition("\n")[2]
    return error if isinstance(error, Exception | SystemExit) else RuntimeError(last)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        # The whole group: what the component started ends with it.
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
