"""Neo4j's jars: fetched once by a lock file, checked by sha256, shared by every home.

Knows no repository's host: the address is a setting, else jgo knows Maven Central's.
"""

import hashlib
import json
import os
import secrets
import shutil
import ssl
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

import urllib3
from urllib3.util import parse_url

from headwater.errors import DataLoss, MissingExtra, NoNetwork
from headwater.local.disk import demand_space, no_space
from headwater.local.locks import locked
from headwater.local.progress import Progress, Silent
from headwater.settings import Settings

VERSION = "5.26.29"
_LOCK_FILE = f"neo4j-{VERSION}.jars.json"
_MARKER = "verified"
_THREADS = 8
_CHUNK_BYTES = 65_536
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar of the lock file.

    Attributes:
        path: its path in a Maven repository.
        sha256: what its bytes must hash to, in hex.
        size_bytes: its length.
    """

    path: str
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """Its file name, unique among the locked jars."""
        return self.path.rpartition("/")[2]


@cache
def locked_jars() -> tuple[Jar, ...]:
    """Return the jars that make up the server."""
    rows = json.loads(_lock_text())
    return tuple(Jar(row["path"], row["sha256"], row["size"]) for row in rows)


def jars_folder(settings: Settings) -> Path:
    """Return the cache folder of exactly this lock file's jars."""
    digest = hashlib.sha256(_lock_text().encode()).hexdigest()
    return settings.cache / f"jars-{digest[:12]}"


def fetch_jars(
    settings: Settings,
    *,
    progress: Progress | None = None,
    maven_cache: Path | None = None,
    jars: tuple[Jar, ...] | None = None,
) -> Path:
    """Return a folder that holds every locked jar, fetching those that are missing.

    Present jars are checked by size and time alone once their sha256 has been seen to be
    right. What was fetched before an interruption is kept. Two processes fetch once.

    Args:
        settings: names the cache and the repository.
        progress: told of the bytes fetched.
        maven_cache: a Maven cache to take jars from before the network; by default the user's.
        jars: other jars than the lock file's.

    Raises:
        NoNetwork: a jar is missing and the repository cannot be reached.
        NoSpace: the cache's disk is full.
        DataLoss: the repository keeps serving bytes that are not the locked ones.
        MissingExtra: no repository is set and jgo, which knows the default, is not installed.
    """
    wanted = locked_jars() if jars is None else jars
    folder = jars_folder(settings)
    if _is_verified(folder, wanted):
        return folder
    with locked(folder.with_suffix(".lock")):
        if not _is_verified(folder, wanted):
            cached = maven_cache or Path.home() / ".m2" / "repository"
            with no_space(settings.cache):
                _fill(
                    folder,
                    wanted,
                    settings=settings,
                    maven_cache=cached,
                    progress=progress or Silent(),
                )
    return folder


def _lock_text() -> str:
    return (files("headwater.local") / _LOCK_FILE).read_text(encoding="utf-8")


def _is_verified(folder: Path, jars: tuple[Jar, ...]) -> bool:
    try:
        checked_ns = (folder / _MARKER).stat().st_mtime_ns
        stats = [(jar, (folder / jar.name).stat()) for jar in jars]
    except FileNotFoundError:
        return False
    return all(
        stat.st_size == jar.size_bytes and stat.st_mtime_ns <= checked_ns for jar, stat in stats
    )


def _fill(
    folder: Path,
    jars: tuple[Jar, ...],
    *,
    settings: Settings,
    maven_cache: Path,
    progress: Progress,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("*.part"):
        left_over.unlink()
    missing = [jar for jar in jars if not _is_right(folder / jar.name, jar)]
    demand_space(folder, needed_bytes=sum(jar.size_bytes for jar in missing))
    missing = [jar for jar in missing if not _take_cached(jar, folder, maven_cache)]
    if missing:
        _fetch_all(missing, folder, settings=settings, progress=progress)
    (folder / _MARKER).touch()


def _is_right(path: Path, jar: Jar) -> bool:
    try:
        if path.stat().st_size != jar.size_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def _take_cached(jar: Jar, folder: Path, maven_cache: Path) -> bool:
    source = maven_cache / jar.path
    if not _is_right(source, jar):
        return False
    part = _part(folder, jar)
    try:
        _link_or_copy(source, part)
        part.replace(folder / jar.name)
    finally:
        part.unlink(missing_ok=True)
    return True


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)


def _fetch_all(jars: list[Jar], folder: Path, *, settings: Settings, progress: Progress) -> None:
    repository = (settings.maven_url or _default_repository()).rstrip("/")
    with _pool(repository) as pool, ThreadPoolExecutor(_THREADS) as threads:
        progress.begin(f"fetch Neo4j {VERSION}", sum(jar.size_bytes for jar in jars))
        try:
            fetches = {
                threads.submit(_fetch, jar, folder, pool=pool, repository=repository): jar
                for jar in jars
            }
            for fetched in as_completed(fetches):
                fetched.result()
                progress.advance(fetches[fetched].size_bytes)
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
            progress.end()


def _default_repository() -> str:
    try:
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 (optional, and slow to import)
    except ImportError as error:
        raise MissingExtra(
            "Neo4j's jars are not in the cache, and no Maven repository is known.",
            hint="Install headwater[local], or set HEADWATER_MAVEN_URL.",
        ) from error
    return str(MAVEN_CENTRAL_URL)


def _pool(repository: str) -> urllib3.PoolManager:
    scheme = parse_url(repository).scheme or ""
    options: dict[str, object] = {
        "maxsize": _THREADS,
        "retries": urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504)),
        "timeout": urllib3.Timeout(connect=10.0, read=60.0),
        "ssl_context": ssl.create_default_context(),
    }
    proxy = urllib.request.getproxies().get(scheme)
    host = parse_url(repository).host or ""
    if proxy and not urllib.request.proxy_bypass(host):
        return urllib3.ProxyManager(proxy, **options)  # type: ignore[arg-type]
    return urllib3.PoolManager(**options)  # type: ignore[arg-type]


def _fetch(jar: Jar, folder: Path, *, pool: urllib3.PoolManager, repository: str) -> None:
    for _ in range(_TRIES):
        part = _part(folder, jar)
        try:
            if _stream(f"{repository}/{jar.path}", part, pool=pool) == jar.sha256:
                part.replace(folder / jar.name)
                return
        finally:
            part.unlink(missing_ok=True)
    raise DataLoss(
        f"{jar.name} from {repository} does not have the locked sha256 {jar.sha256}.",
        hint="Set HEADWATER_MAVEN_URL to a repository that serves the original.",
        jar=jar.path,
        repository=repository,
    )


def _stream(url: str, target: Path, *, pool: urllib3.PoolManager) -> str:
    digest = hashlib.sha256()
    try:
        with (
            pool.request("GET", url, preload_content=False) as response,
            target.open("xb") as file,
        ):
            if response.status != HTTPStatus.OK:
                raise _no_network(url, f"status {response.status}")
            for chunk in response.stream(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
    except urllib3.exceptions.HTTPError as error:
        raise _no_network(url, str(error)) from error
    return digest.hexdigest()


def _no_network(url: str, found: str) -> NoNetwork:
    return NoNetwork(
        f"{url} could not be fetched: {found}.",
        hint="Go on line once, or set HEADWATER_MAVEN_URL to a repository that can be reached.",
        url=url,
        found=found,
    )


def _part(folder: Path, jar: Jar) -> Path:
    return folder / f"{jar.name}.{secrets.token_hex(4)}.part"
