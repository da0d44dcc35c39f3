"""The guard: a user's Cypher may read the graph and nothing else."""

import pytest

import headwater
from headwater.errors import HeadwaterError, InvalidArgument, PermissionDenied
from headwater.graph.session import Graph
from headwater.graph.statements import Statement

MARKED = Statement("test/marked", "MATCH (n:GuardMark) RETURN count(n)")

REFUSED = [
    "CREATE (n:GuardMark)",
    "MERGE (n:GuardMark) RETURN n",
    "MATCH (n) SET n.x = 1",
    "MATCH (n) REMOVE n.x",
    "MATCH (n:GuardMark) DELETE n",
    "MATCH (n:GuardMark) DETACH DELETE n RETURN 1",
    "FOREACH (i IN [1] | CREATE (:GuardMark))",
    "CALL () { CREATE (:GuardMark) } RETURN 1",
    "UNWIND [1] AS i CALL (i) { CREATE (:GuardMark) } IN TRANSACTIONS",
    "RETURN COLLECT { CREATE (n:GuardMark) RETURN n }",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "load csv with headers from 'http://127.0.0.1:1/' AS line RETURN line",
    "CALL () { LOAD CSV FROM 'file:///x' AS line RETURN line } RETURN line",
    "SHOW INDEXES",
    "SHOW TRANSACTIONS YIELD *",
    "SHOW SETTINGS",
    "SHOW FUNCTIONS",
    "SHOW USERS",
    "SHOW DATABASES",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "CREATE INDEX guard_mark FOR (n:GuardMark) ON (n.x)",
    "DROP INDEX guard_mark IF EXISTS",
    "CREATE CONSTRAINT guard_mark FOR (n:GuardMark) REQUIRE n.x IS UNIQUE",
    "CALL dbms.components()",
    "CALL dbms.listConfig() YIELD name RETURN name",
    "CALL `dbms`.listConfig() YIELD name RETURN name",
    "MATCH (n) CALL dbms.components() YIELD name RETURN name",
    "CALL db.createLabel('GuardMark')",
    "CALL db.clearQueryCaches()",
    "CALL dbms.killConnection('bolt-1')",
    "CALL db.awaitIndexes(1)",
    "EXPLAIN CREATE (n:GuardMark)",
    "PROFILE CREATE (n:GuardMark)",
    "  profile CREATE (n:GuardMark)",
    "/* c */ PROFILE CREATE (n:GuardMark)",
    "/* c */ EXPLAIN MATCH (n) RETURN n",
    "// c\nPROFILE CREATE (n:GuardMark)",
    "/**//**/ // x\n explain RETURN 1",
    "CYPHER runtime=slotted PROFILE CREATE (n:GuardMark)",
    "CYPHER 5 CREATE (n:GuardMark)",
    "/* c */ CREATE (n:GuardMark)",
    "// c\nCREATE (n:GuardMark)",
    "RETURN 1; CREATE (n:GuardMark)",
    "RETURN 1;\nCREATE (n:GuardMark);",
    ":use system",
    "USE system MATCH (n) RETURN n",
    "RETURN 1 AS",
    "",
    "// nothing",
    "\0",
    "RETURN '\ud800'",
]
LET_THROUGH = [
    ("RETURN 1 AS x", [{"x": 1}]),
    ("return 1 as x;", [{"x": 1}]),
    ("/* CREATE */ RETURN 'CREATE (n)' AS x // DELETE", [{"x": "CREATE (n)"}]),
    ("CYPHER 5 RETURN 1 AS x", [{"x": 1}]),
    ("UNWIND [1, 2] AS i CALL (i) { RETURN i * 2 AS x } RETURN x ORDER BY x", [{"x": 2}, {"x": 4}]),
    ("MATCH (explain:GuardMark) RETURN explain AS x", []),
    ("WITH {create: 1} AS m RETURN m.create AS x", [{"x": 1}]),
    ("CALL db.labels() YIELD label RETURN count(label) > 0 AS x", [{"x": True}]),
]


@pytest.mark.parametrize("query", REFUSED)
def test_what_does_more_than_read_is_refused(
    store: headwater.MetadataStore, graph: Graph, query: str
) -> None:
    with pytest.raises(HeadwaterError) as caught:
        store.cypher(query)

    assert isinstance(caught.value, PermissionDenied | InvalidArgument)
    assert graph.read(MARKED) == [[0]]


@pytest.mark.parametrize(("query", "rows"), LET_THROUGH)
def test_what_only_reads_is_answered(
    store: headwater.MetadataStore, query: str, rows: list[dict[str, object]]
) -> None:
    assert list(store.cypher(query)) == rows


def test_a_value_is_a_parameter_and_never_text(store: headwater.MetadataStore) -> None:
    text = "'}) CREATE (n:GuardMark) //"

    assert list(store.cypher("RETURN $x AS x", x=text)) == [{"x": text}]


def test_a_parameter_that_cannot_be_sent_is_refused(store: headwater.MetadataStore) -> None:
    with pytest.raises(InvalidArgument, match="64-bit"):
        store.cypher("RETURN $x AS x", x=2**63)


def test_nodes_and_edges_come_as_plain_values(store: headwater.MetadataStore) -> None:
    class Train(headwater.Execution):
        pass

    class Model(headwater.Artifact):
        pass

    with store.run(Train()) as run:
        made = run.output(Model(name="m"))

    (row,) = store.cypher(
        "MATCH p = (e:Execution {namespace: $ns})-[event:OUTPUT]->(a) RETURN e, event, a, p",
        ns=store.namespace,
    )

    assert (row["e"]["labels"], row["a"]["name"]) == (["Execution"], "m@1")
    assert (row["event"]["type"], row["event"]["source"], row["event"]["target"]) == (
        "OUTPUT",
        row["e"]["id"],
        made.id,
    )
    assert row["p"]["nodes"] == [row["e"], row["a"]]
