"""Databases: an MLMD database by its URL, opened for reading, one snapshot of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from headwater.errors import (
    FailedPrecondition,
    InvalidArgument,
    MissingExtra,
    NotFound,
    Unavailable,
)
from headwater.interchange.mlmd_tables import VERSIONS, Tables, tables_of

_DRIVERS = {"mysql": ("mysql+pymysql", "pymysql"), "postgresql": ("postgresql+psycopg", "psycopg")}


def database_url(text: str) -> URL:
    """Return the URL of a database; a plain path names an SQLite file.

    Raises:
        InvalidArgument: it is none, or of a database that MLMD does not use.
    """
    try:
        url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", *_DRIVERS):
        raise InvalidArgument(
            f"{_shown(text)!r:.300} is not the URL of an MLMD database.",
            hint="Use sqlite:///PATH, mysql+pymysql://USER:PASSWORD@HOST/DATABASE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE.",
        )
    backend = url.get_backend_name()
    if url.drivername == backend and backend in _DRIVERS:
        return url.set(drivername=_DRIVERS[backend][0])
    return url


def shown_url(url: URL) -> str:
    """Return a URL as it may be shown and kept: without its password."""
    return url.render_as_string(hide_password=True)


def open_engine(url: URL) -> Engine:
    """Return an engine that only reads, not yet connected.

    Raises:
        NotFound: the SQLite file does not exist.
        MissingExtra: the database's driver is not installed.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite_engine(url)
        return create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        package = _DRIVERS.get(url.get_backend_name(), ("", "its driver"))[1]
        raise MissingExtra(
            f"Reading {shown_url(url)} needs a driver that is not installed: {error}.",
            hint=f"Install it: pip install {package}",
        ) from error


@contextmanager
def snapshot(engine: Engine, shown: str) -> Iterator[tuple[Connection, Tables]]:
    """Yield a connection in one read-only transaction, and the tables that the database has.

    Raises:
        Unavailable: the database cannot be opened.
        InvalidArgument: it is not one of MLMD's.
        FailedPrecondition: its schema version is not one of 8 to 10.
    """
    try:
        connection = engine.connect()
    except (DBAPIError, OSError) as error:
        raise Unavailable(f"{shown} cannot be opened: {_cause(error)}.", address=shown) from error
    with connection:
        yield connection, _tables(connection, shown)


def _sqlite_engine(url: URL) -> Engine:
    path = Path(url.database or "").absolute()
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}.", path=str(path))
    location = f"file:{quote(str(path))}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            location, uri=True, isolation_level=None, check_same_thread=False, timeout=60.0
        ),
        poolclass=NullPool,
    )
    # The driver begins no transaction for a SELECT: without this every query would see another state.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _tables(connection: Connection, shown: str) -> Tables:
    try:
        names = {name.lower(): name for name in inspect(connection).get_table_names()}
    except DBAPIError as error:
        raise InvalidArgument(
            f"{shown} is not an MLMD database: {_cause(error)}.", address=shown
        ) from error
    if "mlmdenv" not in names:
        raise InvalidArgument(
            f"{shown} is not an MLMD database: it has no table MLMDEnv.", address=shown
        )
    env = tables_of(VERSIONS[-1], names).env
    found = [row[0] for row in connection.execute(select(env.c.schema_version))]
    version = max(found, default=0)
    if version not in VERSIONS:
        raise FailedPrecondition(
            f"{shown} has MLMD schema version {version}; versions {VERSIONS[0]} to {VERSIONS[-1]} "
            "can be read.",
            hint="Open it once with a client of ml-metadata 1.17 and enable_upgrade_migration, "
            "which brings it to version 10.",
            version=version,
        )
    return tables_of(version, names)


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().rstrip(".")[:1_000]


def _shown(text: str) -> str:
    """Return a text that is no URL without what may be a password in it."""
    head, at, tail = text.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at and "://" in head else text
