import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO

import joblib  # type: ignore[import-untyped] # ships no stubs
import pandas as pd
import pytest

import headwater
from headwater.demo.pipeline import Outcome, run_pipeline
from headwater.demo.questions import difference, impact, origin
from headwater.demo.types import Anomalies, Choose, Model, Schema, TransformedData

STARTED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def outcome(store: headwater.MetadataStore) -> Outcome:
    return run_pipeline(store, "wine", started_at=STARTED_AT)


def _types(lineage: headwater.Lineage) -> Counter[str]:
    return Counter(node.type for node in lineage.nodes)


def test_the_chosen_model_came_from_every_step(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    answer = origin(store, outcome.chosen)

    assert answer.lineage.complete
    assert _types(answer.lineage) == {
        "Model": 3,
        "Choose": 1,
        "Evaluation": 2,
        "Evaluate": 2,
        "Train": 2,
        "TransformedData": 2,
        "Transform": 1,
        "Anomalies": 1,
        "Schema": 1,
        "Validate": 1,
        "Dataset": 3,
        "Split": 1,
        "Ingest": 1,
    }
    assert {node.state for node in answer.lineage.executions()} == {"COMPLETE"}
    assert {node.state for node in answer.lineage.artifacts()} == {"LIVE"}


def test_withdrawing_the_raw_data_touches_all_but_its_ingest(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    answer = impact(store, outcome.raw)

    types = _types(answer.lineage)
    assert "Ingest" not in types
    assert (types["Model"], types["Statistics"], types["Scaler"]) == (3, 2, 1)
    assert len(answer.query.run(store)) == len({(n.kind, n.type) for n in answer.lineage.nodes[1:]})


def test_the_training_runs_differ_in_parameters_and_metrics_only(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    answer = difference(store, outcome.trained["cautious"], outcome.trained["bold"])

    found = {(d.what, d.name): d for d in answer.differences}
    assert found["parameter", "learning_rate"][2:] == (0.001, 0.1, False)
    assert found["parameter", "seed"][2:] == (7, 7, True)
    assert found["input", "TransformedData"][2:] == (
        "wine.train-ready@1",
        "wine.train-ready@1",
        True,
    )
    assert not found["metric", "log_loss"].same
    assert ("logged", "training_accuracy") in found


def test_the_candidate_with_the_lowest_log_loss_is_chosen(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    evaluations = store.upstream(outcome.chosen).of_types(["Evaluation"]).nodes
    losses = {node.name: store.artifact(node.key).properties["log_loss"] for node in evaluations}

    best = min(losses, key=losses.__getitem__)

    assert best == outcome.evaluation.name
    assert best == "wine.bold-evaluation@1"
    assert outcome.chosen.digest == store.artifact("wine.bold", type=Model).digest


def test_data_sets_models_and_reports_are_stored_objects(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    frame = pd.read_csv(BytesIO(store.read_bytes(outcome.raw)))
    classifier = joblib.load(BytesIO(store.read_bytes(outcome.chosen)))
    report = json.loads(store.read_bytes(outcome.evaluation))

    everything = store.artifacts.in_context(outcome.run.id or 0)

    assert frame.shape == (outcome.raw.rows, outcome.raw.columns) == (178, 14)
    assert list(classifier.classes_) == ["class_0", "class_1", "class_2"]
    assert report["accuracy"] == outcome.evaluation.accuracy > 0.9
    assert len(everything) == 15
    assert all(artifact.digest for artifact in everything)


def test_anomalies_are_those_values_that_transform_clips(
    store: headwater.MetadataStore,
    outcome: Outcome,  # noqa: ARG001 - the run
) -> None:
    anomalies = store.artifact("wine.anomalies", type=Anomalies)
    ready = store.artifact("wine.eval-ready", type=TransformedData)

    schema = json.loads(store.read_bytes(store.artifact("wine.schema", type=Schema)))

    assert anomalies.properties["values"] == ready.clipped > 0
    assert schema["columns"]["target"]["values"] == ["class_0", "class_1", "class_2"]


def test_a_second_run_makes_the_next_version_of_every_series(
    store: headwater.MetadataStore, outcome: Outcome
) -> None:
    second = run_pipeline(store, "wine", started_at=STARTED_AT + timedelta(hours=1))

    answer = origin(store, second.chosen)

    assert (outcome.chosen.name, second.chosen.name) == ("wine.clf@1", "wine.clf@2")
    assert second.raw.digest == outcome.raw.digest
    assert {node.name[-2:] for node in answer.lineage.artifacts() if node.name} == {"@2"}
    assert store.artifact("wine.clf", type=Model).version == 2


def test_what_was_chosen_is_written_down(
    store: headwater.MetadataStore,
    outcome: Outcome,  # noqa: ARG001 - the run
) -> None:
    (choice,) = store.executions.by_type("Choose")

    read = Choose.from_node(choice)

    assert read.metric == "log_loss"
    assert read.custom_properties == {"chosen": "bold"}
