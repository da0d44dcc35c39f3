"""References: from the objects and names by which people speak of nodes to kinds and ids."""

from headwater.errors import InvalidArgument, NotFound
from headwater.query.parts import NodeKey
from headwater.services.names import NameService
from headwater.typed import TypedNode
from headwater_schema import TypeKind
from headwater_schema.nodes import Node

NodeLike = TypedNode | Node | NodeKey | str


class References:
    """How a store finds the nodes that it is asked about."""

    names: NameService

    def key(self, node: NodeLike, *, type: str | None = None) -> NodeKey:
        """Return the kind and id of an artifact or execution, however it is named."""
        known = key_of(node)
        return known if known is not None else self.names.find(str(node), type_name=type)

    def _any_key(self, node: NodeLike) -> NodeKey:
        """Return the kind and id of an artifact, execution or context, in this order."""
        known = key_of(node)
        if known is not None:
            return known
        if str(node).lower().startswith("context:"):
            return self._of_kind(TypeKind.CONTEXT, node)
        try:
            return self.key(node)
        except NotFound as error:
            try:
                return self._of_kind(TypeKind.CONTEXT, node)
            except NotFound:
                raise error from None

    def _run_key(self, run: NodeLike) -> NodeKey:
        return self._of_kind(TypeKind.EXECUTION, run)

    def _of_kind(self, kind: TypeKind, node: NodeLike) -> NodeKey:
        known = key_of(node)
        if known is None:
            return NodeKey(kind, self.names.find_node(kind, str(node)).id)
        if known.kind is not kind:
            raise InvalidArgument(f"Asked for {kind.lower()}s, found {known}.", key=known)
        return known


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
