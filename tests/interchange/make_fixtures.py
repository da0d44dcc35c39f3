"""Makes the databases under `fixtures/` with the real ML Metadata, and tells what it reads in one.

Run by a Python that has ml-metadata 1.17.1, which need not be the one of the tests:

    python make_fixtures.py make FOLDER       mlmd-8, -9, -10, -odd as .sqlite.gz, and what is in them
    python make_fixtures.py dump FILE         what the client reads, as JSON on stdout
    python make_fixtures.py downgrade FILE N  leaves the file in schema version N
"""

import base64
import gzip
import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

mlmd = importlib.import_module("ml_metadata")
pb = importlib.import_module("ml_metadata.proto.metadata_store_pb2")
json_format = importlib.import_module("google.protobuf.json_format")
READ_WRITE_CREATE = 3
LAYERS = 6
WIDTH = 8


def open_store(path: Path) -> Any:
    return mlmd.MetadataStore(connection(path))


def connection(path: Path) -> Any:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = READ_WRITE_CREATE
    return config


# What is in the databases.


def put_types(store: Any, *, newest: bool = True) -> dict[str, int]:
    dataset = pb.ArtifactType(name="Dataset", base_type=pb.ArtifactType.DATASET)
    model = pb.ArtifactType(
        name="Model", version="2", description="a trained model", external_id="type/model"
    )
    every = (
        ("rows", pb.INT),
        ("score", pb.DOUBLE),
        ("note", pb.STRING),
        ("shape", pb.STRUCT),
        *((("proto", pb.PROTO), ("ok", pb.BOOLEAN)) if newest else ()),
    )
    for key, kind in every:
        dataset.properties[key] = kind
    model.properties["score"] = pb.DOUBLE
    model.properties["with `tick`"] = pb.STRING
    train = pb.ExecutionType(name="Train", base_type=pb.ExecutionType.TRAIN)
    train.properties["step"] = pb.INT
    train.input_type.dict.properties["data"].simple.CopyFrom(dataset)
    train.output_type.any.SetInParent()
    evaluate = pb.ExecutionType(name="Evaluate")
    run = pb.ContextType(name="Run")
    run.properties["user"] = pb.STRING
    return {
        "Dataset": store.put_artifact_type(dataset),
        "Model": store.put_artifact_type(model),
        "Train": store.put_execution_type(train),
        "Evaluate": store.put_execution_type(evaluate),
        "Run": store.put_context_type(run),
        "Pipeline": store.put_context_type(pb.ContextType(name="Pipeline")),
        # The same name in another kind is another type.
        "Dataset context": store.put_context_type(pb.ContextType(name="Dataset")),
    }


def rich_artifact(type_id: int, *, newest: bool) -> Any:
    artifact = pb.Artifact(
        type_id=type_id,
        name="every kind",
        uri="s3://bucket/ключ/" + "u" * 5_000,
        external_id="x/1",
        state=pb.Artifact.LIVE,
    )
    artifact.properties["rows"].int_value = 2**63 - 1
    artifact.properties["score"].double_value = 0.25
    artifact.properties["note"].string_value = "naïve ☃ 'quote' \"double\" \\ line\nbreak"
    artifact.properties["shape"].struct_value.update(
        {"a": [1, None, {"deep": True}], "text": "ü", "half": 0.5}
    )
    if newest:
        artifact.properties["proto"].proto_value.type_url = "type.googleapis.com/x.Y"
        artifact.properties["proto"].proto_value.value = bytes(range(256))
        artifact.properties["ok"].bool_value = True
        artifact.custom_properties["off"].bool_value = False
    artifact.custom_properties["rows"].int_value = -(2**63)
    artifact.custom_properties["score"].double_value = -1234567.5
    artifact.custom_properties[""].string_value = ""
    artifact.custom_properties["long"].string_value = "é" * 3_000
    artifact.custom_properties["larger"].string_value = "0123456789" * 40_000
    artifact.custom_properties["empty"].struct_value.SetInParent()
    return artifact


