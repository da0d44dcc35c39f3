"""What an S3 store answers, told as errors of headwater.

Owns the meaning of S3's error codes and of failed connections.
"""

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

from headwater.errors import (
    Aborted,
    FailedPrecondition,
    HeadwaterError,
    InvalidArgument,
    NoSpace,
    NotFound,
    OutOfRange,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)

CREDENTIAL_HINT = "Set HEADWATER_S3_ACCESS_KEY and HEADWATER_S3_SECRET_KEY to keys it knows."
MISSING_OBJECT = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion"})
WRONG_CREDENTIALS = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
)
BUCKET_THERE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})

_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
_TOO_LARGE = frozenset({"EntityTooLarge"})
_BUSY = frozenset(
    {
        "InternalError",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "SlowDownRead",
        "SlowDownWrite",
        "XMinioServerNotInitialized",
    }
)
_WRONG_REGION = frozenset(
    {"AuthorizationHeaderMalformed", "PermanentRedirect", "Redirect", "TemporaryRedirect"}
)


def precise(error: MinioException | HTTPError, *, location: str) -> HeadwaterError:
    """Return the headwater error that says what an S3 call failed with.

    Args:
        error: what the SDK or its connection raised.
        location: the store, for the message.
    """
    match error:
        case S3Error():
            return _answered(error, location)
        case InvalidResponseError() | ServerError():
            return Unavailable(
                f"{location} does not answer as an S3 store does: {error}.",
                hint="Is this the address of its S3 interface, not of its console or a proxy?",
                location=location,
            )
        case HTTPError():
            return _unreachable(error, location)
        case _:
            return Unavailable(f"{location} failed: {error}.", location=location)


def _answered(error: S3Error, location: str) -> HeadwaterError:
    code, told = error.code or "", error.message or "no reason given"
    kind, found, hint = _meaning(code)
    return kind(f"{location} {found}: {told} ({code}).", hint=hint, location=location, s3_code=code)


def _meaning(code: str) -> tuple[type[HeadwaterError], str, str]:  # noqa: PLR0911  # a table
    if code in MISSING_OBJECT:
        return NotFound, "does not hold what was asked for", ""
    if code in WRONG_CREDENTIALS:
        return Unauthenticated, "does not accept the credentials", CREDENTIAL_HINT
    if code == "RequestTimeTooSkewed":
        return FailedPrecondition, "refuses this machine's clock", "Set the clock."
    if code in _FULL:
        return NoSpace, "is full", "Free some space there, or raise its quota."
    if code in _TOO_LARGE:
        return OutOfRange, "takes no object so large", "S3 objects end at 5 TiB."
    if code in _BUSY:
        return Unavailable, "cannot serve now", "Try again shortly."
    if code in _WRONG_REGION:
        return InvalidArgument, "lies in another region", "Set HEADWATER_S3_REGION."
    if code in {"InvalidBucketName", "InvalidRegion"}:
        return InvalidArgument, "is not a valid address", ""
    if code in {"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}:
        return Aborted, "received other bytes than were sent", "Try again."
    return PermissionDenied, "refuses", "Give these keys the right to it."


def _unreachable(error: HTTPError, location: str) -> Unavailable:
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    told = reason.__cause__ or reason
    return Unavailable(
        f"No S3 store answers at {location}: {told}.", hint=_way(reason), location=location
    )


def _way(reason: Exception) -> str:
    match reason:
        case SSLError():
            return "Does it speak https, with a certificate that this machine trusts?"
        case NewConnectionError():
            return "Is it running, and is the address right?"
        case _:
            return "Is the address right, and the way to it open?"
