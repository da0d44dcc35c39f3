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


@pytest.fixture
def environment(
    neo4j_server: servers.Neo4jAddress, namespace: str, tmp_path: Path
) -> dict[str, str]:
    return {
        **os.environ,
        "HEADWATER_HOME": str(tmp_path / "home"),
        "HEADWATER_NEO4J": neo4j_server.address,
        "HEADWATER_NEO4J_USER": neo4j_server.user,
        "HEADWATER_NEO4J_PASSWORD": neo4j_server.password or "",
        "HEADWATER_NAMESPACE": namespace,
        "PYTHONIOENCODING": "utf-8",
    }


def _demo(environment: dict[str, str], folder: Path) -> str:
    """Return what the demo prints."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "headwater.demo", "--objects", "directory"],
        env=environment,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_the_demo_prints_its_four_answers_plain_in_a_pipe(
    neo4j_server: servers.Neo4jAddress, environment: dict[str, str], tmp_path: Path
) -> None:
    printed = _demo(environment, tmp_path)

    lines = printed.splitlines()
    assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
    assert "\033" not in printed
    assert re.search(
        r"\nbreast-cancer\.clf@1  Model #\d+\n└── breast-cancer \w+/choose#1  Choose #\d+\n",
        printed,
    )
    assert "chosen: bold as wine.clf@1 from wine.raw@1 (178 rows): accuracy 0.9" in printed
    assert re.search(r"learning_rate +│ 0\.001 +│ 0\.1 +│ differs", printed)
    assert f':param namespace => "{environment["HEADWATER_NAMESPACE"]}";' in lines
    assert f"{neo4j_server.address}, as HEADWATER_NEO4J says" in printed
    assert f"in the directory {tmp_path / 'home' / 'objects'}" in printed
    assert "make demo OBJECTS=minio" in printed
    assert any((tmp_path / "home" / "objects").rglob("*"))


def test_the_second_time_the_cache_answers_and_the_demo_says_so(
    environment: dict[str, str], tmp_path: Path
) -> None:
    first = _demo(environment, tmp_path)

    second = _demo(environment, tmp_path)

    assert "Run it again, and the cache answers what has not changed." in first
    assert len(re.findall(r"^[\w-]+: COMPLETE in ", first, re.MULTILINE)) == 24
    assert len(re.findall(r"^[\w-]+: CACHED in .* as execution \d+$", second, re.MULTILINE)) == 24
    assert "24 of 24 steps were answered by the cache" in second
    assert re.search(r"│ train-bold +│ +cached │ +cached │", second)
    trees = [text[text.index(HEADINGS[0]) : text.index(HEADINGS[2])] for text in (first, second)]
    assert trees[0] == trees[1]


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
