"""What the README shows is what happens."""

import importlib
import re
from pathlib import Path

import pytest

import headwater

README = Path(__file__).parent.parent / "README.md"


def examples(language: str) -> list[str]:
    return re.findall(
        rf"<!-- tests run this -->\n```{language}\n(.*?)```", README.read_text(), re.DOTALL
    )


@pytest.fixture
def printed(
    store: headwater.MetadataStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    monkeypatch.setattr(store, "close", lambda: None)
    monkeypatch.setattr(headwater, "connect", lambda: store)
    exec(compile(examples("python")[0], str(README), "exec"), {"__name__": "readme"})  # noqa: S102 - our own text
    return capsys.readouterr().out


def test_the_python_example_prints_the_lineage_of_its_model(printed: str) -> None:
    tree, _, impact = printed.partition("{")

    names = re.findall(r"clf@1|Train|wine@1|Ingest", tree)
    assert list(dict.fromkeys(names)) == ["clf@1", "Train", "wine@1", "Ingest"]
    assert '"complete": true' in impact


@pytest.mark.usefixtures("printed")
def test_the_cypher_example_finds_the_model(store: headwater.MetadataStore) -> None:
    query = examples("cypher")[0].replace("'default'", "$namespace")

    rows = list(store.cypher(query, namespace=store.namespace))

    assert rows == [{"name": "clf@1", "accuracy": 0.97}]


def test_the_pipeline_runs_and_is_cached(
    store: headwater.MetadataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "readme_pipeline.py").write_text(examples("python")[1])
    monkeypatch.syspath_prepend(str(tmp_path))
    lines = importlib.import_module("readme_pipeline").lines

    outcomes = [lines.run(store=store, count=count) for count in (20, 20, 30)]

    states = [[ended.state.value for ended in outcome.steps.values()] for outcome in outcomes]
    assert states == [["COMPLETE"] * 2, ["CACHED"] * 2, ["COMPLETE"] * 2]
    assert store.artifact("line@1").properties == {"slope": 2.0}


def test_every_file_that_the_readme_names_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())

    missing = [link for link in links if not (README.parent / link).exists()]

    assert not missing
