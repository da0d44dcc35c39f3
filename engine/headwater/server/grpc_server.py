"""The gRPC server: its port, its limits, its health and reflection services, and its end."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import (  # type: ignore[import-untyped]
    reflection,
    reflection_pb2_grpc,
)

from headwater.mlmd.proto import POOL
from headwater.server.addresses import Address, parse_address, port_in_use, require_free
from headwater.server.calls import Handler
from headwater.server.tls import Tls

MAX_METADATA_BYTES = 16_384
_WAITING = 16
"""How many calls may wait for each worker; more are refused, so that none waits for ever."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class GrpcServer:
    """A gRPC server that has its port from the start, and takes calls once it is started.

    Args:
        address: where it listens.
        tls: what it shows its clients; None speaks in the clear.
        workers: how many calls run at once.
        waiting: how many more may wait; None means 16 for each worker.
        max_message_bytes: largest request or answer.

    Raises:
        PortInUse: another program listens there.
        InvalidArgument: the address is not one of this machine.
        PermissionDenied: this user may not listen there.
    """

    def __init__(
        self,
        address: Address,
        *,
        tls: Tls | None,
        workers: int,
        max_message_bytes: int,
        waiting: int | None = None,
    ) -> None:
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="headwater-call")
        self._server = grpc.server(
            self._workers,
            options=_options(max_message_bytes),
            maximum_concurrent_rpcs=workers + (workers * _WAITING if waiting is None else waiting),
        )
        self._health = health.HealthServicer()
        self._services: tuple[str, ...] = ()
        self.address = self._bound(address, tls)

    def start(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Take calls of one service, and of health and reflection."""
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, dict(handlers)),)
        )
        self._services = ("", service)
        self.tell_health(serving=False)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            reflection.ReflectionServicer(
                (service, health.SERVICE_NAME, reflection.SERVICE_NAME), pool=_Pools()
            ),
            self._server,
        )
        self._server.start()

    def tell_health(self, *, serving: bool) -> None:
        """Answer health checks so from now on."""
        for service in self._services:
            self._health.set(service, _SERVING if serving else _NOT_SERVING)

    def stop(self, grace_s: float) -> None:
        """Refuse new calls, wait for the running ones, and cancel those that take longer.

        A cancelled call's client is told; its thread runs on to its own end.
        """
        if not self._services:
            # One that never started would keep its port until it is forgotten.
            self._server.start()
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_s).wait()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _bound(self, address: Address, tls: Tls | None) -> Address:
        # gRPC does not say why it cannot have a port.
        require_free(address)
        text = str(address)
        try:
            port = (
                self._server.add_insecure_port(text)
                if tls is None
                else self._server.add_secure_port(text, tls.grpc_credentials())
            )
        except RuntimeError as error:
            raise port_in_use(address) from error
        return Address(parse_address(text).host, port)


class _Pools:
    """Descriptors of MLMD's messages, whose pool is their own, and of gRPC's own services."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a pool
        def find(*key: object) -> Any:  # noqa: ANN401 - likewise
            try:
                return getattr(POOL, name)(*key)
            except KeyError:
                return getattr(descriptor_pool.Default(), name)(*key)

        return find


def _options(max_message_bytes: int) -> list[tuple[str, int]]:
    return [
        # Else a second server would share the port, and each would get some of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ]
