"""Lineage: what a node came from, what came of it, and how two nodes are connected."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from headwater.errors import DataLoss, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Row
from headwater.graph.statements import HOPS, Statement, joined, load
from headwater.query.answers import LeftOut, Lineage
from headwater.query.cursors import (
    Cursor,
    PagePosition,
    Place,
    StreamPosition,
    decode_cursor,
    encode_cursor,
)
from headwater.query.moment import Moment, told
from headwater.query.parts import Direction, Events, LineageEvent, LineageNode, NodeKey, Nodes
from headwater.query.question import FLOWING, Question, check_flows
from headwater.query.received import (
    Correction,
    Judgement,
    Received,
    changed_of,
    event_columns,
    nodes_of,
    place_of,
)
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS

AtMoment = Callable[[Sequence[NodeKey], Moment], Mapping[NodeKey, Correction | None]]
"""What nodes that changed since a moment were then: type, name and state; None for one that was
not there. A key that is left out is as it is now."""

CHUNK_NODES = 2_000
"""How many nodes a stream sends at a time, and to how many it sends the events at a time."""

_ENDLESS = int(HOPS)
_IDS = {
    Direction.UPSTREAM: "lineage/ids_upstream",
    Direction.DOWNSTREAM: "lineage/ids_downstream",
}
_FRESH = PagePosition()


class Matching(Protocol):
    """What finds the nodes of one kind that match a filter."""

    def matching_ids(self, filter_query: str, *, limit: int | None = None) -> list[int]:
        """Return their ids."""
        ...


@dataclass(frozen=True)
class Chunk:
    """A part of a streamed answer: nodes, or events.

    Attributes:
        nodes: some nodes, in the order of answers.
        events: some events; all nodes come first.
        cursor: goes on after this chunk.
        complete: whether the stream leaves nothing out: no node lies further than its hops.
    """

    nodes: Nodes
    events: Events
    cursor: str
    complete: bool


class LineageService:
    """Asks the lineage of one namespace.

    Args:
        scope: the namespace.
        artifacts: finds artifacts by a filter; None refuses filters of artifacts.
        executions: finds executions by a filter; None refuses filters of executions.
        at_moment: tells what nodes were at a moment that changed since then. None takes every
            node as it is now, and only refuses to start from one that was not there.
    """

    def __init__(
        self,
        scope: Scope,
        artifacts: Matching | None = None,
        executions: Matching | None = None,
        *,
        at_moment: AtMoment | None = None,
    ) -> None:
        self._scope = scope
        self._matching = {TypeKind.ARTIFACT: artifacts, TypeKind.EXECUTION: executions}
        self._at_moment = at_moment

    def ask(self, question: Question) -> Lineage:
        """Return the answer to a question.

        Returns:
            Nodes by distance, kind and id; events by the order in which they were put: those
            between two of the nodes. Where `max_hops` or `limit` cut it: `complete` is False,
            `left_out` counts the rest by kind and type, and `cursor` asks for it, as the world
            was known when this was asked. An event comes with the later of its nodes.

        Raises:
            NotFound: a start, target or context does not exist, or did not at that moment.
            InvalidArgument: a filter is none.
        """
        return self._ask(question, _FRESH)

    def trace(
        self, start: NodeKey, direction: Direction, *, max_hops: int | None = None
    ) -> Lineage:
        """Return every node in one direction of a node, the node included, and their events.

        A hop crosses one event: artifact to execution is one, artifact to artifact two.

        Args:
            start: an artifact or execution.
            direction: against the flow of data, with it, or both.
            max_hops: 0 returns the start alone; None has no limit.

        Raises:
            NotFound: there is no such node.
            InvalidArgument: `max_hops` is negative.
        """
        return self.ask(Question(starts=(start,), direction=direction, max_hops=max_hops))

    def resume(
        self, cursor: str, *, max_hops: int | None = None, limit: int | None = None
    ) -> Lineage:
        """Return what a cut answer left out, from its cursor.

        Args:
            cursor: of the answer before.
            max_hops: how many hops further to go; None goes as far as was asked for before the
                limit cut it, and without limit where the hops did.
            limit: at most so many nodes; None has as many as the answer before.

        Raises:
            InvalidArgument: it is no cursor, or one of another namespace.
        """
        question, position = self._going_on(cursor)
        if not isinstance(position, PagePosition):
            raise InvalidArgument(
                "This cursor goes on with a stream, not with a page.", hint="Stream from it."
            )
        if max_hops is not None:
            reached = max(position.beyond, position.after[0])
            question = replace(question, max_hops=reached + max_hops)
        if limit is not None:
            question = replace(question, limit=limit)
        return self._ask(question, position)

    def stream(
        self, question: Question | str, *, chunk_nodes: int = CHUNK_NODES
    ) -> Iterator[Chunk]:
        """Return the chunks of an answer as the server sends them: all nodes, then all events.

        Holds a few chunks at a time, however large the answer. Chunks and their order are the
        same whenever it goes on from a cursor: what came before the cursor and what comes after
        it are the whole. Unlike an answer's, events come by the nodes they lead to.

        Args:
            question: the question, without `limit`; or the cursor of a chunk, to go on after it.
            chunk_nodes: how many nodes at most are in a chunk; a cursor has its own. A chunk of
                events has at most 5,000.

        Raises:
            NotFound: as `ask` does; told at once, not by the iterator.
            InvalidArgument: as `ask` does; it is no cursor, or none of a stream.
        """
        if isinstance(question, str):
            asked, position = self._going_on(question)
            if not isinstance(position, StreamPosition):
                raise InvalidArgument(
                    "This cursor goes on with a page, not with a stream.", hint="Resume from it."
                )
        else:
            asked, position = question, StreamPosition(chunk_nodes)
        if asked.limit is not None:
            raise InvalidArgument(
                f"A stream has no pages, asked for {asked.limit} nodes.",
                hint="Leave out `limit`: a stream holds little at a time.",
            )
        if position.chunk < 1:
            raise InvalidArgument(f"A chunk has at least one node, asked for {position.chunk}.")
        now = asked.moment.is_now
        return self._chunks(self._checked(asked, pinned=True), position, now=now)

    def asked_by(self, cursor: str) -> Question:
        """Return the question that a cursor goes on with.

        Raises:
            InvalidArgument: it is no cursor, or one of another namespace.
        """
        return self._going_on(cursor)[0]

    def ids(self, start: NodeKey, direction: Direction) -> dict[TypeKind, list[int]]:
        """Return the ids of every node in one direction of a node, itself left out, unordered.

        Much quicker than `trace` where only the ids matter.

        Raises:
            NotFound: there is no such node.
            InvalidArgument: the direction is neither UPSTREAM nor DOWNSTREAM.
        """
        check_flows(start)
        if direction not in _IDS:
            raise InvalidArgument(f"Ids are had UPSTREAM or DOWNSTREAM, asked for {direction}.")
        statement = load(_IDS[direction], LABELS[start.kind])
        artifacts, executions = self._scope.graph.read(
            statement, namespace=self._scope.namespace, id=start.id
        )[0]
        if not artifacts and not executions:
            self._check_exists(start)
        return {TypeKind.ARTIFACT: artifacts, TypeKind.EXECUTION: executions}

    def count(self, question: Question) -> dict[TypeKind, dict[str, int]]:
        """Return how many nodes the whole answer has, by kind and type; much quicker than `ask`.

        Args:
            question: as for `ask`; its `limit` does not count.

        Raises:
            NotFound, InvalidArgument: as `ask` does.
        """
        question = self._checked(replace(question, limit=None), pinned=False)
        counts: dict[TypeKind, dict[str, int]] = {kind: {} for kind in FLOWING}
        if not question.moment.is_now:
            return counts | self._left_out(question, _FRESH, most=_hops(question))
        rows = self._scope.graph.read(_counting(question), **self._parameters(question))
        if any(row[1] is None for row in rows):
            raise DataLoss(
                f"Nodes in namespace {self._scope.namespace!r} are of no type that it has. "
                "Somebody has written into the database by hand.",
                namespace=self._scope.namespace,
            )
        for is_artifact, type_name, count in sorted(rows):
            counts[_KIND[is_artifact]][type_name] = count
        return counts

    def path(self, start: NodeKey, end: NodeKey) -> Lineage:
        """Return a shortest way between two nodes along the flow of data, either way round.

        Returns:
            The nodes and events of the way from its upstream to its downstream end; without
            nodes where neither lies upstream of the other.

        Raises:
            NotFound: one of them does not exist.
        """
        for key in (start, end):
            check_flows(key)
            self._check_exists(key)
        if start == end:
            return self.trace(start, Direction.DOWNSTREAM, max_hops=0).alone()
        for first, last in ((start, end), (end, start)):
            rows = self._scope.graph.read(
                load("lineage/path", LABELS[first.kind]),
                namespace=self._scope.namespace,
                id=first.id,
                end_is_artifact=last.kind is TypeKind.ARTIFACT,
                end_id=last.id,
            )
            if rows:
                return _way(first, rows[0])
        return Lineage(start, Direction.DOWNSTREAM, (), ())

    def _going_on(self, text: str) -> tuple[Question, PagePosition | StreamPosition]:
        cursor = decode_cursor(text)
        if cursor.namespace != self._scope.namespace:
            raise InvalidArgument(
                f"The cursor is of namespace {cursor.namespace!r}, this is "
                f"{self._scope.namespace!r}."
            )
        return cursor.question, cursor.position

    def _ask(self, question: Question, position: PagePosition) -> Lineage:
        plain, now = question.is_plain, question.moment.is_now
        if not plain:
            question = self._checked(question, pinned=question.limit is not None)
        tail = _tail(question, position)
        rows = self._scope.graph.read(
            _statement(question, tail), **(self._parameters(question) | _shown(position))
        )
        answer = Received(rows)
        if plain and answer.starts < len(question.starts):
            for key in question.starts:
                self._check_exists(key)
        judgement = self._judgement(question, answer.changed)
        known = question
        if question.moment.known_at is None and answer.now is not None:
            known = replace(question, moment=question.moment._replace(known_at=answer.now))
        left_out, cursor = self._cut(known, position, answer, now=now)
        return Lineage(
            question.start,
            question.direction,
            judgement.nodes(answer.nodes(in_order=tail == "page")),
            judgement.events(answer.events()),
            left_out,
            cursor,
            known.moment if cursor else question.moment,
        )

    def _cut(
        self, question: Question, position: PagePosition, answer: Received, *, now: bool
    ) -> tuple[Mapping[TypeKind, Mapping[str, int]], str | None]:
        """Return what an answer left out, and the cursor that goes on.

        Args:
            question: as it was asked, of a known moment.
            position: of the answer.
            answer: as received.
            now: whether it was asked of now, before which nothing has changed.
        """
        if answer.remaining:
            position = PagePosition(position.beyond, answer.last)
        elif answer.further:
            position = PagePosition(_hops(question))
            question = replace(question, max_hops=None)
        else:
            return {}, None
        left_out = LeftOut(partial(self._left_out, question, position))
        # What lies further than the hops was not asked whether it is shown. Counting all of it may
        # take a thousand times what the answer took, so it is done only where nothing else tells.
        shown = now and (answer.remaining or question.selection.is_all)
        if not (shown or left_out):
            return {}, None
        return left_out, encode_cursor(Cursor(self._scope.namespace, question, position))

    def _left_out(
        self, question: Question, position: PagePosition, *, most: int = _ENDLESS
    ) -> dict[TypeKind, dict[str, int]]:
        parameters = self._parameters(question) | {"hops_judged": _ENDLESS, "most": most}
        rows = self._scope.graph.read(
            _statement(question, "left_out"), **(parameters | _shown(position))
        )
        counts: dict[TypeKind, dict[str, int]] = {kind: {} for kind in FLOWING}
        for number, type_name, count, slice_ in rows:
            kept = 0
            if slice_:
                columns = [[number == 0] * len(slice_[0]), *slice_]
                changed = changed_of(columns)
                kept = len(self._judgement(question, changed).nodes(changed))
            if count + kept:
                counts[FLOWING[number]][type_name] = count + kept
        return {kind: by_type for kind, by_type in counts.items() if by_type}

    def _chunks(
        self, question: Question, position: StreamPosition, *, now: bool
    ) -> Iterator[Chunk]:
        judgement = Judgement(question.selection)
        at, complete, first_slice = position, True, position.events
        at = at._replace(records=0)
        parameters = self._parameters(question) | {"chunk": position.chunk}
        rows = self._scope.graph.stream(
            _statement(question, "flow"), **(parameters | _sent(position))
        )
        for part, *columns in rows:
            nodes, events = Nodes(), Events()
            match part:
                case "CUT":
                    cut = Received([[part, *columns]])
                    complete = self._cut(question, _FRESH, cut, now=now)[1] is None
                    continue
                case "CHANGED":
                    judgement = self._judgement(question, changed_of(columns))
                    continue
                case "NODES" if not columns[1]:
                    continue  # range(0, -1, 2) of the server has one element
                case "NODES":
                    nodes = judgement.nodes(nodes_of(columns))
                    at = at._replace(nodes=place_of(columns))
                case _:
                    before = (columns[5][0], columns[5][1], columns[5][2])
                    done = at.records if before == at.events else 0
                    at = at._replace(events=before, records=done + 1)
                    if before == first_slice and at.records <= position.records:
                        continue
                    events = judgement.events(Events(event_columns(part, columns)))
            told = at if at.records else at._replace(records=position.records)
            cursor = encode_cursor(Cursor(self._scope.namespace, question, told))
            yield Chunk(nodes, events, cursor, complete)

    def _judgement(self, question: Question, changed: Nodes) -> Judgement:
        judgement = Judgement(question.selection)
        if self._at_moment is not None and changed:
            keys = list(map(NodeKey, changed.kinds, changed.ids))
            judgement.learn(changed, self._at_moment(keys, question.moment))
        return judgement

    def _checked(self, question: Question, *, pinned: bool) -> Question:
        """Return a question whose nodes exist, of the state known now where it must stay one."""
        contexts = question.selection.contexts
        if contexts:
            for context_id in self._missing(TypeKind.CONTEXT, contexts):
                raise self._no_node(NodeKey(TypeKind.CONTEXT, context_id))
        keys = (*question.starts, *question.targets)
        rows = self._scope.graph.read(
            load("lineage/starts"), namespace=self._scope.namespace, **_by_kind("", keys)
        )
        now, found = rows[0]
        there = {NodeKey(_KIND[is_artifact], i): more for is_artifact, i, *more in found}
        for key in keys:
            if key not in there:
                raise self._no_node(key)
        if pinned and question.moment.known_at is None:
            question = replace(question, moment=question.moment._replace(known_at=now))
        if not question.moment.is_now:
            self._check_there(question.moment, there)
        return question

    def _check_there(self, moment: Moment, there: Mapping[NodeKey, list[int | None]]) -> None:
        as_of, known_at = moment.parameters["as_of"], moment.parameters["known_at"]
        changed, absent = [], set()
        for key, (recorded_at, valid_at, created_at, revision) in there.items():
            late = (recorded_at or 0) > known_at
            if late or (valid_at or created_at or 0) > as_of:
                changed.append(key)
                if (created_at or 0) > as_of or (late and (revision or 1) == 1):
                    absent.add(key)
        if changed and self._at_moment is not None:
            were = self._at_moment(changed, moment)
            absent = {key for key in changed if key in were and were[key] is None}
        for key in changed:
            if key in absent:
                raise NotFound(
                    f"There was no {key.kind.lower()} with id {key.id} in namespace "
                    f"{self._scope.namespace!r} at {told(moment)}.",
                    hint="Ask of a later time, or of now.",
                    kind=key.kind,
                    id=key.id,
                )

    def _parameters(self, question: Question) -> dict[str, Any]:
        selection, stops = question.selection, question.stops
        stopped = {
            kind: [key.id for key in stops.keys if key.kind is kind]
            + (self._matches(kind, stops.filter_of(kind)) or [])
            for kind in FLOWING
        }
        hops = _hops(question)
        closed = question.direction is Direction.UPSTREAM and question.max_hops is None
        return {
            "namespace": self._scope.namespace,
            **_by_kind("", question.starts),
            **_by_kind("target_", question.targets),
            **question.moment.parameters,
            "hops": hops,
            "hops_judged": hops,
            "limit": question.limit or _ENDLESS,
            "closed": closed and selection.is_all and stops.is_none,
            "judged_later": self._at_moment is not None,
            "stop_types": list(stops.types),
            "stop_artifacts": stopped[TypeKind.ARTIFACT],
            "stop_executions": stopped[TypeKind.EXECUTION],
            "kinds": _listed(selection.kinds),
            "types": _listed(selection.types),
            "states": _listed(selection.states),
            "contexts": _listed(selection.contexts),
            "since": selection.since,
            "until": selection.until,
            "roots": selection.roots,
            "leaves": selection.leaves,
            "artifact_ids": self._matches(TypeKind.ARTIFACT, selection.artifacts),
            "execution_ids": self._matches(TypeKind.EXECUTION, selection.executions),
        }

    def _matches(self, kind: TypeKind, filter_query: str) -> list[int] | None:
        if not filter_query:
            return None
        matching = self._matching[kind]
        if matching is None:
            raise FailedPrecondition("This service of lineages was made without filters.")
        return matching.matching_ids(filter_query)

    def _missing(self, kind: TypeKind, ids: Sequence[int]) -> list[int]:
        statement = load("node/missing", LABELS[kind])
        rows = self._scope.graph.read(statement, namespace=self._scope.namespace, ids=list(ids))
        return list(rows[0][0])

    def _check_exists(self, key: NodeKey) -> None:
        if self._missing(key.kind, [key.id]):
            raise self._no_node(key)

    def _no_node(self, key: NodeKey) -> NotFound:
        return NotFound(
            f"No {key.kind.lower()} with id {key.id} in namespace {self._scope.namespace!r}.",
            kind=key.kind,
            id=key.id,
        )


def _tail(question: Question, position: PagePosition) -> str:
    """Return how the answer comes: only pages are put in order and cut by the server."""
    if question.moment.is_now:
        return "whole"
    whole = question.limit is None and position == _FRESH
    return "whole_at" if whole else "page"


_KIND = {True: TypeKind.ARTIFACT, False: TypeKind.EXECUTION}


def _statement(question: Question, tail: str) -> Statement:
    """Return the statement that walks as the question asks, and ends as the tail says."""
    now = question.moment.is_now
    mode = "" if now and question.stops.is_none else "_to_stops" if now else "_at"
    blocks = [f"lineage/{question.direction.lower()}{mode}"]
    if not question.selection.is_all:
        blocks.append("lineage/select" if now else "lineage/select_at")
    statement = joined((*blocks, f"lineage/{tail}"))
    # A hop more shows whether there is more. A way's length shows at its end alone.
    bounded = question.max_hops is not None and tail != "left_out"
    if bounded and question.direction is not Direction.BETWEEN:
        return statement.at_depth(_hops(question) + 1)
    return statement


def _counting(question: Question) -> Statement:
    if not question.is_plain or question.direction is Direction.BOTH:
        return _statement(question, "count")
    statement = load(f"lineage/count_{question.direction.lower()}")
    return statement if question.max_hops is None else statement.at_depth(_hops(question))


def _hops(question: Question) -> int:
    return _ENDLESS if question.max_hops is None else min(question.max_hops, _ENDLESS - 1)


def _by_kind(prefix: str, keys: Sequence[NodeKey]) -> dict[str, Any]:
    return {
        f"{prefix}{kind.lower()}s": [key.id for key in keys if key.kind is kind] for kind in FLOWING
    }


def _listed(values: Sequence[object] | None) -> list[object] | None:
    # A str of an enum is no string to the driver.
    if values is None:
        return None
    return [str(value) if isinstance(value, str) else value for value in values]


def _shown(position: PagePosition) -> dict[str, Any]:
    return {"beyond": position.beyond} | _place("after", position.after)


def _sent(position: StreamPosition) -> dict[str, Any]:
    return _place("after", position.nodes) | _place("events", position.events)


def _place(prefix: str, place: Place) -> dict[str, Any]:
    return dict(zip((f"{prefix}_distance", f"{prefix}_kind", f"{prefix}_id"), place, strict=True))


def _way(first: NodeKey, row: Row) -> Lineage:
    """Return the nodes and events of a shortest way, in the order of the flow."""
    nodes = [
        LineageNode(_KIND[is_artifact], node_id, type_name, name, state, distance)
        for distance, (is_artifact, node_id, type_name, name, state) in enumerate(row[0])
    ]
    events = []
    for is_artifact, source, target, event_type, time, path, _ in row[1]:
        ends = (source, target) if is_artifact else (target, source)
        events.append(LineageEvent(*ends, event_type, time, path))
    return Lineage(first, Direction.DOWNSTREAM, Nodes.of(nodes), Events.of(events))
