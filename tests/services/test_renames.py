"""An artifact gets another name, which puts of ML Metadata pass over in silence."""

import threading

import pytest

import headwater
from headwater.errors import (
    AlreadyExists,
    FailedPrecondition,
    HeadwaterError,
    InvalidArgument,
    NotFound,
)
from headwater.graph.session import Graph
from headwater.services.renames import RenameService
from headwater_schema import Artifact, ArtifactType, PutRequest, TypeKind
from headwater_schema.changes import property_changes
from services.conftest import Typed
from support.clocked import difference, ordered, snapshot


class Report(headwater.Artifact):
    pages: int = 1


class Write(headwater.Execution):
    pass


@pytest.fixture
def ids(store: headwater.MetadataStore) -> tuple[int, ...]:
    """Artifacts `a` and `b` of one type, `a` of another, and one without a name."""
    first, second = store.put_types([ArtifactType(name="T"), ArtifactType(name="U")])
    made = [(first, "a"), (first, "b"), (second, "a"), (first, None)]
    artifacts = tuple(Artifact(type_id=type_id, name=name) for type_id, name in made)
    return store.put(PutRequest(artifacts=artifacts)).artifact_ids


def test_a_renamed_artifact_is_found_by_its_new_name_alone(
    store: headwater.MetadataStore, ids: tuple[int, ...]
) -> None:
    before = store.artifact(f"artifact:{ids[1]}")

    renamed = store.rename("b", "c")

    assert (renamed.id, renamed.name) == (ids[1], "c")
    assert store.artifact("c").id == ids[1]
    assert (renamed.last_update_time_since_epoch or 0) > (before.last_update_time_since_epoch or 0)
    with pytest.raises(NotFound):
        store.artifact("b")


def test_a_name_is_given_to_what_had_none(
    store: headwater.MetadataStore, ids: tuple[int, ...]
) -> None:
    assert store.rename(f"artifact:{ids[3]}", "é" * 2_000).name == "é" * 2_000


def test_a_name_is_unique_within_a_type_only(
    store: headwater.MetadataStore, ids: tuple[int, ...]
) -> None:
    with pytest.raises(AlreadyExists, match="another artifact of its type has that name"):
        store.rename("b", "a")

    assert store.artifact(f"artifact:{ids[1]}").name == "b"
    assert store.rename("a", "b", type="U").id == ids[2]


@pytest.mark.usefixtures("ids")
def test_the_name_that_it_has_changes_nothing(store: headwater.MetadataStore, graph: Graph) -> None:
    before = snapshot(graph, store.namespace)

    store.rename("b", "b")

    assert snapshot(graph, store.namespace) == before


def test_the_door_tells_the_name_and_the_time(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(name="b"))
    services = typed.services
    before = services.snapshot()
    services.seen.clear()
    services.now += 1

    assert RenameService(services.scope).rename(artifact_id, "c")

    told = ordered(property_changes(services.seen))
    assert told == difference(before, services.snapshot())
    assert [(c.property, c.after) for c in told] == [
        ("last_update_time_since_epoch", services.now),
        ("name", "c"),
    ]


def test_a_version_of_a_series_keeps_its_name(store: headwater.MetadataStore) -> None:
    with store.run(Write()) as run:
        run.output(Report(name="r"))

    with pytest.raises(FailedPrecondition, match="version 1 of series 'r'"):
        store.rename("r@1", "x")
    with pytest.raises(InvalidArgument, match="is a series"):
        store.rename("r", "x")

    assert store.rename("r@1", "r@1").name == "r@1"


def test_a_tombstone_keeps_the_name_it_had(
    store: headwater.MetadataStore, ids: tuple[int, ...]
) -> None:
    store.delete("b")

    with pytest.raises(FailedPrecondition, match="was deleted"):
        store.rename(f"artifact:{ids[1]}", "c")

    assert store.rename("a", "b", type="T").id == ids[0]


@pytest.mark.parametrize("name", ["", "x" * 4_001, "\ud800"])
def test_what_cannot_be_a_name_is_refused(
    store: headwater.MetadataStore, ids: tuple[int, ...], name: str
) -> None:
    with pytest.raises(InvalidArgument):
        store.rename(f"artifact:{ids[0]}", name)


def test_what_is_no_artifact_is_refused(store: headwater.MetadataStore) -> None:
    with store.run(Write(name="w")) as run:
        pass

    with pytest.raises(InvalidArgument, match="Only artifacts"):
        store.rename(run.execution, "x")
    with pytest.raises(NotFound):
        store.rename("w", "x")
    with pytest.raises(NotFound):
        store.rename("artifact:1", "x")


def test_of_two_that_want_a_name_at_once_one_gets_it(
    store: headwater.MetadataStore, ids: tuple[int, ...]
) -> None:
    begin = threading.Barrier(2)
    answers: list[str] = []

    def rename(artifact_id: int) -> None:
        begin.wait()
        try:
            store.rename(f"artifact:{artifact_id}", "wanted")
            answers.append("renamed")
        except HeadwaterError as error:
            answers.append(type(error).__name__)

    threads = [threading.Thread(target=rename, args=(i,)) for i in ids[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["AlreadyExists", "renamed"]
    named = store.artifacts.by_name("wanted", type_name="T")
    assert [node.kind for node in named] == [TypeKind.ARTIFACT]
