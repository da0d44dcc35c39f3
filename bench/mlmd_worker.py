"""MLMD's side of a benchmark: runs in an environment of its own and is told what to do.

Reads a JSON command a line from its standard input, answers each with the seconds it took.
"""

import json
import sys
import time

import ml_metadata
from content import (
    ARTIFACT_KINDS,
    ARTIFACT_TYPE,
    CONTEXT_NAME,
    CONTEXT_TYPE,
    EXECUTION_KINDS,
    EXECUTION_TYPE,
    artifact_uri,
    artifact_values,
    execution_values,
)
from ml_metadata.proto import metadata_store_pb2 as pb

_FIELDS = {int: "int_value", float: "double_value", str: "string_value"}


def _type(message, name, kinds):
    message.name = name
    for key, kind in kinds.items():
        message.properties[key] = pb.PropertyType.Value(kind)
    return message


def _fill(message, values):
    for target, source in (
        (message.properties, values.declared),
        (message.custom_properties, values.custom),
    ):
        for key, value in source.items():
            setattr(target[key], _FIELDS[type(value)], value)
    return message


class Worker:
    """A real MLMD store in an SQLite file, with two artifacts that every execution reads."""

    def __init__(self, path):
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = path
        self._store = ml_metadata.MetadataStore(config)
        put = self._store
        self._artifact_type = put.put_artifact_type(
            _type(pb.ArtifactType(), ARTIFACT_TYPE, ARTIFACT_KINDS)
        )
        self._execution_type = put.put_execution_type(
            _type(pb.ExecutionType(), EXECUTION_TYPE, EXECUTION_KINDS)
        )
        self._context_type = put.put_context_type(_type(pb.ContextType(), CONTEXT_TYPE, {}))
        self._inputs = put.put_artifacts([self._artifact(-1), self._artifact(-2)])
        put.put_contexts([self._context()])

    def _artifact(self, number):
        artifact = pb.Artifact(
            type_id=self._artifact_type, uri=artifact_uri(number), state=pb.Artifact.LIVE
        )
        return _fill(artifact, artifact_values(number))

    def _execution(self, number):
        execution = pb.Execution(
            type_id=self._execution_type, last_known_state=pb.Execution.COMPLETE
        )
        return _fill(execution, execution_values(number))

    def _context(self):
        return pb.Context(type_id=self._context_type, name=CONTEXT_NAME)

    def single(self, first, count):
        """Return the seconds of each put_execution: two inputs, one output, one context."""
        seconds = []
        for number in range(first, first + count):
            execution, artifact, context = (
                self._execution(number),
                self._artifact(number),
                self._context(),
            )
            pairs = [(None, pb.Event(artifact_id=i, type=pb.Event.INPUT)) for i in self._inputs]
            pairs.append((artifact, pb.Event(type=pb.Event.OUTPUT)))
            begin = time.perf_counter()
            self._store.put_execution(
                execution, pairs, [context], reuse_context_if_already_exist=True
            )
            seconds.append(time.perf_counter() - begin)
        return seconds

    def bulk(self, first, count):
        """Return the seconds of one put_lineage_subgraph of that many executions."""
        numbers = range(first, first + count)
        executions = [self._execution(number) for number in numbers]
        artifacts = [self._artifact(number) for number in numbers]
        edges = []
        for index in range(count):
            edges += [
                (index, None, pb.Event(artifact_id=i, type=pb.Event.INPUT)) for i in self._inputs
            ]
            edges.append((index, index, pb.Event(type=pb.Event.OUTPUT)))
        begin = time.perf_counter()
        self._store.put_lineage_subgraph(
            executions, artifacts, [self._context()], edges, reuse_context_if_already_exist=True
        )
        return [time.perf_counter() - begin]

    def count(self):
        """Return how many artifacts, executions, events and links there are."""
        executions = self._store.get_executions()
        events = self._store.get_events_by_execution_ids([e.id for e in executions])
        context = self._store.get_contexts()[0].id
        return {
            "artifacts": len(self._store.get_artifacts()),
            "executions": len(executions),
            "events": len(events),
            "attributions": len(self._store.get_artifacts_by_context(context)),
            "associations": len(self._store.get_executions_by_context(context)),
        }


def main():
    """Answer commands until the input ends."""
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(worker, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
