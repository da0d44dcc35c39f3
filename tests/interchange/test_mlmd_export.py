import json
import math
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.errors import AlreadyExists, InvalidArgument, NotFound
from headwater.interchange.mlmd_export import export_mlmd
from headwater.interchange.mlmd_import import import_mlmd
from headwater_schema import Artifact, ArtifactType, ProtoValue, PutRequest
from support.mlmd_content import content_of
from support.real_mlmd import real_mlmd

Database = Callable[[int | str], Path]
CLIENT = Path(__file__).with_name("make_fixtures.py")


def client(*arguments: str) -> str:
    """Return what the real client says."""
    command = [str(real_mlmd()), str(CLIENT), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("version", [8, 9, 10])
def test_what_is_imported_and_exported_the_client_reads_as_before(
    store: headwater.MetadataStore,
    database: Database,
    read_by_client: Callable[[int], Any],
    tmp_path: Path,
    version: int,
) -> None:
    import_mlmd(store, str(database(version)), keep_ids=True)

    report = export_mlmd(store, f"sqlite:///{tmp_path}/out.sqlite")

    assert report.ok
    assert json.loads(client("dump", f"{tmp_path}/out.sqlite")) == read_by_client(version)


def test_the_client_migrates_an_exported_file_as_one_of_its_own(
    store: headwater.MetadataStore, database: Database, tmp_path: Path
) -> None:
    import_mlmd(store, str(database(9)), keep_ids=True)
    export_mlmd(store, tmp_path / "out.sqlite")

    client("downgrade", str(tmp_path / "out.sqlite"), "8")

    again = store.in_namespace(f"{store.namespace}-again")
    report = import_mlmd(again, str(tmp_path / "out.sqlite"), keep_ids=True)
    assert report.ok
    assert report.details["schema_version"] == 8


def test_an_export_imported_again_is_the_same(
    store: headwater.MetadataStore, database: Database, tmp_path: Path
) -> None:
    import_mlmd(store, str(database(10)), keep_ids=True)
    export_mlmd(store, tmp_path / "out.sqlite")
    again = store.in_namespace(f"{store.namespace}-again")

    import_mlmd(again, str(tmp_path / "out.sqlite"), keep_ids=True)

    assert content_of(again) == content_of(store)


def test_an_exported_file_has_the_tables_and_indexes_of_the_clients_own(
    store: headwater.MetadataStore, database: Database, tmp_path: Path
) -> None:
    own = database(10)
    import_mlmd(store, str(own), keep_ids=True)
    export_mlmd(store, tmp_path / "out.sqlite")

    assert layout(tmp_path / "out.sqlite") == layout(own)


def layout(path: Path) -> dict[str, Any]:
    """Return the columns and indexes of each table, however their statements were written."""
    connection = sqlite3.connect(path)
    tables = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    found = {}
    for table in tables:
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        indexes = connection.execute(f'PRAGMA index_list("{table}")').fetchall()
        found[table] = (
            {(name, bool(required), bool(key)) for _, name, _, required, _, key in columns},
            sorted(
                (
                    "" if origin != "c" else name,
                    unique,
                    partial,
                    [row[2] for row in connection.execute(f'PRAGMA index_info("{name}")')],
                )
                for _, name, unique, origin, partial in indexes
            ),
        )
    connection.close()
    return found


def test_what_mlmd_cannot_hold_is_told(store: headwater.MetadataStore, tmp_path: Path) -> None:
    type_id = store.put_types([ArtifactType(name="T")])[0]
    values = {
        "nan": math.nan,
        "inf": math.inf,
        "digits": 0.1 + 0.2,
        "list": [1, 2],
        "nul": "a\0b",
        "null": "__MLMD_NULL__",
        "proto": ProtoValue(type_url="x/y", value=b"\0"),
        "fine": 0.5,
    }
    store.put(PutRequest(artifacts=(Artifact(type_id=type_id, custom_properties=values),)))

    report = export_mlmd(store, tmp_path / "out.sqlite")

    told = [(o.examples[0].split(": ")[1], o.count, o.left_out) for o in report.oddities]
    assert report.ok
    assert sorted(told) == [
        ("'digits'", 2, False),
        ("'list'", 1, False),
        ("'nan'", 1, True),
        ("'nul'", 2, False),
    ] or sorted(told) == [
        ("'inf'", 2, False),
        ("'list'", 1, False),
        ("'nan'", 1, True),
        ("'nul'", 2, False),
    ]
    again = store.in_namespace(f"{store.namespace}-again")
    import_mlmd(again, str(tmp_path / "out.sqlite"), keep_ids=True)
    kept = again.artifacts.all()[0].custom_properties
    del values["nan"]
    assert kept == {**values, "list": {"values": [1.0, 2.0]}}


def test_an_export_never_takes_the_place_of_a_file(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    store.put_types([ArtifactType(name="T")])
    (tmp_path / "there").write_text("mine")

    with pytest.raises(AlreadyExists, match="there"):
        export_mlmd(store, tmp_path / "there")
    with pytest.raises(NotFound, match="folder"):
        export_mlmd(store, tmp_path / "no" / "folder")
    with pytest.raises(InvalidArgument, match="SQLite"):
        export_mlmd(store, "mysql://host/db")

    assert (tmp_path / "there").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("there")] == ["there"]


def test_a_namespace_that_does_not_exist_is_not_exported(
    store: headwater.MetadataStore, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match=store.namespace):
        export_mlmd(store, tmp_path / "out.sqlite")

    assert not (tmp_path / "out.sqlite").exists()
