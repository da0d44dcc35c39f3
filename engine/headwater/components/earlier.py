"""Earlier: what a run that is resumed has done already."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from headwater.components.cache import Hit, usable
from headwater.components.component import Step
from headwater.components.contexts import RunContexts
from headwater.components.endings import Ended, StepState
from headwater.components.fingerprint import Code, Fingerprint
from headwater.components.plan import Plan
from headwater.components.publisher import FINGERPRINT
from headwater.components.sources import Given, OutputRef, Several
from headwater.errors import InvalidArgument
from headwater_schema import EventType, Execution, ExecutionState

if TYPE_CHECKING:
    from headwater.store import MetadataStore

_GOOD = {ExecutionState.COMPLETE: StepState.COMPLETE, ExecutionState.CACHED: StepState.CACHED}


def earlier_steps(
    store: "MetadataStore", plan: Plan, contexts: RunContexts, codes: Mapping[str, Code | None]
) -> list[Ended]:
    """Return how the steps ended that need not be run again.

    Those are the steps that ended well in the run with the same component, code and parameters, that
    read what the steps before have made and what lies outside, whose outputs can be used again, and
    all of whose needs are among them. Of a component that is not cached the code is not looked at. A
    mapped step is run again; its parts are in the cache.

    Args:
        store: where the run is recorded.
        plan: what is to be run.
        contexts: of the run.
        codes: of each step; None where it is not cached.
    """
    latest: dict[str, Execution] = {}
    # Ids come in blocks, a process its own, so that a later one may be lower.
    for execution in sorted(store.executions.in_context(contexts.run_id), key=_made_at):
        step = execution.custom_properties.get("step")
        if isinstance(step, str):
            latest[step] = execution
    fingerprints, inputs_read = _fingerprints(store, latest), _inputs(store, latest)
    found: dict[str, Ended] = {}
    for step in plan.steps:
        known = latest.get(step.name)
        if known is None or step.is_mapped or not set(plan.needs(step)) <= found.keys():
            continue
        state = _GOOD.get(known.last_known_state) if known.last_known_state else None
        code = codes[step.name]
        if code is not None and not _is_alike(fingerprints.get(step.name), code, step):
            continue
        if state is None or dict(known.properties) != step.execution.properties:
            continue
        if known.type != step.component.name:
            continue
        if not _has_read(inputs_read[known.id or 0], step, found):
            continue
        outputs = usable(store, known, step.component)
        if isinstance(outputs, Hit):
            found[step.name] = Ended(
                step.name,
                state,
                known.id,
                outputs.outputs,
                "in the run that is resumed",
                attempts=0,
            )
    return list(found.values())


def _made_at(execution: Execution) -> tuple[int, int]:
    return execution.create_time_since_epoch or 0, execution.id or 0


def _inputs(
    store: "MetadataStore", latest: Mapping[str, Execution]
) -> defaultdict[int, defaultdict[str, set[int]]]:
    """Return the ids of what each step's execution read, by execution and input."""
    read: defaultdict[int, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    ids = [execution.id or 0 for execution in latest.values()]
    for event in store.edges.events_of_executions(ids):
        if event.type is EventType.INPUT and event.path:
            read[event.execution_id][event.path[0].key or ""].add(event.artifact_id)
    return read


def _has_read(read: Mapping[str, set[int]], step: Step, found: Mapping[str, Ended]) -> bool:
    """Return whether a step read, of what other steps make or the caller named, what it would now.

    Args:
        read: ids by input.
        step: as it would be run.
        found: how the steps before ended.
    """
    for key, source in step.sources.items():
        expected: set[int] = set()
        for part in source.sources if isinstance(source, Several) else (source,):
            if isinstance(part, OutputRef) and part.step in found:
                expected |= set(found[part.step].outputs.get(part.key, ()))
            elif isinstance(part, Given):
                expected |= set(part.ids)
            elif not isinstance(part, OutputRef):
                # What was the latest then is as good as what is now.
                break
        else:
            if read.get(key, set()) != expected:
                return False
    return True


def _is_alike(before: Fingerprint | None, code: Code, step: Step) -> bool:
    """Return whether code, and what a step reads outside of the store, are those of a fingerprint."""
    if before is None or before.code.digest != code.digest:
        return False
    try:
        now = step.component.outside_digests(step.component.parameters_of(step.execution))
    except Exception:  # noqa: BLE001 - the user's; the step runs, and is told it there
        return False
    return now == before.outside


def _fingerprints(
    store: "MetadataStore", latest: Mapping[str, Execution]
) -> dict[str, Fingerprint]:
    """Return the fingerprint of what each step's execution stands for, by step."""
    origins = {
        step: origin
        for step, execution in latest.items()
        if isinstance(origin := execution.custom_properties.get("cached_from"), int)
    }
    made = {node.id: node for node in store.executions.by_ids(set(origins.values()))}
    found: dict[str, Fingerprint] = {}
    for step, execution in latest.items():
        origin = made.get(origins[step]) if step in origins else execution
        text = None if origin is None else origin.custom_properties.get(FINGERPRINT)
        with suppress(InvalidArgument):  # of a version before this one
            if isinstance(text, str):
                found[step] = Fingerprint.from_json(text)
    return found
