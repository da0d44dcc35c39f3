"""Cache: an earlier execution that stands in for a new one, because nothing that counts differs.

A hit needs an execution that ended well under the same fingerprint, all of whose outputs are LIVE,
and whose payloads are there, byte for byte: each is read and hashed. What it made outside of the
store the component looks at itself. The fingerprint is the
name of a context that those executions belong to, as TFX does it, so that looking one up is one
seek in an index whatever the number of runs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.components.component import Component
from headwater.components.contexts import ExecutionCache
from headwater.errors import DataLoss, NotFound
from headwater_schema import (
    Artifact,
    ArtifactState,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ListOptions,
    OrderField,
)

if TYPE_CHECKING:
    from headwater.objects import ObjectStore
    from headwater.store import MetadataStore

_AT_ONCE = 20


@dataclass(frozen=True)
class Hit:
    """An execution that stands in for a new one.

    Attributes:
        execution_id: the execution.
        outputs: ids of the artifacts that it made, by output.
    """

    execution_id: int
    outputs: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Miss:
    """That no execution can stand in.

    Attributes:
        reason: why those that were alike could not, if there were any.
    """

    reason: str = ""


def look_up(store: "MetadataStore", fingerprint: str, component: Component) -> Hit | Miss:
    """Return the newest execution that can stand in for one of that fingerprint.

    Args:
        store: where to look.
        fingerprint: its digest.
        component: what would run.
    """
    context = store.contexts.by_type_and_name(ExecutionCache.__name__, fingerprint)
    if context is None or context.id is None:
        return Miss()
    reason, token = "", ""
    while True:
        options = ListOptions(
            max_result_size=_AT_ONCE,
            order_by=OrderField.CREATE_TIME,
            is_asc=False,
            next_page_token=token,
        )
        page = store.executions.page(options, context_id=context.id, state=ExecutionState.COMPLETE)
        for execution in page.items:
            found = usable(store, execution, component)
            if isinstance(found, Hit):
                return found
            reason = reason or found.reason
        token = page.next_page_token
        if not token:
            return Miss(reason)


def usable(store: "MetadataStore", execution: Execution, component: Component) -> Hit | Miss:
    """Return what an execution made, or why not all of it can be used again.

    Args:
        store: where it is recorded.
        execution: one that ended well.
        component: what it ran.
    """
    execution_id = execution.id or 0
    events = store.edges.events_of_executions([execution_id])
    made, outputs = made_by(events), component.signature.outputs
    # An output of many may have none.
    missing = [key for key, spec in outputs.items() if key not in made and not spec.many]
    if missing:
        return Miss(f"execution {execution_id} has no output {missing[0]}")
    ids = [artifact_id for key in made for artifact_id in made[key]]
    artifacts = {artifact.id: artifact for artifact in store.artifacts.by_ids(ids)}
    for artifact_id in ids:
        problem = _problem(store.objects, artifacts.get(artifact_id))
        if problem:
            return Miss(f"artifact {artifact_id} of execution {execution_id} {problem}")
    problem = component.why_stale({key: [artifacts[i] for i in made[key]] for key in made})
    if problem:
        return Miss(f"what execution {execution_id} made {problem}")
    return Hit(execution_id, {key: tuple(made.get(key, ())) for key in outputs})


def made_by(events: Sequence[Event]) -> dict[str, list[int]]:
    """Return the ids of what OUTPUT events say was made, by output."""
    made: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.type is EventType.OUTPUT and event.path:
            made[event.path[0].key or ""].append(event.artifact_id)
    return dict(made)


def _problem(objects: "ObjectStore", artifact: Artifact | None) -> str:
    """Return why an artifact cannot be used again; empty if it can."""
    if artifact is None or artifact.deleted_time_since_epoch is not None:
        return "was deleted"
    if artifact.state is not ArtifactState.LIVE:
        return f"is {artifact.state or 'in no state'}"
    if artifact.digest is None:
        return ""
    try:
        objects.verify(artifact.digest)
    except NotFound:
        return "has lost its payload"
    except DataLoss:
        return "has another payload than was stored"
    return ""
