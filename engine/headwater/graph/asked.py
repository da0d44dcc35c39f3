"""Asked: what is being read, so that somebody else can end it, or bound its time.

Knows nothing of Bolt. Questions lie in a context variable while they are asked; each read of
that context bears their ids in the server's list of transactions.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import RLock
from types import TracebackType
from typing import Protocol, Self

from headwater.errors import Cancelled, DeadlineExceeded

_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.0, 1.0)
"""Between attempts to end a read that is sent, but not yet on the server's list."""


class Canceller(Protocol):
    """What can end what its server does: a `Graph`."""

    def cancel(self, question_id: str) -> int:
        """End what bears the id, and return how much that was."""
        ...


class Asking:
    """What is asked inside of `with`, under one id, and can be ended from outside.

    ::

        question = Asking(timeout_s=60)

        with question:                      # one thread, or several
            store.upstream(model)

        question.cancel()                   # any other thread

    What was being asked raises `Cancelled`, and so does every read after it; past its time it
    raises `DeadlineExceeded`. Writes neither end with it nor wait for it. A thread that is
    started inside does not inherit it: hand it the question, and enter it there. Questions may
    lie in each other; the outer one's end is the inner one's.

    Args:
        id: by which other processes can end it (`Graph.cancel`); a text that no other question
            has. Made up where none is given.
        timeout_s: seconds, from when it is first entered, until it is ended.
    """

    def __init__(self, id: str | None = None, *, timeout_s: float | None = None) -> None:
        self.id = uuid.uuid4().hex if id is None else id
        self.timeout_s = timeout_s
        self._deadline: float | None = None
        self._cancelled = False
        self._reads: Counter[Canceller] = Counter()
        # A signal handler may call `cancel` in the thread that holds it.
        self._lock = RLock()

    def __enter__(self) -> Self:
        with self._lock:
            if self.timeout_s is not None and self._deadline is None:
                self._deadline = time.monotonic() + self.timeout_s
        _ASKED.set((*_ASKED.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # By name, not by place: generators that enter questions may leave them in any order.
        questions = list(_ASKED.get())
        if self in questions:
            questions.reverse()
            questions.remove(self)
            questions.reverse()
        _ASKED.set(tuple(questions))

    @property
    def cancelled(self) -> bool:
        """Whether somebody has ended it."""
        return self._cancelled

    def cancel(self) -> int:
        """End what is being read, and let nothing more be read; from any thread.

        Returns once the server was told, which takes milliseconds; the asking thread gets its
        error then.

        Returns:
            How many queries the server was told to end; 0 where it ran none.

        Raises:
            Unavailable: the server cannot be told. Nothing more is read even so.
        """
        self._cancelled = True
        ended: Counter[Canceller] = Counter()
        for pause_s in (*_PAUSES_S, 0.0):
            with self._lock:
                running = +self._reads
            for graph in running:
                ended[graph] = max(ended[graph], graph.cancel(self.id))
            if all(ended[graph] >= count for graph, count in running.items()):
                break
            time.sleep(pause_s)
        return ended.total()

    def check(self) -> None:
        """Check that it may go on.

        Raises:
            Cancelled: somebody has ended it.
            DeadlineExceeded: its time is over.
        """
        if self._cancelled:
            raise Cancelled("The question was cancelled.", question_id=self.id)
        left_s = self.left_s
        if left_s is not None and left_s <= 0:
            raise DeadlineExceeded(
                f"The question took longer than the {self.timeout_s:g} s it was given.",
                hint="Ask for less, or give it more time (timeout_s).",
                question_id=self.id,
                timeout_s=self.timeout_s,
            )

    @property
    def left_s(self) -> float | None:
        """How many seconds it has left; None where it has no limit or is not entered yet."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    @contextmanager
    def reads(self, graph: Canceller) -> Iterator[None]:
        """Count a read of the graph as running."""
        with self._lock:
            self._reads[graph] += 1
        try:
            yield
        finally:
            with self._lock:
                self._reads[graph] -= 1


class Asked:
    """The questions that a read belongs to, from the outermost to the innermost."""

    def __init__(self, questions: tuple[Asking, ...]) -> None:
        self._questions = questions

    @property
    def ids(self) -> list[str]:
        """The ids of the questions; of a read that belongs to none, one of its own."""
        return [question.id for question in self._questions] or [uuid.uuid4().hex]

    def check(self) -> None:
        """Check that all of them may go on.

        Raises:
            Cancelled, DeadlineExceeded: as `Asking.check` does.
        """
        for question in self._questions:
            question.check()

    def seconds(self, timeout_s: float | None) -> float | None:
        """Return how long a read may take that has a limit of its own, or None."""
        limits = [timeout_s, *(question.left_s for question in self._questions)]
        # Of the server, 0 asks for no limit at all.
        return min((max(limit, 0.001) for limit in limits if limit is not None), default=None)

    @contextmanager
    def reads(self, graph: Canceller) -> Iterator[None]:
        """Count a read of the graph as running, in each of them, if they may go on.

        Raises:
            Cancelled, DeadlineExceeded: as `Asking.check` does.
        """
        with ExitStack() as stack:
            for question in self._questions:
                stack.enter_context(question.reads(graph))
            # After it was counted: a `cancel` either sees the read, or is seen by it.
            self.check()
            yield


def asked() -> Asked:
    """Return the questions that are asked in this context."""
    return Asked(_ASKED.get())


# A context variable lives in a module, whatever else must not: see contextvars.
_ASKED: ContextVar[tuple[Asking, ...]] = ContextVar("asked", default=())
