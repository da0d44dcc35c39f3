import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.interchange.accounting import Report
from headwater.interchange.mlmd_import import import_mlmd
from headwater_schema import Artifact, ArtifactType, PropertyKind, PutRequest, TypeKind
from headwater_schema.changes import ElementChange
from support.mlmd_content import content_of
from support.servers import Neo4jAddress

Database = Callable[[int | str], Path]
IMPORTER = Path(__file__).with_name("importer.py")
STATES = Statement(
    "test/imports",
    "MATCH (import:Import {namespace: $namespace}) RETURN import.phase, import.record IS NULL",
)


def differences(report: Report) -> list[str]:
    return [count.element for count in report.counts if not count.ok or count.left_out]


@pytest.mark.parametrize("version", [8, 9, 10])
def test_an_import_that_keeps_ids_reads_back_as_the_client_reads_the_source(
    store: headwater.MetadataStore,
    database: Database,
    read_by_client: Callable[[int], Any],
    version: int,
) -> None:
    report = import_mlmd(store, f"sqlite:///{database(version)}", keep_ids=True)

    read = read_by_client(version)
    assert report.ok
    assert differences(report) == []
    assert report.oddities == ()
    assert content_of(store) == read
    assert {count.element: count.copy for count in report.counts}["artifacts"] == len(
        read["artifacts"]
    )


def test_ids_go_on_after_the_largest_that_was_kept(
    store: headwater.MetadataStore, database: Database
) -> None:
    import_mlmd(store, str(database(10)), keep_ids=True)
    largest_type = max(t.id or 0 for t in store.types.all())
    largest = max(a.id or 0 for a in store.artifacts.all())

    type_id = store.put_types([ArtifactType(name="later")])[0]
    answer = store.put(PutRequest(artifacts=(Artifact(type_id=type_id),)))

    assert type_id == largest_type + 1
    assert answer.artifact_ids[0] == largest + 1


def test_system_types_keep_the_ids_that_an_older_database_gave_them(
    store: headwater.MetadataStore, database: Database
) -> None:
    path = database(10)
    with sqlite3.connect(path) as source:
        source.execute("UPDATE Type SET id = id + 1000 WHERE id < 10")
        source.execute("UPDATE ParentType SET parent_type_id = parent_type_id + 1000")
        source.execute("UPDATE Type SET id = 1 WHERE id = 10")
        source.execute("UPDATE Artifact SET type_id = 1 WHERE type_id = 10")
        for table in ("TypeProperty", "ParentType"):
            source.execute(f"UPDATE {table} SET type_id = 1 WHERE type_id = 10")  # noqa: S608
    source.close()

    report = import_mlmd(store, str(path), keep_ids=True)

    assert report.ok
    dataset = store.types.get(TypeKind.ARTIFACT, "Dataset")
    assert dataset.id == 1
    assert str(getattr(dataset, "base_type", None)) == "mlmd.Dataset"
    assert store.types.get(TypeKind.ARTIFACT, "mlmd.Dataset").id == 1001
    assert store.put_types([ArtifactType(name="later")]) == [1010]


def test_new_ids_are_the_sources_plus_an_offset_and_types_become_one(
    store: headwater.MetadataStore, database: Database
) -> None:
    known = store.put_types(
        [
            ArtifactType(
                name="Dataset", properties={"own": PropertyKind.INT, "rows": PropertyKind.INT}
            )
        ]
    )[0]
    store.put(PutRequest(artifacts=tuple(Artifact(type_id=known) for _ in range(5))))
    before = store.artifacts.all()

    report = import_mlmd(store, str(database(10)))

    offset = report.details["id_offsets"]["ARTIFACT"]
    assert report.ok
    assert offset >= 5
    assert store.artifacts.all()[:5] == before
    merged = store.types.get(TypeKind.ARTIFACT, "Dataset")
    assert merged.id == known
    assert {"own", "rows", "score"} <= set(merged.properties)
    found = store.artifacts.by_external_ids(["x/1"])[0]
    assert (found.id, found.type_id, found.name) == (offset + 9, known, "every kind")


def test_an_import_over_names_that_are_taken_writes_nothing(
    store: headwater.MetadataStore, database: Database
) -> None:
    type_id = store.put_types([ArtifactType(name="Dataset")])[0]
    store.put(PutRequest(artifacts=(Artifact(type_id=type_id, name="every kind"),)))
    before = content_of(store)

    with pytest.raises(AlreadyExists, match="every kind"):
        import_mlmd(store, str(database(10)))

    assert content_of(store) == before


