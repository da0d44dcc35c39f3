"""Import: an MLMD database into a namespace, in batches, and a count of both sides at the end."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from headwater.interchange.accounting import Oddities, Oddity, Reconciled, Report, reconcile
from headwater.interchange.mlmd_database import database_url, shown_url
from headwater.interchange.mlmd_nodes import VALUE_PREFIXES
from headwater.interchange.mlmd_reader import (
    ASSOCIATIONS,
    ATTRIBUTIONS,
    PARENTS,
    MlmdSource,
    Piece,
    SourceEvent,
    event_element,
    node_element,
    property_element,
)
from headwater.local.progress import Progress, Silent
from headwater.services.imports import PHASES, ImportPlan, ImportService, ImportState
from headwater.store import MetadataStore
from headwater_schema import EventType, NodeType, TypeKind

NODES_PER_BATCH = 2_000
EDGES_PER_BATCH = 5_000
_NODE_PHASES = frozenset(str(kind) for kind in TypeKind)


def import_mlmd(
    store: MetadataStore,
    url: str,
    *,
    keep_ids: bool = False,
    progress: Progress | None = None,
    nodes_per_batch: int = NODES_PER_BATCH,
    edges_per_batch: int = EDGES_PER_BATCH,
) -> Report:
    """Return what an import of an MLMD database into the store's namespace did.

    Killed in the middle and called again with the same URL, it goes on where it was, and nothing
    is there twice; called again after its end it writes nothing and gives the same report. A
    namespace that held nothing before has the state IMPORTING until the end.

    Args:
        store: into its namespace.
        url: SQLAlchemy URL of an SQLite, MySQL or PostgreSQL database of schema version 8 to 10,
            or the path of an SQLite file. It is only read, as one snapshot.
        keep_ids: types and nodes keep the source's ids, and the next ones come after its largest;
            only into an empty namespace. Otherwise an id is the source's plus an offset for each
            kind, which `details` of the report tells, and types of the same name become one by
            MLMD's rules.
        progress: is told of each step, and of each batch once it is committed.
        nodes_per_batch: how many nodes one transaction makes.
        edges_per_batch: how many edges.

    Raises:
        FailedPrecondition: the database's version is another; ids cannot be kept, because the
            namespace is not empty; or the namespace is being dropped.
        AlreadyExists: nodes of the namespace have names or external ids of the source's (nothing
            is written), or a type declares a property differently.
        Aborted: another process goes on with the same import.
        NotFound, InvalidArgument, Unavailable, MissingExtra: the database cannot be opened.
    """
    sizes = _Sizes(nodes_per_batch, edges_per_batch)
    return _Import(store, url, keep_ids=keep_ids, progress=progress or Silent(), sizes=sizes).run()


def source_digest(url: str) -> str:
    """Return what tells a source from others: the sha256 of its URL, without the password."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(database=str(Path(parsed.database or "").resolve()))
    return hashlib.sha256(shown_url(parsed.set(password=None)).encode()).hexdigest()


class _Sizes(NamedTuple):
    nodes: int
    edges: int


