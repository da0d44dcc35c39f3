"""Prediction: which steps of a run the cache would answer, without running or recording anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from headwater.components.cache import Hit, look_up
from headwater.components.component import Step
from headwater.components.contexts import RunContexts
from headwater.components.fingerprint import (
    Code,
    Difference,
    Fingerprint,
    counting_environment,
    differences,
)
from headwater.components.launcher import Site, Task, prepared
from headwater.components.plan import Plan
from headwater.errors import HeadwaterError
from headwater_schema import ExecutionState, ListOptions, OrderField

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
            the same as before; ALWAYS_RUN where the component is not cached.
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
    site = Site(store, store.settings, None, counting_environment())
    codes = plan.codes()
    made: dict[tuple[str, str], tuple[int, ...]] = {}
    found: list[Prediction] = []
    unknown: set[str] = set()
    for step in plan.steps:
        awaited = [name for name in plan.needs(step) if name in unknown]
        if awaited:
            unknown.add(step.name)
            reason = f"depends on what {', '.join(awaited)} makes"
            found.append(Prediction(step.name, Guess.UNKNOWN, reason=reason))
            continue
        prediction, outputs = _predicted(plan, step, site, made, codes[step.name])
        found.append(prediction)
        if prediction.guess is Guess.HIT:
            made |= {(step.name, key): ids for key, ids in outputs.items()}
        else:
            unknown.add(step.name)
    return found


def _predicted(
    plan: Plan,
    step: Step,
    site: Site,
    made: Mapping[tuple[str, str], tuple[int, ...]],
    code: Code | None,
) -> tuple[Prediction, Mapping[str, tuple[int, ...]]]:
    if step.is_mapped:
        reason = "is run for each of several artifacts"
        return Prediction(step.name, Guess.UNKNOWN, reason=reason), {}
    names = step.component.signature.parameters
    task = Task(
        step.name,
        step.component,
        {name: getattr(step.execution, name) for name in names},
        step.sources,
        step.conditions,
        plan.series(step),
        RunContexts(plan.pipeline, "", 0, ()),
        made,
        code=code,
    )
    try:
        _, fingerprint = prepared(task, site)
    except HeadwaterError as error:
        return Prediction(step.name, Guess.MISS, reason=str(error)), {}
    if fingerprint is None:
        reason = "the component is not cached"
        return Prediction(step.name, Guess.ALWAYS_RUN, reason=reason), {}
    answer = look_up(site.store, fingerprint.digest, step.component.signature.outputs)
    if isinstance(answer, Hit):
        return Prediction(step.name, Guess.HIT, answer.execution_id), answer.outputs
    before = newest_fingerprint(site.store, step.component.name, step.name)
    missed = Prediction(step.name, Guess.MISS, reason=answer.reason or "was never run so")
    if before is None:
        return missed, {}
    return replace(missed, differences=tuple(differences(before, fingerprint))), {}


def newest_fingerprint(store: "MetadataStore", component: str, step: str) -> Fingerprint | None:
    """Return the fingerprint of the newest complete execution of a step, None without one.

    Args:
        store: where to look.
        component: the component's name.
        step: the step's name.
    """
    quoted = step.replace("\\", "\\\\").replace("'", "\\'")
    options = ListOptions(
        max_result_size=1,
        order_by=OrderField.CREATE_TIME,
        is_asc=False,
        filter_query=f"custom_properties.step.string_value = '{quoted}'",
    )
    page = store.executions.page(options, type_name=component, state=ExecutionState.COMPLETE)
    text = page.items[0].custom_properties.get("fingerprint") if page.items else None
    return Fingerprint.from_json(text) if isinstance(text, str) else None
