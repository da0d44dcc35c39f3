"""The benchmarks' generator: the same graph from the same seed, and as MLMD's own database."""

import importlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import Internal
from headwater.interchange.mlmd_reader import MlmdSource
from headwater.objects import ObjectStore
from headwater.services.stored_values import ValueEncoder
from headwater_schema import EventType, TypeKind

BENCH = Path(__file__).parents[2] / "bench"
NODES = {"layered": 3_000, "chain": 600, "hub": 600}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what imports a module of the benchmarks, which are scripts and no package."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield importlib.import_module
    for name in ("generate", "lineages", "mlmd_sqlite"):
        sys.modules.pop(name, None)


def no_objects() -> ObjectStore:
    raise Internal("Generated values are small.")


def content(source: Any) -> dict[str, list[Any]]:
    """Return all that a source gives; the types as plain values, without the order of their keys."""
    nodes = {str(kind): list(source.stored_nodes(kind)) for kind in TypeKind}
    return {
        **nodes,
        "types": [
            (t.id, t.kind, t.name, sorted(t.properties.items()), t.version) for t in source.types()
        ],
        "events": [tuple(event) for event in source.events()],
        "attributions": [tuple(link) for link in source.attributions()],
        "associations": [tuple(link) for link in source.associations()],
        "parents": [tuple(link) for link in source.parents()],
    }


@pytest.mark.parametrize("shape", NODES)
def test_the_mlmd_database_holds_what_was_generated(bench: Any, shape: str, tmp_path: Path) -> None:
    made = bench("generate").Generated(shape, NODES[shape], seed=3)
    path = tmp_path / "mlmd.sqlite"

    bench("mlmd_sqlite").write_mlmd(path, made)

    with MlmdSource(str(path), ValueEncoder(no_objects, 100_000)) as source:
        assert content(source) == content(made)
        assert source.oddities.all() == []
        assert source.version == 10
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        next_id = "SELECT seq FROM sqlite_sequence WHERE name = 'Artifact'"
        assert connection.execute(next_id).fetchone() == (made.lineage.artifacts,)


def test_a_seed_gives_the_same_graph_again_and_another_another(bench: Any) -> None:
    generated = bench("generate").Generated

    first, again, other = (content(generated("layered", 2_000, seed)) for seed in (5, 5, 6))

    assert first == again
    assert first["events"] != other["events"]
    assert first["ARTIFACT"] != other["ARTIFACT"]


def test_a_layered_graph_is_deep_and_full_of_diamonds(bench: Any) -> None:
    lineage = bench("lineages").lineage("layered", 10_000, 7)
    level = dict.fromkeys(range(lineage.roots), 0)
    for execution in range(lineage.executions):
        below = max(level[artifact] for artifact in lineage.inputs_of(execution))
        level.update(dict.fromkeys(lineage.outputs_of(execution), below + 2))
    readers: dict[int, int] = {}
    for artifact in lineage.inputs:
        readers[artifact] = readers.get(artifact, 0) + 1

    assert abs(lineage.nodes - 10_000) < 10
    assert max(level.values()) > 80
    assert 0.6 < lineage.artifacts / lineage.nodes < 0.66
    assert sum(count > 1 for count in readers.values()) > lineage.artifacts / 3
    assert all(
        artifact < lineage.first_output[execution]
        for execution in range(lineage.executions)
        for artifact in lineage.inputs_of(execution)
    )


def test_a_chain_is_one_execution_after_another(bench: Any) -> None:
    made = bench("generate").Generated("chain", 1_000, seed=7)

    pairs = [(artifact, execution, kind) for _, artifact, execution, kind, *_ in made.events()]

    assert pairs[:3] == [(1, 1, EventType.INPUT), (2, 1, EventType.OUTPUT), (2, 2, EventType.INPUT)]
    assert len(pairs) == 2 * made.lineage.executions
    assert made.lineage.artifacts == made.lineage.executions + 1


def test_a_hub_is_read_by_every_execution(bench: Any) -> None:
    made = bench("generate").Generated("hub", 1_000, seed=7)

    reads = [event[1] for event in made.events() if event[3] is EventType.INPUT]

    assert reads == [1] * made.lineage.executions
    assert made.lineage.executions > 480
