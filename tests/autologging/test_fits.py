"""Fits of scikit-learn's estimators: which are recorded, with what, and from where their data came."""

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import joblib  # type: ignore[import-untyped] # ships no stubs
import pytest

import headwater
from headwater_schema import Execution as ExecutionNode
from headwater_schema import ExecutionState

DOCUMENTED = Path(__file__).parents[2] / "docs" / "autolog.md"
Script = Callable[..., subprocess.CompletedProcess[str]]

START = """
        import headwater
        log = headwater.autolog()
        import pandas as pd
        from sklearn.linear_model import LogisticRegression
        data = pd.read_csv("data.csv")
        X, y = data[["a", "b"]], data["y"]
        """


def fits(store: headwater.MetadataStore) -> list[ExecutionNode]:
    return sorted(store.executions.by_type("Fit"), key=lambda fit: fit.id or 0)


def estimators(store: headwater.MetadataStore) -> list[str]:
    return [str(fit.properties["estimator"]) for fit in fits(store)]


def inputs(store: headwater.MetadataStore, fit: ExecutionNode) -> list[str]:
    lineage = store.upstream(f"execution:{fit.id}", max_hops=1)
    nodes = store.artifacts.by_ids([node.id for node in lineage.artifacts()])
    return sorted(str(node.uri).rpartition("/")[2] for node in nodes)


def test_a_model_comes_from_its_csv(store: headwater.MetadataStore, script: Script) -> None:
    script(
        START
        + """
        from sklearn.model_selection import train_test_split
        X, _, y, _ = train_test_split(X, y, test_size=0.25, random_state=0)
        LogisticRegression(C=0.5).fit(X.drop(columns="b"), y)
        """
    )

    (fit,) = fits(store)
    (script_execution,) = store.executions.by_type("Script")
    assert fit.last_known_state is ExecutionState.COMPLETE
    assert {k: v for k, v in fit.properties.items() if k != "training_time_s"} == {
        "estimator": "LogisticRegression",
        "rows": 30,
        "columns": 1,
        "script_execution_id": script_execution.id,
    }
    assert fit.properties["training_time_s"] > 0
    assert fit.custom_properties["C"] == 0.5
    assert fit.custom_properties["inputs_known"] is True
    model = store.artifact("train/LogisticRegression@1")
    assert model.custom_properties == {}
    assert [node.type for node in store.upstream(model).nodes] == ["Model", "Fit", "File"]
    assert inputs(store, fit) == ["data.csv"]


def test_the_documented_script_leads_from_its_model_to_its_data(
    store: headwater.MetadataStore, script: Script
) -> None:
    (text,) = re.findall(
        r"<!-- tests run this -->\n```python\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL
    )

    script(text)

    lineage = store.upstream(store.artifact("train/LogisticRegression"))
    assert [node.type for node in lineage.nodes] == ["Model", "Fit", "File"]
    assert inputs(store, fits(store)[0]) == ["data.csv"]


def test_a_model_says_its_class_module_and_version(
    store: headwater.MetadataStore, script: Script
) -> None:
    ran = script(
        START
        + """
        import sklearn
        print(sklearn.__version__)
        LogisticRegression().fit(X, y)
        """
    )

    (model,) = store.artifacts.by_type("Model")
    assert dict(model.properties) == {
        "estimator": "LogisticRegression",
        "module": "sklearn.linear_model._logistic",
        "scikit_learn": ran.stdout.strip(),
    }
    assert model.digest is None


def test_only_outermost_fits_are_recorded(store: headwater.MetadataStore, script: Script) -> None:
    script(
        START
        + """
        from sklearn.ensemble import RandomForestClassifier, VotingClassifier
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        import joblib

        pipeline = make_pipeline(StandardScaler(), LogisticRegression())
        pipeline.fit(X, y)
        make_pipeline(StandardScaler(), StandardScaler()).fit_transform(X)
        cross_val_score(pipeline, X, y, cv=2)
        with joblib.parallel_backend("threading", n_jobs=2):
            search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2, n_jobs=2)
            search.fit(X, y)
            VotingClassifier([("a", LogisticRegression()), ("b", pipeline)], n_jobs=2).fit(X, y)
        RandomForestClassifier(n_estimators=3).fit(X, y)
        StandardScaler().fit_transform(X)
        """
    )

    assert estimators(store) == [
        "Pipeline",
        "Pipeline",
        "GridSearchCV",
        "VotingClassifier",
        "RandomForestClassifier",
        "StandardScaler",
    ]
    search = fits(store)[2].custom_properties
    assert search["best_logisticregression__C"] in {0.1, 1.0}
    assert 0 <= search["best_score"] <= 1
    assert all(inputs(store, fit) == ["data.csv"] for fit in fits(store))


