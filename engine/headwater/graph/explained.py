"""Explained: what the server would do for a query, and what it says about that, as plain values."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import neo4j

_EXPLAIN = len("EXPLAIN ")
_KIND_OF_STATUS = re.compile(r"^(warn|info): ")
_HANDED_OUT: ContextVar[bool] = ContextVar("handed_out", default=False)


class ServerNote(NamedTuple):
    """What the server notes about a query that it has not run.

    Attributes:
        severity: WARNING or INFORMATION.
        kind: what it is about: PERFORMANCE, UNRECOGNIZED, DEPRECATION and so on.
        code: its status code of GQL, such as `01N50`.
        text: in full.
        line: of the query, from 1; None where it is about no place.
        column: likewise.
    """

    severity: str
    kind: str
    code: str
    text: str
    line: int | None
    column: int | None


class Explained(NamedTuple):
    """A query's plan, and the notes.

    Attributes:
        plan: the root operator: `operatorType`, `args`, `identifiers` and `children`.
        notes: in the order of their places.
    """

    plan: Mapping[str, Any]
    notes: tuple[ServerNote, ...]


def explained(summary: neo4j.ResultSummary) -> Explained:
    """Return what the summary of a query that began with EXPLAIN says."""
    notes = sorted(
        (_note(found) for found in summary.gql_status_objects if found.is_notification),
        key=lambda note: (note.line or 0, note.column or 0, note.code, note.text),
    )
    return Explained(summary.plan or {"operatorType": "Nothing"}, tuple(dict.fromkeys(notes)))


@contextmanager
def handing_out() -> Iterator[None]:
    """Keep the driver from logging notes as warnings, beside handing them to us."""
    token = _HANDED_OUT.set(True)
    try:
        yield
    finally:
        _HANDED_OUT.reset(token)


def _is_logged(_: logging.LogRecord) -> bool:
    return not _HANDED_OUT.get()


# The driver has no setting for it; where nobody set up logging, Python prints warnings.
logging.getLogger("neo4j.notifications").addFilter(_is_logged)


def _note(found: neo4j.GqlStatusObject) -> ServerNote:
    line = column = None
    if found.position is not None:
        line, column = found.position.line, found.position.column
        if line == 1:
            column = max(column - _EXPLAIN, 1)
    return ServerNote(
        found.raw_severity or "INFORMATION",
        found.raw_classification or "GENERIC",
        found.gql_status,
        _KIND_OF_STATUS.sub("", found.status_description),
        line,
        column,
    )
