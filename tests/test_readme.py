"""What the README shows is what happens."""

import re
from pathlib import Path

import pytest

import headwater

README = Path(__file__).parent.parent / "README.md"


def example(language: str) -> str:
    found = re.search(
        rf"<!-- tests run this -->\n```{language}\n(.*?)```", README.read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]


@pytest.fixture
def printed(
    store: headwater.MetadataStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    monkeypatch.setattr(store, "close", lambda: None)
    monkeypatch.setattr(headwater, "connect", lambda: store)
    exec(compile(example("python"), str(README), "exec"), {"__name__": "readme"})  # noqa: S102 - our own text
    return capsys.readouterr().out


def test_the_python_example_prints_the_lineage_of_its_model(printed: str) -> None:
    tree, _, impact = printed.partition("{")

    names = re.findall(r"clf@1|Train|wine@1|Ingest", tree)
    assert list(dict.fromkeys(names)) == ["clf@1", "Train", "wine@1", "Ingest"]
    assert '"complete": true' in impact


@pytest.mark.usefixtures("printed")
def test_the_cypher_example_finds_the_model(store: headwater.MetadataStore) -> None:
    query = example("cypher").replace("'default'", "$namespace")

    rows = list(store.cypher(query, namespace=store.namespace))

    assert rows == [{"name": "clf@1", "accuracy": 0.97}]


def test_every_file_that_the_readme_names_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())

    missing = [link for link in links if not (README.parent / link).exists()]

    assert not missing
