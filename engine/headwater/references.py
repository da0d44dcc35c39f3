"""References: from the objects and names by which people speak of nodes to kinds and ids.

And what they may ask besides of a lineage that starts there.
"""

from collections.abc import Sequence
from typing import TypedDict

from headwater.errors import InvalidArgument, NotFound
from headwater.query.moment import NOW, Moment, TimeLike, moment
from headwater.query.parts import NodeKey
from headwater.query.question import Stops
from headwater.services.names import NameService
from headwater.typed import TypedNode
from headwater_schema import TypeKind
from headwater_schema.nodes import Node

NodeLike = TypedNode | Node | NodeKey | str


class Asked(TypedDict, total=False):
    """How far a lineage question goes, and what it shows.

    Attributes:
        max_hops: how far to go; a hop crosses one event. None has no limit.
        kinds: ARTIFACT or EXECUTION alone.
        types: only nodes of these types.
        states: only nodes in these states.
        artifacts: only artifacts that match this, in MLMD's filter language.
        executions: only executions that match this.
        contexts: only nodes of one of these contexts.
        since: only nodes created then or later.
        until: only nodes created then or before.
        roots: only nodes that nothing leads to.
        leaves: only nodes that lead to nothing.
        stops: nodes that are shown and not gone beyond.
        limit: at most so many nodes; the cursor goes on.
        as_of: valid time: only what had happened by then.
        known_at: recorded time: only what the store knew by then. Names mean what they meant at
            that moment, see `NameService.at`; a key or an object is the same node at all times.
    """

    max_hops: int | None
    kinds: Sequence[TypeKind] | None
    types: Sequence[str] | None
    states: Sequence[str] | None
    artifacts: str
    executions: str
    contexts: Sequence[NodeLike] | None
    since: TimeLike | None
    until: TimeLike | None
    roots: bool
    leaves: bool
    stops: Stops
    limit: int | None
    as_of: TimeLike | None
    known_at: TimeLike | None


class References:
    """How a store finds the nodes that it is asked about."""

    names: NameService

    def key(
        self,
        node: NodeLike,
        *,
        type: str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> NodeKey:
        """Return the kind and id of an artifact or execution, however it is named.

        Args:
            node: a name, or an object that the store gave before.
            type: name of its type; needed where several types have that name.
            as_of: valid time: what was called so by then; see `NameService.at`.
            known_at: recorded time: what the store called so then.
        """
        return self._key(node, moment(as_of, known_at), type=type)

    def _key(self, node: NodeLike, when: Moment = NOW, *, type: str | None = None) -> NodeKey:
        known = key_of(node)
        return known if known is not None else self._names(when).find(str(node), type_name=type)

    def _any_key(self, node: NodeLike, when: Moment = NOW) -> NodeKey:
        """Return the kind and id of an artifact, execution or context, in this order."""
        known = key_of(node)
        if known is not None:
            return known
        if str(node).lower().startswith("context:"):
            return self._of_kind(TypeKind.CONTEXT, node, when)
        try:
            return self._key(node, when)
        except NotFound as error:
            try:
                return self._of_kind(TypeKind.CONTEXT, node, when)
            except NotFound:
                raise error from None

    def _run_key(self, run: NodeLike, when: Moment = NOW) -> NodeKey:
        return self._of_kind(TypeKind.EXECUTION, run, when)

    def _of_kind(self, kind: TypeKind, node: NodeLike, when: Moment = NOW) -> NodeKey:
        known = key_of(node)
        if known is None:
            return NodeKey(kind, self._names(when).find_node(kind, str(node)).id)
        if known.kind is not kind:
            raise InvalidArgument(f"Asked for {kind.lower()}s, found {known}.", key=known)
        return known

    def _names(self, when: Moment) -> NameService:
        return self.names if when.is_now else self.names.at(**when._asdict())


def key_of(node: NodeLike) -> NodeKey | None:
    """Return the kind and id of a node that is given as an object, None for a name.

    Raises:
        InvalidArgument: the store has not seen the object.
    """
    if isinstance(node, NodeKey):
        return node
    if isinstance(node, str):
        return None
    if node.id is None:
        raise InvalidArgument(
            f"This {node.kind.lower()} has no id: the store has not seen it.",
            hint="Use the object that the store returned.",
        )
    return NodeKey(node.kind, node.id)
