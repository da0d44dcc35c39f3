"""Conversion: MLMD's messages to the models of `headwater_schema`, and back.

Two functions for each message. They know presence (`HasField`, never truth), and no rule of
what may be put where: that is the services'.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf import json_format
from pydantic import ValidationError

from headwater.errors import InvalidArgument, Unimplemented
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.visible import visible
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionBaseType,
    ExecutionState,
    ExecutionType,
    ListOptions,
    NodeType,
    OrderField,
    PathStep,
    PropertyKind,
    ProtoValue,
    TypeKind,
)
from headwater_schema.nodes import Node
from headwater_schema.requests import MAX_PAGE_SIZE

Message = Any
"""A message of `headwater.mlmd.proto`; their classes are made at run time."""

ModelT = TypeVar("ModelT")

_ARTIFACT_STATES = dict(pb.Artifact.State.items())
_EXECUTION_STATES = dict(pb.Execution.State.items())
_EVENT_TYPES = dict(pb.Event.Type.items())
_ARTIFACT_BASES = {
    ArtifactBaseType(f"mlmd.{name.capitalize()}"): number
    for name, number in pb.ArtifactType.SystemDefinedBaseType.items()
    if number
}
_EXECUTION_BASES = {
    ExecutionBaseType(f"mlmd.{name.capitalize()}"): number
    for name, number in pb.ExecutionType.SystemDefinedBaseType.items()
    if number
}
_ORDERS = {
    pb.ListOperationOptions.OrderByField.ID: OrderField.ID,
    pb.ListOperationOptions.OrderByField.CREATE_TIME: OrderField.CREATE_TIME,
    pb.ListOperationOptions.OrderByField.LAST_UPDATE_TIME: OrderField.LAST_UPDATE_TIME,
}
_STRUCT_LIST_KEY = "values"
"""A STRUCT that is a list, which a Struct message cannot be, stands under this key of one."""


def _model(kind: Callable[..., ModelT], what: str, fields: Mapping[str, Any]) -> ModelT:
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        found = first["msg"].removeprefix("Value error, ")
        raise InvalidArgument(f"{what} is not valid: {place:.200}: {found:.500}.") from error


def optional(message: Message, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return a field's value, None where it is not set."""
    return getattr(message, name) if message.HasField(name) else None


# Values.


def value_to_model(value: Message) -> Any:  # noqa: ANN401 - any property value
    """Return the Python value of a Value message, None where it holds none."""
    match value.WhichOneof("value"):
        case None:
            return None
        case "struct_value":
            return struct_to_model(value.struct_value)
        case "proto_value":
            proto = value.proto_value
            fields = {"type_url": proto.type_url, "value": proto.value}
            return _model(ProtoValue, "A PROTO value", fields)
        case kind:
            return getattr(value, kind)


def fill_value(message: Message, value: Any) -> None:  # noqa: ANN401 - any property value
    """Make a Value message hold a Python value."""
    match value:
        case bool():
            message.bool_value = value
        case int():
            message.int_value = value
        case float():
            message.double_value = value
        case str():
            message.string_value = value
        case ProtoValue():
            message.proto_value.type_url = value.type_url
            message.proto_value.value = value.value
        case dict():
            fill_struct(message.struct_value, value)
        case _:
            fill_struct(message.struct_value, {_STRUCT_LIST_KEY: value})


def struct_to_model(struct: Message) -> dict[str, Any]:
    """Return the content of a Struct message; its numbers are doubles."""
    return {key: _json_value(value) for key, value in struct.fields.items()}


def _json_value(value: Message) -> Any:  # noqa: ANN401 - JSON
    match value.WhichOneof("kind"):
        case "struct_value":
            return struct_to_model(value.struct_value)
        case "list_value":
            return [_json_value(item) for item in value.list_value.values]
        case None | "null_value":
            return None
        case kind:
            return getattr(value, kind)


def fill_struct(struct: Message, content: Mapping[str, Any]) -> None:
    """Make a Struct message hold a dict of JSON values."""
    struct.SetInParent()
    for key, item in content.items():
        _fill_json(struct.fields[key], item)


def _fill_json(message: Message, item: Any) -> None:  # noqa: ANN401 - JSON
    match item:
        case None:
            message.null_value = 0
        case bool():
            message.bool_value = item
        case int() | float():
            message.number_value = item
        case str():
            message.string_value = item
        case dict():
            fill_struct(message.struct_value, item)
        case _:
            message.list_value.SetInParent()
            for each in item:
                _fill_json(message.list_value.values.add(), each)