def test_an_external_id_that_is_taken_under_another_type_is_found_first(
    store: headwater.MetadataStore, database: Database
) -> None:
    type_id = store.put_types([ArtifactType(name="other")])[0]
    store.put(PutRequest(artifacts=(Artifact(type_id=type_id, external_id="x/1"),)))

    with pytest.raises(AlreadyExists, match="x/1"):
        import_mlmd(store, str(database(10)))


def test_ids_are_kept_only_in_an_empty_namespace(
    store: headwater.MetadataStore, database: Database
) -> None:
    store.put_types([ArtifactType(name="there")])

    with pytest.raises(FailedPrecondition, match="empty namespace"):
        import_mlmd(store, str(database(10)), keep_ids=True)


def test_a_type_that_declares_a_property_differently_stops_the_import(
    store: headwater.MetadataStore, database: Database
) -> None:
    store.put_types([ArtifactType(name="Dataset", properties={"rows": PropertyKind.STRING})])

    with pytest.raises(AlreadyExists, match="rows"):
        import_mlmd(store, str(database(10)))

    assert store.artifacts.all() == []


def test_an_import_done_twice_writes_nothing_the_second_time(
    store: headwater.MetadataStore, database: Database
) -> None:
    path = str(database(10))
    first = import_mlmd(store, path)
    content = content_of(store)

    second = import_mlmd(store, path)

    assert second.resumed
    assert second.counts == first.counts
    assert content_of(store) == content


@pytest.mark.parametrize("keep_ids", [True, False])
def test_a_killed_import_goes_on_where_it_was_and_nothing_is_there_twice(  # noqa: PLR0917 - fixtures
    store: headwater.MetadataStore,
    graph: Graph,
    neo4j_server: Neo4jAddress,
    database: Database,
    read_by_client: Callable[[int], Any],
    tmp_path: Path,
    *,
    keep_ids: bool,
) -> None:
    path = database(10)
    given = {
        "address": neo4j_server.address,
        "user": neo4j_server.user,
        "password": neo4j_server.password,
        "namespace": store.namespace,
        "objects": str(tmp_path / "objects"),
        "url": str(path),
        "keep_ids": keep_ids,
    }
    stops = 0
    for batches in (1, 4, 9, 13):
        with subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, str(IMPORTER), json.dumps(given)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(batches)]
            process.kill()
            stops += all(said)
        state = {namespace.name: namespace.state for namespace in store.list_namespaces()}
        assert state[store.namespace] == "IMPORTING"
        assert graph.read(STATES, namespace=store.namespace)[0][0] != "DONE"

    report = import_mlmd(store, str(path), keep_ids=keep_ids)

    assert stops == 4
    assert report.resumed
    assert report.ok
    assert differences(report) == []
    # A fresh namespace's new ids are the source's as well: their offset is 0.
    assert content_of(store) == read_by_client(10)
    assert {namespace.name: namespace.state for namespace in store.list_namespaces()}[
        store.namespace
    ] is None
    assert graph.read(STATES, namespace=store.namespace) == [["DONE", False]]


def test_what_is_odd_is_counted_and_told(
    store: headwater.MetadataStore, database: Database
) -> None:
    report = import_mlmd(store, str(database("odd")), keep_ids=True)

    odd = {(o.element, o.reason.split(";")[0]): o for o in report.oddities}
    assert report.ok
    assert odd["INPUT events", "their artifact is missing"].count == 1
    assert "4711" in odd["INPUT events", "their artifact is missing"].examples[0]
    assert odd["attributions", "their artifact is missing"].count == 2
    assert "artifact -1" in odd["attributions", "their artifact is missing"].examples[1]
    counts = {count.element: count for count in report.counts}
    assert (counts["INPUT events"].source, counts["INPUT events"].copy) == (1, 0)
    assert (counts["attributions"].source, counts["attributions"].copy) == (3, 1)
    kept = store.artifacts.all()
    assert kept[0].name is None
    assert kept[0].custom_properties["mlmd_name"] == "n" * 5_000
    assert kept[1].custom_properties == {
        "mlmd_external_id": "y" * 5_000,
        "x": "mlmd-struct::no base64",
        "y": "__MLMD_NULL__",
    }


