"""A stream whose reader is killed in the middle goes on from its last mark, with nothing lost or twice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import headwater
from headwater_schema import (
    Artifact,
    ArtifactType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    New,
    PutRequest,
)
from support.commands import environment
from support.servers import Neo4jAddress

STEPS = 3_000


def recorded(store: headwater.MetadataStore) -> None:
    """Record a chain of steps, each of which reads what the one before made."""
    types = store.put_types([ArtifactType(name="A"), ExecutionType(name="E")])
    last: int | None = None
    for first in range(0, STEPS, 1_000):
        events = [
            event
            for i in range(1_000)
            for event in (
                EventPut(New(i), New(i), EventType.OUTPUT),
                *([EventPut(New(i - 1), New(i), EventType.INPUT)] if i else []),
            )
        ]
        if last is not None:
            events.append(EventPut(last, New(0), EventType.INPUT))
        answer = store.put(
            PutRequest(
                artifacts=tuple(
                    Artifact(type_id=types[0], name=f"a{first + i}") for i in range(1_000)
                ),
                executions=tuple(Execution(type_id=types[1]) for _ in range(1_000)),
                events=tuple(events),
            )
        )
        last = answer.artifact_ids[-1]


def lines_of(process: subprocess.Popen[bytes], most: int | None = None) -> list[bytes]:
    assert process.stdout is not None
    lines: list[bytes] = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) == most:
            break
    return lines


def test_a_stream_that_was_killed_goes_on_from_its_last_mark(
    store: headwater.MetadataStore, neo4j_server: Neo4jAddress, tmp_path: Path
) -> None:
    recorded(store)
    variables = environment(neo4j_server, namespace=store.namespace, folder=tmp_path)
    program = [sys.executable, "-c", "from headwater.cli import main; main()"]
    command = [*program, "lineage", "--format", "ndjson"]
    name = f"a{STEPS - 1}"

    def started(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command
            [*command, *arguments], stdout=subprocess.PIPE, env={**os.environ, **variables}
        )

    with started(name) as killed:
        before = lines_of(killed, most=2_500)
        killed.send_signal(signal.SIGKILL)
    found = [json.loads(line) for line in before]
    last = max(i for i, line in enumerate(found) if line["line"] == "mark")
    with started("--cursor", found[last]["cursor"]) as resumed:
        rest = [json.loads(line) for line in lines_of(resumed)]
    assert resumed.returncode == 0
    assert rest[-1]["line"] == "end"
    assert rest[-1]["complete"] is True

    parts = [*found[:last], *rest]
    nodes = [line["key"] for line in parts if line["line"] == "node"]
    edges = [(e["source"], e["target"]) for e in parts if e["line"] == "edge"]
    whole = store.upstream(name)
    assert nodes == [str(node.key) for node in whole.nodes]
    assert sorted(edges) == sorted((str(e.source), str(e.target)) for e in whole.events)
    assert len(nodes) == 2 * STEPS
