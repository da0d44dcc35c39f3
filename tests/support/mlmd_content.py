"""The content of a store, in the form in which `interchange/make_fixtures.py dump` tells what MLMD's client reads."""

import base64
from typing import Any

import headwater
from headwater_schema import Artifact, Execution, NodeType, ProtoValue, TypeKind
from headwater_schema.nodes import Node


def content_of(store: headwater.MetadataStore) -> dict[str, Any]:
    artifacts = store.artifacts.all()
    executions = store.executions.all()
    contexts = store.contexts.all()
    return {
        "types": [type_of(found) for kind in TypeKind for found in store.types.all(kind)],
        "artifacts": [node_of(node) for node in artifacts],
        "executions": [node_of(node) for node in executions],
        "contexts": [node_of(node) for node in contexts],
        "events": [
            [
                event.artifact_id,
                event.execution_id,
                str(event.type),
                event.milliseconds_since_epoch,
                [
                    ["index", step.index] if step.key is None else ["key", step.key]
                    for step in event.path
                ],
            ]
            for execution in executions
            for event in store.edges.events_of_executions([execution.id or 0])
        ],
        "attributions": sorted(
            [artifact.id, context.id]
            for artifact in artifacts
            for context in store.edges.contexts_of_artifact(artifact.id or 0)
        ),
        "associations": sorted(
            [execution.id, context.id]
            for execution in executions
            for context in store.edges.contexts_of_execution(execution.id or 0)
        ),
        "parents": sorted(
            [child, parent.id]
            for child, parents in store.edges.parents([c.id or 0 for c in contexts]).items()
            for parent in parents
        ),
    }


def type_of(found: NodeType) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": str(found.kind),
        "id": found.id,
        "name": found.name,
        "properties": {key: str(kind) for key, kind in found.properties.items()},
    }
    for name in ("version", "description", "external_id", "input_type", "output_type"):
        value = getattr(found, name, None)
        if value is not None:
            fields[name] = value
    base = getattr(found, "base_type", None)
    return fields if base is None else fields | {"base_type": str(base)}


def node_of(node: Node) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value
        for name in (
            "id",
            "type_id",
            "type",
            "name",
            "external_id",
            "create_time_since_epoch",
            "last_update_time_since_epoch",
        )
        if (value := getattr(node, name)) is not None
    }
    if isinstance(node, Artifact):
        fields["uri"] = node.uri or ""
        if node.state is not None:
            fields["state"] = str(node.state)
    if isinstance(node, Execution) and node.last_known_state is not None:
        fields["last_known_state"] = str(node.last_known_state)
    for name in ("properties", "custom_properties"):
        fields[name] = {key: value_of(value) for key, value in getattr(node, name).items()}
    return fields


def value_of(value: Any) -> list[Any]:
    match value:
        case bool():
            return ["bool", value]
        case int():
            return ["int", value]
        case float():
            return ["double", value]
        case str():
            return ["string", value]
        case ProtoValue():
            return ["proto", [value.type_url, base64.b64encode(value.value).decode()]]
        case _:
            return ["struct", value]
