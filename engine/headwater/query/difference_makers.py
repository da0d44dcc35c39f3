"""Makers in a difference: each history by what really made it, without what stood in for that.

Steps that the cache answered make no two histories unlike: what they would have read is, byte for
byte, what the step had read whose outputs they took. What led to them alone is no part of a history
either, since nothing that made its root has read it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from headwater.query.difference_parts import Fact, Provenance
from headwater.query.parts import LineageEvent, NodeKey
from headwater.query.stand_ins import GONE, is_input, is_making, making, passed_over, reached
from headwater_schema import TypeKind


def as_made(graph: Provenance) -> Provenance:
    """Return a history without CACHED executions whose outputs another one in it made.

    What only they had read is left out with them. Of a context, its own CACHED executions stay
    where none of its others made what they have: they say what that run read. Elsewhere a CACHED
    execution stays as the root, and where what it stood in for is not known any more.
    """
    states = {key: _state(fact) for key, fact in graph.nodes.items() if _is_execution(key)}
    own: set[NodeKey] = set()
    if graph.root.kind is TypeKind.CONTEXT:
        own = {node for node, context in graph.members if context == graph.root}
    settled = _settled(graph.events)
    left_out = passed_over(settled, states, own=own)
    if not left_out:
        return replace(graph, events=settled)
    events = [e for e in settled if is_input(e) or making(e) not in left_out]
    starts = {graph.root} | (own - _idle({maker for maker, _ in left_out}, events))
    kept = _upstream(starts, events)
    members = [(node, context) for node, context in graph.members if node in kept]
    kept |= {context for _, context in members}
    return replace(
        graph,
        nodes={key: fact for key, fact in graph.nodes.items() if key in kept},
        events=[e for e in events if e.target in kept],
        members=members,
    )


def _is_execution(key: NodeKey) -> bool:
    return key.kind is TypeKind.EXECUTION


def _state(fact: Fact) -> str | None:
    state: Any = fact.values.get("state")
    return GONE if fact.gone else state


def _settled(events: Sequence[LineageEvent]) -> list[LineageEvent]:
    """Return events without those that say of something made that it will be."""
    made = {making(event) for event in events if is_making(event)}
    return [e for e in events if is_input(e) or is_making(e) or making(e) not in made]


def _idle(makers: set[NodeKey], events: Iterable[LineageEvent]) -> set[NodeKey]:
    """Return which makers make nothing that is told."""
    return makers - {event.execution for event in events if is_making(event)}


def _upstream(starts: set[NodeKey], events: Iterable[LineageEvent]) -> set[NodeKey]:
    before: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for event in events:
        before[event.target].append(event.source)
    return reached(starts, before)
