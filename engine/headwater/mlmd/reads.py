"""Reads of MLMD's protocol: nodes, types, events and contexts.

Source: `MetadataStoreService` of ml-metadata 1.17, whose peculiar answers (nothing found is
NOT_FOUND here and empty there) clients rely on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from headwater.errors import InvalidArgument, NotFound, Unimplemented
from headwater.mlmd import convert
from headwater.mlmd.calls import KINDS, Call, Message, nodes_service
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater_schema import ArtifactType, ExecutionType, NodeType, TypeKind
from headwater_schema.nodes import Node
from headwater_schema.types import SYSTEM_TYPES

_SYSTEM: tuple[NodeType, ...] = tuple(
    (ArtifactType if kind is TypeKind.ARTIFACT else ExecutionType)(id=type_id, name=name)
    for type_id, (kind, name) in enumerate(SYSTEM_TYPES, start=1)
)
"""The system types, which a namespace shows before anything was written to it."""


def _answer(request: Message) -> Message:
    name = request.DESCRIPTOR.name.removesuffix("Request")
    return getattr(pb, f"{name}Response")()


def _fill(messages: Any, nodes: Iterable[Node]) -> None:  # noqa: ANN401 - a repeated field
    for node in nodes:
        convert.fill_node(messages.add(), node)


# Types.


def _found(call: Call, kind: TypeKind, request: Message) -> NodeType | None:
    version = request.type_version or None
    found = call.store.types.find(kind, request.type_name, version)
    if found is None and version is None:
        found = next((t for t in _SYSTEM if (t.kind, t.name) == (kind, request.type_name)), None)
    return found


def one_type(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactType, GetExecutionType, GetContextType."""
    call.store.types.refresh()  # another process may have added properties to it
    found = _found(call, kind, request)
    if found is None:
        raise NotFound(
            f"No {kind.lower()} type {request.type_name!r:.200} version "
            f"{request.type_version!r:.200} in namespace {call.store.namespace!r}."
        )
    response = _answer(request)
    convert.fill_type(getattr(response, f"{KINDS[kind].one}_type"), found)
    return response


