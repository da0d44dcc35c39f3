"""A user's Cypher: its plan, its time, and the graph that its rows hold."""

import json
import logging
import time
import xml.etree.ElementTree as ET

import pytest

import headwater
from headwater.cli.wording import json_text
from headwater.errors import DeadlineExceeded, InvalidArgument, PermissionDenied, ResourceExhausted
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, load, trusted
from headwater.query.cypher_plan import PlanStep
from support.commands import Dataset, Model, Pipeline, Train

ENDLESS = (
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b "
    "WITH a, b WHERE a * b = -1 RETURN count(*) AS {name}"
)
ENDS = "MATCH (a:Artifact {namespace: '', id: 1}) MATCH (b:Artifact {namespace: '', id: 2})"
WAY = "MATCH way = (:Artifact {namespace: $ns})-[:INPUT]->(:Execution)-[:OUTPUT]->() RETURN way"


@pytest.fixture
def trained(store: headwater.MetadataStore) -> headwater.MetadataStore:
    """The store, with `raw@1` read by an execution that made `clf@1`, in a context."""
    with store.run(Train()) as load_run:
        raw = load_run.output(Dataset(name="raw", rows=3))
    with store.run(Train(), context=Pipeline(name="nightly")) as train:
        train.input(raw)
        train.output(Model(name="clf", accuracy=0.9))
    return store


def statement(text: str) -> Statement:
    """Return a text of this file as a statement."""
    return Statement("test/cypher", trusted(text))


def operators(root: PlanStep) -> set[str]:
    """Return the names of a plan's operators."""
    return {step.operator for _, step in root.steps()}


def test_a_plan_says_what_would_be_done_and_does_not_do_it(store: headwater.MetadataStore) -> None:
    began = time.monotonic()

    plan = store.explain(ENDLESS.format(name="n"))

    assert plan.root.operator == "ProduceResults"
    assert {"Unwind", "EagerAggregation"} <= operators(plan.root)
    assert time.monotonic() - began < 10


def test_a_plan_names_the_index_it_begins_at(store: headwater.MetadataStore) -> None:
    query = (
        "MATCH (a:Artifact {namespace: $ns, id: 1})<-[:INPUT|OUTPUT*1..]-(n) "
        "WITH DISTINCT n RETURN count(n)"
    )

    plan = store.explain(query, ns=store.namespace)

    leaf = max(plan.root.steps(), key=lambda found: found[0])[1]
    assert leaf.operator == "NodeUniqueIndexSeek"
    assert round(leaf.estimated_rows or 0) == 1
    assert "Artifact(namespace, id)" in leaf.details
    assert plan.warnings == ()
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("MATCH p = (:Artifact {namespace: '', id: 1})-[:INPUT*1..]->(b) RETURN p", "every way"),
        ("MATCH (:Artifact {namespace: '', id: 1})-[*1..]->(b) RETURN count(*)", "every way"),
        ("MATCH (:Artifact {namespace: '', id: 1}) (()-->(x))+ (b) RETURN x", "every way"),
        (f"{ENDS} MATCH p = allShortestPaths((a)-[*]->(b)) RETURN p", "every way"),
        (f"{ENDS} MATCH p = ALL SHORTEST (a)-->+(b) RETURN p", "every way"),
        ("MATCH (n {namespace: ''}) RETURN n", "AllNodesScan"),
        ("MATCH ()-[r]->() RETURN r", "AllRelationshipsScan"),
        ("MATCH (n:Artifact) WHERE n.c_colour = 1 RETURN n", "NodeByLabelScan"),
        ("MATCH ()-[r:INPUT]->() RETURN r.path", "RelationshipTypeScan"),
        ("MATCH (a:Artifact), (b:Execution) RETURN a, b", "CartesianProduct"),
    ],
)
def test_a_plan_that_can_take_for_ever_is_warned_of(
    store: headwater.MetadataStore, query: str, said: str
) -> None:
    plan = store.explain(query)

    assert any(said in warning for warning in plan.warnings)
    assert f"warning: {next(w for w in plan.warnings if said in w)}\n" in plan.tree()


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (:Artifact {namespace: '', id: 1})-[:INPUT|OUTPUT*1..]->(n) RETURN DISTINCT n",
        f"{ENDS} MATCH p = shortestPath((a)-[:INPUT|OUTPUT*1..]->(b)) RETURN p",
    ],
)
def test_a_plan_that_follows_nodes_has_no_warning(
    store: headwater.MetadataStore, query: str
) -> None:
    assert store.explain(query).warnings == ()


