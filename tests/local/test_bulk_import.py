"""An offline import is there whole or not at all, however it ends."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headwater.errors import Aborted, FailedPrecondition, Internal
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.local import status, up
from headwater.local.bulk_import import Files, Imported, Input, Stage, database_mark, staged
from headwater.local.layout import Layout, layout
from headwater.local.progress import Silent
from headwater.local.stage import commit, settle, stage_of
from headwater.settings import Settings

PARTS = ("databases", "transactions")
COUNT = Statement("test/count", "MATCH (node) RETURN count(node)")
MAKE = Statement("test/make", "CREATE (:Kept)")
CHILD = """
import os, sys
from dataclasses import replace
from pathlib import Path
from headwater.local.bulk_import import database_mark, staged
from headwater.settings import load_settings
from local.test_bulk_import import nodes_and_edges

class Told:
    def begin(self, task, total): pass
    def advance(self, amount): print("importing", flush=True)
    def end(self): pass

settings = replace(load_settings({}), home=Path(sys.argv[1]))
with staged(settings, mark=database_mark(settings), progress=Told()) as stage:
    given = nodes_and_edges(stage, edges="1,2", count=300_000)
    stage.load(given, progress=Told())
    print("loaded", flush=True)
    sys.stdin.readline()
"""


def nodes_and_edges(stage: Stage, *, edges: str, count: int = 3) -> Input:
    texts = {
        "nodes-header.csv": ":ID(Thing),id:long,note:string",
        "nodes.csv": "\n".join(f'{i},{i},"note ""{i}"""' for i in range(1, count + 1)),
        "edges-header.csv": ":START_ID(Thing),:END_ID(Thing),weight:double",
        "edges.csv": f"{edges},0.5",
    }
    for name, text in texts.items():
        (stage.folder / name).write_text(text + "\n")
    parts = [
        Files(name, stage.folder / f"{kind}-header.csv", (stage.folder / f"{kind}.csv",))
        for name, kind in (("Thing", "nodes"), ("TO", "edges"))
    ]
    return Input(nodes=parts[:1], relationships=parts[1:])


def count(settings: Settings) -> int:
    neo4j = up(settings, compiler="c1").neo4j
    with Graph(neo4j.address or "", password=neo4j.password()) as graph:
        return int(graph.read(COUNT)[0][0])


def written(settings: Settings) -> None:
    neo4j = up(settings, compiler="c1").neo4j
    with Graph(neo4j.address or "", password=neo4j.password()) as graph:
        graph.write_alone(MAKE)


def database(place: Layout, content: str) -> None:
    for part in PARTS:
        folder = place.data / part / "neo4j"
        folder.mkdir(parents=True)
        (folder / "content").write_text(content)


def contents(place: Layout) -> list[str]:
    files = (place.data / part / "neo4j" / "content" for part in PARTS)
    return [file.read_text() for file in files if file.exists()]


def test_a_stage_that_was_not_committed_is_thrown_away(settings: Settings) -> None:
    place = layout(settings, "neo4j")
    database(place, "old")
    database(stage_of(place), "new")

    assert not settle(place)

    assert contents(place) == ["old", "old"]
    assert not stage_of(place).home.exists()


@pytest.mark.parametrize("had_one", [True, False])
def test_a_committed_stage_takes_the_databases_place(settings: Settings, *, had_one: bool) -> None:
    place = layout(settings, "neo4j")
    if had_one:
        database(place, "old")
    database(stage_of(place), "new")
    commit(place)

    assert settle(place)

    assert contents(place) == ["new", "new"]
    assert not stage_of(place).home.exists()


@pytest.mark.parametrize("moved", range(5))
def test_an_exchange_killed_after_any_step_is_completed(settings: Settings, moved: int) -> None:
    place, stage = layout(settings, "neo4j"), stage_of(layout(settings, "neo4j"))
    database(place, "old")
    database(stage, "new")
    commit(place)
    steps = []
    for part in PARTS:
        replaced = stage.home / "replaced" / part
        replaced.mkdir(parents=True)
        steps += [
            (place.data / part / "neo4j", replaced / "neo4j"),
            (stage.data / part / "neo4j", place.data / part / "neo4j"),
        ]
    for source, target in steps[:moved]:
        source.rename(target)

    settle(place)

    assert contents(place) == ["new", "new"]
    assert not stage.home.exists()


def test_what_is_left_of_a_settled_stage_does_no_harm(settings: Settings) -> None:
    place = layout(settings, "neo4j")
    database(stage_of(place), "new")
    commit(place)
    settle(place)
    database(stage_of(place), "left over")
    commit(place)
    shutil.rmtree(stage_of(place).data)

    settle(place)

    assert contents(place) == ["new", "new"]


def test_a_server_elsewhere_is_not_loaded_offline(settings: Settings) -> None:
    elsewhere = replace(settings, neo4j="bolt://127.0.0.1:1")

    with (
        pytest.raises(FailedPrecondition, match="bolt:"),
        staged(elsewhere, mark="", progress=Silent()),
    ):
        pass

    assert not settings.home.exists()


def test_a_database_written_to_since_the_mark_is_left_alone(settings: Settings) -> None:
    mark = database_mark(settings)
    written(settings)

    with (
        pytest.raises(Aborted, match="written to"),
        staged(settings, mark=mark, progress=Silent()),
    ):
        pass

    assert count(settings) == 1


def test_the_mark_changes_with_a_commit_and_not_with_a_read_or_a_stop(settings: Settings) -> None:
    written(settings)
    first = database_mark(settings)
    count(settings)
    same = database_mark(settings)
    written(settings)
    second = database_mark(settings)

    with staged(settings, mark=second, progress=Silent()) as stage:
        running = status(settings).neo4j.running
        folder = stage.folder

    assert first == same != second
    assert not running
    assert not folder.exists()


def test_an_import_that_fails_says_why_and_leaves_the_database(settings: Settings) -> None:
    written(settings)

    with (
        pytest.raises(Internal, match="importer failed") as raised,
        staged(settings, mark=database_mark(settings), progress=Silent()) as stage,
    ):
        stage.load(nodes_and_edges(stage, edges="1,99"), progress=Silent())

    assert any("99" in line for line in raised.value.lines)  # type: ignore[attr-defined]
    assert count(settings) == 1


def test_an_import_takes_the_place_of_the_database_and_keeps_its_password(
    settings: Settings,
) -> None:
    written(settings)
    password = status(settings).neo4j.password()

    with staged(settings, mark=database_mark(settings), progress=Silent()) as stage:
        imported = stage.load(nodes_and_edges(stage, edges="1,2"), progress=Silent())
        stage.commit()

    assert imported == Imported(nodes=3, relationships=1, properties=7)
    assert count(settings) == 3
    assert status(settings).neo4j.password() == password


def test_a_load_killed_while_the_importer_writes_leaves_the_database_as_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    written(settings)

    with subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-c", CHILD, str(settings.home)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        child.send_signal(signal.SIGKILL)

    assert first == "importing\n"
    assert count(settings) == 1
    assert not stage_of(layout(settings, "neo4j")).home.exists()
    assert not list(tmp_path.rglob("nodes.csv"))
