"""The guard: a user's Cypher may read the graph and nothing else."""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.request import urlopen

import pytest

import headwater
from headwater.errors import HeadwaterError, InvalidArgument, PermissionDenied, ResourceExhausted
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
    "CYPHER runtime=slotted RETURN 1",
    "CYPHER 5 planner=dp RETURN 1",
    "CYPHER debug=ast RETURN 1",
    "CYPHER replan=force RETURN 1",
    "CYPHER 5 EXPLAIN RETURN 1",
    "CYPHER 5 CYPHER 5 PROFILE RETURN 1",
    "cypher/**/5/**/profile RETURN 1",
    r"\u0050ROFILE RETURN 1",
    r"RETURN 'a\u0027 AS x // '",
    r"RETURN 'a\uuuu0027 AS x // '",
    r"\u004COAD CSV FROM 'file:///x' AS line RETURN line",
    r"/* \u002a\u002f CREATE (:GuardMark) /* */ RETURN 1",
    "LOAD/**/CSV FROM 'file:///x' AS line RETURN line",
    "LOAD // c\n CSV WITH HEADERS FROM 'file:///x' AS line RETURN line",
    "RETURN COLLECT { LOAD CSV FROM 'file:///x' AS line RETURN line }",
    "RETURN EXISTS { LOAD CSV FROM 'file:///x' AS line RETURN line }",
    "UNWIND ['file:///x'] AS u LOAD CSV FROM u AS line RETURN line",
    "CALL () { LOAD CSV FROM $u AS line RETURN line } IN TRANSACTIONS RETURN line",
    "USING PERIODIC COMMIT 5 LOAD CSV FROM 'file:///x' AS line RETURN line",
    "USE neo4j RETURN 1",
    "use`neo4j` RETURN 1",
    "USE graph.byName('neo4j') RETURN 1",
    "CYPHER 5 USE neo4j RETURN 1",
    "CALL { USE neo4j RETURN 1 AS x } RETURN x",
    "WITH 1 AS a CALL { WITH a USE neo4j RETURN 1 AS x } RETURN x",
    "RETURN 1 AS x UNION USE neo4j RETURN 2 AS x",
    "RETURN apoc.util.sleep(1)",
    "RETURN apoc . util /* c */ . sleep // c\n (1)",
    "RETURN `apoc.util.sleep`(1)",
    "RETURN `apoc`.`util`.`sleep`(1)",
    "RETURN [x IN [1] WHERE apoc.load.json(x) | x]",
    "MATCH (n {x: apoc.config.map()}) RETURN n",
    "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
    "CALL apoc.cypher.run('CREATE (:GuardMark)', {}) YIELD value RETURN value",
    "CALL `dbms`.`components`()",
    "CALL `dbms.components`()",
    "CALL dbms.components",
    "CALL\u00a0dbms.components()",
    "CALL dbms/**/./**/components()",
    "CALL DBMS.COMPONENTS()",
    "OPTIONAL CALL dbms.components() YIELD name RETURN name",
    "CALL () { CALL dbms.components() YIELD name RETURN name } RETURN name",
    "CALL dbms.queryJmx('*:*') YIELD name RETURN name",
    "CALL tx.setMetaData({a: 1})",
    "CALL db.resampleOutdatedIndexes()",
    "CALL db.stats.collect('QUERIES')",
    "CALL db.prepareForReplanning()",
    "SHOW SETTINGS YIELD name RETURN name",
    "SHOW TRANSACTIONS YIELD transactionId AS t TERMINATE TRANSACTIONS t YIELD message RETURN t",
    "SHOW CURRENT USER",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "CREATE USER guard SET PASSWORD 'abcdefgh'",
    "STOP DATABASE neo4j",
    "INSERT (:GuardMark)",
    "MATCH (n:GuardMark) SET n += {x: 1}",
    "MATCH (n:GuardMark) SET n:$('X')",
    "MATCH (n) WHERE EXISTS { CREATE (:GuardMark) } RETURN n",
    "CALL (*) { MERGE (n:GuardMark) RETURN n } IN 2 CONCURRENT TRANSACTIONS RETURN n",
    "CREATE FULLTEXT INDEX guard FOR (n:GuardMark) ON EACH [n.x]",
    "RETURN 1;RETURN 2",
    "RETURN 1 // x\r CREATE (:GuardMark)",
]
TOO_MUCH = [
    f"RETURN {'[' * 3_000}{']' * 3_000}",
    f"RETURN {'(' * 101}1{')' * 101}",
    f"RETURN {'{a: ' * 200}1{'}' * 200}",
    f"RETURN {'CASE WHEN true THEN ' * 200}1{' END' * 200}",
    f"RETURN '{'x' * 100_000}'",
]


def chain(relationships: int, dash: str = "-") -> str:
    """Return a query of one path."""
    steps = "".join(f"{dash}[:INPUT]{dash}(a{n})" for n in range(relationships))
    return f"MATCH (a:Artifact){steps} RETURN 1 AS x"


def star(leaves: int) -> str:
    """Return the query that takes the planner longest for its size."""
    paths = (
        f"(c:Artifact {{namespace: '', id: 0}})-->(a{n}:Execution {{namespace: '', id: {n}}})"
        for n in range(leaves)
    )
    return f"MATCH {', '.join(paths)} RETURN 1 AS x"


