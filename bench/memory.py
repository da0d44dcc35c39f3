"""The same edges in SQLite, in rustworkx and in scipy: what a traversal costs beside a database.

Each peer holds the edges and the types of one generated graph, read from MLMD's file, and answers
questions about the ancestors of one artifact: how many there are, of each type, and which.
Nodes are numbered from 0: artifacts first, executions after them. Types are numbered as in the
file, where artifacts and executions share none.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import numpy as np
import rustworkx
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

_TOTAL = """
WITH RECURSIVE seen(id) AS (
  SELECT source FROM edge WHERE target = :start
  UNION
  SELECT source FROM edge JOIN seen ON edge.target = seen.id
)
SELECT count(*) FROM seen
"""
_COUNTS = """
WITH RECURSIVE seen(id) AS (
  SELECT source FROM edge WHERE target = :start
  UNION
  SELECT source FROM edge JOIN seen ON edge.target = seen.id
)
SELECT type, count(*) FROM seen JOIN node USING (id) GROUP BY type
"""
_IDS = """
WITH RECURSIVE seen(id) AS (
  SELECT source FROM edge WHERE target = :start
  UNION
  SELECT source FROM edge JOIN seen ON edge.target = seen.id
)
SELECT id FROM seen
"""


class Edges:
    """The data flow of a generated graph, as two columns of numbers.

    Args:
        path: of MLMD's file.
        input_types: numbers of the types of events by which an execution reads.
    """

    def __init__(self, path, input_types):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT artifact_id, execution_id, type FROM Event")
            events = np.array(rows.fetchall(), dtype=np.int64).reshape(-1, 3)
            self.artifacts = connection.execute("SELECT max(id) FROM Artifact").fetchone()[0]
            self.executions = connection.execute("SELECT max(id) FROM Execution").fetchone()[0]
            typed = connection.execute(
                "SELECT id - 1, type_id FROM Artifact UNION ALL "
                "SELECT id - 1 + ?, type_id FROM Execution",
                (self.artifacts,),
            )
            places, type_ids = np.array(typed.fetchall(), dtype=np.int64).reshape(-1, 2).T
            self.type_names = dict(connection.execute("SELECT id, name FROM Type"))
        artifacts, executions = events[:, 0] - 1, events[:, 1] - 1 + self.artifacts
        reads = np.isin(events[:, 2], input_types)
        self.sources = np.where(reads, artifacts, executions)
        self.targets = np.where(reads, executions, artifacts)
        self.nodes = self.artifacts + self.executions
        self.types = np.zeros(self.nodes, dtype=np.int64)
        self.types[places] = type_ids

    def named(self, counts):
        """Return counts by the number of a type as counts by its name, in one order."""
        named = ((self.type_names[number], int(count)) for number, count in counts if count)
        return tuple(sorted(named))


class Peer(NamedTuple):
    """One way to answer; the functions take the number of a node.

    Attributes:
        total: returns how many ancestors there are.
        counts: returns how many ancestors there are of each type, by its name.
        ids: returns a list of their numbers.
    """

    total: Callable
    counts: Callable
    ids: Callable


def sqlite_peer(edges):
    """Return recursive queries over an indexed table in memory."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE edge (target INT, source INT, PRIMARY KEY (target, source)) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE node (id INTEGER PRIMARY KEY, type INT)")
    pairs = zip(edges.targets.tolist(), edges.sources.tolist(), strict=True)
    connection.executemany("INSERT OR IGNORE INTO edge VALUES (?, ?)", pairs)
    connection.executemany("INSERT INTO node VALUES (?, ?)", enumerate(edges.types.tolist()))
    connection.execute("ANALYZE")

    def rows(query, start):
        return connection.execute(query, {"start": start}).fetchall()

    return Peer(
        lambda start: rows(_TOTAL, start)[0][0],
        lambda start: edges.named(rows(_COUNTS, start)),
        lambda start: [node for (node,) in rows(_IDS, start)],
    )


def rustworkx_peer(edges):
    """Return a graph of rustworkx, asked for its ancestors."""
    graph = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(edges.nodes))
    graph.add_edges_from_no_data(
        list(zip(edges.sources.tolist(), edges.targets.tolist(), strict=True))
    )

    def found(start):
        return list(rustworkx.ancestors(graph, start))

    return Peer(
        lambda start: len(rustworkx.ancestors(graph, start)),
        lambda start: edges.named(enumerate(np.bincount(edges.types[found(start)]))),
        found,
    )


def scipy_peer(edges):
    """Return a breadth-first search over compressed rows."""
    ones = np.ones(len(edges.sources), dtype=np.int8)
    shape = (edges.nodes, edges.nodes)
    against = csr_matrix((ones, (edges.targets, edges.sources)), shape=shape)

    def found(start):
        return breadth_first_order(against, start, return_predecessors=False)[1:]

    return Peer(
        lambda start: len(found(start)),
        lambda start: edges.named(enumerate(np.bincount(edges.types[found(start)]))),
        lambda start: found(start).tolist(),
    )