def test_the_notes_of_the_server_have_the_places_of_the_query(
    store: headwater.MetadataStore, caplog: pytest.LogCaptureFixture
) -> None:
    query = (
        "MATCH (a:Artifact {namespace: ''}),\n(b:NoSuchLabel) WHERE a.noSuchKey = 1\nRETURN a, b"
    )

    with caplog.at_level(logging.DEBUG, logger="neo4j.notifications"):
        plan = store.explain(query)

    told = {note.kind: note for note in plan.notes}
    (label,) = (note for note in plan.notes if "NoSuchLabel" in note.text and "label" in note.text)
    (key,) = (note for note in plan.notes if "noSuchKey" in note.text)
    assert (label.severity, label.line, label.column) == ("WARNING", 2, 4)
    assert (key.line, key.column) == (2, 25)
    assert "cartesian" in told["PERFORMANCE"].text
    assert (told["PERFORMANCE"].line, told["PERFORMANCE"].column) == (1, 1)
    assert caplog.records == []


def test_a_plan_is_guarded_as_the_query_is(store: headwater.MetadataStore) -> None:
    with pytest.raises(PermissionDenied):
        store.explain("CREATE (n:GuardMark)")
    with pytest.raises(InvalidArgument, match="begins with PROFILE"):
        store.explain("PROFILE RETURN 1")
    with pytest.raises(InvalidArgument):
        store.explain("RETURN nobody")


def test_a_plan_that_is_too_deep_to_show_is_refused(store: headwater.MetadataStore) -> None:
    query = " UNION ".join(["RETURN 1 AS x"] * 70)

    plan = store.explain(query)
    with pytest.raises(ResourceExhausted, match="operators deep, more than 150"):
        store.explain(f"{query} UNION {query}")

    assert json.loads(json_text(plan.as_dict(), ascii_only=True))["plan"]["operator"]
    assert list(store.cypher(f"{query} UNION {query}")) == [{"x": 1}]


def test_a_query_ends_at_the_server_when_its_time_is_over(
    store: headwater.MetadataStore, graph: Graph
) -> None:
    name = f"n{time.monotonic_ns()}"
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded) as caught:
        store.cypher(ENDLESS.format(name=name), timeout_s=0.5)

    # The server looks at the time every two seconds.
    assert time.monotonic() - began < 10
    assert caught.value.hint
    assert not [row for row in graph.read(load("running/list")) if name in str(row)]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_time_must_be_positive(store: headwater.MetadataStore, seconds: float) -> None:
    with pytest.raises(InvalidArgument, match="positive number of seconds"):
        store.cypher("RETURN 1", timeout_s=seconds)


def test_parameters_come_by_keyword_or_in_a_mapping(store: headwater.MetadataStore) -> None:
    query = "RETURN $a AS a, $timeout_s AS t, $query AS q"

    (row,) = store.cypher(query, {"a": 1, "timeout_s": 2}, query=3, timeout_s=60)

    assert row == {"a": 1, "t": 2, "q": 3}


def test_an_answer_holds_each_node_and_edge_once(trained: headwater.MetadataStore) -> None:
    answer = trained.cypher(
        "MATCH way = (a:Artifact {namespace: $ns})-[r:INPUT]->(e:Execution)-[:OUTPUT]->(b) "
        "RETURN way, a, [e, {again: a, event: r}] AS more, 1 AS one, null AS none",
        ns=trained.namespace,
    )

    graph = answer.graph
    assert [(n.key, n.kind, n.id, n.type, n.name, n.state) for n in graph.nodes] == [
        ("artifact:1", "ARTIFACT", 1, "Dataset", "raw@1", "LIVE"),
        ("execution:2", "EXECUTION", 2, "Train", None, "COMPLETE"),
        ("artifact:2", "ARTIFACT", 2, "Model", "clf@1", "LIVE"),
    ]
    assert [(e.source, e.type, e.target) for e in graph.edges] == [
        ("artifact:1", "INPUT", "execution:2"),
        ("execution:2", "OUTPUT", "artifact:2"),
    ]
    assert graph.nodes[0].properties["p_rows"] == 3
    assert graph.nodes[0].namespace == trained.namespace
    json.dumps(graph.as_dict())


