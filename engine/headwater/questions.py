"""Questions: what people ask of one store, each answered by a service, in their names and classes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Unpack

from headwater.errors import InvalidArgument
from headwater.query import export_ndjson as ndjson
from headwater.query.answers import Lineage
from headwater.query.causes import CommonAncestors, CommonChange
from headwater.query.comparison import Comparison
from headwater.query.cypher_plan import CypherPlan
from headwater.query.difference import Diff
from headwater.query.moment import ALWAYS, TimeLike, milliseconds, moment
from headwater.query.parts import Direction, NodeKey
from headwater.query.paths import Paths
from headwater.query.question import Question, Selection, Stops
from headwater.query.run_lists import RunList
from headwater.query.selection import Selected
from headwater.references import Asked, NodeLike, References
from headwater.services.causes import CauseService
from headwater.services.comparisons import ComparisonService
from headwater.services.corrections import CorrectionService
from headwater.services.cypher import TIMEOUT_S, CypherAnswer, CypherService
from headwater.services.differences import DifferenceService
from headwater.services.door import Caller
from headwater.services.history import HistoryService, RecordedChange
from headwater.services.lineage import CHUNK_NODES, Chunk, LineageService
from headwater.services.paths import PathService
from headwater.services.run_questions import RunQuestions, SiblingsBy
from headwater.services.search import Found, SearchService
from headwater.services.selections import SelectionService
from headwater_schema import EventType, TypeKind
from headwater_schema.changes import ElementKind
from headwater_schema.edges import PathStep

_SELECTED = {each.name for each in fields(Selection)}


class Questions(References):
    """The questions of a store, and the corrections that answers lead to."""

    lineage: LineageService
    history: HistoryService
    corrections: CorrectionService
    selections: SelectionService
    searches: SearchService
    ways: PathService
    causes: CauseService
    run_questions: RunQuestions
    differences: DifferenceService
    comparisons: ComparisonService
    queries: CypherService
    _actor: str

    # Lineage.

    def upstream(self, *nodes: NodeLike, **asked: Unpack[Asked]) -> Lineage:
        """Return everything that nodes came from.

        Args:
            *nodes: as in `artifact`; also executions.
            **asked: how far to go and what to show; see `Asked`. None of it cuts in silence:
                a cut answer says what is left out, and `resume` goes on from its cursor.

        Raises:
            NotFound: there is no such node, or the store did not know it then.
            InvalidArgument: this is no question; the message says why.
        """
        return self.lineage_of(self.question(Direction.UPSTREAM, nodes, **asked))

    def downstream(self, *nodes: NodeLike, **asked: Unpack[Asked]) -> Lineage:
        """Return everything that came of nodes; see `upstream`."""
        return self.lineage_of(self.question(Direction.DOWNSTREAM, nodes, **asked))

    def both(self, *nodes: NodeLike, **asked: Unpack[Asked]) -> Lineage:
        """Return what nodes came from and what came of them; see `upstream`."""
        return self.lineage_of(self.question(Direction.BOTH, nodes, **asked))

    def between(
        self,
        sources: NodeLike | Sequence[NodeLike],
        targets: NodeLike | Sequence[NodeLike],
        **asked: Unpack[Asked],
    ) -> Lineage:
        """Return every node on some way of data from the sources to the targets; see `upstream`."""
        question = self.question(Direction.BETWEEN, _listed(sources), _listed(targets), **asked)
        return self.lineage_of(question)

    def roots(self, *nodes: NodeLike, **asked: Unpack[Asked]) -> Lineage:
        """Return where nodes come from in the end: what nothing leads to; see `upstream`."""
        asked["roots"] = True
        return self.upstream(*nodes, **asked)

    def leaves(self, *nodes: NodeLike, **asked: Unpack[Asked]) -> Lineage:
        """Return what came of nodes in the end: what leads to nothing; see `upstream`."""
        asked["leaves"] = True
        return self.downstream(*nodes, **asked)

    def question(
        self,
        direction: Direction,
        nodes: Sequence[NodeLike],
        targets: Sequence[NodeLike] = (),
        **asked: Unpack[Asked],
    ) -> Question:
        """Return a lineage question, to be asked by `lineage_of`, or by `stream` with little memory."""
        given = {name: value for name, value in asked.items() if name in _SELECTED}
        for name in ("since", "until"):
            if given.get(name) is not None:
                given[name] = milliseconds(asked[name])  # type: ignore[arg-type]
        when = moment(asked.get("as_of"), asked.get("known_at"))
        contexts = asked.get("contexts")
        if contexts is not None:
            keys = [self._of_kind(TypeKind.CONTEXT, each, when) for each in contexts]
            given["contexts"] = [key.id for key in keys]
        return Question(
            starts=tuple(self._key(node, when) for node in nodes),
            direction=direction,
            targets=tuple(self._key(node, when) for node in targets),
            max_hops=asked.get("max_hops"),
            selection=Selection(**given),  # type: ignore[arg-type]
            stops=asked.get("stops") or Stops(),
            moment=when,
            limit=asked.get("limit"),
        )

    def lineage_of(self, question: Question) -> Lineage:
        """Return the answer to a question of one's own making; see `LineageService.ask`."""
        answer = self.lineage.ask(question)
        # A page of a question about now has a moment of its own, and is no claim about the past.
        return answer if question.moment.known_at is None else self._judged(answer)

    def count(
        self,
        *nodes: NodeLike,
        direction: Direction = Direction.UPSTREAM,
        **asked: Unpack[Asked],
    ) -> dict[TypeKind, dict[str, int]]:
        """Return how many nodes a lineage has, by kind and type, without fetching them.

        Args:
            *nodes: as in `upstream`; they count too.
            direction: UPSTREAM, DOWNSTREAM or BOTH.
            **asked: as for `upstream`; a `limit` does not count.

        Raises:
            NotFound, InvalidArgument: as `upstream` does.
        """
        return self.lineage.count(self.question(direction, nodes, **asked))

    def resume(
        self, cursor: str, *, max_hops: int | None = None, limit: int | None = None
    ) -> Lineage:
        """Return what a cut lineage left out, from its cursor; as the world was known then."""
        return self._judged(self.lineage.resume(cursor, max_hops=max_hops, limit=limit))

    def stream(
        self, question: Question | str, *, chunk_nodes: int = CHUNK_NODES
    ) -> Iterator[Chunk]:
        """Yield the answer to a question in chunks, with little memory however large it is.

        Args:
            question: from `question`, or the cursor of a chunk, to go on after it.
            chunk_nodes: how many nodes are one chunk.
        """
        return self.lineage.stream(question, chunk_nodes=chunk_nodes)

    def stream_ndjson(self, question: Question | str) -> Iterator[str]:
        r"""Yield the answer to a question as lines of JSON, with little memory however large it is.

        A header line, lines of nodes and of edges, after each chunk a mark with the cursor that
        goes on there, and a closing line, which a stream that was cut lacks.

        Args:
            question: from `question`, or the cursor of a mark, to go on after it.

        Raises:
            NotFound, InvalidArgument: as `stream` does; told at once, not by the iterator.
        """
        asked = self.lineage.asked_by(question) if isinstance(question, str) else question
        return _lines(asked, self.stream(question))

    def path(self, a: NodeLike, b: NodeLike) -> Lineage:
        """Return a shortest way between two nodes along the data's flow; empty if there is none."""
        return self.lineage.path(self.key(a), self.key(b))

    def paths(
        self,
        a: NodeLike,
        b: NodeLike,
        k: int = 3,
        *,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Paths:
        """Return the k shortest ways of data from one node to another; see `PathService.shortest_k`."""
        when = moment(as_of, known_at)
        return self.ways.shortest_k(self._key(a, when), self._key(b, when), k, moment=when)

    def is_upstream(
        self,
        a: NodeLike,
        b: NodeLike,
        *,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> bool:
        """Return whether data flowed from one node to another; False for a node and itself."""
        when = moment(as_of, known_at)
        return self.ways.is_upstream(self._key(a, when), self._key(b, when), moment=when)

    def common_ancestors(
        self,
        *nodes: NodeLike,
        healthy: Iterable[NodeLike] = (),
        types: Sequence[str] | None = None,
        limit: int = 100,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> CommonAncestors:
        """Return what all the nodes came from, the most specific first.

        See `CauseService.common_ancestors`; the cursor of a cut answer goes to `causes.resume`.

        Args:
            nodes: as in `artifact`; also executions.
            healthy: nodes of the same sort that are well: what they came from too comes last.
            types: only ancestors of these types.
            limit: at most so many.
            as_of: valid time.
            known_at: recorded time.
        """
        when = moment(as_of, known_at)
        return self.causes.common_ancestors(
            [self._key(node, when) for node in nodes],
            healthy=[self._key(node, when) for node in healthy],
            types=types,
            limit=limit,
            moment=when,
        )

    def most_recent_common_change(
        self,
        *nodes: NodeLike,
        before: TimeLike | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> CommonChange | None:
        """Return what changed last in the common ancestry of nodes; None where they have none.

        Args:
            nodes: as in `artifact`; also executions.
            before: only changes before that time.
            as_of: valid time.
            known_at: recorded time.
        """
        when = moment(as_of, known_at)
        return self.causes.most_recent_common_change(
            [self._key(node, when) for node in nodes],
            before=None if before is None else milliseconds(before),
            moment=when,
        )

    def runs_with(
        self,
        *,
        parameter: tuple[str, Any] | None = None,
        code: str | None = None,
        limit: int = 100,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> RunList:
        """Return the executions that used a parameter's value, or code of a commit; newest first.

        Args:
            parameter: name and value of a property of the execution, declared or custom.
            code: a commit, 7 or more of its hexadecimal digits.
            limit: at most so many; the cursor of a cut answer goes to `run_questions.resume`.
            as_of: valid time.
            known_at: recorded time.

        Raises:
            InvalidArgument: neither or both are given.
        """
        when = moment(as_of, known_at)
        if (parameter is None) == (code is None):
            raise InvalidArgument("Ask for a parameter or for a commit, one of both.")
        if parameter is not None:
            return self.run_questions.with_parameter(*parameter, limit=limit, moment=when)
        return self.run_questions.with_code(code or "", limit=limit, moment=when)

    def siblings(
        self,
        run: NodeLike,
        by: SiblingsBy = "context",
        *,
        limit: int = 100,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> RunList:
        """Return other executions of a run's type, the newest first.

        Args:
            run: a name, `execution:3`, or an object.
            by: what they share with it beside the type: a `context`, one of the `inputs`, or
                nothing, `type`.
            limit: at most so many; the cursor of a cut answer goes to `run_questions.resume`.
            as_of: valid time.
            known_at: recorded time.
        """
        when = moment(as_of, known_at)
        return self.run_questions.siblings(self._run_key(run, when), by, limit=limit, moment=when)

    # Selection and search.

    def select(
        self,
        text: str,
        *,
        events: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Selected:
        """Return the artifacts and executions that a selection means; see `SelectionService.select`.

        Args:
            text: such as `+model:clf`, `raw:wine+ and not type:Report`; see docs/selection.md.
            events: whether to return the events between them too.
            limit: at most so many nodes; the cursor goes on.
            cursor: of the answer before.
            as_of: valid time.
            known_at: recorded time.

        Raises:
            InvalidArgument: the text is no selection; the message points at the place.
            NotFound: it names a node that does not exist.
        """
        return self.selections.select(
            text, moment=moment(as_of, known_at), limit=limit, cursor=cursor, events=events
        )

    def search(
        self,
        text: str,
        *,
        kinds: Iterable[TypeKind | str] | None = None,
        types: Collection[str] | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Found:
        """Return the nodes that hold every word of a text; see `SearchService.search`.

        Args:
            text: words, the last of which may be a beginning, and "phrases in quotes".
            kinds: only nodes of these kinds.
            types: only nodes of these types.
            limit: at most so many.
            cursor: of the answer before.
        """
        wanted = None if kinds is None else [TypeKind(kind) for kind in kinds]
        return self.searches.search(text, kinds=wanted, types=types, limit=limit, cursor=cursor)

    # Difference.

    def diff(
        self,
        a: NodeLike,
        b: NodeLike,
        *,
        ignore: Iterable[str] = (),
        as_of: tuple[TimeLike | None, TimeLike | None] = (None, None),
        known_at: tuple[TimeLike | None, TimeLike | None] = (None, None),
    ) -> Diff:
        """Return why two models, runs or contexts differ, or one node at two times.

        The earliest divergence comes first; what follows from it comes after, and says so. See
        `DifferenceService.diff`.

        Args:
            a: as in `artifact`; also an execution or a context.
            b: likewise; the same as `a` where the times differ. A name means on each side what it
                meant at the side's times: `clf` may be two versions.
            ignore: properties that identify rather than describe, beside those known to.
            as_of: valid times, of each side.
            known_at: recorded times, of each side.
        """
        moments = moment(as_of[0], known_at[0]), moment(as_of[1], known_at[1])
        left, right = self._any_key(a, moments[0]), self._any_key(b, moments[1])
        return self.differences.diff(left, right, ignore=ignore, moments=moments)

    def compare(
        self,
        runs: Sequence[NodeLike] | None = None,
        *,
        context: NodeLike | None = None,
        type: str | None = None,
        limit: int | None = None,
        only_varying: bool = False,
    ) -> Comparison:
        """Return runs side by side: parameters, metrics and inputs; see `ComparisonService`.

        Args:
            runs: which, in this order.
            context: instead of them, the runs of a context.
            type: only runs of this type; instead of `runs`, all of them.
            limit: the newest so many; the answer says what it left out.
            only_varying: without the columns that are the same for all.

        Raises:
            InvalidArgument: neither or both of `runs` and the others are given.
        """
        if (runs is not None) == (context is not None or type is not None):
            raise InvalidArgument("Give either runs, or a context or a type.")
        if runs is not None:
            found = self.comparisons.runs([self._run_key(run).id for run in runs])
        elif context is not None:
            context_id = self._of_kind(TypeKind.CONTEXT, context).id
            found = self.comparisons.in_context(context_id, type_name=type, limit=limit)
        else:
            found = self.comparisons.of_type(type or "", limit=limit)
        return found.only_varying() if only_varying else found

    # Time.

    def changes_of(self, node: NodeLike) -> list[RecordedChange]:
        """Return the changes of a node after its making, the latest first; see `HistoryService.of`.

        Args:
            node: as in `artifact`; also an execution, or `context:2`.
        """
        return self.history.of(self._any_key(node))

    def changes(
        self,
        *,
        since: TimeLike | None = None,
        until: TimeLike | None = None,
        limit: int = 100,
        after: RecordedChange | None = None,
    ) -> list[RecordedChange]:
        """Return changes of the namespace, the latest first; see `HistoryService.changes`."""
        return self.history.changes(
            since=0 if since is None else milliseconds(since),
            until=ALWAYS if until is None else milliseconds(until),
            limit=limit,
            after=after,
        )

    def horizon(self) -> int:
        """Return up to when, in milliseconds, what was known is final; see `HistoryService`."""
        return self.history.horizon()

    # Corrections.

    def retract(
        self,
        a: NodeLike,
        b: NodeLike,
        *,
        event_type: EventType | None = None,
        reason: str = "",
    ) -> None:
        """Retract the edge between two nodes, which turned out not to be so.

        From now on the present graph is without it; what was known before stays known.

        Args:
            a: an artifact or an execution, or the child context.
            b: what it is linked with: the other end of an event, or a context.
            event_type: which event, where there is one of several types.
            reason: for the record of changes.

        Raises:
            NotFound: there is no such edge, or it was retracted before.
            InvalidArgument: they have events of several types, or nothing can link such nodes.
        """
        first, second = self._any_key(a), self._any_key(b)
        caller = Caller(actor=self._actor, reason=reason)
        ends = {key.kind: key.id for key in (first, second)}
        if ends.keys() == {TypeKind.ARTIFACT, TypeKind.EXECUTION}:
            artifact_id, execution_id = ends[TypeKind.ARTIFACT], ends[TypeKind.EXECUTION]
            self.corrections.retract_event(artifact_id, execution_id, event_type, caller=caller)
            return
        if second.kind is not TypeKind.CONTEXT:
            first, second = second, first
        kind = _LINKS.get(first.kind)
        if second.kind is not TypeKind.CONTEXT or kind is None:
            raise InvalidArgument(f"No edge can link {first} and {second}.")
        self.corrections.retract_link(kind, first.id, second.id, caller=caller)

    def correct_event(
        self,
        artifact: NodeLike,
        execution: NodeLike,
        *,
        event_type: EventType | None = None,
        happened_at: TimeLike | None = None,
        path: tuple[PathStep, ...] | None = None,
        reason: str = "",
    ) -> None:
        """Correct when an event happened, or which input or output it was.

        Args:
            artifact: of the event.
            execution: of the event.
            event_type: which event, where there is one of several types.
            happened_at: its right time; None leaves it.
            path: its right path; None leaves it.
            reason: for the record of changes.

        Raises:
            NotFound: there is no such event.
            InvalidArgument: nothing is to be corrected, or they have events of several types.
        """
        self.corrections.correct_event(
            self._any_key(artifact).id,
            self._any_key(execution).id,
            event_type,
            milliseconds_since_epoch=None if happened_at is None else milliseconds(happened_at),
            path=path,
            caller=Caller(actor=self._actor, reason=reason),
        )

    # Cypher.

    def cypher(
        self,
        query: str,
        parameters: Mapping[str, object] | None = None,
        /,
        *,
        timeout_s: float | None = TIMEOUT_S,
        **values: object,
    ) -> CypherAnswer:
        """Return the rows of your own Cypher query, which may only read; see `CypherService.run`.

        It sees all namespaces: match on `namespace` where that matters. Parameters are given by
        keyword, or as a mapping, in which alone one may be called `timeout_s`. The server stops
        the query after `timeout_s` seconds.
        """
        return self.queries.run(query, {**(parameters or {}), **values}, timeout_s=timeout_s)

    def explain(
        self, query: str, parameters: Mapping[str, object] | None = None, /, **values: object
    ) -> CypherPlan:
        """Return what the server would do for a query that `cypher` takes, without running it."""
        return self.queries.explain(query, {**(parameters or {}), **values})

    # The rest is private.

    def _judged(self, answer: Lineage) -> Lineage:
        """Return the answer, told provisional where an open write may still change it."""
        known = answer.moment.known_at is not None
        return replace(answer, provisional=known and self.history.is_provisional(answer.moment))


def _lines(question: Question, chunks: Iterator[Chunk]) -> Iterator[str]:
    yield ndjson.header_line(question.starts[0], question.direction)
    nodes = edges = 0
    complete, cursor = True, None
    for chunk in chunks:
        yield from map(ndjson.node_line, chunk.nodes)
        yield from map(ndjson.edge_line, chunk.events)
        yield ndjson.mark_line(chunk.cursor)
        nodes, edges = nodes + len(chunk.nodes), edges + len(chunk.events)
        complete, cursor = chunk.complete, chunk.cursor
    left = None if complete else cursor
    yield ndjson.closing_line(nodes=nodes, edges=edges, left_out={}, cursor=left, complete=complete)


def _listed(nodes: NodeLike | Sequence[NodeLike]) -> Sequence[NodeLike]:
    return nodes if isinstance(nodes, (list, tuple)) and not isinstance(nodes, NodeKey) else [nodes]  # type: ignore[list-item]


_LINKS = {
    TypeKind.ARTIFACT: ElementKind.ATTRIBUTION,
    TypeKind.EXECUTION: ElementKind.ASSOCIATION,
    TypeKind.CONTEXT: ElementKind.PARENT_CONTEXT,
}
