"""The command line run in this process, against a store in which a little has been recorded."""

import os
from pathlib import Path

import pytest

import headwater
from headwater.cli.app import run
from support.commands import Dataset, Model, Pipeline, Ran, Run, Train, environment
from support.servers import Neo4jAddress


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("HEADWATER_", "AWS_")) and not name.startswith("HEADWATER_TEST"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `headwater` with arguments, in no particular store."""

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


@pytest.fixture
def cli(
    command: Run,
    store: headwater.MetadataStore,
    neo4j_server: Neo4jAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """A function that runs `headwater` with arguments, in the test's store."""
    variables = environment(neo4j_server, namespace=store.namespace, folder=tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return command


@pytest.fixture
def recorded(store: headwater.MetadataStore) -> headwater.MetadataStore:
    """The store, with `raw@1` read by two trainings that made `clf@1` and `clf@2`, and a failure."""
    raw = None
    with store.run(Train(learning_rate=0.5), context=Pipeline(name="import")) as load:
        raw = load.output(Dataset(name="raw", rows=3), key="table")
    for accuracy in (0.8, 0.9):
        with store.run(Train(), context=Pipeline(name="nightly")) as train:
            train.input(raw, key="data")
            train.output(Model(name="clf", accuracy=accuracy), payload=f"{accuracy}".encode())
    with pytest.raises(RuntimeError), store.run(Train()):
        raise RuntimeError("the engine is on fire")
    return store
