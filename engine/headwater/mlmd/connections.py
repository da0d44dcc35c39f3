"""Connections: what a drop-in store stands on, by the configuration that MLMD's users give.

MLMD keeps one store in each database. Here each is a namespace: a configuration that names a
database is the namespace of that name, and an in-memory database is a namespace that is
dropped when the process ends.
"""

import atexit
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from headwater.errors import FailedPrecondition, HeadwaterError, MissingExtra, NotFound
from headwater.mlmd import errors
from headwater.mlmd.calls import Call, Message
from headwater.mlmd.rpcs import RPCS, SERVICE
from headwater.opening import connect
from headwater.services.namespaces import MAX_NAMESPACE_BYTES
from headwater.store import MetadataStore

logger = logging.getLogger("headwater.mlmd")

CallMethod = Callable[[str, Message], Message]
"""Runs one operation by its name; raises `StatusError`."""

Metadata = Sequence[tuple[str, str]]

_SQLITE_HEADER_BYTES = 100
_DROPS_AT_ONCE = 16


class Connection(NamedTuple):
    """How operations are run, and the store they run on where that is in this process."""

    call: CallMethod
    store: MetadataStore | None


def direct(store: MetadataStore, metadata: Metadata = ()) -> Connection:
    """Return a connection straight to a store."""

    def call(name: str, request: Message) -> Message:
        made = Call(store, dict(metadata))
        try:
            response = RPCS[name].run(made, request)
        except HeadwaterError as error:
            raise errors.translated(error) from error
        for key, value in made.trailing:
            if key == "x-headwater-left-out":
                logger.warning("%s was cut: %s", name, value)
        return response

    return Connection(call, store)


def of_config(config: Message, namespace: str | None, metadata: Metadata = ()) -> Connection:
    """Return a connection to the namespace that a ConnectionConfig stands for.

    Args:
        config: a ConnectionConfig.
        namespace: instead of the one that the configuration stands for.
        metadata: as in `Call`.

    Raises:
        RuntimeError: the configuration is empty, or names a database that may hold data which
            was not imported yet.
    """
    chosen = config.WhichOneof("config")
    if chosen is None:
        raise RuntimeError(
            "The connection configuration is empty: set one of fake_database, sqlite, mysql "
            "and postgresql."
        )
    in_memory = chosen == "fake_database" or (chosen == "sqlite" and not config.sqlite.filename_uri)
    if namespace is None and in_memory:
        namespace = f"memory-{uuid.uuid4().hex}"
        _EPHEMERAL.append(namespace)
    elif namespace is None:
        namespace = _namespace_of(config, chosen)
        _check_imported(config, chosen, namespace)
    return direct(base_store().in_namespace(namespace), metadata)


def _namespace_of(config: Message, chosen: str) -> str:
    if chosen == "sqlite":
        path = config.sqlite.filename_uri.removeprefix("file:").partition("?")[0]
        name = f"sqlite:{Path(path).expanduser().absolute()}"
    elif chosen == "mysql":
        mysql = config.mysql
        place = mysql.socket or f"{mysql.host}:{mysql.port or 3306}"
        name = f"mysql:{place}/{mysql.database}"
    else:
        postgresql = config.postgresql
        host = postgresql.host or postgresql.hostaddr
        name = f"postgresql:{host}:{postgresql.port or 5432}/{postgresql.dbname}"
    if len(name.encode()) > MAX_NAMESPACE_BYTES:
        # Hashed with a name space of UUIDs, so that the same database is the same namespace again.
        return f"{chosen}:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
    return name


def _check_imported(config: Message, chosen: str, namespace: str) -> None:
    """Check that an existing database is not taken for an empty store."""
    if chosen == "sqlite":
        path = Path(namespace.removeprefix("sqlite:"))
        if not path.is_file() or path.stat().st_size <= _SQLITE_HEADER_BYTES:
            return
        url = f"sqlite:///{path}"
    else:
        place = getattr(config, chosen)
        database = place.database if chosen == "mysql" else place.dbname
        url = f"{chosen}://{place.host}/{database}"
    known = {each.name for each in base_store().list_namespaces()}
    if namespace not in known:
        raise RuntimeError(
            f"Namespace {namespace!r} does not exist, and {url} may hold data. Import it once: "
            f"headwater import mlmd {url} --namespace {namespace!r}. To start empty: "
            f"headwater namespaces create {namespace!r}."
        )


_LOCK = threading.Lock()
_EPHEMERAL: list[str] = []


def base_store() -> MetadataStore:
    """Return the store of the process's settings, opened once and closed at its end."""
    with _LOCK:
        return _opened()


@cache
def _opened() -> MetadataStore:
    store = connect()
    atexit.register(_end, store)
    return store


def _end(store: MetadataStore) -> None:
    # Each drop waits for writes that are on their way; side by side they wait together.
    for start in range(0, len(_EPHEMERAL), _DROPS_AT_ONCE):
        threads = [
            threading.Thread(target=_drop, args=(store, namespace))
            for namespace in _EPHEMERAL[start : start + _DROPS_AT_ONCE]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    store.close()


def _drop(store: MetadataStore, namespace: str) -> None:
    try:
        store.drop_namespace(namespace)
    except NotFound:
        pass  # nothing was ever written to it
    except HeadwaterError as error:
        logger.warning("In-memory store %s was not dropped: %s", namespace, error)


def remote(config: Message, namespace: str | None, metadata: Metadata = ()) -> Connection:
    """Return a connection to a server by gRPC, by a MetadataStoreClientConfig.

    Raises:
        MissingExtra: grpcio is not installed.
    """
    try:
        import grpc  # noqa: PLC0415 - only who asks for a server needs it
    except ImportError as error:
        raise MissingExtra(
            "A MetadataStoreClientConfig needs grpcio.", hint="pip install 'headwater[server]'"
        ) from error
    arguments = config.channel_arguments
    options = [
        (f"grpc.{option}", getattr(arguments, field))
        for field, option in (
            ("max_receive_message_length", "max_receive_message_length"),
            ("http2_max_ping_strikes", "http2.max_ping_strikes"),
        )
        if arguments.HasField(field)
    ]
    target = f"{config.host}:{config.port}"
    if config.HasField("ssl_config"):
        ssl = config.ssl_config
        given = [
            getattr(ssl, field).encode() if ssl.HasField(field) else None
            for field in ("custom_ca", "client_key", "server_cert")
        ]
        credentials = grpc.ssl_channel_credentials(*given)
        channel: Any = grpc.secure_channel(target, credentials, options=options)
    else:
        channel = grpc.insecure_channel(target, options=options)
    sent = [*metadata, *([("x-mlmd-namespace", namespace)] if namespace else [])]
    timeout = config.client_timeout_sec if config.HasField("client_timeout_sec") else None

    def call(name: str, request: Message) -> Message:
        method = channel.unary_unary(
            f"/{SERVICE}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=RPCS[name].response.FromString,
        )
        try:
            return method(request, timeout=timeout, metadata=sent)
        except grpc.RpcError as error:
            raise errors.make_exception(error.details() or "", error.code().value[0]) from error

    return Connection(call, None)


def check_store(connection: Connection) -> MetadataStore:
    """Return the store of a connection.

    Raises:
        FailedPrecondition: it is at the other end of a socket.
    """
    if connection.store is None:
        raise FailedPrecondition(
            "This store is a server's; it has no headwater store in this process."
        )
    return connection.store
