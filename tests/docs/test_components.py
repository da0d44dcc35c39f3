"""What the guide to components shows is what happens."""

import importlib
import re
from pathlib import Path

import pytest

import headwater
from headwater.components import Component, StepState, standard

GUIDE = (Path(__file__).parents[2] / "docs" / "components.md").read_text("utf-8")


def test_the_example_runs_and_is_cached(
    store: headwater.MetadataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = re.search(r"<!-- tests run this -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    (tmp_path / "guide_example.py").write_text(found[1])
    (tmp_path / "wine.csv").write_text("alcohol,name\n14.23,a\n13.2,b\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    pipeline = importlib.import_module("guide_example").ranges

    pipeline.run(path=str(tmp_path / "wine.csv"), store=store)
    again = pipeline.run(path=str(tmp_path / "wine.csv"), store=store)

    states = {name: ended.state for name, ended in again.steps.items()}
    assert states == {
        "import-file": StepState.CACHED,
        "ingest": StepState.CACHED,
        "measure-ranges": StepState.CACHED,
    }
    made = store.artifact("ranges.measure-ranges.ranges")
    assert store.read_bytes(made).split() == [
        b"{",
        b'"alcohol":',
        b"[",
        b"13.2,",
        b"14.2",
        b"]",
        b"}",
    ]


def test_every_standard_component_has_a_line() -> None:
    components = [n for n in standard.__all__ if isinstance(getattr(standard, n), Component)]

    told = re.findall(r"^\| `(\w+)` \| [^|]*→", GUIDE, re.MULTILINE)

    assert sorted(told) == sorted(components)
