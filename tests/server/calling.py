"""A server in this process and a client of it, in tests."""

import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext
from typing import Any, NamedTuple

import grpc

import headwater
from headwater.mlmd.proto import metadata_store_service_pb2 as pb
from headwater.mlmd.rpcs import RPCS, SERVICE, Call, Message, Rpc
from headwater.server.serve import Server
from headwater.settings import load_settings

WAIT_S = 30.0
Status = grpc.StatusCode


class Client:
    """A client of MLMD's service that knows no class of the server's."""

    def __init__(self, channel: grpc.Channel, *, metadata: Mapping[str, str] | None = None) -> None:
        self.channel = channel
        self._metadata = tuple((metadata or {}).items())

    def future(
        self, rpc: str, request: Message | bytes = b"", *, timeout: float = WAIT_S, **metadata: str
    ) -> Any:
        """Return the call of an RPC, begun; underscores in names of metadata are dashes."""
        given = ((key.replace("_", "-"), value) for key, value in metadata.items())
        content = request if isinstance(request, bytes) else request.SerializeToString()
        method: Any = self.channel.unary_unary(f"/{SERVICE}/{rpc}")
        return method.future(content, timeout=timeout, metadata=(*self._metadata, *given))

    def __call__(self, rpc: str, request: Message | bytes = b"", **more: Any) -> Message:
        """Return the answer of an RPC."""
        return RPCS[rpc].response.FromString(self.future(rpc, request, **more).result())

    def fails(self, rpc: str, request: Message | bytes = b"", **more: Any) -> tuple[Status, str]:
        """Return the status and text with which an RPC fails."""
        error = self.future(rpc, request, **more).exception()
        assert error is not None, "it succeeded"
        return error.code(), error.details()


@contextmanager
def serving(
    store: headwater.MetadataStore, *, rpcs: Mapping[str, Rpc] = RPCS, **settings: Any
) -> Iterator[Server]:
    """Yield a server of the store on free ports."""
    given = {"grpc": "127.0.0.1:0", "http": "127.0.0.1:0", "grace_s": 0.0, **settings}
    with Server(replace(load_settings({}), **given), rpcs=rpcs) as server:
        server.start(store)
        yield server


@contextmanager
def client_of(
    server: Server, *, credentials: grpc.ChannelCredentials | None = None, **metadata: str
) -> Iterator[Client]:
    """Yield a client of a server, which takes answers of any size."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    address = str(server.grpc_address)
    channel = (
        grpc.insecure_channel(address, options)
        if credentials is None
        else grpc.secure_channel(address, credentials, options)
    )
    with channel:
        yield Client(channel, metadata=metadata)


class Answer(NamedTuple):
    """What an HTTP server answered."""

    status: int
    text: str


def http_get(
    server: Server, path: str, *, token: str = "", context: SSLContext | None = None
) -> Answer:
    """Return what the server's page holds."""
    scheme = "http" if context is None else "https"
    request = urllib.request.Request(f"{scheme}://{server.http_address}{path}")  # noqa: S310 - loopback
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, context=context, timeout=WAIT_S) as answer:  # noqa: S310 - loopback
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


class Held:
    """An RPC that waits for the test's word, and then does what the real one does."""

    def __init__(self, name: str) -> None:
        self.began = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.ran = 0
        self._real = RPCS[name]
        self.rpcs = {**RPCS, name: Rpc(name, self._run, writes=self._real.writes)}

    def _run(self, call: Call, request: Message) -> Message:
        self.ran += 1
        self.began.release()
        assert self.go_on.wait(WAIT_S)
        return self._real.run(call, request)

    def wait_until_begun(self) -> None:
        assert self.began.acquire(timeout=WAIT_S)


def instead(name: str, run: Callable[[Call, Message], Message]) -> dict[str, Rpc]:
    """Return the table with one operation done by a function of the test's."""
    return {**RPCS, name: Rpc(name, run, writes=RPCS[name].writes)}


def artifact_type(name: str = "T") -> Message:
    """Return the request to put an artifact type with a property `note`."""
    request = pb.PutArtifactTypeRequest()
    request.artifact_type.name = name
    request.artifact_type.properties["note"] = 3
    return request


def artifacts(type_id: int, *notes: str) -> Message:
    """Return the request to put an artifact for each note."""
    request = pb.PutArtifactsRequest()
    for note in notes:
        artifact = request.artifacts.add()
        artifact.type_id = type_id
        artifact.properties["note"].string_value = note
    return request


class Certificates(NamedTuple):
    """PEM files of an authority, and of a server and a client that it signed."""

    ca: Path
    cert: Path
    key: Path
    client_cert: Path
    client_key: Path


def make_certificates(folder: Path) -> Certificates:
    """Return certificates made for 127.0.0.1."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    _openssl("req", "-x509", *_new(ca_key, "headwater test ca"), "-out", ca)
    files = [folder / f"{who}.{end}" for who in ("server", "client") for end in ("pem", "key")]
    for cert, key in (files[:2], files[2:]):
        _openssl(
            "req",
            "-x509",
            *_new(key, cert.stem),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", ca, "-CAkey", ca_key, "-out", cert),
        )
    return Certificates(ca, *files)


def _new(key: Path, name: str) -> Sequence[str | Path]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    return (*curve, "-noenc", "-days", "2", "-subj", f"/CN={name}", "-keyout", key)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S603, S607 - fixed commands
