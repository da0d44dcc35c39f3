"""Lineage questions as a person asks them: what is shown, where it stops, and what was known then."""

import time
from typing import Any

import pytest

import headwater
from headwater.errors import DataLoss, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater_schema import EventType, TypeKind
from support.commands import Dataset, Model, Pipeline, Train
from support.waiting import comes_true


@pytest.fixture
def keys(store: headwater.MetadataStore) -> dict[str, headwater.NodeKey]:
    """raw@1 is read by a first training, whose model a second one reads: clf@1, clf@2."""
    with store.run(Train(learning_rate=0.5), context=Pipeline(name="import")) as load:
        raw = load.output(Dataset(name="raw", rows=3))
    before: Dataset | Model = raw
    for accuracy in (0.8, 0.9):
        with store.run(Train(learning_rate=accuracy), context=Pipeline(name="nightly")) as train:
            train.input(before)
            before = train.output(Model(name="clf", accuracy=accuracy))
    names = ("raw@1", "clf@1", "clf@2", "execution:1", "execution:2", "execution:3")
    return {name: store.key(name) for name in names}


def shown(answer: headwater.Lineage) -> list[str]:
    return [node.name or str(node.key) for node in answer.nodes]


def tick(store: headwater.MetadataStore) -> int:
    time.sleep(0.005)
    moment = store.history.now()
    time.sleep(0.005)
    return moment


