"""The connection to an S3 store.

Owns timeouts, retries, and what an address, a bucket and a prefix may be.
"""

import re
from urllib.parse import urlsplit

from minio import Minio
from urllib3 import PoolManager, Retry, Timeout

from headwater.errors import InvalidArgument, Unauthenticated
from headwater.objects.s3_errors import CREDENTIAL_HINT

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0

_BUCKET_NAME = re.compile(r"(?!.*(\.\.|\.-|-\.))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RETRIED_STATUS = (500, 502, 503, 504)


def connection_pool() -> PoolManager:
    """Return connections that give up a server that is away after some seconds.

    Refused or unanswered connections are tried twice, broken ones and busy servers a few
    times; a server's wish to be asked again in minutes is not waited for.
    """
    retry = Retry(
        total=3,
        connect=1,
        read=1,
        backoff_factor=0.2,
        status_forcelist=_RETRIED_STATUS,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    timeout = Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
    return PoolManager(maxsize=10, timeout=timeout, retries=retry)


def connect(
    address: str,
    access_key: str | None,
    *,
    secret_key: str | None,
    region: str | None,
    pool: PoolManager,
) -> Minio:
    """Return the SDK's client for a store; nothing is sent yet.

    Args:
        address: `http(s)://host[:port]`.
        access_key: S3 access key.
        secret_key: S3 secret key.
        region: S3 region; None asks the store.
        pool: its connections.

    Raises:
        Unauthenticated: a key is missing.
        InvalidArgument: the address or region is none.
    """
    if not access_key or not secret_key:
        raise Unauthenticated(
            f"The objects at {address} need an access key and a secret key.", hint=CREDENTIAL_HINT
        )
    url = urlsplit(address)
    try:
        return Minio(
            url.netloc,
            access_key,
            secret_key,
            secure=url.scheme != "http",
            region=region,
            http_client=pool,
        )
    except ValueError as error:
        raise InvalidArgument(
            f"Not the address of an S3 store: {address}, region {region}: {error}.",
            hint="Write http(s)://host:port.",
            address=address,
        ) from error


def require_bucket(name: str) -> str:
    """Return the name if it is one that a bucket can have.

    Raises:
        InvalidArgument: it is not; `bucket` is the name.
    """
    if not _BUCKET_NAME.fullmatch(name):
        raise InvalidArgument(
            f"Not the name of a bucket: {name!r}.",
            hint="Use 3 to 63 lower-case letters, digits, dots and hyphens.",
            bucket=name,
        )
    return name


def require_root(prefix: str) -> str:
    """Return what keys under a prefix begin with: the prefix and a slash, or nothing.

    Raises:
        InvalidArgument: a segment of the prefix is empty, `.` or `..`.
    """
    bare = prefix.removesuffix("/")
    if bare and {"", ".", ".."} & set(bare.split("/")):
        raise InvalidArgument(
            f"Not a prefix for objects: {prefix!r}.",
            hint="Write names parted by single slashes.",
            prefix=prefix,
        )
    return f"{bare}/" if bare else ""
