"""What was seen in a script: plain data, made in the script's thread, recorded in another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it was read or written.

    Attributes:
        tag: what tables that were read from it carry.
        uri: where it is, without passwords.
        digest: of its bytes; None where they are not on this machine, or changed meanwhile.
        size_bytes: their number, where there is a digest.
        rows: of the table, where that is known.
        columns: likewise.
        query: what a database was asked for.
    """

    tag: str
    uri: str
    digest: str | None = None
    size_bytes: int | None = None
    rows: int | None = None
    columns: int | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class SeenFit:
    """A fit that has ended.

    Attributes:
        estimator: name of the estimator's class.
        module: where the class is defined.
        scikit_learn: version of scikit-learn.
        training_time_s: how long the call took.
        ended_ms: when it ended, in milliseconds since the epoch.
        rows: of X, where it says.
        columns: likewise.
        properties: parameters, and what a search found.
        tags: of the files that its data came from.
        error: why it failed, empty where it did not.
        payload: the fitted estimator's bytes, where they are kept.
    """

    estimator: str
    module: str
    scikit_learn: str
    training_time_s: float
    ended_ms: int
    rows: int | None = None
    columns: int | None = None
    properties: Mapping[str, Scalar] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    error: str = ""
    payload: bytes | None = None
