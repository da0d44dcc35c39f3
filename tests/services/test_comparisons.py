"""Comparison of runs: parameters, metrics and inputs side by side, complete or told to be cut."""

import csv
import io
import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.statements import Statement
from headwater.query.comparison import Column, Part
from headwater.services.comparisons import ComparisonService
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    LinkPut,
    New,
    PathStep,
    PutRequest,
)
from support.clocked import Services

RATE = Column(Part.PARAMETER, "rate")
NOTE = Column(Part.PARAMETER, "note")
ACCURACY = Column(Part.METRIC, "accuracy")
DATA = Column(Part.INPUT, "data")


class Trained(NamedTuple):
    """Training runs of one experiment, by what they were set to."""

    services: Services
    context: int
    runs: list[int]
    raw: int

    @property
    def ask(self) -> ComparisonService:
        return ComparisonService(self.services.scope)


@pytest.fixture
def trained(services: Services) -> Trained:
    """Three runs that read one table and made a model each, which one execution measured."""
    names = (
        ArtifactType(name="Table"),
        ArtifactType(name="Classifier", base_type=ArtifactBaseType.MODEL),
        ArtifactType(name="Scores", base_type=ArtifactBaseType.METRICS),
        ExecutionType(name="Train"),
        ExecutionType(name="Measure"),
        ContextType(name="Experiment"),
    )
    table, model, scores, train, measure, experiment = services.types.put(names)
    put: Callable[[PutRequest], object] = services.puts.put
    raw = services.puts.put(PutRequest(artifacts=(Artifact(type_id=table, name="raw@3"),)))
    context = services.puts.put(PutRequest(contexts=(Context(type_id=experiment, name="x"),)))
    runs = []
    for number, rate in enumerate((0.1, 0.2, 0.3)):
        services.now += 1
        given = {"rate": rate, "note": "same", "fingerprint": f"{number}"} | (
            {"extra": [1, 2]} if number == 2 else {}
        )
        answer = services.puts.put(
            PutRequest(
                artifacts=(Artifact(type_id=model, custom_properties={"size": number}),),
                executions=(
                    Execution(type_id=train, name=f"run-{number}", custom_properties=given),
                ),
                events=(
                    EventPut(raw.artifact_ids[0], New(0), EventType.INPUT, (PathStep(key="data"),)),
                    EventPut(New(0), New(0), EventType.OUTPUT),
                ),
                associations=(LinkPut(New(0), context.context_ids[0]),),
            )
        )
        runs.append(answer.execution_ids[0])
        accuracy = (0.8, 0.95, math.nan)[number]
        put(
            PutRequest(
                artifacts=(
                    Artifact(type_id=scores, custom_properties={"accuracy": accuracy, "by": "ada"}),
                ),
                executions=(Execution(type_id=measure),),
                events=(
                    EventPut(answer.artifact_ids[0], New(0), EventType.INPUT),
                    EventPut(New(0), New(0), EventType.OUTPUT),
                ),
            )
        )
    return Trained(services, context.context_ids[0], runs, raw.artifact_ids[0])


def test_what_steps_say_of_themselves_is_no_parameter(trained: Trained) -> None:
    found = trained.ask.runs(trained.runs)

    assert Column(Part.PARAMETER, "fingerprint") not in found.columns


def test_parameters_metrics_and_inputs_are_side_by_side(trained: Trained) -> None:
    found = trained.ask.runs(trained.runs)

    assert [run.title for run in found.runs] == ["run-0", "run-1", "run-2"]
    assert [str(column) for column in found.columns] == [
        "parameter.extra",
        "parameter.note",
        "parameter.rate",
        "metric.accuracy",
        "metric.size",
        "input.data",
    ]
    assert found.runs[1].cells == {
        RATE: 0.2,
        NOTE: "same",
        ACCURACY: 0.95,
        Column(Part.METRIC, "size"): 1,
        DATA: "raw@3",
    }
    assert found.complete


