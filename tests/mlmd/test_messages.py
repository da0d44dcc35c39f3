import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, struct_pb2
from google.protobuf.message import Message

import headwater.mlmd as ml_metadata
from headwater.mlmd.messages import POOL
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.rpcs import RPCS, SERVICE

WIRE = Path(ml_metadata.__file__).parent / "wire"


def foreign(name: str) -> type[Message]:
    """Return the class of a message as another set of MLMD's messages would have it."""
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString((WIRE / "ml_metadata.binpb").read_bytes())
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    found: type[Message] = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    return found


def struct() -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made["a"] = [1, {"b": None}]
    return made


def event() -> Message:
    steps = [pb.Event.Path.Step(index=1), pb.Event.Path.Step(key="x")]
    made: Message = pb.Event(type=pb.Event.INPUT, path=pb.Event.Path(steps=steps))
    return made


def test_the_descriptor_set_is_what_the_proto_texts_say(tmp_path: Path) -> None:
    built = tmp_path / "built.binpb"
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(WIRE), "--include_imports"]
    files = ["metadata_store.proto", "metadata_store_service.proto"]
    names = [f"ml_metadata/proto/{name}" for name in files]
    subprocess.run([*command, f"--descriptor_set_out={built}", *names], check=True)  # noqa: S603
    kept = descriptor_pb2.FileDescriptorSet.FromString((WIRE / "ml_metadata.binpb").read_bytes())
    made = descriptor_pb2.FileDescriptorSet.FromString(built.read_bytes())
    ours = [f for f in kept.file if f.package == "ml_metadata"]
    assert ours == [f for f in made.file if f.package == "ml_metadata"]
    assert len(ours) == len(files)


def test_every_operation_of_the_protocol_has_a_row() -> None:
    service = POOL.FindServiceByName(SERVICE)
    assert sorted(method.name for method in service.methods) == sorted(RPCS)
    for method in service.methods:
        rpc = RPCS[method.name]
        assert (
            method.input_type,
            method.output_type,
        ) == (rpc.request.DESCRIPTOR, rpc.response.DESCRIPTOR)
        assert rpc.writes == method.name.startswith("Put")


def test_a_struct_of_the_default_pool_is_copied() -> None:
    value = pb.Value()
    value.struct_value.CopyFrom(struct())
    assert value == pb.Value(struct_value=struct())
    assert value.struct_value["a"][0] == 1


def test_an_any_of_the_default_pool_is_copied_and_packed() -> None:
    value = pb.Value()
    value.proto_value.CopyFrom(any_pb2.Any(type_url="x/y", value=b"1"))
    assert value == pb.Value(proto_value=any_pb2.Any(type_url="x/y", value=b"1"))
    value.proto_value.Pack(event())
    unpacked = pb.Event()
    assert value.proto_value.Unpack(unpacked)
    assert unpacked == event()


def test_a_struct_is_merged() -> None:
    value = pb.Value(struct_value=struct())
    more = struct_pb2.Struct()
    more["c"] = True
    value.struct_value.MergeFrom(more)
    assert set(value.struct_value.fields) == {"a", "c"}


def test_messages_of_another_set_are_taken_by_their_bytes() -> None:
    theirs = foreign("ml_metadata.Artifact")(id=0, uri="u", state=2)
    ours = pb.Artifact()
    ours.CopyFrom(theirs)
    assert ours == pb.Artifact(id=0, uri="u", state=pb.Artifact.LIVE)
    request = service_pb.PutArtifactsRequest(artifacts=[theirs, ours])
    assert list(request.artifacts) == [ours, ours]
    pair = service_pb.PutExecutionRequest.ArtifactAndEvent(artifact=theirs)
    assert pair.artifact == ours
    value = foreign("ml_metadata.Value")(int_value=3)
    assert pb.Artifact(properties={"k": value}).properties["k"].int_value == 3


def test_a_message_of_another_name_is_refused() -> None:
    with pytest.raises(TypeError):
        pb.Artifact().CopyFrom(pb.Execution())
    with pytest.raises(TypeError):
        service_pb.PutArtifactsRequest(artifacts=[foreign("ml_metadata.Execution")()])
    with pytest.raises(ValueError, match="nope"):
        pb.Artifact(nope=1)


@pytest.mark.parametrize(
    "message",
    [
        pb.Artifact(id=0, properties={"k": pb.Value(struct_value=struct())}),
        event(),
        pb.Event.Path.Step(key="k"),
        pb.Value(struct_value=struct()).struct_value,
        service_pb.PutExecutionRequest.Options(force_update_time=True),
    ],
    ids=lambda message: message.DESCRIPTOR.full_name,
)
def test_messages_pickle_and_copy(message: Message) -> None:
    again = pickle.loads(pickle.dumps(message))  # noqa: S301 - our own bytes
    assert again == message
    assert type(again) is type(message)
    assert copy.deepcopy(message) == message
    assert copy.copy(message) == message


def test_enums_are_names_and_numbers() -> None:
    assert pb.INT == pb.PropertyType.Value("INT") == 1
    assert pb.Artifact.LIVE == pb.Artifact.State.Value("LIVE") == 2
    assert pb.PropertyType.Name(pb.BOOLEAN) == "BOOLEAN"
    assert pb.ArtifactType.MODEL == 2


def test_the_messages_live_beside_another_set_of_the_same_names_in_the_default_pool() -> None:
    program = """
import sys
from pathlib import Path
from google.protobuf import descriptor_pb2, descriptor_pool
def theirs():
    content = Path(sys.argv[1]).read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        if file.package == "ml_metadata":
            file.message_type.add(name=f"Other{len(file.name)}")
            descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
from google.protobuf import any_pb2, struct_pb2, field_mask_pb2
if sys.argv[2] == "before":
    theirs()
from headwater.mlmd.proto import metadata_store_pb2
if sys.argv[2] == "after":
    theirs()
assert metadata_store_pb2.Artifact(id=3).id == 3
"""
    for order in ("before", "after"):
        arguments = [sys.executable, "-c", program, str(WIRE / "ml_metadata.binpb"), order]
        subprocess.run(arguments, check=True)  # noqa: S603 - the program above
