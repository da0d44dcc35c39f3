"""Past changes: which nodes may have been others at a moment, and which belonged to a context then."""

from headwater.graph.statements import load
from headwater.query.moment import Moment
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS


def since(moment: Moment) -> dict[str, int]:
    """Return the parameters of a statement that looks at the changes after a moment.

    Changes are indexed by when they were recorded. Which of them are valid after a time does not
    follow from that, so where `as_of` is a bound, all of them are looked at.
    """
    known_at = moment.parameters["known_at"]
    return {**moment.parameters, "since": known_at if moment.as_of is None else -1}


def changed_since(
    scope: Scope, kind: TypeKind, moment: Moment, *, type_ids: list[int] | None = None
) -> list[tuple[int, int]]:
    """Return the id and the creation time of each node that was changed after a moment.

    One round trip. What nobody has changed is not passed over.

    Args:
        scope: the namespace.
        kind: of the nodes.
        moment: the two times.
        type_ids: only of these types.
    """
    rows = scope.graph.read(
        load("change/later", LABELS[kind]),
        namespace=scope.namespace,
        type_ids=type_ids,
        **since(moment),
    )
    return [(node_id, created) for node_id, created in rows[0][0]]


def members_at(scope: Scope, kind: TypeKind, context_id: int, moment: Moment) -> set[int]:
    """Return the ids of the nodes of a kind that belonged to a context then; no context does."""
    if kind is TypeKind.CONTEXT:
        return set()
    artifacts, executions = scope.graph.read(
        load("selection/members_at"),
        namespace=scope.namespace,
        ids=[context_id],
        **moment.parameters,
    )[0]
    return set(artifacts if kind is TypeKind.ARTIFACT else executions)
