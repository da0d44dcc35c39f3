"""Objects in a bucket of any S3 store.

Owns the layout `<prefix>/sha256/ab/cd/<hex>` beside `<prefix>/staging/`, and the connection.
Only S3's own calls are used, so any store that speaks S3 can stand behind it.
"""

import base64
import io
import uuid
from collections.abc import Iterator, MutableSequence, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from typing import BinaryIO, cast

from minio.commonconfig import ComposeSource
from minio.datatypes import Object
from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from headwater.errors import DataLoss, HeadwaterError, InvalidArgument, NotFound
from headwater.objects.connection import connect, connection_pool, require_bucket, require_root
from headwater.objects.contract import PRESIGN_LIMIT_S, STALE_S, ObjectStore, StoredObject
from headwater.objects.digest import digest_hex, digest_key, parse_digest
from headwater.objects.payload import Payload, Source, opened
from headwater.objects.s3_errors import (
    BUCKET_THERE,
    MISSING_OBJECT,
    WRONG_CREDENTIALS,
    precise,
)
from headwater.objects.streams import (
    HashingReader,
    MatchingReader,
    Readable,
    Resumed,
    Segment,
    chunks_of,
    verified,
)

MIB = 1 << 20
GIB = 1 << 30
MAX_PARTS = 10_000  # of one multipart upload, in S3
PARALLEL_PARTS = 3
REFRESH_S = 3_600.0
"""An object that was last put longer ago than this is refreshed when it is put again."""


@dataclass(frozen=True, slots=True)
class Portions:
    """Into what pieces large objects are cut; memory is some five parts.

    Attributes:
        part_bytes: one part of a multipart upload, at least 5 MiB. Objects of more than
            10,000 of them get larger parts.
        segment_bytes: how much of a stream of unknown length goes into one staging object;
            a multiple of `copy_bytes`, at most 10,000 parts.
        copy_bytes: how much the store copies in one call from staging to its place; small
            enough that the answer comes before the connection's timeout.
    """

    part_bytes: int = 16 * MIB
    segment_bytes: int = 128 * GIB
    copy_bytes: int = 128 * MIB


