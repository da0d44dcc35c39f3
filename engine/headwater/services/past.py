"""Past: artifacts, executions and contexts as they were at a moment, found by what they were then.

A node that was not changed since is as it is now. Those that were are looked at one by one: a
read by a value asks for the nodes that were changed since, because any of them may have had it.
They are found from the records of the changes, so what it costs grows with what was changed after
the moment, and not with the store. A name asks for less, the nodes that were renamed or deleted
since, and a series for nothing more: no version ever leaves it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from headwater.graph.records import STATE_KEYS, decode_node, rows_of, uri_of, uris_with_digests
from headwater.graph.statements import Statement, load
from headwater.query.listing import Scope as ListScope
from headwater.query.listing import list_all
from headwater.query.moment import ALWAYS, Moment
from headwater.query.parts import NodeKey
from headwater.services.history import HistoryService, Stored, is_later
from headwater.services.past_changes import changed_since, members_at, since
from headwater.services.past_pages import Narrowing, PastPages
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import (
    Artifact,
    ArtifactState,
    Context,
    Execution,
    ExecutionState,
    ListOptions,
    Page,
    TypeKind,
)
from headwater_schema.stored import LABELS

NodeT = TypeVar("NodeT", Artifact, Execution, Context)

_Test = Callable[[Mapping[str, Any]], bool]
_UNNAMING = {
    TypeKind.ARTIFACT: ["put"],
    TypeKind.EXECUTION: ["put"],
    TypeKind.CONTEXT: [],
}
"""Operations that never change a name, by kind. Source: MLMD, which renames contexts alone."""


def _any(_: Mapping[str, Any]) -> bool:
    return True


class PastNodes(Generic[NodeT]):
    """Reads nodes of one kind in one namespace as they were at a moment.

    A node is there from its creation time on, and from when the store learned of it. One that
    was deleted since has its properties, its name and its state of then.

    Attributes:
        kind: of the nodes.
        moment: the two times.
    """

    def __init__(self, scope: Scope, types: TypeService, kind: TypeKind, moment: Moment) -> None:
        self._scope = scope
        self._types = types
        self._history = HistoryService(scope)
        self.kind = kind
        self.moment = moment

    def by_ids(self, ids: Iterable[int]) -> list[NodeT]:
        """Return the nodes with those ids, each once, by id; those not there then are passed over."""
        return self._found({}, set(ids), _any)

    def by_name(self, name: str, *, type_name: str | None = None) -> list[NodeT]:
        """Return the nodes that had that name, one per type that had one, by id.

        Up to 4 round trips, and 2 where none of them was changed since, as for a name of now.
        """
        type_ids = self._types.ids(self.kind, type_name)
        candidates = self._read(
            "node/by_name_at",
            type_ids=type_ids,
            name=name,
            unnaming=_UNNAMING[self.kind],
            **since(self.moment),
        )
        return self._of(candidates, _has("name", {name}, type_ids))

    def by_external_ids(self, external_ids: Iterable[str]) -> list[NodeT]:
        """Return the nodes that had those external ids, by id; unknown ones are passed over."""
        wanted = list(external_ids)
        now = self._read("node/by_external_ids", external_ids=wanted)
        return self._by_value(now, _has("external_id", wanted))

    def all(
        self,
        *,
        type_name: str | None = None,
        context_id: int | None = None,
        state: ArtifactState | ExecutionState | None = None,
    ) -> list[NodeT]:
        """Return every node, by id.

        Args:
            type_name: only of this type, in all its versions.
            context_id: only of this context, by who belonged to it then.
            state: only of those that were in this state.
        """
        type_ids = None if type_name is None else self._types.ids(self.kind, type_name)

        def test(stored: Mapping[str, Any]) -> bool:
            in_state = state is None or stored.get(STATE_KEYS[self.kind]) == str(state)
            return in_state and (type_ids is None or stored["type_id"] in type_ids)

        if context_id is not None:
            return self._found(
                {}, members_at(self._scope, self.kind, context_id, self.moment), test
            )
        if type_ids is None:
            return self._listed(list_all(self.kind, ListScope.ALL), test)
        return self._listed(list_all(self.kind, ListScope.TYPES), test, type_ids=type_ids)

    def page(
        self,
        options: ListOptions | None = None,
        *,
        type_name: str | None = None,
        type_ids: Sequence[int] | None = None,
        context_id: int | None = None,
        state: ArtifactState | ExecutionState | None = None,
    ) -> Page[NodeT]:
        """Return one page of nodes; all pages of a list are of one state; see `PastPages`.

        Where this reader has no `known_at`, the first page takes the time of the database server
        and its token carries it. A write that was open then can still join the list, as the
        horizon tells.

        Args:
            options: size, order, token and filter of the page. The filter may speak of what the
                nodes themselves were, and not of their neighbours.
            type_name: only of this type, in all its versions.
            type_ids: only of these types.
            context_id: only of this context, by who belonged to it then.
            state: only of those that were in this state.

        Raises:
            InvalidArgument: the filter is none, speaks of neighbours, or needs a value that lies
                in the object store; the token is none of this order and moment.
        """
        wanted = None if type_ids is None else set(type_ids)
        if type_name is not None:
            named = set(self._types.ids(self.kind, type_name))
            wanted = named if wanted is None else named & wanted
        narrowing = Narrowing(None if wanted is None else sorted(wanted), context_id, state)
        pages = PastPages(self._scope, self._types, self.kind, self.moment)
        return cast("Page[NodeT]", pages.page(options or ListOptions(), narrowing))

    def by_type(self, type_name: str, *, version: str | None = None) -> list[NodeT]:
        """Return every node of a type, by id; none where there is no such type."""
        node_type = self._types.find(self.kind, type_name, version)
        if node_type is None:
            return []
        return self._listed(list_all(self.kind, ListScope.TYPES), _any, type_ids=[node_type.id])

    def in_context(self, context_id: int) -> list[NodeT]:
        """Return every artifact or execution that belonged to a context then, by id."""
        return self.all(context_id=context_id)

    def _by_value(self, now: Iterable[Stored], test: _Test) -> list[NodeT]:
        """Return the nodes for which a test held, given those for which it does now."""
        changed = changed_since(self._scope, self.kind, self.moment)
        return self._of(now, test, more={node_id for node_id, _ in changed})

    def _of(self, now: Iterable[Stored], test: _Test, *, more: Iterable[int] = ()) -> list[NodeT]:
        """Return the nodes for which a test held, of some that are read and more that are not."""
        return self._found({stored["id"]: stored for stored in now}, set(more), test)

    def _listed(self, statement: Statement, test: _Test, **parameters: object) -> list[NodeT]:
        chunks = self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)
        return self._of(rows_of(chunks), test)

    def _found(self, stored_now: Mapping[int, Stored], asked: set[int], test: _Test) -> list[NodeT]:
        """Return the nodes for which a test held, of some that are read and some that are not."""
        then = {}
        for node_id, stored in stored_now.items():
            if is_later(stored, self.moment):
                asked.add(node_id)
            else:
                then[node_id] = stored
        keys = [NodeKey(self.kind, node_id) for node_id in sorted(asked)]
        known = self._history.known(keys, self.moment)
        then |= {key.id: stored for key, stored in known.items()}
        as_of = ALWAYS if self.moment.as_of is None else self.moment.as_of
        return [
            cast("NodeT", decode_node(self.kind, then[node_id], self._scope.fetch))
            for node_id in sorted(then)
            if then[node_id]["create_time_since_epoch"] <= as_of and test(then[node_id])
        ]

    def _read(self, name: str, /, **parameters: object) -> list[Stored]:
        statement = load(name, LABELS[self.kind])
        rows = self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)
        return [row[0] for row in rows]


class PastArtifacts(PastNodes[Artifact]):
    """Reads artifacts as they were at a moment, also by what they were then: uri, digest, series."""

    def by_uris(self, uris: Iterable[str]) -> list[Artifact]:
        """Return the artifacts that had one of those uris, by id; `""` finds those without one."""
        wanted = set(uris)
        now = self._plain("node/by_uris", uris=uris_with_digests(wanted))
        if "" in wanted:
            now += self._plain("node/without_uri")
        return self._by_value(now, lambda stored: uri_of(stored) in wanted)

    def by_digest(self, digest: str) -> list[Artifact]:
        """Return the artifacts whose payload had that digest, newest first."""
        now = self._plain("node/by_digest", digest=digest)
        found = self._by_value(now, _has("digest", {digest}))
        return sorted(found, key=lambda a: (a.create_time_since_epoch or 0, a.id), reverse=True)

    def versions(self, series: str, *, type_name: str | None = None) -> list[Artifact]:
        """Return every version that a series had, by type and version."""
        type_ids = None if type_name is None else self._types.ids(self.kind, type_name)
        now = self._plain("series/versions", series=series, type_ids=type_ids)
        found = self._of(now, _has("series", {series}, type_ids))
        return sorted(found, key=lambda a: (a.type_id or 0, a.version or 0))

    def latest(
        self,
        series: str,
        *,
        type_name: str | None = None,
        state: ArtifactState = ArtifactState.LIVE,
    ) -> list[Artifact]:
        """Return the newest version of a series that was in a state, one per type that had one."""
        newest = {
            artifact.type_id: artifact
            for artifact in self.versions(series, type_name=type_name)
            if artifact.state is state
        }
        return list(newest.values())

    def _plain(self, name: str, /, **parameters: object) -> list[Stored]:
        rows = self._scope.graph.read(load(name), namespace=self._scope.namespace, **parameters)
        return [row[0] for row in rows]


def _has(key: str, values: Iterable[Any], type_ids: Iterable[int] | None = None) -> _Test:
    wanted, types = set(values), None if type_ids is None else set(type_ids)

    def test(stored: Mapping[str, Any]) -> bool:
        return stored.get(key) in wanted and (types is None or stored["type_id"] in types)

    return test
