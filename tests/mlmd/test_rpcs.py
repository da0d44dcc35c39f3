"""What MLMD's clients rely on, operation by operation, straight on the table without a server."""

from typing import Any

import pytest

import headwater
from headwater.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    OutOfRange,
    Unimplemented,
)
from headwater.mlmd.calls import Call
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.rpcs import RPCS

Message = Any


class Face:
    """Calls operations by name, with their fields as keywords."""

    def __init__(self, store: headwater.MetadataStore) -> None:
        self.store = store

    def __call__(self, name: str, request: Message = None, /, **fields: Any) -> Message:
        sent = getattr(service_pb, f"{name}Request")(**fields) if request is None else request
        return RPCS[name].run(Call(self.store), sent)

    def type_id(self, kind: str = "Artifact", name: str = "T", **properties: int) -> int:
        made = getattr(pb, f"{kind}Type")(name=name, properties=properties)
        answer = self(f"Put{kind}Type", **{f"{kind.lower()}_type": made})
        return int(answer.type_id)

    def artifact(self, **fields: Any) -> int:
        return int(self("PutArtifacts", artifacts=[pb.Artifact(**fields)]).artifact_ids[0])

    def context(self, name: str, type_id: int) -> int:
        context = pb.Context(name=name, type_id=type_id)
        return int(self("PutContexts", contexts=[context]).context_ids[0])

    def execution(self, type_id: int) -> int:
        answer = self("PutExecutions", executions=[pb.Execution(type_id=type_id)])
        return int(answer.execution_ids[0])


@pytest.fixture
def face(store: headwater.MetadataStore) -> Face:
    return Face(store)


# Types.


def test_the_system_types_are_there_before_anything_is_written(face: Face) -> None:
    found = face("GetArtifactType", type_name="mlmd.Model").artifact_type
    assert (found.id, found.name) == (2, "mlmd.Model")
    assert [t.id for t in face("GetExecutionTypesByID", type_ids=[5, 2, 9]).execution_types] == [
        5,
        9,
    ]
    assert not face("GetArtifactTypes").artifact_types
    assert not face.store.namespaces.exists()


def test_the_first_type_of_a_user_is_ten(face: Face) -> None:
    assert face.type_id() == 10


def test_put_types_answers_in_the_order_of_the_request(face: Face) -> None:
    answer = face(
        "PutTypes",
        artifact_types=[pb.ArtifactType(name="A"), pb.ArtifactType(name="A")],
        execution_types=[pb.ExecutionType(name="A")],
        context_types=[pb.ContextType(name="A", version="v")],
    )
    assert list(answer.artifact_type_ids) == [10, 10]
    assert list(answer.execution_type_ids) == [11]
    assert list(answer.context_type_ids) == [12]
    assert face("GetContextType", type_name="A", type_version="v").context_type.id == 12


def test_types_by_id_answer_each_id_asked_for(face: Face) -> None:
    first, other = face.type_id(), face.type_id("Execution", "E")
    answer = face("GetArtifactTypesByID", type_ids=[first, other, 999, first])
    assert [t.id for t in answer.artifact_types] == [first, first]


def test_context_types_are_listed(face: Face) -> None:
    face.type_id("Context", "C", p=pb.STRUCT)
    (found,) = face("GetContextTypes").context_types
    assert (found.name, dict(found.properties)) == ("C", {"p": pb.STRUCT})


def test_a_base_type_is_told_where_mlmd_tells_it(face: Face) -> None:
    made = pb.ArtifactType(name="M", external_id="x", base_type=pb.ArtifactType.MODEL)
    type_id = face("PutArtifactType", artifact_type=made).type_id
    by_name = face("GetArtifactType", type_name="M").artifact_type
    assert by_name.base_type == pb.ArtifactType.MODEL
    (by_external_id,) = face("GetArtifactTypesByExternalIds", external_ids=["x"]).artifact_types
    assert (by_external_id.id, by_external_id.HasField("base_type")) == (type_id, False)


@pytest.mark.parametrize("kind", ["Artifact", "Execution", "Context"])
def test_an_unset_base_type_is_unimplemented(face: Face, kind: str) -> None:
    made = getattr(pb, f"{kind}Type")(name="T", base_type=0)
    with pytest.raises(Unimplemented, match="UNSET"):
        face(f"Put{kind}Type", **{f"{kind.lower()}_type": made})


