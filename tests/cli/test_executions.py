import pytest

import headwater
from headwater_schema import ExecutionState, PutRequest
from support.beats import silence
from support.commands import Run, Train, column


@pytest.mark.usefixtures("recorded")
def test_executions_are_listed_newest_first(cli: Run) -> None:
    ran = cli("executions", "list")

    assert ran.code == 0
    assert column(ran, "STATE") == ["FAILED", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert column(ran, "HEARTBEAT") == [""] * 4


@pytest.mark.usefixtures("recorded")
def test_executions_are_narrowed_by_state_type_and_context(cli: Run) -> None:
    failed = cli("executions", "list", "--state", "FAILED", "--type", "Train")
    nightly = cli("executions", "list", "--context", "nightly", "--state", "COMPLETE")

    assert column(failed, "ID") == ["4"]
    assert column(nightly, "ID") == ["3", "2"]


def test_a_running_execution_is_told_alive_and_a_silent_one_stale(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    with recorded.run(Train()) as lost, recorded.run(Train()):
        silence(recorded, lost.id)
        listed = cli("executions", "list", "--state", "RUNNING", "--sort", "id", "--ascending")
        stale = cli("executions", "list", "--stale")
        as_json = cli("executions", "list", "--stale", "--json").json["executions"]
        shown = cli("executions", "show", str(lost.id))

    assert [text[:11] for text in column(listed, "HEARTBEAT")] == ["stale since", "alive"]
    assert column(stale, "ID") == [column(listed, "ID")[0]]
    assert as_json[0]["heartbeat"]["stale"] is True
    assert any(line.startswith("heartbeat\tstale since 1970") for line in shown.lines)


def test_a_running_execution_that_never_gave_a_sign_is_unknown(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    # As where another program records runs.
    running = Train(last_known_state=ExecutionState.RUNNING)
    recorded.put(PutRequest(executions=(running.to_node(recorded.type_id(Train)),)))

    ran = cli("executions", "list", "--state", "RUNNING")

    assert column(ran, "HEARTBEAT") == ["unknown"]


@pytest.mark.usefixtures("recorded")
def test_stale_does_not_go_with_another_state(cli: Run) -> None:
    ran = cli("executions", "list", "--stale", "--state", "FAILED")

    assert ran.code == 2
    assert "--stale" in ran.err


@pytest.mark.usefixtures("recorded")
def test_an_execution_is_shown_with_its_error(cli: Run) -> None:
    ran = cli("executions", "show", "4")

    assert "state\tFAILED" in ran.lines
    assert "error\tRuntimeError: the engine is on fire" in ran.lines
    assert any(
        line.startswith("traceback\tTraceback (most recent call last):\\n") for line in ran.lines
    )


@pytest.mark.usefixtures("recorded")
def test_an_execution_as_json_has_contexts_events_and_heartbeat(cli: Run) -> None:
    answer = cli("executions", "show", "execution:2", "--json").json

    assert answer["execution"]["properties"] == {"learning_rate": 0.1}
    assert [context["name"] for context in answer["contexts"]] == ["nightly"]
    assert [(e["type"], e["artifact_id"]) for e in answer["events"]] == [
        ("INPUT", 1),
        ("OUTPUT", 2),
    ]
    assert answer["heartbeat"] is None
