"""Benchmarks: headwater beside its peers, in turns within one run, printed as ratios.

    make bench                       all of them
    make bench ARGS="single bulk"    some of them

Needs the local Neo4j (started where it does not run) and, for MLMD, Python 3.11.
"""

import argparse
import statistics
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dag import Dag
from ours import Ours
from peer import mlmd
from reading import reading
from rich.console import Console
from rich.table import Table
from steps import steps

import headwater

BATCH = 1_000
WARM_UP = 500


def main():
    """Run the benchmarks that the command line names."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all if none")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of taking turns")
    parser.add_argument("--nodes", type=int, default=100_000, help="size of the lineage graph")
    parser.add_argument("--sqlite", type=Path, help="MLMD's side of `python -m bench.generate`")
    parser.add_argument("--home", type=Path, help="headwater's side of the same")
    parser.add_argument("--steps", type=int, default=1_000, help="steps of the pipeline")
    parser.add_argument("--kfp-steps", type=int, default=20, help="steps beside KFP, 2 or more")
    arguments = parser.parse_args()
    table = Table("benchmark", "headwater", "peer", "ratio", "note")
    for name in arguments.names or BENCHMARKS:
        for row in BENCHMARKS[name](arguments):
            table.add_row(*row)
    terminal = Console()
    (terminal if terminal.is_terminal else Console(width=200)).print(table)


def single(arguments):
    """Compare one put of an execution with MLMD's put_execution."""
    per_round = max(500 // arguments.rounds, 1)
    with mlmd() as peer, _store() as store:
        ours = Ours(store, indexed=True)
        # A Java server compiles what it runs often; both sides warm up alike.
        ours.single(0, WARM_UP)
        peer.ask("single", 0, WARM_UP)
        mine, theirs = [], []
        for turn in range(arguments.rounds):
            first = WARM_UP + turn * per_round
            mine += ours.single(first, per_round)
            theirs += peer.ask("single", first, per_round)
        _demand_equal(ours.count(), peer.ask("count"))
    a, b = statistics.median(mine), statistics.median(theirs)
    spread = f"min {min(mine) * 1e3:.2f} and {min(theirs) * 1e3:.2f} ms; {len(mine)} puts each"
    yield f"single put, p50, against {MLMD}", _ms(a), _ms(b), f"{a / b:.2f}x its time", spread


def bulk(arguments):
    """Compare puts of 1,000 executions with MLMD's put_lineage_subgraph of the same content."""
    with mlmd() as peer, _store() as with_indexes, _store() as without:
        sides = {
            "with indexes": Ours(with_indexes, indexed=True).bulk,
            "without indexes": Ours(without, indexed=False).bulk,
            "peer": lambda first, count: peer.ask("bulk", first, count),
        }
        seconds = {name: [] for name in sides}
        for turn in range(arguments.rounds + 2):
            for name, run in sides.items():
                taken = run(turn * BATCH, BATCH)
                if turn >= 2:  # noqa: PLR2004 - two rounds of warming up
                    seconds[name] += taken
    peer_rate = _rate(seconds.pop("peer"))
    for name, taken in seconds.items():
        rate = _rate(taken)
        yield (
            f"batch of {BATCH:,} executions, {name}, against {MLMD}",
            f"{rate:,.0f} nodes/s",
            f"{peer_rate:,.0f} nodes/s",
            f"{rate / peer_rate:.2f}x its rate",
            f"median of {len(taken)}; best {2 * BATCH / min(taken):,.0f} nodes/s",
        )


def lineage(arguments):
    """Compare the ids upstream of a node with a breadth-first search in memory."""
    with _store() as store:
        dag = Dag(store, arguments.nodes)
        graph, start = dag.in_memory()
        mine, theirs = [], []
        for _ in range(arguments.rounds):
            begin = time.perf_counter()
            found = store.lineage.ids(dag.last, headwater.Direction.UPSTREAM)
            mine.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            expected = dag.ancestors(graph, start)
            theirs.append(time.perf_counter() - begin)
        count = sum(len(ids) for ids in found.values())
        if count != len(expected):
            raise SystemExit(f"headwater found {count} ancestors, rustworkx {len(expected)}")
    a, b = statistics.median(mine), statistics.median(theirs)
    yield (
        f"ids of {count:,} ancestors among {dag.nodes:,} nodes, against rustworkx in memory",
        _ms(a),
        _ms(b),
        f"{a / b:.1f}x its time",
        f"filled at {dag.rate:,.0f} nodes/s",
    )


BENCHMARKS = {
    "single": single,
    "bulk": bulk,
    "lineage": lineage,
    "reading": reading,
    "steps": steps,
}
MLMD = "MLMD on SQLite"


def _store():
    return headwater.connect(namespace=f"bench-{uuid.uuid4().hex[:12]}")


def _rate(seconds):
    return 2 * BATCH / statistics.median(seconds)


def _ms(seconds):
    return f"{seconds * 1e3:.2f} ms"


def _demand_equal(mine, theirs):
    if mine != theirs:
        raise SystemExit(f"the two sides did not write the same: {mine} and {theirs}")


if __name__ == "__main__":
    main()