# Nodes.


def _properties(
    message: Message, field: str, kept: Collection[str] | None, *, custom: bool
) -> dict[str, Any]:
    properties = {}
    for key, held in getattr(message, field).items():
        value = value_to_model(held)
        if value is not None:
            properties[key] = value
        elif kept is None or field in kept or f"{field}.{key}" in kept:
            what = "Custom property" if custom else "Found unmatched property type:"
            raise InvalidArgument(
                f"{what} {visible(key):.200} has no value.",
                hint="Set one of the fields of its Value message.",
                key=key,
            )
    return properties


def _node_fields(message: Message, mask: Collection[str]) -> dict[str, Any]:
    kept = mask if mask and message.HasField("id") else None
    return {
        "id": optional(message, "id"),
        "type_id": optional(message, "type_id"),
        "type": optional(message, "type"),
        "name": optional(message, "name"),
        "external_id": optional(message, "external_id"),
        "properties": _properties(message, "properties", kept, custom=False),
        "custom_properties": _properties(message, "custom_properties", kept, custom=True),
        "create_time_since_epoch": optional(message, "create_time_since_epoch"),
        "last_update_time_since_epoch": optional(message, "last_update_time_since_epoch"),
    }


def artifact_to_model(message: Message, mask: Collection[str] = ()) -> Artifact:
    """Return the artifact of a message.

    Args:
        message: an Artifact.
        mask: paths of the update mask; a property outside it may lack a value.

    Raises:
        InvalidArgument: a property has no value, or a text is too long to be kept.
    """
    fields = _node_fields(message, mask)
    fields["uri"] = optional(message, "uri")
    if message.HasField("state"):
        fields["state"] = ArtifactState(pb.Artifact.State.Name(message.state))
    return _model(Artifact, "The artifact", fields)


def execution_to_model(message: Message, mask: Collection[str] = ()) -> Execution:
    """Return the execution of a message; see `artifact_to_model`."""
    fields = _node_fields(message, mask)
    if message.HasField("last_known_state"):
        state = pb.Execution.State.Name(message.last_known_state)
        fields["last_known_state"] = ExecutionState(state)
    return _model(Execution, "The execution", fields)


def context_to_model(message: Message, mask: Collection[str] = ()) -> Context:
    """Return the context of a message; see `artifact_to_model`."""
    return _model(Context, "The context", _node_fields(message, mask))


_PLAIN_FIELDS = (
    "id",
    "type_id",
    "type",
    "name",
    "external_id",
    "create_time_since_epoch",
    "last_update_time_since_epoch",
)


def fill_node(message: Message, node: Node) -> None:
    """Make an Artifact, Execution or Context message hold the node of that kind."""
    for name in _PLAIN_FIELDS:
        value = getattr(node, name)
        if value is not None:
            setattr(message, name, value)
    if isinstance(node, Artifact):
        # MLMD answers an artifact without uri as one with an empty uri.
        message.uri = node.uri or ""
        if node.state is not None:
            message.state = _ARTIFACT_STATES[node.state]
    elif isinstance(node, Execution) and node.last_known_state is not None:
        message.last_known_state = _EXECUTION_STATES[node.last_known_state]
    for key, value in node.properties.items():
        fill_value(message.properties[key], value)
    for key, value in node.custom_properties.items():
        fill_value(message.custom_properties[key], value)


# Events.


def path_to_model(path: Message) -> tuple[PathStep, ...]:
    """Return an event's path; a step with neither index nor key is dropped, as MLMD does."""
    return tuple(
        PathStep(index=step.index)
        if step.WhichOneof("value") == "index"
        else PathStep(key=step.key)
        for step in path.steps
        if step.WhichOneof("value") is not None
    )


def event_type_to_model(message: Message) -> EventType:
    """Return an event's type.

    Raises:
        InvalidArgument: it is unset or UNKNOWN.
    """
    if not message.HasField("type") or message.type == pb.Event.UNKNOWN:
        raise InvalidArgument(
            "No event type is specified.", hint=f"Use one of {', '.join(EventType)}."
        )
    return EventType(pb.Event.Type.Name(message.type))


def fill_event(message: Message, event: Event) -> None:
    """Make an Event message hold an event."""
    message.artifact_id = event.artifact_id
    message.execution_id = event.execution_id
    message.type = _EVENT_TYPES[event.type]
    if event.milliseconds_since_epoch is not None:
        message.milliseconds_since_epoch = event.milliseconds_since_epoch
    fill_path(message, event.path)


