"""The whole pipeline against the real store: run, run again, and what changes reach."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped] # ships no stubs
import pandas as pd
import pytest

import headwater
from headwater.components import Outcome, StepState
from headwater.components.standard.tabular import tabular
from headwater.errors import StepFailed
from headwater.query.parts import NodeKey
from headwater_schema import TypeKind

Run = Callable[..., Outcome]


@pytest.fixture
def table(tables: dict[str, pd.DataFrame], tmp_path: Path) -> Path:
    path = tmp_path / "wine.csv"
    tables["wine"].to_csv(path, index=False)
    return path


@pytest.fixture
def run(store: headwater.MetadataStore, table: Path, tmp_path: Path) -> Run:
    def started(**changed: Any) -> Outcome:
        given: dict[str, Any] = {
            "path": str(table),
            "target": "target",
            "stratify": "target",
            "slices": ["region"],
            "parameters": {"n_estimators": 10},
            "thresholds": {"accuracy": 0.8},
            "destination": str(tmp_path / "models"),
        }
        outcome: Outcome = tabular.run(**{**given, **changed}, store=store)
        return outcome

    return started


def _ran(outcome: Outcome) -> set[str]:
    assert outcome.is_good
    return {name for name, ended in outcome.steps.items() if ended.state is StepState.COMPLETE}


def _artifact(artifact_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, artifact_id)


def test_a_run_pushes_a_model_and_a_second_one_is_cached(run: Run, tmp_path: Path) -> None:
    first, second, third = run(), run(), run()

    assert _ran(first) == set(first.steps)
    # There is a model in use now, which the blessing looks at.
    assert _ran(second) == {"bless"}
    assert _ran(third) == set()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["1"]


def test_what_is_served_is_looked_at_before_a_push_is_answered_by_the_cache(
    run: Run, store: headwater.MetadataStore, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    run()
    run()

    (models / "1" / "model.joblib").write_bytes(b"something else")
    assert _ran(run()) == {"push"}
    assert sorted(path.name for path in models.iterdir()) == ["1", "2"]

    # Somebody else serves another model from there.
    (models / "3").mkdir()
    (models / "3" / "model.joblib").write_bytes(b"something else")
    assert "push" in _ran(run())
    assert hasattr(joblib.load(models / "4" / "model.joblib"), "predict")

    shutil.rmtree(models)
    again = run()
    assert "push" in _ran(again)
    (pushed,) = store.artifacts.by_ids(again.ids("push", "pushed"))
    assert pushed.properties["pushed_version"] == 1


def test_a_folder_that_is_relative_is_another_one_elsewhere(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, ran in (("a", True), ("a", False), ("b", True)):
        (tmp_path / place).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / place)
        assert ("push" in _ran(run(destination="models"))) == ran
    assert (tmp_path / "b" / "models" / "1" / "model.joblib").exists()


def test_a_changed_parameter_runs_what_depends_on_it(run: Run, tmp_path: Path) -> None:
    run()

    outcome = run(parameters={"n_estimators": 11})

    assert _ran(outcome) == {"train", "evaluate", "bless", "push"}
    found = joblib.load(tmp_path / "models" / "2" / "model.joblib")
    assert found.named_steps["model"].n_estimators == 11


def test_one_byte_of_the_raw_file_runs_all_that_reads_it(run: Run, table: Path) -> None:
    run()
    text = table.read_text()
    assert "14.23" in text

    table.write_text(text.replace("14.23", "14.24", 1))

    assert {"ingest", "split"} <= _ran(run())


def test_a_byte_that_says_the_same_is_cut_off_after_the_data(run: Run, table: Path) -> None:
    run()
    run()

    table.write_text(table.read_text() + "\n")

    assert _ran(run()) == {"import-file", "ingest"}


def test_the_lineage_of_a_pushed_model_reaches_the_raw_file(
    run: Run, store: headwater.MetadataStore
) -> None:
    outcome = run(
        space={"max_depth": {"low": 2, "high": 6}},
        trials=2,
    )
    (pushed,) = outcome.ids("push", "pushed")
    (raw,) = outcome.ids("import-file", "raw")

    up, down = store.upstream(_artifact(pushed)), store.downstream(_artifact(raw))

    types = {node.type for node in up.nodes}
    assert types >= {"RawFile", "Dataset", "Transform", "HyperParameters", "Model"}
    assert types >= {"ImportFile", "Ingest", "Split", "Transform", "Tune", "Train", "Push"}
    ends = {node.type for node in down.nodes}
    assert ends >= {"Statistics", "DataSchema", "Anomalies", "Evaluation", "Blessing"}
    assert "PushedModel" in ends


def test_a_model_that_is_not_good_enough_is_not_pushed(run: Run, tmp_path: Path) -> None:
    outcome = run(thresholds={"accuracy": 1.01})

    assert outcome.steps["push"].state is StepState.SKIPPED
    assert "the model is blessed" in outcome.steps["push"].reason
    assert not (tmp_path / "models").exists()


def test_a_target_that_is_not_there_ends_the_run_with_its_name(run: Run) -> None:
    with pytest.raises(StepFailed, match="no column 'none' in the training data"):
        run(target="none")


def test_nothing_is_pushed_without_a_destination(run: Run) -> None:
    outcome = run(destination="")

    assert "push" not in outcome.steps
    assert outcome.is_good


def test_steps_in_processes_of_their_own_make_the_same(
    store: headwater.MetadataStore, table: Path
) -> None:
    about = {"path": str(table), "target": "target", "parameters": {"n_estimators": 5}}
    apart = tabular.run(**about, store=store, on="processes")

    again = tabular.run(**about, store=store, reuse=False)

    assert _ran(again) == set(again.steps)
    assert _digests(store, again) == _digests(store, apart)


def _digests(store: headwater.MetadataStore, outcome: Outcome) -> dict[str, list[str | None]]:
    return {
        f"{name}.{key}": [node.digest for node in store.artifacts.by_ids(ids)]
        for name, ended in outcome.steps.items()
        for key, ids in ended.outputs.items()
    }
