"""Selections: the artifacts and executions that a selection text means, and their events."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.records import rows_of
from headwater.graph.statements import load
from headwater.query.moment import NOW, Moment
from headwater.query.parts import Direction, LineageEvent, NodeKey
from headwater.query.selection import (
    Atom,
    Checked,
    Pattern,
    Selected,
    SelectedNode,
    check,
    decode_cursor,
    encode_cursor,
)
from headwater.query.selection_tree import Branch, shown, wrong
from headwater.services.lineage import LineageService
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import ArtifactState, TypeKind
from headwater_schema.stored import LABELS

HOPS_OF_A_LAYER = 2
"""From an artifact to the next artifacts, from an execution to the next executions."""

_FLOWING = (TypeKind.ARTIFACT, TypeKind.EXECUTION)
_STEPS = {
    Direction.UPSTREAM: "selection/step_upstream",
    Direction.DOWNSTREAM: "selection/step_downstream",
}
_FEWEST_ROUNDS = 8
_NODES_A_ROUND = 500
"""What one traversal reaches in the time of a round trip, roughly."""

_SHOWN_TYPES = 20

Nodes = frozenset[NodeKey]


class SelectionService:
    """Evaluates selections in one namespace."""

    def __init__(self, scope: Scope, types: TypeService, lineage: LineageService) -> None:
        self._scope = scope
        self._types = types
        self._lineage = lineage

    def select(
        self,
        text: str,
        *,
        moment: Moment = NOW,
        limit: int | None = None,
        cursor: str | None = None,
        events: bool = False,
    ) -> Selected:
        """Return the nodes that a selection text means, and the events between them if asked.

        Names, types, states and uris are those of today; events and memberships are those of
        the moment.

        Args:
            text: the selection; `docs/selection.md` has the language.
            moment: which state of the world the edges are of.
            limit: at most so many nodes; None has no limit.
            cursor: of the answer before, to go on after its last node.
            events: whether to return the events between selected nodes: with each execution
                of this answer those that join it to a selected artifact.

        Returns:
            Artifacts, then executions, each by id. Where `limit` cut it: `complete` is False,
            `left_out` counts the rest by kind and type, and `cursor` asks for it.

        Raises:
            InvalidArgument: it is no selection, and the message shows where; the cursor is of
                another one; `limit` is not positive.
            NotFound: an exact name, type, context, uri or id of it is unknown, and the message
                shows where; a pattern that nothing fits selects nothing.
        """
        if limit is not None and limit < 1:
            raise InvalidArgument(f"A page has at least 1 node, asked for {limit}.", limit=limit)
        last: NodeKey | None = None
        if cursor is not None:
            then, last = decode_cursor(cursor, namespace=self._scope.namespace, text=text)
            if moment not in (NOW, then):
                raise InvalidArgument("The cursor is of another moment than the one asked about.")
            moment = then
        chosen = sorted(self.keys(text, moment=moment))
        rest = [key for key in chosen if last is None or key > last]
        page = rest if limit is None else rest[:limit]
        after = rest[len(page) :]
        return Selected(
            text=text,
            moment=moment,
            nodes=tuple(self._shown(page)),
            events=tuple(self._events(page, chosen, moment)) if events else (),
            left_out=self._counted(after),
            cursor=encode_cursor(self._scope.namespace, text, moment, page[-1]) if after else None,
        )

    def keys(self, text: str, *, moment: Moment = NOW) -> Nodes:
        """Return the keys of the nodes that a selection text means; see `select`."""
        checked = check(text)
        return _Evaluation(self._scope, self._types, self._lineage, checked, moment).run()

    def _shown(self, keys: Sequence[NodeKey]) -> list[SelectedNode]:
        return [
            SelectedNode(kind, *row)
            for kind, ids in _by_kind(keys).items()
            for row in rows_of(self._read("selection/nodes", kind, ids=ids))
        ]

    def _counted(self, keys: Sequence[NodeKey]) -> dict[TypeKind, dict[str, int]]:
        return {
            kind: dict(self._read("selection/count", kind, ids=ids))
            for kind, ids in _by_kind(keys).items()
            if ids
        }

    def _events(
        self, page: Sequence[NodeKey], chosen: Sequence[NodeKey], moment: Moment
    ) -> list[LineageEvent]:
        name, times = _at("selection/events", moment)
        chunks = self._scope.graph.read(
            load(name),
            namespace=self._scope.namespace,
            executions=_by_kind(page)[TypeKind.EXECUTION],
            artifacts=_by_kind(chosen)[TypeKind.ARTIFACT],
            **times,
        )
        return [LineageEvent(*row) for row in rows_of(chunks)]

    def _read(self, name: str, kind: TypeKind, /, *, ids: list[int]) -> list[Any]:
        statement = load(name, LABELS[kind])
        return self._scope.graph.read(statement, namespace=self._scope.namespace, ids=ids)


@dataclass
class _Evaluation:
    """One evaluation of one selection."""

    scope: Scope
    types: TypeService
    lineage: LineageService
    checked: Checked
    moment: Moment

    def __post_init__(self) -> None:
        self._atoms: dict[Atom, Nodes] = {}
        self._everything: Nodes | None = None

    def run(self) -> Nodes:
        """Return the value of the root; that of a child is let go once its parent has used it."""
        values: dict[int, Nodes] = {}
        root = len(self.checked.tree) - 1
        for place, branch in enumerate(self.checked.tree):
            values[place] = self._value(place, branch, [values.pop(arg) for arg in branch.args])
        return values[root]

    def _value(self, place: int, branch: Branch, args: Sequence[Nodes]) -> Nodes:
        found: Nodes
        match branch.rule:
            case "word":
                found = self._atom(self.checked.atoms[place], branch.start)
            case "everything":
                found = self._all()
            case "any_of":
                found = frozenset().union(*args)
            case "all_of":
                found = args[0].intersection(*args[1:])
            case "negated":
                found = self._all() - args[0]
            case "roots":
                found = args[0] - self._beyond(args[0], Direction.DOWNSTREAM)
            case "sinks":
                found = args[0] - self._beyond(args[0], Direction.UPSTREAM)
            case _:
                found = args[0]
                if branch.above != 0:
                    found |= self._beyond(args[0], Direction.UPSTREAM, branch.above)
                if branch.below != 0:
                    found |= self._beyond(args[0], Direction.DOWNSTREAM, branch.below)
        return found

    # How far the data flows.

    def _beyond(self, starts: Nodes, direction: Direction, layers: int | None = None) -> Nodes:
        """Return what lies at least one hop from some of the nodes.

        Goes a hop at a time with what was reached last. A long way costs many round trips, so
        now and then everything beyond one node is taken by a single traversal, and as much
        time is spent on hops before the next: neither can cost much more than the better one.
        """
        left = None if layers is None else layers * HOPS_OF_A_LAYER
        rounds = _FEWEST_ROUNDS
        reached: set[NodeKey] = set()
        edge = set(starts)
        while edge and left != 0:
            if left is None and self.moment.is_now and (rounds == 0 or len(edge) == 1):
                whole = self._whole(edge.pop(), direction)
                rounds = max(_FEWEST_ROUNDS, len(whole) // _NODES_A_ROUND)
                edge -= whole
                reached |= whole
                continue
            new = self._step(edge, direction) - reached
            reached |= new
            edge = new - starts if left is None else new
            rounds -= 1
            left = None if left is None else left - 1
        return frozenset(reached)

    def _whole(self, start: NodeKey, direction: Direction) -> set[NodeKey]:
        ids = self.lineage.ids(start, direction)
        return {NodeKey(kind, node_id) for kind in _FLOWING for node_id in ids[kind]}

    def _step(self, edge: Iterable[NodeKey], direction: Direction) -> set[NodeKey]:
        name, times = _at(_STEPS[direction], self.moment)
        found: set[NodeKey] = set()
        for kind, ids in _by_kind(edge).items():
            if ids:
                found |= _keys(_other(kind), self._ids(name, kind, ids=ids, **times))
        return found

    # What a word means.

    def _atom(self, atom: Atom, start: int) -> Nodes:
        if atom not in self._atoms:
            self._atoms[atom] = self._found(atom, start)
        return self._atoms[atom]

    def _found(self, atom: Atom, start: int) -> Nodes:
        found: Nodes
        match atom.asks:
            case "id":
                (kind,) = atom.kinds
                keys = _keys(kind, self._ids("selection/present", kind, ids=[atom.id]))
                found = self._known(keys, start, f"no {kind.lower()} with id {atom.id}")
            case "kind":
                (kind,) = atom.kinds
                found = frozenset(_keys(kind, self._ids("selection/all", kind)))
            case "state":
                found = self._each("selection/in_state", state=atom.state)
            case "type":
                names = self._type_names(atom.pattern, start)
                found = self._each("selection/of_types", types=sorted(names))
            case "context":
                found = self._members(atom, start)
            case "uri":
                found = self._at_uri(atom.pattern, start)
            case _:
                found = self._named(atom, start)
        return found

    def _named(self, atom: Atom, start: int) -> Nodes:
        names = None if atom.type is None else self._type_names(atom.type, start)
        found: set[NodeKey] = set()
        for kind in atom.kinds:
            found |= _keys(kind, self._by_name(kind, atom.pattern, self._type_ids(kind, names)))
        if not atom.pattern.exact or found:
            return frozenset(found)
        if TypeKind.ARTIFACT in atom.kinds:
            found |= self._latest(
                str(atom.pattern), self._type_ids(TypeKind.ARTIFACT, names), start
            )
        what = "" if atom.type is None else f" of type {shown(str(atom.type))}"
        return self._known(
            frozenset(found),
            start,
            f"nothing is named {shown(str(atom.pattern))}{what}",
            hint=f"A star stands for any characters: name:*{atom.pattern!s:.100}*.",
        )

    def _latest(self, series: str, type_ids: list[int], start: int) -> set[NodeKey]:
        rows = list(
            rows_of(
                self.scope.graph.read(
                    load("selection/series_states"),
                    namespace=self.scope.namespace,
                    series=series,
                    type_ids=type_ids,
                )
            )
        )
        latest: dict[int, int] = {}
        for type_id, node_id, _, state in rows:
            if state == ArtifactState.LIVE:
                latest.setdefault(type_id, node_id)
        if rows and not latest:
            versions = ", ".join(f"{name} {state}" for _, _, name, state in rows[:5])
            raise wrong(
                self.checked.text,
                start,
                f"series {shown(series)} has no LIVE version; there is {versions}.",
                hint="Name a version.",
                error=NotFound,
            )
        return _keys(TypeKind.ARTIFACT, latest.values())

    def _members(self, atom: Atom, start: int) -> Nodes:
        kind = TypeKind.CONTEXT
        if atom.id is not None:
            contexts = self._ids("selection/present", kind, ids=[atom.id])
            missing = f"no context with id {atom.id}"
        else:
            contexts = self._by_name(kind, atom.pattern, self._type_ids(kind, None))
            missing = f"no context is named {shown(str(atom.pattern))}"
        if atom.pattern.exact:
            self._known(_keys(kind, contexts), start, missing)
        name, times = _at("selection/members", self.moment)
        artifacts, executions = self.scope.graph.read(
            load(name), namespace=self.scope.namespace, ids=contexts, **times
        )[0]
        return frozenset(
            _keys(TypeKind.ARTIFACT, artifacts) | _keys(TypeKind.EXECUTION, executions)
        )

    def _at_uri(self, pattern: Pattern, start: int) -> Nodes:
        if pattern.exact:
            uri = str(pattern)
            digest = hashlib.sha256(uri.encode(errors="surrogatepass")).hexdigest()
            statement = load("selection/by_uri")
            asked: dict[str, Any] = {"uri": uri, "digest": digest}
        else:
            statement = load("selection/by_uri_pattern")
            asked = {"start": pattern.start, "pattern": pattern.regular_expression()}
        ((ids,),) = self.scope.graph.read(statement, namespace=self.scope.namespace, **asked)
        found = _keys(TypeKind.ARTIFACT, ids)
        if not pattern.exact:
            return frozenset(found)
        return self._known(found, start, f"no artifact has the uri {shown(str(pattern))}")

    def _by_name(self, kind: TypeKind, pattern: Pattern, type_ids: list[int]) -> list[int]:
        if not type_ids:
            return []
        if pattern.exact:
            return self._ids("selection/by_name", kind, type_ids=type_ids, name=str(pattern))
        return self._ids(
            "selection/by_name_pattern",
            kind,
            type_ids=type_ids,
            start=pattern.start,
            pattern=pattern.regular_expression(),
        )

    def _type_names(self, pattern: Pattern, start: int) -> set[str]:
        types = [t for t in self.types.all() if t.kind in _FLOWING]
        names = {node_type.name for node_type in types}
        found = {name for name in names if pattern.fits(name)}
        if found or not pattern.exact:
            return found
        listed = ", ".join(sorted(names)[:_SHOWN_TYPES]) or "none"
        more = f", and {len(names) - _SHOWN_TYPES} more" if len(names) > _SHOWN_TYPES else ""
        raise wrong(
            self.checked.text,
            start,
            f"no type {shown(str(pattern))}.",
            hint=f"There are: {listed}{more}. A name or uri with a colon is written in quotes.",
            error=NotFound,
        )

    def _type_ids(self, kind: TypeKind, names: set[str] | None) -> list[int]:
        return [
            node_type.id
            for node_type in self.types.all(kind)
            if node_type.id is not None and (names is None or node_type.name in names)
        ]

    def _known(
        self, found: Iterable[NodeKey], start: int, problem: str, *, hint: str = ""
    ) -> Nodes:
        nodes = frozenset(found)
        if not nodes:
            where = f" in namespace {self.scope.namespace!r}."
            raise wrong(self.checked.text, start, problem + where, hint=hint, error=NotFound)
        return nodes

    # The graph.

    def _all(self) -> Nodes:
        if self._everything is None:
            self._everything = self._each("selection/all")
        return self._everything

    def _each(self, name: str, /, **parameters: Any) -> Nodes:  # noqa: ANN401 - as `read` takes them
        return frozenset(
            key for kind in _FLOWING for key in _keys(kind, self._ids(name, kind, **parameters))
        )

    def _ids(self, name: str, kind: TypeKind, /, **parameters: Any) -> list[int]:  # noqa: ANN401 - likewise
        statement = load(name, LABELS[kind])
        rows = self.scope.graph.read(statement, namespace=self.scope.namespace, **parameters)
        ids: list[int] = rows[0][0]
        return ids


def _at(name: str, moment: Moment) -> tuple[str, dict[str, Any]]:
    """Return the statement that asks about a moment, with its parameters."""
    return (name, {}) if moment.is_now else (f"{name}_at", moment.parameters)


def _keys(kind: TypeKind, ids: Iterable[int]) -> set[NodeKey]:
    return {NodeKey(kind, node_id) for node_id in ids}


def _by_kind(keys: Iterable[NodeKey]) -> dict[TypeKind, list[int]]:
    found: dict[TypeKind, list[int]] = {kind: [] for kind in _FLOWING}
    for key in keys:
        found[key.kind].append(key.id)
    return found


def _other(kind: TypeKind) -> TypeKind:
    return TypeKind.EXECUTION if kind is TypeKind.ARTIFACT else TypeKind.ARTIFACT
