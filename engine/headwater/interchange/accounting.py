"""Accounting: what a store's content counts to, and what could not be taken over as it was."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

_EXAMPLES = 10


@dataclass(frozen=True)
class Oddity:
    """Rows of one sort that could not be taken over, or not as they were.

    Attributes:
        element: what the rows are, as in `Reconciled.element`.
        reason: what is odd about them, and what was done.
        count: how many there are.
        examples: the first of them.
        left_out: whether the rows are missing from the copy.
    """

    element: str
    reason: str
    count: int
    examples: tuple[str, ...]
    left_out: bool


class _Key(NamedTuple):
    element: str
    reason: str
    left_out: bool


class Oddities:
    """Counts oddities while a source is read. What is told of here is never silently dropped."""

    def __init__(self) -> None:
        self._found: dict[_Key, tuple[int, list[str]]] = {}

    def add(
        self, element: str, reason: str, example: str, *, left_out: bool = False, count: int = 1
    ) -> None:
        """Count rows with an oddity."""
        key = _Key(element, reason, left_out)
        known, examples = self._found.get(key, (0, []))
        if len(examples) < _EXAMPLES:
            examples.append(example[:300])
        self._found[key] = (known + count, examples)

    def left_out(self, element: str) -> int:
        """Return how many rows of an element are missing from the copy."""
        return sum(
            count
            for key, (count, _) in self._found.items()
            if key.element == element and key.left_out
        )

    def all(self) -> list[Oddity]:
        """Return all oddities, by element and reason."""
        return [
            Oddity(key.element, key.reason, count, tuple(examples), key.left_out)
            for key, (count, examples) in sorted(self._found.items())
        ]

    def to_text(self) -> str:
        """Return the oddities as text that `from_text` reads."""
        return json.dumps([[*key, *value] for key, value in self._found.items()])

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """Return the oddities that a text holds, none for none."""
        made = cls()
        for element, reason, left_out, count, examples in json.loads(text or "[]"):
            made._found[_Key(element, reason, left_out)] = (count, examples)
        return made


@dataclass(frozen=True)
class Reconciled:
    """One element's rows on both sides.

    Attributes:
        element: what is counted: `artifacts`, `INPUT events`, `attributions` …
        source: rows that the source has.
        copy: those that the copy has.
        left_out: those left out and told of.
    """

    element: str
    source: int
    copy: int
    left_out: int = 0

    @property
    def ok(self) -> bool:
        """Whether every row is accounted for."""
        return self.source == self.copy + self.left_out


def reconcile(
    source: Mapping[str, int], copy: Mapping[str, int], oddities: Oddities
) -> tuple[Reconciled, ...]:
    """Return both sides' counts, element by element, in the order of the source's."""
    elements: Iterable[str] = dict.fromkeys([*source, *copy])
    return tuple(
        Reconciled(name, source.get(name, 0), copy.get(name, 0), oddities.left_out(name))
        for name in elements
    )


@dataclass(frozen=True)
class Report:
    """What an import or export did.

    Attributes:
        source: where the content came from, without passwords.
        target: where it went.
        counts: both sides, element by element.
        oddities: what could not be taken over, or not as it was.
        resumed: whether an earlier run had begun the work.
        seconds: how long this run took.
        details: more of it, by name.
    """

    source: str
    target: str
    counts: tuple[Reconciled, ...]
    oddities: tuple[Oddity, ...]
    resumed: bool = False
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every row of the source is in the copy, or left out and told of."""
        return all(count.ok for count in self.counts)
