"""Every error headwater raises, as one tree.

::

    HeadwaterError
    ├── InvalidArgument (ValueError)        the request itself is wrong
    ├── NotFound (LookupError)              what was named does not exist
    ├── AlreadyExists                       a unique name, id or pair is taken
    ├── FailedPrecondition                  right request, wrong state
    │   ├── FolderInUse                     another process holds the data folder
    │   ├── WrongJava                       no Java runtime that can run Neo4j
    │   └── MissingExtra                    an optional dependency is not installed
    ├── Cancelled                           somebody ended it before it was done
    ├── Aborted                             a conflict that a retry cures
    ├── OutOfRange (ValueError)             a position beyond the end
    ├── Unimplemented (NotImplementedError) not offered, on purpose
    ├── ResourceExhausted                   a limit was reached
    │   └── NoSpace (OSError)               the disk is full
    ├── PermissionDenied                    refused by a rule
    ├── Unauthenticated                     wrong or missing credentials
    ├── DeadlineExceeded (TimeoutError)     took longer than allowed
    ├── Unavailable (ConnectionError)       a server cannot be reached now
    │   ├── PortInUse                       the port asked for is taken
    │   ├── NoNetwork                       a download could not be made
    │   ├── StartFailed                     a local server did not start
    │   └── WorkerLost                      the process of a step is gone
    ├── StepFailed                          a component of a pipeline failed
    ├── DataLoss                            stored bytes are missing or changed
    └── Internal                            a bug of ours

Each class has a canonical `code` (the names and numbers of gRPC), which faces map to a
status, an HTTP problem or an exit code. The offending values are in `values` and readable
as attributes. `hint` says what to do.
"""

from enum import IntEnum
from typing import ClassVar


class Code(IntEnum):
    """Canonical status codes.

    Source: google/rpc/code.proto, as MLMD's clients number them.
    """

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class HeadwaterError(Exception):
    """An error with a canonical code, the values it is about, and what to do.

    Args:
        message: what was asked and what was found, in one sentence.
        hint: what the reader can do about it; shown after the message.
        **values: the offending values, kept as attributes.
    """

    code: ClassVar[Code] = Code.UNKNOWN

    def __init__(self, message: str, *, hint: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.values = values

    def __getattr__(self, name: str) -> object:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class InvalidArgument(HeadwaterError, ValueError):
    """The request itself is wrong, whatever the store holds."""

    code = Code.INVALID_ARGUMENT


class NotFound(HeadwaterError, LookupError):
    """What was named does not exist."""

    code = Code.NOT_FOUND


class AlreadyExists(HeadwaterError):
    """A unique name, id or pair is taken."""

    code = Code.ALREADY_EXISTS


class FailedPrecondition(HeadwaterError):
    """The request is right, but the state of the store or machine does not allow it."""

    code = Code.FAILED_PRECONDITION


class FolderInUse(FailedPrecondition):
    """Another process holds the data folder."""


class WrongJava(FailedPrecondition):
    """No Java runtime was found that can run Neo4j."""


class MissingExtra(FailedPrecondition, ImportError):
    """An optional dependency is needed and not installed."""


class Cancelled(HeadwaterError):
    """Somebody ended it before it was done."""

    code = Code.CANCELLED


class Aborted(HeadwaterError):
    """A conflict with a concurrent change; the same call again can succeed."""

    code = Code.ABORTED


class OutOfRange(HeadwaterError, ValueError):
    """A position or index lies beyond the end."""

    code = Code.OUT_OF_RANGE


class Unimplemented(HeadwaterError, NotImplementedError):
    """Not offered, on purpose."""

    code = Code.UNIMPLEMENTED


class ResourceExhausted(HeadwaterError):
    """A limit was reached."""

    code = Code.RESOURCE_EXHAUSTED


class NoSpace(ResourceExhausted, OSError):
    """The disk is full."""


class PermissionDenied(HeadwaterError):
    """Refused by a rule."""

    code = Code.PERMISSION_DENIED


class Unauthenticated(HeadwaterError):
    """Wrong or missing credentials."""

    code = Code.UNAUTHENTICATED


class DeadlineExceeded(HeadwaterError, TimeoutError):
    """Took longer than was allowed."""

    code = Code.DEADLINE_EXCEEDED


class Unavailable(HeadwaterError, ConnectionError):
    """A server cannot be reached now."""

    code = Code.UNAVAILABLE


class PortInUse(Unavailable):
    """The port that was asked for is taken by another program."""


class NoNetwork(Unavailable):
    """A download could not be made."""


class StartFailed(Unavailable):
    """A local server did not start."""


class WorkerLost(Unavailable):
    """The process that a step ran in is gone, without a word."""


class StepFailed(HeadwaterError):
    """A component failed; the cause is its own error."""


class DataLoss(HeadwaterError):
    """Stored bytes are missing or not what was stored."""

    code = Code.DATA_LOSS


class Internal(HeadwaterError):
    """A bug of ours."""

    code = Code.INTERNAL
