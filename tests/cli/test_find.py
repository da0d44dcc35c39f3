"""The commands `select` and `search`."""

import json

import headwater
from headwater.cli.exits import ExitCode
from support.commands import Run


def test_a_selection_is_a_table_of_nodes(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli("select", "raw@1+ and model:*")

    assert recorded.artifact("clf@2").id is not None
    assert ran.code == 0
    header, *rows = ran.out.splitlines()
    assert header.split("\t") == ["KIND", "ID", "TYPE", "NAME", "STATE"]
    assert [row.split("\t")[3] for row in rows] == ["clf@1", "clf@2"]


def test_a_cut_selection_goes_on_by_its_cursor(cli: Run, recorded: headwater.MetadataStore) -> None:
    whole = json.loads(cli("select", "*", "--events", "--json").out)
    assert len(whole["nodes"]) == len(recorded.artifacts.all()) + len(recorded.executions.all())
    nodes, edges, cursor = [], [], None
    while True:
        more: list[str] = [] if cursor is None else ["--cursor", cursor]
        ran = cli("select", "*", "--events", "--json", "--limit", "2", *more)
        page = json.loads(ran.out)
        nodes += page["nodes"]
        edges += page["edges"]
        cursor = page["cursor"]
        assert ("incomplete" in ran.err) is not page["complete"]
        if cursor is None:
            break

    assert nodes == whole["nodes"]
    assert len(edges) == len(whole["edges"]) > 0


def test_a_wrong_selection_shows_the_place(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli("select", "clf and clff", "--namespace", recorded.namespace)

    assert ran.code == ExitCode.NOT_FOUND
    assert "  clf and clff\n          ^\n" in ran.err


def test_events_are_written_below_the_nodes(cli: Run, recorded: headwater.MetadataStore) -> None:
    raw = recorded.artifact("raw@1")

    ran = cli("select", "raw@1+1", "--events")

    assert f"artifact:{raw.id} -> execution:" in ran.out


def test_a_search_shows_the_best_first(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli("search", "clf")

    header, *rows = ran.out.splitlines()
    assert header.split("\t") == ["KIND", "ID", "TYPE", "NAME", "STATE", "URI"]
    assert [row.split("\t")[3] for row in rows] == ["clf@1", "clf@2"]
    assert recorded.namespace not in ran.out


def test_a_search_is_narrowed_and_paged(cli: Run, recorded: headwater.MetadataStore) -> None:
    assert cli("search", "clf", "--type", "Dataset").out.splitlines()[1:] == []
    assert cli("search", "clf", "--kind", "execution").out.splitlines()[1:] == []
    first = json.loads(cli("search", "clf", "--limit", "1", "--json").out)

    second = cli("search", "clf", "--limit", "1", "--json", "--cursor", first["cursor"])

    names = [hit["name"] for page in (first, json.loads(second.out)) for hit in page["hits"]]
    assert names == ["clf@1", "clf@2"]
    assert first["left_out"] == {"ARTIFACT": {"Model": 1}}
    assert recorded.artifact("clf").name == "clf@2"


def test_a_search_without_a_word_is_refused(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli("search", "--", "-!-")

    assert ran.code != 0
    assert "holds no word" in ran.err
    assert recorded.namespace not in ran.err
