"""The suite: the same questions of one generated graph, put to headwater and its peers in turns.

    make bench SIZE=1M
    make bench SIZE=10k ARGS="--rounds 5 --markdown figures.md"

Answers are compared by count before any figure is told. What cannot be measured says why.
"""

import argparse
import json
import os
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from cache import graph, size
from memory import Edges, rustworkx_peer, scipy_peer, sqlite_peer
from reading import MASKS, max_id, sides, subgraph
from rich.console import Console
from rich.table import Table

from headwater import Direction, NodeKey, connect
from headwater.local import down
from headwater.settings import load_settings
from headwater_schema import EventType, TypeKind

HOPS = (8, 20, 50, 100)
WARM = 5
SMALL, FIXED_HOPS, FIXED_QUESTIONS, CANDIDATES = 10_000, 4, 20, 200
SHAPES = (("chain", 20_300, 10_000, "last"), ("hub", 202_100, 100_000, "first"))
"""Name, nodes asked of the generator, least executions, and the artifact that a question starts at."""
INPUT_TYPES = [number for number, kind in enumerate(EventType, start=1) if kind.is_input]

TOTAL = """
MATCH (:Artifact {namespace: $namespace, id: $id})<-[:INPUT|OUTPUT*1..]-(ancestor)
RETURN count(DISTINCT ancestor) AS ancestors
"""


