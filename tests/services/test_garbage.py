"""The garbage of the object store is what no node of any namespace refers to, and nothing else."""

import os
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

import headwater
from headwater import load_settings
from headwater.errors import InvalidArgument, PermissionDenied
from headwater.objects import StoredObject, bucket, digest_uri
from headwater_schema import Artifact, ArtifactType, PutRequest
from support.servers import MinioAddress, Neo4jAddress

DAY_S = 86_400


class Model(headwater.Artifact):
    pass


class Train(headwater.Execution):
    pass


def bytes_of(store: headwater.MetadataStore, text: str) -> bytes:
    """Return bytes of a test's own: all namespaces of the database keep what they refer to."""
    return f"{store.namespace} {text}".encode()


def test_only_what_nothing_refers_to_is_removed(store: headwater.MetadataStore) -> None:
    note = str(bytes_of(store, "n" * 300_000))
    with store.run(Train()) as run:
        payload = run.output(Model(name="m"), payload=bytes_of(store, "a payload"))
        run.log(note=note)
    other = store.in_namespace(f"{store.namespace}-other")
    with other.run(Train()) as run:
        elsewhere = run.output(Model(name="m"), payload=bytes_of(store, "of another namespace"))
    by_uri = store.objects.put(bytes_of(store, "named by its uri alone"))
    type_id = store.type_id(Model)
    store.put(PutRequest(artifacts=(Artifact(type_id=type_id, uri=digest_uri(by_uri.digest)),)))
    lost = store.objects.put(bytes_of(store, "nothing refers to this"))

    planned = store.collect_garbage(older_than_s=0, dry_run=True)
    assert store.objects.exists(lost.digest)
    done = store.collect_garbage(older_than_s=0)

    assert (planned.removed, planned.kept, planned.dry_run) == (1, 4, True)
    assert (done.removed, done.removed_bytes, done.kept) == (1, lost.size_bytes, 4)
    assert (done.too_young, done.failed, done.dry_run) == (0, 0, False)
    assert not store.objects.exists(lost.digest)
    assert store.read_bytes(payload) == bytes_of(store, "a payload")
    assert other.read_bytes(elsewhere) == bytes_of(store, "of another namespace")
    (execution,) = store.executions.all()
    assert execution.custom_properties["note"] == note
    other.drop_namespace(other.namespace)


def test_a_tombstone_is_evidence_and_keeps_no_bytes(store: headwater.MetadataStore) -> None:
    note = str(bytes_of(store, "l" * 300_000))
    with store.run(Train()) as run:
        alone = run.output(Model(name="alone"), payload=bytes_of(store, "alone"))
        shared = run.output(Model(name="shared"), payload=bytes_of(store, "shared"))
        copy = run.output(Model(name="copy"), payload=bytes_of(store, "shared"))
        large = run.output(Model(name="l", custom_properties={"note": note}))

    for artifact in (alone, shared, large):
        store.delete(artifact)
    done = store.collect_garbage(older_than_s=0)

    assert (done.removed, done.kept) == (2, 1)
    assert store.read_bytes(copy) == bytes_of(store, "shared")
    assert store.artifact(f"artifact:{alone.id}").digest == alone.digest


def test_what_was_put_lately_stays(store: headwater.MetadataStore) -> None:
    store.objects.put(bytes_of(store, "on its way"))

    done = store.collect_garbage()

    assert (done.removed, done.too_young) == (0, 1)


