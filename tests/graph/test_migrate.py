import re
import subprocess
import sys

import pytest

from headwater.errors import FailedPrecondition
from headwater.graph import migrate as module
from headwater.graph.migrate import migrate, migrations
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from support.servers import Neo4jAddress

INDEXES = Statement(
    "test/indexes",
    """
SHOW INDEXES YIELD name, labelsOrTypes, properties, state, owningConstraint
WHERE NOT name STARTS WITH 'headwater_p_' AND labelsOrTypes <> []
RETURN labelsOrTypes[0], properties, owningConstraint IS NOT NULL, state
""",
)
MADE = re.compile(r"FOR \(n:(\w+)\) (REQUIRE|ON) \((.+?)\)")

CHILD = """
import sys
from headwater.graph import migrate
from headwater.graph.session import Graph
migrate._version = lambda graph: 0
address, user, password = sys.argv[1:]
with Graph(address, user=user, password=password or None) as graph:
    print(migrate.migrate(graph))
"""


def made_by(statement: Statement) -> tuple[str, tuple[str, ...], bool]:
    """Return the label and properties of an index that a migration makes, and if it is unique."""
    (label, word, properties) = MADE.findall(statement.text)[0]
    return (
        label,
        tuple(key.strip().removeprefix("n.") for key in properties.split(",")),
        word == "REQUIRE",
    )


def indexes_of(graph: Graph) -> dict[tuple[str, tuple[str, ...], bool], str]:
    """Return the state of each index that is not on a user's property."""
    rows = graph.read(INDEXES)
    return {(label, tuple(keys), unique): state for label, keys, unique, state in rows}


def newest() -> int:
    return max(number for number, _ in migrations())


def test_the_numbers_of_the_migrations_follow_each_other() -> None:
    assert [number for number, _ in migrations()] == list(range(1, newest() + 1))


def test_every_statement_of_a_migration_can_be_run_twice() -> None:
    statements = [statement for _, each in migrations() for statement in each]

    assert all("IF NOT EXISTS" in s.text or "IF EXISTS" in s.text for s in statements)


def test_what_the_migrations_make_is_there_and_online(graph: Graph) -> None:
    wanted = {made_by(statement) for _, each in migrations() for statement in each}

    found = indexes_of(graph)

    assert wanted <= found.keys()
    assert {found[index] for index in wanted} == {"ONLINE"}


def test_migrating_twice_changes_nothing(graph: Graph) -> None:
    before = indexes_of(graph)

    assert migrate(graph) == migrate(graph) == newest()

    assert indexes_of(graph) == before


def test_a_crash_before_the_version_was_raised_is_made_good(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = indexes_of(graph)
    monkeypatch.setattr(module, "_version", lambda _: 0)

    assert migrate(graph) == newest()

    assert indexes_of(graph) == before


def test_two_processes_can_migrate_at_once(neo4j_server: Neo4jAddress) -> None:
    server = neo4j_server
    command = [sys.executable, "-c", CHILD, server.address, server.user, server.password or ""]

    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        for _ in range(2)
    ]
    answers = [child.communicate(timeout=120)[0] for child in children]

    assert answers == [f"{newest()}\n"] * 2


def test_a_newer_database_is_refused(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    found, known = newest(), newest() - 1
    monkeypatch.setattr(module, "migrations", lambda: [(known, [])])

    with pytest.raises(FailedPrecondition) as raised:
        migrate(graph)

    assert f"has schema version {found}, this headwater knows up to {known}" in str(raised.value)
    assert "Install a newer headwater" in str(raised.value)
