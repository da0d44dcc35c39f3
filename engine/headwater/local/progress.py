"""How a long step tells how far it is. Draws nothing: a face does."""

from typing import Protocol


class Progress(Protocol):
    """What a face draws: one task at a time, begun, advanced, ended."""

    def begin(self, task: str, total: int | None) -> None:
        """Start a task of `total` units, or of unknown length."""

    def advance(self, amount: int) -> None:
        """Count `amount` more units of the task as done."""

    def end(self) -> None:
        """End the task, done or not."""


class Silent:
    """A `Progress` that nobody looks at."""

    def begin(self, task: str, total: int | None) -> None:
        """Do nothing."""

    def advance(self, amount: int) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""