def test_rows_without_their_node_or_type_are_left_out_and_told(
    store: headwater.MetadataStore, database: Database
) -> None:
    path = database(10)
    with sqlite3.connect(path) as source:
        source.execute("UPDATE Artifact SET type_id = 999 WHERE id = 2")
        source.execute("UPDATE Event SET type = 77 WHERE id = 5")
        source.execute("INSERT INTO ParentContext VALUES (2, 404)")
        source.execute(
            "INSERT INTO ArtifactProperty(artifact_id, name, is_custom_property, int_value) "
            "VALUES (9999, 'x', 1, 1)"
        )
        source.execute(
            "INSERT INTO ArtifactProperty(artifact_id, name, is_custom_property) VALUES (1, 'x', 1)"
        )
        source.execute("UPDATE Execution SET last_known_state = 42 WHERE id = 1")
        source.execute("INSERT INTO Type(id, name, type_kind) VALUES (500, 'Dataset', 1)")
        source.execute("UPDATE Artifact SET type_id = 500 WHERE id = 3")
    source.close()

    report = import_mlmd(store, str(path), keep_ids=True)

    left_out = {count.element: count.left_out for count in report.counts if count.left_out}
    assert report.ok
    assert left_out["artifacts"] == 1
    assert left_out["artifact properties"] == 4
    assert left_out["unknown events"] == 1
    assert left_out["parent contexts"] == 1
    assert left_out["types"] == 1
    assert [a.type_id for a in store.artifacts.by_ids([2, 3])] == [10]
    assert store.executions.by_ids([1])[0].last_known_state is None


def test_the_door_is_told_of_everything_that_an_import_makes(
    neo4j_server: Neo4jAddress, namespace: str, tmp_path: Path, database: Database
) -> None:
    told: list[ElementChange] = []
    with headwater.connect(
        neo4j_server.address,
        user=neo4j_server.user,
        password=neo4j_server.password,
        namespace=namespace,
        objects=str(tmp_path / "objects"),
        observer=lambda _, changes: told.extend(changes),
    ) as store:
        report = import_mlmd(store, str(database(10)))

    counts = {count.element: count.copy for count in report.counts}
    kinds = [str(change.element.kind) for change in told]
    assert kinds.count("ARTIFACT") == counts["artifacts"]
    assert kinds.count("EXECUTION") == counts["executions"]
    assert kinds.count("CONTEXT") == counts["contexts"]
    assert kinds.count("ATTRIBUTION") == counts["attributions"]
    assert kinds.count("PARENT_CONTEXT") == counts["parent contexts"]
    assert kinds.count("EVENT") == sum(
        count for name, count in counts.items() if name.endswith(" events")
    )


def test_a_large_value_goes_to_the_object_store(
    store: headwater.MetadataStore, database: Database
) -> None:
    import_mlmd(store, str(database(10)), keep_ids=True)

    assert [entry.size_bytes for entry in store.objects.list()] == [400_000]
    assert store.artifacts.by_ids([9])[0].custom_properties["larger"] == "0123456789" * 40_000


def test_the_source_is_only_read(store: headwater.MetadataStore, database: Database) -> None:
    path = database(10)
    before = path.read_bytes()
    path.chmod(0o400)

    import_mlmd(store, str(path))

    assert path.read_bytes() == before


def test_what_is_no_mlmd_database_is_refused(
    store: headwater.MetadataStore, database: Database, tmp_path: Path
) -> None:
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).close()
    text = tmp_path / "text"
    text.write_text("no database, but long enough to be looked at for the magic of its header")
    older = tmp_path / "older.sqlite"
    shutil.copy(database(8), older)
    with sqlite3.connect(older) as source:
        source.execute("UPDATE MLMDEnv SET schema_version = 7")
    source.close()

    for url, kind, what in (
        (str(other), InvalidArgument, "MLMDEnv"),
        (str(text), InvalidArgument, "not an MLMD database"),
        (f"sqlite:///{older}", FailedPrecondition, "schema version 7"),
        (str(tmp_path / "missing"), NotFound, "no file"),
        ("oracle://host/x", InvalidArgument, "sqlite:///"),
    ):
        with pytest.raises(kind, match=what):
            import_mlmd(store, url)


def test_a_driver_that_is_missing_is_named_with_how_to_install_it(
    store: headwater.MetadataStore,
) -> None:
    for url, package in (("mysql://u:secret@h/d", "pymysql"), ("postgresql://u@h/d", "psycopg")):
        with pytest.raises(headwater.errors.MissingExtra, match=f"pip install {package}") as raised:
            import_mlmd(store, url)
        assert "secret" not in str(raised.value)
