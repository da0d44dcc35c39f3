"""Stand-ins: executions that the cache answered, beside those whose outputs they took.

A CACHED execution has OUTPUT events to artifacts that an earlier execution made. Owns the rule
which of an artifact's makers is passed over by those who ask what really made it. Knows nothing
of how events are fetched, compared or drawn.

Source: TFX records a cached execution like that (`publish_cached_executions`).
"""

from collections.abc import Collection, Iterable, Mapping

from headwater.query.parts import LineageEvent, NodeKey
from headwater_schema import EventType, ExecutionState

CACHED = str(ExecutionState.CACHED)
GONE = "DELETED"
"""State of a tombstone, whatever its last state was."""

Making = tuple[NodeKey, NodeKey]
"""An execution, and an artifact that it has an output event to."""


def passed_over(
    events: Iterable[LineageEvent],
    states: Mapping[NodeKey, str | None],
    *,
    own: Collection[NodeKey] = (),
) -> set[Making]:
    """Return which makings are not told, since another execution made the artifact.

    Where an execution that is neither CACHED nor deleted made an artifact, it alone did. Else the
    first CACHED one did: what it stood in for is known no longer.

    Args:
        events: of a lineage.
        states: of its executions; `GONE` for tombstones.
        own: executions that are asked about themselves, as those of a run are. Where only CACHED
            ones of them have an artifact, the first of those is told, and no other maker is.
    """
    cached = {key for key, state in states.items() if state == CACHED}
    if not cached:
        return set()
    makers: dict[NodeKey, dict[NodeKey, None]] = {}
    for event in events:
        if event.execution in cached and is_making(event):
            makers[event.artifact] = {}
    for event in events:
        if event.artifact in makers and is_making(event):
            makers[event.artifact][event.execution] = None
    return {
        (maker, artifact)
        for artifact, found in makers.items()
        for maker in found.keys() - _true_makers(sorted(found), states, own)
    }


def reached(
    starts: Iterable[NodeKey], steps: Mapping[NodeKey, Collection[NodeKey]]
) -> set[NodeKey]:
    """Return the starts and all that is reached from them, once some makings are passed over.

    Args:
        starts: where to begin.
        steps: the nodes one step further, by node.
    """
    found = set(starts)
    ahead = list(found)
    while ahead:
        for key in steps.get(ahead.pop(), ()):
            if key not in found:
                found.add(key)
                ahead.append(key)
    return found


def making(event: LineageEvent) -> Making:
    """Return the two ends of an output event."""
    return event.execution, event.artifact


def is_input(event: LineageEvent) -> bool:
    """Return whether an event says that its execution read its artifact."""
    return EventType(event.type).is_input


def is_making(event: LineageEvent) -> bool:
    """Return whether an event says that its execution made its artifact, not only that it will."""
    return event.type != EventType.PENDING_OUTPUT and not is_input(event)


def _true_makers(
    makers: list[NodeKey], states: Mapping[NodeKey, str | None], own: Collection[NodeKey]
) -> set[NodeKey]:
    cached = [key for key in makers if states.get(key) == CACHED]
    ran = {key for key in makers if states.get(key) not in (CACHED, GONE)}
    if own and not any(key in own for key in ran):
        asked = [key for key in cached if key in own]
        if asked:
            return {asked[0]}
    return ran or {cached[0]}
