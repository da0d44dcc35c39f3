"""Sessions: retried reads and writes over Bolt, and the driver's errors in our terms.

The only module that opens a driver. Knows nothing of what the statements mean.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, LiteralString, Self, TypeVar

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ResultFailedError,
    ServiceUnavailable,
    SessionExpired,
)

from headwater.errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
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
from headwater.graph.asked import asked
from headwater.graph.statements import Statement, load, trusted

Row = list[Any]
ResultT = TypeVar("ResultT")

RETRY_S = 30.0
"""How long a read or write is tried again while the server cannot be reached or is in conflict."""

WRITER = {"headwater_writes": True}
"""Metadata of each transaction that changes the graph, by which others see that it is open."""

COMMIT_UNKNOWN = "commit_unknown"
"""Among the values of an Unavailable, where the connection was lost while committing."""

_IDLE_CHECK_S = 20.0
_FETCH_SIZE = 1_000
_STREAMED_ROWS = 2
_FAILURES = (Neo4jError, DriverError, OverflowError, UnicodeEncodeError)
"""What the driver raises; the last two for a value that it cannot send."""


class Transaction:
    """One open transaction; statements run in it see what it has written."""

    def __init__(self, tx: neo4j.ManagedTransaction) -> None:
        self._tx = tx

    def run(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """Return the rows of the statement, each a list of its columns."""
        return [record.values() for record in self._tx.run(*_sent(statement, parameters))]


class Graph:
    """A connection to one Neo4j database. Safe to share between threads.

    Args:
        address: `bolt://` or `neo4j://` address, with `+s` for TLS.
        user: the user.
        password: None where the server asks for none.
        database: the database.
        retry_s: how long to try again.
        query_timeout_s: how long the server may take for one read; None has no limit.
    """

    def __init__(
        self,
        address: str,
        *,
        user: str = "neo4j",
        password: str | None = None,
        database: str = "neo4j",
        retry_s: float = RETRY_S,
        query_timeout_s: float | None = None,
    ) -> None:
        self.address = address
        self.database = database
        self._retry_s = retry_s
        self._query_timeout_s = query_timeout_s
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
        """Return the rows of a statement that only reads; one round trip.

        The server ends it after the graph's own limit, or that of an `Asking` it belongs to.

        Raises:
            Cancelled: somebody ended it.
            DeadlineExceeded: it took longer than allowed.
            ResourceExhausted: it took more memory than the server allows.
            Unavailable: the server cannot be reached.
        """
        return self.gather(statement, list, **parameters)

    def gather(
        self,
        statement: Statement,
        take: Callable[[Iterator[Row]], ResultT],
        /,
        **parameters: object,
    ) -> ResultT:
        """Return what `take` makes of the rows of a statement that only reads, as they come in.

        It is called anew, with the rows from the first on, where the read is tried again.

        Raises:
            Cancelled, DeadlineExceeded, ResourceExhausted, Unavailable: as `read` does.
        """

        def run() -> ResultT:
            with self.reading(statement, parameters) as result:
                return take(record.values() for record in result)

        return self._again(run)

    @contextmanager
    def reading(
        self,
        statement: Statement,
        parameters: Mapping[str, object],
        *,
        fetch_size: int = _FETCH_SIZE,
    ) -> Iterator[neo4j.Result]:
        """Yield the result of a statement that only reads, while it comes in.

        Whoever leaves before its end (an interrupt, a generator that is closed) ends it at the
        server too. Not tried again, and the driver's errors are not translated: `read` does both.

        Raises:
            Cancelled, DeadlineExceeded: a question that it belongs to is over already.
        """
        text, sent = _sent(statement, parameters)
        with self._reading(statement.name, text, sent, fetch_size=fetch_size) as result:
            yield result

    @contextmanager
    def _reading(
        self,
        name: str,
        text: LiteralString,
        parameters: dict[str, object],
        *,
        timeout_s: float | None = None,
        fetch_size: int = _FETCH_SIZE,
    ) -> Iterator[neo4j.Result]:
        questions = asked()
        with questions.reads(self), self._open(neo4j.READ_ACCESS, fetch_size) as session:
            query = neo4j.Query(
                text,
                metadata={"headwater": questions.ids, "statement": name},
                timeout=questions.seconds(self._shorter(timeout_s)),
            )
            yield session.run(query, parameters)

    def stream(self, statement: Statement, /, **parameters: object) -> Iterator[Row]:
        """Yield the rows of a statement that only reads, as the server sends them.

        Few rows lie here at a time, however many there are. Not tried again: some were given out.

        Raises:
            Cancelled, DeadlineExceeded, ResourceExhausted, Unavailable: as `read` does.
        """
        try:
            with self.reading(statement, parameters, fetch_size=_STREAMED_ROWS) as result:
                for record in result:
                    yield record.values()
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def cancel(self, question_id: str) -> int:
        """End what the server reads under the id of a question, whichever process asked it.

        Not tried again. In a cluster it reaches the member that this graph is connected to.

        Returns:
            How many queries the server was told to end.

        Raises:
            Unavailable: the server does not answer.
        """
        try:
            with self._open(neo4j.READ_ACCESS) as session:
                return len(list(session.run(load("running/cancel").text, {"id": question_id})))
        except _FAILURES as error:
            raise translated(error, self.address) from error

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
                return session.execute_write(_writer(lambda tx: work(Transaction(tx))))
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def write_one(
        self,
        statement: Statement,
        parameters: Mapping[str, object],
        outcome: Callable[[list[Row], Transaction], ResultT],
    ) -> ResultT:
        """Return what the outcome makes of the statement's rows, after committing; two round trips.

        The outcome may run more statements, a round trip each; one that raises rolls everything
        back. Like the work of `write`, which costs a round trip more, it can be called again.

        Raises:
            Aborted, Unavailable: as `write` does.
        """

        def work(tx: neo4j.ManagedTransaction) -> ResultT:
            rows = [record.values() for record in tx.run(*_sent(statement, parameters))]
            return outcome(rows, Transaction(tx))

        try:
            # As `execute_query` does it: BEGIN travels with the first statement.
            with (
                self._session(neo4j.WRITE_ACCESS) as session,
                session._pipelined_begin,  # noqa: SLF001 - the driver has no public word for it
            ):
                return session.execute_write(_writer(work))
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
            with self._open(neo4j.WRITE_ACCESS) as session:
                text, sent = _sent(statement, parameters)
                query = neo4j.Query(text, metadata=WRITER)
                return [record.values() for record in session.run(query, sent)]
        except _FAILURES as error:
            if _is_retryable(error) or "ArithmeticError" in str(getattr(error, "code", "")):
                return None
            raise translated(error, self.address) from error

    def run_guarded(
        self, text: str, parameters: Mapping[str, object], *, timeout_s: float | None
    ) -> neo4j.EagerResult:
        """Return the whole result of a text that the guard has let through, in READ mode."""
        reading = self._reading("cypher", trusted(text), dict(parameters), timeout_s=timeout_s)
        try:
            with reading as result:
                return result.to_eager_result()
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def explain(
        self,
        text: str,
        parameters: Mapping[str, object],
        *,
        notes: neo4j.NotificationMinimumSeverity = neo4j.NotificationMinimumSeverity.OFF,
    ) -> neo4j.ResultSummary:
        """Return what the server says it would do for the text, without doing it.

        Args:
            text: the query.
            parameters: its parameters.
            notes: from which severity on the server notes what it thinks of the text.
        """
        try:
            with self._driver.session(
                database=self.database,
                default_access_mode=neo4j.READ_ACCESS,
                bookmark_manager=self._bookmarks,
                notifications_min_severity=notes,
            ) as session:
                query = neo4j.Query(trusted("EXPLAIN " + text))
                return session.run(query, dict(parameters)).consume()
        except _FAILURES as error:
            raise translated(error, self.address) from error

    def _session(self, access: str, fetch_size: int = _FETCH_SIZE) -> neo4j.Session:
        return self._driver.session(
            database=self.database,
            default_access_mode=access,
            bookmark_manager=self._bookmarks,
            fetch_size=fetch_size,
        )

    @contextmanager
    def _open(self, access: str, fetch_size: int = _FETCH_SIZE) -> Iterator[neo4j.Session]:
        """Yield a session; what is left before its end ends at the server.

        Closing a session waits for the whole answer, however long the server takes for it: the
        first Ctrl+C of a long question would do nothing. Without its connection the server ends
        the query (measured: 50 ms), and what an interrupt left half read is never read on.
        """
        session = self._session(access, fetch_size)
        try:
            yield session
        except _FAILURES:
            session.close()
            raise
        except BaseException:
            # How the driver is told to drop a session's connection.
            session.__exit__(asyncio.CancelledError, None, None)  # type: ignore[no-untyped-call]
            raise
        session.close()

    def _shorter(self, timeout_s: float | None) -> float | None:
        limits = (timeout_s, self._query_timeout_s)
        return min((limit for limit in limits if limit is not None), default=None)

    def _run(
        self, statement: Statement, parameters: Mapping[str, object], access: str
    ) -> list[Row]:
        with self._open(access) as session:
            return [record.values() for record in session.run(*_sent(statement, parameters))]

    def _again(self, run: Callable[[], ResultT]) -> ResultT:
        deadline = time.monotonic() + self._retry_s
        wait_s = 0.05
        while True:
            try:
                return run()
            except _FAILURES as error:
                asked().check()
                if not _is_retryable(error) or time.monotonic() + wait_s > deadline:
                    raise translated(error, self.address) from error
            time.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311 - not for secrets
            wait_s = min(wait_s * 2, 2.0)


def _sent(
    statement: Statement, parameters: Mapping[str, object]
) -> tuple[LiteralString, dict[str, object]]:
    """Return the text and the parameters of a statement, as the server gets them."""
    return statement.bundled(), {"asked": dict(parameters)}


def _writer(
    work: Callable[[neo4j.ManagedTransaction], ResultT],
) -> Callable[[neo4j.ManagedTransaction], ResultT]:
    """Return the work of a transaction that tells others that it writes."""
    return neo4j.unit_of_work(metadata=WRITER)(work)


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
            lost = {COMMIT_UNKNOWN: True} if isinstance(error, IncompleteCommit) else {}
            return Unavailable(
                f"Neo4j at {address} cannot be reached: {_brief(error)}.",
                hint="Is it running? `headwater status` tells. If this happened during a write, "
                "read back what you wrote before you repeat it.",
                address=address,
                **lost,
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
    if any(part in str(getattr(error, "code", "")) for part in _MEMORY_CODES):
        # The driver would try it again; the same question takes the same memory again.
        return False
    return isinstance(error, Neo4jError | DriverError) and error.is_retryable()


_MEMORY_CODES = ("MemoryPoolOutOfMemory", "TransactionOutOfMemory", "OutOfMemoryError")
_MEMORY_SETTINGS = (
    "dbms.memory.transaction.total.max",
    "db.memory.transaction.total.max",
    "db.memory.transaction.max",
)
_MORE_TIME = "Ask for less, or give it more time (timeout_s, HEADWATER_QUERY_TIMEOUT_S)."
_BY_CODE: tuple[tuple[str, type[HeadwaterError], str], ...] = (
    ("TransactionTimedOut", DeadlineExceeded, _MORE_TIME),
    ("LockClientStopped", Aborted, "Try again."),
    ("OutOfDiskSpace", NoSpace, "Free some space where Neo4j keeps its data."),
    ("Security.Forbidden", PermissionDenied, "The database user lacks the right."),
    ("Statement.AccessMode", PermissionDenied, "Only statements that read are taken here."),
    ("Neo.TransientError", Aborted, "Try again."),
    ("Neo.ClientError.Statement", InvalidArgument, ""),
)


def _by_code(error: Exception) -> HeadwaterError:
    code = getattr(error, "code", None) or type(error).__name__
    if any(part in code for part in _MEMORY_CODES):
        return _out_of_memory(error, code)
    if code.endswith("Transaction.Terminated"):
        return Cancelled("Somebody ended it at the server before it was done.", neo4j_code=code)
    for part, kind, hint in _BY_CODE:
        if part in code:
            return kind(f"{_brief(error)}.", hint=hint, neo4j_code=code)
    return Internal(f"Neo4j failed with {code}: {_brief(error)}.", neo4j_code=code)


def _out_of_memory(error: Exception, code: str) -> ResourceExhausted:
    text = _brief(error)
    setting = next((name for name in _MEMORY_SETTINGS if name in text), None)
    return ResourceExhausted(
        f"Neo4j stopped the question, because it takes more memory than allowed: {text}.",
        hint="Ask for less (max_hops, a filter, a page), or raise the Neo4j setting "
        f"{setting or 'server.memory.heap.max_size'}.",
        neo4j_code=code,
        setting=setting,
    )


def _brief(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error)
    return re.sub(r"\s+", " ", text).strip().rstrip(".")[:2_000]
