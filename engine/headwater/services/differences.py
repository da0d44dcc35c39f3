"""Differences: both histories fetched, for `headwater.query.difference` to align and rank."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.records import rows_of
from headwater.graph.statements import load
from headwater.query.difference import Diff, difference
from headwater.query.difference_makers import as_made
from headwater.query.difference_parts import Fact, Provenance, fact_of
from headwater.query.difference_rules import Rules
from headwater.query.moment import NOW, Moment
from headwater.query.parts import ENVIRONMENT_TYPE, LineageEvent, NodeKey
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import ArtifactBaseType, TypeKind
from headwater_schema.stored import LABELS

PropertiesAt = Callable[[Sequence[NodeKey], Moment], Mapping[NodeKey, Mapping[str, Any]]]
"""Returns stored properties of nodes, by key, as they were at a moment."""

_LEFT, _RIGHT, _BOTH = 1, 2, 3


class DifferenceService:
    """Compares nodes of one namespace with all that they came from.

    Args:
        scope: the namespace.
        types: its types, of which the bases tell metrics and models.
        properties_at: what nodes' properties were at a moment; the present ones when unset.
    """

    def __init__(
        self, scope: Scope, types: TypeService, *, properties_at: PropertiesAt | None = None
    ) -> None:
        self._scope = scope
        self._types = types
        self._properties_at = properties_at or self._present

    def diff(
        self,
        left: NodeKey,
        right: NodeKey,
        *,
        ignore: Iterable[str] = (),
        moments: tuple[Moment, Moment] = (NOW, NOW),
    ) -> Diff:
        """Return what differs between two nodes and all that they came from, earliest first.

        Of two artifacts or executions, their whole histories are compared. Of two contexts, what
        lies in them, and the histories of that. Contexts of executions are compared too: they
        often hold the environment. Nodes that are in both histories are equal by definition,
        unless the moments differ. CACHED executions, and what only they had read, are no part of
        a history: see `headwater.query.difference_makers`.

        Costs one statement for two present nodes, and some more where a CACHED execution alone
        leads from one of them to what the other has too; for contexts, or at a moment, some
        statements a side and, for contexts, one more for each step that their histories go back
        beyond them. Everything is read: memory is linear in both histories.

        Args:
            left: an artifact, execution or context.
            right: another of the same kind; or the same, at another moment.
            ignore: patterns of property names to pass over, besides
                `headwater.query.difference_rules.IDENTITY`: `host`, `*_token`.
            moments: as of when, and as known when, each side is meant.

        Raises:
            NotFound: there is no such node.
            InvalidArgument: they are of different kinds.
        """
        if left.kind is not right.kind:
            raise InvalidArgument(
                f"A difference is between nodes of one kind, asked for {left} and {right}.",
                hint="Compare two artifacts, two executions or two contexts.",
                left=left,
                right=right,
            )
        if moments == (NOW, NOW) and left != right and left.kind is not TypeKind.CONTEXT:
            sides = self._both(left, right)
        else:
            sides = self._each(left, right, moments)
        return difference(*sides, self._rules(ignore), moments=moments)

    def _rules(self, ignore: Iterable[str]) -> Rules:
        bases: dict[str, list[str]] = {}
        for node_type in self._types.all(TypeKind.ARTIFACT):
            bases.setdefault(str(getattr(node_type, "base_type", None)), []).append(node_type.name)
        return Rules(
            ignore,
            metric_types=bases.get(ArtifactBaseType.METRICS, ()),
            model_types=bases.get(ArtifactBaseType.MODEL, ()),
        )

    def _both(self, left: NodeKey, right: NodeKey) -> tuple[Provenance, Provenance]:
        rows = self._scope.graph.read(
            load("difference/provenance", LABELS[left.kind]),
            namespace=self._scope.namespace,
            left=left.id,
            right=right.id,
            environment_type=ENVIRONMENT_TYPE,
        )
        parts = _parts(rows)
        facts: dict[NodeKey, Fact] = {}
        sides: dict[NodeKey, int] = {}
        thin: set[NodeKey] = set()
        for is_artifact, of_sides, stored, named in parts["node"]:
            kind = _kind(is_artifact)
            fact = _named_fact(kind, *named) if stored is None else fact_of(kind, stored)
            facts[fact.key] = fact
            sides[fact.key] = of_sides
            if stored is None:
                thin.add(fact.key)
        for key in (left, right):
            if key not in facts:
                raise self._no_node(key)
        contexts = {
            fact.key: fact for fact in (fact_of(TypeKind.CONTEXT, s) for s in parts["context"])
        }
        events = _events(parts["event"])
        members = [
            (NodeKey(TypeKind.EXECUTION, node), NodeKey(TypeKind.CONTEXT, context))
            for node, context in sorted(parts["member"])
        ]
        if _BOTH in (sides[left], sides[right]):
            makers = [e.execution for e in events if e.target in (left, right)]
            keys = [key for key in (left, right, *makers) if sides[key] == _BOTH]
            for key, stored in self._present(keys, NOW).items():
                facts[key] = fact_of(key.kind, stored)
            thin -= set(keys)

        def side(root: NodeKey, mark: int) -> Provenance:
            own = {key: facts[key] for key in sorted(facts) if sides[key] & mark}
            links = [(node, context) for node, context in members if node in own]
            for _, context in links:
                own[context] = contexts[context]
            kept = [event for event in events if event.target in own]
            return as_made(Provenance(root, own, kept, links))

        one, two = side(left, _LEFT), side(right, _RIGHT)
        if thin & (one.nodes.keys() ^ two.nodes.keys()):
            # Only one side has it as it was made, and so it is to be looked into.
            return self._each(left, right, (NOW, NOW))
        return one, two

    def _each(
        self, left: NodeKey, right: NodeKey, moments: tuple[Moment, Moment]
    ) -> tuple[Provenance, Provenance]:
        return as_made(self._at(left, moments[0])), as_made(self._at(right, moments[1]))

    def _at(self, root: NodeKey, moment: Moment) -> Provenance:
        if root.kind is TypeKind.CONTEXT:
            keys, event_rows, members = self._of_context(root, moment)
        else:
            keys, event_rows, members = self._of_node(root, moment)
        stored = self._properties_at(sorted(keys), moment)
        if root not in stored:
            raise self._no_node(root)
        facts = {key: fact_of(key.kind, stored[key]) for key in sorted(keys) if key in stored}
        events = [e for e in _events(event_rows) if e.source in facts and e.target in facts]
        links = [(node, context) for node, context in members if {node, context} <= facts.keys()]
        return Provenance(root, facts, events, links)

    def _of_node(
        self, root: NodeKey, moment: Moment
    ) -> tuple[set[NodeKey], list[Any], list[tuple[NodeKey, NodeKey]]]:
        rows = self._scope.graph.read(
            load("difference/provenance_at", LABELS[root.kind]),
            namespace=self._scope.namespace,
            id=root.id,
            **moment.parameters,
        )
        parts = _parts(rows)
        members = [
            (NodeKey(TypeKind.EXECUTION, node), NodeKey(TypeKind.CONTEXT, context))
            for node, context in sorted(parts["member"])
        ]
        keys = {NodeKey(_kind(is_artifact), node_id) for is_artifact, node_id in parts["node"]}
        return keys | {context for _, context in members}, parts["event"], members

    def _of_context(
        self, root: NodeKey, moment: Moment
    ) -> tuple[set[NodeKey], list[Any], list[tuple[NodeKey, NodeKey]]]:
        rows = self._scope.graph.read(
            load("difference/members_at"),
            namespace=self._scope.namespace,
            id=root.id,
            **moment.parameters,
        )
        if not rows:
            raise self._no_node(root)
        held = [NodeKey(TypeKind.ARTIFACT, i) for i in rows[0][0]]
        held += [NodeKey(TypeKind.EXECUTION, i) for i in rows[0][1]]
        keys, ahead, event_rows = {root, *held}, list(held), []
        # Level by level, not a traversal from each member: those would walk what lies behind
        # all of them again for each.
        while ahead:
            chunks = self._scope.graph.read(
                load("difference/before_at"),
                namespace=self._scope.namespace,
                artifact_ids=[key.id for key in ahead if key.kind is TypeKind.ARTIFACT],
                execution_ids=[key.id for key in ahead if key.kind is TypeKind.EXECUTION],
                **moment.parameters,
            )
            found = list(rows_of(chunks))
            event_rows += found
            sources = {NodeKey(_kind(not row[0]), row[2]) for row in found}
            ahead = sorted(sources - keys)
            keys |= sources
        return keys, event_rows, [(key, root) for key in held]

    def _present(self, keys: Sequence[NodeKey], moment: Moment) -> dict[NodeKey, Mapping[str, Any]]:
        del moment
        found: dict[NodeKey, Mapping[str, Any]] = {}
        for kind in TypeKind:
            ids = [key.id for key in keys if key.kind is kind]
            if ids:
                chunks = self._scope.graph.read(
                    load("node/by_ids", LABELS[kind]), namespace=self._scope.namespace, ids=ids
                )
                found |= {NodeKey(kind, stored["id"]): stored for stored in rows_of(chunks)}
        return found

    def _no_node(self, key: NodeKey) -> NotFound:
        return NotFound(
            f"No {key.kind.lower()} with id {key.id} in namespace {self._scope.namespace!r}.",
            kind=key.kind,
            id=key.id,
        )


def _named_fact(kind: TypeKind, *named: Any) -> Fact:  # noqa: ANN401 - a row
    node_id, type_name, name, state, gone = named
    return Fact(NodeKey(kind, node_id), type_name, name, values={"state": state}, gone=gone)


def _parts(rows: Iterable[list[Any]]) -> dict[str, list[Any]]:
    parts: dict[str, list[Any]] = {"node": [], "event": [], "member": [], "context": []}
    for part, chunk in rows:
        parts[part] += chunk
    return parts


def _events(rows: Iterable[list[Any]]) -> list[LineageEvent]:
    """Return events in the order in which they were put, from rows at their targets."""
    events = []
    for row in sorted(rows, key=lambda row: (row[6] is None, row[6], row[1], row[2])):
        is_artifact, target, source, event_type, time, path, _ = row
        artifact, execution = (target, source) if is_artifact else (source, target)
        name = event_type.removeprefix("WAS_")
        events.append(LineageEvent(artifact, execution, name, time, path))
    return events


def _kind(is_artifact: bool) -> TypeKind:  # noqa: FBT001 - a column of the answer
    return TypeKind.ARTIFACT if is_artifact else TypeKind.EXECUTION
