"""The stores that the suite runs over, each empty."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from minio import Minio

from headwater.objects import DirectoryStore, ObjectStore, PatientStore, open_object_store
from objects.places import BucketPlace, FolderPlace, Place, S3Server


@pytest.fixture
def folder_place(tmp_path: Path) -> FolderPlace:
    folder = tmp_path / "objects"
    return FolderPlace(DirectoryStore(folder), str(folder), {})


@pytest.fixture(scope="session")
def test_bucket(minio_server: S3Server) -> Iterator[tuple[Minio, str]]:
    host = minio_server.address.removeprefix("http://")
    bucket = f"test-{uuid.uuid4().hex}"
    access_key, secret_key = minio_server.access_key, minio_server.secret_key
    with urllib3.PoolManager() as pool:
        client = Minio(host, access_key, secret_key, secure=False, http_client=pool)
        client.make_bucket(bucket)
        yield client, bucket
        for found in client.list_objects(bucket, recursive=True):
            client.remove_object(bucket, found.object_name or "")
        client.remove_bucket(bucket)


@pytest.fixture
def bucket_place(minio_server: S3Server, test_bucket: tuple[Minio, str]) -> Iterator[BucketPlace]:
    client, bucket = test_bucket
    prefix = uuid.uuid4().hex
    location = f"{minio_server.address}/{bucket}/{prefix}"
    keys = {"access_key": minio_server.access_key, "secret_key": minio_server.secret_key}
    with open_object_store(location, **keys) as store:
        yield BucketPlace(store, location, keys, client, bucket, prefix)


@pytest.fixture
def patient_place(folder_place: FolderPlace) -> FolderPlace:
    return replace(folder_place, store=PatientStore(folder_place.store, 30.0))


@pytest.fixture(params=["folder", "patient", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def store(place: Place) -> ObjectStore:
    return place.store
