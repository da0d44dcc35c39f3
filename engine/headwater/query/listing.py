"""Listing: nodes of one kind in an order, a page at a time, as one statement.

The only place besides `graph.statements` where a statement's text is put together, and only
from the literals below (the label, the order key, the direction and the scope are each one of
a closed set) and from the parts of a filter, which `filter_cypher` makes.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, LiteralString

from headwater.errors import InvalidArgument
from headwater.graph.statements import Statement, literal
from headwater.query.filter_plan import Filter
from headwater.query.moment import NOW, Moment
from headwater.query.paging import decode_token
from headwater_schema import ListOptions, OrderField, TypeKind

_NODES: dict[TypeKind, LiteralString] = {
    TypeKind.ARTIFACT: "node:Artifact",
    TypeKind.EXECUTION: "node:Execution",
    TypeKind.CONTEXT: "node:Context",
}
_KEYS: dict[OrderField, LiteralString] = {
    OrderField.ID: "node.id",
    OrderField.CREATE_TIME: "node.create_time_since_epoch",
    OrderField.LAST_UPDATE_TIME: "node.last_update_time_since_epoch",
}
_INDEX_KEYS: dict[OrderField, LiteralString] = {
    OrderField.ID: "namespace, id",
    OrderField.CREATE_TIME: "namespace, create_time_since_epoch, id",
    OrderField.LAST_UPDATE_TIME: "namespace, last_update_time_since_epoch, id",
}
_IN_CONTEXT: dict[TypeKind, LiteralString] = {
    TypeKind.ARTIFACT: "MATCH (:Context {namespace: $namespace, id: $context_id})<-[:ATTRIBUTION]-(node:Artifact)",
    TypeKind.EXECUTION: "MATCH (:Context {namespace: $namespace, id: $context_id})<-[:ASSOCIATION]-(node:Execution)",
}
# Whoever belonged to the context at a moment, whatever has become of the link since.
_IN_CONTEXT_AT: dict[TypeKind, LiteralString] = {
    TypeKind.ARTIFACT: "MATCH (:Context {namespace: $namespace, id: $context_id})"
    "<-[link:ATTRIBUTION|WAS_ATTRIBUTION]-(node:Artifact)",
    TypeKind.EXECUTION: "MATCH (:Context {namespace: $namespace, id: $context_id})"
    "<-[link:ASSOCIATION|WAS_ASSOCIATION]-(node:Execution)",
}
_LINKED_THEN: LiteralString = (
    "WHERE coalesce(link.valid_at, 0) <= $as_of AND coalesce(link.recorded_at, 0) <= $known_at\n"
    "AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)"
)
_UNCHANGED: LiteralString = (
    "AND node.create_time_since_epoch <= $as_of\n"
    "AND coalesce(node.recorded_at, 0) <= $known_at AND coalesce(node.valid_at, 0) <= $as_of"
)
_STATES: dict[TypeKind, LiteralString] = {
    TypeKind.ARTIFACT: "node.state",
    TypeKind.EXECUTION: "node.last_known_state",
}


class Scope(Enum):
    """Which nodes a list is of."""

    ALL = "all"
    TYPES = "types"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Listing:
    """A statement that lists nodes, and its parameters but for the namespace and the scope's."""

    statement: Statement
    parameters: dict[str, Any]


def list_page(
    kind: TypeKind,
    scope: Scope,
    options: ListOptions,
    *,
    by_type: bool = False,
    by_state: bool = False,
    filtered: Filter | None = None,
    moment: Moment = NOW,
) -> Listing:
    """Return the statement for one page and one row more, which tells whether another follows.

    Its rows are property maps. Parameters to add: `namespace`; `type_ids` or `context_id` by
    the scope; `type_ids` and `state` where the list is also narrowed by type or state. At a
    moment they are only those that have not changed since.

    Raises:
        InvalidArgument: the page size is not positive, the token is not one for this order and
            moment, or nodes of that kind have no state.
    """
    if options.max_result_size < 1:
        raise InvalidArgument(
            f"A page holds at least 1 node, asked for {options.max_result_size}.",
            max_result_size=options.max_result_size,
        )
    after = decode_token(options, moment)
    by_id = options.order_by is OrderField.ID
    parts = _match(kind, scope, options.order_by, filtered, moment)
    if by_type and scope is not Scope.TYPES:
        parts.append("AND node.type_id IN $type_ids")
    if by_state:
        parts.append(_in_state(kind))
    if after is not None:
        parts.append(_after(options))
    parts.append(_order(options))
    parts.append("LIMIT $limit")
    # Not `properties(node)`: Neo4j 5.26 has it give true in the place of a value that a filter asked
    # twice to be there, `(name IS NOT NULL AND name IS NOT NULL) IS NOT NULL`, and nothing else.
    parts.append("RETURN node {.*} AS properties")
    parameters: dict[str, Any] = {"limit": options.max_result_size + 1}
    if filtered is not None:
        parameters |= filtered.parameters
    if not moment.is_now:
        parameters |= moment.parameters
    if after is not None:
        parameters |= {"after_id": after.id} | ({} if by_id else {"after_key": after.key})
    narrowed = "_typed" * by_type + "_in_state" * by_state + "_unchanged" * (not moment.is_now)
    order = f"{options.order_by.lower()}_{options.is_asc}"
    name = f"listing/{kind.lower()}_{scope.value}{narrowed}{'_filtered' * bool(filtered)}_{order}"
    return Listing(Statement(name, literal(parts)), parameters)


