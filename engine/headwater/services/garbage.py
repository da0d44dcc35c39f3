"""Garbage: objects in the object store that no node of any namespace refers to.

An object is referred to by an artifact's digest, by an artifact's uri `headwater://…`, and by
the address of a value that was too large for the graph. A tombstone's digest is evidence of
what was there, and refers to nothing.

What a put has stored and not yet committed is guarded by its age: every put of bytes, also of
bytes that are there already, makes their object young, and nothing young is removed. So an
object is lost only to a put that takes longer than the age asked for between storing the bytes
and committing; in a bucket, also to one that puts the very same bytes again between two
requests of a collection.

The graph asked is one database. Objects that another database refers to are garbage here.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from headwater.errors import HeadwaterError, InvalidArgument
from headwater.graph.records import rows_of
from headwater.graph.statements import load
from headwater.objects import StoredObject, digest_uri
from headwater.services.scope import Scope
from headwater_schema.stored import LABELS, Prefix

OLDER_THAN_S = 86_400.0
"""How old an object must be to be removed, unless another age is asked for."""

_BATCH = 1_000
_FAILURES_TOLD = 100


@dataclass(slots=True)
class Collection:
    """What a garbage collection did, or would do.

    Attributes:
        kept: objects that something refers to.
        removed: objects that nothing referred to, removed, or to be removed in a dry run.
        removed_bytes: their size.
        too_young: objects that nothing refers to yet.
        failed: objects that could not be removed.
        failures: the digest of each and the reason, of the first hundred.
        dry_run: whether nothing was removed.
    """

    dry_run: bool = False
    kept: int = 0
    removed: int = 0
    removed_bytes: int = 0
    too_young: int = 0
    failed: int = 0
    failures: list[tuple[str, HeadwaterError]] = field(default_factory=list)


class GarbageService:
    """Collects the garbage of one database and the object store beside it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def collect(self, *, older_than_s: float = OLDER_THAN_S, dry_run: bool = False) -> Collection:
        """Return what was removed, after removing what nothing refers to; of all namespaces.

        Memory grows with the number of values kept in the object store, by some 200 bytes
        each, and not with that of the objects. An object that cannot be removed is told in
        the answer, and the collection goes on.

        Args:
            older_than_s: objects put more recently stay. It must be longer than any put takes;
                in a bucket by an hour, since there an object is made young once an hour at most.
            dry_run: remove nothing, and tell what would be removed.

        Raises:
            InvalidArgument: the age is negative.
            FailedPrecondition: the store was opened without an object store.
        """
        if not older_than_s >= 0:
            raise InvalidArgument(
                f"An age is counted from 0 s, asked for {older_than_s}.", older_than_s=older_than_s
            )
        objects = self._scope.object_store
        youngest_s = time.time() - older_than_s
        # Read before the objects are listed: whoever refers to one from now on has put it now.
        values = self._values()
        done = Collection(dry_run=dry_run)
        for batch in _batches(objects.list()):
            referenced = self._referenced(batch)
            for stored in batch:
                if stored.digest in referenced or _bytes_of(stored.digest) in values:
                    done.kept += 1
                elif stored.put_s is None or stored.put_s > youngest_s:
                    done.too_young += 1
                else:
                    self._remove(stored, older_than_s, done)
        return done

    def _remove(self, stored: StoredObject, older_than_s: float, done: Collection) -> None:
        try:
            old = done.dry_run or self._scope.object_store.collect(
                stored.digest, older_than_s=older_than_s
            )
        except HeadwaterError as error:
            done.failed += 1
            if len(done.failures) < _FAILURES_TOLD:
                done.failures.append((stored.digest, error))
            return
        if old:
            done.removed += 1
            done.removed_bytes += stored.size_bytes
        else:
            done.too_young += 1

    def _values(self) -> set[bytes]:
        """Return the digests, as bytes, of all values that nodes keep in the object store."""
        prefixes = [str(Prefix.DECLARED_OBJECT), str(Prefix.CUSTOM_OBJECT)]
        return {
            _bytes_of(json.loads(address)["digest"])
            for label in LABELS.values()
            for address in rows_of(
                self._scope.graph.read(load("garbage/offloaded", label), prefixes=prefixes)
            )
        }

    def _referenced(self, batch: Sequence[StoredObject]) -> set[str]:
        """Return the digests that an artifact's digest or uri names."""
        asked = [[stored.digest, digest_uri(stored.digest)] for stored in batch]
        return set(self._scope.graph.read(load("garbage/referenced"), digests=asked)[0][0])


def _batches(objects: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    rest = iter(objects)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _bytes_of(digest: str) -> bytes:
    return bytes.fromhex(digest.rpartition(":")[2])
