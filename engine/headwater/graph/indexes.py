"""Indexes on properties: made for what types declare, listed, added and dropped.

Owns the one way in which a property's key enters a query text: `quoted`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import LiteralString, NamedTuple

from headwater.errors import Internal, InvalidArgument
from headwater.graph.session import Graph, Transaction
from headwater.graph.statements import Statement, load, trusted
from headwater_schema.stored import LABELS

PREFIX = "headwater_p_"
"""Every index that headwater makes on a property has a name that begins so."""

_SCHEMA_TRIES = 10


class PropertyIndex(NamedTuple):
    """A range index on one property of one label.

    `ours` is False for one that somebody made by hand.
    """

    label: str
    key: str
    state: str = "ONLINE"
    ours: bool = True


def quoted(key: str) -> LiteralString:
    r"""Return a stored key as it stands in a query text.

    Backticks are doubled. A key with a backslash is refused, because the server turns
    `\u0060` into a backtick before it reads the text.

    Raises:
        InvalidArgument: the key holds a backslash.
    """
    if "\\" in key:
        raise InvalidArgument(f"A key with a backslash cannot be indexed: {key!r}.", key=key)
    return trusted("`" + key.replace("`", "``") + "`")


def indexable(key: str) -> bool:
    """Return whether a key can stand in a query text at all."""
    return "\\" not in key


def list_indexes(graph: Graph) -> list[PropertyIndex]:
    """Return the indexes on one user property, ours or anybody's, by label and key."""
    return [
        PropertyIndex(label, key, state, name.startswith(PREFIX))
        for name, label, key, state in graph.read(load("index/list"))
        if name.startswith(PREFIX) or key.startswith(("p_", "c_"))
    ]


def create_indexes(graph: Graph, wanted: Iterable[tuple[str, str]]) -> None:
    """Make the indexes that are missing, all in one transaction.

    Args:
        graph: the database.
        wanted: label and stored key of each.
    """
    statements = [_create(label, key) for label, key in wanted]
    if statements:
        change_schema(graph, statements)


def change_schema(graph: Graph, statements: Sequence[Statement]) -> None:
    """Run schema commands in one transaction, each of the form `... IF [NOT] EXISTS`.

    Two processes that make the same index at the same moment both find that it does not exist,
    and the server refuses the second with an error. It is run again, and then finds it.
    """
    for _ in range(_SCHEMA_TRIES - 1):
        try:
            return graph.write(lambda tx: _run_all(tx, statements))
        except Internal as error:
            if not _made_by_another(error):
                raise
    return graph.write(lambda tx: _run_all(tx, statements))


def _run_all(tx: Transaction, statements: Sequence[Statement]) -> None:
    for statement in statements:
        tx.run(statement)


def _made_by_another(error: Internal) -> bool:
    code = str(error.values.get("neo4j_code", ""))
    return ".Schema." in code and code.endswith("AlreadyExists")


def drop_index(graph: Graph, label: str, key: str) -> None:
    """Drop the index that headwater made on a property; nothing happens where there is none."""
    graph.write(lambda tx: tx.run(Statement("index/drop", _drop_text(label, key))))


def index_name(label: str, key: str) -> LiteralString:
    """Return the name of the index that headwater makes on a property."""
    digest = hashlib.sha256(f"{_label(label)}.{key}".encode()).hexdigest()[:24]
    return trusted(PREFIX + digest)


def _create(label: str, key: str) -> Statement:
    text = (
        f"CREATE RANGE INDEX {index_name(label, key)} IF NOT EXISTS "
        f"FOR (n:{_label(label)}) ON (n.{quoted(key)})"
    )
    return Statement("index/create", text)


def _drop_text(label: str, key: str) -> LiteralString:
    return f"DROP INDEX {index_name(label, key)} IF EXISTS"


def _label(label: str) -> LiteralString:
    for known in LABELS.values():
        if label == known:
            return trusted(known)
    raise InvalidArgument(f"No label {label!r}; there are {', '.join(LABELS.values())}.")