class BucketStore(ObjectStore):
    """Objects in a bucket; any number of processes may use it at once.

    The bucket is made by the first put, if the keys allow it. Two processes that put the
    same object at once both write it, with the same result, and both are told `new=True`.
    A server that is away is given up after some seconds, one that hangs after a minute.

    Uploads that a dead writer left unfinished are invisible and expire by the store's own
    rule (MinIO: a day; elsewhere: a lifecycle rule, AbortIncompleteMultipartUpload).

    Args:
        address: `http(s)://host[:port]`.
        bucket: its name, 3 to 63 lower-case letters, digits, dots and hyphens.
        prefix: keys begin with this and a slash; empty for none.
        access_key: S3 access key.
        secret_key: S3 secret key.
        region: S3 region; None asks the store.
        portions: sizes of pieces.

    Raises:
        InvalidArgument: the address, bucket, prefix or region is none.
        Unauthenticated: a key is missing.
    """

    def __init__(
        self,
        address: str,
        bucket: str,
        *,
        prefix: str = "",
        access_key: str | None,
        secret_key: str | None,
        region: str | None = None,
        portions: Portions = Portions(),
    ) -> None:
        self._bucket = require_bucket(bucket)
        self._root = require_root(prefix)
        self._location = f"{address}/{bucket}/{self._root}".rstrip("/")
        self._portions = portions
        self._bucket_made = False
        self._pool = connection_pool()
        self._client = connect(
            address, access_key, secret_key=secret_key, region=region, pool=self._pool
        )

    @property
    def location(self) -> str:
        """The address, bucket and prefix, as `open_object_store` takes them."""
        return self._location

    def put(self, payload: Payload) -> StoredObject:
        """Store the payload and return its address; see `ObjectStore.put`.

        What can be read twice is hashed first and sent only if the store lacks it. A stream
        of more than one part goes to a staging object while it is hashed, and is copied to
        its place by the store itself.
        """
        with opened(payload) as source:
            self._make_bucket()
            return self._put_twice_read(source) if source.seekable else self._put_stream(source)

    def stat(self, digest: str) -> StoredObject:
        """Return what is known of an object; see `ObjectStore.stat`."""
        with self._speaking(digest):
            found = self._client.stat_object(self._bucket, self._key(digest))
        return StoredObject(parse_digest(digest), found.size or 0)

    def open(self, digest: str) -> BufferedReader:
        """Return the object as a verified stream; see `ObjectStore.open`."""
        with self._speaking(digest):
            response = self._client.get_object(self._bucket, self._key(digest))
        size_bytes = int(response.headers.get("content-length", "0"))
        return verified(
            _Body(response, self.location),
            parse_digest(digest),
            size_bytes=size_bytes,
            location=self.location,
        )

    def delete(self, digest: str) -> None:
        """Remove the object; see `ObjectStore.delete`.

        In a bucket with versioning the store keeps the bytes behind a delete marker.
        """
        key = self._key(digest)
        with suppress(NotFound), self._speaking(digest):
            self._client.remove_object(self._bucket, key)

    def collect(self, digest: str, *, older_than_s: float) -> bool:
        """Remove the object unless it was put lately; see `ObjectStore.collect`.

        S3 cannot look and remove in one request. A put that refreshes the object between the
        two loses it, but in a bucket with versioning, where the bytes stay behind a marker.
        What was put again within the hour before may look older than it is, by that hour.
        """
        try:
            with self._speaking(digest):
                found = self._client.stat_object(self._bucket, self._key(digest))
        except NotFound:
            return False
        if found.last_modified is None or _age_s(found.last_modified) < older_than_s:
            return False
        self._remove(self._key(digest))
        return True

    def list(self) -> Iterator[StoredObject]:
        """Yield every object in the order of the digests; keys of others are passed over."""
        for found in self._list_keys("sha256/"):
            name = (found.object_name or "").rpartition("/")[2]
            with suppress(InvalidArgument):
                if self._key(name) == found.object_name:
                    put_s = found.last_modified.timestamp() if found.last_modified else None
                    yield StoredObject(parse_digest(name), found.size or 0, put_s=put_s)

    def presign(self, digest: str, *, expires_s: int = 3600) -> str:
        """Return a link to download the object; see `ObjectStore.presign`."""
        if not 1 <= expires_s <= PRESIGN_LIMIT_S:
            raise InvalidArgument(
                f"A link lives 1 to {PRESIGN_LIMIT_S} seconds; {expires_s} were asked for.",
                expires_s=expires_s,
            )
        self.stat(digest)
        with self._speaking(digest):
            return self._client.presigned_get_object(
                self._bucket, self._key(digest), expires=timedelta(seconds=expires_s)
            )

    def sweep(self, *, older_than_s: float = STALE_S) -> int:
        """Remove staging objects of dead writers; see `ObjectStore.sweep`."""
        oldest = datetime.now(UTC) - timedelta(seconds=older_than_s)
        stale = [
            found.object_name
            for found in self._list_keys("staging/")
            if found.object_name and found.last_modified and found.last_modified <= oldest
        ]
        for key in stale:
            self._remove(key)
        return len(stale)

    def check(self) -> None:
        """Prove that the bucket can be written and read; sweep staging; see `ObjectStore`."""
        self._make_bucket()
        probe, key = b"headwater", self._staging_key()
        with self._speaking():
            self._client.put_object(self._bucket, key, io.BytesIO(probe), len(probe))
        found = self._read_key(key)
        self._remove(key)
        if found != probe:
            raise DataLoss(f"{self.location} gave back other bytes than were written.")
        self.sweep()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _put_twice_read(self, source: Source) -> StoredObject:
        reader = HashingReader(source.stream)
        for _ in chunks_of(reader):
            pass
        return self._put_hashed(source, reader.digest, reader.size_bytes)

    def _put_hashed(self, source: Source, digest: str, size_bytes: int) -> StoredObject:
        if self._holds(digest, size_bytes):
            return StoredObject(digest, size_bytes)
        if source.seekable is not None:
            source.seekable.seek(source.start)
        stream = MatchingReader(source.stream, digest, size_bytes=size_bytes)
        self._upload(stream, digest, size_bytes)
        return StoredObject(digest, size_bytes, new=True)

    def _holds(self, digest: str, size_bytes: int) -> bool:
        """Return whether the object is there whole, after keeping it from `collect` if it is."""
        key = self._key(digest)
        try:
            with self._speaking(digest):
                found = self._client.stat_object(self._bucket, key)
                if found.size != size_bytes:
                    return False
                if found.last_modified is None or _age_s(found.last_modified) > REFRESH_S:
                    self._refresh(key, size_bytes)
        except NotFound:
            return False
        return True

    def _refresh(self, key: str, size_bytes: int) -> None:
        """Have the store write an object anew from itself; S3 wants something to be different."""
        self._client.compose_object(
            self._bucket,
            key,
            [
                ComposeSource(self._bucket, key, offset=offset, length=length)
                for offset, length in _pieces(size_bytes, self._copy_bytes(size_bytes))
            ]
            if size_bytes > self._portions.copy_bytes
            else [ComposeSource(self._bucket, key)],
            metadata={"put-again": datetime.now(UTC).isoformat()},
        )

    def _copy_bytes(self, size_bytes: int) -> int:
        """Return how much of an object of that size the store copies in one call."""
        copy_bytes = self._portions.copy_bytes
        while size_bytes > copy_bytes * MAX_PARTS:
            copy_bytes *= 2
        return copy_bytes

    def _upload(self, stream: Readable, digest: str, size_bytes: int) -> None:
        part_bytes = _part_bytes(size_bytes, self._portions.part_bytes)
        with self._speaking():
            self._client.put_object(
                self._bucket,
                self._key(digest),
                cast("BinaryIO", stream),
                size_bytes,
                part_size=part_bytes,
                num_parallel_uploads=PARALLEL_PARTS,
                metadata=_checksum(digest) if size_bytes <= part_bytes else None,
            )

    def _put_stream(self, source: Source) -> StoredObject:
        reader = HashingReader(source.stream)
        head = reader.read(self._portions.part_bytes)
        if len(head) < self._portions.part_bytes:
            body = io.BytesIO(head)
            return self._put_hashed(Source(body, body), reader.digest, reader.size_bytes)
        segments: list[Segment] = []
        try:
            self._stage(Resumed(head, reader), segments)
            return self._settle(reader.digest, reader.size_bytes, segments)
        finally:
            for segment in segments:
                # What cannot be removed now is removed by a later sweep.
                with suppress(HeadwaterError):
                    self._remove(segment.name)

    def _stage(self, stream: Readable, segments: MutableSequence[Segment]) -> None:
        staging, ended = self._staging_key(), False
        while not ended:
            name = f"{staging}/{len(segments)}"
            segment = Segment(stream, name, limit_bytes=self._portions.segment_bytes)
            segments.append(segment)
            with self._speaking():
                self._client.put_object(
                    self._bucket,
                    name,
                    cast("BinaryIO", segment),
                    -1,
                    part_size=self._portions.part_bytes,
                    # A stream may be slow or endless: one part at a time notices at once
                    # when the store fails, and no threads are left if the source does.
                    num_parallel_uploads=1,
                )
            ended = segment.ended

    def _settle(self, digest: str, size_bytes: int, segments: Sequence[Segment]) -> StoredObject:
        if self._holds(digest, size_bytes):
            return StoredObject(digest, size_bytes)
        copy_bytes = self._copy_bytes(size_bytes)
        sources = [
            ComposeSource(self._bucket, segment.name, offset=offset, length=length)
            for segment in segments
            for offset, length in _pieces(segment.size_bytes, copy_bytes)
        ]
        with self._speaking():
            self._client.compose_object(self._bucket, self._key(digest), sources)
        return StoredObject(digest, size_bytes, new=True)

    def _make_bucket(self) -> None:
        if self._bucket_made:
            return
        with self._speaking():
            try:
                if not self._client.bucket_exists(self._bucket):
                    self._client.make_bucket(self._bucket)
            except S3Error as error:
                # Keys that may write objects need not have a right to the bucket itself;
                # if it is missing, or the keys are wrong, the write says so.
                if error.code not in BUCKET_THERE | {"AccessDenied"}:
                    raise
        self._bucket_made = True

    def _list_keys(self, under: str) -> Iterator[Object]:
        with self._speaking():
            try:
                yield from self._client.list_objects(
                    self._bucket, prefix=self._root + under, recursive=True
                )
            except S3Error as error:
                if error.code != "NoSuchBucket":
                    raise

    def _read_key(self, key: str) -> bytes:
        with self._speaking():
            body = _Body(self._client.get_object(self._bucket, key), self.location)
        try:
            return b"".join(chunks_of(body))
        finally:
            body.close()

    def _remove(self, key: str) -> None:
        with self._speaking():
            self._client.remove_object(self._bucket, key)

    def _key(self, digest: str) -> str:
        return self._root + digest_key(digest)

    def _staging_key(self) -> str:
        return f"{self._root}staging/{uuid.uuid4().hex}"

    @contextmanager
    def _speaking(self, digest: str | None = None) -> Iterator[None]:
        """Raise what the store answers as errors of headwater; NotFound names the digest."""
        try:
            yield
        except S3Error as error:
            if digest is not None and error.code in MISSING_OBJECT:
                raise self._absent(digest) from error
            raise precise(self._explained(error), location=self.location) from error
        except (MinioException, HTTPError) as error:
            raise precise(error, location=self.location) from error

    def _explained(self, error: S3Error) -> S3Error:
        """Return why access was denied where the answer, to a HEAD, had no room for it."""
        if error.code == "AccessDenied" and not error.response.data:
            try:
                self._client.list_buckets()
            except S3Error as told:
                return told if told.code in WRONG_CREDENTIALS else error
        return error

    def _absent(self, digest: str) -> NotFound:
        name = parse_digest(digest)
        return NotFound(f"There is no object {name} in {self.location}.", digest=name)


class _Body:
    """A download, whose errors are those of headwater."""

    def __init__(self, response: BaseHTTPResponse, location: str) -> None:
        self._response = response
        self._location = location

    def read(self, size: int, /) -> bytes:
        try:
            return self._response.read(size, decode_content=False)
        except HTTPError as error:
            raise precise(error, location=self._location) from error

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()


def _age_s(time: datetime) -> float:
    return (datetime.now(UTC) - time).total_seconds()


def _pieces(size_bytes: int, piece_bytes: int) -> list[tuple[int, int]]:
    """Return (offset, length) of the pieces that a size is cut into."""
    return [
        (offset, min(piece_bytes, size_bytes - offset))
        for offset in range(0, size_bytes, piece_bytes)
    ]


def _part_bytes(size_bytes: int, least_bytes: int) -> int:
    """Return the part size for an upload, rounded up to MiB, that needs at most 10,000."""
    needed = -(-size_bytes // MAX_PARTS)
    return max(least_bytes, -(-needed // MIB) * MIB)


def _checksum(digest: str) -> dict[str, str | list[str] | tuple[str]]:
    """Return the header by which the store itself checks a single-part upload."""
    return {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(digest_hex(digest))).decode()}
