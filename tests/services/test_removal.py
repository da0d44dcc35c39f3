"""A deleted node becomes a tombstone: what users set goes, the lineage stays whole and tells."""

from collections.abc import Callable, Iterator

import pytest

import headwater
from headwater.errors import FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.query.parts import NodeKey
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    LinkPut,
    New,
    PropertyKind,
    PutRequest,
    TypeKind,
)
from headwater_schema.changes import Change, property_changes
from support.clocked import difference, ordered, snapshot
from support.nodes import of_kind
from support.servers import Neo4jAddress


class Data(headwater.Artifact):
    rows: int


class Train(headwater.Execution):
    rate: float = 0.1


class Pipeline(headwater.Context):
    team: str = ""


@pytest.fixture
def seen() -> list[Change]:
    return []


@pytest.fixture
def told(
    neo4j_server: Neo4jAddress, namespace: str, tmp_path: object, seen: list[Change]
) -> Iterator[headwater.MetadataStore]:
    """A store that notes what its observer is told."""
    with headwater.connect(
        neo4j_server.address,
        user=neo4j_server.user,
        password=neo4j_server.password,
        namespace=namespace,
        objects=f"{tmp_path}/objects",
        observer=lambda _caller, changes: seen.extend(property_changes(changes)),
    ) as opened:
        yield opened


def recorded(store: headwater.MetadataStore) -> tuple[int, int, int]:
    """Return the ids of an artifact that was read, its reader, and their context."""
    context = store.put_context(Pipeline(name="nightly", team="a"))
    with store.run(Train(rate=0.2), context=context) as load:
        raw = load.output(Data(name="raw", rows=3, custom_properties={"note": "x" * 5_000}))
    with store.run(Train(name="fit"), context=context) as fit:
        fit.input(raw)
        fit.output(Data(name="model", rows=1))
    return raw.id or 0, fit.execution.id or 0, context.id or 0


def test_a_deleted_artifact_stays_in_its_lineage_as_deleted(
    store: headwater.MetadataStore,
) -> None:
    raw_id, fit_id, _ = recorded(store)
    before = store.upstream("model")

    store.delete("raw@1")

    after = store.upstream("model")
    assert after.events == before.events
    states = {str(node.key): (node.title, node.state) for node in after.nodes}
    assert states[f"artifact:{raw_id}"] == ("raw@1", "DELETED")
    assert states[f"execution:{fit_id}"] == ("fit", "COMPLETE")
    assert "raw@1  Data #" in after.tree()
    assert "DELETED" in after.tree()
    assert "style=dashed" in after.to_dot()
    assert "line-through" in after.to_svg()
    assert "DELETED" in {n.state for n in store.path(f"artifact:{raw_id}", "model@1").nodes}
    assert "DELETED" in {n.state for n in store.downstream(f"artifact:{raw_id}").nodes}


def test_a_deleted_execution_stays_in_its_lineage_as_deleted(
    store: headwater.MetadataStore,
) -> None:
    _, fit_id, _ = recorded(store)

    store.delete("fit")

    node = store.executions.by_ids([fit_id])[0]
    assert node.last_known_state is ExecutionState.COMPLETE
    assert node.deleted_time_since_epoch is not None
    states = {node.key.id: node.state for node in store.upstream("model").executions()}
    assert states[fit_id] == "DELETED"
    assert "fit" in store.upstream("model").tree()


def test_what_is_evidence_stays_and_what_users_set_goes(store: headwater.MetadataStore) -> None:
    with store.run(Train()) as run:
        made = run.output(
            Data(
                name="kept",
                rows=3,
                external_id="x",
                custom_properties={"big": "y" * 300_000, "list": [1]},
            ),
            payload=b"bytes",
        )

    store.delete(made)

    node = store.artifacts.by_ids([made.id or 0])[0]
    assert (node.properties, node.custom_properties) == ({}, {})
    assert (node.name, node.external_id, node.type, node.type_id) == (
        "kept@1",
        "x",
        "Data",
        made.type_id,
    )
    assert (node.uri, node.digest, node.size_bytes) == (made.uri, made.digest, 5)
    assert (node.series, node.version, node.state) == ("kept", 1, ArtifactState.DELETED)
    rows = store.cypher(
        "MATCH (n:Artifact {namespace: $namespace, id: $id}) RETURN keys(n) AS keys",
        namespace=store.namespace,
        id=made.id,
    )
    assert not [k for k in rows.rows[0]["keys"] if k.startswith(("p_", "c_", "co_", "cs_"))]


def test_deleting_twice_answers_the_same_and_changes_nothing(
    told: headwater.MetadataStore, seen: list[Change]
) -> None:
    raw_id, _, _ = recorded(told)

    first = told.delete(f"artifact:{raw_id}", reason="leaked")
    seen.clear()
    again = told.delete(f"artifact:{raw_id}")

    assert first.new
    assert again == first._replace(new=False)
    assert seen == []


