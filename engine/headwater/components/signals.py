"""Signals: what a component raises to say something that is no failure.

They are not errors: no class of `headwater.errors` is among them, and nothing is logged.
"""


class Signal(Exception):
    """What a component tells its launcher besides its outputs."""


class Skip(Signal):
    """There is nothing to do: the step makes no outputs, and what needs them is skipped too.

    Args:
        reason: why, for people; it is recorded.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
