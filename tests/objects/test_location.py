import pickle
from pathlib import Path

import pytest

from headwater.errors import InvalidArgument, Unauthenticated
from headwater.objects import DirectoryStore, ObjectPlace, open_object_store
from headwater.objects.bucket import BucketStore

KEYS = {"access_key": "key", "secret_key": "very-secret"}


def test_a_path_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert isinstance(open_object_store("objects"), DirectoryStore)
    assert open_object_store("objects").location == str(tmp_path / "objects")
    assert open_object_store(f"{tmp_path}/a b").location == str(tmp_path / "a b")
    assert open_object_store(f"file://{tmp_path}/a%20b").location == str(tmp_path / "a b")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("s3://bucket", "https://s3.amazonaws.com/bucket"),
        ("s3://bucket/some/prefix/", "https://s3.amazonaws.com/bucket/some/prefix"),
        ("http://localhost:9000/bucket/prefix", "http://localhost:9000/bucket/prefix"),
        ("https://store.example/bucket/", "https://store.example/bucket"),
    ],
)
def test_an_address_is_a_bucket(location: str, shown: str) -> None:
    with open_object_store(location, region="us-east-1", **KEYS) as store:
        assert isinstance(store, BucketStore)
        assert store.location == shown

    with open_object_store(shown, region="us-east-1", **KEYS) as again:
        assert again.location == shown


@pytest.mark.parametrize(
    "location",
    [
        "",
        "  ",
        "minio",
        "ftp://host/bucket",
        "gs://bucket",
        "s3://",
        "s3:///prefix",
        "http://host:9000",
        "http://host:9000/",
        "http:///bucket",
        "http://host:notaport/bucket",
        "http://host/UPPER",
        "http://host/a",
        "http://host/bucket/../up",
        "http://host/bucket//twice",
        "http://host/bucket?versioned",
        "file://elsewhere/folder",
    ],
)
def test_what_is_no_location_is_refused(location: str) -> None:
    with pytest.raises(InvalidArgument):
        open_object_store(location, **KEYS)


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidArgument, match="HEADWATER_S3_SECRET_KEY") as caught:
        open_object_store("http://me:very-secret@host:9000/bucket", **KEYS)

    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("missing", ["access_key", "secret_key"])
def test_missing_keys_are_told_with_the_settings_to_set(missing: str) -> None:
    keys = {**KEYS, missing: None}

    with pytest.raises(Unauthenticated, match=r"HEADWATER_S3_ACCESS_KEY.*HEADWATER_S3_SECRET_KEY"):
        open_object_store("http://localhost:9000/bucket", **keys)


def test_a_place_opens_in_another_process_and_shows_no_secret() -> None:
    place = ObjectPlace("http://localhost:9000/bucket", "key", "very-secret", "us-east-1")

    sent: ObjectPlace = pickle.loads(pickle.dumps(place))  # noqa: S301 - our own

    assert "very-secret" not in repr(place)
    with sent.open() as store:
        assert isinstance(store, BucketStore)
        assert store.location == "http://localhost:9000/bucket"
