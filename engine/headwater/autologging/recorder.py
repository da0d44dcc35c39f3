"""The recorder: takes what was seen in any thread of a script, and records it in one of its own.

Its promise is that the script goes on as if it were not there: nothing that it does raises, and
nothing but the first record, which opens the store, is waited for before the script's end.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from hashlib import sha256
from queue import SimpleQueue

from headwater.autologging.script_record import ScriptRecord

TAG = "headwater_files"
"""The key in the `attrs` of a table under which the tags of its files lie."""
PATIENCE_S = 30.0
"""How long the end of a script waits for a record that does not come about."""

Task = Callable[[ScriptRecord], None]
_log = logging.getLogger("headwater")


class Recorder:
    """One script's recorder.

    Args:
        begin: opens the store and begins the script's execution; called in the recorder's thread.
        keeps_payloads: whether the bytes of fitted models are kept.
    """

    def __init__(self, begin: Callable[[], ScriptRecord], *, keeps_payloads: bool) -> None:
        self.keeps_payloads = keeps_payloads
        self._begin = begin
        self._session = uuid.uuid4().hex
        # A forked child has a copy of this object, and no thread behind it.
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._begun = threading.Event()
        self._record: ScriptRecord | None = None
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._tasks_done = 0
        self._is_over = False
        self._last_error: BaseException | None = None
        self._warned: set[tuple[str, str]] = set()

    @property
    def is_open(self) -> bool:
        """Whether anything can be recorded still, in this process."""
        return not self._is_over and os.getpid() == self._pid

    @property
    def execution_id(self) -> int | None:
        """The script's execution; None while nothing was recorded, or where nothing could be."""
        return None if self._record is None else self._record.execution_id

    def tag(self, key: Iterable[str]) -> str:
        """Return what tables of a file carry: of this script alone, the same for equal keys."""
        return f"{self._session}:{sha256(repr(tuple(key)).encode()).hexdigest()}"

    def own_tags(self, tags: object) -> tuple[str, ...]:
        """Return those of a table's tags that this script made; a stored table brings old ones."""
        every = tags if isinstance(tags, list) else []
        return tuple(tag for tag in every if str(tag).startswith(f"{self._session}:"))

    def submit(self, task: Task) -> None:
        """Have a task done, after those before it. The first one waits until the store is open."""
        with self._lock:
            if not self.is_open:
                return
            # What seemed to be the end was not.
            self._last_error = None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="headwater-autolog", daemon=True
                )
                self._thread.start()
        self._begun.wait()
        self._tasks.put(task)

    def saw_error(self, error: BaseException) -> None:
        """Remember what the script seems to die of."""
        self._last_error = error

    def finish(self, error: BaseException | None = None) -> None:
        """End the script's execution, once all that was seen before is recorded.

        Args:
            error: what ended it; None for what it was last seen to die of, if anything.
        """
        with self._lock:
            if not self.is_open:
                return
            self._is_over = True
        ending = error or self._last_error
        if self._thread is None:
            return
        self._tasks.put(lambda record: record.end(ending))
        self._tasks.put(None)
        done = -1
        while self._thread.is_alive():
            if done == self._tasks_done:
                _log.warning("autolog gave up: the store takes too long to record the rest.")
                return
            done = self._tasks_done
            self._thread.join(PATIENCE_S)

    def warn(self, doing: str, error: Exception) -> None:
        """Log what went wrong, once for each kind."""
        kind = (doing, type(error).__name__)
        if kind not in self._warned:
            self._warned.add(kind)
            _log.warning("autolog could not %s; the script runs on. %s: %s", doing, kind[1], error)
        _log.debug("autolog could not %s", doing, exc_info=error)

    def _work(self) -> None:
        try:
            self._record = self._begin()
        except Exception as error:  # noqa: BLE001 - the script must not fail for us
            self._is_over = True
            self.warn("open the store, and records nothing", error)
        finally:
            self._begun.set()
        if self._record is None:
            return
        for task in iter(self._tasks.get, None):
            try:
                task(self._record)
            except Exception as error:  # noqa: BLE001 - likewise
                self.warn("record something", error)
            self._tasks_done += 1
