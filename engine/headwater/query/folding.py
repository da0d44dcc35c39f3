"""Folding: a lineage as eyes want it, without what would bury the answer, and a count of that.

After some re-runs every artifact has a CACHED maker for each, and every step the environment it ran
in. Folded, a CACHED execution gives way to the one whose outputs it took, and an environment is told
on the lines of the executions that ran in it. Only drawings are folded: data stay whole.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headwater.query.parts import ENVIRONMENT_TYPE, Direction, LineageEvent, LineageNode, NodeKey
from headwater.query.stand_ins import CACHED, Making, is_input, making, passed_over, reached
from headwater.query.tree_drawing import QUIET_STATES, to_rich, to_text
from headwater_schema import EventType, TypeKind

if TYPE_CHECKING:
    from rich.tree import Tree

    from headwater.query.answers import Lineage

_UPSTREAM = frozenset({Direction.UPSTREAM, Direction.BOTH})
_DOWNSTREAM = frozenset({Direction.DOWNSTREAM, Direction.BOTH, Direction.BETWEEN})


@dataclass(frozen=True)
class Folded:
    """A lineage to draw, and what is folded into it.

    Attributes:
        lineage: what is drawn.
        remarks: what is said on a node's line besides, by node: `in environment@1`.
        cached: how many CACHED executions gave way to those they stood in for.
        behind: how many nodes are left out that only these lead to.
        environments: how many environments are told on lines, or left out with the rest.
    """

    lineage: "Lineage"
    remarks: Mapping[NodeKey, str]
    cached: int = 0
    behind: int = 0
    environments: int = 0

    @property
    def told(self) -> str:
        """What is folded, in words; empty where nothing is."""
        counts = (
            (self.cached, "CACHED execution", ""),
            (self.behind, "node", " behind them" if self.cached > 1 else " behind it"),
            (self.environments, "environment", ""),
        )
        parts = [f"{n:,} {noun}{'s' * (n > 1)}{tail}" for n, noun, tail in counts if n]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

    def tree(self) -> str:
        """Return the tree in plain text."""
        return to_text(self.lineage, remarks=self.remarks)

    def __rich__(self) -> "Tree":
        """Return the coloured tree that rich prints."""
        return to_rich(self.lineage, remarks=self.remarks)


def fold(lineage: "Lineage") -> Folded:
    """Return a lineage without the CACHED executions and environments that bury the answer.

    A CACHED execution is left out where the answer has other makers of all of its outputs that are
    in it, and upstream, with it, what only such executions lead to. Where an artifact could not be
    reached downstream any more, all of them stay.
    """
    nodes = {node.key: node for node in lineage.nodes}
    events, cached, gone = _without_stand_ins(lineage, nodes)
    left = {key: node for key, node in nodes.items() if key not in gone}
    ran_in = _environments(left, events)
    told = {environment for found in ran_in.values() for environment in found}
    hidden = {key for key in gone if nodes[key].type == ENVIRONMENT_TYPE}
    return Folded(
        replace(
            lineage,
            nodes=[node for key, node in left.items() if key not in told],
            events=[event for event in events if event.artifact not in told],
        ),
        {key: _remark([nodes[each] for each in found]) for key, found in ran_in.items()},
        cached=len(cached),
        behind=len(gone - cached - hidden),
        environments=len(told | hidden),
    )


def _without_stand_ins(
    lineage: "Lineage", nodes: Mapping[NodeKey, LineageNode]
) -> tuple[Sequence[LineageEvent], set[NodeKey], set[NodeKey]]:
    """Return the events to draw, the CACHED executions that gave way, and all nodes that are gone."""
    starts = {lineage.start} | {key for key, node in nodes.items() if node.distance == 0}
    passed = _passed_over(lineage, nodes, starts)
    if not passed:
        return lineage.events, set(), set()
    shown = [e for e in lineage.events if is_input(e) or making(e) not in passed]
    cached = {maker for maker, _ in passed}
    idle = cached - {e.execution for e in shown if not is_input(e)}
    shown = [event for event in shown if event.execution not in idle]
    outside = {key for e in lineage.events for key in (e.source, e.target)} - nodes.keys()
    up, down = _reached(starts | outside, lineage.events, lineage.direction)
    up_left, down_left = _reached(starts | outside, shown, lineage.direction)
    missing = (down - down_left) - up_left - idle
    if any(key.kind is TypeKind.ARTIFACT for key in missing):
        return lineage.events, set(), set()
    gone = idle | (((up | down) - up_left - down_left) & nodes.keys())
    return [e for e in shown if not {e.artifact, e.execution} & gone], cached, gone


def _passed_over(
    lineage: "Lineage", nodes: Mapping[NodeKey, LineageNode], starts: Collection[NodeKey]
) -> set[Making]:
    states = {k: node.state for k, node in nodes.items() if k.kind is TypeKind.EXECUTION}
    # What was asked about stays, and of makers outside of the answer nothing is known.
    known = [e for e in lineage.events if e.execution in states and e.execution not in starts]
    return {pair for pair in passed_over(known, states) if states[pair[0]] == CACHED}


def _reached(
    starts: Collection[NodeKey], events: Iterable[LineageEvent], direction: Direction
) -> tuple[set[NodeKey], set[NodeKey]]:
    """Return what can be reached upstream, and what downstream, as far as either was asked for."""
    before: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    after: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for event in events:
        before[event.target].append(event.source)
        after[event.source].append(event.target)
    return (
        reached(starts, before) if direction in _UPSTREAM else set(),
        reached(starts, after) if direction in _DOWNSTREAM else set(),
    )


def _environments(
    nodes: Mapping[NodeKey, LineageNode], events: Iterable[LineageEvent]
) -> dict[NodeKey, dict[NodeKey, None]]:
    """Return the environments that each execution ran in, but for those that are more than that."""
    candidates = {k for k, node in nodes.items() if node.type == ENVIRONMENT_TYPE and node.distance}
    found: dict[NodeKey, dict[NodeKey, None]] = defaultdict(dict)
    for event in events:
        if event.artifact in candidates:
            if event.type != EventType.INTERNAL_INPUT or event.execution not in nodes:
                candidates.discard(event.artifact)
            found[event.execution][event.artifact] = None
    told = {key: {e: None for e in known if e in candidates} for key, known in found.items()}
    return {key: known for key, known in told.items() if known}


def _remark(environments: Sequence[LineageNode]) -> str:
    states = (None if node.state in QUIET_STATES else node.state for node in environments)
    return "in " + ", ".join(
        f"{node.title} {state}" if state else node.title
        for node, state in zip(environments, states, strict=True)
    )
