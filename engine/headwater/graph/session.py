"""Sessions: retried reads and writes over Bolt, and the driver's errors in our terms.

The only module that opens a driver. Knows nothing of what the statements mean.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    Neo4jError,
    ResultFailedError,
    ServiceUnavailable,
    SessionExpired,
)

from headwater.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    HeadwaterError,
    Internal,
    InvalidArgument,
    NoSpace,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from headwater.graph.statements import Statement, load, trusted

Row = list[Any]
ResultT = TypeVar("ResultT")

RETRY_S = 30.0
"""How long a read or write is tried again while the server cannot be reached or is in conflict."""

_IDLE_CHECK_S = 20.0
_FAILURES = (Neo4jError, DriverError, OverflowError, UnicodeEncodeError)
"""What the driver raises; the last two for a value that it cannot send."""


class Transaction:
    """One open transaction; statements run in it see what it has written."""

    def __init__(self, tx: neo4j.ManagedTransaction) -> None:
        self._tx = tx

    def run(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Return the rows of the statement, each a list of its columns."""
        return [record.values() for record in self._tx.run(statement.text, parameters)]


class Graph:
    """A connection to one Neo4j database. Safe to share between threads.

    Args:
        address: `bolt://` or `neo4j://` address, with `+s` for TLS.
        user: the user.
        password: None where the server asks for none.
        database: the database.
        retry_s: how long to try again.
    """

    def __init__(
        self,
        address: str,
        *,
        user: str = "neo4j",
        password: str | None = None,
        database: str = "neo4j",
        retry_s: float = RETRY_S,
    ) -> None:
        self.address = address
        self.database = database
        self._retry_s = retry_s
        try:
            self._driver = neo4j.GraphDatabase.driver(
                address,
                auth=None if password is None else (user, password),
                user_agent="headwater",
                connection_timeout=10.0,
                connection_acquisition_timeout=retry_s + 30.0,
                max_transaction_retry_time=retry_s,
                liveness_check_timeout=_IDLE_CHECK_S,
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                telemetry_disabled=True,
            )
        except (ConfigurationError, ValueError) as error:
            raise InvalidArgument(
                f"{address!r} is not an address of Neo4j: {error}.",
                hint="Use bolt://host:port or neo4j+s://host.",
                address=address,
            ) from error
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._driver.close()

    def check(self) -> None:
        """Check that the server answers and lets the user in, without trying again.

        Raises:
            Unavailable: it does not answer.
            Unauthenticated: it refuses the user or password.
        """
        try:
            self._run(load("schema/version"), {}, neo4j.READ_ACCESS)
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def read(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Return the rows of a statement that only reads; one round trip."""
        return self._again(lambda: self._run(statement, parameters, neo4j.READ_ACCESS))

    def write_alone(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Return the rows of one statement that may be run twice without harm; one round trip.

        For counters and liveness alone: what must be recorded goes through `write`.
        """
        return self._again(lambda: self._run(statement, parameters, neo4j.WRITE_ACCESS))

    def write(self, work: Callable[[Transaction], ResultT]) -> ResultT:
        """Return what the work returns, after committing all that it wrote.

        The work runs again, from its start and in a new transaction, when the server reports
        a conflict or loses the connection before the commit. It must have no other effect.

        Raises:
            Aborted: still in conflict after every retry.
            Unavailable: the server cannot be reached, or was lost while committing; in that
                case nobody knows whether the commit took place, and the message says so.
        """
        try:
            with self._session(neo4j.WRITE_ACCESS) as session:
                return session.execute_write(lambda tx: work(Transaction(tx)))
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def write_one(
        self,
        statement: Statement,
        parameters: Mapping[str, object],
        outcome: Callable[[list[Row]], ResultT],
    ) -> ResultT:
        """Return what the outcome makes of the statement's rows, after committing; two round trips.

        An outcome that raises rolls everything back. Like the work of `write`, which costs a
        round trip more, it can be called again.

        Raises:
            Aborted, Unavailable: as `write` does.
        """
        try:
            return self._driver.execute_query(
                statement.text,
                dict(parameters),
                routing_=neo4j.RoutingControl.WRITE,
                database_=self.database,
                bookmark_manager_=self._bookmarks,
                result_transformer_=lambda result: outcome([r.values() for r in result]),
            )
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def write_guarded(
        self, statement: Statement, parameters: Mapping[str, object]
    ) -> list[Row] | None:
        """Return the rows of a guarded statement, committed in one round trip, or None.

        None means that it undid itself, or met a conflict, or that the connection was lost and
        nobody knows: run it again by `write_one`, which waits and says why. The statement must
        make a node with an id of its own, so that it cannot take effect twice.
        """
        try:
            return self._run(statement, parameters, neo4j.WRITE_ACCESS)
        except _FAILURES as error:
            if _is_retryable(error) or "ArithmeticError" in str(getattr(error, "code", "")):
                return None
            raise translated(error, self.address) from error

    def run_guarded(
        self, text: str, parameters: Mapping[str, object], *, timeout_s: float | None
    ) -> neo4j.EagerResult:
        """Return the whole result of a text that the guard has let through, in READ mode."""
        try:
            with self._session(neo4j.READ_ACCESS) as session:
                query = neo4j.Query(trusted(text), timeout=timeout_s)
                return session.run(query, dict(parameters)).to_eager_result()
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def explain(self, text: str, parameters: Mapping[str, object]) -> neo4j.ResultSummary:
        """Return what the server says it would do for the text, without doing it."""
        try:
            with self._session(neo4j.READ_ACCESS) as session:
                query = neo4j.Query(trusted("EXPLAIN " + text))
                return session.run(query, dict(parameters)).consume()
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(
            database=self.database,
            default_access_mode=access,
            bookmark_manager=self._bookmarks,
            fetch_size=1_000,
        )

    def _run(
        self, statement: Statement, parameters: Mapping[str, object], access: str
    ) -> list[Row]:
        with self._session(access) as session:
            return [record.values() for record in session.run(statement.text, dict(parameters))]

    def _again(self, run: Callable[[], ResultT]) -> ResultT:
        deadline = time.monotonic() + self._retry_s
        wait_s = 0.05
        while True:
            try:
                return run()
            except _FAILURES as error:
                if not _is_retryable(error) or time.monotonic() + wait_s > deadline:
                    raise translated(error, self.address) from error
            time.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311 - not for secrets
            wait_s = min(wait_s * 2, 2.0)


def translated(error: Exception, address: str) -> HeadwaterError:
    """Return the error of ours that says the same."""
    error = _first_told(error)
    match error:
        case AuthError():
            return Unauthenticated(
                f"Neo4j at {address} refused the user or password.",
                hint="Set HEADWATER_NEO4J_USER and HEADWATER_NEO4J_PASSWORD.",
                address=address,
            )
        case ConstraintError():
            return AlreadyExists(
                f"A unique value is taken: {error.message}.", detail=error.message or ""
            )
        case ServiceUnavailable() | SessionExpired():
            return Unavailable(
                f"Neo4j at {address} cannot be reached: {_brief(error)}.",
                hint="Is it running? `headwater status` tells. If this happened during a write, "
                "read back what you wrote before you repeat it.",
                address=address,
            )
        case OverflowError():
            return InvalidArgument(
                "A number of the request is outside the range of a signed 64-bit integer."
            )
        case UnicodeEncodeError():
            return InvalidArgument(
                f"Text must be valid Unicode, found a lone surrogate at position {error.start}."
            )
        case _:
            return _by_code(error)


def _first_told(error: Exception) -> Exception:
    """Return the failure itself, where this is the driver's second word about it."""
    cause = error.__cause__
    if isinstance(error, ResultFailedError) and isinstance(cause, _FAILURES):
        return cause
    return error


def _is_retryable(error: Exception) -> bool:
    error = _first_told(error)
    return isinstance(error, Neo4jError | DriverError) and error.is_retryable()


_BY_CODE: tuple[tuple[str, type[HeadwaterError], str], ...] = (
    ("TransactionTimedOut", DeadlineExceeded, "Ask for less, or give it more time."),
    ("LockClientStopped", Aborted, "Try again."),
    ("MemoryPoolOutOfMemory", ResourceExhausted, "Ask for less, or give Neo4j more memory."),
    ("OutOfDiskSpace", NoSpace, "Free some space where Neo4j keeps its data."),
    ("Security.Forbidden", PermissionDenied, "The database user lacks the right."),
    ("Statement.AccessMode", PermissionDenied, "Only statements that read are taken here."),
    ("Neo.TransientError", Aborted, "Try again."),
    ("Neo.ClientError.Statement", InvalidArgument, ""),
)


def _by_code(error: Exception) -> HeadwaterError:
    code = getattr(error, "code", None) or type(error).__name__
    for part, kind, hint in _BY_CODE:
        if part in code:
            return kind(f"{_brief(error)}.", hint=hint, neo4j_code=code)
    return Internal(f"Neo4j failed with {code}: {_brief(error)}.", neo4j_code=code)


def _brief(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error)
    return re.sub(r"\s+", " ", text).strip().rstrip(".")[:2_000]