class Figure(NamedTuple):
    """One row: seconds of headwater and of a peer, in turns; no seconds where it was skipped."""

    what: str
    peer: str
    ours: list[float]
    theirs: list[float]
    note: str

    @property
    def ratio(self):
        """Return the peer's median over headwater's: above 1, headwater is faster."""
        if not self.ours or not self.theirs:
            return None
        return statistics.median(self.theirs) / statistics.median(self.ours)

    def cells(self):
        """Return the row as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}x as fast"
        return self.what, self.peer, ratio, _ms(self.ours), _ms(self.theirs), self.note

    def as_json(self):
        """Return the row as plain values, with every measurement."""
        return {**self._asdict(), "ratio": self.ratio}


def turns(rounds, sides_of):
    """Return the seconds of each side, taking turns, and what each answered; rounds warm up first."""
    seconds = {name: [] for name in sides_of}
    answers = {}
    for turn in range(-WARM, rounds):
        for name, run in sides_of.items():
            begin = time.perf_counter()
            answers[name] = run()
            if turn >= 0:
                seconds[name].append(time.perf_counter() - begin)
    return seconds, answers


def demand_equal(what, answers):
    """End the run where two sides do not answer the same."""
    if len(set(answers.values())) != 1:
        raise SystemExit(f"{what}: the sides differ: {answers}")


def counting(store, last, file, rounds):
    """Ask for the ancestors of an artifact, complete, beside three ways without a server."""
    edges = Edges(file, INPUT_TYPES)
    peers = {
        "SQLite recursive CTE": sqlite_peer(edges),
        "rustworkx in memory": rustworkx_peer(edges),
        "scipy CSR in memory": scipy_peer(edges),
    }
    start, key = last - 1, NodeKey(TypeKind.ARTIFACT, last)
    total = {"headwater": lambda: _total(store, last)}
    total |= {name: lambda peer=peer: peer.total(start) for name, peer in peers.items()}
    yield from _beside("count in Cypher of", total, rounds, edges)
    counts = {"headwater": lambda: _counts(store, key)}
    counts |= {name: lambda peer=peer: peer.counts(start) for name, peer in peers.items()}
    yield from _beside("count by type of", counts, rounds, edges)
    ids = {"headwater": lambda: _count(store, key, Direction.UPSTREAM)}
    ids |= {name: lambda peer=peer: len(peer.ids(start)) for name, peer in peers.items()}
    yield from _beside("ids of", ids, rounds, edges)


def _beside(what, asked, rounds, edges):
    seconds, answers = turns(rounds, asked)
    demand_equal(what, answers)
    told = answers["headwater"]
    found = told if isinstance(told, int) else sum(count for _, count in told)
    for name in asked:
        if name != "headwater":
            yield Figure(
                f"{what} {found:,} ancestors",
                name,
                seconds["headwater"],
                seconds[name],
                f"{edges.nodes:,} nodes",
            )


def subgraphs(ours, theirs, last, rounds):
    """Ask for lineage subgraphs with the messages built, both read masks, beside MLMD."""
    for hops in HOPS:
        for what, mask in MASKS.items():
            request = subgraph(last, hops, mask)
            mine, other = [], []
            for turn in range(-WARM, rounds):
                seconds, found, _ = ours("GetLineageSubgraph", request)
                peer_seconds, peer_found, _ = theirs("GetLineageSubgraph", request)
                demand_equal(
                    f"{what}, {hops} hops", {"headwater": str(found), "MLMD": str(peer_found)}
                )
                if turn >= 0:
                    mine.append(seconds)
                    other.append(peer_seconds)
            note = ", ".join(f"{n:,} {field}" for field, n in found.items())
            yield Figure(f"{hops} hops, {what}", "MLMD on SQLite", mine, other, note)


def moments(store, last, rounds):
    """Ask the same question as of the latest time and now."""
    what = "ancestors as of the last event, against now"
    key = NodeKey(TypeKind.ARTIFACT, last)
    latest = 2**53
    asked = {
        "as_of": lambda: len(store.upstream(key, as_of=latest).nodes),
        "now": lambda: len(store.upstream(key).nodes),
    }
    seconds, answers = turns(rounds, asked)
    demand_equal(what, answers)
    yield Figure(
        what, "the same, now", seconds["as_of"], seconds["now"], f"{answers['now']:,} nodes"
    )


def flatness(store, last, nodes, rounds):
    """Ask for answers of the same sizes at 10k nodes and at this size: does the graph's size show."""
    if nodes <= SMALL:
        yield Figure("fixed-size answer", "at 10k", [], [], "skipped: needs a size above 10k")
        return
    with opened("layered", SMALL) as (small, file):
        large_keys, small_keys = _alike(
            _by_size(store, last), _by_size(small, Edges(file, INPUT_TYPES).artifacts)
        )
        pairs = {
            "large": lambda: _near(store, large_keys),
            "small": lambda: _near(small, small_keys),
        }
        seconds, answers = turns(rounds * 5, pairs)
    demand_equal("fixed-size answers", answers)
    yield Figure(
        f"fixed-size answer at {nodes:,}",
        "the same at 10k",
        seconds["large"],
        seconds["small"],
        f"{FIXED_HOPS} hops of {len(large_keys)} artifacts; {answers['large']} nodes in all",
    )


def shapes(rounds):
    """Ask for all of a long chain, and for all that comes of a hub; both must be complete."""
    for shape, nodes, executions, start in SHAPES:
        with opened(shape, nodes) as (store, file):
            edges = Edges(file, INPUT_TYPES)
            if edges.executions < executions:
                raise SystemExit(f"the {shape} has {edges.executions:,} executions")
            is_last = start == "last"
            key = NodeKey(TypeKind.ARTIFACT, edges.artifacts if is_last else 1)
            way = Direction.UPSTREAM if is_last else Direction.DOWNSTREAM
            seconds, answers = turns(rounds, {"headwater": lambda: _count(store, key, way)})  # noqa: B023 - run at once
            expected = edges.nodes - 1
            demand_equal(shape, {"headwater": answers["headwater"], "every other node": expected})
            note = f"complete: {expected:,} nodes"
            yield Figure(
                f"{shape} of {edges.executions:,} executions", "", seconds["headwater"], [], note
            )


@contextmanager
def opened(shape, nodes):
    """Yield a store of a generated graph and MLMD's file of the same; the server is stopped after."""
    home, file = graph(shape, nodes)
    settings = load_settings({"HEADWATER_HOME": str(home)})
    try:
        with connect(settings=settings) as store:
            yield store, file
    finally:
        down(settings)


