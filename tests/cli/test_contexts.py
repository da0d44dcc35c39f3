import pytest

import headwater
from headwater_schema import LinkPut, ParentPut, PutRequest
from support.commands import Dataset, Pipeline, Run, Train, column


@pytest.mark.usefixtures("recorded")
def test_contexts_are_listed_newest_first(cli: Run) -> None:
    ran = cli("contexts", "list", "--type", "Pipeline")

    assert column(ran, "NAME") == ["nightly", "import"]


@pytest.mark.usefixtures("recorded")
def test_a_list_as_json_has_the_contexts_and_the_token(cli: Run) -> None:
    answer = cli("contexts", "list", "--limit", "1", "--json").json

    assert [context["name"] for context in answer["contexts"]] == ["nightly"]
    assert answer["next_page_token"]


def test_a_context_is_shown_with_parents_children_and_what_it_holds(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    recorded.put(PutRequest(parents=(ParentPut(child=2, parent=1),)))

    child = cli("contexts", "show", "nightly", "--json").json
    parent = cli("contexts", "show", "import", "--json").json

    assert [context["name"] for context in child["parents"]] == ["import"]
    assert [context["name"] for context in parent["children"]] == ["nightly"]
    assert [node["name"] for node in child["artifacts"]["items"]] == ["clf@2", "clf@1", "raw@1"]
    assert [node["id"] for node in child["executions"]["items"]] == [3, 2]


def test_a_context_that_holds_much_says_that_more_is_there(
    cli: Run, store: headwater.MetadataStore
) -> None:
    with store.run(Train(), context=Pipeline(name="wide")) as run:
        for number in range(21):
            run.output(Dataset(name=f"part-{number}", rows=number))

    ran = cli("contexts", "show", "wide")
    rest = cli("artifacts", "list", "--context", "context:1", "--limit", "0")

    assert "headwater artifacts list --context context:1" in ran.err
    assert len(column(rest, "ID")) == 21


def test_a_context_is_shown_in_a_pipe_as_fields_and_tables(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    recorded.put(PutRequest(attributions=(LinkPut(1, 1),)))

    ran = cli("contexts", "show", "import")

    assert ran.lines[:3] == ["id\tcontext:1", "type\tPipeline", "name\timport"]
    assert "# Executions" in ran.lines