def test_the_ends_of_a_relationship_that_stands_alone_are_found(
    trained: headwater.MetadataStore,
) -> None:
    answer = trained.cypher(
        "MATCH (e:Execution {namespace: $ns, id: 2})-[r:INPUT|OUTPUT|ASSOCIATION]-() "
        "RETURN r ORDER BY type(r)",
        ns=trained.namespace,
    )

    assert [(row["r"]["type"], row["r"]["source"], row["r"]["target"]) for row in answer] == [
        ("ASSOCIATION", 2, 1),
        ("INPUT", 1, 2),
        ("OUTPUT", 2, 2),
    ]
    assert {node.key for node in answer.graph.nodes} == {
        "execution:2",
        "context:1",
        "artifact:1",
        "artifact:2",
    }
    assert ("execution:2", "context:1") in {(e.source, e.target) for e in answer.graph.edges}


def test_rows_without_nodes_hold_no_graph(trained: headwater.MetadataStore) -> None:
    assert not trained.cypher("RETURN 1 AS one, [{a: 'b'}] AS more").graph


def test_keys_tell_namespaces_apart_where_there_are_several(
    trained: headwater.MetadataStore, graph: Graph
) -> None:
    other = f"{trained.namespace}-b"
    make = "CREATE (:Artifact {namespace: $ns, id: 1, type: 'Dataset', name: 'theirs'})"
    graph.write(lambda tx: tx.run(statement(make), ns=other))

    try:
        answer = trained.cypher(
            "MATCH (a:Artifact) WHERE a.namespace IN $both AND a.id = 1 RETURN a ORDER BY a.name",
            both=[trained.namespace, other],
        )
    finally:
        forget = "MATCH (a:Artifact {namespace: $ns, id: 1}) DELETE a"
        graph.write(lambda tx: tx.run(statement(forget), ns=other))

    assert [node.key for node in answer.graph.nodes] == [
        f"{trained.namespace}/artifact:1",
        f"{other}/artifact:1",
    ]


def test_nodes_without_ids_are_numbered(trained: headwater.MetadataStore) -> None:
    answer = trained.cypher(
        "MATCH (s:Series {namespace: $ns}) RETURN s ORDER BY s.name", ns=trained.namespace
    )

    assert [(n.key, n.kind, n.id, n.name) for n in answer.graph.nodes] == [
        ("series#1", "SERIES", None, "clf"),
        ("series#2", "SERIES", None, "raw"),
    ]


def test_a_graph_is_drawn_in_three_ways(trained: headwater.MetadataStore) -> None:
    graph = trained.cypher(
        "MATCH (:Context {namespace: $ns})<-[r]-()-[s]-() RETURN r, s", ns=trained.namespace
    ).graph

    dot, mermaid, svg = graph.to_dot(), graph.to_mermaid(), graph.to_svg()

    assert '  "context:1" [shape=folder, label="nightly\\nPipeline"];' in dot
    assert '  "execution:2" -> "context:1" [label="ASSOCIATION"];' in dot
    assert '  "artifact:1" -> "execution:2";' in dot
    assert mermaid.startswith("flowchart LR\n")
    assert '[["nightly<br/>Pipeline"]]' in mermaid
    assert "-->|ASSOCIATION|" in mermaid
    drawn = ET.fromstring(svg)  # noqa: S314 - made here
    titles = [part.text for part in drawn.iter() if part.tag.endswith("title")]
    assert "nightly (Pipeline) context:1" in titles
    assert svg.count("<path ") == len(graph.edges) + 1


def test_a_retracted_edge_and_a_hostile_name_are_drawn_as_such(
    trained: headwater.MetadataStore,
) -> None:
    with trained.run(Train()) as run:
        run.output(Dataset(name='<b>"x"\n\x1b', rows=1))
    trained.retract("raw@1", "execution:2", reason="it was another")

    graph = trained.cypher(
        "MATCH (a {namespace: $ns})-[r:WAS_INPUT|OUTPUT]->(b) RETURN a, r, b", ns=trained.namespace
    ).graph

    assert '"artifact:1" -> "execution:2" [label="WAS_INPUT", style=dashed];' in graph.to_dot()
    assert "-.->|WAS_INPUT|" in graph.to_mermaid()
    assert "<title>WAS_INPUT</title>" in graph.to_svg()
    for text in (graph.to_dot(), graph.to_mermaid(), graph.to_svg()):
        assert "\x1b" not in text
    assert "<b>" not in graph.to_svg()
    assert len(ET.fromstring(graph.to_svg())) > len(graph)  # noqa: S314 - made here


def test_a_large_graph_says_what_its_drawing_leaves_out(trained: headwater.MetadataStore) -> None:
    graph = trained.cypher(WAY, ns=trained.namespace).graph

    assert "… 1 more nodes and 1 more edges not drawn" in graph.to_svg(max_nodes=2)
    assert "not drawn" not in graph.to_svg()
