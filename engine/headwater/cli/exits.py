"""Exit codes: the one table from what happened to what the shell is told."""

from enum import IntEnum

from headwater.errors import Code, HeadwaterError


class ExitCode(IntEnum):
    """What a command leaves behind."""

    OK = 0
    NO = 1
    USAGE = 2
    UNIMPLEMENTED = 3
    NOT_FOUND = 4
    ALREADY_EXISTS = 5
    UNAVAILABLE = 6
    REFUSED = 7
    EXHAUSTED = 8
    PRECONDITION = 9
    DATA_LOSS = 10
    INTERNAL = 70
    INTERRUPTED = 130
    PIPE_CLOSED = 141


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.NO: "the answer is no: no path, problems that doctor found, a step that failed",
    ExitCode.USAGE: "the command or an argument is wrong",
    ExitCode.UNIMPLEMENTED: "not offered",
    ExitCode.NOT_FOUND: "what was named does not exist",
    ExitCode.ALREADY_EXISTS: "it exists already",
    ExitCode.UNAVAILABLE: "a server cannot be reached, or took too long",
    ExitCode.REFUSED: "not allowed, or wrong credentials",
    ExitCode.EXHAUSTED: "a limit was reached, or the disk is full",
    ExitCode.PRECONDITION: "right command, wrong state; or a conflict that a retry cures",
    ExitCode.DATA_LOSS: "stored bytes are missing or changed",
    ExitCode.INTERNAL: "a bug of headwater",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.PIPE_CLOSED: "the reader of the output went away",
}

BY_CODE: dict[Code, ExitCode] = {
    Code.CANCELLED: ExitCode.INTERRUPTED,
    Code.UNKNOWN: ExitCode.INTERNAL,
    Code.INVALID_ARGUMENT: ExitCode.USAGE,
    Code.DEADLINE_EXCEEDED: ExitCode.UNAVAILABLE,
    Code.NOT_FOUND: ExitCode.NOT_FOUND,
    Code.ALREADY_EXISTS: ExitCode.ALREADY_EXISTS,
    Code.PERMISSION_DENIED: ExitCode.REFUSED,
    Code.RESOURCE_EXHAUSTED: ExitCode.EXHAUSTED,
    Code.FAILED_PRECONDITION: ExitCode.PRECONDITION,
    Code.ABORTED: ExitCode.PRECONDITION,
    Code.OUT_OF_RANGE: ExitCode.USAGE,
    Code.UNIMPLEMENTED: ExitCode.UNIMPLEMENTED,
    Code.INTERNAL: ExitCode.INTERNAL,
    Code.UNAVAILABLE: ExitCode.UNAVAILABLE,
    Code.DATA_LOSS: ExitCode.DATA_LOSS,
    Code.UNAUTHENTICATED: ExitCode.REFUSED,
}


def exit_code(error: HeadwaterError) -> ExitCode:
    """Return the exit code of an error."""
    return BY_CODE[error.code]