def alone(nodes: int) -> str:
    """Return a query of nodes that nothing joins but a comparison."""
    paths = ", ".join(f"(a{n}:Artifact)" for n in range(nodes))
    return f"MATCH {paths} WHERE a0.id = a1.id RETURN 1 AS x"


def one_by_one(relationships: int) -> str:
    """Return a query that has a MATCH and a WITH for each relationship."""
    return "".join(f"MATCH (a{n})--(a{n + 1}) WITH a{n + 1} " for n in range(relationships)) + (
        "RETURN 1 AS x"
    )


def optional(matches: int) -> str:
    """Return a query of a node and what hangs on it."""
    found = " ".join(f"OPTIONAL MATCH (a)-[:INPUT]->(b{n})" for n in range(matches))
    return f"MATCH (a:Artifact {{namespace: '', id: 0}}) {found} RETURN 1 AS x"


def existing(times: int) -> str:
    """Return a query that asks for a node's relationships in braces."""
    found = " AND ".join(f"EXISTS {{ (a)-[:INPUT]->(b{n}) }}" for n in range(times))
    return f"MATCH (a:Artifact {{namespace: '', id: 0}}) WHERE {found} RETURN 1 AS x"


PLANNED = [chain(10), star(10), alone(10), one_by_one(9), optional(29), existing(29)]
LET_THROUGH = [
    ("RETURN '(((' + \"[[[\" AS x", [{"x": "((([[["}]),
    (
        "RETURN 'apoc.util.sleep(1); LOAD CSV; USE x' AS x",
        [{"x": "apoc.util.sleep(1); LOAD CSV; USE x"}],
    ),
    (r"RETURN '\u00e9' AS x", [{"x": "é"}]),
    ("WITH {use: 1, load: 2} AS m RETURN m.use + m.load AS x", [{"x": 3}]),
    ("RETURN duration.between(date('2026-01-01'), date('2026-01-03')).days AS x", [{"x": 2}]),
    ("RETURN date.truncate('year', date('2026-05-01')).month AS x", [{"x": 1}]),
    ("RETURN vector.similarity.cosine([1.0], [1.0]) AS x", [{"x": 1.0}]),
    ("MATCH (n:Artifact) USING SCAN n:Artifact WHERE n.namespace = '' RETURN n AS x", []),
    ("RETURN " + "(" * 90 + "1" + ")" * 90 + " AS x", [{"x": 1}]),
    ("RETURN 2 -[1, 2][0] + (5)-(1) AS x", [{"x": 5}]),
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


@pytest.mark.parametrize("query", TOO_MUCH)
def test_what_would_keep_the_parser_busy_is_refused(
    store: headwater.MetadataStore, query: str
) -> None:
    with pytest.raises(ResourceExhausted):
        store.cypher(query)


@pytest.mark.parametrize(
    ("query", "parts", "limit"),
    [
        (chain(11), 11, 10),
        (star(11), 11, 10),
        (alone(11), 11, 10),
        (one_by_one(12), 12, 10),
        *((chain(11, dash), 11, 10) for dash in "\u00ad\u2010\u2014\ufe58\ufe63\uff0d"),
        (optional(31), 32, 30),
        (existing(31), 32, 30),
        (chain(6) + " UNION " + chain(9), 11, 10),
        (chain(40), 40, 30),
        ("MATCH (a)" + "--(a)" * 10 + "-->(b) RETURN [(a)-->(b) | 1] AS x", 12, 10),
        ("MATCH " + ",".join(f"p{n} = (a{n})" for n in range(11)) + " RETURN 1 AS x", 11, 10),
        ("MATCH " + ",".join(f" ANY SHORTEST 1 (a{n})" for n in range(11)) + " RETURN 1", 11, 10),
        ("MATCH (a)" + " ((x)-->(y))+ (b)" * 11 + " RETURN 1 AS x", 11, 10),
    ],
)
def test_what_would_keep_the_planner_busy_is_refused(
    store: headwater.MetadataStore, query: str, parts: int, limit: int
) -> None:
    began = time.monotonic()

    with pytest.raises(ResourceExhausted, match=rf"{parts} parts.*more than {limit}") as caught:
        store.cypher(query)

    assert (caught.value.parts, caught.value.limit) == (parts, limit)
    assert caught.value.hint
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("query", PLANNED)
def test_what_the_planner_can_order_is_planned(store: headwater.MetadataStore, query: str) -> None:
    assert store.explain(query).root.operator == "ProduceResults"


class Visited(BaseHTTPRequestHandler):
    """Notes who was here."""

    def do_GET(self) -> None:
        VISITS.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"a,b\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


VISITS: list[str] = []


def test_no_address_is_opened_by_asking(store: headwater.MetadataStore) -> None:
    with HTTPServer(("127.0.0.1", 0), Visited) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        load = f"LOAD CSV FROM 'http://127.0.0.1:{server.server_port}/' AS line RETURN line"
        try:
            for before in ("", "PROFILE ", "CYPHER 5 PROFILE ", "EXPLAIN ", "CYPHER 5 "):
                with pytest.raises((PermissionDenied, InvalidArgument)):
                    store.cypher(before + load)
            with urlopen(f"http://127.0.0.1:{server.server_port}/seen") as answer:
                answer.read()
        finally:
            server.shutdown()
            thread.join()

    assert VISITS == ["/seen"]


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
