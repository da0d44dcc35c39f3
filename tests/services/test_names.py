"""Names: from what a person writes to the node it means."""

import time
from collections.abc import Callable

import pytest

import headwater
from headwater.errors import InvalidArgument, NotFound
from headwater_schema import Artifact as ArtifactNode
from headwater_schema import ArtifactState, PutRequest, TypeKind


class Model(headwater.Artifact):
    accuracy: float = 0.0


class Report(headwater.Artifact):
    pass


class Train(headwater.Execution):
    pass


class Pipeline(headwater.Context):
    pass


Made = Callable[..., headwater.Artifact]


@pytest.fixture
def make(store: headwater.MetadataStore) -> Made:
    def made(artifact: headwater.Artifact, payload: bytes | None = None) -> headwater.Artifact:
        with store.run(Train()) as run:
            return run.output(artifact, payload=payload)

    return made


def test_a_series_is_its_latest_live_version(store: headwater.MetadataStore, make: Made) -> None:
    for accuracy in (0.1, 0.2):
        make(Model(name="clf", accuracy=accuracy))
    make(Model(name="clf", state=ArtifactState.PENDING))

    assert store.artifact("clf", type=Model).accuracy == 0.2
    assert store.artifact("clf@1", type=Model).accuracy == 0.1
    assert store.artifact("clf@3").state is ArtifactState.PENDING


def test_a_series_without_a_live_version_says_what_there_is(
    store: headwater.MetadataStore, make: Made
) -> None:
    make(Model(name="clf", state=ArtifactState.DELETED))

    with pytest.raises(NotFound, match="clf@1 DELETED"):
        store.artifact("clf")


def test_a_name_of_two_types_needs_the_type(store: headwater.MetadataStore, make: Made) -> None:
    make(Model(name="x"))
    make(Report(name="x"))

    with pytest.raises(InvalidArgument, match="of types Model, Report") as caught:
        store.artifact("x")

    assert caught.value.types == ["Model", "Report"]
    assert store.artifact("x", type="Report").type == "Report"


def test_an_artifact_is_found_by_id_uri_and_digest(
    store: headwater.MetadataStore, make: Made
) -> None:
    kept = make(Model(name="m"), b"bytes")
    make(Model(uri="s3://bucket/old"))
    new = make(Model(uri="s3://bucket/old"))

    assert store.artifact(f"artifact:{kept.id}").id == kept.id
    assert store.artifact(str(kept.digest)).id == kept.id
    assert store.artifact(str(kept.uri)).id == kept.id
    assert store.artifact("s3://bucket/old").id == new.id


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "nope",
        "nope@1",
        "artifact:99",
        "artifact:x",
        "context:1",
        "s3://none",
        "sha256:" + "0" * 64,
    ],
)
def test_what_is_not_there_is_not_found(
    store: headwater.MetadataStore, make: Made, reference: str
) -> None:
    make(Model(name="m"))

    with pytest.raises(NotFound):
        store.artifact(reference)
    with pytest.raises(NotFound):
        store.upstream(reference)


@pytest.mark.parametrize("reference", ["artifact:9999999999999999999", "sha256:xyz", "\ud800"])
def test_what_cannot_be_a_reference_is_refused(
    store: headwater.MetadataStore, make: Made, reference: str
) -> None:
    make(Model(name="m"))

    with pytest.raises(InvalidArgument):
        store.artifact(reference)


def test_an_execution_is_found_where_no_artifact_is(store: headwater.MetadataStore) -> None:
    with store.run(Train(name="t")) as run:
        pass

    execution_id = run.execution.id
    assert store.key("t") == store.key(f"execution:{execution_id}")
    assert store.execution("t").id == execution_id
    assert store.upstream("t").start.id == execution_id


def test_a_context_is_found_by_name_and_id(store: headwater.MetadataStore) -> None:
    made = store.put_context(Pipeline(name="p"))

    assert store.context("p", type=Pipeline) == made
    assert store.context(f"context:{made.id}", type=Pipeline) == made


def test_an_object_of_another_kind_or_type_is_refused(
    store: headwater.MetadataStore, make: Made
) -> None:
    made = make(Model(name="m"))

    with pytest.raises(InvalidArgument, match="of type 'Model'"):
        store.artifact(made, type=Report)
    with pytest.raises(InvalidArgument, match="Asked for"):
        store.context(made)
    with pytest.raises(InvalidArgument, match="has no id"):
        store.artifact(Model(name="m"))


