"""Past pages: lists of nodes as they were at a moment, a page at a time.

A page is joined from two sides. The nodes that were not changed since are read in their order
from an index, as a page of now is. Of those that were, the ids are read, then what they were, some
at a time in the order of the list, until the page is full. Ordered by update time, which is what
changes move, all of them are looked at for every page, and only as many kept as the page holds.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from headwater.graph.records import STATE_KEYS, decode_node
from headwater.query.filter_plan import Filter
from headwater.query.listing import Scope as ListScope
from headwater.query.listing import list_page, list_states
from headwater.query.moment import Moment
from headwater.query.paging import Position, decode_token, encode_token, moment_of, position_of
from headwater.query.parts import NodeKey
from headwater.services.filters import FilterService
from headwater.services.history import HistoryService, Stored
from headwater.services.past_changes import changed_since, members_at
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import ArtifactState, ExecutionState, ListOptions, OrderField, Page, TypeKind

_CHUNK = 500
"""Most nodes whose past is read at a time."""


class Narrowing(NamedTuple):
    """Which nodes a list is of, besides its filter; None does not narrow.

    Attributes:
        type_ids: only of these types.
        context_id: only of those that belonged to this context.
        state: only of those that were in this state.
    """

    type_ids: list[int] | None = None
    context_id: int | None = None
    state: ArtifactState | ExecutionState | None = None


class PastPages:
    """Lists nodes of one kind in one namespace as they were at a moment.

    A page costs 2 round trips, and up to 3 more for what was changed since: those that may stand
    on the page, or by update time, or with a filter or state that few have, each 500 of them. In
    the client lie the page, the ids of what was changed since, and 500 nodes.
    """

    def __init__(self, scope: Scope, types: TypeService, kind: TypeKind, moment: Moment) -> None:
        self._scope = scope
        self._filters = FilterService(scope, types, kind)
        self._history = HistoryService(scope)
        self.kind = kind
        self.moment = moment

    def page(self, options: ListOptions, narrowing: Narrowing) -> Page[Any]:
        """Return one page; see `PastNodes.page`.

        Raises:
            InvalidArgument: the options' filter, size or token is wrong, or the kind has no state.
        """
        filtered = self._filters.of_nodes_alone(options.filter_query)
        moment = self._pinned(options)
        if self.kind is TypeKind.CONTEXT and narrowing.context_id is not None:
            return Page(())
        page = _Page(options, narrowing, filtered, moment)
        unchanged = self._unchanged(page)
        # In this order: what is changed between the two reads is met by both, and not by neither.
        both = {stored["id"]: stored for stored in (*unchanged, *self._changed(page, unchanged))}
        rows = page.first(both.values())
        shown = rows[: options.max_result_size]
        token = ""
        if len(rows) > len(shown):
            token = encode_token(options, page.position(shown[-1]), moment)
        decoded = (decode_node(self.kind, stored, self._scope.fetch) for stored in shown)
        return Page(tuple(decoded), token)

    def _pinned(self, options: ListOptions) -> Moment:
        """Return the moment of the list, with the recorded time that its first page took."""
        if self.moment.known_at is not None:
            return self.moment
        token = options.next_page_token
        known_at = moment_of(token).known_at if token else None
        return self.moment._replace(known_at=self._history.now() if known_at is None else known_at)

    def _unchanged(self, page: "_Page") -> list[Stored]:
        type_ids, context_id, state = page.narrowing
        listing = list_page(
            self.kind,
            ListScope.ALL if context_id is None else ListScope.CONTEXT,
            page.options,
            by_type=type_ids is not None,
            by_state=state is not None,
            filtered=page.filtered,
            moment=page.moment,
        )
        asked = {"type_ids": type_ids, "context_id": context_id, "state": state and str(state)}
        rows = self._filters.read(listing.statement, page.filtered, listing.parameters | asked)
        return [row[0] for row in rows]

    def _changed(self, page: "_Page", unchanged: list[Stored]) -> list[Stored]:
        """Return the first of the nodes that were changed since, as they were."""
        ids = self._candidates(page, unchanged)
        best: list[Stored] = []
        start, count = 0, min(page.options.max_result_size + 1, _CHUNK)
        while start < len(ids) and not page.is_full(best):
            keys = [NodeKey(self.kind, node_id) for node_id in ids[start : start + count]]
            states = self._history.known(keys, page.moment).values()
            found = [stored for stored in states if self._is_asked(stored, page)]
            best = page.first([*best, *self._matching(found, page.filtered)])
            start, count = start + count, _CHUNK
        return best

    def _candidates(self, page: "_Page", unchanged: list[Stored]) -> list[int]:
        """Return the ids of what was changed since and may stand on the page, in its order."""
        type_ids, context_id, _ = page.narrowing
        rows = changed_since(self._scope, self.kind, page.moment, type_ids=type_ids)
        if rows and context_id is not None:
            members = members_at(self._scope, self.kind, context_id, page.moment)
            rows = [row for row in rows if row[0] in members]
        if page.options.order_by is OrderField.LAST_UPDATE_TIME:
            return [node_id for node_id, _ in rows]
        stored = [{"id": node_id, "create_time_since_epoch": time} for node_id, time in rows]
        if page.is_full(unchanged):
            last = page.position(unchanged[-1])
            stored = [each for each in stored if not page.is_behind(each, last)]
        return [each["id"] for each in page.sorted(filter(page.follows, stored))]

    def _is_asked(self, stored: Stored, page: "_Page") -> bool:
        state = page.narrowing.state
        if state is not None and stored.get(STATE_KEYS[self.kind]) != str(state):
            return False
        return page.follows(stored)

    def _matching(self, states: list[Stored], filtered: Filter | None) -> list[Stored]:
        if filtered is None or not states:
            return states
        listing = list_states(self.kind, filtered)
        parameters = listing.parameters | {"states": states}
        ((ids,),) = self._filters.read(listing.statement, filtered, parameters)
        matching = set(ids)
        return [stored for stored in states if stored["id"] in matching]


class _Page:
    """A page that is asked for: what comes on it, in which order."""

    def __init__(
        self, options: ListOptions, narrowing: Narrowing, filtered: Filter | None, moment: Moment
    ) -> None:
        self.options = options
        self.narrowing = narrowing
        self.filtered = filtered
        self.moment = moment
        self._after = decode_token(options, moment)

    def position(self, stored: Stored) -> Position:
        return position_of(stored, self.options.order_by)

    def follows(self, stored: Stored) -> bool:
        """Return whether a node comes after the page before."""
        return self._after is None or self.is_behind(stored, self._after)

    def is_behind(self, stored: Stored, place: Position) -> bool:
        """Return whether a node comes after a place in the order."""
        position = self.position(stored)
        return position > place if self.options.is_asc else position < place

    def sorted(self, nodes: Iterable[Stored]) -> list[Stored]:
        key: Callable[[Stored], Position] = self.position
        return sorted(nodes, key=key, reverse=not self.options.is_asc)

    def first(self, nodes: Iterable[Stored]) -> list[Stored]:
        """Return what the page holds of some nodes, and one more, which tells that another follows."""
        return self.sorted(nodes)[: self.options.max_result_size + 1]

    def is_full(self, nodes: list[Stored]) -> bool:
        """Return whether no node that comes later in the order can stand before those."""
        stable = self.options.order_by is not OrderField.LAST_UPDATE_TIME
        return stable and len(nodes) > self.options.max_result_size
