import pytest

import headwater
from support.commands import Dataset, Run, column


@pytest.mark.usefixtures("recorded")
def test_artifacts_are_listed_newest_first(cli: Run) -> None:
    ran = cli("artifacts", "list")

    assert ran.code == 0
    assert column(ran, "NAME") == ["clf@2", "clf@1", "raw@1"]
    assert column(ran, "SIZE") == ["3", "3", ""]
    assert ran.err == ""


@pytest.mark.usefixtures("recorded")
def test_artifacts_are_listed_in_the_order_asked_for(cli: Run) -> None:
    ran = cli("artifacts", "list", "--sort", "id", "--ascending")

    assert column(ran, "ID") == ["1", "2", "3"]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--type", "Model"], ["clf@2", "clf@1"]),
        (["--context", "import"], ["raw@1"]),
        (["--context", "nightly", "--type", "Dataset"], ["raw@1"]),
        (["--context", "import", "--type", "Model"], []),
        (["--state", "LIVE", "--type", "Model"], ["clf@2", "clf@1"]),
        (["--state", "DELETED"], []),
    ],
)
def test_a_list_is_narrowed_by_every_option_at_once(
    cli: Run, options: list[str], names: list[str]
) -> None:
    ran = cli("artifacts", "list", *options)

    assert ran.code == 0
    assert column(ran, "NAME") == names


@pytest.mark.usefixtures("recorded")
def test_a_cut_list_says_so_and_how_to_go_on(cli: Run) -> None:
    first = cli("artifacts", "list", "--limit", "2")
    token = first.err.split("--page ")[1].split()[0]
    second = cli("artifacts", "list", "--limit", "2", "--page", token)

    assert "2 artifacts shown, there are more" in first.err
    assert column(first, "NAME") == ["clf@2", "clf@1"]
    assert column(second, "NAME") == ["raw@1"]
    assert second.err == ""


@pytest.mark.usefixtures("recorded")
def test_limit_0_shows_all(cli: Run) -> None:
    assert len(column(cli("artifacts", "list", "--limit", "0"), "ID")) == 3


@pytest.mark.usefixtures("recorded")
def test_a_list_as_json_has_the_artifacts_and_the_token(cli: Run) -> None:
    page = cli("artifacts", "list", "--limit", "1", "--json").json
    rest = cli("artifacts", "list", "--cursor", page["next_page_token"], "--json").json

    assert [node["name"] for node in page["artifacts"]] == ["clf@2"]
    assert page["artifacts"][0]["properties"] == {"accuracy": 0.9}
    assert [node["name"] for node in rest["artifacts"]] == ["clf@1", "raw@1"]
    assert rest["next_page_token"] is None


@pytest.mark.usefixtures("recorded")
def test_an_unknown_type_is_told_with_those_that_exist(cli: Run) -> None:
    ran = cli("artifacts", "list", "--type", "Modle")

    assert ran.code == 4
    assert "Dataset, Model" in ran.err


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("reference", ["clf", "clf@2", "artifact:3", "3"])
def test_an_artifact_is_shown_by_series_name_or_id(cli: Run, reference: str) -> None:
    ran = cli("artifacts", "show", reference)

    assert ran.code == 0
    assert ran.lines[:2] == ["id\tartifact:3", "type\tModel"]


def test_an_artifact_is_shown_by_its_digest_and_its_uri(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    known = recorded.artifact("clf@1")

    by_digest = cli("artifacts", "show", str(known.digest), "--json").json
    by_uri = cli("artifacts", "show", str(known.uri), "--json").json

    assert by_digest["artifact"] == by_uri["artifact"]
    assert by_digest["artifact"]["name"] == "clf@1"


@pytest.mark.usefixtures("recorded")
def test_an_artifact_is_shown_with_all_that_is_known_of_it(cli: Run) -> None:
    ran = cli("artifacts", "show", "clf@1")

    assert "accuracy\t0.8" in ran.lines
    assert "2\tnightly\tPipeline" in ran.lines
    assert any(line.startswith("OUTPUT\t2\tTrain #2\tTrain") for line in ran.lines)
    assert [line.split("\t")[1] for line in ran.lines[-2:]] == ["clf@1", "clf@2"]


@pytest.mark.usefixtures("recorded")
def test_an_artifact_as_json_has_contexts_events_and_versions(cli: Run) -> None:
    answer = cli("artifacts", "show", "raw", "--json").json

    assert answer["artifact"]["id"] == 1
    assert [context["name"] for context in answer["contexts"]] == ["import", "nightly"]
    assert [event["type"] for event in answer["events"]] == ["OUTPUT", "INPUT", "INPUT"]
    assert [version["name"] for version in answer["versions"]] == ["raw@1"]


def test_a_number_that_is_a_name_means_the_name(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    class Counted(headwater.Artifact):
        pass

    with recorded.run(headwater_step()) as run:
        run.output(Counted(name="2"))

    assert cli("artifacts", "show", "2").lines[1] == "type\tCounted"


@pytest.mark.usefixtures("recorded")
def test_an_artifact_that_is_not_there_is_not_found(cli: Run) -> None:
    ran = cli("artifacts", "show", "nothing")

    assert ran.code == 4
    assert ran.err.startswith("error: No artifact 'nothing'")
    assert ran.out == ""


def test_a_long_list_is_read_to_its_end(cli: Run, store: headwater.MetadataStore) -> None:
    with store.run(headwater_step()) as run:
        for number in range(25):
            run.output(Dataset(name=f"part-{number}", rows=number))

    ran = cli("artifacts", "list")

    assert len(column(ran, "ID")) == 20
    assert len(column(cli("artifacts", "list", "-l", "0"), "ID")) == 25


def headwater_step() -> headwater.Execution:
    class Step(headwater.Execution):
        pass

    return Step()