@pytest.mark.parametrize("kind", list(TypeKind))
def test_the_observer_is_told_exactly_what_a_deletion_changed(
    told: headwater.MetadataStore,
    seen: list[Change],
    kind: TypeKind,
    graph: Graph,
) -> None:
    ids = dict(zip(TypeKind, recorded(told), strict=True))
    before = snapshot(graph, told.namespace)
    seen.clear()

    told.delete(NodeKey(kind, ids[kind]))

    assert ordered(seen) == difference(before, snapshot(graph, told.namespace))
    assert {change.element.key for change in seen} == {(ids[kind],)}


def test_a_context_that_is_put_again_is_a_new_one(store: headwater.MetadataStore) -> None:
    recorded(store)
    old = store.context("nightly").id

    store.delete("nightly")
    with pytest.raises(NotFound):
        store.context("nightly")
    new = store.put_context(Pipeline(name="nightly"))

    assert new.id != old
    assert store.context("nightly").id == new.id
    assert store.context(f"context:{old}").name == "nightly"
    assert len(store.executions.in_context(old or 0)) == 2


def test_the_version_before_is_the_latest_once_the_latest_is_deleted(
    store: headwater.MetadataStore,
) -> None:
    for rows in (1, 2):
        with store.run(Train()) as run:
            run.output(Data(name="d", rows=rows))

    store.delete("d@2")
    with store.run(Train()) as run:
        third = run.output(Data(name="d", rows=3))

    assert third.name == "d@3"
    store.delete(third)
    assert store.artifact("d").name == "d@1"


def test_a_series_is_not_one_artifact_to_delete(store: headwater.MetadataStore) -> None:
    recorded(store)

    with pytest.raises(InvalidArgument, match="is a series of 1 versions") as caught:
        store.delete("raw")

    assert "raw@1" in caught.value.hint


def test_a_name_of_several_nodes_deletes_none_of_them(store: headwater.MetadataStore) -> None:
    store.put_context(Pipeline(name="fit"))
    recorded(store)

    with pytest.raises(InvalidArgument, match="names 2 nodes: execution:2 of type Train, context:"):
        store.delete("fit")

    assert store.delete("fit", type="Train").kind is TypeKind.EXECUTION


@pytest.mark.parametrize("reference", ["nothing", "artifact:99", "context:7", ""])
def test_what_is_not_there_cannot_be_deleted(
    store: headwater.MetadataStore, reference: str
) -> None:
    recorded(store)

    with pytest.raises(NotFound):
        store.delete(reference)


def test_a_tombstone_read_as_its_class_says_that_it_is_one(store: headwater.MetadataStore) -> None:
    raw_id, _, _ = recorded(store)
    store.delete(f"artifact:{raw_id}")

    with pytest.raises(FailedPrecondition, match="was deleted"):
        store.artifact(f"artifact:{raw_id}", type=Data)

    assert store.artifact(f"artifact:{raw_id}").state is ArtifactState.DELETED


TYPES = [
    ArtifactType(name="A", properties={"a": PropertyKind.INT}),
    ExecutionType(name="E"),
    ContextType(name="C"),
]


@pytest.fixture
def put_one(store: headwater.MetadataStore) -> Callable[[], PutRequest]:
    """A request that makes an artifact, an execution and a context with names and external ids."""
    artifact_type, execution_type, context_type = store.put_types(TYPES)
    return lambda: PutRequest(
        artifacts=(Artifact(type_id=artifact_type, name="n", external_id="x"),),
        executions=(Execution(type_id=execution_type, name="n", external_id="x"),),
        contexts=(Context(type_id=context_type, name="n", external_id="x"),),
        events=(EventPut(New(0), New(0), EventType.OUTPUT),),
        associations=(LinkPut(New(0), New(0)),),
    )


def test_names_and_external_ids_of_deleted_nodes_are_free(
    store: headwater.MetadataStore, put_one: Callable[[], PutRequest]
) -> None:
    for wanted in (1, 2, 3):
        answer = store.put(put_one())
        assert (*answer.artifact_ids, *answer.execution_ids, *answer.context_ids) == (wanted,) * 3
        for kind in TypeKind:
            store.delete(NodeKey(kind, wanted))

    assert [node.name for node in store.contexts.all()] == ["n"] * 3
    assert store.artifacts.by_external_ids(["x"]) == []


@pytest.mark.parametrize("kind", list(TypeKind))
def test_a_tombstone_refuses_every_update(
    store: headwater.MetadataStore, put_one: Callable[[], PutRequest], kind: TypeKind
) -> None:
    store.put(put_one())
    field = f"{kind.lower()}s"
    (node,) = getattr(store, field).by_ids([1])
    store.delete(NodeKey(kind, 1))
    (tombstone,) = getattr(store, field).by_ids([1])
    changed = node.model_copy(update={"custom_properties": {"k": 1}, "external_id": None})

    with pytest.raises(FailedPrecondition, match="a tombstone is never changed"):
        store.put(of_kind(kind, [changed]))

    assert getattr(store, field).by_ids([1]) == [tombstone]
