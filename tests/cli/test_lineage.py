import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import headwater
from support import steps
from support.commands import Run


@pytest.fixture
def rerun(store: headwater.MetadataStore, tmp_path: Path) -> headwater.MetadataStore:
    """The store, with three runs of one pipeline on one file, each in `environment@1`."""
    path = tmp_path / "numbers.txt"
    path.write_text("1\n2\n")
    for number in range(3):
        steps.of_file.run(store=store, path=str(path), run=f"run-{number}")
    return store


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


@pytest.mark.usefixtures("rerun")
def test_a_tree_folds_what_the_cache_answered_and_says_so(cli: Run) -> None:
    ran = cli("lineage", "of-file.add.total")

    *tree, told = ran.lines
    assert [line.strip("│├└─ ").split("  ")[::2] for line in tree] == [
        ["of-file.add.total@1"],
        ["run-0/add#1", "in environment@1"],
        ["of-file.double.doubled@1"],
        ["run-0/double#1", "in environment@1"],
        ["of-file.parse.numbers@1"],
        ["run-0/parse#1", "in environment@1"],
        ["of-file.take-in.raw@1"],
        ["run-0/take-in#1", "in environment@1"],
    ]
    assert told == (
        "6 CACHED executions, 4 nodes behind them and 1 environment folded; --unfold shows them"
    )


@pytest.mark.usefixtures("rerun")
def test_a_tree_is_drawn_whole_where_that_is_asked_for(cli: Run) -> None:
    ran = cli("lineage", "of-file.add.total", "--unfold")

    assert ran.out.count("CACHED") == 6
    assert ran.out.count("environment@1") == 12
    assert "folded" not in ran.out


def test_other_forms_have_everything(cli: Run, rerun: headwater.MetadataStore) -> None:
    whole = rerun.upstream("of-file.add.total")

    forms = {
        form: cli("lineage", "of-file.add.total", "--format", form).out
        for form in ("dot", "svg", "graphml", "mermaid")
    }

    assert forms == {form: getattr(whole, f"to_{form}")() for form in forms}
    assert cli("lineage", "of-file.add.total", "--json").json == whole.as_dict()
    assert len(whole.nodes) == 19
    lines = cli("lineage", "of-file.add.total", "--format", "ndjson").lines
    assert sum(line.startswith('{"line":"node"') for line in lines) == 19


def test_a_tree_downstream_has_every_artifact_that_was_reached(
    cli: Run, rerun: headwater.MetadataStore
) -> None:
    first, third = (cli("lineage", f"of-file.take-in.raw@{n}", "--down") for n in (1, 3))

    assert first.out.count("CACHED") == 1
    assert first.lines[-1] == "4 CACHED executions folded; --unfold shows them"
    assert third.out.count("CACHED") == 2
    assert third.lines[-1] == first.lines[-1]
    for ran in (first, third):
        assert "of-file.add.total@1" in ran.out
    down = rerun.downstream("of-file.take-in.raw@3")
    assert [node.state for node in down.executions()].count("CACHED") == 5


@pytest.mark.usefixtures("rerun")
def test_what_lies_between_is_folded_too_and_a_path_is_not(cli: Run) -> None:
    between = cli("between", "of-file.take-in.raw@1", "of-file.add.total")
    whole = cli("between", "of-file.take-in.raw@1", "of-file.add.total", "--unfold")
    path = cli("path", "of-file.take-in.raw@2", "of-file.add.total")

    assert between.lines[-1] == "4 CACHED executions folded; --unfold shows them"
    assert (between.out.count("CACHED"), whole.out.count("CACHED")) == (1, 4)
    assert "CACHED" in path.out
    assert "folded" not in path.out


@pytest.mark.usefixtures("rerun")
def test_an_environment_that_was_asked_about_is_drawn(cli: Run) -> None:
    ran = cli("lineage", "environment@1", "--down", "--depth", "1")
    path = cli("path", "environment@1", "of-file.add.total")

    assert ran.lines[0].startswith("environment@1  Environment #1")
    assert "in environment@1" not in ran.out
    assert path.lines[0].startswith("environment@1  Environment #1")


@pytest.mark.usefixtures("recorded")
def test_a_tree_into_which_nothing_is_folded_ends_without_a_word(cli: Run) -> None:
    assert "folded" not in cli("lineage", "clf").out
