"""Loaded offline, a store is the same as when it came in over the network."""

import gzip
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.errors import FailedPrecondition, Internal, InvalidArgument
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.interchange.accounting import Report
from headwater.interchange.bulk import BulkLoad, bulk_load, is_empty
from headwater.interchange.bulk_csv import EventRow, NodeFiles
from headwater.interchange.bulk_mlmd import bulk_load_mlmd
from headwater.interchange.mlmd_import import import_mlmd
from headwater.local import down, status, up
from headwater.settings import Settings, load_settings
from headwater_schema import (
    Artifact,
    ArtifactType,
    ContextType,
    EventType,
    ExecutionType,
    NodeType,
    PutRequest,
    TypeKind,
)
from headwater_schema.types import SYSTEM_TYPES
from support.mlmd_content import content_of

FIXTURES = Path(__file__).parent / "fixtures"
LARGEST = 2**63 - 2  # the counter has to hold the next one
NODES = Statement(
    "test/nodes",
    "MATCH (n:Artifact|Execution|Context) RETURN labels(n)[0], n.id, properties(n)",
)
EDGES = Statement(
    "test/edges",
    "MATCH (a:Artifact|Execution|Context)-[edge]->(b) "
    "RETURN labels(a)[0], a.id, type(edge), labels(b)[0], b.id, properties(edge)",
)
INDEXES = Statement("test/indexes", "SHOW INDEXES YIELD state RETURN DISTINCT state ORDER BY state")
IMPORTED = Statement(
    "test/imported",
    "MATCH (import:Import) MATCH (namespace:Namespace) "
    "RETURN import.phase, import.address, namespace.name, namespace.state",
)
TEXTS = (
    "",
    " ",
    " both ",
    '"',
    '""',
    'a "quoted" one',
    "a,b",
    "a;b",
    "[1,2]",
    "\\",
    '\\"',
    "\t",
    "\n",
    "\r",
    "\r\n",
    'a\nb,"c"\n\nd',
    "\x00",
    "a\x00b",
    "\x01\x1f\x7f",
    "\u2028\u2029\x85",
    "\ufeff",
    "😀",
    "a\u0301",
    "null",
    "true",
    "1",
    "NaN",
    "\\N",
)
NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, LARGEST + 1, -LARGEST - 2, 10**17 + 1),
    *(0.0, -0.0, 0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 1e22),
    *(float("nan"), float("inf"), float("-inf")),
    *(True, False),
)
KEYS = (
    *("plain", "", "a b", "a:b.c", "x:long", "a,b", 'a"b', "`b`", "a'b", "a\\b", "a;[]", "😀ü"),
    *("a(b)", "a{b}", "{", ")", "a\nb", "\r", "\x00", " ", ":ID", "a:LABEL"),
)


@dataclass(frozen=True)
class Made:
    """A source from lists."""

    nodes: dict[TypeKind, list[dict[str, Any]]]
    flow: Sequence[EventRow] = ()
    links: Sequence[tuple[int, int, int]] = ()

    def types(self) -> list[NodeType]:
        models = {TypeKind.ARTIFACT: ArtifactType, TypeKind.EXECUTION: ExecutionType}
        system = [models[kind](id=i, name=name) for i, (kind, name) in enumerate(SYSTEM_TYPES, 1)]
        own = [ArtifactType(id=10, name="A"), ExecutionType(id=20, name="E")]
        return [*system, *own, ContextType(id=30, name="C", version="2")]

    def stored_nodes(self, kind: TypeKind) -> Iterable[dict[str, Any]]:
        return ({**node} for node in self.nodes[kind])

    def events(self) -> Iterable[EventRow]:
        return self.flow

    def attributions(self) -> Iterable[tuple[int, int, int]]:
        return self.links

    def associations(self) -> Iterable[tuple[int, int, int]]:
        return ()

    def parents(self) -> Iterable[tuple[int, int]]:
        return [(1, LARGEST)]


def node(number: int, type_id: int, **properties: Any) -> dict[str, Any]:
    times = {"create_time_since_epoch": 0, "last_update_time_since_epoch": number}
    return {"id": number, "type_id": type_id, "type": "T", **times, **properties}


