import time
from datetime import UTC, datetime

import headwater
from support.commands import Run


def test_two_models_differ_by_what_came_first(cli: Run, recorded: headwater.MetadataStore) -> None:
    assert recorded.namespace
    ran = cli("diff", "clf@1", "clf@2")
    answer = cli("diff", "clf@1", "clf@2", "--json").json

    assert ran.code in (0, 1)
    assert "accuracy" in ran.out
    assert {each["property"] for each in answer["differences"]} & {"accuracy", "p_accuracy"}
    assert cli("diff", "clf@1", "clf@1", "--json").json["differences"] == []


def test_a_model_differs_from_what_was_known_of_it(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    known = datetime.fromtimestamp((recorded.history.now() + 1) / 1_000, UTC).isoformat()
    time.sleep(0.01)
    recorded.retract("raw@1", "execution:3")

    past = cli("diff", "clf@2", "clf@2", "--known-at-left", known, "--json").json
    both = cli(
        "diff", "clf@2", "clf@2", "--known-at-left", known, "--known-at-right", known, "--json"
    ).json

    assert "raw@1" in str(past["differences"])
    assert both["differences"] == []


def test_runs_are_compared_side_by_side(cli: Run, recorded: headwater.MetadataStore) -> None:
    assert recorded.namespace
    by_type = cli("compare", "--type", "Train", "--json").json
    named = cli("compare", "execution:2", "execution:3")

    assert len(by_type["runs"]) == len(recorded.executions.all())
    assert "0.8" in named.out
    assert "0.9" in named.out
    assert cli("compare").code != 0
