"""The services of one namespace with a clock that the test moves, and the graph seen from outside."""

from dataclasses import dataclass, field
from typing import Any

from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.objects import ObjectStore
from headwater.services.door import Caller, Door
from headwater.services.edges import EdgeService
from headwater.services.ids import IdBlocks
from headwater.services.lineage import LineageService
from headwater.services.namespaces import NamespaceService
from headwater.services.nodes import ArtifactService, NodeService
from headwater.services.put import PutService
from headwater.services.removal import RemovalService
from headwater.services.renames import RenameService
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import Change, Context, Element, ElementKind, Execution, TypeKind
from headwater_schema.changes import ElementChange, property_changes
from headwater_schema.stored import RECORDED_AT, REVISION, VALID_AT

_KEPT_BY_THE_STORE = {RECORDED_AT, REVISION, VALID_AT}
Snapshot = dict[Element, dict[str, Any]]

SNAPSHOT = Statement(
    "test/snapshot",
    """
CALL () {
  MATCH (node:Artifact) WHERE node.namespace = $namespace AND node.id IS NOT NULL RETURN node
UNION ALL
  MATCH (node:Execution) WHERE node.namespace = $namespace AND node.id IS NOT NULL RETURN node
UNION ALL
  MATCH (node:Context) WHERE node.namespace = $namespace AND node.id IS NOT NULL RETURN node
UNION ALL
  MATCH (node:Type) WHERE node.namespace = $namespace AND node.id IS NOT NULL RETURN node
UNION ALL
  MATCH (node:Series) WHERE node.namespace = $namespace AND node.name IS NOT NULL RETURN node
}
RETURN labels(node), properties(node), COLLECT {
  MATCH (node)-[edge]->(other)
  RETURN [type(edge), properties(edge), labels(other), other.id, other.namespace]
}
""",
)
"""Every node of a namespace with the edges that leave it; liveness and counters are not among them."""


@dataclass
class Services:
    """The services of one namespace.

    Attributes:
        now: what the clock says, in milliseconds.
        seen: what the door's observer was told.
    """

    graph: Graph
    objects: ObjectStore
    namespace: str
    offload_bytes: int = 6_000
    now: int = 1_000
    seen: list[ElementChange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope(
            graph=self.graph,
            objects=self.objects,
            namespace=self.namespace,
            door=Door(self.graph, self._observe),
            ids=IdBlocks(self.graph),
            offload_bytes=self.offload_bytes,
            index_budget=300,
            clock=lambda: self.now,
        )
        self.namespaces = NamespaceService(self.scope)
        self.types = TypeService(self.scope, self.namespaces)
        self.puts = PutService(self.scope, self.namespaces, self.types)
        self.artifacts = ArtifactService(self.scope, self.types)
        self.executions = NodeService[Execution](self.scope, self.types, TypeKind.EXECUTION)
        self.contexts = NodeService[Context](self.scope, self.types, TypeKind.CONTEXT)
        self.edges = EdgeService(self.scope)
        self.lineage = LineageService(self.scope)
        self.removal = RemovalService(self.scope)
        self.renames = RenameService(self.scope)

    def nodes(self, kind: TypeKind) -> ArtifactService | NodeService[Any]:
        """Return the service that reads the nodes of a kind."""
        match kind:
            case TypeKind.ARTIFACT:
                return self.artifacts
            case TypeKind.EXECUTION:
                return self.executions
            case TypeKind.CONTEXT:
                return self.contexts

    def snapshot(self) -> Snapshot:
        """Return every element of the namespace with its properties, as the graph has them now."""
        return snapshot(self.graph, self.namespace)

    def _observe(self, _caller: Caller, changes: Any) -> None:
        self.seen.extend(changes)


def snapshot(graph: Graph, namespace: str) -> Snapshot:
    """Return every element of a namespace with its properties."""
    found: Snapshot = {}
    for labels, properties, edges in graph.read(SNAPSHOT, namespace=namespace):
        assert len(labels) == 1
        kind = ElementKind(labels[0].upper())
        node = Element(kind, _node_key(kind, properties))
        assert node not in found
        found[node] = _without_times(properties)
        for edge_type, edge_properties, other_labels, other_id, other_namespace in edges:
            assert other_namespace == namespace
            edge = _edge(edge_type, labels[0], properties["id"], other_labels[0], other_id)
            assert edge not in found, f"{edge} is there twice"
            found[edge] = _without_times(edge_properties)
    return found


def _without_times(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties but those by which the store keeps its own history."""
    return {key: value for key, value in properties.items() if key not in _KEPT_BY_THE_STORE}


def difference(before: Snapshot, after: Snapshot) -> list[Change]:
    """Return what differs between two snapshots, property by property, in a fixed order."""
    return ordered(
        property_changes(
            ElementChange(element, before.get(element), after.get(element))
            for element in before.keys() | after.keys()
        )
    )


def ordered(changes: list[Change]) -> list[Change]:
    """Return changes in a fixed order, so that two lists can be compared."""
    return sorted(changes, key=lambda change: (str(change.element), change.property))


def _node_key(kind: ElementKind, properties: dict[str, Any]) -> tuple[int | str, ...]:
    if kind is ElementKind.SERIES:
        return properties["type_id"], properties["name"]
    return (properties["id"],)


_LINKS = {
    "ATTRIBUTION": ElementKind.ATTRIBUTION,
    "ASSOCIATION": ElementKind.ASSOCIATION,
    "PARENT": ElementKind.PARENT_CONTEXT,
    "PARENT_TYPE": ElementKind.PARENT_TYPE,
}


def _edge(edge_type: str, label: str, node_id: int, other_label: str, other_id: int) -> Element:
    if edge_type in _LINKS:
        return Element(_LINKS[edge_type], (node_id, other_id))
    assert {label, other_label} == {"Artifact", "Execution"}
    assert edge_type.endswith("INPUT") == (label == "Artifact")
    ends = (node_id, other_id) if label == "Artifact" else (other_id, node_id)
    return Element(ElementKind.EVENT, (*ends, edge_type))
