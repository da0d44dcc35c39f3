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
