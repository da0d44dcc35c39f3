import json
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import headwater
from support.commands import Run

WAY = "MATCH way = (:Artifact {namespace: $ns})-[:INPUT]->(:Execution)-[:OUTPUT]->() RETURN way"
ENDLESS = (
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b "
    "WITH a, b WHERE a * b = -1 RETURN count(*) AS n"
)


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


def test_a_plan_is_a_tree_with_what_is_said_of_it(cli: Run) -> None:
    ran = cli("cypher", "MATCH (n:Artifact) WHERE n.c_nothing = 1 RETURN n.name", "--explain")
    lines = ran.lines

    assert ran.code == 0
    assert lines[0].startswith("ProduceResults  `n.name`  ~")
    assert lines[1].startswith("  Projection  n.name AS `n.name`  ~")
    assert any(line.strip().startswith("NodeByLabelScan  n:Artifact  ~") for line in lines)
    assert any(line.startswith("server warning: property key does not exist.") for line in lines)
    assert lines[-1].startswith("warning: NodeByLabelScan (n:Artifact) reads all nodes")
    assert ran.err == ""


def test_a_plan_as_json_has_steps_notes_and_warnings(cli: Run) -> None:
    query = "MATCH (n:Artifact), (m:Context) RETURN n, m"

    plan = cli("cypher", query, "--explain", "--json").json

    assert plan == cli("cypher", query, "--explain", "--format", "json").json
    assert plan["plan"]["operator"] == "ProduceResults"
    assert plan["plan"]["children"][0]["operator"] == "CartesianProduct"
    assert len(plan["plan"]["children"][0]["children"]) == 2
    assert any(note["kind"] == "PERFORMANCE" for note in plan["notes"])
    assert any("CartesianProduct" in warning for warning in plan["warnings"])


def test_a_plan_runs_nothing_and_is_guarded(cli: Run) -> None:
    began = time.monotonic()

    assert cli("cypher", ENDLESS, "--explain").code == 0
    assert time.monotonic() - began < 10
    assert cli("cypher", "CREATE (n:Artifact) RETURN n", "--explain").code == 7
    assert cli("cypher", "SELECT 1", "--explain").code == 2
    for more in (["--limit", "1"], ["--timeout", "5"], ["--format", "dot"], ["--format", "csv"]):
        assert cli("cypher", "RETURN 1", "--explain", *more).code == 2


def test_a_query_ends_when_its_time_is_over(cli: Run) -> None:
    began = time.monotonic()

    ran = cli("cypher", ENDLESS, "--timeout", "0.5")

    assert ran.code == 6
    assert ran.out == ""
    assert "longer than it was given" in ran.err
    assert "--timeout" in ran.err
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_is_a_positive_number_of_seconds(cli: Run, seconds: str) -> None:
    ran = cli("cypher", "RETURN 1", "--timeout", seconds)

    assert ran.code == 2
    assert "--timeout" in ran.err


def test_a_parameter_may_have_any_name(cli: Run) -> None:
    ran = cli("cypher", "RETURN $timeout_s AS t, $query AS q", "-p", "timeout_s=1", "-p", "query=2")

    assert ran.lines == ["t\tq", "1\t2"]


def test_an_answer_is_a_graph(cli: Run, recorded: headwater.MetadataStore) -> None:
    answer = cli("cypher", WAY, "-p", f"ns={recorded.namespace}", "--format", "graph").json

    assert answer.keys() == {"nodes", "edges"}
    assert sorted(node["key"] for node in answer["nodes"]) == [
        "artifact:1",
        "artifact:2",
        "artifact:3",
        "execution:2",
        "execution:3",
    ]
    assert {(edge["source"], edge["type"], edge["target"]) for edge in answer["edges"]} == {
        ("artifact:1", "INPUT", "execution:2"),
        ("artifact:1", "INPUT", "execution:3"),
        ("execution:2", "OUTPUT", "artifact:2"),
        ("execution:3", "OUTPUT", "artifact:3"),
    }
    assert "element" not in json.dumps(answer)


def test_an_answer_is_drawn(cli: Run, recorded: headwater.MetadataStore, tmp_path: Path) -> None:
    asked = ("cypher", WAY, "-p", f"ns={recorded.namespace}")
    svg, dot = tmp_path / "a.svg", tmp_path / "a.dot"

    into_files = cli(*asked, "--svg", str(svg), "--dot", str(dot))

    assert into_files.out == ""
    assert into_files.err.splitlines() == [f"wrote {svg}", f"wrote {dot}"]
    assert cli(*asked, "--format", "svg").out == svg.read_text()
    assert cli(*asked, "--format", "dot").out == dot.read_text()
    assert ET.fromstring(svg.read_text()).tag.endswith("svg")  # noqa: S314 - made here
    assert '"artifact:1" -> "execution:2";' in dot.read_text()
    assert cli(*asked, "--format", "mermaid").lines[0] == "flowchart LR"
    assert cli(*asked, "--svg", str(svg), "--json").json["columns"] == ["way"]
    assert cli(*asked, "--format", "dot", "--limit", "1").code == 2


def test_an_answer_without_nodes_is_not_drawn(cli: Run, tmp_path: Path) -> None:
    values = cli("cypher", "RETURN 1 AS one", "--format", "graph")
    into_file = cli("cypher", "RETURN 1 AS one", "--svg", str(tmp_path / "a.svg"))
    nothing = cli("cypher", "MATCH (n:Artifact {namespace: '?'}) RETURN n", "--format", "graph")

    assert (values.code, into_file.code) == (2, 2)
    assert "holds no nodes" in values.err
    assert "Return nodes, relationships or paths" in values.err
    assert not (tmp_path / "a.svg").exists()
    assert nothing.json == {"nodes": [], "edges": []}


def test_a_query_that_the_planner_cannot_order_is_refused(cli: Run) -> None:
    ran = cli("cypher", "MATCH (a)" + "-->(a)" * 40 + " RETURN a")

    assert ran.code == 8
    assert "40 parts" in ran.err
    assert "Ask in several queries" in ran.err


def test_a_negative_limit_of_all_questions_is_refused(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_QUERY_TIMEOUT_S", "-5")

    ran = cli("cypher", "RETURN 1")

    assert ran.code == 2
    assert "HEADWATER_QUERY_TIMEOUT_S must be a number of seconds, 0 or more" in ran.err
