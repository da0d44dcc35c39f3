"""Serve: the store as a server for MLMD's clients, until it is stopped."""

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

import headwater
from headwater.cli.call import Call, command
from headwater.cli.exits import ExitCode
from headwater.errors import MissingExtra
from headwater.settings import Auth, Settings, load_settings
from headwater.visible import visible

if TYPE_CHECKING:
    from headwater import MetadataStore
    from headwater.server.serve import Server

_LOG = "headwater.server"
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - recognised, not listened on
_OURS = "headwater"


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "serve",
        examples=(
            "headwater serve",
            "headwater serve --grpc localhost:0 --http localhost:0",
            "headwater serve --grpc [::]:8080 --tls-cert server.pem --tls-key server.key",
        ),
    )(serve)


def _file(name: str, text: str) -> object:
    return typer.Option(name, metavar="FILE", help=text)


def _seconds(name: str, text: str) -> object:
    return typer.Option(name, metavar="SECONDS", help=text)


def serve(
    call: Call,
    *,
    grpc: Annotated[
        str | None,
        typer.Option(
            "--grpc",
            metavar="HOST:PORT",
            help="Where MLMD's clients connect; port 8080 of loopback.",
        ),
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="HOST:PORT",
            help="/healthz, /readyz, /version and /metrics; port 8081 of loopback.",
        ),
    ] = None,
    tls_cert: Annotated[Path | None, _file("--tls-cert", "The server's certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, _file("--tls-key", "The certificate's key, PEM.")] = None,
    tls_client_ca: Annotated[
        Path | None,
        _file("--tls-client-ca", "Clients must show a certificate that this authority signed."),
    ] = None,
    auth: Annotated[
        Auth | None,
        typer.Option("--auth", help="Whether calls need a token; auto: unless all is loopback."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Calls at once; 16.")
    ] = None,
    max_message_mb: Annotated[
        int | None,
        typer.Option("--max-message-mb", metavar="N", help="Largest request or answer; 100."),
    ] = None,
    grace: Annotated[
        float | None, _seconds("--grace", "How long running calls may end; 30.")
    ] = None,
) -> None:
    """Serve the store to MLMD's clients over gRPC, until SIGTERM or ^C.

    Then no new call is taken, the running ones get time to end, and a second signal ends it at
    once. Every option has a setting, HEADWATER_GRPC and so on.
    """
    asked = {
        "grpc": grpc,
        "http": http,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "tls_client_ca": tls_client_ca,
        "auth": auth,
        "workers": workers,
        "max_message_mb": max_message_mb,
        "grace_s": grace,
        # A program asks: a database that restarts is waited for as long as anywhere else.
        "retry_s": load_settings().retry_s,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    _serve(call, replace(call.settings, **given))  # type: ignore[arg-type] # names and types are those of Settings


def _serve(call: Call, settings: Settings) -> None:
    left = 0
    with _bound(settings) as server:
        with headwater.connect(settings=settings, progress=call.progress) as store:
            _log_to_stderr()
            stopping = _signals()
            server.start(store)
            _warn(call, server, store)
            _tell(call, server, store)
            stopping.wait()
            call.screen.say("stopping: running calls may end")
            cut = server.stop()
        if cut:
            left = server.wait_for_calls()
            call.screen.say(f"{cut} calls were cut off")
    call.screen.say("stopped")
    if left:
        # Python would wait for their threads, which nobody can end.
        sys.stdout.flush()
        os._exit(ExitCode.OK)


def _bound(settings: Settings) -> "Server":
    try:
        from headwater.server.serve import Server  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        if (error.name or _OURS).split(".")[0] == _OURS:
            raise
        raise MissingExtra(
            f"A server needs {error.name}, which is not installed.",
            hint="pip install 'headwater[server]'",
        ) from error
    return Server(settings)


def _signals() -> threading.Event:
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _tell(call: Call, server: "Server", store: "MetadataStore") -> None:
    about = store.about()
    host = "localhost" if server.grpc_address.host in _EVERYWHERE else server.grpc_address.host
    port = server.grpc_address.port
    scheme = "https" if server.has_tls else "http"
    told = {
        "grpc": str(server.grpc_address),
        "http": f"{scheme}://{server.http_address}",
        "namespace": store.namespace,
        "neo4j": about.address,
        "objects": store.objects.location,
        "tls": server.has_tls,
        "tokens": server.asks_for_tokens,
        "client": f"MetadataStoreClientConfig(host={host!r}, port={port})",
    }
    if call.json:
        call.screen.answer(told)
    else:
        words = {"tls": "on" if server.has_tls else "off"}
        words["tokens"] = "required" if server.asks_for_tokens else "not asked for"
        call.screen.fields({**told, **words}.items())
    call.screen.flush()


def _warn(call: Call, server: "Server", store: "MetadataStore") -> None:
    addresses = [
        str(address)
        for address in (server.grpc_address, server.http_address)
        if not address.is_loopback
    ]
    where = " and ".join(addresses)
    if addresses and not server.asks_for_tokens:
        call.screen.say(
            f"warning: whoever reaches {where} may read and write everything; --auth required "
            "asks for tokens",
            style="bold yellow",
        )
    if addresses and not server.has_tls:
        call.screen.say(
            f"warning: what goes over {where}, tokens too, can be read on the way; give "
            "--tls-cert and --tls-key, or put a proxy with TLS in front",
            style="bold yellow",
        )
    now = time.time_ns() // 1_000_000
    if server.asks_for_tokens and all(t.state(now) != "valid" for t in store.tokens.all()):
        call.screen.say(
            "warning: there is no valid token yet: headwater tokens create NAME --scope write",
            style="bold yellow",
        )


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(message)s"))
    log = logging.getLogger(_LOG)
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


class _Lines(logging.Formatter):
    """Lines in UTC, of which a terminal obeys nothing."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(visible(line) for line in super().format(record).split("\n"))
