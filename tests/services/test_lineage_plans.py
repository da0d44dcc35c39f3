"""Plans of lineage questions: each walk is one pruning search, whatever is asked besides."""

from itertools import product

import pytest

from headwater.graph.session import Graph
from headwater.graph.statements import joined
from support.plans import names, operators

MODES = ("", "_to_stops", "_at")
WALKS = [w + m for w, m in product(("upstream", "downstream", "both", "between"), MODES)]
TAILS = ("whole", "whole_at", "page", "flow", "left_out", "count")
PRUNING = "VarLengthExpand(Pruning,BFS,All)"


# Whole and unbounded each; the bound does not depend on the tail, nor the walk on what is shown.
CASES = [
    *((walk, "", tail, None) for walk in WALKS for tail in TAILS),
    *(
        ("upstream" + mode, select, "whole", None)
        for mode in MODES
        for select in ("select", "select_at")
    ),
    *((walk, "", "whole", hops) for walk in WALKS for hops in (2, 20)),
]


@pytest.mark.parametrize(("walk", "select", "tail", "hops"), CASES)
def test_a_walk_prunes_what_it_has_seen(
    graph: Graph, walk: str, select: str, tail: str, hops: int | None
) -> None:
    blocks = [f"lineage/{name}" for name in (walk, select, tail) if name]
    statement = joined(tuple(blocks))

    plan = operators(graph, statement if hops is None else statement.at_depth(hops))

    walks = [operator.name for operator in plan if operator.name.startswith("VarLength")]
    assert walks == [PRUNING] * (2 if walk.startswith(("both", "between")) else 1)
    assert not {name for name in names(plan) if "Shortest" in name or "Repeat" in name}
    assert not names(plan) & {"AllNodesScan", "NodeByLabelScan", "DirectedAllRelationshipsScan"}
