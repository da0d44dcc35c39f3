"""Heartbeats of processes that died a while ago, or in another place."""

import headwater
from headwater.graph.statements import Statement

_SILENCE = Statement(
    "test/silence",
    """
    MERGE (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
    SET beat.time = 1000, beat += $properties
    """,
)


def silence(store: headwater.MetadataStore, execution_id: int, **properties: object) -> None:
    """Put the last heartbeat of an execution far into the past.

    Args:
        store: where it is.
        execution_id: whose it is; it gets one where it has none.
        **properties: of the beat, to be set besides.
    """
    store._graph.write_alone(  # noqa: SLF001 - no user makes time pass
        _SILENCE, namespace=store.namespace, execution_id=execution_id, properties=properties
    )