class _Import:
    def __init__(
        self,
        store: MetadataStore,
        url: str,
        *,
        keep_ids: bool,
        progress: Progress,
        sizes: _Sizes,
    ) -> None:
        self._store = store
        self._service: ImportService = store.imports
        self._url = url
        self._digest = source_digest(url)
        self._keep_ids = keep_ids
        self._progress = progress
        self._sizes = sizes
        self._began_s = time.monotonic()

    def run(self) -> Report:
        record = self._service.record(self._digest)
        if record is not None:
            return _recorded(record)
        known = self._service.state(self._digest)
        until = None if known is None else known.last_ids
        with MlmdSource(self._url, self._service.encoder(), until=until) as source:
            state = self._begin(source, known)
            # What the types have shown is found anew each time; the rest was kept on the way.
            if state.notes:
                source.oddities = Oddities.from_text(state.notes)
            state = self._write(source, state)
            report = self._reconciled(source, state)
            self._service.finish(state, json.dumps(asdict(report)))
            return report

    def _begin(self, source: MlmdSource, known: ImportState | None) -> ImportState:
        types = source.types()
        if known is None and not self._keep_ids and self._service.had_nodes():
            self._check_free(source, types)
        last_ids = source.last_ids()
        plan = ImportPlan(
            source=self._digest,
            address=source.shown,
            keep_ids=self._keep_ids,
            last_ids=last_ids,
            types=types,
        )
        return self._service.begin(plan)

    def _check_free(self, source: MlmdSource, types: Sequence[NodeType]) -> None:
        by_id = {node_type.id or 0: node_type for node_type in types}
        for kind in TypeKind:
            for rows in source.named(kind):
                self._service.check_free(
                    kind,
                    [(type_id, name) for _, type_id, name, _ in rows if name is not None],
                    [external_id for _, _, _, external_id in rows if external_id is not None],
                    types=by_id,
                )

    def _write(self, source: MlmdSource, state: ImportState) -> ImportState:
        counts = source.counts()
        for phase in PHASES[PHASES.index(state.phase) : -1]:
            if state.phase != phase:
                state = self._service.next_phase(state)
            self._progress.begin(f"Importing {_element(phase)}", _total(phase, counts))
            try:
                for piece in _pieces(source, phase, state.last, self._sizes):
                    rows = list(_rows(phase, piece, state))
                    state = self._service.write(
                        state, rows, last=piece.last, notes=source.oddities.to_text()
                    )
                    self._progress.advance(piece.read)
            finally:
                self._progress.end()
        return state

    def _reconciled(self, source: MlmdSource, state: ImportState) -> Report:
        counts = reconcile(source.counts(), self._copy_counts(source, state), source.oddities)
        return Report(
            source=source.shown,
            target=f"namespace {self._store.namespace}",
            counts=counts,
            oddities=tuple(source.oddities.all()),
            resumed=state.begun,
            seconds=time.monotonic() - self._began_s,
            details={
                "keep_ids": state.keep_ids,
                "schema_version": source.version,
                "id_offsets": dict(state.offsets),
                "type_ids": [list(pair) for pair in state.type_ids.items()],
            },
        )

    def _copy_counts(self, source: MlmdSource, state: ImportState) -> dict[str, int]:
        self._store.types.refresh()
        stored = {t.id: self._store.types.by_id(state.type_ids[t.id or 0]) for t in source.types()}
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
            nodes, properties = self._service.count_nodes(state, kind, VALUE_PREFIXES)
            counts[node_element(kind)] = nodes
            counts[property_element(kind)] = properties
        edges = self._service.count_edges(state)
        for event_type in EventType:
            if count := edges.get(str(event_type)):
                counts[event_element(event_type)] = count
        counts[ATTRIBUTIONS] = edges.get("ATTRIBUTION", 0)
        counts[ASSOCIATIONS] = edges.get("ASSOCIATION", 0)
        counts[PARENTS] = edges.get("PARENT", 0)
        return counts


def _element(phase: str) -> str:
    match phase:
        case "EVENT":
            return "events"
        case "ATTRIBUTION":
            return ATTRIBUTIONS
        case "ASSOCIATION":
            return ASSOCIATIONS
        case "PARENT":
            return PARENTS
        case _:
            return node_element(TypeKind(phase))


def _total(phase: str, counts: Mapping[str, int]) -> int:
    if phase == "EVENT":
        return sum(count for name, count in counts.items() if name.endswith(" events"))
    return counts[_element(phase)]


def _pieces(
    source: MlmdSource, phase: str, last: tuple[int, int], sizes: _Sizes
) -> Iterable[Piece[Any]]:
    match phase:
        case "EVENT":
            return source.event_pieces(after=last[0], size=sizes.edges)
        case "ATTRIBUTION":
            return source.link_pieces(TypeKind.ARTIFACT, after=last[0], size=sizes.edges)
        case "ASSOCIATION":
            return source.link_pieces(TypeKind.EXECUTION, after=last[0], size=sizes.edges)
        case "PARENT":
            return source.parent_pieces(after=last, size=sizes.edges)
        case _:
            return source.node_pieces(TypeKind(phase), after=last[0], size=sizes.nodes)


def _rows(phase: str, piece: Piece[Any], state: ImportState) -> Iterator[Any]:
    """Yield a piece's rows with the ids and types that they have in the store."""
    offsets = state.offsets
    artifact, execution, context = (offsets[str(kind)] for kind in TypeKind)
    match phase:
        case "EVENT":
            for event in piece.rows:
                yield [
                    event.artifact_id + artifact,
                    event.execution_id + execution,
                    str(event.type),
                    event_properties(event, offsets["EVENT"]),
                ]
        case "ATTRIBUTION" | "ASSOCIATION":
            own = artifact if phase == "ATTRIBUTION" else execution
            for _, node_id, context_id in piece.rows:
                yield [node_id + own, context_id + context]
        case "PARENT":
            for child_id, parent_id in piece.rows:
                yield [child_id + context, parent_id + context]
        case _:
            own, type_ids = offsets[phase], state.type_ids
            for node in piece.rows:
                node["id"] += own
                node["type_id"] = type_ids[node["type_id"]]
                yield node


def event_properties(event: SourceEvent, offset: int = 0) -> dict[str, Any]:
    """Return an event's stored properties; those it has not are not among them."""
    stored: dict[str, Any] = {"ordinal": event.id + offset}
    if event.milliseconds_since_epoch is not None:
        stored["milliseconds_since_epoch"] = event.milliseconds_since_epoch
    if event.path is not None:
        stored["path"] = event.path
    return stored


def _recorded(record: str) -> Report:
    fields = json.loads(record)
    fields["counts"] = tuple(Reconciled(**count) for count in fields["counts"])
    fields["oddities"] = tuple(
        Oddity(**{**oddity, "examples": tuple(oddity["examples"])}) for oddity in fields["oddities"]
    )
    return Report(**{**fields, "resumed": True})
