"""Endings: where a step of a run is, and how steps and runs have ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from headwater.components.contexts import RunContexts
from headwater.errors import InvalidArgument

CANCELLED = "the run was cancelled"
"""Why a step ended, or did not begin, of a run that was."""


def reason_of(error: BaseException) -> str:
    """Return an error as the reason of a step: its kind, and what it says."""
    return f"{type(error).__name__}: {error}"


class StepState(StrEnum):
    """Where a step of a run is."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    CACHED = "CACHED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    NOT_RUN = "NOT_RUN"

    @property
    def is_good(self) -> bool:
        """Whether what needs the step may run."""
        return self in (StepState.COMPLETE, StepState.CACHED)


@dataclass(frozen=True)
class Ended:
    """How a step ended.

    Attributes:
        step: the step's name.
        state: COMPLETE, CACHED, SKIPPED, FAILED or CANCELED.
        execution_id: of its last execution; None where none was recorded.
        outputs: ids of what it made, by output.
        reason: why it was skipped, or failed; or which execution stood in.
        error: what it failed with.
        seconds: how long it took, inputs and records included.
        attempts: how often it was tried.
    """

    step: str
    state: StepState
    execution_id: int | None = None
    outputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    reason: str = ""
    error: BaseException | None = None
    seconds: float = 0.0
    attempts: int = 1


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: the run's name.
        contexts: its contexts.
        steps: how each step ended, in the order of the plan.
        seconds: how long it took.
    """

    run: str
    contexts: RunContexts
    steps: Mapping[str, Ended]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether no step failed or was cancelled."""
        bad = (StepState.FAILED, StepState.CANCELED, StepState.NOT_RUN)
        return not any(ended.state in bad for ended in self.steps.values())

    def ids(self, step: str, output: str) -> tuple[int, ...]:
        """Return the ids of the artifacts of an output; none where the step made none.

        Raises:
            InvalidArgument: there is no such step.
        """
        if step not in self.steps:
            raise InvalidArgument(
                f"Run {self.run!r} has no step {step!r}, but {', '.join(self.steps)}.", step=step
            )
        return self.steps[step].outputs.get(output, ())


Watch = Callable[[str, StepState, Ended | None], None]
"""Is told of each change of a step: its name, its state, and at its end how it ended."""
