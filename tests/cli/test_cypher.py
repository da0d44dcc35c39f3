from pathlib import Path

import headwater
from support.commands import Run


def test_a_query_gives_a_table(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli(
        "cypher",
        "MATCH (a:Artifact {namespace: $ns}) WHERE a.p_accuracy > $least RETURN a.name, a.version",
        "--param",
        f"ns={recorded.namespace}",
        "-p",
        "least=0.85",
    )

    assert ran.code == 0
    assert ran.lines == ["a.name\ta.version", "clf@2\t2"]


def test_a_query_as_json_has_columns_and_rows(cli: Run) -> None:
    answer = cli(
        "cypher", "RETURN $text AS t, $n AS n, $list AS l", "-p", "text=x=y", "-p", "n=5",
        "-p", "list=[1, null]", "--json",
    ).json  # fmt: skip

    assert answer == {"columns": ["t", "n", "l"], "rows": [{"t": "x=y", "n": 5, "l": [1, None]}]}


def test_numbers_that_json_lacks_are_text(cli: Run) -> None:
    answer = cli("cypher", "RETURN 0.0 / 0.0 AS nan, -1.0 / 0.0 AS low", "--json").json

    assert answer["rows"] == [{"nan": "NaN", "low": "-Infinity"}]


def test_a_query_that_writes_is_refused(cli: Run) -> None:
    ran = cli("cypher", "CREATE (n:Artifact) RETURN n")

    assert ran.code == 7
    assert ran.out == ""


def test_a_query_that_is_not_cypher_is_refused(cli: Run) -> None:
    assert cli("cypher", "SELECT 1").code == 2


def test_a_parameter_needs_a_key(cli: Run) -> None:
    assert cli("cypher", "RETURN 1", "--param", "oops").code == 2


def test_parameters_come_from_a_file_and_p_goes_before(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text('{"a": [1, 2], "b": 1}')

    answer = cli(
        "cypher", "RETURN $a AS a, $b AS b", "--params", str(tmp_path / "values.json"),
        "-p", "b=2", "--json",
    ).json  # fmt: skip

    assert answer["rows"] == [{"a": [1, 2], "b": 2}]


def test_a_file_of_parameters_must_hold_an_object(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "text.json").write_text("oops")

    assert cli("cypher", "RETURN 1", "--params", str(tmp_path / "list.json")).code == 2
    assert cli("cypher", "RETURN 1", "--params", str(tmp_path / "text.json")).code == 2
    assert cli("cypher", "RETURN 1", "--params", str(tmp_path / "none.json")).code == 4


def test_a_query_comes_from_a_file(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "q.cypher").write_text("// one\nRETURN 1 AS one")

    assert cli("cypher", "--file", str(tmp_path / "q.cypher")).lines == ["one", "1"]
    assert cli("cypher", "RETURN 1", "--file", str(tmp_path / "q.cypher")).code == 2
    assert cli("cypher").code == 2


def test_rows_as_csv_and_as_lines_of_json(cli: Run) -> None:
    query = "RETURN 'a,\"b' AS text, [1, true] AS list, null AS nothing"

    assert cli("cypher", query, "--format", "csv").lines == [
        "text,list,nothing",
        '"a,""b","[1, true]",',
    ]
    assert cli("cypher", query, "--format", "ndjson").json == {
        "text": 'a,"b',
        "list": [1, True],
        "nothing": None,
    }
    assert cli("cypher", query, "--json", "--format", "csv").code == 2


def test_a_limit_says_what_it_cut(cli: Run) -> None:
    cut = cli("cypher", "UNWIND range(1, 5) AS x RETURN x", "--limit", "2")
    whole = cli("cypher", "UNWIND range(1, 5) AS x RETURN x", "--limit", "5")

    assert cut.lines == ["x", "1", "2"]
    assert "2 of 5 rows" in cut.err
    assert len(whole.lines) == 6
    assert "rows" not in whole.err


def test_an_error_points_at_its_place(cli: Run) -> None:
    ran = cli("cypher", "MATCH (n:Artifact)\nRETURN '😀', nobody.name")

    assert ran.code == 2
    assert ran.err.splitlines()[:2] == ["  RETURN '😀', nobody.name", "              ^"]
    assert "line 2, column 13" in ran.err
    assert "Traceback" not in ran.err
    assert "EXPLAIN" not in ran.err
