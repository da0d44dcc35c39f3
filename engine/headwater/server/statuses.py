"""Statuses: what clients are told of an error, within what every client can take."""

import secrets
from typing import NamedTuple
from urllib.parse import quote

import grpc

from headwater.errors import Code, HeadwaterError, Unauthenticated

MAX_TEXT_BYTES = 3_900
"""Longest text as it is sent; many clients and proxies take 8 kB of metadata in all, and one of
more than 4 kB is cut or refused by some."""

STATUSES: dict[Code, grpc.StatusCode] = {
    Code(status.value[0]): status for status in grpc.StatusCode if status.value[0]
}

# What gRPC sends as it is; every other byte takes three.
_PLAIN = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "%")
_ELLIPSIS = "…"


class Failure(NamedTuple):
    """How a call failed.

    Attributes:
        code: the canonical code.
        text: what the client is told.
        error_id: also in the log, where the client is not told everything; else empty.
    """

    code: Code
    text: str
    error_id: str = ""

    @property
    def status(self) -> grpc.StatusCode:
        """The code as gRPC's own."""
        return STATUSES[self.code]


def failure_of(error: Exception) -> Failure:
    """Return what a client is told of an error.

    The text of an error that is not ours may hold anything: of it, only an id is told.
    """
    if not isinstance(error, HeadwaterError):
        error_id = secrets.token_hex(4)
        text = f"A bug of headwater: error {error_id}. The server's log has the rest."
        return Failure(Code.INTERNAL, text, error_id)
    if isinstance(error, Unauthenticated) and "address" in error.values:
        # It is the server that Neo4j refused: no token of the client's could cure that.
        return Failure(Code.UNAVAILABLE, "The server cannot log in to its database.")
    return Failure(error.code, bounded(str(error)))


def bounded(text: str) -> str:
    """Return the text, cut with an ellipsis where it would be longer than clients take."""
    if _sent_bytes(text) <= MAX_TEXT_BYTES:
        return text
    left = MAX_TEXT_BYTES - _sent_bytes(_ELLIPSIS)
    kept = 0
    for character in text:
        left -= _sent_bytes(character)
        if left < 0:
            break
        kept += 1
    return text[:kept] + _ELLIPSIS


def _sent_bytes(text: str) -> int:
    return len(quote(text, safe=_PLAIN, errors="replace"))
