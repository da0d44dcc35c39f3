"""The methods of MLMD's MetadataStore about edges, and about several kinds of node at once."""

from collections.abc import Iterable, Sequence

from headwater.mlmd.messages import own
from headwater.mlmd.metadata_store.base import ExtraOptions, Message, Methods
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb


class SubgraphMethods(Methods):
    """Puts and reads edges and whole subgraphs."""

    def put_events(
        self,
        events: Iterable[Message],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> None:
        """Record events between artifacts and executions that exist."""
        self._put_nodes("PutEvents", "events", events, None)

    def put_attributions_and_associations(
        self,
        attributions: Iterable[Message],
        associations: Iterable[Message],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> None:
        """Link artifacts and executions to contexts; links that exist are left."""
        request = service_pb.PutAttributionsAndAssociationsRequest()
        for attribution in attributions:
            request.attributions.add().CopyFrom(attribution)
        for association in associations:
            request.associations.add().CopyFrom(association)
        self._call("PutAttributionsAndAssociations", request)

    def put_parent_contexts(
        self,
        parent_contexts: Iterable[Message],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> None:
        """Put contexts within others."""
        self._put_nodes("PutParentContexts", "parent_contexts", parent_contexts, None)

    def put_execution(  # noqa: PLR0917 - MLMD's signature
        self,
        execution: Message,
        artifact_and_events: Iterable[Sequence[Message | None]],
        contexts: Iterable[Message] | None,
        reuse_context_if_already_exist: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        reuse_artifact_if_already_exist_by_external_id: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        force_reuse_context: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        force_update_time: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> tuple[int, list[int], list[int]]:
        """Return the ids of an execution, its artifacts and its contexts, all put in one transaction."""
        request = service_pb.PutExecutionRequest()
        request.execution.CopyFrom(execution)
        for given in artifact_and_events:
            artifact, event = (*given, None)[:2]  # the event may be left out
            pair = request.artifact_event_pairs.add()
            if artifact is not None:
                pair.artifact.CopyFrom(artifact)
            if event is not None:
                pair.event.CopyFrom(event)
        for context in contexts or ():
            request.contexts.add().CopyFrom(context)
        options = request.options
        options.reuse_context_if_already_exist = reuse_context_if_already_exist
        options.reuse_artifact_if_already_exist_by_external_id = (
            reuse_artifact_if_already_exist_by_external_id
        )
        options.force_reuse_context = force_reuse_context
        options.force_update_time = force_update_time
        response = self._call("PutExecution", request)
        return response.execution_id, list(response.artifact_ids), list(response.context_ids)

    def put_lineage_subgraph(  # noqa: PLR0917 - MLMD's signature
        self,
        executions: Iterable[Message],
        artifacts: Iterable[Message],
        contexts: Iterable[Message],
        event_edges: Iterable[tuple[int | None, int | None, Message | None]],
        reuse_context_if_already_exist: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        reuse_artifact_if_already_exist_by_external_id: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> tuple[list[int], list[int], list[int]]:
        """Return the ids of executions, artifacts and contexts, all put in one transaction."""
        request = service_pb.PutLineageSubgraphRequest()
        for field, nodes in (
            (request.executions, executions),
            (request.artifacts, artifacts),
            (request.contexts, contexts),
        ):
            for node in nodes:
                field.add().CopyFrom(node)
        for execution_index, artifact_index, event in event_edges:
            edge = request.event_edges.add()
            if execution_index is not None:
                edge.execution_index = execution_index
            if artifact_index is not None:
                edge.artifact_index = artifact_index
            if event is not None:
                edge.event.CopyFrom(event)
        options = request.options
        options.reuse_context_if_already_exist = reuse_context_if_already_exist
        options.reuse_artifact_if_already_exist_by_external_id = (
            reuse_artifact_if_already_exist_by_external_id
        )
        response = self._call("PutLineageSubgraph", request)
        return (
            list(response.execution_ids),
            list(response.artifact_ids),
            list(response.context_ids),
        )

    def get_lineage_subgraph(
        self,
        query_options: Message,
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message:
        """Return the subgraph around the nodes that the options name, with details of its nodes."""
        request = service_pb.GetLineageSubgraphRequest(
            lineage_subgraph_query_options=own(pb.LineageSubgraphQueryOptions, query_options)
        )
        paths = field_mask_paths or [field.name for field in pb.LineageGraph.DESCRIPTOR.fields]
        # Types are fetched for the nodes found: the operation itself answers with all there are.
        request.read_mask.paths.extend(path for path in paths if not path.endswith("_types"))
        skeleton = self._call("GetLineageSubgraph", request).lineage_subgraph
        graph = pb.LineageGraph()
        for edges in ("events", "attributions", "associations"):
            if edges in paths:
                getattr(graph, edges).extend(getattr(skeleton, edges))
        for kind in ("artifact", "execution", "context"):
            wanted = {f"{kind}s", f"{kind}_types"} & set(paths)
            if wanted:
                ids = [node.id for node in getattr(skeleton, f"{kind}s")]
                self._add_details(graph, kind, ids, wanted)
        return graph

    def _add_details(self, graph: Message, kind: str, ids: Sequence[int], wanted: set[str]) -> None:
        nodes = getattr(self, f"get_{kind}s_by_id")(ids)
        if f"{kind}s" in wanted:
            getattr(graph, f"{kind}s").extend(nodes)
        if f"{kind}_types" in wanted:
            type_ids = sorted({node.type_id for node in nodes})
            types = getattr(self, f"get_{kind}_types_by_id")(type_ids)
            getattr(graph, f"{kind}_types").extend(types)
