"""Nodes: artifacts, executions and contexts read back, one service for each kind."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, cast

from headwater.graph.records import decode_node, rows_of, uris_with_digests
from headwater.graph.session import Row
from headwater.graph.statements import load
from headwater.query.filter_plan import Filter
from headwater.query.listing import Scope as ListScope
from headwater.query.listing import list_all, list_ids, list_page
from headwater.query.moment import TimeLike, moment
from headwater.query.paging import encode_token, position_of
from headwater.services.filters import FilterService
from headwater.services.past import PastArtifacts, PastNodes
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


class NodeService(Generic[NodeT]):
    """Reads nodes of one kind in one namespace."""

    def __init__(self, scope: Scope, types: TypeService, kind: TypeKind) -> None:
        self._scope = scope
        self._types = types
        self._filters = FilterService(scope, types, kind)
        self.kind = kind

    def at(
        self, *, as_of: TimeLike | None = None, known_at: TimeLike | None = None
    ) -> PastNodes[NodeT]:
        """Return a reader of these nodes as they were.

        Args:
            as_of: valid time: with what was so by then.
            known_at: recorded time: with what the store knew by then.

        Raises:
            InvalidArgument: one of them is no time.
        """
        return PastNodes(self._scope, self._types, self.kind, moment(as_of, known_at))

    def by_ids(self, ids: Iterable[int]) -> list[NodeT]:
        """Return the nodes with those ids, each once, by id; unknown ids are passed over."""
        chunks = self._read("node/by_ids", ids=list(ids))
        return [self._decode(stored) for stored in rows_of(chunks)]

    def by_external_ids(self, external_ids: Iterable[str]) -> list[NodeT]:
        """Return the nodes with those external ids, by id; unknown ones are passed over."""
        return self._nodes(self._read("node/by_external_ids", external_ids=list(external_ids)))

    def by_type_and_name(
        self, type_name: str, name: str, *, version: str | None = None
    ) -> NodeT | None:
        """Return the node of that type and name, None if there is none."""
        node_type = self._types.find(self.kind, type_name, version)
        if node_type is None:
            return None
        nodes = self._nodes(self._read("node/by_name", type_ids=[node_type.id], name=name))
        return nodes[0] if nodes else None

    def by_name(self, name: str, *, type_name: str | None = None) -> list[NodeT]:
        """Return the nodes of that name, one per type that has one, by id."""
        type_ids = self._types.ids(self.kind, type_name)
        return self._nodes(self._read("node/by_name", type_ids=type_ids, name=name))

    def by_type(self, type_name: str, *, version: str | None = None) -> list[NodeT]:
        """Return every node of a type, by id; none where there is no such type."""
        node_type = self._types.find(self.kind, type_name, version)
        if node_type is None:
            return []
        statement = list_all(self.kind, ListScope.TYPES)
        return self._all(statement, type_ids=[node_type.id])

    def in_context(self, context_id: int) -> list[NodeT]:
        """Return every artifact or execution of a context, by id."""
        return self._all(list_all(self.kind, ListScope.CONTEXT), context_id=context_id)

    def all(self) -> list[NodeT]:
        """Return every node, by id."""
        return self._all(list_all(self.kind, ListScope.ALL))

    def page(
        self,
        options: ListOptions | None = None,
        *,
        type_name: str | None = None,
        type_ids: Sequence[int] | None = None,
        context_id: int | None = None,
        state: ArtifactState | ExecutionState | None = None,
    ) -> Page[NodeT]:
        """Return one page of nodes.

        Args:
            options: size, order, token and filter of the page.
            type_name: only of this type, in all its versions.
            type_ids: only of these types.
            context_id: only of this context.
            state: only in this state.

        Raises:
            InvalidArgument: the filter is none, or needs a value that lies in the object store;
                the token is none of this order.
        """
        options = options or ListOptions()
        scope = ListScope.ALL
        parameters: dict[str, Any] = {}
        if context_id is not None:
            scope, parameters = ListScope.CONTEXT, {"context_id": context_id}
        wanted = None if type_ids is None else set(type_ids)
        if type_name is not None:
            named = set(self._types.ids(self.kind, type_name))
            wanted = named if wanted is None else named & wanted
        if wanted is not None:
            parameters["type_ids"] = sorted(wanted)
        if state is not None:
            parameters["state"] = str(state)
        filtered = self._filters.compiled(options.filter_query) if options.filter_query else None
        listing = list_page(
            self.kind,
            scope,
            options,
            by_type=wanted is not None,
            by_state=state is not None,
            filtered=filtered,
        )
        rows = self._filters.read(listing.statement, filtered, listing.parameters | parameters)
        shown = rows[: options.max_result_size]
        token = ""
        if len(rows) > len(shown):
            token = encode_token(options, position_of(shown[-1][0], options.order_by))
        return Page(tuple(self._nodes(shown)), token)

    def matching_ids(
        self,
        filter_query: str,
        *,
        among: Sequence[int] | None = None,
        limit: int | None = None,
    ) -> list[int]:
        """Return the ids of the nodes that a filter matches, ascending; an empty one matches all.

        Args:
            filter_query: a condition in MLMD's filter language.
            among: looks at the nodes with these ids alone.
            limit: stops after so many.

        Raises:
            InvalidArgument: it is no filter, or needs a value that lies in the object store.
        """
        filtered = self._filters.compiled(filter_query) if filter_query else Filter()
        listing = list_ids(self.kind, filtered, among=among is not None, limit=limit)
        more = {} if among is None else {"among": list(among)}
        ((ids,),) = self._filters.read(listing.statement, filtered, listing.parameters | more)
        return cast("list[int]", ids)

    def _read(self, name: str, /, **parameters: object) -> list[Row]:
        statement = load(name, LABELS[self.kind])
        return self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)

    def _all(self, statement: Any, **parameters: object) -> list[NodeT]:  # noqa: ANN401 - a Statement
        chunks = self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)
        return [self._decode(stored) for stored in rows_of(chunks)]

    def _nodes(self, rows: Iterable[Row]) -> list[NodeT]:
        return [self._decode(row[0]) for row in rows]

    def _decode(self, stored: dict[str, Any]) -> NodeT:
        return cast("NodeT", decode_node(self.kind, stored, self._scope.fetch))


class ArtifactService(NodeService[Artifact]):
    """Reads artifacts, also by what they are: uri, digest, series."""

    def __init__(self, scope: Scope, types: TypeService) -> None:
        super().__init__(scope, types, TypeKind.ARTIFACT)

    def at(
        self, *, as_of: TimeLike | None = None, known_at: TimeLike | None = None
    ) -> PastArtifacts:
        """Return a reader of the artifacts as they were; see `NodeService.at`."""
        return PastArtifacts(self._scope, self._types, self.kind, moment(as_of, known_at))

    def by_uris(self, uris: Iterable[str]) -> list[Artifact]:
        """Return the artifacts with one of those uris, by id; `""` finds those without one."""
        wanted = set(uris)
        rows = uris_with_digests(wanted)
        found = self._nodes(self._plain("node/by_uris", uris=rows)) if rows else []
        if "" in wanted:
            found += self._nodes(self._plain("node/without_uri"))
        return sorted(found, key=lambda artifact: artifact.id or 0)

    def by_digest(self, digest: str) -> list[Artifact]:
        """Return the artifacts whose payload has that digest, newest first."""
        return self._nodes(self._plain("node/by_digest", digest=digest))

    def latest(
        self,
        series: str,
        *,
        type_name: str | None = None,
        state: ArtifactState = ArtifactState.LIVE,
    ) -> list[Artifact]:
        """Return the newest version of a series in a state, one per type that has one."""
        return self._nodes(
            self._plain(
                "series/latest",
                series=series,
                type_ids=None if type_name is None else self._types.ids(self.kind, type_name),
                state=str(state),
            )
        )

    def versions(self, series: str, *, type_name: str | None = None) -> list[Artifact]:
        """Return every version of a series, by type and version."""
        type_ids = None if type_name is None else self._types.ids(self.kind, type_name)
        return self._nodes(self._plain("series/versions", series=series, type_ids=type_ids))

    def _plain(self, name: str, /, **parameters: object) -> list[Row]:
        return self._scope.graph.read(load(name), namespace=self._scope.namespace, **parameters)