def test_estimators_of_the_script_itself_are_recorded_and_pickled(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        START
        + """
        from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
        from sklearn.model_selection import GridSearchCV

        class Mine(ClassifierMixin, BaseEstimator):
            def __init__(self, depth=1):
                self.depth = depth
            def fit(self, X, y):
                self.inner_ = LogisticRegression().fit(X, y)
                self.classes_ = self.inner_.classes_
                return self
            def predict(self, X):
                return self.inner_.predict(X)

        class Same(TransformerMixin, BaseEstimator):
            def fit_transform(self, X, y=None):
                return X

        Mine().fit(X, y)
        Same().fit_transform(X)
        GridSearchCV(Mine(), {"depth": [1, 2]}, cv=2, n_jobs=2).fit(X, y)
        """
    )

    assert estimators(store) == ["Mine", "Same", "GridSearchCV"]


def test_a_fit_that_fails_is_recorded_and_raises(
    store: headwater.MetadataStore, script: Script
) -> None:
    ran = script(
        START
        + """
        try:
            LogisticRegression().fit(X, y * 0)
        except ValueError as error:
            print(str(error)[:20], error.__traceback__.tb_next is not None)
        """
    )

    (fit,) = fits(store)
    assert ran.stdout == "This solver needs sa True\n"
    assert fit.last_known_state is ExecutionState.FAILED
    assert str(fit.custom_properties["error"]).startswith("ValueError: This solver needs")
    assert store.artifacts.by_type("Model") == []
    assert store.executions.by_type("Script")[0].last_known_state is ExecutionState.COMPLETE


def test_inputs_that_are_not_known_are_not_guessed(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        START
        + """
        LogisticRegression().fit(X.to_numpy(), y.to_numpy())
        LogisticRegression().fit(X.to_numpy(), y)
        """
    )

    neither, half = fits(store)
    assert neither.custom_properties["inputs_known"] is False
    assert inputs(store, neither) == []
    assert half.custom_properties["inputs_known"] is False
    assert inputs(store, half) == ["data.csv"]


def test_a_joined_table_comes_from_both_files(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        START
        + """
        data.assign(c=1)[["a", "c"]].to_csv("more.csv", index=False)
        more = pd.read_csv("more.csv")
        for joined in (
            data.merge(more, on="a"),
            pd.merge(left=data, right=more, on="a"),
            pd.concat([data, more[["c"]]], axis=1),
            data.join(more[["c"]]),
        ):
            LogisticRegression().fit(joined[["a", "c"]], joined["y"])
        """
    )

    assert [inputs(store, fit) for fit in fits(store)] == [["data.csv", "more.csv"]] * 4


def test_payloads_are_kept_where_they_are_wanted(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import headwater
        headwater.autolog(payloads=True, name="study", pandas=False)
        from sklearn.linear_model import LinearRegression
        LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
        """
    )

    content = store.read_bytes("study/LinearRegression@1")
    assert joblib.load(io.BytesIO(content)).predict([[2.0]])[0] == pytest.approx(4.0)


def test_fits_can_be_switched_off(store: headwater.MetadataStore, script: Script) -> None:
    script(
        """
        import headwater
        headwater.autolog(sklearn=False)
        import pandas as pd
        from sklearn.linear_model import LinearRegression
        data = pd.read_csv("data.csv")
        LinearRegression().fit(data[["a"]], data["b"])
        """
    )

    assert len(store.executions.by_type("Script")) == 1
    assert store.executions.by_type("Fit") == []


@pytest.mark.parametrize("first", ["headwater.autolog()", "import sklearn.linear_model"])
def test_scikit_learn_is_patched_whenever_it_is_imported(
    store: headwater.MetadataStore, script: Script, first: str
) -> None:
    script(
        f"""
        import sys
        import headwater
        {first}
        assert ("sklearn" in sys.modules) == ("sklearn" in "{first}")
        headwater.autolog()
        from sklearn.linear_model import LinearRegression
        from sklearn.cluster import KMeans
        LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
        KMeans(2).fit_predict([[0.0], [1.0]])
        """
    )

    assert estimators(store) == ["LinearRegression", "KMeans"]
