"""The drop-in class: which configuration is which store, and what the suite of MLMD does not ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import headwater
import headwater.mlmd as ml_metadata
from headwater.mlmd import errors
from headwater.mlmd.metadata_store import mlmd_types
from headwater.mlmd.proto import metadata_store_pb2 as pb
from server.calling import serving
from support.servers import Neo4jAddress


def typed(store: ml_metadata.MetadataStore) -> int:
    return store.put_artifact_type(pb.ArtifactType(name="T", properties={"a": pb.DOUBLE}))


def test_a_headwater_store_is_taken_as_it_is(store: headwater.MetadataStore) -> None:
    face = ml_metadata.MetadataStore(store)
    type_id = typed(face)
    (artifact_id,) = face.put_artifacts([pb.Artifact(type_id=type_id, name="x")])
    assert [a.name for a in store.artifacts.by_ids([artifact_id])] == ["x"]
    assert face.store is store
    other = ml_metadata.MetadataStore(store, namespace=f"{store.namespace}-other")
    assert other.get_artifacts() == []


def test_list_options_page_filter_and_order(store: headwater.MetadataStore) -> None:
    face = ml_metadata.MetadataStore(store)
    type_id = typed(face)
    nodes = [
        pb.Artifact(type_id=type_id, properties={"a": pb.Value(double_value=i)}) for i in range(230)
    ]
    face.put_artifacts(nodes)
    options = ml_metadata.ListOptions(
        limit=105,
        order_by=ml_metadata.OrderByField.ID,
        is_asc=False,
        filter_query="properties.a.double_value >= 100.0",
    )
    found = face.get_artifacts(options)
    assert [a.properties["a"].double_value for a in found] == [*range(229, 124, -1)]
    with pytest.raises(errors.InvalidArgumentError, match="at least 1"):
        face.get_artifacts(ml_metadata.ListOptions(limit=-1))
    with pytest.raises(errors.InvalidArgumentError, match="Invalid `filter_query`"):
        face.get_artifacts(ml_metadata.ListOptions(filter_query="nope = 1"))


def test_a_server_is_spoken_to_by_grpc(store: headwater.MetadataStore) -> None:
    with serving(store) as server:
        address = server.grpc_address
        config = pb.MetadataStoreClientConfig(host=address.host, port=address.port)
        face = ml_metadata.MetadataStore(config)
        assert typed(face) == 10
        with pytest.raises(errors.NotFoundError):
            face.get_artifact_type("nope")
        elsewhere = ml_metadata.MetadataStore(config, namespace=f"{store.namespace}-other")
        assert elsewhere.get_artifact_types() == []
        with pytest.raises(ValueError, match="enable_upgrade_migration"):
            ml_metadata.MetadataStore(config, enable_upgrade_migration=True)


def test_a_cut_lineage_is_told_and_can_be_had_whole(
    store: headwater.MetadataStore, caplog: pytest.LogCaptureFixture
) -> None:
    face = ml_metadata.MetadataStore(store)
    type_id = typed(face)
    execution_type = face.put_execution_type(pb.ExecutionType(name="E"))
    before = pb.Artifact(type_id=type_id)
    for _ in range(52):
        output = pb.Artifact(type_id=type_id)
        pairs = [
            (before, pb.Event(type=pb.Event.INPUT)),
            (output, pb.Event(type=pb.Event.OUTPUT)),
        ]
        _, ids, _ = face.put_execution(pb.Execution(type_id=execution_type), pairs, [])
        before = pb.Artifact(id=ids[1], type_id=type_id)
    options = pb.LineageSubgraphQueryOptions(direction="UPSTREAM", max_num_hops=1_000)
    options.starting_artifacts.filter_query = f"id = {before.id}"
    assert len(face.get_lineage_subgraph(options, ["executions"]).executions) == 50
    assert "nodes_beyond" in caplog.text
    unlimited = ml_metadata.MetadataStore(store, metadata=[("x-headwater-limits", "off")])
    assert len(unlimited.get_lineage_subgraph(options, ["executions"]).executions) == 52


def test_system_types_have_their_names() -> None:
    assert (mlmd_types.Dataset().name, mlmd_types.Dataset().system_type) == ("mlmd.Dataset", 1)
    assert (mlmd_types.Deploy().name, mlmd_types.Deploy().system_type) == ("mlmd.Deploy", 5)


def test_a_configuration_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="expecting"):
        ml_metadata.MetadataStore("sqlite")
    with pytest.raises(ValueError, match="expecting"):
        ml_metadata.MetadataStore(pb.Artifact())
    with pytest.raises(RuntimeError, match="empty"):
        ml_metadata.MetadataStore(pb.ConnectionConfig())


PROGRAM = """
import sys
import headwater.mlmd as ml_metadata
from headwater.mlmd.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
if sys.argv[1] == "memory":
    config.sqlite.SetInParent()
else:
    config.sqlite.filename_uri = sys.argv[1]
store = ml_metadata.MetadataStore(config)
store.put_artifact_type(pb.ArtifactType(name="T"))
print(store.store.namespace, len(store.get_artifact_types()))
"""


def ran(argument: str, server: Neo4jAddress, home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {
        "HEADWATER_NEO4J": server.address,
        "HEADWATER_NEO4J_USER": server.user,
        "HEADWATER_NEO4J_PASSWORD": server.password or "",
        "HEADWATER_HOME": str(home),
    }
    return subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", PROGRAM, argument],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_in_memory_database_ends_with_the_process(
    store: headwater.MetadataStore, neo4j_server: Neo4jAddress, tmp_path: Path
) -> None:
    ended = ran("memory", neo4j_server, tmp_path)
    assert ended.returncode == 0, ended.stderr
    namespace, types = ended.stdout.split()
    assert types == "1"
    assert namespace not in {each.name for each in store.list_namespaces()}


def test_a_database_file_is_a_namespace_of_its_own(
    store: headwater.MetadataStore, neo4j_server: Neo4jAddress, tmp_path: Path
) -> None:
    path = tmp_path / "metadata.db"
    for _ in range(2):
        ended = ran(str(path), neo4j_server, tmp_path)
        assert ended.stdout.split() == [f"sqlite:{path}", "1"], ended.stderr
    assert not path.exists()
    store.drop_namespace(f"sqlite:{path}")
    path.write_bytes(b"SQLite format 3\0" + bytes(4096))
    refused = ran(str(path), neo4j_server, tmp_path)
    assert refused.returncode == 1
    assert f"headwater import mlmd sqlite:///{path}" in refused.stderr
