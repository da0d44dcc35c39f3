"""A layered graph for lineage questions: every execution reads two artifacts of the layer before."""

import random
import time

import rustworkx

from headwater import NodeKey
from headwater_schema import (
    Artifact,
    ArtifactType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    New,
    PutRequest,
    TypeKind,
)

WIDTH = 500
SEED = 7


class Dag:
    """A store filled with layers of 500 executions, each with one output and two inputs.

    Args:
        store: an empty namespace.
        nodes: about how many nodes to make.
    """

    def __init__(self, store, nodes):
        self._edges = []
        self._random = random.Random(SEED)  # noqa: S311 - not for secrets
        artifact_type, execution_type = store.put_types(
            [ArtifactType(name="DagData"), ExecutionType(name="DagStep")]
        )
        artifact, execution = Artifact(type_id=artifact_type), Execution(type_id=execution_type)
        layer = store.put(PutRequest(artifacts=(artifact,) * WIDTH)).artifact_ids
        self.nodes = WIDTH
        begin = time.perf_counter()
        while self.nodes < nodes:
            layer = self._layer(store, layer, artifact, execution)
        self.rate = self.nodes / (time.perf_counter() - begin)
        self.last = NodeKey(TypeKind.ARTIFACT, layer[0])

    def _layer(self, store, before, artifact, execution):
        inputs = [self._random.sample(before, 2) for _ in range(WIDTH)]
        events = [
            event
            for i, pair in enumerate(inputs)
            for event in (
                *(EventPut(a, New(i), EventType.INPUT) for a in pair),
                EventPut(New(i), New(i), EventType.OUTPUT),
            )
        ]
        answer = store.put(
            PutRequest(
                artifacts=(artifact,) * WIDTH,
                executions=(execution,) * WIDTH,
                events=tuple(events),
            )
        )
        for pair, execution_id, output in zip(
            inputs, answer.execution_ids, answer.artifact_ids, strict=True
        ):
            self._edges += [(("a", i), ("e", execution_id)) for i in pair]
            self._edges.append((("e", execution_id), ("a", output)))
        self.nodes += 2 * WIDTH
        return answer.artifact_ids

    def in_memory(self):
        """Return the graph for rustworkx, and the index of the last artifact."""
        graph = rustworkx.PyDiGraph()
        index = {}
        for edge in self._edges:
            for node in edge:
                if node not in index:
                    index[node] = graph.add_node(node)
        graph.add_edges_from_no_data([(index[a], index[b]) for a, b in self._edges])
        return graph, index["a", self.last.id]

    @staticmethod
    def ancestors(graph, start):
        """Return the nodes upstream of one, found in memory."""
        return rustworkx.ancestors(graph, start)
