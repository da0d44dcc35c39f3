"""What the user set, read once from the environment and passed down as arguments.

Owns the names of the settings and their defaults. Opens nothing and connects to nothing.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from headwater.errors import InvalidArgument

DEFAULT_NAMESPACE = "default"
DEFAULT_GRPC = "127.0.0.1:8080"
DEFAULT_HTTP = "127.0.0.1:8081"


class Auth(StrEnum):
    """When a server asks for tokens: always, never, or unless it listens on loopback alone."""

    REQUIRED = "required"
    OFF = "off"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Settings:
    """One face's settings.

    Attributes:
        home: folder of the local stores (`HEADWATER_HOME`, default `.headwater` in the
            working directory).
        cache: folder of downloads shared by every home (`HEADWATER_CACHE`).
        neo4j: Bolt address of a server to use; unset means the local one (`HEADWATER_NEO4J`).
        neo4j_user: its user (`HEADWATER_NEO4J_USER`).
        neo4j_password: its password (`HEADWATER_NEO4J_PASSWORD`).
        neo4j_database: its database (`HEADWATER_NEO4J_DATABASE`).
        objects: where large objects go: unset means a folder in `home`, `minio` the local
            MinIO, a path another folder, `s3://bucket/prefix` or `http(s)://host:port/bucket`
            an S3 store (`HEADWATER_OBJECTS`).
        s3_access_key: S3 access key (`HEADWATER_S3_ACCESS_KEY`, else `AWS_ACCESS_KEY_ID`).
        s3_secret_key: S3 secret key (`HEADWATER_S3_SECRET_KEY`, else `AWS_SECRET_ACCESS_KEY`).
        s3_region: S3 region (`HEADWATER_S3_REGION`, else `AWS_REGION`).
        namespace: the tenant (`HEADWATER_NAMESPACE`).
        actor: who is named in the records of changes (`HEADWATER_ACTOR`).
        maven_url: where jars are fetched from; unset means Maven Central (`HEADWATER_MAVEN_URL`).
        index_budget: how many indexes on declared properties are made without being asked
            for (`HEADWATER_INDEX_BUDGET`).
        offload_bytes: a string, STRUCT or PROTO value larger than this lies in the object
            store (`HEADWATER_OFFLOAD_BYTES`).
        heartbeat_s: seconds between two heartbeats of a run (`HEADWATER_HEARTBEAT_S`).
        retry_s: how long a Neo4j that cannot be reached is tried again (`HEADWATER_RETRY_S`).
        objects_retry_s: how long an S3 store that goes away is tried again; 0 means not at all
            (`HEADWATER_OBJECTS_RETRY_S`).
        query_timeout_s: seconds that the database may take for one question; unset or 0 means
            no limit (`HEADWATER_QUERY_TIMEOUT_S`).
        grpc: where `headwater serve` speaks gRPC, `HOST:PORT` or `[IPv6]:PORT`; port 0 means
            any free one (`HEADWATER_GRPC`).
        http: where it speaks HTTP (`HEADWATER_HTTP`).
        tls_cert: its certificate with the chain, a PEM file; unset means no TLS
            (`HEADWATER_TLS_CERT`).
        tls_key: the certificate's private key, a PEM file (`HEADWATER_TLS_KEY`).
        tls_client_ca: who must have signed the certificates of clients, a PEM file; unset
            means that clients need none (`HEADWATER_TLS_CLIENT_CA`).
        auth: when calls need a token (`HEADWATER_AUTH`).
        workers: how many calls it works on at once (`HEADWATER_WORKERS`).
        max_message_mb: largest request or answer, in MiB (`HEADWATER_MAX_MESSAGE_MB`).
        grace_s: how long running calls have to end when it is stopped (`HEADWATER_GRACE_S`).
    """

    home: Path
    cache: Path
    neo4j: str | None = None
    neo4j_user: str = "neo4j"
    neo4j_password: str | None = None
    neo4j_database: str = "neo4j"
    objects: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: str | None = None
    s3_region: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    actor: str = ""
    maven_url: str | None = None
    index_budget: int = 300
    offload_bytes: int = 262_144
    heartbeat_s: float = 10.0
    retry_s: float = 30.0
    objects_retry_s: float = 0.0
    query_timeout_s: float | None = None
    grpc: str = DEFAULT_GRPC
    http: str = DEFAULT_HTTP
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    auth: Auth = Auth.AUTO
    workers: int = 16
    max_message_mb: int = 100
    grace_s: float = 30.0


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment gives.

    Args:
        environ: variables to read instead of the process's own.

    Raises:
        InvalidArgument: a variable that must be a number is not one, or a negative one where
            that means nothing, or one that must be one of a few words is not; `variable`
            names it.
    """
    env = os.environ if environ is None else environ
    return Settings(
        home=Path(env.get("HEADWATER_HOME") or ".headwater").expanduser().absolute(),
        cache=Path(env.get("HEADWATER_CACHE") or platformdirs.user_cache_path("headwater"))
        .expanduser()
        .absolute(),
        neo4j=env.get("HEADWATER_NEO4J") or None,
        neo4j_user=env.get("HEADWATER_NEO4J_USER") or "neo4j",
        neo4j_password=env.get("HEADWATER_NEO4J_PASSWORD") or None,
        neo4j_database=env.get("HEADWATER_NEO4J_DATABASE") or "neo4j",
        objects=env.get("HEADWATER_OBJECTS") or None,
        s3_access_key=_first(env, "HEADWATER_S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        s3_secret_key=_first(env, "HEADWATER_S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
        s3_region=_first(env, "HEADWATER_S3_REGION", "AWS_REGION"),
        namespace=env.get("HEADWATER_NAMESPACE") or DEFAULT_NAMESPACE,
        actor=env.get("HEADWATER_ACTOR") or "",
        maven_url=env.get("HEADWATER_MAVEN_URL") or None,
        index_budget=int(_number(env, "HEADWATER_INDEX_BUDGET", 300)),
        offload_bytes=int(_number(env, "HEADWATER_OFFLOAD_BYTES", 262_144)),
        heartbeat_s=_number(env, "HEADWATER_HEARTBEAT_S", 10.0),
        retry_s=_number(env, "HEADWATER_RETRY_S", 30.0),
        objects_retry_s=_number(env, "HEADWATER_OBJECTS_RETRY_S", 0.0),
        query_timeout_s=_limit_s(env, "HEADWATER_QUERY_TIMEOUT_S"),
        grpc=env.get("HEADWATER_GRPC") or DEFAULT_GRPC,
        http=env.get("HEADWATER_HTTP") or DEFAULT_HTTP,
        tls_cert=_path(env, "HEADWATER_TLS_CERT"),
        tls_key=_path(env, "HEADWATER_TLS_KEY"),
        tls_client_ca=_path(env, "HEADWATER_TLS_CLIENT_CA"),
        auth=_auth(env, "HEADWATER_AUTH"),
        workers=int(_number(env, "HEADWATER_WORKERS", 16)),
        max_message_mb=int(_number(env, "HEADWATER_MAX_MESSAGE_MB", 100)),
        grace_s=_number(env, "HEADWATER_GRACE_S", 30.0),
    )


def _first(env: Mapping[str, str], *names: str) -> str | None:
    return next((env[name] for name in names if env.get(name)), None)


def _path(env: Mapping[str, str], variable: str) -> Path | None:
    text = env.get(variable)
    return Path(text).expanduser().absolute() if text else None


def _auth(env: Mapping[str, str], variable: str) -> Auth:
    text = env.get(variable) or Auth.AUTO
    try:
        return Auth(text)
    except ValueError:
        raise InvalidArgument(
            f"{variable} must be one of {', '.join(Auth)}, found {text!r}.",
            hint=f"Unset it to use {Auth.AUTO}.",
            variable=variable,
            found=text,
        ) from None


def _limit_s(env: Mapping[str, str], variable: str) -> float | None:
    seconds = _number(env, variable, 0.0)
    if not 0 <= seconds < math.inf:
        raise InvalidArgument(
            f"{variable} must be a number of seconds, 0 or more, found {env[variable]!r}.",
            hint="Unset it, or set it to 0, for no limit.",
            variable=variable,
            found=env[variable],
        )
    return seconds or None


def _number(env: Mapping[str, str], variable: str, default: float) -> float:
    text = env.get(variable)
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        raise InvalidArgument(
            f"{variable} must be a number, found {text!r}.",
            hint=f"Unset it to use {default:g}.",
            variable=variable,
            found=text,
        ) from None
