import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headwater
from headwater.demo.__main__ import main
from headwater.demo.questions import Query
from headwater.demo.report import HEADINGS
from support import servers

TIMEOUT_S = 300


def test_the_demo_prints_its_four_answers_plain_in_a_pipe(
    neo4j_server: servers.Neo4jAddress, namespace: str, tmp_path: Path
) -> None:
    settings = {
        "HEADWATER_HOME": str(tmp_path / "home"),
        "HEADWATER_NEO4J": neo4j_server.address,
        "HEADWATER_NEO4J_USER": neo4j_server.user,
        "HEADWATER_NEO4J_PASSWORD": neo4j_server.password or "",
        "HEADWATER_NAMESPACE": namespace,
        "PYTHONIOENCODING": "utf-8",
    }

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "headwater.demo", "--objects", "directory"],
        env={**os.environ, **settings},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
    assert "\033" not in ended.stdout
    assert re.search(r"\nbreast-cancer\.clf@1  Model #\d+\n└── Choose #\d+\n", ended.stdout)
    assert "chosen: wine.clf@1 from wine.raw@1 (178 rows): accuracy 0.9" in ended.stdout
    assert re.search(r"learning_rate +│ 0\.001 +│ 0\.1 +│ differs", ended.stdout)
    assert f':param namespace => "{namespace}";' in lines
    assert f"{neo4j_server.address}, as HEADWATER_NEO4J says" in ended.stdout
    assert f"in the directory {tmp_path / 'home' / 'objects'}" in ended.stdout
    assert "make demo OBJECTS=minio" in ended.stdout
    assert any((tmp_path / "home" / "objects").rglob("*"))


def test_an_error_of_the_store_is_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    monkeypatch.setenv("HEADWATER_INDEX_BUDGET", "many")

    status = main([])

    assert status == 1
    assert capsys.readouterr().err == (
        "headwater demo: HEADWATER_INDEX_BUDGET must be a number, found 'many'. "
        "Unset it to use 300.\n"
    )


def test_a_statement_to_paste_sets_its_parameters_first(
    store: headwater.MetadataStore,
) -> None:
    query = Query("RETURN $name AS name, $id AS id\n", {"name": 'a"b\\c\n', "id": 7})

    pasted = query.to_paste()

    assert pasted == (
        ':param name => "a\\"b\\\\c\\n";\n:param id => 7;\nRETURN $name AS name, $id AS id;'
    )
    literals = dict(re.findall(r":param (\w+) => (.*);", pasted))
    rows = store.cypher(f"RETURN {literals['name']} AS name, {literals['id']} AS id").rows
    assert rows == tuple(query.run(store))
