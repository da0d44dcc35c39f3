from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from headwater.errors import InvalidArgument
from headwater.graph.indexes import change_schema, indexable, quoted
from headwater.graph.session import Graph
from headwater.graph.statements import Statement

MAKE = (
    Statement("test", "CREATE INDEX test_race IF NOT EXISTS FOR (n:TestRace) ON (n.a)"),
    Statement(
        "test", "CREATE CONSTRAINT test_race_b IF NOT EXISTS FOR (n:TestRace) REQUIRE n.b IS UNIQUE"
    ),
)
DROP = (
    Statement("test", "DROP INDEX test_race IF EXISTS"),
    Statement("test", "DROP CONSTRAINT test_race_b IF EXISTS"),
)
FOUND = Statement(
    "test", "SHOW INDEXES YIELD name WHERE name STARTS WITH 'test_race' RETURN name ORDER BY name"
)
AT_ONCE = 6


def test_an_index_made_by_many_at_the_same_moment_is_there_once(graph: Graph) -> None:
    barrier = Barrier(AT_ONCE)

    def make(_: int) -> None:
        barrier.wait()
        for statement in MAKE:
            change_schema(graph, [statement])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(3):
            change_schema(graph, DROP)
            list(pool.map(make, range(AT_ONCE)))

    assert [row[0] for row in graph.read(FOUND)] == ["test_race", "test_race_b"]
    change_schema(graph, DROP)


@pytest.mark.parametrize(
    ("key", "text"),
    [("p_a", "`p_a`"), ("p_a`b", "`p_a``b`"), ("p_`) //", "`p_``) //`"), ("p_", "`p_`")],
)
def test_a_key_is_quoted_with_its_backticks_doubled(key: str, text: str) -> None:
    assert quoted(key) == text


def test_a_key_with_a_backslash_does_not_enter_a_text() -> None:
    assert not indexable("p_\\u0060")
    with pytest.raises(InvalidArgument, match="backslash"):
        quoted("p_\\u0060")
