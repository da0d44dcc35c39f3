"""A server whose database goes away and comes back."""

import json
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

import headwater
from headwater.settings import load_settings
from server.calling import WAIT_S, Status, client_of, http_get, serving
from support.servers import Neo4jAddress

_CHUNK = 65_536


class Wire:
    """A way to a Neo4j that the test can cut and mend."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut = threading.Event()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.address = f"bolt://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        self._cut.set()

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            near, _ = self._listener.accept()
            if self._cut.is_set():
                near.close()
                continue
            self._threads.append(threading.Thread(target=self._carry, args=(near,)))
            self._threads[-1].start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._target) as far:
            while not (self._over.is_set() or self._cut.is_set()):
                for source in select.select([near, far], [], [], 0.05)[0]:
                    content = source.recv(_CHUNK)
                    if not content:
                        return
                    (far if source is near else near).sendall(content)


@pytest.fixture
def wire(neo4j_server: Neo4jAddress) -> Iterator[Wire]:
    host, _, port = neo4j_server.address.rpartition("/")[2].partition(":")
    made = Wire(host, int(port))
    yield made
    made.close()


def test_health_and_readiness_follow_the_database(
    wire: Wire, neo4j_server: Neo4jAddress, namespace: str, tmp_path: Path
) -> None:
    settings = replace(load_settings({}), home=tmp_path, retry_s=0.2)
    with (
        headwater.connect(
            wire.address,
            user=neo4j_server.user,
            password=neo4j_server.password,
            namespace=namespace,
            settings=settings,
        ) as store,
        serving(store) as server,
        client_of(server) as client,
    ):
        health = health_pb2_grpc.HealthStub(client.channel)

        def is_serving() -> bool:
            answer = health.Check(health_pb2.HealthCheckRequest(), timeout=WAIT_S)
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        before = is_serving()
        wire.cut()
        while is_serving():
            pass
        lost = http_get(server, "/readyz")
        version = http_get(server, "/version")
        alive = http_get(server, "/healthz")
        failed = client.future("GetArtifacts").code()
        wire.mend()
        while not is_serving():
            pass
        again = http_get(server, "/readyz")

        assert before
        assert lost.status == 503
        assert set(json.loads(lost.text)["problems"]) == {"neo4j"}
        assert json.loads(version.text)["neo4j"] is None
        assert alive.status == again.status == 200
        assert failed is Status.UNAVAILABLE
        assert client.future("GetArtifacts").code() is Status.OK
