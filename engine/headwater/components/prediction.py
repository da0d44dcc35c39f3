"""Prediction: which steps of a run the cache would answer, without running or recording anything."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from headwater.components.cache import Hit, Miss, look_up, usable
from headwater.components.component import Step
from headwater.components.contexts import RunContexts
from headwater.components.endings import reason_of
from headwater.components.environment import Environment, versions_of
from headwater.components.fingerprint import (
    Code,
    Difference,
    Fingerprint,
    Versions,
    counting_environment,
    differences,
)
from headwater.components.launcher import prepared
from headwater.components.plan import Plan
from headwater.components.publisher import FINGERPRINT
from headwater.components.task import Site, Task
from headwater.errors import DataLoss, HeadwaterError, InvalidArgument, NotFound
from headwater.opening import object_place
from headwater_schema import EventType, Execution, ExecutionState, ListOptions, OrderField

if TYPE_CHECKING:
    from headwater.store import MetadataStore


class Guess(StrEnum):
    """What is predicted of a step."""

    HIT = "HIT"
    MISS = "MISS"
    UNKNOWN = "UNKNOWN"
    ALWAYS_RUN = "ALWAYS_RUN"


@dataclass(frozen=True)
class Prediction:
    """What is predicted of one step.

    Attributes:
        step: the step's name.
        guess: HIT; MISS; UNKNOWN where a step before must run first, whose outputs may turn out
            the same as before; ALWAYS_RUN where the component is not cached. What follows such a
            step is predicted as if it made what it made last, which `reason` says.
        execution_id: of a HIT, the execution that would stand in.
        reason: why it is no HIT.
        differences: of a MISS, from the newest execution of the same step, in the order code,
            parameters, inputs, environment.
    """

    step: str
    guess: Guess
    execution_id: int | None = None
    reason: str = ""
    differences: tuple[Difference, ...] = field(default=())


def predict(plan: Plan, store: "MetadataStore") -> list[Prediction]:
    """Return what the cache would say to each step of a plan, in the order of the plan.

    Args:
        plan: what would be run.
        store: where it would be recorded; nothing is.
    """
    objects = object_place(store.settings, start=False)
    site = Site(store, store.settings, objects, None, counting_environment())
    codes = plan.codes()
    guessing = _Guessing(plan, site)
    return [guessing.step(step, codes[step.name]) for step in plan.steps]


class _Guessing:
    """What is known of the steps that were looked at so far."""

    def __init__(self, plan: Plan, site: Site) -> None:
        self._plan = plan
        self._site = site
        self._made: dict[tuple[str, str], tuple[int, ...]] = {}
        self._unknown: set[str] = set()
        self._assumed: dict[str, str] = {}

    def step(self, step: Step, code: Code | None) -> Prediction:
        """Return what is predicted of a step, after all that it needs."""
        needs = self._plan.needs(step)
        awaited = [name for name in needs if name in self._unknown]
        assumed = next((self._assumed[name] for name in needs if name in self._assumed), "")
        if awaited:
            reason = f"depends on what {', '.join(awaited)} makes"
            found = Prediction(step.name, Guess.UNKNOWN, reason=reason)
        elif step.is_mapped:
            reason = "is run for each of several artifacts"
            found = Prediction(step.name, Guess.UNKNOWN, reason=reason)
        elif code is None:
            return self._always_run(step)
        else:
            found = self._looked_up(step, code)
        if found.guess is Guess.HIT and assumed:
            found = replace(found, reason=assumed)
        if assumed:
            self._assumed[step.name] = assumed
        if found.guess is not Guess.HIT:
            self._unknown.add(step.name)
        return found

    def _always_run(self, step: Step) -> Prediction:
        """Take what the step made last for what it will make."""
        known = _newest(self._site.store, step)
        made = Miss() if known is None else usable(self._site.store, known, step.component)
        if isinstance(made, Hit):
            self._made |= {(step.name, key): ids for key, ids in made.outputs.items()}
            self._assumed[step.name] = f"if {step.name} makes what it made last"
        else:
            self._unknown.add(step.name)
        reason = "the component is not cached"
        return Prediction(step.name, Guess.ALWAYS_RUN, reason=reason)

    def _looked_up(self, step: Step, code: Code) -> Prediction:
        store = self._site.store
        try:
            task = Task.of(
                step,
                series=self._plan.series(step),
                contexts=RunContexts(self._plan.pipeline, "", 0, ()),
                made=self._made,
                code=code,
            )
            _, fingerprint = prepared(task, self._site)
        except HeadwaterError as error:
            return Prediction(step.name, Guess.MISS, reason=str(error))
        except Exception as error:  # noqa: BLE001 - drivers, and what looks outside: the user's
            return Prediction(step.name, Guess.MISS, reason=reason_of(error))
        if fingerprint is None:
            return Prediction(step.name, Guess.ALWAYS_RUN, reason="the component is not cached")
        answer = look_up(store, fingerprint.digest, step.component)
        if isinstance(answer, Hit):
            self._made |= {(step.name, key): ids for key, ids in answer.outputs.items()}
            return Prediction(step.name, Guess.HIT, answer.execution_id)
        before = newest_fingerprint(store, step)
        differing = () if before is None else tuple(differences(before, fingerprint))
        reason = answer.reason or "was never run so"
        return Prediction(step.name, Guess.MISS, reason=reason, differences=differing)


def newest_fingerprint(store: "MetadataStore", step: Step) -> Fingerprint | None:
    """Return the fingerprint of the newest complete execution of a step, None without one.

    Args:
        store: where to look.
        step: the step.
    """
    known = _newest(store, step)
    text = None if known is None else known.custom_properties.get(FINGERPRINT)
    if known is None or not isinstance(text, str):
        return None
    try:
        found = Fingerprint.from_json(text)
    except InvalidArgument:  # of a version before this one
        return None
    versions = _versions(store, known)
    alike = versions is not None and versions.digest == found.environment.digest
    return replace(found, environment=versions) if versions is not None and alike else found


def _versions(store: "MetadataStore", execution: Execution) -> Versions | None:
    """Return what counted of the environment that an execution ran in; None where that is lost."""
    events = store.edges.events_of_executions([execution.id or 0])
    ids = [event.artifact_id for event in events if event.type is EventType.INTERNAL_INPUT]
    for artifact in store.artifacts.by_ids(ids):
        if artifact.type == Environment.__name__ and artifact.digest is not None:
            try:
                return versions_of(store.objects.read_bytes(artifact.digest))
            except (NotFound, DataLoss):
                return None
    return None


def _newest(store: "MetadataStore", step: Step) -> Execution | None:
    quoted = step.name.replace("\\", "\\\\").replace("'", "\\'")
    options = ListOptions(
        max_result_size=1,
        order_by=OrderField.CREATE_TIME,
        is_asc=False,
        filter_query=f"custom_properties.step.string_value = '{quoted}'",
    )
    page = store.executions.page(
        options, type_name=step.component.name, state=ExecutionState.COMPLETE
    )
    return page.items[0] if page.items else None
