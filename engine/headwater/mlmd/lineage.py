"""GetLineageSubgraph: the question put to the store, and the columns of its answer as messages.

MLMD's limits hold unless the caller sends `x-headwater-limits: off`: 100 hops, 101 starting
nodes. Whatever was cut is told in the trailing metadata: `x-headwater-complete` is `true` or
`false`, and `x-headwater-left-out` says in JSON what is missing.
"""

import json

from headwater.errors import InvalidArgument
from headwater.mlmd import convert
from headwater.mlmd.calls import KINDS, Call, Message
from headwater.mlmd.columns import EventMessages, add_nodes, add_pairs
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.reads import types_with_system
from headwater.query.subgraph import (
    MLMD_STARTING_NODES,
    Cut,
    EndingNodes,
    Subgraph,
    SubgraphDirection,
    SubgraphQuestion,
)
from headwater_schema import TypeKind

MAX_HOPS = 100
"""How far MLMD goes, whatever is asked for."""

LIMITS = "x-headwater-limits"
COMPLETE = "x-headwater-complete"
LEFT_OUT = "x-headwater-left-out"

_DIRECTIONS = {
    pb.LineageSubgraphQueryOptions.DIRECTION_UNSPECIFIED: SubgraphDirection.BIDIRECTIONAL,
    pb.LineageSubgraphQueryOptions.UPSTREAM: SubgraphDirection.UPSTREAM,
    pb.LineageSubgraphQueryOptions.DOWNSTREAM: SubgraphDirection.DOWNSTREAM,
    pb.LineageSubgraphQueryOptions.BIDIRECTIONAL: SubgraphDirection.BIDIRECTIONAL,
}


def lineage_subgraph(call: Call, request: Message) -> Message:
    """GetLineageSubgraph: nodes with their ids alone, and the edges between them."""
    fields = {field.name for field in pb.LineageGraph.DESCRIPTOR.fields}
    wanted = {path.partition(".")[0] for path in request.read_mask.paths} or fields
    unlimited = _is_unlimited(call)
    options = request.lineage_subgraph_query_options
    question = SubgraphQuestion(
        starting=_starting(options),
        max_num_hops=_hops(options, unlimited=unlimited),
        direction=_DIRECTIONS[options.direction],
        ending_artifacts=_ending(options, "ending_artifacts"),
        ending_executions=_ending(options, "ending_executions"),
        max_starting=None if unlimited else MLMD_STARTING_NODES,
        with_events="events" in wanted,
        with_attributions="attributions" in wanted,
        with_associations="associations" in wanted,
        with_contexts="contexts" in wanted,
    )
    response = service_pb.GetLineageSubgraphResponse()
    response.lineage_subgraph.SetInParent()
    events = EventMessages(response.lineage_subgraph)
    subgraph = call.store.subgraphs.subgraph(question, events)
    call.trailing += _told(subgraph.cut, question)
    _fill(response.lineage_subgraph, subgraph, wanted)
    for kind in TypeKind:
        field = f"{KINDS[kind].one}_types"
        if field in wanted:
            for node_type in types_with_system(call, kind):
                added = getattr(response.lineage_subgraph, field).add()
                convert.fill_type(added, node_type, with_base=False)
    return response


def _is_unlimited(call: Call) -> bool:
    value = call.metadata.get(LIMITS, "on")
    if value not in ("on", "off"):
        raise InvalidArgument(
            f"{LIMITS} is {value!r:.100}.", hint="Send `on`, `off`, or nothing.", found=value
        )
    return value == "off"


def _starting(options: Message) -> tuple[TypeKind, str]:
    match options.WhichOneof("starting_nodes"):
        case "starting_artifacts":
            kind, given = TypeKind.ARTIFACT, options.starting_artifacts
        case "starting_executions":
            kind, given = TypeKind.EXECUTION, options.starting_executions
        case _:
            raise InvalidArgument(
                "No starting nodes are specified.",
                hint="Set the filter_query of `starting_artifacts` or `starting_executions`.",
            )
    return kind, given.filter_query


def _hops(options: Message, *, unlimited: bool) -> int | None:
    asked: int | None = convert.optional(options, "max_num_hops")
    if unlimited:
        return asked
    return MAX_HOPS if asked is None else min(asked, MAX_HOPS)


def _ending(options: Message, field: str) -> EndingNodes | None:
    if not options.HasField(field):
        return None
    given = getattr(options, field)
    return EndingNodes(given.filter_query, include=given.include_ending_nodes)


def _told(cut: Cut, question: SubgraphQuestion) -> list[tuple[str, str]]:
    if not cut:
        return [(COMPLETE, "true")]
    left_out: dict[str, int] = {}
    if cut.starting_left_out:
        left_out["starting_nodes"] = cut.starting_left_out
    if cut.hops:
        left_out |= {"max_num_hops": question.max_num_hops or 0, "nodes_beyond": cut.nodes_beyond}
    return [(COMPLETE, "false"), (LEFT_OUT, json.dumps(left_out))]


def _fill(graph: Message, subgraph: Subgraph, wanted: set[str]) -> None:
    for field, ids in (
        ("artifacts", subgraph.artifact_ids),
        ("executions", subgraph.execution_ids),
        ("contexts", subgraph.context_ids),
    ):
        if field in wanted:
            add_nodes(graph, field, ids)
    if "attributions" in wanted:
        add_pairs(graph, "attributions", subgraph.attributions)
    if "associations" in wanted:
        add_pairs(graph, "associations", subgraph.associations)
