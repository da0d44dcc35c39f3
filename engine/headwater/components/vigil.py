"""Vigil: whether a process still works on an execution that says it is RUNNING."""

import time
from typing import TYPE_CHECKING

from headwater.local.living import living
from headwater.services.heartbeats import STALE_BEATS, this_machine

if TYPE_CHECKING:
    from headwater.store import MetadataStore

_PATIENCE = 10
"""So many times longer is waited for a process of this machine that is there, and does not beat."""

_GAP_S = 5.0


class Vigil:
    """Watches one execution after the other for as long as somebody waits for it.

    What counts is a heart that does not beat while it is watched. How old its last beat was when it
    was first seen says nothing: a store that was away makes all of them old.

    Args:
        store: where heartbeats are.
    """

    def __init__(self, store: "MetadataStore") -> None:
        self._store = store
        self._seen: tuple[int, int] | None = None
        self._since = self._looked = 0.0

    def is_lost(self, execution_id: int) -> bool:
        """Return whether nobody works on an execution any more; to be asked every few seconds.

        Of a process of this machine the system tells whether it is gone. Of others three beats must
        be missing while they are watched; one without any has ended meanwhile, or came from another
        store.
        """
        beat = self._store.heartbeats.of(execution_id)
        if beat is None:
            return True
        is_here = beat.machine == this_machine()
        if is_here and living(beat.pid, beat.started) is None:
            return True
        now = time.monotonic()
        limit_s = STALE_BEATS * beat.interval_ms / 1_000 * (_PATIENCE if is_here else 1)
        seen = (execution_id, beat.time)
        if seen != self._seen or now - self._looked > max(_GAP_S, beat.interval_ms / 1_000):
            self._seen, self._since = seen, now
        self._looked = now
        return now - self._since > limit_s