def fill_path(message: Message, path: Iterable[PathStep]) -> None:
    """Give an Event message a path; none where there are no steps."""
    for step in path:
        added = message.path.steps.add()
        if step.key is not None:
            added.key = step.key
        else:
            added.index = step.index


def event_number(event_type: str) -> int:
    """Return the number of an event's type in the protocol."""
    return int(_EVENT_TYPES[event_type])


# Types.


def type_to_model(message: Message, kind: TypeKind) -> NodeType:
    """Return the type of an ArtifactType, ExecutionType or ContextType message.

    Raises:
        InvalidArgument: it has no name, or a property of unknown type.
        Unimplemented: its base type is UNSET, which MLMD keeps for taking one away.
    """
    if not message.name:
        raise InvalidArgument(
            f"No type name is specified, asked to put a {kind.lower()} type.",
            hint="Set `name`.",
        )
    for key, number in message.properties.items():
        if number == pb.UNKNOWN:
            raise InvalidArgument(
                f"Property {key!r:.200} of type {message.name!r:.200} is of type UNKNOWN.",
                hint=f"Use one of {', '.join(PropertyKind)}.",
                key=key,
            )
    fields: dict[str, Any] = {
        "name": message.name,
        "version": optional(message, "version"),
        "external_id": optional(message, "external_id"),
        "description": optional(message, "description"),
        "properties": {
            key: PropertyKind(pb.PropertyType.Name(number))
            for key, number in message.properties.items()
        },
    }
    what = f"Type {message.name!r:.200}"
    if message.HasField("base_type") and not message.base_type:
        raise Unimplemented(
            f"{what} asks for base type UNSET; a base type cannot be taken away.",
            hint="Leave `base_type` unset to keep what is stored.",
        )
    if kind is TypeKind.CONTEXT:
        return _model(ContextType, what, fields)
    if message.HasField("base_type"):
        name = type(message).SystemDefinedBaseType.Name(message.base_type)
        fields["base_type"] = f"mlmd.{name.capitalize()}"
    if kind is TypeKind.ARTIFACT:
        return _model(ArtifactType, what, fields)
    for name in ("input_type", "output_type"):
        if message.HasField(name):
            fields[name] = json_format.MessageToDict(
                getattr(message, name), preserving_proto_field_name=True
            )
    return _model(ExecutionType, what, fields)


def fill_type(
    message: Message,
    node_type: NodeType,
    *,
    with_base: bool = True,
    with_external_id: bool = True,
) -> None:
    """Make a type message hold a type.

    MLMD leaves fields out of some answers, and clients compare types for equality.
    """
    for name in ("id", "name", "version", "external_id", "description"):
        value = getattr(node_type, name)
        if value is not None and (with_external_id or name != "external_id"):
            setattr(message, name, value)
    for key, kind in node_type.properties.items():
        message.properties[key] = pb.PropertyType.Value(kind)
    if isinstance(node_type, ArtifactType) and with_base and node_type.base_type is not None:
        message.base_type = _ARTIFACT_BASES[node_type.base_type]
    if isinstance(node_type, ExecutionType):
        if with_base and node_type.base_type is not None:
            message.base_type = _EXECUTION_BASES[node_type.base_type]
        for name in ("input_type", "output_type"):
            signature = getattr(node_type, name)
            if signature is not None:
                json_format.ParseDict(signature, getattr(message, name))
                getattr(message, name).SetInParent()


# Lists.


def options_to_model(options: Message) -> ListOptions:
    """Return the list options of a message; a page holds at most 100 nodes, with a token for more.

    Raises:
        InvalidArgument: the page size is not positive, or the order is unspecified.
    """
    if options.max_result_size <= 0:
        raise InvalidArgument(
            f"max_result_size must be positive, found {options.max_result_size}.",
            hint=f"Leave it unset for 20, or ask for 1 to {MAX_PAGE_SIZE}.",
        )
    field = options.order_by_field.field
    if field not in _ORDERS:
        raise InvalidArgument(
            "The field to order by is unspecified.",
            hint="Use CREATE_TIME, LAST_UPDATE_TIME or ID.",
        )
    return ListOptions(
        max_result_size=min(options.max_result_size, MAX_PAGE_SIZE),
        order_by=_ORDERS[field],
        is_asc=options.order_by_field.is_asc,
        next_page_token=options.next_page_token,
        filter_query=options.filter_query,
    )
