"""Bulk load: a whole store written offline by Neo4j's own importer, for an empty local Neo4j.

The content goes into CSV files, from them into a new database on a stage, which gets its
types, counters and indexes by ordinary statements and is counted; then it takes the place of
the empty one. Until then nothing is changed, whatever happens.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from headwater.errors import DataLoss, FailedPrecondition
from headwater.graph.session import Graph
from headwater.graph.statements import load
from headwater.interchange.bulk_csv import EdgeFiles, EventRow, NodeFiles, importer_input
from headwater.interchange.mlmd_nodes import VALUE_PREFIXES
from headwater.local import Progress, up
from headwater.local.bulk_import import Stage, database_mark, has_database, staged
from headwater.local.progress import Silent
from headwater.opening import connect
from headwater.services.imports import PHASES, ImportPlan, ImportState
from headwater.services.namespaces import check_namespace
from headwater.settings import Settings
from headwater.store import MetadataStore
from headwater_schema import NodeType, TypeKind
from headwater_schema.stored import LABELS

_LATE_ROWS = 5_000
_INDEX_TIMEOUT_S = 3_600
_TOLD_ROWS = 10_000
_LINKS = {
    "ATTRIBUTION": (TypeKind.ARTIFACT, TypeKind.CONTEXT),
    "ASSOCIATION": (TypeKind.EXECUTION, TypeKind.CONTEXT),
    "PARENT": (TypeKind.CONTEXT, TypeKind.CONTEXT),
}
RowT = TypeVar("RowT")


class Source(Protocol):
    """What can be loaded: each part a stream, read once, in this order.

    Every id is unique in its kind, and every edge's ends are among the nodes.
    """

    def types(self) -> Sequence[NodeType]:
        """Return the types with their ids; the system types should be among them."""
        ...

    def stored_nodes(self, kind: TypeKind) -> Iterable[dict[str, Any]]:
        """Yield the nodes of a kind as stored, all properties but `namespace`."""
        ...

    def events(self) -> Iterable[EventRow]:
        """Yield (ordinal, artifact id, execution id, type, milliseconds, path as stored)."""
        ...

    def attributions(self) -> Iterable[tuple[int, int, int]]:
        """Yield (anything, artifact id, context id)."""
        ...

    def associations(self) -> Iterable[tuple[int, int, int]]:
        """Yield (anything, execution id, context id)."""
        ...

    def parents(self) -> Iterable[tuple[int, int]]:
        """Yield (id of the child, id of the parent)."""
        ...


@dataclass(frozen=True, slots=True)
class BulkLoad:
    """What a bulk load did.

    Attributes:
        type_ids: the id of each type, by the source's; a source's ids are kept.
        nodes: how many nodes of each kind there are.
        properties: how many properties of users those have.
        edges: how many edges of each relationship type there are.
        seconds: how long each phase took.
    """

    type_ids: Mapping[int, int]
    nodes: Mapping[TypeKind, int]
    properties: Mapping[TypeKind, int]
    edges: Mapping[str, int]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Note how long the block took."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = round(time.monotonic() - begin, 3)


Record = Callable[[MetadataStore, BulkLoad], str]


def is_empty(settings: Settings) -> bool:
    """Return whether the local Neo4j holds nothing in any namespace; it is started for that."""
    with _opened(settings) as graph:
        return bool(graph.read(load("bulk/is_empty"))[0][0])


def bulk_load(
    settings: Settings,
    source: Source,
    *,
    namespace: str,
    address: str,
    digest: str | None = None,
    record: Record | None = None,
    progress: Progress | None = None,
) -> BulkLoad:
    """Return what was loaded, once the local Neo4j runs with it.

    All ids, times and ordinals are the source's. The server is stopped meanwhile, and whoever
    starts it waits.

    Args:
        settings: name the home; its Neo4j must hold nothing at all, tokens included.
        source: what to load.
        namespace: where to.
        address: what the source is called.
        digest: tells it from other sources; by default that of the address.
        record: returns what is kept of the load, asked before the new database is the store's.
        progress: told of every long step.

    Raises:
        FailedPrecondition: the Neo4j is not the local one, or holds something.
        Aborted: something was written to it meanwhile; that is kept, and nothing was loaded.
        DataLoss: the new database does not count to what the source gave; it was thrown away.
        Internal: the importer failed, as when an edge's node is missing; likewise.
        NoSpace: the disk is full; likewise.
    """
    check_namespace(namespace)
    known = digest or hashlib.sha256(address.encode()).hexdigest()
    return _Load(
        settings,
        source,
        namespace=namespace,
        plan=ImportPlan(known, address, keep_ids=True, last_ids={}, types=()),
        record=record,
        progress=progress or Silent(),
    ).run()


@contextmanager
def _opened(settings: Settings) -> Iterator[Graph]:
    neo4j = up(settings).neo4j
    user, password = neo4j.user or "neo4j", neo4j.password()
    with Graph(neo4j.address or "", user=user, password=password) as graph:
        yield graph


class _Load:
    def __init__(
        self,
        settings: Settings,
        source: Source,
        *,
        namespace: str,
        plan: ImportPlan,
        record: Record | None,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._source = source
        self._namespace = namespace
        self._plan = plan
        self._record = record
        self._progress = progress
        self._loaded = BulkLoad({}, {}, {}, {})
        self._nodes: dict[TypeKind, NodeFiles] = {}
        self._counts: dict[str, int] = {}

    def run(self) -> BulkLoad:
        timed = self._loaded.timed
        with timed("check"):
            mark = self._demand_empty()
        with staged(self._settings, mark=mark, progress=self._progress) as stage:
            with timed("files"):
                edges = self._write(stage.folder)
                given = importer_input(self._nodes.values(), edges)
            with timed("importer"):
                stage.load(given, progress=self._progress)
            self._complete(stage, last_ordinal=edges.last_ordinal)
            with timed("exchange"):
                stage.commit()
        with timed("restart"):
            up(self._settings, progress=self._progress)
        return self._loaded

    def _demand_empty(self) -> str:
        settings = self._settings
        if settings.neo4j is not None:
            raise FailedPrecondition(
                f"Only the local Neo4j can be loaded offline, the settings name {settings.neo4j}.",
                hint="Unset HEADWATER_NEO4J, or load over the network.",
                address=settings.neo4j,
            )
        if not has_database(settings):
            return database_mark(settings)
        up(settings, progress=self._progress)
        mark = database_mark(settings)
        if not is_empty(settings):
            raise FailedPrecondition(
                f"The Neo4j in {settings.home} is not empty; only an empty one is loaded offline.",
                hint="Set HEADWATER_HOME to a new folder, or load over the network.",
                home=str(settings.home),
            )
        return mark

    def _write(self, folder: Path) -> EdgeFiles:
        source = self._source
        edges = EdgeFiles(folder)
        for kind in TypeKind:
            self._nodes[kind] = NodeFiles(folder, kind, {"namespace": self._namespace})
            stored = self._told(source.stored_nodes(kind), f"{kind.lower()}s")
            self._nodes[kind].write(stored)
        self._counts |= edges.events(self._told(source.events(), "events"))
        links: tuple[tuple[str, Iterable[tuple[int, int]]], ...] = (
            ("ATTRIBUTION", (row[1:] for row in source.attributions())),
            ("ASSOCIATION", (row[1:] for row in source.associations())),
            ("PARENT", source.parents()),
        )
        for name, rows in links:
            told = self._told(rows, f"{name.lower()}s")
            self._counts[name] = edges.links(name, _LINKS[name], told)
        return edges

    def _told(self, rows: Iterable[RowT], what: str) -> Iterator[RowT]:
        self._progress.begin(f"write {what}", None)
        try:
            for number, row in enumerate(rows, start=1):
                yield row
                if number % _TOLD_ROWS == 0:
                    self._progress.advance(_TOLD_ROWS)
        finally:
            self._progress.end()

    def _complete(self, stage: Stage, *, last_ordinal: int) -> None:
        """Make the new database a store: schema, types, counters, indexes; and count it."""
        timed = self._loaded.timed
        with timed("start"):
            up(stage.settings, progress=self._progress)
        # Large values are in the real home's object store already: this one stays empty.
        settings = replace(stage.settings, objects=str(stage.settings.home / "objects"))
        self._progress.begin("make indexes", None)
        with timed("schema"):
            opened = connect(settings=settings, namespace=self._namespace)
        with opened as store, _opened(settings) as graph:
            with timed("types"):
                state = self._begin(store, last_ordinal)
            with timed("late"):
                self._add_late(graph)
            with timed("indexes"):
                graph.read(load("index/await"), timeout_s=_INDEX_TIMEOUT_S)
            self._progress.end()
            with timed("count"):
                self._count(store, graph, state)
            text = "" if self._record is None else self._record(store, self._loaded)
            while state.phase != PHASES[-2]:
                state = store.imports.next_phase(state)
            store.imports.finish(state, text)

    def _begin(self, store: MetadataStore, last_ordinal: int) -> ImportState:
        last = {str(kind): max(files.ids, default=0) for kind, files in self._nodes.items()}
        last["EVENT"] = last_ordinal
        plan = replace(self._plan, last_ids=last, types=list(self._source.types()))
        state = store.imports.begin(plan)
        self._loaded = replace(self._loaded, type_ids=state.type_ids)
        return state

    def _add_late(self, graph: Graph) -> None:
        for kind, files in self._nodes.items():
            statement = load("bulk/add_properties", LABELS[kind])
            rows = [[node_id, properties] for node_id, properties in files.late()]
            for first in range(0, len(rows), _LATE_ROWS):
                piece = rows[first : first + _LATE_ROWS]
                graph.write_alone(statement, namespace=self._namespace, rows=piece)

    def _count(self, store: MetadataStore, graph: Graph, state: ImportState) -> None:
        found = {kind: store.imports.count_nodes(state, kind, VALUE_PREFIXES) for kind in TypeKind}
        nodes = {kind: counted[0] for kind, counted in found.items()}
        # The server keeps these counts; no other namespace is in the new database.
        edges = {name: count for name, count in graph.read(load("bulk/edges")) if count}
        given = {kind: len(files.ids) for kind, files in self._nodes.items()}
        if nodes != given or edges != {name: n for name, n in self._counts.items() if n}:
            raise DataLoss(
                f"The new database holds {nodes} and {edges}; {given} and {self._counts} were given.",
                hint="It was thrown away, and the store is empty as before.",
            )
        properties = {kind: counted[1] for kind, counted in found.items()}
        self._loaded = replace(self._loaded, nodes=nodes, properties=properties, edges=edges)
