"""A generated graph of ML lineage: the same content as a headwater store and as MLMD's database.

    python -m bench.generate layered --nodes 1000000 --sqlite FILE --home FOLDER
    python -m bench.generate hub --sqlite FILE

Ids, names, values and times follow from the shape, the size and the seed alone; doubles
have few digits, as MLMD's client rounds longer ones. The headwater store is a home of its own,
written by the offline bulk load and left stopped.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lineages import HUB_READERS, RUN_EXECUTIONS, SHAPES, lineage
from mlmd_sqlite import write_mlmd

from headwater import load_settings
from headwater.interchange.bulk import bulk_load
from headwater.local import down
from headwater_schema import ArtifactType, ContextType, EventType, ExecutionType, TypeKind
from headwater_schema.types import FIRST_USER_TYPE_ID, SYSTEM_TYPES

SEED = 7
EPOCH_MS = 1_700_000_000_000
RUNS_OF_PIPELINE = 1_000
_DATA, _MODEL, _METRICS, _TRANSFORM, _TRAIN, _EVALUATE, _RUN, _PIPELINE = range(
    FIRST_USER_TYPE_ID, FIRST_USER_TYPE_ID + 8
)
_OUTPUT_TYPES = (_DATA, _MODEL, _METRICS)
_EXECUTION_TYPES = (_TRANSFORM, _TRAIN, _EVALUATE)
TYPES = (
    ArtifactType(id=_DATA, name="Data", properties={"rows": "INT", "split": "STRING"}),
    ArtifactType(id=_MODEL, name="Model", properties={"accuracy": "DOUBLE", "framework": "STRING"}),
    ArtifactType(id=_METRICS, name="Metrics", properties={"loss": "DOUBLE", "step": "INT"}),
    ExecutionType(id=_TRANSFORM, name="Transform", properties={"workers": "INT"}),
    ExecutionType(
        id=_TRAIN,
        name="Train",
        properties={"learning_rate": "DOUBLE", "epochs": "INT", "optimizer": "STRING"},
    ),
    ExecutionType(id=_EVALUATE, name="Evaluate", properties={"batch": "INT", "slice": "STRING"}),
    ContextType(id=_RUN, name="Run", properties={"branch": "STRING"}),
    ContextType(id=_PIPELINE, name="Pipeline"),
)
_NAMES = {node_type.id: node_type.name for node_type in TYPES}
_SPLITS = ("train", "eval", "test")
_FRAMEWORKS = ("jax", "pytorch", "sklearn", "tensorflow", "xgboost")
_OPTIMIZERS = ("adam", "adamw", "lamb", "sgd")


class Generated:
    """All nodes and edges of one generated graph, as `headwater.interchange.bulk.Source` says.

    Every stream can be had any number of times and gives the same.

    Args:
        shape: one of `SHAPES`.
        nodes: about how many there will be.
        seed: another gives another graph.
    """

    def __init__(self, shape, nodes, seed):
        self.lineage = lineage(shape, nodes, seed)
        self._seed = seed

    @property
    def pipelines(self):
        """How many contexts hold the runs."""
        return -(-self.lineage.runs // RUNS_OF_PIPELINE)

    def types(self):
        """Return the types, those that every store has first."""
        models = {TypeKind.ARTIFACT: ArtifactType, TypeKind.EXECUTION: ExecutionType}
        system = [
            models[kind](id=number, name=name)
            for number, (kind, name) in enumerate(SYSTEM_TYPES, 1)
        ]
        return [*system, *TYPES]

    def stored_nodes(self, kind):
        """Yield the nodes of a kind by id, as headwater stores them."""
        match kind:
            case TypeKind.ARTIFACT:
                return self._artifacts()
            case TypeKind.EXECUTION:
                return map(self._execution, range(self.lineage.executions))
            case TypeKind.CONTEXT:
                return self._contexts()

    def events(self):
        """Yield the events: of each execution what it reads, then what it writes."""
        ordinal = 0
        for execution in range(self.lineage.executions):
            time_ms = _time(execution)
            for kind, artifacts, path in (
                (EventType.INPUT, self.lineage.inputs_of(execution), '[{"key":"examples"}]'),
                (EventType.OUTPUT, self.lineage.outputs_of(execution), '[{"key":"result"}]'),
            ):
                for artifact in artifacts:
                    ordinal += 1
                    yield ordinal, artifact + 1, execution + 1, kind, time_ms, path

    def attributions(self):
        """Yield the run in which each artifact was written; the roots are in none."""
        first = self.lineage.first_output
        number = 0
        for execution in range(self.lineage.executions):
            run = execution // RUN_EXECUTIONS + 1
            for artifact in range(first[execution], first[execution + 1]):
                number += 1
                yield number, artifact + 1, run

    def associations(self):
        """Yield the run of each execution."""
        for execution in range(self.lineage.executions):
            yield execution + 1, execution + 1, execution // RUN_EXECUTIONS + 1

    def parents(self):
        """Yield the pipeline of each run."""
        runs = self.lineage.runs
        for run in range(runs):
            yield run + 1, runs + run // RUNS_OF_PIPELINE + 1

    def _artifacts(self):
        for artifact in range(self.lineage.roots):
            yield self._artifact(artifact, _DATA, 0)
        first = self.lineage.first_output
        for execution in range(self.lineage.executions):
            type_id = _OUTPUT_TYPES[execution % 3]
            for artifact in range(first[execution], first[execution + 1]):
                yield self._artifact(artifact, type_id, execution)

    def _artifact(self, number, type_id, execution):
        noise = self._noise(number)
        node = _node(number, type_id, execution)
        if number % 10:
            node["name"] = f"{node['type'].lower()}-{number + 1}"
        node["uri"] = f"s3://lake/{node['type'].lower()}/{noise % 1_000}/{number + 1}"
        node["state"] = "LIVE" if noise % 50 else "MARKED_FOR_DELETION"
        if type_id == _DATA:
            node["p_rows"] = noise % 10_000_000
            node["p_split"] = _SPLITS[noise % 3]
        elif type_id == _MODEL:
            node["p_accuracy"] = round(noise % 1_000_003 / 1_000_003, 6)
            node["p_framework"] = _FRAMEWORKS[noise % 5]
        else:
            node["p_loss"] = round(noise % 999_983 / 99_991, 6)
            node["p_step"] = noise % 100_000
        node["c_owner"] = f"team-{noise % 40}"
        node["c_size_mb"] = noise % 4_000_037 / 1_024
        return node

    def _execution(self, number):
        noise = self._noise(number ^ 0x5555)
        type_id = _EXECUTION_TYPES[number % 3]
        node = _node(number, type_id, number)
        node["last_known_state"] = "COMPLETE" if noise % 20 else "CACHED"
        if type_id == _TRANSFORM:
            node["p_workers"] = noise % 64 + 1
        elif type_id == _TRAIN:
            node["p_learning_rate"] = round((noise % 997 + 1) / 99_700, 6)
            node["p_epochs"] = noise % 90 + 1
            node["p_optimizer"] = _OPTIMIZERS[noise % 4]
        else:
            node["p_batch"] = 2 ** (noise % 12)
            node["p_slice"] = _SPLITS[noise % 3]
        node["c_host"] = f"host-{noise % 200}"
        node["c_seconds"] = round(noise % 86_413 / 24, 3)
        return node

    def _contexts(self):
        runs = self.lineage.runs
        for run in range(runs):
            node = _node(run, _RUN, run * RUN_EXECUTIONS)
            node["name"] = f"run-{run + 1}"
            node["p_branch"] = "main" if self._noise(run) % 4 else f"try-{run}"
            yield node
        for pipeline in range(self.pipelines):
            node = _node(runs + pipeline, _PIPELINE, 0)
            node["name"] = f"pipeline-{pipeline + 1}"
            yield node

    def _noise(self, number):
        """Return 32 bits that look random and follow from the seed and a number."""
        mixed = (number + self._seed * 0x9E3779B9) * 0x85EBCA6B & 0xFFFFFFFF
        return (mixed ^ mixed >> 15) * 0xC2B2AE35 >> 7 & 0xFFFFFFFF


def _node(number, type_id, execution):
    made = _time(execution)
    return {
        "id": number + 1,
        "type_id": type_id,
        "type": _NAMES[type_id],
        "create_time_since_epoch": made,
        "last_update_time_since_epoch": made,
    }


def _time(execution):
    return EPOCH_MS + execution * 1_000


def main():
    """Write the graph that the command line describes."""
    parser = argparse.ArgumentParser(prog="bench.generate", description=__doc__.split("\n")[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--nodes", type=int, help="about how many; 10,000, for a hub 200,000")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sqlite", type=Path, help="write MLMD's database to this new file")
    parser.add_argument("--home", type=Path, help="write a headwater store to this new home")
    parser.add_argument("--namespace", default="default", help="of the headwater store")
    arguments = parser.parse_args()
    nodes = arguments.nodes or (2 * HUB_READERS if arguments.shape == "hub" else 10_000)
    with _timed("generate"):
        made = Generated(arguments.shape, nodes, arguments.seed)
    shape = made.lineage
    print(
        f"{shape.artifacts:,} artifacts, {shape.executions:,} executions, "
        f"{shape.runs + made.pipelines:,} contexts, "
        f"{len(shape.inputs) + shape.artifacts - shape.roots:,} events"
    )
    if arguments.sqlite:
        with _timed(f"write {arguments.sqlite}"):
            write_mlmd(arguments.sqlite, made)
    if arguments.home:
        settings = replace(load_settings(), home=arguments.home.absolute(), neo4j=None)
        with _timed(f"load {arguments.home}"):
            address = f"{arguments.shape} {nodes} {arguments.seed}"
            loaded = bulk_load(settings, made, namespace=arguments.namespace, address=address)
            down(settings)
        print(
            "  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in loaded.seconds.items())
        )


class _timed:  # noqa: N801 - reads as a statement
    def __init__(self, what):
        self._what = what

    def __enter__(self):
        self._begin = time.monotonic()

    def __exit__(self, *_):
        print(f"{self._what}: {time.monotonic() - self._begin:.1f} s", flush=True)


if __name__ == "__main__":
    main()