def list_ids(kind: TypeKind, filtered: Filter, *, among: bool, limit: int | None) -> Listing:
    """Return the statement for the ids of the nodes that a filter matches, ascending, in one list.

    Parameters to add: `namespace`, and `among`, the ids to look at, where it is so asked.
    """
    parts: list[LiteralString] = []
    conditions = filtered.where
    if among:
        parts.extend(("UNWIND $among AS id", "WITH DISTINCT id", f"MATCH ({_NODES[kind]})"))
        parts.append("WHERE node.namespace = $namespace AND node.id = id")
    else:
        parts.extend(_start(kind, filtered) or _by_index(kind, OrderField.ID))
        conditions = filtered.after_start if filtered.start else conditions
    parts.extend(f"AND {condition}" for condition in conditions)
    parts.append("WITH node.id AS id ORDER BY id")
    if limit is not None:
        parts.append("LIMIT $limit")
    parts.append("RETURN collect(id) AS ids")
    parameters = filtered.parameters | ({} if limit is None else {"limit": limit})
    name = f"listing/{kind.lower()}_ids{'_among' * among}_filtered"
    return Listing(Statement(name, literal(parts)), parameters)


def list_states(kind: TypeKind, filtered: Filter) -> Listing:
    """Return the statement for the ids of those states that a filter matches, in one list.

    A state is a node's stored properties as they were once, and the filter speaks of nothing
    else: the server judges a map as it judges a node. Parameters to add: `namespace`, `states`.
    """
    parts: list[LiteralString] = ["UNWIND $states AS node", "WITH node WHERE true"]
    parts.extend(f"AND {condition}" for condition in filtered.where)
    parts.append("WITH node.id AS id ORDER BY id")
    parts.append("RETURN collect(id) AS ids")
    return Listing(
        Statement(f"listing/{kind.lower()}_states_filtered", literal(parts)), filtered.parameters
    )


def list_all(kind: TypeKind, scope: Scope) -> Statement:
    """Return the statement for all nodes by id, in chunks of 1,000 property maps."""
    parts: list[LiteralString] = [
        *_match(kind, scope, OrderField.ID),
        "WITH node ORDER BY node.namespace, node.id",
        "WITH collect(properties(node)) AS rows",
        "UNWIND range(0, size(rows) - 1, 1000) AS start",
        "RETURN rows[start..start + 1000] AS chunk",
    ]
    return Statement(f"listing/{kind.lower()}_{scope.value}", literal(parts))


def _match(
    kind: TypeKind,
    scope: Scope,
    order: OrderField,
    filtered: Filter | None = None,
    moment: Moment = NOW,
) -> list[LiteralString]:
    conditions: list[LiteralString] = []
    if filtered is not None:
        begun = filtered.start and scope is not Scope.CONTEXT
        texts = filtered.after_start if begun else filtered.where
        conditions = [f"AND {condition}" for condition in texts]
    if not moment.is_now:
        conditions.append(_UNCHANGED)
    if scope is Scope.CONTEXT:
        return [*_in_context(kind, moment), *conditions]
    start = _start(kind, filtered) if filtered is not None else []
    lines = start or _by_index(kind, order)
    if scope is Scope.TYPES:
        lines.append("AND node.type_id IN $type_ids")
    return [*lines, *conditions]


def _in_context(kind: TypeKind, moment: Moment) -> list[LiteralString]:
    if moment.is_now:
        return [_IN_CONTEXT[kind], "WITH node WHERE true"]
    return [_IN_CONTEXT_AT[kind], _LINKED_THEN, "WITH DISTINCT node WHERE true"]


def _start(kind: TypeKind, filtered: Filter) -> list[LiteralString]:
    """Return the lines that leave it to the filter where to begin, none if it does not say."""
    if filtered.start:
        return [*filtered.start, "WHERE node.namespace = $namespace"]
    if filtered.seeks:
        return [f"MATCH ({_NODES[kind]})", "WHERE node.namespace = $namespace"]
    return []


def _by_index(kind: TypeKind, order: OrderField) -> list[LiteralString]:
    # Left alone the planner sorts the whole namespace for every page ordered by a time. With the
    # hint, and a condition on each key of the index, it reads the page from the index in order.
    lines: list[LiteralString] = [
        f"MATCH ({_NODES[kind]})",
        f"USING INDEX {_NODES[kind]}({_INDEX_KEYS[order]})",
        "WHERE node.namespace = $namespace AND node.id IS NOT NULL",
    ]
    if order is not OrderField.ID:
        lines.append(f"AND {_KEYS[order]} IS NOT NULL")
    return lines


def _in_state(kind: TypeKind) -> LiteralString:
    if kind not in _STATES:
        raise InvalidArgument(f"An {kind.lower()} has no state.", kind=kind)
    return f"AND {_STATES[kind]} = $state"


def _after(options: ListOptions) -> LiteralString:
    key = _KEYS[options.order_by]
    sign: LiteralString = ">" if options.is_asc else "<"
    if options.order_by is OrderField.ID:
        return f"AND node.id {sign} $after_id"
    # Not `key > … OR id > …`: the planner would join two seeks for that, and sort.
    return (
        f"AND {key} {sign}= $after_key\n"
        f"AND CASE {key} WHEN $after_key THEN node.id {sign} $after_id ELSE true END"
    )


def _order(options: ListOptions) -> LiteralString:
    direction: LiteralString = "" if options.is_asc else " DESC"
    key = _KEYS[options.order_by]
    keys: list[LiteralString] = [f"{key}{direction}"]
    if options.order_by is not OrderField.ID:
        keys.append(f"node.id{direction}")
    # Ordering by the namespace too, which is one value, lets the index give the order.
    return f"WITH node ORDER BY node.namespace{direction}, {', '.join(keys)}"
