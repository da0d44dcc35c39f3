"""Eight clients put the same names at once, over gRPC: one node each, and only errors that say so."""

import random
import threading
from collections import Counter
from typing import Any

import grpc
import pytest

import headwater
import headwater_schema
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from server.calling import Client, client_of, serving

CLIENTS = 8
CALLS = 250
NAMES = 10
ALLOWED = {grpc.StatusCode.ABORTED, grpc.StatusCode.ALREADY_EXISTS}

Message = Any


class Racer:
    """One client's calls, and how they ended."""

    def __init__(self, client: Client, number: int, types: dict[str, int]) -> None:
        self._client = client
        self._random = random.Random(number)  # noqa: S311 - which name to race for
        self._types = types
        self.outcomes: Counter[object] = Counter()

    def run(self, start: threading.Barrier) -> None:
        start.wait()
        for _ in range(CALLS):
            name, request = self._random.choice((self._type, self._context, self._execution))()
            error = self._client.future(name, request, timeout=120.0).exception()
            self.outcomes[None if error is None else error.code()] += 1

    def _name(self) -> str:
        return f"n{self._random.randrange(NAMES)}"

    def _type(self) -> tuple[str, Message]:
        made = pb.ArtifactType(name=self._name(), properties={"p": pb.INT})
        return "PutArtifactType", service_pb.PutArtifactTypeRequest(artifact_type=made)

    def _context(self) -> tuple[str, Message]:
        made = pb.Context(name=self._name(), type_id=self._types["context"])
        return "PutContexts", service_pb.PutContextsRequest(contexts=[made])

    def _execution(self) -> tuple[str, Message]:
        artifact = pb.Artifact(name=self._name(), type_id=self._types["artifact"])
        request = service_pb.PutExecutionRequest(
            execution=pb.Execution(type_id=self._types["execution"]),
            artifact_event_pairs=[{"artifact": artifact, "event": {"type": pb.Event.OUTPUT}}],
            contexts=[pb.Context(name=self._name(), type_id=self._types["context"])],
            options={"reuse_context_if_already_exist": True},
        )
        return "PutExecution", request


@pytest.fixture
def types(store: headwater.MetadataStore) -> dict[str, int]:
    declared = (
        headwater_schema.ArtifactType,
        headwater_schema.ExecutionType,
        headwater_schema.ContextType,
    )
    ids = store.put_types([kind(name="Raced") for kind in declared])
    return dict(zip(("artifact", "execution", "context"), ids, strict=True))


def test_racing_clients_make_one_node_of_each_name(
    store: headwater.MetadataStore, types: dict[str, int]
) -> None:
    with serving(store) as server, client_of(server) as client:
        racers = [Racer(client, number, types) for number in range(CLIENTS)]
        start = threading.Barrier(CLIENTS)
        threads = [threading.Thread(target=racer.run, args=(start,)) for racer in racers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    outcomes = sum((racer.outcomes for racer in racers), Counter[object]())
    assert outcomes.total() == CLIENTS * CALLS
    assert set(outcomes) - {None} <= ALLOWED, outcomes
    names = [f"n{i}" for i in range(NAMES)]
    for found in (
        [t.name for t in store.types.all(headwater_schema.TypeKind.ARTIFACT) if t.name != "Raced"],
        [context.name for context in store.contexts.all()],
        [artifact.name for artifact in store.artifacts.all()],
    ):
        assert sorted(str(name) for name in found) == names
    # An execution whose artifact's name was taken left nothing behind.
    assert len(store.executions.all()) == len(store.artifacts.all())