def artifact_of(ids: dict[str, int], layer: int, place: int) -> Any:
    kind = "Model" if (layer + place) % 3 == 0 else "Dataset"
    artifact = pb.Artifact(type_id=ids[kind], uri=f"file:///data/{layer}/{place}")
    artifact.properties["score"].double_value = layer + place / 8
    artifact.custom_properties["place"].int_value = place
    if place % 2:
        artifact.name = f"a {layer}.{place}"
    if place % 4 == 1:
        artifact.external_id = f"x/{layer}/{place}"
    if place % 3:
        artifact.state = (layer + place) % 7
    return artifact


def event_of(kind: int, key: str, index: int) -> Any:
    event = pb.Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = index
    return event


def fill(store: Any, *, newest: bool) -> None:
    """Put a small store; PROTO and BOOLEAN values only where the schema version has them."""
    ids = put_types(store, newest=newest)
    pipeline = pb.Context(type_id=ids["Pipeline"], name="nightly")
    runs = [pb.Context(type_id=ids["Run"], name=f"run {n}") for n in range(3)]
    for number, run in enumerate(runs):
        run.properties["user"].string_value = f"user {number}"
        run.external_id = f"ctx/{number}"
    context_ids = store.put_contexts([pipeline, *runs])
    store.put_contexts([pb.Context(type_id=ids["Dataset context"], name="nightly")])
    store.put_parent_contexts(
        [pb.ParentContext(child_id=child, parent_id=context_ids[0]) for child in context_ids[1:]]
    )
    contexts = store.get_contexts_by_id(context_ids)
    above = store.put_artifacts([artifact_of(ids, 0, place) for place in range(WIDTH)])
    store.put_artifacts([rich_artifact(ids["Dataset"], newest=newest)])
    for layer in range(1, LAYERS):
        for place in range(WIDTH):
            execution = pb.Execution(
                type_id=ids["Train" if place % 2 else "Evaluate"],
                last_known_state=(layer + place) % 7,
            )
            if place % 2:
                execution.properties["step"].int_value = layer
                execution.name = f"e {layer}.{place}"
                execution.external_id = f"e/{layer}/{place}"
            inputs = [above[place], above[(place + 1) % WIDTH]]
            pairs = [
                (artifact, event_of((pb.Event.INPUT, pb.Event.DECLARED_INPUT)[n], "in", n))
                for n, artifact in enumerate(store.get_artifacts_by_id(inputs))
            ]
            kind = (pb.Event.OUTPUT, pb.Event.PENDING_OUTPUT, pb.Event.INTERNAL_OUTPUT)[place % 3]
            pairs.append((artifact_of(ids, layer, place), pb.Event(type=kind)))
            _, artifact_ids, _ = store.put_execution(
                execution, pairs, [contexts[0], contexts[1 + layer % 3]] if place % 5 else []
            )
            above[place] = artifact_ids[-1]
    store.put_events([pb.Event(artifact_id=1, execution_id=1, type=6, milliseconds_since_epoch=0)])


def fill_odd(store: Any) -> None:
    """Put what ML Metadata takes and should not."""
    ids = put_types(store)
    context = pb.Context(type_id=ids["Run"], name="run")
    execution = pb.Execution(type_id=ids["Train"])
    dangling = pb.Event(type=pb.Event.INPUT, artifact_id=4_711)
    known = (pb.Artifact(type_id=ids["Dataset"], name="n" * 5_000), event_of(4, "k", 0))
    # A pair of neither artifact nor event, with a context, stores an attribution of artifact -1.
    store.put_execution(execution, [known, (None, dangling), (None, None)], [context])
    text = pb.Artifact(type_id=ids["Dataset"], external_id="y" * 5_000)
    text.custom_properties["x"].string_value = "mlmd-struct::no base64"
    text.custom_properties["y"].string_value = "__MLMD_NULL__"
    text.custom_properties["k" * 2_000].int_value = 1
    store.put_artifacts([text])


# What the client reads.


