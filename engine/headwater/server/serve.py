"""Serve: both servers over one store, from their ports to the end of their last call."""

import threading
import time
from collections.abc import Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Self

from headwater import MetadataStore
from headwater.errors import InvalidArgument
from headwater.mlmd.rpcs import RPCS, SERVICE, Rpc
from headwater.server.addresses import parse_address
from headwater.server.calls import Calls, handlers
from headwater.server.gate import Gate, asks_for_tokens
from headwater.server.grpc_server import GrpcServer
from headwater.server.http_app import Faces, http_app
from headwater.server.http_server import HttpServer
from headwater.server.metrics import Metrics
from headwater.server.readiness import Question, Readiness
from headwater.server.tenants import Tenants
from headwater.server.tls import tls_of
from headwater.settings import Settings

_MIB = 1_048_576
_MAX_MIB = 2_047
_MAX_WORKERS = 1_000
_LOOK_S = 0.25
_END_S = 5.0


class Server:
    """A server that holds its ports from the start, so that a taken one is told before all else.

    Used as a context, it is stopped at the end without grace.

    Attributes:
        grpc_address: where it speaks gRPC, with the port that it got.
        http_address: where it speaks HTTP.
        has_tls: whether both speak TLS.
        asks_for_tokens: whether calls need one.

    Args:
        settings: addresses, TLS, tokens and limits.
        rpcs: the operations.

    Raises:
        PortInUse: another program listens on one of the addresses.
        InvalidArgument: a setting is not what it must be.
        PermissionDenied: this user may not listen there.
    """

    def __init__(self, settings: Settings, *, rpcs: Mapping[str, Rpc] = RPCS) -> None:
        _check(settings)
        tls = tls_of(settings)
        grpc_address, http_address = parse_address(settings.grpc), parse_address(settings.http)
        self._settings = settings
        self._rpcs = rpcs
        self._max_message_bytes = settings.max_message_mb * _MIB
        self._http = HttpServer(http_address, tls=tls)
        try:
            self._grpc = GrpcServer(
                grpc_address,
                tls=tls,
                workers=settings.workers,
                max_message_bytes=self._max_message_bytes,
            )
        except BaseException:
            self._http.stop()
            raise
        self.grpc_address, self.http_address = self._grpc.address, self._http.address
        self.has_tls = tls is not None
        self.asks_for_tokens = asks_for_tokens(settings.auth, grpc_address, http_address)
        self.metrics = Metrics()
        self._readiness = Readiness({})
        self._over = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(grace_s=0)

    def start(self, store: MetadataStore) -> None:
        """Take calls for a store, in its namespace where they name none. Ends at once."""
        gate = Gate(store.tokens if self.asks_for_tokens else None)
        calls = Calls(Tenants(store), gate, self.metrics, self._max_message_bytes)
        # The check of an object store writes and reads an object.
        questions = {
            "neo4j": Question(store.about, 3.0),
            "objects": Question(store.objects.check, 15.0),
        }
        self._readiness = Readiness(questions)
        self._readiness.begin()
        faces = Faces(gate, self.metrics, self._readiness.problems, lambda: self._versions(store))
        self._grpc.start(SERVICE, handlers(calls, self._rpcs))
        self._tell_health()
        threading.Thread(target=self._watch, name="headwater-health", daemon=True).start()
        self._http.start(http_app(faces))

    def stop(self, *, grace_s: float | None = None) -> int:
        """Return how many calls were cut off, after refusing new ones and waiting for the running.

        A cut call's transaction is rolled back when the store is closed, unless it was at its
        commit. Stopping twice does nothing more.

        Args:
            grace_s: how long to wait; the setting when None.
        """
        if self._over.is_set():
            return 0
        self._over.set()
        self._readiness.end()
        self._grpc.stop(self._settings.grace_s if grace_s is None else grace_s)
        self._http.stop()
        return self.metrics.in_flight()

    def wait_for_calls(self, *, timeout_s: float = _END_S) -> int:
        """Return how many calls still run, after waiting for them to end."""
        end = time.monotonic() + timeout_s
        while self.metrics.in_flight() and time.monotonic() < end:
            time.sleep(0.01)
        return self.metrics.in_flight()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._tell_health()

    def _versions(self, store: MetadataStore) -> dict[str, object]:
        # A database that does not answer is tried for half a minute; nobody waits for that here.
        about = None if "neo4j" in self._readiness.problems() else store.about()
        return {
            "headwater": version("headwater"),
            "schema": None if about is None else about.schema,
            "neo4j": None if about is None else about.version,
        }

    def _tell_health(self) -> None:
        self._grpc.tell_health(serving="neo4j" not in self._readiness.problems())


def _check(settings: Settings) -> None:
    for name, value, most in (
        ("workers", settings.workers, _MAX_WORKERS),
        ("max-message-mb", settings.max_message_mb, _MAX_MIB),
    ):
        if not 1 <= value <= most:
            raise InvalidArgument(f"--{name} is 1 to {most}, found {value}.")
    if not settings.grace_s >= 0:
        raise InvalidArgument(f"--grace is 0 or more seconds, found {settings.grace_s:g}.")