def test_a_type_needs_a_name_and_known_kinds(face: Face) -> None:
    with pytest.raises(InvalidArgument, match="name"):
        face("PutArtifactType", artifact_type=pb.ArtifactType())
    with pytest.raises(InvalidArgument, match="UNKNOWN"):
        face.type_id(p=pb.UNKNOWN)
    with pytest.raises(Unimplemented, match=r"Must match all fields\."):
        face("PutArtifactType", artifact_type=pb.ArtifactType(name="T"), all_fields_match=False)


def test_signatures_of_an_execution_type_are_kept(face: Face) -> None:
    made = pb.ExecutionType(name="E")
    made.input_type.dict.properties["x"].any.SetInParent()
    made.output_type.none.SetInParent()
    face("PutExecutionType", execution_type=made)
    found = face("GetExecutionType", type_name="E").execution_type
    assert (found.input_type, found.output_type) == (made.input_type, made.output_type)


# Nodes.


def test_presence_is_what_mlmd_has(face: Face) -> None:
    type_id = face.type_id()
    artifact_id = face.artifact(type_id=type_id)
    (found,) = face("GetArtifactsByID", artifact_ids=[artifact_id]).artifacts
    assert found.HasField("uri")
    assert found.uri == ""
    unset = ("name", "external_id", "state")
    assert not any(found.HasField(field) for field in unset)
    assert (found.type, found.type_id) == ("T", type_id)
    assert found.create_time_since_epoch == found.last_update_time_since_epoch > 0


def test_every_kind_of_value_comes_back_exactly(face: Face) -> None:
    kinds = {"i": pb.INT, "d": pb.DOUBLE, "s": pb.STRING, "t": pb.STRUCT, "p": pb.PROTO}
    type_id = face.type_id(**kinds, b=pb.BOOLEAN)
    made = pb.Artifact(type_id=type_id)
    made.properties["i"].int_value = -(2**63)
    made.properties["d"].double_value = 1e-10
    made.properties["s"].string_value = "mlmd-struct::\0 __MLMD_NULL__"
    made.properties["t"].struct_value["a"] = [1.5, {"b": None, "c": [True]}]
    made.properties["p"].proto_value.type_url = "x/y"
    made.properties["p"].proto_value.value = b"\0\xff"
    made.properties["b"].bool_value = False
    made.custom_properties[""].double_value = float("-inf")
    made.custom_properties["empty"].struct_value.SetInParent()
    artifact_id = face("PutArtifacts", artifacts=[made]).artifact_ids[0]
    (found,) = face("GetArtifactsByID", artifact_ids=[artifact_id]).artifacts
    assert dict(found.properties) == dict(made.properties)
    assert dict(found.custom_properties) == dict(made.custom_properties)


def test_a_property_without_a_value_is_refused(face: Face) -> None:
    made = pb.Artifact(type_id=face.type_id(foo=pb.INT))
    made.properties["foo"].SetInParent()
    with pytest.raises(InvalidArgument, match="Found unmatched property type: foo"):
        face("PutArtifacts", artifacts=[made])
    made = pb.Artifact(type_id=made.type_id)
    made.custom_properties["c"].SetInParent()
    with pytest.raises(InvalidArgument, match="Custom property c has no value"):
        face("PutArtifacts", artifacts=[made])


def test_ids_asked_for_twice_are_answered_once_and_by_id(face: Face) -> None:
    type_id = face.type_id()
    ids = [face.artifact(type_id=type_id) for _ in range(3)]
    answer = face(
        "GetArtifactsByID", artifact_ids=[ids[2], ids[0], ids[2], 999], populate_artifact_types=True
    )
    assert [a.id for a in answer.artifacts] == [ids[0], ids[2]]
    assert [t.id for t in answer.artifact_types] == [type_id]