def dump(path: Path) -> dict[str, Any]:
    store = open_store(path)
    nodes = {
        "artifacts": store.get_artifacts(),
        "executions": store.get_executions(),
        "contexts": store.get_contexts(),
    }
    context_ids = [context.id for context in nodes["contexts"]]
    return {
        # By id, because the lists of types lack the external ids.
        "types": [
            type_of(kind, found)
            for kind, listed, by_id in (
                ("ARTIFACT", store.get_artifact_types, store.get_artifact_types_by_id),
                ("EXECUTION", store.get_execution_types, store.get_execution_types_by_id),
                ("CONTEXT", store.get_context_types, store.get_context_types_by_id),
            )
            for found in by_id([found.id for found in listed()])
        ],
        **{name: [node_of(node) for node in found] for name, found in nodes.items()},
        "events": [
            event
            for execution in nodes["executions"]
            for event in map(plain_event, store.get_events_by_execution_ids([execution.id]))
        ],
        "attributions": sorted(
            [artifact.id, context]
            for context in context_ids
            for artifact in store.get_artifacts_by_context(context)
        ),
        "associations": sorted(
            [execution.id, context]
            for context in context_ids
            for execution in store.get_executions_by_context(context)
        ),
        "parents": sorted(
            [context, parent.id]
            for context in context_ids
            for parent in store.get_parent_contexts_by_context(context)
        ),
    }


def type_of(kind: str, found: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": kind,
        "id": found.id,
        "name": found.name,
        "properties": {
            key: pb.PropertyType.Name(found.properties[key]) for key in found.properties
        },
    }
    for name in ("version", "description", "external_id"):
        if found.HasField(name):
            fields[name] = getattr(found, name)
    if kind != "CONTEXT" and found.HasField("base_type"):
        fields["base_type"] = (
            "mlmd." + type(found).SystemDefinedBaseType.Name(found.base_type).capitalize()
        )
    for name in ("input_type", "output_type"):
        if kind == "EXECUTION" and found.HasField(name):
            fields[name] = json_format.MessageToDict(
                getattr(found, name), preserving_proto_field_name=True
            )
    return fields


def node_of(found: Any) -> dict[str, Any]:
    fields = {
        field.name: getattr(found, field.name)
        for field, _ in found.ListFields()
        if field.name not in ("properties", "custom_properties", "system_metadata")
    }
    for name in ("state", "last_known_state"):
        if name in fields:
            fields[name] = type(found).State.Name(fields[name])
    for name in ("properties", "custom_properties"):
        fields[name] = {key: value_of(value) for key, value in getattr(found, name).items()}
    return fields


def value_of(value: Any) -> list[Any]:
    kind = value.WhichOneof("value")
    held = getattr(value, kind)
    if kind == "struct_value":
        held = json_format.MessageToDict(held)
    elif kind == "proto_value":
        held = [held.type_url, base64.b64encode(held.value).decode()]
    return [kind.removesuffix("_value"), held]


def plain_event(event: Any) -> list[Any]:
    steps = [[kind := step.WhichOneof("value"), getattr(step, kind)] for step in event.path.steps]
    kind = pb.Event.Type.Name(event.type)
    return [event.artifact_id, event.execution_id, kind, event.milliseconds_since_epoch, steps]


def downgrade(path: Path, version: int) -> None:
    mlmd.downgrade_schema(connection(path), version)


def make(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        for version in (10, 9, 8):
            path = Path(temporary) / f"mlmd-{version}.sqlite"
            fill(open_store(path), newest=version == 10)
            if version < 10:
                downgrade(path, version)
            _pack(path, folder)
            # The client reads no older version: it reads a copy that it has brought up again.
            read = path.with_name(f"read-{version}.sqlite")
            shutil.copy(path, read)
            mlmd.MetadataStore(connection(read), enable_upgrade_migration=True)
            text = json.dumps(dump(read), ensure_ascii=False, sort_keys=True)
            _packed(folder / f"mlmd-{version}.json.gz", text.encode())
        odd = Path(temporary) / "mlmd-odd.sqlite"
        fill_odd(open_store(odd))
        _pack(odd, folder)


def _pack(path: Path, folder: Path) -> None:
    _packed(folder / f"{path.name}.gz", path.read_bytes())


def _packed(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, mtime=0))


def main() -> None:
    match sys.argv[1:]:
        case ["make", folder]:
            make(Path(folder))
        case ["dump", path]:
            json.dump(dump(Path(path)), sys.stdout, ensure_ascii=True)
        case ["downgrade", path, version]:
            downgrade(Path(path), int(version))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
