import headwater
from support.commands import Run


def test_paths_are_shown_shortest_first(cli: Run, recorded: headwater.MetadataStore) -> None:
    assert recorded.is_upstream("raw@1", "clf@2")
    ran = cli("paths", "raw@1", "clf@2")
    answer = cli("paths", "raw@1", "clf@2", "--json").json

    assert ran.code == 0
    assert "clf@2" in ran.out
    assert (len(answer["paths"]), answer["complete"]) == (1, True)
    assert cli("paths", "clf@2", "raw@1").code == 1


def test_what_models_share_is_shown(cli: Run, recorded: headwater.MetadataStore) -> None:
    whole = cli("common", "clf@1", "clf@2", "--json").json
    ran = cli("common", "clf@1", "clf@2", "--limit", "1")
    rest = ran.err.split("--cursor ")[1].split()[0]

    assert [each["name"] for each in whole["ancestors"]] == ["raw@1", None]
    assert whole["most_recent_change"] is not None
    assert "raw@1" in ran.out
    assert "execution:1" in cli("common", "--cursor", rest).out
    assert cli("common").code == 2
    assert len(recorded.common_ancestors("clf@1", "clf@2", healthy=["clf@2"]).ancestors) == 2


def test_runs_are_found_by_parameter_and_as_siblings(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    assert [run.id for run in recorded.runs_with(parameter=("learning_rate", 0.5))] == [1]
    assert "execution:1" in cli("runs", "with", "-p", "learning_rate=0.5").out
    by_inputs = cli("runs", "siblings", "execution:2", "--by", "inputs", "--json").json
    assert [run["id"] for run in by_inputs["runs"]] == [3]
    assert cli("runs", "with").code == 2