def test_only_external_ids_that_nobody_has_are_not_found(face: Face) -> None:
    face.artifact(type_id=face.type_id(), external_id="x")
    answer = face("GetArtifactsByExternalIds", external_ids=["x", "y"])
    assert [a.external_id for a in answer.artifacts] == ["x"]
    assert not face("GetArtifactsByExternalIds").artifacts
    with pytest.raises(NotFound):
        face("GetArtifactsByExternalIds", external_ids=["y"])
    with pytest.raises(InvalidArgument):
        face("GetArtifactsByExternalIds", external_ids=["x", ""])


def test_a_uri_in_the_field_of_an_old_protocol_is_refused(face: Face) -> None:
    old = service_pb.GetArtifactsByURIRequest.FromString(b"\x0a\x01u")
    with pytest.raises(InvalidArgument, match="deprecated"):
        face("GetArtifactsByURI", old)


def test_an_update_time_that_moved_fails_the_precondition(face: Face) -> None:
    type_id = face.type_id()
    artifact_id = face.artifact(type_id=type_id)
    (found,) = face("GetArtifactsByID", artifact_ids=[artifact_id]).artifacts
    options = service_pb.PutArtifactsRequest.Options(abort_if_latest_updated_time_changed=True)
    found.uri = "new"
    face("PutArtifacts", artifacts=[found], options=options)
    with pytest.raises(FailedPrecondition):
        face("PutArtifacts", artifacts=[found], options=options)


# Whole executions and subgraphs.


def test_a_pair_with_nothing_in_it_has_id_minus_one(face: Face) -> None:
    execution = pb.Execution(type_id=face.type_id("Execution", "E"))
    context = pb.Context(type_id=face.type_id("Context", "C"), name="c")
    answer = face(
        "PutExecution", execution=execution, artifact_event_pairs=[{}], contexts=[context]
    )
    assert list(answer.artifact_ids) == [-1]
    assert not face("GetArtifactsByContext", context_id=answer.context_ids[0]).artifacts


def test_all_artifacts_of_a_put_are_attributed(face: Face) -> None:
    type_id = face.type_id()
    known = face.artifact(type_id=type_id)
    pairs = [
        {"artifact": pb.Artifact(type_id=type_id)},
        {"event": pb.Event(artifact_id=known, type=pb.Event.INPUT)},
    ]
    answer = face(
        "PutExecution",
        execution=pb.Execution(type_id=face.type_id("Execution", "E")),
        artifact_event_pairs=pairs,
        contexts=[pb.Context(type_id=face.type_id("Context", "C"), name="c")],
    )
    found = face("GetArtifactsByContext", context_id=answer.context_ids[0]).artifacts
    assert sorted(a.id for a in found) == sorted(answer.artifact_ids)


def test_a_context_that_is_only_looked_up_must_exist(face: Face) -> None:
    context_id = face.context("c", face.type_id("Context", "C"))
    execution = pb.Execution(type_id=face.type_id("Execution", "E"))
    options = service_pb.PutExecutionRequest.Options(force_reuse_context=True)
    answer = face(
        "PutExecution", execution=execution, contexts=[pb.Context(id=context_id)], options=options
    )
    assert list(answer.context_ids) == [context_id]
    with pytest.raises(NotFound):
        face("PutExecution", execution=execution, contexts=[pb.Context(id=99)], options=options)
    with pytest.raises(InvalidArgument, match="type id and a name"):
        face("PutExecution", execution=execution, contexts=[pb.Context(id=context_id)])


def test_ids_of_events_must_be_those_of_the_nodes(face: Face) -> None:
    type_id = face.type_id()
    execution = pb.Execution(type_id=face.type_id("Execution", "E"))
    for event in (
        pb.Event(type=pb.Event.INPUT, execution_id=1),
        pb.Event(type=pb.Event.INPUT, artifact_id=1),
    ):
        pair = {"artifact": pb.Artifact(type_id=type_id), "event": event}
        with pytest.raises(InvalidArgument, match="no id"):
            face("PutExecution", execution=execution, artifact_event_pairs=[pair])


def test_an_edge_beyond_the_request_is_out_of_range(face: Face) -> None:
    execution = pb.Execution(type_id=face.type_id("Execution", "E"))
    edge = {"execution_index": 0, "artifact_index": 0, "event": pb.Event(type=pb.Event.INPUT)}
    with pytest.raises(OutOfRange, match="index 0"):
        face("PutLineageSubgraph", executions=[execution], event_edges=[edge])