def tick(store: headwater.MetadataStore) -> int:
    """Return a moment that is later than all that was written and earlier than all to come."""
    time.sleep(0.003)
    moment = store.history.now()
    time.sleep(0.003)
    return moment


def test_a_series_known_at_a_moment_is_the_version_that_was_the_latest_live_one(
    store: headwater.MetadataStore, make: Made
) -> None:
    first = make(Model(name="clf", accuracy=0.1))
    early = tick(store)
    second = make(Model(name="clf", accuracy=0.2), b"bytes")
    middle = tick(store)
    store.delete("clf@2")
    late = tick(store)
    make(Model(name="clf", accuracy=0.3))

    assert [
        store.artifact("clf", type=Model, known_at=when).accuracy for when in (early, middle, late)
    ] == [0.1, 0.2, 0.1]
    assert store.artifact("clf").name == "clf@3"
    assert store.artifact("clf@2", known_at=middle).id == second.id
    assert store.artifact(str(second.digest), known_at=middle).id == second.id
    assert store.upstream("clf", known_at=middle).start.id == second.id
    assert store.upstream("clf", known_at=late).start.id == first.id
    with pytest.raises(NotFound, match=f"No artifact 'clf@2' .* at recorded time {late}"):
        store.artifact("clf@2", known_at=late)
    with pytest.raises(NotFound, match=f"No artifact 'clf' .* at recorded time {1}"):
        store.downstream("clf", known_at=1)


def test_a_name_at_a_moment_is_that_of_the_node_that_had_it(
    store: headwater.MetadataStore,
) -> None:
    type_id = store.type_id(Model)
    nodes = (ArtifactNode(type_id=type_id, name="a"), ArtifactNode(type_id=type_id, name="b"))
    one, two = store.put(PutRequest(artifacts=nodes)).artifact_ids
    then = tick(store)
    store.rename("a", "c")
    store.rename("b", "a")

    assert (store.artifact("a").id, store.artifact("a", known_at=then).id) == (two, one)
    assert store.artifact("a", known_at=then).name == "a"
    assert store.artifact(f"artifact:{two}", known_at=then).name == "b"
    assert store.key("b", known_at=then) == headwater.NodeKey(TypeKind.ARTIFACT, two)
    with pytest.raises(NotFound):
        store.artifact("b")
    with pytest.raises(NotFound, match="at recorded time"):
        store.artifact("c", known_at=then)


def test_executions_and_contexts_are_named_as_they_were(store: headwater.MetadataStore) -> None:
    with store.run(Train(name="t"), context=Pipeline(name="p")) as run:
        made = run.output(Model(name="m"))
    run_id = run.execution.id
    (context,) = store.contexts.by_name("p")
    then = tick(store)
    store.put(PutRequest(contexts=(context.model_copy(update={"name": "q"}),)))
    store.delete("t")

    assert store.context("p", known_at=then).id == store.context("q").id == context.id
    assert store.execution("t", known_at=then).id == run_id
    assert store.key("t", known_at=then).id == run_id
    assert store.upstream("t", known_at=then).start.id == run_id
    assert [each.id for each in store.siblings("t", "type", known_at=then).runs] == []
    inside = store.upstream(made, contexts=["p"], known_at=then)
    assert [node.key for node in inside.nodes] == [inside.start, store.key(f"execution:{run_id}")]
    assert store.diff("p", "q", known_at=(then, None)).moments[0].known_at == then
    for name in ("t", "p"):
        with pytest.raises(NotFound):
            store.diff(name, name)
    with pytest.raises(NotFound, match=r"No context 'q' .* at recorded time"):
        store.context("q", known_at=then)


def test_as_of_a_time_a_series_is_what_was_there_or_else_all_that_is_known(
    store: headwater.MetadataStore, make: Made
) -> None:
    first = make(Model(name="clf"))
    then = tick(store)
    last = make(Model(name="clf"))
    before = (first.create_time_since_epoch or 0) - 1

    assert store.artifact("clf", as_of=then).id == first.id
    assert store.artifact("clf", as_of=before).id == last.id
    assert store.artifact("clf@2", as_of=then).id == last.id
    assert store.key("clf", as_of=before, known_at=then).id == first.id
    with pytest.raises(NotFound, match=r"no LIVE version at valid time .*; there is clf@1 PENDING"):
        store.artifact("clf", as_of=before + 1)
    with pytest.raises(NotFound, match="No artifact 'nothing'"):
        store.upstream("nothing", as_of=then)
