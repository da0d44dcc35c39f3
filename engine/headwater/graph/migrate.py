"""Migrations: brings a database to the schema that this version of headwater expects.

The files `headwater_schema/graph/NNNN_name.cypher` hold one statement or several, parted by
`;` at a line's end, each safe to run twice. They are applied in order of their numbers. The
number reached is kept on the node `(:Schema {name: 'headwater'})`. Two processes that migrate
at once both apply the files, which does no harm.
"""

from importlib import resources

from headwater.errors import FailedPrecondition
from headwater.graph.indexes import change_schema
from headwater.graph.session import Graph, Transaction
from headwater.graph.statements import Statement, load, trusted


def migrate(graph: Graph) -> int:
    """Return the schema version, after applying what the database lacks.

    Schema changes cannot share a transaction with writes, so each file is applied by itself
    and the version is raised after; a crash between the two repeats the file harmlessly.

    Raises:
        FailedPrecondition: the database is newer than this code.
    """
    steps = migrations()
    newest = max(number for number, _ in steps)
    found = _version(graph)
    if found > newest:
        raise FailedPrecondition(
            f"The database has schema version {found}, this headwater knows up to {newest}.",
            hint="Install a newer headwater.",
            found=found,
            known=newest,
        )
    if found < newest:
        for number, statements in steps:
            if number > found:
                for statement in statements:
                    change_schema(graph, [statement])
        graph.write(lambda tx: _raise_to(tx, newest))
    return newest


def migrations() -> list[tuple[int, list[Statement]]]:
    """Return the number and the statements of each migration, in order."""
    folder = resources.files("headwater_schema") / "graph"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".cypher")),
        key=lambda file: file.name,
    )
    return [
        (int(file.name.split("_")[0]), _statements(file.name, file.read_text(encoding="utf-8")))
        for file in files
    ]


def _statements(name: str, text: str) -> list[Statement]:
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    parts = [part.strip() for part in body.split(";\n")]
    return [Statement(name, trusted(part.rstrip(";"))) for part in parts if part]


def _version(graph: Graph) -> int:
    rows = graph.read(load("schema/version"))
    return int(rows[0][0]) if rows else 0


def _raise_to(tx: Transaction, version: int) -> None:
    tx.run(load("schema/raise_version"), version=version)
