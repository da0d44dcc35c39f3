import json
from collections import Counter
from io import BytesIO

import joblib  # type: ignore[import-untyped] # ships no stubs
import pandas as pd
import pytest

import headwater
from headwater.components import StepState
from headwater.components.standard import (
    Anomalies,
    DataSchema,
    Dataset,
    Model,
)
from headwater.demo.pipeline import PIPELINES, Recorded, choose, run_pipeline, wine
from headwater.demo.questions import difference, impact, origin


@pytest.fixture
def recorded(store: headwater.MetadataStore) -> Recorded:
    return run_pipeline(store, wine.plan())


def _types(lineage: headwater.Lineage) -> Counter[str]:
    return Counter(node.type for node in lineage.nodes)


def test_the_chosen_model_came_from_every_step(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    answer = origin(store, recorded.chosen)

    assert answer.lineage.complete
    assert _types(answer.lineage) == {
        "Model": 3,
        "Choose": 1,
        "Evaluation": 2,
        "Evaluate": 2,
        "TrainLinear": 2,
        "Transform": 2,
        "Clip": 1,
        "Anomalies": 1,
        "Validate": 1,
        "DataSchema": 1,
        "InferSchema": 1,
        "Statistics": 1,
        "GenerateStatistics": 1,
        "Dataset": 5,
        "Split": 1,
        "Load": 1,
    }
    assert {node.state for node in answer.lineage.executions()} == {"COMPLETE"}
    assert {node.state for node in answer.lineage.artifacts()} == {"LIVE"}


def test_withdrawing_the_raw_data_touches_all_but_its_loading(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    answer = impact(store, recorded.raw)

    types = _types(answer.lineage)
    assert "Load" not in types
    assert (types["Model"], types["Statistics"], types["DataSchema"]) == (3, 1, 1)
    assert len(answer.query.run(store)) == len({(n.kind, n.type) for n in answer.lineage.nodes[1:]})


def test_the_training_runs_differ_in_parameters_and_metrics_only(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    answer = difference(store, recorded.trained["cautious"], recorded.trained["bold"])

    found = {(d.what, d.name): d for d in answer.differences}
    assert found["parameter", "learning_rate"][2:] == (0.001, 0.1, False)
    assert found["parameter", "seed"][2:] == (7, 7, True)
    assert found["input", "Dataset"][2:] == ("wine.train-ready@1", "wine.train-ready@1", True)
    assert not found["metric", "log_loss"].same
    assert ("model", "training_accuracy") in found
    assert {d.what for d in answer.differences} == {"parameter", "input", "metric", "model"}


def test_the_candidate_with_the_lowest_log_loss_is_chosen(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    evaluations = store.upstream(recorded.chosen).of_types(["Evaluation"]).nodes
    losses = {node.name: store.artifact(node.key).properties["log_loss"] for node in evaluations}

    best = min(losses, key=losses.__getitem__)

    assert len(losses) == 2
    assert best == recorded.evaluation.name
    assert best == "wine.bold-evaluation@1"
    assert recorded.chosen.digest == store.artifact("wine.bold", type=Model).digest


def test_data_sets_models_and_reports_are_stored_objects(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    frame = pd.read_parquet(BytesIO(store.read_bytes(recorded.raw)))
    classifier = joblib.load(BytesIO(store.read_bytes(recorded.chosen)))
    report = json.loads(store.read_bytes(recorded.evaluation))

    everything = store.artifacts.in_context(recorded.run_id)

    assert frame.shape == (recorded.raw.rows, recorded.raw.columns) == (178, 14)
    assert list(classifier.classes_) == ["class_0", "class_1", "class_2"]
    assert report["overall"]["accuracy"] == recorded.evaluation.accuracy
    assert report["overall"]["accuracy"] > 0.9
    assert len(everything) == 15
    assert all(artifact.digest for artifact in everything)


def test_anomalies_are_those_values_that_are_clipped(
    store: headwater.MetadataStore,
    recorded: Recorded,  # noqa: ARG001 - the run
) -> None:
    found = json.loads(store.read_bytes(store.artifact("wine.anomalies", type=Anomalies)))
    schema = json.loads(store.read_bytes(store.artifact("wine.schema", type=DataSchema)))

    before, after = (
        pd.read_parquet(BytesIO(store.read_bytes(store.artifact(name, type=Dataset))))
        for name in ("wine.eval", "wine.clipped")
    )

    clipped = store.artifact("wine.clipped", type=Dataset).custom_properties["clipped"]
    assert sum(anomaly["count"] for anomaly in found) == clipped > 0
    assert int((before != after).sum().sum()) == clipped
    for anomaly in found:
        lowest, highest = anomaly["expected"]
        assert after[anomaly["column"]].between(lowest, highest).all()
    assert schema["columns"]["target"]["values"] == ["class_0", "class_1", "class_2"]


def test_a_second_run_is_answered_by_the_cache(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    before = origin(store, recorded.chosen).lineage, impact(store, recorded.raw).lineage

    second = run_pipeline(store, wine.plan())

    assert {step.state for step in recorded.steps.values()} == {StepState.COMPLETE}
    assert {step.state for step in second.steps.values()} == {StepState.CACHED}
    assert (second.chosen.name, second.chosen.id) == ("wine.clf@1", recorded.chosen.id)
    # What ran is told, and no step twice.
    after = origin(store, second.chosen).lineage, impact(store, second.raw).lineage
    assert [lineage.nodes for lineage in after] == [lineage.nodes for lineage in before]
    answer = difference(store, second.trained["cautious"], second.trained["bold"])
    assert len(answer.differences) == len({(d.what, d.name) for d in answer.differences})


def test_a_changed_parameter_makes_the_next_versions_of_what_depends_on_it(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    second = run_pipeline(store, wine.plan(learning_rate=0.2))

    ran = [name for name, step in second.steps.items() if step.state is StepState.COMPLETE]
    assert sorted(ran) == ["choose", "evaluate-bold", "train-bold"]
    assert (recorded.chosen.name, second.chosen.name) == ("wine.clf@1", "wine.clf@2")
    names = {node.name for node in origin(store, second.chosen).lineage.artifacts()}
    assert {"wine.bold@2", "wine.cautious@1", "wine.raw@1"} <= names
    assert store.artifact("wine.clf", type=Model).version == 2


def test_what_was_chosen_is_written_down(
    store: headwater.MetadataStore, recorded: Recorded
) -> None:
    (choice,) = store.executions.by_type("Choose")

    read = choose.signature.execution.from_node(choice)

    assert read.properties == {"metric": "log_loss", "candidates": ["cautious", "bold"]}
    assert recorded.candidate == "bold"
    assert recorded.chosen.custom_properties["candidate"] == "bold"


def test_every_pipeline_is_named_after_its_source() -> None:
    sources = {
        name: next(step.execution.properties["source"] for step in known.plan().steps)
        for name, known in PIPELINES.items()
    }

    assert sources == {"breast-cancer": "breast-cancer", "wine": "wine"}
