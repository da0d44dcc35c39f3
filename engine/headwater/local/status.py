"""What is known of the local servers, read from their locks and records alone.

The lock is the truth: a server runs exactly as long as its lock is held. The record, which
the supervisor writes, says which process that is and where it answers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import psutil

from headwater.local.layout import MINIO, NEO4J, Layout, layout
from headwater.local.living import living
from headwater.local.locks import is_locked
from headwater.local.secret import read_password
from headwater.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One local server, as its lock and record tell.

    Attributes:
        name: `neo4j` or `minio`.
        running: whether it runs; it may still be starting.
        detail: what else there is to know, such as how it ended; may be empty.
        address: where it answers, Bolt or S3; None unless it runs.
        http_address: Neo4j's HTTP API; None for MinIO and unless it runs.
        ports: its ports by name; empty unless it runs.
        user: the user that the password is for; None when it never ran.
        password_file: the file that holds the password.
        pid: its process; None unless it runs.
        supervisor_pid: the process that waits for it; None when that one is gone.
        version: its version; None when it never ran.
        started_at: when it started, in UTC; None unless it runs.
        data_folder: what must outlive it.
        log_file: its log.
        compiler: `full` or `c1` for Neo4j; None for MinIO and unless it runs.
    """

    name: str
    running: bool
    detail: str
    address: str | None
    http_address: str | None
    ports: Mapping[str, int]
    user: str | None
    password_file: Path
    pid: int | None
    supervisor_pid: int | None
    version: str | None
    started_at: datetime | None
    data_folder: Path
    log_file: Path
    compiler: str | None

    def password(self) -> str:
        """Return the password, read from its file now."""
        return read_password(self.password_file)

    def as_dict(self) -> dict[str, object]:
        """Return the fields as JSON knows them: paths and times as text."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


@dataclass(frozen=True, slots=True)
class LocalStatus:
    """Both servers of one home."""

    home: Path
    neo4j: ServerStatus
    minio: ServerStatus

    def as_dict(self) -> dict[str, object]:
        """Return the fields as JSON knows them."""
        servers = {server.name: server.as_dict() for server in (self.neo4j, self.minio)}
        return {"home": str(self.home), **servers}


def status(settings: Settings) -> LocalStatus:
    """Return what runs in the settings' home; touches no network and changes nothing."""
    return LocalStatus(
        home=settings.home,
        neo4j=server_status(layout(settings, NEO4J)),
        minio=server_status(layout(settings, MINIO)),
    )


def server_status(place: Layout) -> ServerStatus:
    """Return what is known of one server."""
    record = read_record(place)
    held = is_locked(place.lock)
    process = record_process(record, "pid") if held else None
    supervisor = record_process(record, "supervisor_pid") if process else None
    live: Mapping[str, object] = record if process else {}
    return ServerStatus(
        name=place.server,
        running=process is not None,
        detail=_detail(record, held=held, process=process, supervisor=supervisor),
        address=_text(live, "address"),
        http_address=_text(live, "http_address"),
        ports=record_ports(live),
        user=_text(record, "user"),
        password_file=place.password,
        pid=process.pid if process else None,
        supervisor_pid=supervisor.pid if supervisor else None,
        version=_text(record, "version"),
        started_at=_time(live.get("pid_started_at")),
        data_folder=place.data,
        log_file=place.log,
        compiler=_text(live, "compiler"),
    )


def read_record(place: Layout) -> dict[str, object]:
    """Return what the supervisor wrote; empty when there is nothing to read."""
    try:
        record = json.loads(place.record.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def record_ports(record: Mapping[str, object]) -> dict[str, int]:
    """Return the ports that the record names."""
    ports = record.get("ports")
    return dict(ports) if isinstance(ports, dict) else {}


def record_process(record: Mapping[str, object], key: str) -> psutil.Process | None:
    """Return the living process that the record names, never a later one with its number."""
    pid, begun_at = record.get(key), record.get(f"{key}_begun")
    if not isinstance(pid, int) or not isinstance(begun_at, float):
        return None
    return living(pid, begun_at)


def lock_holder(place: Layout) -> str:
    """Return who took the server's lock, as far as the system tells."""
    try:
        inode = place.lock.stat().st_ino
        rows = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
        pids = [int(row.split()[4]) for row in rows if row.split()[5].endswith(f":{inode}")]
        return f"process {pids[0]} ({' '.join(psutil.Process(pids[0]).cmdline())})"
    except (OSError, IndexError, ValueError, psutil.Error):
        return "an unknown process"


def _detail(
    record: Mapping[str, object],
    *,
    held: bool,
    process: psutil.Process | None,
    supervisor: psutil.Process | None,
) -> str:
    if process and supervisor is None:
        return "its supervisor is gone; the server is unharmed"
    if process:
        return ""
    if held:
        return "the lock is held, but not by a server of this home that is known"
    if "exit_code" in record:
        ended_at = _time(record.get("ended_at"))
        return f"ended with exit code {record['exit_code']} at {ended_at:%Y-%m-%d %H:%M:%S} UTC"
    return "it was killed with its supervisor" if record else "never started"


def _text(record: Mapping[str, object], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) else None


def _time(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, tz=UTC) if isinstance(value, float) else None


def _plain(value: object) -> object:
    match value:
        case Path():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value
