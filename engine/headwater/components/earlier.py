"""Earlier: what a run that is resumed has done already."""

from typing import TYPE_CHECKING

from headwater.components.cache import made_by
from headwater.components.component import Step
from headwater.components.contexts import RunContexts
from headwater.components.launcher import Ended, StepState
from headwater.components.plan import Plan
from headwater_schema import ArtifactState, Execution, ExecutionState

if TYPE_CHECKING:
    from headwater.store import MetadataStore

_GOOD = {ExecutionState.COMPLETE: StepState.COMPLETE, ExecutionState.CACHED: StepState.CACHED}


def earlier_steps(store: "MetadataStore", plan: Plan, contexts: RunContexts) -> list[Ended]:
    """Return how the steps ended that need not be run again.

    Those are the steps that ended well in the run with the same parameters, whose outputs are
    LIVE, and all of whose needs are among them. A mapped step is run again; its parts are in the
    cache.

    Args:
        store: where the run is recorded.
        plan: what is to be run.
        contexts: of the run.
    """
    latest: dict[str, Execution] = {}
    for execution in store.executions.in_context(contexts.run_id):
        step = execution.custom_properties.get("step")
        if isinstance(step, str):
            latest[step] = execution
    found: dict[str, Ended] = {}
    for step in plan.steps:
        known = latest.get(step.name)
        if known is None or step.is_mapped or not set(plan.needs(step)) <= found.keys():
            continue
        state = _GOOD.get(known.last_known_state) if known.last_known_state else None
        if state is None or not _is_alike(step, known):
            continue
        outputs = outputs_of(store, step, known)
        if outputs is not None:
            found[step.name] = Ended(
                step.name, state, known.id, outputs, "in the run that is resumed", attempts=0
            )
    return list(found.values())


def _is_alike(step: Step, known: Execution) -> bool:
    return dict(known.properties) == step.execution.properties


def outputs_of(
    store: "MetadataStore", step: Step, known: Execution
) -> dict[str, tuple[int, ...]] | None:
    """Return the ids of what an execution made of a step's outputs; None if some is no longer LIVE.

    Args:
        store: where it is recorded.
        step: whose outputs are meant.
        known: the execution.
    """
    made = made_by(store.edges.events_of_executions([known.id or 0]))
    keys = step.component.signature.outputs
    ids = [i for key in made for i in made[key]]
    live = [a for a in store.artifacts.by_ids(ids) if a.state is ArtifactState.LIVE]
    if len(live) < len(set(ids)) or any(key not in made and not keys[key].many for key in keys):
        return None
    return {key: tuple(made.get(key, ())) for key in keys}
