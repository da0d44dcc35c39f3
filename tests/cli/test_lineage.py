import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from support.commands import Run


@pytest.mark.usefixtures("recorded")
def test_a_lineage_goes_upstream_unless_asked_otherwise(cli: Run) -> None:
    up = cli("lineage", "clf")
    down = cli("lineage", "raw@1", "--down")

    assert up.out == (
        "clf@2  Model #3\n└── Train #3\n    └── raw@1  Dataset #1\n        └── Train #1\n"
    )
    assert [line.strip("│├└─ ") for line in down.lines] == [
        "raw@1  Dataset #1",
        "Train #2",
        "clf@1  Model #2",
        "Train #3",
        "clf@2  Model #3",
    ]
    assert up.err == ""


@pytest.mark.usefixtures("recorded")
def test_a_lineage_as_json_is_complete_without_depth(cli: Run) -> None:
    answer = cli("lineage", "clf@2", "--json").json

    assert {"nodes", "edges", "complete", "left_out", "cursor"} <= answer.keys()
    assert [node["key"] for node in answer["nodes"]] == [
        "artifact:3",
        "execution:3",
        "artifact:1",
        "execution:1",
    ]
    assert (answer["complete"], answer["left_out"], answer["cursor"]) == (True, {}, None)
    assert cli("lineage", "clf@2", "--format", "json").json == answer


@pytest.mark.usefixtures("recorded")
def test_a_cut_lineage_says_what_it_left_out_and_goes_on(cli: Run) -> None:
    first = cli("lineage", "clf@2", "--depth", "1", "--json")
    told = cli("lineage", "clf@2", "--depth", "1")
    rest = cli("lineage", "--cursor", told.err.split("--cursor ")[1].strip(), "--json").json

    assert first.json["complete"] is False
    assert first.json["left_out"] == {"ARTIFACT": {"Dataset": 1}, "EXECUTION": {"Train": 1}}
    assert cli("lineage", "--cursor", first.json["cursor"], "--json").json["complete"] is True
    assert "1 Dataset, 1 Train left out" in told.err
    assert [node["key"] for node in rest["nodes"]] == ["artifact:1", "execution:1"]
    assert rest["complete"] is True


@pytest.mark.usefixtures("recorded")
def test_a_resumed_lineage_is_drawn_from_where_it_was_cut(cli: Run) -> None:
    cursor = cli("lineage", "clf@2", "--depth", "1", "--json").json["cursor"]

    ran = cli("lineage", "--cursor", cursor)

    assert ran.lines == [
        "artifact:3",
        "└── execution:3",
        "    └── raw@1  Dataset #1",
        "        └── Train #1",
    ]


@pytest.mark.usefixtures("recorded")
def test_a_lineage_shows_only_the_types_asked_for(cli: Run) -> None:
    ran = cli("lineage", "raw@1", "--down", "--type", "Model")

    assert ran.lines[1:] == [
        "├── clf@1  Model #2  2 hops away",
        "└── clf@2  Model #3  2 hops away",
    ]


@pytest.mark.usefixtures("recorded")
def test_an_unknown_type_is_refused(cli: Run) -> None:
    ran = cli("lineage", "clf", "--type", "Modle")

    assert ran.code == 4
    assert "Dataset, Model" in ran.err


@pytest.mark.usefixtures("recorded")
def test_a_lineage_is_written_to_files(cli: Run, tmp_path: Path) -> None:
    svg, dot = tmp_path / "lineage.svg", tmp_path / "lineage.dot"

    ran = cli("lineage", "clf", "--svg", str(svg), "--dot", str(dot))

    assert ran.out == ""
    assert str(svg) in ran.err
    assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 - we wrote it
    assert dot.read_text(encoding="utf-8").startswith("digraph lineage {")


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("form", "begin"), [("svg", "<svg "), ("dot", "digraph ")])
def test_a_lineage_is_written_in_the_format_asked_for(cli: Run, form: str, begin: str) -> None:
    assert cli("lineage", "clf", "--format", form).out.startswith(begin)


@pytest.mark.usefixtures("recorded")
def test_a_file_that_cannot_be_written_is_told(cli: Run, tmp_path: Path) -> None:
    no_folder = cli("lineage", "clf", "--svg", str(tmp_path / "missing" / "x.svg"))
    a_folder = cli("lineage", "clf", "--svg", str(tmp_path))

    assert no_folder.code == 4
    assert a_folder.code == 2


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["clf", "--cursor", "x"],
        ["--cursor", "no cursor"],
        ["clf", "--depth", "-1"],
        ["clf", "--json", "--format", "dot"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(cli: Run, arguments: list[str]) -> None:
    ran = cli("lineage", *arguments)

    assert ran.code == 2
    assert ran.out == ""


@pytest.mark.usefixtures("recorded")
def test_a_path_is_found_whichever_end_is_named_first(cli: Run) -> None:
    ran = cli("path", "clf@1", "raw@1")

    assert ran.code == 0
    assert ran.out == "raw@1  Dataset #1\n└── Train #2\n    └── clf@1  Model #2\n"
    assert cli("path", "raw@1", "clf@1", "--json").json["complete"] is True


@pytest.mark.usefixtures("recorded")
def test_no_path_is_an_answer_with_exit_code_1(cli: Run) -> None:
    ran = cli("path", "clf@1", "clf@2")
    as_json = cli("path", "clf@1", "clf@2", "--json")

    assert (ran.code, ran.out) == (1, "no path\n")
    assert as_json.code == 1
    assert as_json.json["nodes"] == []
