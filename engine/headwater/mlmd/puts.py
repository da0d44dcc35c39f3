"""Writes of MLMD's protocol: each request becomes one put of the store, so one transaction.

What is checked here is the shape of MLMD's requests: what must be set, and what must agree.
What may be stored is the store's to decide. Source: `MetadataStoreService` of ml-metadata 1.17.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from headwater.errors import InvalidArgument, NotFound, OutOfRange, Unimplemented
from headwater.mlmd import convert
from headwater.mlmd.calls import KINDS, Call, Message
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater_schema import (
    Artifact,
    Context,
    EventPut,
    Execution,
    LinkPut,
    New,
    NodeRef,
    NodeType,
    ParentPut,
    PutRequest,
    TypeKind,
)

NodeT = TypeVar("NodeT", Artifact, Execution, Context)

_NO_ID = -1
"""What MLMD answers for a pair that holds neither an artifact nor an event."""


# Types.


def put_type(kind: TypeKind, call: Call, request: Message) -> Message:
    """PutArtifactType, PutExecutionType, PutContextType."""
    field = f"{KINDS[kind].one}_type"
    if not request.HasField(field):
        raise InvalidArgument(f"No type is specified: `{field}` is not set.", field=field)
    node_type = convert.type_to_model(getattr(request, field), kind)
    type_id = _put_types(call, request, [node_type])[0]
    return getattr(pb, f"Put{kind.capitalize()}TypeResponse")(type_id=type_id)


def put_types(call: Call, request: Message) -> Message:
    """PutTypes."""
    by_kind = {
        kind: [
            convert.type_to_model(each, kind)
            for each in getattr(request, f"{KINDS[kind].one}_types")
        ]
        for kind in TypeKind
    }
    ids = iter(_put_types(call, request, [t for types in by_kind.values() for t in types]))
    response = pb.PutTypesResponse()
    for kind, types in by_kind.items():
        getattr(response, f"{KINDS[kind].one}_type_ids").extend(next(ids) for _ in types)
    return response


def _put_types(call: Call, request: Message, types: Sequence[NodeType]) -> list[int]:
    if not request.all_fields_match:
        raise Unimplemented("Must match all fields.", hint="Leave `all_fields_match` unset.")
    if not types:
        return []
    return call.store.put_types(
        types, can_add_fields=request.can_add_fields, can_omit_fields=request.can_omit_fields
    )


# Nodes.


def put_nodes(kind: TypeKind, call: Call, request: Message) -> Message:
    """PutArtifacts, PutExecutions, PutContexts."""
    names = KINDS[kind]
    mask = tuple(request.update_mask.paths)
    nodes = tuple(names.to_model(each, mask) for each in getattr(request, names.many))
    put = PutRequest(
        artifacts=nodes if kind is TypeKind.ARTIFACT else (),
        executions=nodes if kind is TypeKind.EXECUTION else (),
        contexts=nodes if kind is TypeKind.CONTEXT else (),
        update_masks={kind: mask} if mask else {},
        match_update_times=kind is TypeKind.ARTIFACT
        and request.options.abort_if_latest_updated_time_changed,
    )
    answer = call.store.put(put)
    ids = {
        TypeKind.ARTIFACT: answer.artifact_ids,
        TypeKind.EXECUTION: answer.execution_ids,
        TypeKind.CONTEXT: answer.context_ids,
    }[kind]
    return getattr(pb, f"Put{kind.capitalize()}sResponse")(**{f"{names.one}_ids": ids})


def put_events(call: Call, request: Message) -> Message:
    """PutEvents."""
    events = []
    for event in request.events:
        _check_set(event, "artifact_id", "execution_id")
        events.append(_event(event, event.artifact_id, event.execution_id))
    call.store.put(PutRequest(events=tuple(events)))
    return pb.PutEventsResponse()


def put_attributions_and_associations(call: Call, request: Message) -> Message:
    """PutAttributionsAndAssociations."""
    for link in request.attributions:
        _check_set(link, "artifact_id", "context_id")
    for link in request.associations:
        _check_set(link, "execution_id", "context_id")
    attributions = [LinkPut(each.artifact_id, each.context_id) for each in request.attributions]
    associations = [LinkPut(each.execution_id, each.context_id) for each in request.associations]
    call.store.put(PutRequest(attributions=tuple(attributions), associations=tuple(associations)))
    return pb.PutAttributionsAndAssociationsResponse()


def put_parent_contexts(call: Call, request: Message) -> Message:
    """PutParentContexts."""
    for each in request.parent_contexts:
        _check_set(each, "child_id", "parent_id")
    parents = [ParentPut(each.child_id, each.parent_id) for each in request.parent_contexts]
    call.store.put(PutRequest(parents=tuple(parents)))
    return pb.PutParentContextsResponse()


# A whole execution.


def put_execution(call: Call, request: Message) -> Message:
    """PutExecution."""
    if not request.HasField("execution"):
        raise InvalidArgument("No execution is found in the request.", hint="Set `execution`.")
    options = request.options
    artifacts: list[Artifact] = []
    events: list[EventPut] = []
    places: list[NodeRef | None] = []
    for pair in request.artifact_event_pairs:
        place = _place_of(pair, artifacts)
        if pair.HasField("event"):
            _check_same(pair.event, "execution_id", request.execution, "the execution")
            events.append(_event(pair.event, _known(place), New(0)))
        places.append(place)
    contexts, context_refs = _contexts(request.contexts, force_reuse=options.force_reuse_context)
    put = PutRequest(
        artifacts=tuple(artifacts),
        executions=(convert.execution_to_model(request.execution),),
        contexts=contexts,
        events=tuple(events),
        attributions=_product((place for place in places if place is not None), context_refs),
        associations=_product([New(0)], context_refs),
        reuse_contexts=options.reuse_context_if_already_exist,
        reuse_artifacts=options.reuse_artifact_if_already_exist_by_external_id,
        force_update_time=options.force_update_time,
    )
    try:
        answer = call.store.put(put)
    except InvalidArgument as error:
        if options.force_reuse_context and error.values.get("label") == "Context":
            raise NotFound(error.message, ids=error.values["ids"]) from error
        raise
    return pb.PutExecutionResponse(
        execution_id=answer.execution_ids[0],
        artifact_ids=[
            _NO_ID if place is None else _id(place, answer.artifact_ids) for place in places
        ],
        context_ids=[_id(ref, answer.context_ids) for ref in context_refs],
    )


def _place_of(pair: Message, artifacts: list[Artifact]) -> NodeRef | None:
    """Return the artifact of a pair, which is added to the artifacts if the pair holds it."""
    if pair.HasField("artifact"):
        if pair.HasField("event"):
            _check_same(pair.event, "artifact_id", pair.artifact, "the artifact of the pair")
        artifacts.append(convert.artifact_to_model(pair.artifact))
        return New(len(artifacts) - 1)
    if not pair.HasField("event"):
        return None
    if not pair.event.HasField("artifact_id"):
        raise InvalidArgument(
            "If no artifact is present in a pair, its event must have an artifact id.",
            hint="Set `artifact`, or `event.artifact_id`.",
        )
    return int(pair.event.artifact_id)


def _contexts(
    messages: Iterable[Message], *, force_reuse: bool
) -> tuple[tuple[Context, ...], list[NodeRef]]:
    contexts: list[Context] = []
    refs: list[NodeRef] = []
    for message in messages:
        if force_reuse and message.HasField("id"):
            refs.append(message.id)
            continue
        if not message.HasField("type_id") or not message.HasField("name"):
            raise InvalidArgument(
                "A context needs a type id and a name here, even one that has an id already.",
                hint="Set `type_id` and `name`, or use `force_reuse_context`.",
            )
        contexts.append(convert.context_to_model(message))
        refs.append(New(len(contexts) - 1))
    return tuple(contexts), refs


# A whole subgraph.


def put_lineage_subgraph(call: Call, request: Message) -> Message:
    """PutLineageSubgraph."""
    events = [_edge(edge, request) for edge in request.event_edges]
    for kind, names in KINDS.items():
        for message in getattr(request, names.many):
            if not message.HasField("type_id"):
                raise InvalidArgument(
                    f"Type id is missing. Every {names.one} of a subgraph needs one, "
                    f"even one that has an id already.",
                    kind=kind,
                )
    put = PutRequest(
        artifacts=tuple(convert.artifact_to_model(each) for each in request.artifacts),
        executions=tuple(convert.execution_to_model(each) for each in request.executions),
        contexts=tuple(convert.context_to_model(each) for each in request.contexts),
        events=tuple(events),
        attributions=_product(_news(request.artifacts), _news(request.contexts)),
        associations=_product(_news(request.executions), _news(request.contexts)),
        reuse_contexts=request.options.reuse_context_if_already_exist,
        reuse_artifacts=request.options.reuse_artifact_if_already_exist_by_external_id,
    )
    try:
        answer = call.store.put(put)
    except InvalidArgument as error:
        if "unknown_type_id" in error.values:  # types are looked for before nodes here
            raise NotFound(
                error.message, unknown_type_id=error.values["unknown_type_id"]
            ) from error
        raise
    return pb.PutLineageSubgraphResponse(
        execution_ids=answer.execution_ids,
        artifact_ids=answer.artifact_ids,
        context_ids=answer.context_ids,
    )


def _edge(edge: Message, request: Message) -> EventPut:
    if not edge.HasField("event"):
        raise InvalidArgument("An event edge holds no event.", hint="Set `event`.")
    artifact = _end(edge, "artifact", request.artifacts)
    execution = _end(edge, "execution", request.executions)
    return _event(edge.event, artifact, execution)


def _end(edge: Message, one: str, nodes: Sequence[Message]) -> NodeRef:
    index, node_id = f"{one}_index", f"{one}_id"
    if not edge.HasField(index):
        if not edge.event.HasField(node_id):
            raise InvalidArgument(
                f"An event edge says neither which {one} of the request it is about nor its id.",
                hint=f"Set `{index}` or `event.{node_id}`.",
            )
        return int(getattr(edge.event, node_id))
    position = getattr(edge, index)
    if not 0 <= position < len(nodes):
        raise OutOfRange(
            f"The request has {len(nodes)} {one}s, an event edge asks for index {position}.",
            position=position,
        )
    _check_same(edge.event, node_id, nodes[position], f"{one} {position} of the request")
    return New(position)


# Parts.


def _event(message: Message, artifact: NodeRef, execution: NodeRef) -> EventPut:
    return EventPut(
        artifact,
        execution,
        convert.event_type_to_model(message),
        convert.path_to_model(message.path),
        convert.optional(message, "milliseconds_since_epoch"),
    )


def _check_set(message: Message, *fields: str) -> None:
    for field in fields:
        if not message.HasField(field):
            raise InvalidArgument(
                f"No {field} is specified in a message of kind {message.DESCRIPTOR.name}.",
                hint=f"Set `{field}`.",
                field=field,
            )


def _check_same(event: Message, field: str, node: Message, what: str) -> None:
    """Check that an id which an event gives is that of the node it stands with."""
    if not event.HasField(field):
        return
    given = getattr(event, field)
    if not node.HasField("id") or node.id != given:
        found = f"id {node.id}" if node.HasField("id") else "no id"
        raise InvalidArgument(
            f"The event's {field} is {given}, {what} has {found}.",
            hint=f"Leave `{field}` of the event unset.",
            field=field,
        )


def _news(messages: Sequence[Message]) -> list[New]:
    return [New(position) for position in range(len(messages))]


def _product(nodes: Iterable[NodeRef], contexts: Sequence[NodeRef]) -> tuple[LinkPut, ...]:
    return tuple(LinkPut(node, context) for node in nodes for context in contexts)


def _known(place: NodeRef | None) -> NodeRef:
    if place is None:
        raise InvalidArgument("An event stands with no artifact.")
    return place


def _id(ref: NodeRef, ids: Sequence[int]) -> int:
    return ids[ref.position] if isinstance(ref, New) else ref