def test_every_node_of_a_subgraph_needs_a_type_id(face: Face) -> None:
    artifact_id = face.artifact(type_id=face.type_id())
    with pytest.raises(InvalidArgument, match="Type id is missing"):
        face("PutLineageSubgraph", artifacts=[pb.Artifact(id=artifact_id)])
    with pytest.raises(NotFound):
        face("PutLineageSubgraph", artifacts=[pb.Artifact(id=artifact_id, type_id=999)])


def test_unset_ids_of_links_are_refused(face: Face) -> None:
    with pytest.raises(InvalidArgument, match="context_id"):
        face("PutAttributionsAndAssociations", attributions=[pb.Attribution(artifact_id=1)])
    with pytest.raises(InvalidArgument, match="child_id"):
        face("PutParentContexts", parent_contexts=[pb.ParentContext(parent_id=1)])
    with pytest.raises(InvalidArgument, match="event type"):
        face("PutEvents", events=[pb.Event(artifact_id=1, execution_id=1)])


# Reads of edges.


def test_parents_and_children_of_many_contexts(face: Face) -> None:
    type_id = face.type_id("Context", "C")
    a, b, c = (face.context(name, type_id) for name in "abc")
    pairs = [pb.ParentContext(child_id=a, parent_id=b), pb.ParentContext(child_id=a, parent_id=c)]
    face("PutParentContexts", parent_contexts=pairs)
    parents = face("GetParentContextsByContexts", context_ids=[a, b, 999]).contexts
    assert {key: [x.name for x in parents[key].parent_contexts] for key in parents} == {
        a: ["b", "c"]
    }
    children = face("GetChildrenContextsByContexts", context_ids=[b, c, a]).contexts
    assert {key: [x.name for x in children[key].children_contexts] for key in children} == {
        b: ["a"],
        c: ["a"],
    }
    for name in ("GetParentContextsByContexts", "GetChildrenContextsByContexts"):
        with pytest.raises(InvalidArgument):
            face(name)
    with pytest.raises(AlreadyExists):
        face("PutParentContexts", parent_contexts=pairs[:1])


def test_a_node_without_contexts_is_not_found(face: Face) -> None:
    artifact_id = face.artifact(type_id=face.type_id())
    with pytest.raises(NotFound):
        face("GetContextsByArtifact", artifact_id=artifact_id)
    with pytest.raises(NotFound):
        face("GetContextsByExecution", execution_id=999)


def test_the_lineage_graph_is_unimplemented(face: Face) -> None:
    with pytest.raises(Unimplemented, match="GetLineageSubgraph"):
        face("GetLineageGraph")


# Lists.


def test_a_page_is_cut_at_a_hundred_with_a_token(face: Face) -> None:
    type_id = face.type_id()
    face("PutArtifacts", artifacts=[pb.Artifact(type_id=type_id) for _ in range(103)])
    options = pb.ListOperationOptions(max_result_size=2**31 - 1)
    first = face("GetArtifacts", options=options)
    assert len(first.artifacts) == 100
    options.next_page_token = first.next_page_token
    last = face("GetArtifacts", options=options)
    assert (len(last.artifacts), last.HasField("next_page_token")) == (3, False)
    assert len(face("GetArtifacts").artifacts) == 103


def test_the_last_page_by_type_has_an_empty_token_that_is_set(face: Face) -> None:
    face.artifact(type_id=face.type_id())
    answer = face("GetArtifactsByType", type_name="T", options=pb.ListOperationOptions())
    assert (len(answer.artifacts), answer.HasField("next_page_token")) == (1, True)
    assert not face("GetArtifactsByType", type_name="nope").artifacts


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_holds_something(face: Face, size: int) -> None:
    with pytest.raises(InvalidArgument, match="max_result_size"):
        face("GetArtifacts", options=pb.ListOperationOptions(max_result_size=size))


def test_a_page_has_an_order(face: Face) -> None:
    options = pb.ListOperationOptions(order_by_field={"field": 0})
    with pytest.raises(InvalidArgument, match="unspecified"):
        face("GetArtifacts", options=options)
