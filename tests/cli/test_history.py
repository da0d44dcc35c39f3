import getpass
import time

import pytest

import headwater
from support.commands import Ran, Run


class Team(headwater.Context):
    pass


def tick(store: headwater.MetadataStore) -> int:
    """Return a moment that is later than all that was written and earlier than all to come."""
    time.sleep(0.003)
    moment = store.history.now()
    time.sleep(0.003)
    return moment


@pytest.mark.usefixtures("recorded")
def test_the_history_of_a_namespace_says_who_and_what(cli: Run) -> None:
    ran = cli("history", "--limit", "3")
    answer = cli("history", "--limit", "3", "--json").json

    assert ran.lines[0].startswith("RECORDED\tCHANGE\tBY\tWHY\tWHAT")
    assert len(ran.lines) == 4
    assert "there are more" in ran.err
    assert answer["complete"] is False
    assert [change["operation"] for change in answer["changes"]] == ["put"] * 3
    assert all(len(change["digest"]) == 64 for change in answer["changes"])


def test_the_history_of_a_node_tells_from_what_to_what(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    recorded.delete("clf@1", reason="trained on leaked labels")
    key = recorded.execution("execution:2").id

    ran = cli("history", "artifact:2")
    whole = cli("history", "artifact:2", "--json").json

    assert "trained on leaked labels" in ran.out
    assert "state LIVE \u2192 DELETED" in ran.out
    assert whole["complete"] is True
    change = whole["changes"][0]["changes"][0]
    assert change["element"] == ["ARTIFACT", 2]
    assert (change["before"]["name"], change["after"]["deleted_name"]) == ("clf@1", "clf@1")
    assert cli("history", f"execution:{key}").code == 0


def test_a_retracted_input_is_out_of_the_lineage(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    assert cli("retract", "raw@1", "execution:3", "--reason", "read another table").code == 0

    assert "raw@1" not in cli("lineage", "clf@2").out
    assert "read another table" in cli("history", "--limit", "1").out
    again = cli("retract", "raw@1", "execution:3")
    assert "retracted before" in again.err
    assert again.code == 4
    first, *others = recorded.edges.contexts_of_artifact(1)
    assert cli("retract", "raw@1", f"context:{first.id}").code == 0
    assert recorded.edges.contexts_of_artifact(1) == others


def test_lists_are_shown_as_they_were(cli: Run, recorded: headwater.MetadataStore) -> None:
    then = tick(recorded)
    recorded.delete("clf@1")
    recorded.put_context(Team(name="new"))

    def names(*arguments: str) -> list[str]:
        return [line.split("\t")[1] for line in cli(*arguments).lines[1:]]

    models = ("artifacts", "list", "--type", "Model", "--state", "LIVE", "--limit", "0")
    now = names(*models)
    assert "clf@1" not in now
    assert names(*models, "--known-at", str(then)) == sorted([*now, "clf@1"], reverse=True)
    assert "new" in names("contexts", "list")
    assert "new" not in names("contexts", "list", "--known-at", str(then))
    assert names("executions", "list", "--known-at", str(then)) == names("executions", "list")
    assert cli("executions", "list", "--as-of", "2020-01-01").lines[1:] == []

    assert cli("executions", "list", "--stale", "--as-of", "2020-01-01").code == 2


def test_a_list_of_a_moment_goes_on_with_the_page_after(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    then = str(tick(recorded))
    whole = cli("artifacts", "list", "--limit", "0", "--known-at", then, "--json").json
    first = cli("artifacts", "list", "--limit", "1", "--known-at", then)
    recorded.delete("clf@1")
    rest = cli("artifacts", "list", "--limit", "0", "--known-at", then, "--page", _token(first))

    assert len(first.lines) == 2
    assert [*first.lines, *rest.lines[1:]] == cli(
        "artifacts", "list", "--limit", "0", "--known-at", then
    ).lines
    assert whole["next_page_token"] is None
    assert len(whole["artifacts"]) == len(rest.lines)
    refused = cli("artifacts", "list", "--page", _token(first))
    assert (refused.code, "Give the same times while paging" in refused.err) == (2, True)


def test_a_list_as_of_a_time_stays_as_its_first_page_knew_it(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    later = ("artifacts", "list", "--as-of", "2100-01-01", "--sort", "id", "--ascending")
    first = cli(*later, "--limit", "1")
    tick(recorded)
    recorded.delete("clf@1")

    rest = cli(*later, "--limit", "0", "--page", _token(first))

    assert "clf@1\tModel\tLIVE" in rest.out
    assert "clf@1\tModel\tLIVE" not in cli(*later, "--limit", "0").out


def test_names_on_the_command_line_mean_what_they_meant(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    then = str(tick(recorded))
    listed = cli("executions", "list", "--context", "nightly", "--limit", "0")
    recorded.delete("nightly")
    recorded.delete("clf@2")

    assert cli("lineage", "clf").lines[0].startswith("clf@1")
    assert cli("lineage", "clf", "--known-at", then).lines[0].startswith("clf@2")
    past = ("executions", "list", "--limit", "0", "--known-at", then, "--context")
    assert cli(*past, "nightly").lines == listed.lines
    assert cli(*past, str(recorded.contexts.all()[0].id)).code == 0
    missing = cli(*past, "never")
    assert (missing.code, "No context 'never'" in missing.err) == (4, True)


def _token(ran: Ran) -> str:
    return ran.err.split("--page ")[1].split(" ")[0]


@pytest.mark.usefixtures("recorded")
def test_the_user_of_the_process_or_whoever_is_named_is_on_record(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def actor() -> object:
        return cli("history", "--limit", "1", "--json").json["changes"][0]["actor"]

    cli("retract", "raw@1", "execution:3")
    assert actor() == getpass.getuser()

    monkeypatch.setenv("HEADWATER_ACTOR", "night build")
    cli("retract", "raw@1", "execution:1")
    assert actor() == "night build"


def test_a_node_is_read_as_the_store_knew_it(recorded: headwater.MetadataStore) -> None:
    known = recorded.history.now()
    recorded.delete("clf@1")

    past = recorded.artifact("artifact:2", known_at=known)
    assert (past.name, past.state) == ("clf@1", headwater.ArtifactState.LIVE)
    with pytest.raises(headwater.errors.NotFound, match="was known"):
        recorded.artifact("artifact:2", known_at=1)
