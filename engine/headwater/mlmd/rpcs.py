"""The table: one row for each operation of `ml_metadata.MetadataStoreService`.

The gRPC server makes its handlers from it, and the drop-in class calls it without a server.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from headwater.mlmd import puts, reads
from headwater.mlmd.calls import Call, Message, Run
from headwater.mlmd.lineage import lineage_subgraph
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater_schema import TypeKind

SERVICE = "ml_metadata.MetadataStoreService"

_ARTIFACT, _EXECUTION, _CONTEXT = TypeKind.ARTIFACT, TypeKind.EXECUTION, TypeKind.CONTEXT


class Rpc(NamedTuple):
    """One operation.

    Attributes:
        name: as in the protocol.
        run: does it; raises `HeadwaterError`.
        writes: whether it changes the store.
    """

    name: str
    run: Run
    writes: bool

    @property
    def request(self) -> Any:  # noqa: ANN401 - message classes have no type of their own
        """The class of its request."""
        return getattr(pb, f"{self.name}Request")

    @property
    def response(self) -> Any:  # noqa: ANN401 - message classes have no type of their own
        """The class of its response."""
        return getattr(pb, f"{self.name}Response")


_WRITES: dict[str, Run] = {
    "PutArtifactType": partial(puts.put_type, _ARTIFACT),
    "PutExecutionType": partial(puts.put_type, _EXECUTION),
    "PutContextType": partial(puts.put_type, _CONTEXT),
    "PutTypes": puts.put_types,
    "PutArtifacts": partial(puts.put_nodes, _ARTIFACT),
    "PutExecutions": partial(puts.put_nodes, _EXECUTION),
    "PutContexts": partial(puts.put_nodes, _CONTEXT),
    "PutEvents": puts.put_events,
    "PutExecution": puts.put_execution,
    "PutLineageSubgraph": puts.put_lineage_subgraph,
    "PutAttributionsAndAssociations": puts.put_attributions_and_associations,
    "PutParentContexts": puts.put_parent_contexts,
}
_READS: dict[str, Run] = {
    "GetArtifactType": partial(reads.one_type, _ARTIFACT),
    "GetArtifactTypesByID": partial(reads.types_by_id, _ARTIFACT),
    "GetArtifactTypes": partial(reads.all_types, _ARTIFACT),
    "GetExecutionType": partial(reads.one_type, _EXECUTION),
    "GetExecutionTypesByID": partial(reads.types_by_id, _EXECUTION),
    "GetExecutionTypes": partial(reads.all_types, _EXECUTION),
    "GetContextType": partial(reads.one_type, _CONTEXT),
    "GetContextTypesByID": partial(reads.types_by_id, _CONTEXT),
    "GetContextTypes": partial(reads.all_types, _CONTEXT),
    "GetArtifacts": partial(reads.listed, _ARTIFACT),
    "GetExecutions": partial(reads.listed, _EXECUTION),
    "GetContexts": partial(reads.listed, _CONTEXT),
    "GetArtifactsByID": partial(reads.by_ids, _ARTIFACT),
    "GetExecutionsByID": partial(reads.by_ids, _EXECUTION),
    "GetContextsByID": partial(reads.by_ids, _CONTEXT),
    "GetArtifactsByType": partial(reads.by_type, _ARTIFACT),
    "GetExecutionsByType": partial(reads.by_type, _EXECUTION),
    "GetContextsByType": partial(reads.by_type, _CONTEXT),
    "GetArtifactByTypeAndName": partial(reads.by_type_and_name, _ARTIFACT),
    "GetExecutionByTypeAndName": partial(reads.by_type_and_name, _EXECUTION),
    "GetContextByTypeAndName": partial(reads.by_type_and_name, _CONTEXT),
    "GetArtifactsByURI": reads.artifacts_by_uri,
    "GetEventsByExecutionIDs": partial(reads.events, _EXECUTION),
    "GetEventsByArtifactIDs": partial(reads.events, _ARTIFACT),
    "GetArtifactsByExternalIds": partial(reads.by_external_ids, _ARTIFACT),
    "GetExecutionsByExternalIds": partial(reads.by_external_ids, _EXECUTION),
    "GetContextsByExternalIds": partial(reads.by_external_ids, _CONTEXT),
    "GetArtifactTypesByExternalIds": partial(reads.types_by_external_ids, _ARTIFACT),
    "GetExecutionTypesByExternalIds": partial(reads.types_by_external_ids, _EXECUTION),
    "GetContextTypesByExternalIds": partial(reads.types_by_external_ids, _CONTEXT),
    "GetContextsByArtifact": partial(reads.contexts_of, _ARTIFACT),
    "GetContextsByExecution": partial(reads.contexts_of, _EXECUTION),
    "GetParentContextsByContext": partial(reads.related_contexts, "parents"),
    "GetChildrenContextsByContext": partial(reads.related_contexts, "children"),
    "GetParentContextsByContexts": partial(
        reads.related_contexts_of_many, "parents", "parent_contexts"
    ),
    "GetChildrenContextsByContexts": partial(
        reads.related_contexts_of_many, "children", "children_contexts"
    ),
    "GetArtifactsByContext": partial(reads.by_context, _ARTIFACT),
    "GetExecutionsByContext": partial(reads.by_context, _EXECUTION),
    "GetLineageGraph": reads.lineage_graph,
    "GetLineageSubgraph": lineage_subgraph,
}

RPCS: Mapping[str, Rpc] = {
    **{name: Rpc(name, run, writes=True) for name, run in _WRITES.items()},
    **{name: Rpc(name, run, writes=False) for name, run in _READS.items()},
}

__all__ = ["RPCS", "SERVICE", "Call", "Message", "Rpc"]