def nasty() -> Made:
    """Return every text and number, under every key, and texts drawn from all characters."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    drawn = [
        "".join(chr(chance.choice((chance.randrange(1, 256), chance.randrange(0xD7FF), 0x1F600)))
                for _ in range(chance.randrange(40)))
        for _ in range(300)
    ]  # fmt: skip
    values = [*TEXTS, *NUMBERS, *drawn]
    artifacts = [
        node(number, 10, **{f"c_{key}": value for key in KEYS})
        for number, value in enumerate(values, start=1)
    ]
    artifacts += [
        node(5_000 + i, 10, **{f"c_{key}": i for key in range(i, i + 40)}) for i in range(300)
    ]
    artifacts += [node(LARGEST, 10), node(6_000, 10, name="long", c_x="y" * 200_000 + "\n")]
    executions = [node(1, 20, last_known_state="COMPLETE"), node(LARGEST, 20)]
    contexts = [node(1, 30, name="one"), node(LARGEST, 30, name="two\nlines")]
    path = '[{"key":"a,\\"b\\"\\n"},{"index":0}]'
    flow: list[EventRow] = [
        (number, 1, LARGEST, kind, None if number % 2 else number, path if number % 3 else None)
        for number, kind in enumerate(EventType, start=1)
    ]
    nodes = {
        TypeKind.ARTIFACT: artifacts,
        TypeKind.EXECUTION: executions,
        TypeKind.CONTEXT: contexts,
    }
    return Made(nodes, flow, [(1, LARGEST, 1), (2, 1, LARGEST)])


def rows(settings: Settings, statement: Statement) -> list[list[Any]]:
    neo4j = up(settings).neo4j
    with Graph(neo4j.address or "", password=neo4j.password()) as graph:
        return graph.read(statement)


def canonical(stored: dict[str, Any]) -> dict[str, str]:
    """Return properties so that NaN equals NaN, and 1 neither 1.0 nor True."""
    return {key: repr(value) for key, value in stored.items()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = replace(load_settings({}), home=tmp_path_factory.mktemp("home"))
    yield settings
    down(settings)


@pytest.fixture(scope="module")
def loaded(home: Settings) -> BulkLoad:
    return bulk_load(home, nasty(), namespace="nasty", address="made up")


@pytest.fixture(scope="module")
def from_mlmd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str, Report]]:
    folder = tmp_path_factory.mktemp("mlmd")
    path = folder / "mlmd.sqlite"
    path.write_bytes(gzip.decompress((FIXTURES / "mlmd-10.sqlite.gz").read_bytes()))
    settings = replace(load_settings({}), home=folder / "home")
    up(settings)
    yield settings, str(path), bulk_load_mlmd(settings, str(path), namespace="default")
    down(settings)


@pytest.mark.usefixtures("loaded")
def test_every_value_under_every_key_comes_through_exactly(home: Settings) -> None:
    found = {(label, i): canonical(stored) for label, i, stored in rows(home, NODES)}

    given = {
        (str(kind).capitalize(), stored["id"]): canonical(stored | {"namespace": "nasty"})
        for kind, nodes in nasty().nodes.items()
        for stored in nodes
    }
    assert found.keys() == given.keys()
    assert [key for key in given if found[key] != given[key]] == []


@pytest.mark.usefixtures("loaded")
def test_edges_have_their_direction_and_only_what_they_were_given(home: Settings) -> None:
    source = nasty()
    given: list[list[Any]] = [["Context", 1, "PARENT", "Context", LARGEST, {}]]
    given += [["Artifact", a, "ATTRIBUTION", "Context", c, {}] for _, a, c in source.links]
    for ordinal, artifact, execution, kind, time, path in source.flow:
        ends = [["Artifact", artifact], ["Execution", execution]]
        start, end = ends if kind.is_input else ends[::-1]
        optional = {"milliseconds_since_epoch": time, "path": path}
        stored = {key: value for key, value in optional.items() if value is not None}
        given.append([*start, str(kind), *end, {"ordinal": ordinal, **stored}])

    assert sorted(rows(home, EDGES), key=repr) == sorted(given, key=repr)


def test_what_was_loaded_is_counted(home: Settings, loaded: BulkLoad) -> None:
    source = nasty()

    assert loaded.nodes == {kind: len(nodes) for kind, nodes in source.nodes.items()}
    assert loaded.properties[TypeKind.ARTIFACT] == sum(
        key.startswith("c_") for stored in source.nodes[TypeKind.ARTIFACT] for key in stored
    )
    assert loaded.edges["ATTRIBUTION"] == 2
    assert loaded.edges["PARENT"] == 1
    assert rows(home, INDEXES) == [["ONLINE"]]
    assert rows(home, IMPORTED) == [["DONE", "made up", "nasty", None]]


@pytest.mark.usefixtures("loaded")
def test_a_store_that_holds_something_is_not_loaded(home: Settings) -> None:
    before = len(rows(home, NODES))

    assert not is_empty(home)
    with pytest.raises(FailedPrecondition, match="not empty"):
        bulk_load(home, nasty(), namespace="other", address="again")

    assert len(rows(home, NODES)) == before
    assert status(home).neo4j.running


def test_an_edge_without_its_node_fails_the_load_and_changes_nothing(tmp_path: Path) -> None:
    settings = replace(load_settings({}), home=tmp_path / "home")
    source = replace(nasty(), flow=[(1, 4_999, 1, EventType.INPUT, 0, None)])

    with pytest.raises(Internal, match="4999"):
        bulk_load(settings, source, namespace="default", address="made up")

    assert not status(settings).neo4j.running
    assert not (settings.home / "neo4j" / "data" / "databases").exists()


def test_a_value_that_cannot_be_stored_is_named(tmp_path: Path) -> None:
    files = NodeFiles(tmp_path, TypeKind.ARTIFACT, {})

    with pytest.raises(InvalidArgument, match="c_odd"):
        files.write([node(1, 10, c_odd=b"bytes")])


def test_an_mlmd_database_loaded_offline_reads_back_as_the_client_reads_it(
    from_mlmd: tuple[Settings, str, Report], read_by_client: Callable[[int], Any]
) -> None:
    settings, _, report = from_mlmd

    with headwater.connect(settings=settings) as store:
        content = content_of(store)

    assert content == read_by_client(10)
    assert report.ok
    assert report.oddities == ()
    assert [count.element for count in report.counts if count.source != count.copy] == []
    assert report.details["offline"]


def test_an_offline_load_is_known_to_the_importer(
    from_mlmd: tuple[Settings, str, Report],
) -> None:
    settings, path, report = from_mlmd

    with headwater.connect(settings=settings) as store:
        again = import_mlmd(store, path, keep_ids=True)

    assert again.resumed
    assert again.counts == report.counts


def test_ids_go_on_after_those_that_were_loaded(from_mlmd: tuple[Settings, str, Report]) -> None:
    settings, _, _ = from_mlmd
    with headwater.connect(settings=settings) as store:
        largest_type = max(t.id or 0 for t in store.types.all())
        largest = max(a.id or 0 for a in store.artifacts.all())

        type_id = store.put_types([ArtifactType(name="later")])[0]
        answer = store.put(PutRequest(artifacts=(Artifact(type_id=type_id),)))

    assert type_id == largest_type + 1
    assert list(answer.artifact_ids) == [largest + 1]
