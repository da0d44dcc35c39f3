"""Code that is another one where a step runs than where its run read it: refused, by name."""

import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import cloudpickle
import pytest

import headwater
from headwater.components import Component, Pipeline, StepState
from headwater.components.codes import check_code, code_of
from headwater.components.workers import local_cluster
from headwater.errors import FailedPrecondition
from headwater_schema import ExecutionState
from support import steps
from support.processes import is_gone

PIPELINE = """
    from pathlib import Path

    import headwater
    from headwater.components import Input, Output, component, pipeline
    import {helper}


    class Number(headwater.Artifact):
        value: float = 0.0


    @component(cached=False)
    def edit(number: Output[Number], *, path: str = "", text: str = "") -> None:
        if path:
            Path(path).write_text(text)
        number.set(value=1.0)


    @component
    def use(number: Input[Number], result: Output[Number]) -> None:
        result.set(value={helper}.helped(number.artifact.value))


    @pipeline
    def edited(path: str = "", text: str = "") -> None:
        use(number=edit(path=path, text=text))
"""
HELPER = """
    def helped(value):
        return value + {plus}
"""


def write(folder: Path, name: str, plus: int) -> tuple[Path, str]:
    """Write a pipeline and its helper; return the helper's path, and its text in a next edition."""
    helper = f"{name}_helper"
    (folder / f"{name}.py").write_text(dedent(PIPELINE).format(helper=helper))
    path = folder / f"{helper}.py"
    path.write_text(dedent(HELPER).format(plus=plus))
    return path, dedent(HELPER).format(plus=plus + 1)


def load(name: str) -> ModuleType:
    """Import a pipeline anew, with its helper."""
    importlib.invalidate_caches()
    for known in (name, f"{name}_helper"):
        sys.modules.pop(known, None)
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder that this process and those that it starts import from."""
    made = tmp_path_factory.mktemp("elsewhere")
    known = sys.dont_write_bytecode
    # Two editions within a second and of one size look alike to Python's own cache.
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))
    sys.dont_write_bytecode = known


@pytest.fixture
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")


def test_code_that_is_the_same_passes() -> None:
    check_code(steps.double, code_of(steps.double))


def test_code_that_differs_is_named(folder: Path) -> None:
    path, text = write(folder, "named", 1)
    read = code_of(load("named").use)
    path.write_text(text)

    with pytest.raises(FailedPrecondition, match=r"named_helper\.helped differ") as error:
        check_code(load("named").use, read)

    assert error.value.values["parts"] == ("named_helper.helped",)


def test_code_that_a_process_has_imported_before_an_edit_is_not_what_the_file_says(
    folder: Path,
) -> None:
    path, text = write(folder, "held", 1)
    held: Component = load("held").use
    path.write_text(text)
    before = {name: sys.modules[name] for name in ("held", "held_helper")}
    read = code_of(load("held").use)

    sys.modules.update(before)
    with pytest.raises(FailedPrecondition, match=r"held_helper\.helped"):
        check_code(held, read)


SENT = """
    import pickle, sys
    from headwater.components.codes import check_code
    component, code = pickle.load(sys.stdin.buffer)
    try:
        check_code(component, code)
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print("alike", component.place)
"""


def sent(component: Component, folder: Path) -> str:
    """Return what another process says to a component and its code."""
    ran = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-B", "-c", dedent(SENT)],
        input=cloudpickle.dumps((component, code_of(component))),
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
    )
    return str(ran.stdout, "utf-8").strip()


def test_another_process_finds_code_at_its_place(folder: Path) -> None:
    write(folder, "placed", 1)

    assert sent(load("placed").use, folder) == "alike ('placed', 'use')"


def by_value(name: str, monkeypatch: pytest.MonkeyPatch) -> Component:
    """Return a component as a notebook has it, which no other process can import."""
    module = load(name)
    text = Path(module.__file__ or "").read_text()
    cell: dict[str, object] = {"__name__": "__main__"}
    exec(compile(text, "<cell>", "exec"), cell)  # noqa: S102 - the test's own text
    for defined in ("Number", "edit", "use"):
        monkeypatch.setattr(sys.modules["__main__"], defined, cell[defined], raising=False)
    found = cell["use"]
    assert isinstance(found, Component)
    return found


def test_what_a_notebooks_component_imports_is_compared_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, text = write(folder, "noted", 1)
    lines = (folder / "noted.py").read_text()
    monkeypatch.setitem(
        importlib.import_module("linecache").cache,
        "<cell>",
        (len(lines), None, lines.splitlines(keepends=True), "<cell>"),
    )
    component = by_value("noted", monkeypatch)

    assert sent(component, folder) == "alike None"
    code = code_of(component)
    path.write_text(text)
    monkeypatch.setitem(sys.modules, "noted_helper", load("noted_helper"))
    with pytest.raises(FailedPrecondition, match=r"noted_helper\.helped differ"):
        check_code(component, code)


VALUES = """
    import os
    import headwater
    from headwater.components import Input, Output, component, pipeline

    PROCESS = os.getpid()
    KEPT = {}


    class Number(headwater.Artifact):
        value: float = 0.0


    @component
    def make(number: Output[Number]) -> None:
        number.set(value=float(PROCESS))


    @component
    def keep(number: Input[Number], kept: Output[Number]) -> None:
        KEPT[len(KEPT)] = number.artifact.value
        kept.set(value=1.0)


    @component
    def count(number: Input[Number], counted: Output[Number]) -> None:
        counted.set(value=float(len(KEPT)))


    @pipeline
    def own() -> None:
        make()


    @pipeline
    def kept() -> None:
        count(number=keep(number=make()))
