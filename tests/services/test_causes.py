"""Causes: common ancestors by how specific they are, and the change that came last."""

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, load
from headwater.query.moment import Moment
from headwater.query.parts import NodeKey
from headwater.services.causes import CauseService
from headwater_schema import Artifact, TypeKind
from services.conftest import Typed
from support.plans import operators

PRUNED = "VarLengthExpand(Pruning,BFS,All)"


def artifact(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, node_id)


@pytest.fixture
def causes(typed: Typed) -> CauseService:
    return CauseService(typed.services.scope)


@pytest.fixture
def tree(typed: Typed) -> dict[str, int]:
    """A source that all read, a split that the two broken models read and the healthy does not."""
    source = typed.put(typed.artifact())[0]
    cleaner, (split,) = typed.step([source], 1)
    trainers = [typed.step(inputs, 1) for inputs in ([split], [split], [source])]
    (t1, (m1,)), (t2, (m2,)), (_, (good,)) = trainers
    return {
        "source": source, "cleaner": cleaner, "split": split, "t1": t1, "t2": t2,
        "m1": m1, "m2": m2, "good": good,
    }  # fmt: skip


def test_the_most_specific_ancestor_comes_first(causes: CauseService, tree: dict[str, int]) -> None:
    broken = [artifact(tree["m1"]), artifact(tree["m2"])]

    found = causes.common_ancestors(broken, healthy=[artifact(tree["good"])])

    assert [(a.node.key, a.healthy, a.greatest_distance, a.sum_of_distances) for a in found] == [
        (artifact(tree["split"]), 0, 2, 4),
        (NodeKey(TypeKind.EXECUTION, tree["cleaner"]), 0, 3, 6),
        (artifact(tree["source"]), 1, 4, 8),
    ]
    assert (found.total, found.complete, found.left_out) == (3, True, {})


def test_of_ancestors_as_near_the_newest_comes_first(typed: Typed, causes: CauseService) -> None:
    old, new = (typed.put(typed.artifact())[0] for _ in range(2))
    _, (made,) = typed.step([old, new], 1)

    found = causes.common_ancestors([artifact(made)], kinds=[TypeKind.ARTIFACT])

    assert [a.node.id for a in found] == [new, old]


def test_a_cut_answer_says_what_it_left_out_and_goes_on(
    causes: CauseService, tree: dict[str, int]
) -> None:
    broken = [artifact(tree["m1"]), artifact(tree["m2"])]
    whole = causes.common_ancestors(broken)

    first = causes.common_ancestors(broken, limit=1)
    rest = causes.resume(first.cursor or "")

    assert first.left_out == {TypeKind.ARTIFACT: {"A": 1}, TypeKind.EXECUTION: {"E": 1}}
    assert (first.total, first.complete) == (3, False)
    assert [*first, *rest] == list(whole)
    assert rest.complete


def test_kinds_and_types_narrow_the_answer(causes: CauseService, tree: dict[str, int]) -> None:
    broken = [artifact(tree["m1"]), artifact(tree["m2"])]

    assert causes.common_ancestors(broken, types=["E"]).total == 1
    assert causes.common_ancestors(broken, kinds=[TypeKind.ARTIFACT]).total == 2
    assert causes.common_ancestors(broken, types=[]).total == 0


def test_the_newest_change_is_an_update_or_a_creation(
    typed: Typed, causes: CauseService, tree: dict[str, int]
) -> None:
    broken = [artifact(tree["m1"]), artifact(tree["m2"])]
    made = causes.most_recent_common_change(broken)
    typed.put(Artifact(id=tree["source"], type_id=typed.artifact_type, custom_properties={"x": 1}))

    changed = causes.most_recent_common_change(broken)

    assert made is not None
    assert changed is not None
    assert (made.node.id, made.what) == (tree["split"], "created")
    assert (changed.node.id, changed.what) == (tree["source"], "updated")
    assert "all 2 nodes descend from it, the furthest over 4 hops" in changed.why
    before = causes.most_recent_common_change(broken, before=changed.milliseconds_since_epoch - 1)
    assert before == made


def test_a_late_event_can_be_the_newest_change(
    typed: Typed, causes: CauseService, tree: dict[str, int]
) -> None:
    services = typed.services
    text = "MATCH (:Execution {namespace: $namespace, id: $id})-[event:OUTPUT]->() SET event.milliseconds_since_epoch = 99999"
    services.graph.write(
        lambda tx: tx.run(
            Statement("test/late", text), namespace=services.namespace, id=tree["cleaner"]
        )
    )
    asked = [artifact(tree["m1"])]

    found = causes.most_recent_common_change(asked)

    assert found is not None
    assert (found.what, found.node.id) == ("event", tree["split"])
    assert found.event is not None
    assert found.event.execution_id == tree["cleaner"]
    cut = causes.most_recent_common_change(asked, moment=Moment(as_of=99_998))
    assert cut is not None
    assert (cut.what, cut.node.id) == ("created", tree["t1"])


def test_where_nothing_is_common_nothing_is_found(typed: Typed, causes: CauseService) -> None:
    nodes = [artifact(i) for i in typed.put(typed.artifact(), typed.artifact())]

    assert not list(causes.common_ancestors(nodes))
    assert causes.most_recent_common_change(nodes) is None


def test_a_wrong_question_is_refused(causes: CauseService, tree: dict[str, int]) -> None:
    one = artifact(tree["m1"])

    with pytest.raises(InvalidArgument, match="at least one node"):
        causes.common_ancestors([])
    with pytest.raises(NotFound, match="id 99"):
        causes.common_ancestors([one], healthy=[artifact(99)])
    with pytest.raises(InvalidArgument, match="at least 1"):
        causes.common_ancestors([one], limit=0)
    for cursor in ("", "x", "é", "e30"):
        with pytest.raises(InvalidArgument, match="not a cursor"):
            causes.resume(cursor)


@pytest.mark.parametrize("name", ["common", "common_at", "latest", "latest_at"])
def test_an_ancestry_is_walked_once_for_each_node(graph: Graph, name: str) -> None:
    plan = operators(graph, load(f"causes/{name}"))

    assert [o.name for o in plan if o.name.startswith("VarLength")] == [PRUNED]
    assert [o.name for o in plan if "Index" in o.name] == ["NodeUniqueIndexSeek"] * 2
    assert not {o.name for o in plan if "Scan" in o.name or "Shortest" in o.name}
