"""An MLMD database, loaded offline into an empty local Neo4j: the quick way in for large ones."""

import json
import time
from dataclasses import asdict

from headwater.interchange.accounting import Report, reconcile
from headwater.interchange.bulk import BulkLoad, bulk_load
from headwater.interchange.mlmd_import import source_digest
from headwater.interchange.mlmd_reader import (
    ASSOCIATIONS,
    ATTRIBUTIONS,
    PARENTS,
    MlmdSource,
    event_element,
    node_element,
    property_element,
)
from headwater.local import Progress
from headwater.opening import open_objects
from headwater.services.stored_values import ValueEncoder
from headwater.settings import Settings
from headwater.store import MetadataStore
from headwater_schema import EventType, TypeKind

OFFLINE_NODES = 100_000
"""From so many nodes on an offline load is worth the stop of the server."""


def bulk_load_mlmd(
    settings: Settings, url: str, *, namespace: str, progress: Progress | None = None
) -> Report:
    """Return what the offline load of an MLMD database did, once the local Neo4j runs with it.

    The report is that of `import_mlmd` with `keep_ids`, which given the same database afterwards
    returns it again.

    Args:
        settings: name the home; its Neo4j must hold nothing at all, in no namespace.
        url: as for `import_mlmd`.
        namespace: where to.
        progress: told of every long step.

    Raises:
        FailedPrecondition, Aborted, DataLoss, Internal, NoSpace: as `bulk_load` does; nothing
            was changed.
        NotFound, InvalidArgument, Unavailable, MissingExtra: the database cannot be opened.
    """
    began_s = time.monotonic()
    # Opened before the server is stopped: they may be in a MinIO that is started for them.
    with open_objects(settings, progress=progress) as objects:
        encoder = ValueEncoder(lambda: objects, settings.offload_bytes)
        with MlmdSource(url, encoder) as source:
            report: list[Report] = []

            def record(store: MetadataStore, loaded: BulkLoad) -> str:
                seconds = time.monotonic() - began_s
                report.append(_report(source, store, loaded, seconds))
                return json.dumps(asdict(report[0]))

            loaded = bulk_load(
                settings,
                source,
                namespace=namespace,
                address=source.shown,
                digest=source_digest(url),
                record=record,
                progress=progress,
            )
    made = report[0]
    details = {**made.details, "seconds": loaded.seconds}
    return Report(
        source=made.source,
        target=made.target,
        counts=made.counts,
        oddities=made.oddities,
        seconds=time.monotonic() - began_s,
        details=details,
    )


def _report(source: MlmdSource, store: MetadataStore, loaded: BulkLoad, seconds: float) -> Report:
    counts = reconcile(source.counts(), _copy_counts(source, store, loaded), source.oddities)
    return Report(
        source=source.shown,
        target=f"namespace {store.namespace}",
        counts=counts,
        oddities=tuple(source.oddities.all()),
        seconds=seconds,
        details={
            "keep_ids": True,
            "offline": True,
            "schema_version": source.version,
            "id_offsets": dict.fromkeys((*map(str, TypeKind), "EVENT"), 0),
            "type_ids": [list(pair) for pair in loaded.type_ids.items()],
        },
    )


def _copy_counts(source: MlmdSource, store: MetadataStore, loaded: BulkLoad) -> dict[str, int]:
    store.types.refresh()
    stored = {t.id: store.types.by_id(loaded.type_ids[t.id or 0]) for t in source.types()}
    counts = {
        "types": sum(known is not None for known in stored.values()),
        "declared properties": sum(
            known.properties.get(key) is kind
            for node_type in source.types()
            if (known := stored[node_type.id]) is not None
            for key, kind in node_type.properties.items()
        ),
    }
    for kind in TypeKind:
        counts[node_element(kind)] = loaded.nodes[kind]
        counts[property_element(kind)] = loaded.properties[kind]
    for event_type in EventType:
        if count := loaded.edges.get(str(event_type)):
            counts[event_element(event_type)] = count
    counts[ATTRIBUTIONS] = loaded.edges.get("ATTRIBUTION", 0)
    counts[ASSOCIATIONS] = loaded.edges.get("ASSOCIATION", 0)
    counts[PARENTS] = loaded.edges.get("PARENT", 0)
    return counts