"""


@pytest.mark.usefixtures("_no_bytecode")
def test_a_value_that_is_each_processes_own_keeps_a_step_out_of_the_cache(
    store: headwater.MetadataStore, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "owned.py").write_text(dedent(VALUES))
    own: Pipeline = load("owned").own

    outcomes = [own.run(store=store, on="processes") for _ in range(2)]

    assert [o.steps["make"].state for o in outcomes] == [StepState.COMPLETE] * 2
    assert "not kept for later runs: owned.PROCESS differ" in capfd.readouterr().err
    assert own.run(store=store).steps["make"].state is StepState.COMPLETE
    assert own.run(store=store).steps["make"].state is StepState.CACHED


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("_no_bytecode")
def test_what_a_worker_keeps_between_steps_is_no_other_code(
    store: headwater.MetadataStore, folder: Path, cluster: str
) -> None:
    (folder / "keeping.py").write_text(dedent(VALUES))
    kept: Pipeline = load("keeping").kept

    outcome = kept.run(store=store, on=cluster)

    assert {ended.state for ended in outcome.steps.values()} == {StepState.COMPLETE}
    (counted,) = store.artifacts.by_ids(outcome.ids("count", "counted"))
    assert counted.properties["value"] == 1.0


def test_a_file_called_component_is_no_less_read(folder: Path) -> None:
    (folder / "component.py").write_text("def one():\n    return 1.0\n")
    (folder / "lazy.py").write_text(
        dedent("""
            import headwater
            from headwater.components import Output, component as step

            class Number(headwater.Artifact):
                value: float = 0.0

            @step
            def make(number: Output[Number]) -> None:
                from component import one
                number.set(value=one())
        """)
    )
    before = code_of(load("lazy").make)
    (folder / "component.py").write_text("def one():\n    return 99.0\n")

    assert code_of(load("lazy").make).digest != before.digest


@pytest.mark.usefixtures("_no_bytecode")
def test_a_module_that_is_edited_while_its_run_goes_on_in_processes_is_refused(
    store: headwater.MetadataStore, folder: Path
) -> None:
    path, text = write(folder, "midway", 1)
    pipeline: Pipeline = load("midway").edited

    edited = pipeline.run(store=store, on="processes", path=str(path), text=text, raising=False)

    ended = edited.steps["use"]
    assert ended.state is StepState.FAILED
    assert "midway_helper.helped differ" in ended.reason
    again = load("midway").edited.run(store=store, on="processes")
    (made,) = store.artifacts.by_ids(again.ids("use", "result"))
    assert again.steps["use"].state is StepState.COMPLETE
    assert made.properties["value"] == 3.0


@pytest.fixture
def cluster(folder: Path) -> Iterator[str]:
    """Yield the address of a scheduler whose worker imports from the folder."""
    assert folder.is_dir()
    with local_cluster(1) as started:
        yield f"dask://{started.scheduler_address.removeprefix('tcp://')}"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("_no_bytecode")
def test_a_worker_that_holds_code_from_before_an_edit_is_refused(
    store: headwater.MetadataStore, folder: Path, cluster: str
) -> None:
    path, text = write(folder, "lasting", 1)
    first = load("lasting").edited.run(store=store, on=cluster)
    path.write_text(text)

    second = load("lasting").edited.run(store=store, on=cluster, raising=False)

    assert first.is_good
    assert second.steps["use"].state is StepState.FAILED
    assert "lasting_helper.helped differ" in second.steps["use"].reason
    assert load("lasting").edited.run(store=store).steps["use"].state is StepState.COMPLETE


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_run_on_a_cluster_that_is_cancelled_stops_what_it_can(
    store: headwater.MetadataStore, tmp_path: Path, cluster: str
) -> None:
    child = tmp_path / "child"
    cancel = threading.Event()
    patient = replace(steps.hang, timeout_s=600.0)
    settings = replace(store.settings, heartbeat_s=0.5)

    @headwater.components.pipeline
    def hanging() -> None:
        patient(numbers=steps.make(), child_file=str(child))

    def cancel_once_it_hangs() -> None:
        while not child.exists():
            time.sleep(0.05)
        cancel.set()

    canceller = threading.Thread(target=cancel_once_it_hangs)
    canceller.start()
    outcome = hanging.run(settings=settings, on=cluster, cancel=cancel)
    canceller.join()

    assert outcome.steps["hang"].state is StepState.CANCELED
    (hang,) = (e for e in store.executions.all() if e.type == "Hang")
    assert hang.last_known_state is ExecutionState.CANCELED
    assert store.heartbeats.all() == []
    # Ten times sooner than the step may take.
    assert is_gone(int(child.read_text()), within_s=60)