def test_one_question_is_asked(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = trained.services.graph
    asked: list[str] = []
    read = graph.read

    def counted(statement: Statement, /, **parameters: Any) -> list[list[object]]:
        asked.append(statement.name)
        return read(statement, **parameters)

    monkeypatch.setattr(graph, "read", counted)
    trained.ask.runs(trained.runs)
    trained.ask.of_type("Train")
    trained.ask.in_context(trained.context)

    assert asked == ["comparison/runs", "comparison/of_type", "comparison/in_context"]


def test_runs_come_in_the_order_given_each_once(trained: Trained) -> None:
    a, b, c = trained.runs

    found = trained.ask.runs([c, a, c, b])

    assert [run.key.id for run in found.runs] == [c, a, b]


@pytest.mark.parametrize("way", ["context", "type", "both"])
def test_runs_of_a_context_or_type_come_newest_first_and_a_cut_is_told(
    trained: Trained, way: str
) -> None:
    def ask(limit: int | None) -> list[object]:
        if way == "type":
            found = trained.ask.of_type("Train", limit=limit)
        else:
            type_name = "Train" if way == "both" else None
            found = trained.ask.in_context(trained.context, type_name=type_name, limit=limit)
        return [[run.key.id for run in found.runs], found.complete, found.left_out, found.notes()]

    whole, cut = ask(None), ask(2)

    assert whole == [trained.runs[::-1], True, 0, []]
    assert cut[:3] == [trained.runs[:0:-1], False, 1]
    assert cut[3] == ["1 of 3 runs left out by the limit"]


def test_columns_that_are_the_same_everywhere_can_be_hidden(trained: Trained) -> None:
    found = trained.ask.runs(trained.runs).only_varying()

    assert found.hidden == (NOTE, DATA)
    assert not {NOTE, DATA} & set(found.columns)
    assert found.notes() == ["the same in every run: parameter.note, input.data"]


def test_a_metric_sorts_and_nan_comes_last_either_way(trained: Trained) -> None:
    found = trained.ask.runs(trained.runs)

    best = found.sorted_by("accuracy")
    worst = found.sorted_by("metric.accuracy", descending=False)

    assert [run.title for run in best.runs] == ["run-1", "run-0", "run-2"]
    assert [run.title for run in worst.runs] == ["run-0", "run-1", "run-2"]
    with pytest.raises(NotFound, match=r"metric\.accuracy"):
        found.sorted_by("accuracey")


def test_several_measurements_of_one_name_are_told_apart_by_their_origin(trained: Trained) -> None:
    services, run = trained.services, trained.runs[0]
    (scores,) = [t.id for t in services.types.all() if t.name == "Scores"]
    for role, value in (("train", 0.9), ("test", 0.7), ("test", 0.6)):
        services.puts.put(
            PutRequest(
                artifacts=(Artifact(type_id=scores, custom_properties={"accuracy": value}),),
                events=(EventPut(New(0), run, EventType.OUTPUT, (PathStep(key=role),)),),
            )
        )

    found = trained.ask.runs([run])

    test = Column(Part.METRIC, "test.accuracy")
    assert found.runs[0].cells[Column(Part.METRIC, "train.accuracy")] == 0.9
    assert found.runs[0].cells[Column(Part.METRIC, "Scores.accuracy")] == 0.8
    assert found.runs[0].cells[test] == 0.6
    assert found.repeated == {test: 1}
    assert "metric.test.accuracy: the latest value is shown, 1 are not" in found.notes()


def test_every_form_holds_the_same(trained: Trained) -> None:
    found = trained.ask.runs(trained.runs)

    document = json.loads(found.to_json())
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    frame = found.to_pandas()
    lines = found.to_text().splitlines()

    assert [row["parameters"]["rate"] for row in document["runs"]] == [0.1, 0.2, 0.3]
    assert document["runs"][0]["inputs"] == {"data": "raw@3"}
    assert [float(row["parameter.rate"]) for row in rows] == [0.1, 0.2, 0.3]
    assert rows[2]["parameter.extra"] == "[1, 2]"
    assert list(frame["parameter.rate"]) == [0.1, 0.2, 0.3]
    assert list(frame.index) == [str(run.key) for run in found.runs]
    assert lines[0].split("\t") == ["run", *(str(column) for column in found.columns)]
    assert len(lines) == 4


def test_runs_that_are_not_there_are_named(trained: Trained) -> None:
    with pytest.raises(NotFound, match="998, 999"):
        trained.ask.runs([trained.runs[0], 999, 998])


def test_nothing_to_compare_is_refused_or_empty(trained: Trained) -> None:
    with pytest.raises(InvalidArgument, match="Nothing to compare"):
        trained.ask.runs([])
    with pytest.raises(InvalidArgument, match="At least 1 run"):
        trained.ask.of_type("Train", limit=0)
    assert len(trained.ask.of_type("NoSuchType")) == 0
    assert trained.ask.in_context(999).complete