def test_an_old_object_that_is_put_again_is_young(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    stored = store.objects.put(bytes_of(store, "old"))
    _make_old(tmp_path / "objects", stored)
    assert store.collect_garbage(dry_run=True).removed == 1

    again = store.objects.put(bytes_of(store, "old"))

    assert not again.new
    assert store.collect_garbage().too_young == 1
    assert store.objects.exists(stored.digest)


def test_an_object_put_again_while_it_is_collected_stays(
    store: headwater.MetadataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.objects.put(bytes_of(store, "old"))
    _make_old(tmp_path / "objects", stored)
    collect = store.objects.collect

    def put_first(digest: str, *, older_than_s: float) -> bool:
        store.objects.put(bytes_of(store, "old"))
        return collect(digest, older_than_s=older_than_s)

    monkeypatch.setattr(store.objects, "collect", put_first)
    done = store.collect_garbage()

    assert (done.removed, done.too_young) == (0, 1)
    assert store.objects.read_bytes(stored.digest) == bytes_of(store, "old")


def test_what_cannot_be_removed_is_told_and_the_rest_goes(
    store: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = store.objects.put(bytes_of(store, "held by a rule of the bucket"))
    free = store.objects.put(bytes_of(store, "free"))
    collect = store.objects.collect

    def refuse(digest: str, *, older_than_s: float) -> bool:
        if digest == held.digest:
            raise PermissionDenied("The bucket's rule holds it.")
        return collect(digest, older_than_s=older_than_s)

    monkeypatch.setattr(store.objects, "collect", refuse)
    done = store.collect_garbage(older_than_s=0)

    assert (done.removed, done.failed) == (1, 1)
    assert [digest for digest, _ in done.failures] == [held.digest]
    assert not store.objects.exists(free.digest)


@pytest.mark.parametrize("age", [-1.0, float("nan")])
def test_an_age_that_is_none_is_refused(store: headwater.MetadataStore, age: float) -> None:
    with pytest.raises(InvalidArgument):
        store.collect_garbage(older_than_s=age)


def test_more_objects_than_a_batch_are_collected(store: headwater.MetadataStore) -> None:
    (type_id,) = store.put_types([ArtifactType(name="A")])
    put = [store.objects.put(bytes_of(store, str(i))) for i in range(1_050)]
    kept = put[::3]
    uris = [digest_uri(stored.digest) for stored in kept]
    store.put(PutRequest(artifacts=tuple(Artifact(type_id=type_id, uri=uri) for uri in uris)))

    done = store.collect_garbage(older_than_s=0)

    assert (done.removed, done.kept) == (len(put) - len(kept), len(kept))
    assert {o.digest for o in store.objects.list()} == {o.digest for o in kept}


def test_a_bucket_is_collected_as_a_folder_is(
    minio_server: MinioAddress,
    neo4j_server: Neo4jAddress,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = replace(
        load_settings({}),
        s3_access_key=minio_server.access_key,
        s3_secret_key=minio_server.secret_key,
    )
    with headwater.connect(
        neo4j_server.address,
        user=neo4j_server.user,
        password=neo4j_server.password,
        namespace=namespace,
        objects=f"{minio_server.address}/test-{uuid.uuid4().hex}",
        settings=settings,
    ) as store:
        with store.run(Train()) as run:
            kept = run.output(Model(name="m"), payload=bytes_of(store, "kept"))
        lost = store.objects.put(bytes_of(store, "lost"))

        monkeypatch.setattr(bucket, "REFRESH_S", 0.0)
        first = _put_s(store, lost)
        while _put_s(store, lost) == first:
            assert not store.objects.put(bytes_of(store, "lost")).new
        assert store.objects.read_bytes(lost.digest) == bytes_of(store, "lost")

        young = store.collect_garbage()
        done = store.collect_garbage(older_than_s=0)

        assert (young.removed, young.too_young) == (0, 1)
        assert (done.removed, done.kept) == (1, 1)
        assert not store.objects.exists(lost.digest)
        assert store.read_bytes(kept) == bytes_of(store, "kept")


def _put_s(store: headwater.MetadataStore, stored: StoredObject) -> float | None:
    return next(o.put_s for o in store.objects.list() if o.digest == stored.digest)


def _make_old(folder: Path, stored: StoredObject) -> None:
    hex_digits = stored.digest.removeprefix("sha256:")
    path = folder / "sha256" / hex_digits[:2] / hex_digits[2:4] / hex_digits
    then = time.time() - 2 * DAY_S
    os.utime(path, (then, then))