def test_what_is_shown_is_chosen(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    assert keys
    assert shown(store.upstream("clf@2", types=["Dataset"])) == ["raw@1"]
    assert shown(store.upstream("clf@2", kinds=[TypeKind.EXECUTION])) == [
        "execution:3",
        "execution:2",
        "execution:1",
    ]
    assert shown(store.roots("clf@2")) == ["execution:1"]
    assert shown(store.leaves("raw@1")) == ["clf@2"]
    assert shown(store.upstream("clf@2", states=["LIVE"], types=["Model"])) == ["clf@2", "clf@1"]
    filtered = store.upstream(
        "clf@2",
        kinds=[TypeKind.ARTIFACT],
        artifacts="properties.accuracy.double_value < 0.85",
    )
    assert shown(filtered) == ["clf@1"]
    inside = store.upstream("clf@2", contexts=["import"], kinds=[TypeKind.EXECUTION])
    assert shown(inside) == ["execution:1"]
    assert shown(store.upstream("clf@2", until=1)) == []
    with pytest.raises(InvalidArgument, match="Only artifacts and executions"):
        store.upstream("clf@2", kinds=[TypeKind.CONTEXT])


def test_a_stop_is_shown_and_not_gone_past(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    stopped = ["clf@2", "execution:3", "clf@1"]
    by_type = headwater.Stops(types=("Model",))
    by_key = headwater.Stops(keys=(keys["clf@1"],))
    by_filter = headwater.Stops(artifacts="properties.accuracy.double_value < 0.85")

    for stops in (by_type, by_key, by_filter):
        assert shown(store.upstream("clf@2", stops=stops)) == stopped


def test_both_ways_and_between(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    assert len(store.both("clf@1")) == len(keys)
    between = store.between("raw@1", "clf@1")
    assert sorted(shown(between)) == ["clf@1", "execution:2", "raw@1"]
    assert len(between.events) == 2
    assert shown(store.between("clf@2", "raw@1")) == []


def test_pages_and_streams_are_the_whole(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    whole = store.upstream("clf@2")
    page = store.upstream("clf@2", limit=2)
    found, events = list(page.nodes), list(page.events)
    assert sum(n for by_type in page.left_out.values() for n in by_type.values()) == len(keys) - 2
    while page.cursor is not None:
        page = store.resume(page.cursor)
        found += page.nodes
        events += page.events
    assert found == list(whole.nodes)
    assert sorted(events) == sorted(whole.events)

    chunks = list(
        store.stream(store.question(headwater.Direction.UPSTREAM, ["clf@2"]), chunk_nodes=2)
    )
    assert [node for chunk in chunks for node in chunk.nodes] == found
    rest = list(store.stream(chunks[0].cursor))
    assert [node for chunk in rest for node in chunk.nodes] == found[2:]


def test_a_lineage_is_as_the_store_knew_it(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    early = tick(store)
    store.retract("clf@1", keys["execution:3"], reason="read another model")
    store.delete("raw@1")
    late = tick(store)

    assert shown(store.upstream("clf@2")) == ["clf@2", "execution:3"]
    then = store.upstream("clf@2", known_at=early)
    assert shown(then) == ["clf@2", "execution:3", "clf@1", "execution:2", "raw@1", "execution:1"]
    assert [node.state for node in then.nodes if node.name == "raw@1"] == ["LIVE"]
    assert shown(store.upstream("clf@2", known_at=late)) == ["clf@2", "execution:3"]
    with pytest.raises(NotFound):
        store.upstream("clf@2", known_at=1)
    assert comes_true(lambda: not store.upstream("clf@2", known_at=late).provisional)
    assert store.upstream("clf@2", known_at=late + 10**9).provisional is True
    assert store.path(keys["raw@1"], "clf@1")
    assert store.is_upstream(keys["raw@1"], "clf@2", known_at=early)
    assert not store.is_upstream(keys["raw@1"], "clf@2")


def test_a_late_fact_is_found_by_when_it_happened(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    assert keys
    before = tick(store)
    events = store.edges.events_of_executions([3])
    first = min(event.milliseconds_since_epoch or 0 for event in events)
    store.correct_event(
        "clf@1", "execution:3", event_type=EventType.INPUT, happened_at=first - 1_000_000
    )

    assert "clf@1" not in shown(store.downstream("clf@1", as_of=first - 2_000_000))[1:]
    assert "execution:3" in shown(store.downstream("clf@1", as_of=first - 1_000_000))
    now = shown(store.downstream("clf@1", as_of=first - 1, known_at=before))
    assert "execution:3" not in now


def test_nodes_are_counted_by_kind_and_type(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey]
) -> None:
    assert keys
    runs = {"Train": 3}

    assert store.count("clf@2") == {
        TypeKind.ARTIFACT: {"Dataset": 1, "Model": 2},
        TypeKind.EXECUTION: runs,
    }
    assert store.count("raw@1", direction=headwater.Direction.DOWNSTREAM, types=["Model"]) == {
        TypeKind.ARTIFACT: {"Model": 2},
        TypeKind.EXECUTION: {},
    }
    assert store.count("clf@2", max_hops=1, limit=1) == {
        TypeKind.ARTIFACT: {"Model": 1},
        TypeKind.EXECUTION: {"Train": 1},
    }
    with pytest.raises(NotFound):
        store.count(headwater.NodeKey(TypeKind.ARTIFACT, 10**9))


def test_nodes_of_a_lost_type_are_not_left_out_of_a_count(
    store: headwater.MetadataStore, keys: dict[str, headwater.NodeKey], graph: Graph
) -> None:
    assert keys
    graph.write_alone(
        Statement(
            "test/lose", "MATCH (t:Type {namespace: $namespace, name: 'Dataset'}) DETACH DELETE t"
        ),
        namespace=store.namespace,
    )

    with pytest.raises(DataLoss, match="of no type"):
        store.count("clf@2")


def test_what_hops_left_out_is_counted_only_for_who_looks(
    store: headwater.MetadataStore,
    keys: dict[str, headwater.NodeKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    gather = Graph.gather

    def noting(graph: Graph, statement: Statement, /, *more: Any, **parameters: Any) -> Any:
        asked.append(statement.name)
        return gather(graph, statement, *more, **parameters)

    monkeypatch.setattr(Graph, "gather", noting)

    near = store.upstream(keys["clf@2"], max_hops=1)
    question = store.question(headwater.Direction.UPSTREAM, [keys["clf@2"]], max_hops=1)
    streamed = list(store.lineage.stream(question))

    assert not near.complete
    assert not any(chunk.complete for chunk in streamed)
    assert not any("left_out" in name for name in asked)
    assert near.left_out == {
        TypeKind.ARTIFACT: {"Dataset": 1, "Model": 1},
        TypeKind.EXECUTION: {"Train": 2},
    }
    assert any("left_out" in name for name in asked)
