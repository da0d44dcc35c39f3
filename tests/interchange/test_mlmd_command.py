import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import headwater
from headwater.cli.app import run
from support.commands import Ran, Run, column, environment
from support.mlmd_content import content_of
from support.servers import Neo4jAddress

Database = Callable[[int | str], Path]


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str],
    store: headwater.MetadataStore,
    neo4j_server: Neo4jAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    for name, value in environment(
        neo4j_server, namespace=store.namespace, folder=tmp_path
    ).items():
        monkeypatch.setenv(name, value)

    def ran(*arguments: str) -> Ran:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


def test_a_database_is_imported_and_both_sides_counted(
    cli: Run, store: headwater.MetadataStore, database: Database
) -> None:
    ran = cli("import", "mlmd", f"sqlite:///{database(10)}", "--keep-ids")

    assert ran.code == 0, ran.err
    assert column(ran, "SOURCE") == column(ran, "COPY")
    assert set(column(ran, "STATE")) == {"ok"}
    row = column(ran, "CONTENT").index("artifacts")
    assert column(ran, "COPY")[row] == str(len(store.artifacts.all()))
    assert "Importing artifacts: 100%" in ran.err


def test_what_was_left_out_is_shown(cli: Run, database: Database) -> None:
    ran = cli("import", "mlmd", str(database("odd")))

    assert ran.code == 0, ran.err
    assert "their artifact is missing; left out" in ran.out
    assert "artifact 4711" in ran.out


def test_an_import_as_json_is_one_document(cli: Run, database: Database) -> None:
    answer = cli("import", "mlmd", str(database(9)), "--json").json

    assert answer["ok"] is True
    assert answer["details"]["schema_version"] == 9
    assert {count["element"] for count in answer["counts"]} >= {
        "types",
        "artifacts",
        "attributions",
    }


def test_an_import_whose_source_has_grown_since_it_began_says_so(
    cli: Run, store: headwater.MetadataStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database(10)
    finish = type(store.imports).finish

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(store.imports), "finish", stop)
    assert cli("import", "mlmd", str(path)).code == 130
    monkeypatch.setattr(type(store.imports), "finish", finish)
    with sqlite3.connect(path) as source:
        source.execute("INSERT INTO Artifact(type_id, name) VALUES (10, 'late')")
    source.close()

    ran = cli("import", "mlmd", str(path))

    assert ran.code == 1
    row = column(ran, "CONTENT").index("artifacts")
    assert column(ran, "STATE")[row] == "fail"


def test_a_namespace_is_exported_and_imported_again(
    cli: Run, store: headwater.MetadataStore, database: Database, tmp_path: Path
) -> None:
    cli("import", "mlmd", str(database(10)), "--keep-ids")
    other = f"{store.namespace}-again"

    exported = cli("export", "mlmd", f"sqlite:///{tmp_path}/out.sqlite")
    imported = cli("import", "mlmd", f"{tmp_path}/out.sqlite", "-n", other, "--keep-ids")
    twice = cli("export", "mlmd", f"{tmp_path}/out.sqlite")

    assert (exported.code, imported.code, twice.code) == (0, 0, 5)
    assert content_of(store.in_namespace(other)) == content_of(store)


def test_a_file_that_is_no_database_is_refused_by_name(cli: Run, tmp_path: Path) -> None:
    ran = cli("import", "mlmd", str(tmp_path / "missing.db"))

    assert ran.code == 4
    assert "missing.db" in ran.err
