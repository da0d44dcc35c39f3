"""Lineage subgraphs: what lies within hops of nodes that match a filter, up to where others match."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Row
from headwater.graph.statements import HOPS, Statement, load
from headwater.query.subgraph import (
    Cut,
    EventColumns,
    EventReceiver,
    Subgraph,
    SubgraphDirection,
    SubgraphQuestion,
)
from headwater.services.scope import Scope
from headwater_schema import EventType, TypeKind
from headwater_schema.stored import LABELS

ENDLESS = int(HOPS)

_STATEMENTS = {
    SubgraphDirection.UPSTREAM: "subgraph/upstream",
    SubgraphDirection.DOWNSTREAM: "subgraph/downstream",
    SubgraphDirection.BIDIRECTIONAL: "subgraph/bidirectional",
}
_OTHER = {TypeKind.ARTIFACT: TypeKind.EXECUTION, TypeKind.EXECUTION: TypeKind.ARTIFACT}
_EVENT_TYPES = {str(event_type): event_type for event_type in EventType}
_RANKS = {event_type: rank for rank, event_type in enumerate(EventType)}

_STARTS_AT_ONCE = 4
"""Starting nodes whose ways are walked in one statement, each on its own however much they share.

A walk is a quarter of an answer's cost; of 2, 4 and 8 that shared nearly all, one statement took
0.6, 0.7 and 0.75 of the time of rounds.
"""

_STRIDE = 8
"""By what the hops of a round grow; few values, as each is a statement that the server plans."""

_ROUND_EVENTS = 200_000
"""How many events a round may have to look at before hops are taken one at a time again."""


class Matching(Protocol):
    """What finds the nodes of one kind that match a filter."""

    def matching_ids(
        self, filter_query: str, *, among: Sequence[int] | None = None, limit: int | None = None
    ) -> list[int]:
        """Return ids of the nodes that match, by id: of all, or of those among."""
        ...


class SubgraphService:
    """Answers questions for lineage subgraphs in one namespace, as MLMD means them.

    Args:
        scope: what every service works with.
        artifacts: finds artifacts by a filter.
        executions: finds executions by a filter.
    """

    def __init__(self, scope: Scope, artifacts: Matching, executions: Matching) -> None:
        self._scope = scope
        self._matching = {TypeKind.ARTIFACT: artifacts, TypeKind.EXECUTION: executions}

    def subgraph(
        self, question: SubgraphQuestion, receiver: EventReceiver | None = None
    ) -> Subgraph:
        """Return the nodes within hops of the starting nodes, with their events and contexts.

        Events are followed in the question's direction. A node that an ending filter matches is
        not gone beyond; it and the events that reached it are there only if asked, and a
        starting node likewise. In one direction, events to nodes seen before are there too.

        Round trips: one for the starting nodes (two where some are left out), and one for the
        rest if there are at most four starting nodes and no ending filter. Otherwise one a hop, fewer
        where the graph is as narrow as a chain, and besides one for each ending filter each
        time, one for the contexts, and one for what lies beyond where hops cut the answer.

        Args:
            question: what is asked.
            receiver: takes the events instead of the answer, unordered.

        Raises:
            InvalidArgument: negative hops, no starting filter, or a filter that is none.
            NotFound: no node matches the starting filter.

        Source: MLMD GetLineageSubgraph, which leaves the order open and is silent about cuts.
        """
        kind, filter_query = question.starting
        if kind not in _OTHER:
            raise InvalidArgument(
                f"A lineage starts at artifacts or executions, asked for {kind.lower()}s."
            )
        if not filter_query:
            raise InvalidArgument(
                "Cannot list starting nodes if `filter_query` is unspecified.",
                hint="`id > 0` is every node.",
            )
        _check_hops(question)
        starting, left_out = self._starting(question)
        answer = self.subgraph_of(kind, starting, question, receiver)
        answer.cut = replace(answer.cut, starting_left_out=left_out)
        return answer

    def subgraph_of(
        self,
        kind: TypeKind,
        ids: Iterable[int],
        question: SubgraphQuestion,
        receiver: EventReceiver | None = None,
    ) -> Subgraph:
        """Return the subgraph from nodes that are known by id, instead of the question's filter.

        Args:
            kind: ARTIFACT or EXECUTION.
            ids: of nodes that exist.
            question: the rest; its `starting` and `max_starting` mean nothing here.
            receiver: takes the events instead of the answer, unordered.

        Raises:
            InvalidArgument: negative hops, or an ending filter that is none.
        """
        _check_hops(question)
        starting = sorted(set(ids))
        hops = question.max_num_hops
        hops = ENDLESS if hops is None else min(hops, ENDLESS)
        ends = question.ending_artifacts is not None or question.ending_executions is not None
        if len(starting) <= _STARTS_AT_ONCE and not ends:
            return self._at_once(kind, starting, question, hops, receiver)
        answer = self._by_rounds(kind, starting, question, hops)
        if receiver is not None:
            receiver.begin()
            receiver.add(answer.events)
            answer.events = EventColumns()
        return answer

    def _starting(self, question: SubgraphQuestion) -> tuple[list[int], int]:
        kind, filter_query = question.starting
        matching, most = self._matching[kind], question.max_starting
        limit = None if most is None else most + 1
        ids = matching.matching_ids(filter_query, limit=limit)
        if not ids:
            raise NotFound(
                "Cannot find qualified nodes to start the traversal: no "
                f"{kind.lower()} in namespace {self._scope.namespace!r} matches the filter.",
                kind=kind,
            )
        if most is None or len(ids) <= most:
            return ids, 0
        ids = sorted(matching.matching_ids(filter_query))
        return ids[:most], len(ids) - most

    def _at_once(
        self,
        kind: TypeKind,
        starting: list[int],
        question: SubgraphQuestion,
        hops: int,
        receiver: EventReceiver | None,
    ) -> Subgraph:
        expanded = _expanded(kind, hops)

        def take(rows: Iterator[Row]) -> Subgraph:
            events = EventColumns()
            sink: EventReceiver = events if receiver is None else receiver
            sink.begin()
            artifacts: set[int] = set()
            executions: set[int] = set()
            others = []
            for row in rows:
                if row[0] not in _EVENT_TYPES:
                    others.append(row)
                    continue
                chunk = _chunk(row, expanded, question.direction)
                artifacts.update(chunk.artifact_ids)
                executions.update(chunk.execution_ids)
                sink.add(chunk)
            parts = _joined(others)
            size, beyond, unfollowed = parts.pop("CUT").ids
            artifacts.update(parts[LABELS[TypeKind.ARTIFACT]].ids)
            executions.update(parts[LABELS[TypeKind.EXECUTION]].ids)
            if question.with_events and size:
                (artifacts if kind is TypeKind.ARTIFACT else executions).update(starting)
            answer = Subgraph(
                artifact_ids=sorted(artifacts),
                execution_ids=sorted(executions),
                events=_in_order(events),
                cut=Cut(hops=unfollowed > 0, nodes_beyond=beyond),
            )
            _link(answer, parts, question)
            return answer

        return self._scope.graph.gather(
            self._statement(kind, question.direction, min(hops + 1, ENDLESS)),
            take,
            namespace=self._scope.namespace,
            ids=starting,
            hops=hops,
            events=question.with_events,
            nodes=not question.with_events,
            links=question.with_links,
        )

    def _by_rounds(
        self, kind: TypeKind, starting: list[int], question: SubgraphQuestion, hops: int
    ) -> Subgraph:
        walk = _Walk(question, self._matching)
        frontier, base, stride = walk.start(kind, starting), 0, 1
        while frontier and base < hops:
            while stride > hops - base:
                stride //= _STRIDE
            fetched = self._fetch(kind, frontier, question.direction, stride)
            walk.judge(fetched)
            width, kept = len(frontier), len(walk.events)
            for _ in range(stride):
                frontier = walk.follow(kind, frontier, fetched)
                kind, base = _OTHER[kind], base + 1
                if not frontier:
                    break
            useful = len(walk.events) - kept
            stride = _next_stride(stride, (width, len(frontier)), (len(fetched.events), useful))
        answer = Subgraph(
            artifact_ids=walk.kept(TypeKind.ARTIFACT),
            execution_ids=walk.kept(TypeKind.EXECUTION),
            events=_in_order(walk.events) if question.with_events else EventColumns(),
        )
        if question.with_links:
            rows = self._scope.graph.read(
                load("subgraph/links"),
                namespace=self._scope.namespace,
                artifact_ids=answer.artifact_ids,
                execution_ids=answer.execution_ids,
            )
            _link(answer, _joined(rows), question)
        if frontier:
            fetched = self._fetch(kind, frontier, question.direction, 1)
            answer.cut = walk.beyond(kind, frontier, fetched)
        return answer

    def _fetch(
        self, kind: TypeKind, ids: Collection[int], direction: SubgraphDirection, hops: int
    ) -> "_Fetched":
        """Return the events of every node nearer than `hops` to some of the ids."""
        expanded = _expanded(kind, hops)

        def take(rows: Iterator[Row]) -> EventColumns:
            events = EventColumns()
            for row in rows:
                if row[0] in _EVENT_TYPES:
                    events.add(_chunk(row, expanded, direction))
            return events

        events = self._scope.graph.gather(
            self._statement(kind, direction, hops - 1),
            take,
            namespace=self._scope.namespace,
            ids=list(ids),
            hops=hops,
            events=True,
            nodes=False,
            links=False,
        )
        return _Fetched(events, direction)

    def _statement(self, kind: TypeKind, direction: SubgraphDirection, depth: int) -> Statement:
        return load(_STATEMENTS[direction], LABELS[kind]).at_depth(depth)


@dataclass(slots=True)
class _Part:
    """Columns of nodes, links or counts, as the server sent them."""

    ids: list[int] = field(default_factory=list)
    other_ids: list[int] = field(default_factory=list)


class _Fetched:
    """Events that were fetched, and which of them can be followed from a node."""

    def __init__(self, events: EventColumns, direction: SubgraphDirection) -> None:
        self.events = events
        self.ends = {
            TypeKind.ARTIFACT: events.artifact_ids,
            TypeKind.EXECUTION: events.execution_ids,
        }
        self.from_nodes: dict[TypeKind, defaultdict[int, list[int]]] = {
            kind: defaultdict(list) for kind in _OTHER
        }
        for kind in _OTHER:
            follows = {t for t in EventType if _follows(kind, t, direction)}
            from_nodes = self.from_nodes[kind]
            for index, (node_id, event_type) in enumerate(
                zip(self.ends[kind], events.types, strict=True)
            ):
                if event_type in follows:
                    from_nodes[node_id].append(index)


class _Walk:
    """A walk, hop by hop, over events that have been fetched."""

    def __init__(self, question: SubgraphQuestion, matching: dict[TypeKind, Matching]) -> None:
        self.events = EventColumns()
        self._question = question
        self._matching = matching
        self._one_way = question.direction is not SubgraphDirection.BIDIRECTIONAL
        self._seen: dict[TypeKind, set[int]] = {kind: set() for kind in _OTHER}
        self._ended: dict[TypeKind, set[int]] = {kind: set() for kind in _OTHER}
        self._judged: dict[TypeKind, set[int]] = {kind: set() for kind in _OTHER}
        self._ends: dict[TypeKind, set[int]] = {kind: set() for kind in _OTHER}

    def start(self, kind: TypeKind, ids: list[int]) -> Collection[int]:
        """Return the starting nodes that are not ending nodes too."""
        self._judge(kind, ids)
        self._ended[kind] = self._ends[kind].intersection(ids)
        self._seen[kind] = set(ids) - self._ended[kind]
        return self._seen[kind].copy()

    def judge(self, fetched: _Fetched) -> None:
        """Find out which of the nodes that were fetched are ending nodes."""
        for kind in _OTHER:
            self._judge(kind, fetched.ends[kind])

    def follow(
        self, kind: TypeKind, frontier: Collection[int], fetched: _Fetched
    ) -> Collection[int]:
        """Return the new nodes a hop away from nodes of a kind, and take the events to them."""
        other = _OTHER[kind]
        from_nodes, ends = fetched.from_nodes[kind], fetched.ends[other]
        indexes = [index for node_id in frontier for index in from_nodes.get(node_id, ())]
        seen, ended = self._seen[other], self._ended[other]
        reached = {ends[index] for index in indexes}
        new = reached - seen - ended
        ended |= new & self._ends[other]
        new -= ended
        wanted = new.copy()
        if self._one_way:
            wanted |= reached & seen
        if self._includes(other):
            wanted |= reached & ended
        _append(self.events, fetched.events, [i for i in indexes if ends[i] in wanted])
        seen |= new
        return new

    def beyond(self, kind: TypeKind, frontier: Collection[int], fetched: _Fetched) -> Cut:
        """Return what one more hop would have added; the walk is of no use after it."""
        self.judge(fetched)
        nodes, events = len(self.kept(_OTHER[kind])), len(self.events)
        self.follow(kind, frontier, fetched)
        return Cut(
            hops=len(self.events) > events,
            nodes_beyond=len(self.kept(_OTHER[kind])) - nodes,
        )

    def kept(self, kind: TypeKind) -> list[int]:
        """Return the ids of the nodes of a kind that the answer has."""
        ended = self._ended[kind] if self._includes(kind) else set()
        return sorted(self._seen[kind] | ended)

    def _includes(self, kind: TypeKind) -> bool:
        ending = self._question.ending(kind)
        return ending is not None and ending.include

    def _judge(self, kind: TypeKind, ids: Iterable[int]) -> None:
        ending = self._question.ending(kind)
        if ending is None:
            return
        asked = set(ids) - self._judged[kind]
        self._judged[kind] |= asked
        if not ending.filter_query:
            self._ends[kind] |= asked
        elif asked:
            matching = self._matching[kind]
            self._ends[kind].update(matching.matching_ids(ending.filter_query, among=sorted(asked)))


def _check_hops(question: SubgraphQuestion) -> None:
    hops = question.max_num_hops
    if hops is not None and hops < 0:
        raise InvalidArgument(
            f"max_num_hops cannot be negative: max_num_hops = {hops}.", max_num_hops=hops
        )


def _follows(kind: TypeKind, event_type: EventType, direction: SubgraphDirection) -> bool:
    """Return whether an event leads on from its end of that kind."""
    match direction:
        case SubgraphDirection.BIDIRECTIONAL:
            return True
        case SubgraphDirection.DOWNSTREAM:
            return event_type.is_input == (kind is TypeKind.ARTIFACT)
        case SubgraphDirection.UPSTREAM:
            return event_type.is_input == (kind is TypeKind.EXECUTION)


def _next_stride(stride: int, widths: tuple[int, int], fetched: tuple[int, int]) -> int:
    """Return how many hops to take next.

    More where the graph is narrow, so that a chain does not cost a round trip a hop; one where
    it grows, where starting nodes would walk the same ways, or where the walk came back to
    what it had seen.
    """
    (before, after), (events, useful) = widths, fetched
    looked_at = after * events * _STRIDE
    if after > before or useful * 3 < events or looked_at > _ROUND_EVENTS:
        return 1 if stride == 1 else stride // _STRIDE
    return stride * _STRIDE


def _joined(rows: list[Row]) -> "defaultdict[str, _Part]":
    parts: defaultdict[str, _Part] = defaultdict(_Part)
    for name, ids, other_ids, *_ in rows:
        part = parts[name]
        part.ids += ids
        part.other_ids += other_ids or ()
    return parts


def _expanded(kind: TypeKind, hops: int) -> TypeKind:
    """Return of which kind the nodes are that the server expands where direction does not count."""
    return kind if hops % 2 else _OTHER[kind]


def _chunk(row: Row, expanded: TypeKind, direction: SubgraphDirection) -> EventColumns:
    """Return events of one type; which end the server expanded follows from the question."""
    name, ids, other_ids, times, paths = row
    event_type = _EVENT_TYPES[name]
    if direction is SubgraphDirection.BIDIRECTIONAL:
        from_artifacts = expanded is TypeKind.ARTIFACT
    else:
        from_artifacts = _follows(TypeKind.ARTIFACT, event_type, direction)
    return EventColumns(
        *((ids, other_ids) if from_artifacts else (other_ids, ids)),
        [event_type] * len(ids),
        [None if time is False else time for time in times],
        [path or None for path in paths],
    )


def _in_order(events: EventColumns) -> EventColumns:
    """Return the events by execution, artifact and type; one int a key is what sorts quickest."""
    ranks = len(_RANKS)
    width = ranks * (max(events.artifact_ids, default=0) + 1)
    keys = [
        execution_id * width + artifact_id * ranks + _RANKS[event_type]
        for execution_id, artifact_id, event_type in zip(
            events.execution_ids, events.artifact_ids, events.types, strict=True
        )
    ]
    columns = EventColumns()
    _append(columns, events, sorted(range(len(keys)), key=keys.__getitem__))
    return columns


def _append(columns: EventColumns, more: EventColumns, indexes: list[int]) -> None:
    columns.artifact_ids += [more.artifact_ids[i] for i in indexes]
    columns.execution_ids += [more.execution_ids[i] for i in indexes]
    columns.types += [more.types[i] for i in indexes]
    columns.milliseconds += [more.milliseconds[i] for i in indexes]
    columns.paths += [more.paths[i] for i in indexes]


def _link(answer: Subgraph, parts: "defaultdict[str, _Part]", question: SubgraphQuestion) -> None:
    attributions, associations = parts["ATTRIBUTION"], parts["ASSOCIATION"]
    if question.with_contexts:
        answer.context_ids = sorted({*attributions.other_ids, *associations.other_ids})
    if question.with_attributions:
        answer.attributions = sorted(zip(attributions.ids, attributions.other_ids, strict=True))
    if question.with_associations:
        answer.associations = sorted(zip(associations.ids, associations.other_ids, strict=True))
