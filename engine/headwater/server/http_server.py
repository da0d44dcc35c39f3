"""The HTTP server: uvicorn on a socket of its own, in a thread of its own."""

import socket
import ssl
import threading

import uvicorn
from starlette.applications import Starlette

from headwater.server.addresses import Address, listen
from headwater.server.tls import Tls

_START_S = 10.0


class HttpServer:
    """An HTTP server that has its port from the start, and answers once it is started.

    Args:
        address: where it listens.
        tls: what it shows its clients; None speaks in the clear.

    Raises:
        PortInUse: another program listens there.
        InvalidArgument: the address is not one of this machine.
        PermissionDenied: this user may not listen there.
    """

    def __init__(self, address: Address, *, tls: Tls | None) -> None:
        self._tls = tls
        self._socket = listen(address)
        self.address = Address(address.host, self._socket.getsockname()[1])
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, app: Starlette) -> None:
        """Answer with the application from now on."""
        self._server = _Server(_config(app, self._tls))
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name="headwater-http",
            daemon=True,
        )
        self._thread.start()
        self._server.ready.wait(_START_S)

    def stop(self) -> None:
        """Answer no more, once the running requests have ended or a second is over."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _config(app: Starlette, tls: Tls | None) -> uvicorn.Config:
    client_ca = None if tls is None else tls.client_ca
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=None if tls is None else tls.cert,
        ssl_keyfile=None if tls is None else tls.key,
        ssl_ca_certs=None if client_ca is None else str(client_ca),
        ssl_cert_reqs=ssl.CERT_NONE if client_ca is None else ssl.CERT_REQUIRED,
    )
