"""Tasks: what a launcher is told of a step, and where it works.

A task can be sent between processes; a site cannot, and each process has its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headwater.components.component import Component, Step
from headwater.components.contexts import RunContexts
from headwater.components.fingerprint import Code, Versions
from headwater.components.isolation import Stop
from headwater.components.sources import Condition, Source
from headwater.objects import ObjectPlace
from headwater.settings import Settings

if TYPE_CHECKING:
    from headwater.store import MetadataStore


@dataclass(frozen=True)
class Task:
    """What a launcher is told of one step.

    Attributes:
        step: the step's name.
        component: what runs.
        parameters: its parameters, by name.
        sources: where its inputs come from, by input.
        conditions: what must hold.
        series: the series of each output.
        contexts: of the run.
        made: ids of what the steps before made, by step and output.
        code: what the component's code depends on; None where it is not to be cached. Read by
            the run before any step begins: Python 3.11 cannot read code in several threads.
        isolated: whether the executor gets a process of its own.
        reuse: whether the cache is asked; what runs is put there in any case.
    """

    step: str
    component: Component
    parameters: Mapping[str, Any]
    sources: Mapping[str, Source]
    conditions: Sequence[Condition]
    series: Mapping[str, str]
    contexts: RunContexts
    made: Mapping[tuple[str, str], Sequence[int]]
    code: Code | None = None
    isolated: bool = False
    reuse: bool = True

    @classmethod
    def of(
        cls,
        step: Step,
        *,
        series: Mapping[str, str],
        contexts: RunContexts,
        made: Mapping[tuple[str, str], Sequence[int]],
        code: Code | None,
        reuse: bool = True,
    ) -> "Task":
        """Return what a launcher is told of a step of a plan."""
        return cls(
            step.name,
            step.component,
            step.component.parameters_of(step.execution),
            step.sources,
            step.conditions,
            series,
            contexts,
            made,
            code=code,
            reuse=reuse,
        )


@dataclass(frozen=True)
class Site:
    """Where a launcher works.

    Attributes:
        store: where it records; patient, since the store may be away for a while.
        settings: of the store.
        objects: where payloads lie, for processes of their own.
        environment_id: of the artifact that says what runs here.
        environment: what of it counts for the cache.
        stop: ends what is under way when the run is cancelled.
        is_elsewhere: whether this is another process than the run's, whose code may differ and
            which learns only from its heartbeats that the run was cancelled.
    """

    store: "MetadataStore"
    settings: Settings
    objects: ObjectPlace
    environment_id: int | None
    environment: Versions
    stop: Stop = field(default_factory=Stop)
    is_elsewhere: bool = False