def _near(store, keys):
    return sum(_reach(store, key) for key in keys)


def _reach(store, key):
    return len(store.lineage.trace(key, Direction.UPSTREAM, max_hops=FIXED_HOPS).nodes)


def _by_size(store, last):
    """Return early artifacts by the sizes of their answers.

    Of a late one the count of what lies beyond the hops, which an answer tells too, is of the whole graph.
    """
    found = {}
    for node_id in range(1, min(last, CANDIDATES * 10), 10):
        key = NodeKey(TypeKind.ARTIFACT, node_id)
        found.setdefault(_reach(store, key), []).append(key)
    return found


def _alike(large, small):
    """Return as many artifacts of each side, whose answers are of the same sizes, largest first."""
    pairs = [
        pair
        for size_of_answer in sorted(large.keys() & small.keys(), reverse=True)
        for pair in zip(large[size_of_answer], small[size_of_answer], strict=False)
    ][:FIXED_QUESTIONS]
    return tuple(zip(*pairs, strict=True))


def _total(store, last):
    answer = store.cypher(TOTAL, namespace=store.namespace, id=last, timeout_s=None)
    return answer.rows[0]["ancestors"]


def _counts(store, key):
    """Return how many ancestors there are of each type; unlike `count`, without the node itself."""
    itself = store.artifacts.by_ids([key.id])[0].type
    counts = [
        (name, count - (name == itself))
        for by_type in store.count(key).values()
        for name, count in by_type.items()
    ]
    return tuple(sorted(counts))


def _count(store, key, way):
    return sum(map(len, store.lineage.ids(key, way).values()))


def _ms(seconds):
    if not seconds:
        return ""
    return f"{min(seconds) * 1e3:,.1f} / {statistics.median(seconds) * 1e3:,.1f}"


def machine():
    """Return what the figures were taken on; a busy machine's mislead."""
    return {"cores": os.cpu_count(), "load": [round(load, 2) for load in os.getloadavg()]}


HEADS = ("question", "peer", "headwater is", "headwater ms, min / median", "peer ms", "note")


def main():
    """Run the suite at the size that the command line says, and write down what it found."""
    parser = argparse.ArgumentParser(prog="bench.suite", description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=size, default=size("10k"), help="10k, 100k or 1M nodes")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of taking turns")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--no-shapes", action="store_true", help="leave out the chain and the hub")
    arguments = parser.parse_args()
    nodes, rounds = arguments.size, arguments.rounds
    before = machine()
    arguments.home, arguments.sqlite = graph("layered", nodes)
    if not arguments.no_shapes:
        for shape, size_of_shape, *_ in SHAPES:
            graph(shape, size_of_shape)  # made before anything is measured
    figures = []
    with sides(arguments) as (ours, theirs):
        last = max_id(ours)
        figures += counting(ours.store, last, arguments.sqlite, rounds)
        figures += subgraphs(ours, theirs, last, rounds)
        figures += moments(ours.store, last, rounds)
        figures += flatness(ours.store, last, nodes, rounds)
    if not arguments.no_shapes:
        figures += shapes(rounds)
    _tell(arguments, figures, before, machine())


def _tell(arguments, figures, before, after):
    told = f"{arguments.size:,} nodes; {before['cores']} cores; load {before['load']} to {after['load']}"
    table = Table(*HEADS, title=told)
    for figure in figures:
        table.add_row(*figure.cells())
    terminal = Console()
    (terminal if terminal.is_terminal else Console(width=200)).print(table)
    if arguments.json:
        rows = [figure.as_json() for figure in figures]
        content = {"nodes": arguments.size, "before": before, "after": after, "figures": rows}
        arguments.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
    if arguments.markdown:
        lines = [told + ".", "", _line(HEADS), _line(["---"] * len(HEADS))]
        lines += [_line(figure.cells()) for figure in figures]
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(cells):
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
