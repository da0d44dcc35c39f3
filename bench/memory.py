"""The same edges in SQLite, in rustworkx and in scipy: what a traversal costs beside a database.

Each peer holds the edges of one generated graph, read from MLMD's file, and counts the ancestors
of one artifact. Nodes are numbered from 0: artifacts first, executions after them.
"""

import sqlite3
from contextlib import closing

import numpy as np
import rustworkx
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

_COUNT = """
WITH RECURSIVE seen(id) AS (
  SELECT source FROM edge WHERE target = :start
  UNION
  SELECT source FROM edge JOIN seen ON edge.target = seen.id
)
SELECT count(*) FROM seen
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
        artifacts, executions = events[:, 0] - 1, events[:, 1] - 1 + self.artifacts
        reads = np.isin(events[:, 2], input_types)
        self.sources = np.where(reads, artifacts, executions)
        self.targets = np.where(reads, executions, artifacts)
        self.nodes = self.artifacts + self.executions


def sqlite_counter(edges):
    """Return what counts ancestors by a recursive query over an indexed table in memory."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE edge (target INT, source INT, PRIMARY KEY (target, source)) WITHOUT ROWID"
    )
    pairs = zip(edges.targets.tolist(), edges.sources.tolist(), strict=True)
    connection.executemany("INSERT OR IGNORE INTO edge VALUES (?, ?)", pairs)
    connection.execute("ANALYZE")
    return lambda start: connection.execute(_COUNT, {"start": start}).fetchone()[0]


def rustworkx_counter(edges):
    """Return what counts ancestors in a graph of rustworkx."""
    graph = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(edges.nodes))
    graph.add_edges_from_no_data(
        list(zip(edges.sources.tolist(), edges.targets.tolist(), strict=True))
    )
    return lambda start: len(rustworkx.ancestors(graph, start))


def scipy_counter(edges):
    """Return what counts ancestors by a breadth-first search over compressed rows."""
    ones = np.ones(len(edges.sources), dtype=np.int8)
    shape = (edges.nodes, edges.nodes)
    against = csr_matrix((ones, (edges.targets, edges.sources)), shape=shape)
    return lambda start: len(breadth_first_order(against, start, return_predecessors=False)) - 1
