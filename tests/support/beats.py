"""Heartbeats of processes that died a while ago, or on another host."""

import headwater
from headwater.graph.statements import Statement

_SILENCE = Statement(
    "test/silence",
    """
    MATCH (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
    SET beat.time = 1000, beat.host = coalesce($host, beat.host), beat.pid = coalesce($pid, beat.pid)
    """,
)


def silence(
    store: headwater.MetadataStore,
    execution_id: int,
    *,
    host: str | None = None,
    pid: int | None = None,
) -> None:
    """Put the last heartbeat of an execution far into the past, and elsewhere if that is said."""
    store._graph.write_alone(  # noqa: SLF001 - no user makes time pass
        _SILENCE, namespace=store.namespace, execution_id=execution_id, host=host, pid=pid
    )