def types_by_id(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactTypesByID, GetExecutionTypesByID, GetContextTypesByID: one for each id asked for."""
    call.store.types.refresh()
    response = _answer(request)
    for type_id in request.type_ids:
        found = type_of_id(call, kind, type_id)
        if found is not None:
            convert.fill_type(getattr(response, f"{KINDS[kind].one}_types").add(), found)
    return response


def type_of_id(call: Call, kind: TypeKind, type_id: int) -> NodeType | None:
    """Return the type of that kind and id, None if there is none."""
    if 1 <= type_id <= len(_SYSTEM):
        found: NodeType | None = _SYSTEM[type_id - 1]
    else:
        found = call.store.types.by_id(type_id)
    return found if found is not None and found.kind is kind else None


def all_types(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactTypes, GetExecutionTypes, GetContextTypes; they leave `external_id` out."""
    response = _answer(request)
    for found in call.store.types.all(kind):
        messages = getattr(response, f"{KINDS[kind].one}_types")
        convert.fill_type(messages.add(), found, with_external_id=False)
    return response


def types_with_system(call: Call, kind: TypeKind) -> list[NodeType]:
    """Return all types of a kind, the system's first."""
    return [t for t in _SYSTEM if t.kind is kind] + call.store.types.all(kind)


def types_by_external_ids(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactTypesByExternalIds and its siblings; they leave `base_type` out."""
    response = _answer(request)
    if _external_ids(request):
        found = call.store.types.by_external_ids(kind, request.external_ids)
        _check_found(found, request, f"{kind.lower()} type")
        for each in found:
            messages = getattr(response, f"{KINDS[kind].one}_types")
            convert.fill_type(messages.add(), each, with_base=False)
    return response


# Nodes.


def listed(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifacts, GetExecutions, GetContexts: all in one message, or a page if options are set."""
    response = _answer(request)
    messages = getattr(response, KINDS[kind].many)
    service = nodes_service(call.store, kind)
    if not request.HasField("options"):
        _fill(messages, service.all())
        return response
    page = service.page(convert.options_to_model(request.options))
    _fill(messages, page.items)
    if page.next_page_token:
        response.next_page_token = page.next_page_token
    return response


def by_type(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactsByType, GetExecutionsByType, GetContextsByType."""
    response = _answer(request)
    messages = getattr(response, KINDS[kind].many)
    service = nodes_service(call.store, kind)
    options = convert.options_to_model(request.options) if request.HasField("options") else None
    found = _found(call, kind, request)
    if found is None:
        return response
    if options is None:
        _fill(messages, service.by_type(request.type_name, version=request.type_version or None))
        return response
    page = service.page(options, type_ids=[found.id])
    _fill(messages, page.items)
    response.next_page_token = page.next_page_token
    return response


def by_context(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactsByContext, GetExecutionsByContext."""
    response = _answer(request)
    messages = getattr(response, KINDS[kind].many)
    service = nodes_service(call.store, kind)
    if not request.HasField("options"):
        _fill(messages, service.in_context(request.context_id))
        return response
    options = convert.options_to_model(request.options)
    page = service.page(options, context_id=request.context_id)
    _fill(messages, page.items)
    if page.next_page_token:
        response.next_page_token = page.next_page_token
    return response


def by_ids(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactsByID, GetExecutionsByID, GetContextsByID: each once, by id."""
    names = KINDS[kind]
    response = _answer(request)
    ids = getattr(request, f"{names.one}_ids")
    nodes: Sequence[Node] = nodes_service(call.store, kind).by_ids(ids) if ids else []
    _fill(getattr(response, names.many), nodes)
    if kind is TypeKind.ARTIFACT and request.populate_artifact_types:
        for type_id in sorted({node.type_id for node in nodes if node.type_id is not None}):
            found = type_of_id(call, kind, type_id)
            if found is not None:
                convert.fill_type(response.artifact_types.add(), found, with_base=False)
    return response


def by_type_and_name(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactByTypeAndName and its siblings: without the node where there is none."""
    one = KINDS[kind].one
    response = _answer(request)
    found = nodes_service(call.store, kind).by_type_and_name(
        request.type_name, getattr(request, f"{one}_name"), version=request.type_version or None
    )
    if found is not None:
        convert.fill_node(getattr(response, one), found)
    return response


def by_external_ids(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetArtifactsByExternalIds and its siblings: NOT_FOUND where none is found."""
    response = _answer(request)
    if _external_ids(request):
        found = nodes_service(call.store, kind).by_external_ids(request.external_ids)
        _check_found(found, request, kind.lower())
        _fill(getattr(response, KINDS[kind].many), found)
    return response


def artifacts_by_uri(call: Call, request: Message) -> Message:
    """GetArtifactsByURI."""
    # Field 1 held one uri in a protocol long past; it is reserved, and what it holds unknown.
    if request.ByteSize() != _known_size(request):
        raise InvalidArgument(
            "The request contains a deprecated field, or one that is not known.",
            hint="Give the uris in `uris`.",
        )
    response = _answer(request)
    _fill(response.artifacts, call.store.artifacts.by_uris(request.uris) if request.uris else ())
    return response


def _known_size(request: Message) -> int:
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    return int(known.ByteSize())


# Edges.


def events(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetEventsByArtifactIDs, GetEventsByExecutionIDs."""
    response = _answer(request)
    if kind is TypeKind.ARTIFACT:
        found = call.store.edges.events_of_artifacts(request.artifact_ids)
    else:
        found = call.store.edges.events_of_executions(request.execution_ids)
    for event in found:
        convert.fill_event(response.events.add(), event)
    return response


def contexts_of(kind: TypeKind, call: Call, request: Message) -> Message:
    """GetContextsByArtifact, GetContextsByExecution: NOT_FOUND where there is none."""
    edges = call.store.edges
    if kind is TypeKind.ARTIFACT:
        node_id, found = request.artifact_id, edges.contexts_of_artifact(request.artifact_id)
    else:
        node_id, found = request.execution_id, edges.contexts_of_execution(request.execution_id)
    if not found:
        raise NotFound(
            f"No contexts found for {kind.lower()} {node_id} in namespace "
            f"{call.store.namespace!r}.",
            id=node_id,
        )
    response = _answer(request)
    _fill(response.contexts, found)
    return response


def related_contexts(relation: str, call: Call, request: Message) -> Message:
    """GetParentContextsByContext, GetChildrenContextsByContext."""
    response = _answer(request)
    found = getattr(call.store.edges, relation)([request.context_id])
    _fill(response.contexts, found.get(request.context_id, ()))
    return response


def related_contexts_of_many(relation: str, field: str, call: Call, request: Message) -> Message:
    """GetParentContextsByContexts, GetChildrenContextsByContexts."""
    if not request.context_ids:
        raise InvalidArgument("No context ids are specified.", hint="Set `context_ids`.")
    response = _answer(request)
    for context_id, found in getattr(call.store.edges, relation)(request.context_ids).items():
        _fill(getattr(response.contexts[context_id], field), found)
    return response


def lineage_graph(_call: Call, _request: Message) -> Message:
    """GetLineageGraph, which MLMD has given up."""
    raise Unimplemented("GetLineageGraph is deprecated.", hint="Use GetLineageSubgraph.")


def _external_ids(request: Message) -> bool:
    if any(not external_id for external_id in request.external_ids):
        raise InvalidArgument("An external id of the request is empty.")
    return bool(request.external_ids)


def _check_found(found: Sequence[object], request: Message, what: str) -> None:
    if not found:
        listed = ", ".join(repr(external_id) for external_id in request.external_ids[:10])
        raise NotFound(f"No {what} has one of the external ids {listed:.500}.")
