"""Ids: int64 numbers for nodes and events, taken in blocks.

A block starts at one id and doubles up to 1,000 while requests follow each other; what is
left of it is dropped after a second without one, so that a store at rest wastes little and a
store under load asks the database for ids once in a thousand nodes.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headwater.graph.session import Graph
from headwater.graph.statements import load

LARGEST_BLOCK = 1_000
IDLE_S = 1.0


@dataclass(slots=True)
class _Block:
    """Ids from `first` up to, not including, `end`, and how many to take the next time."""

    first: int = 0
    end: int = 0
    size: int = 1
    used_at: float = 0.0

    def use(self, count: int) -> list[int]:
        """Return the next ids, as many as there are up to the count."""
        ids = list(range(self.first, min(self.end, self.first + count)))
        self.first += len(ids)
        return ids


class IdBlocks:
    """The blocks of ids that this process holds. Safe to share between threads.

    Args:
        graph: the database.
        monotonic: seconds, for tests.
    """

    def __init__(self, graph: Graph, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._graph = graph
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._blocks: dict[tuple[str, str], _Block] = {}

    def take(self, namespace: str, counts: Mapping[str, int]) -> dict[str, Sequence[int]]:
        """Return that many new ids of each kind, ascending; at most one round trip.

        Ids of one kind ascend within this process; other processes' lie between them.
        """
        wanted = {kind: count for kind, count in counts.items() if count > 0}
        with self._lock:
            now = self._monotonic()
            blocks = {kind: self._block(namespace, kind, now) for kind in wanted}
            taken = {kind: block.use(wanted[kind]) for kind, block in blocks.items()}
            self._refill(namespace, blocks, {k: n - len(taken[k]) for k, n in wanted.items()})
            for kind, block in blocks.items():
                taken[kind] += block.use(wanted[kind] - len(taken[kind]))
        return {kind: taken.get(kind, []) for kind in counts}

    def forget(self, namespace: str) -> None:
        """Drop what is held for a namespace, because its counters start again."""
        with self._lock:
            for key in [key for key in self._blocks if key[0] == namespace]:
                del self._blocks[key]

    def _block(self, namespace: str, kind: str, now: float) -> _Block:
        block = self._blocks.setdefault((namespace, kind), _Block())
        if now - block.used_at > IDLE_S:
            block.first, block.end, block.size = 0, 0, 1
        block.used_at = now
        return block

    def _refill(
        self, namespace: str, blocks: Mapping[str, _Block], missing: Mapping[str, int]
    ) -> None:
        short = [(kind, count) for kind, count in missing.items() if count > 0]
        if not short:
            return
        wanted = [(kind, max(count, blocks[kind].size)) for kind, count in short]
        rows = self._graph.write_alone(
            load("counter/take"), namespace=namespace, wanted=[list(want) for want in wanted]
        )
        for (kind, size), row in zip(wanted, rows, strict=True):
            block = blocks[kind]
            block.first, block.end = row[0], row[0] + size
            block.size = min(block.size * 2, LARGEST_BLOCK)
