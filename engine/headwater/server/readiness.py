"""Readiness: whether what a server stands on answers."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

_PATIENCE_S = 5.0


class Question(NamedTuple):
    """How something is asked whether it answers.

    Attributes:
        ask: raises when it does not answer.
        every_s: pause between two questions.
    """

    ask: Callable[[], object]
    every_s: float


class Readiness:
    """Asks each thing that a server needs again and again, each in a thread of its own.

    A question that hangs is itself the answer after a while, so that looking never waits.

    Args:
        questions: by name of the thing.
        patience_s: after which a question counts as unanswered.
    """

    def __init__(
        self, questions: Mapping[str, Question], *, patience_s: float = _PATIENCE_S
    ) -> None:
        self._stopping = threading.Event()
        self._probes = {
            name: _Probe(name, question, self._stopping, patience_s=patience_s)
            for name, question in questions.items()
        }

    def begin(self) -> None:
        """Begin to ask, and wait until everything has answered once or patience is over."""
        for probe in self._probes.values():
            probe.start()
        for probe in self._probes.values():
            probe.wait()

    def end(self) -> None:
        """Ask no more; from then on nothing is ready."""
        self._stopping.set()

    def problems(self) -> dict[str, str]:
        """Return what does not answer, with the reason; nothing means ready."""
        if self._stopping.is_set():
            return {"server": "is stopping"}
        found = {name: probe.problem() for name, probe in self._probes.items()}
        return {name: problem for name, problem in found.items() if problem is not None}


class _Probe(threading.Thread):
    def __init__(
        self,
        name: str,
        question: Question,
        stopping: threading.Event,
        *,
        patience_s: float,
    ) -> None:
        super().__init__(name=f"headwater-probe-{name}", daemon=True)
        self._question = question
        self._stopping = stopping
        self._patience_s = patience_s
        self._asked_at: float | None = None
        self._found: str | None = "has not been asked yet"
        self._answered = threading.Event()

    def run(self) -> None:
        """Ask until the server stops."""
        while not self._stopping.is_set():
            self._asked_at = time.monotonic()
            try:
                self._question.ask()
                self._found = None
            except Exception as error:  # noqa: BLE001 - whatever it is, the thing did not answer
                self._found = str(error) or type(error).__name__
            self._asked_at = None
            self._answered.set()
            self._stopping.wait(self._question.every_s)

    def wait(self) -> None:
        """Wait for the first answer, or until patience is over."""
        self._answered.wait(self._patience_s)

    def problem(self) -> str | None:
        """Return why the thing cannot be used now, None where it can."""
        asked_at = self._asked_at
        if asked_at is not None and time.monotonic() - asked_at > self._patience_s:
            return f"has not answered for {time.monotonic() - asked_at:.0f} s"
        return self._found
