"""What the user set, read once from the environment and passed down as arguments.

Owns the names of the settings and their defaults. Opens nothing and connects to nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from headwater.errors import InvalidArgument

DEFAULT_NAMESPACE = "default"


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
        maven_url: where jars are fetched from; unset means Maven Central (`HEADWATER_MAVEN_URL`).
        index_budget: how many indexes on declared properties are made without being asked
            for (`HEADWATER_INDEX_BUDGET`).
        offload_bytes: a string, STRUCT or PROTO value larger than this lies in the object
            store (`HEADWATER_OFFLOAD_BYTES`).
        heartbeat_s: seconds between two heartbeats of a run (`HEADWATER_HEARTBEAT_S`).
        retry_s: how long a Neo4j that cannot be reached is tried again (`HEADWATER_RETRY_S`).
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
    maven_url: str | None = None
    index_budget: int = 300
    offload_bytes: int = 262_144
    heartbeat_s: float = 10.0
    retry_s: float = 30.0


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment gives.

    Args:
        environ: variables to read instead of the process's own.

    Raises:
        InvalidArgument: a variable that must be a number is not one; `variable` names it.
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
        maven_url=env.get("HEADWATER_MAVEN_URL") or None,
        index_budget=int(_number(env, "HEADWATER_INDEX_BUDGET", 300)),
        offload_bytes=int(_number(env, "HEADWATER_OFFLOAD_BYTES", 262_144)),
        heartbeat_s=_number(env, "HEADWATER_HEARTBEAT_S", 10.0),
        retry_s=_number(env, "HEADWATER_RETRY_S", 30.0),
    )


def _first(env: Mapping[str, str], *names: str) -> str | None:
    return next((env[name] for name in names if env.get(name)), None)


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
