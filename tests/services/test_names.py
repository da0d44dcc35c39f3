"""Names: from what a person writes to the node it means."""

from collections.abc import Callable

import pytest

import headwater
from headwater.errors import InvalidArgument, NotFound
from headwater_schema import ArtifactState


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
