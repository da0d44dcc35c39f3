"""How the local Neo4j is configured, started and asked."""

import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import psutil

from headwater.errors import FailedPrecondition
from headwater.local.disk import folder_bytes, write_whole
from headwater.local.jars import VERSION, fetch_jars, jars_folder
from headwater.local.java import find_java, java_candidates
from headwater.local.launch import Launch
from headwater.local.layout import Layout
from headwater.local.ports import LOOPBACK
from headwater.local.progress import Progress
from headwater.local.secret import ensure_password
from headwater.local.stage import settle
from headwater.local.status import ServerStatus
from headwater.settings import Settings

USER = "neo4j"
_MAIN_CLASS = "org.neo4j.server.CommunityEntryPoint"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_HASH_ROUNDS = 1024
_PING_TIMEOUT_S = 5.0
_COMPLAINTS = 8


class Compiler(StrEnum):
    """How the server's Java compiles: `c1` starts fastest, `full` runs fastest.

    Deep queries take 1.7 times as long under `c1`, which is meant for tests.
    """

    FULL = "full"
    C1 = "c1"


@dataclass(frozen=True, slots=True)
class Neo4jServer:
    """Neo4j Community as one home runs it."""

    settings: Settings
    compiler: Compiler
    bolt_port: int | None
    http_port: int | None

    @property
    def version(self) -> str:
        """Return the version of the locked jars."""
        return VERSION

    @property
    def user(self) -> str:
        """Return the one user that a new store has."""
        return USER

    @property
    def ports(self) -> Mapping[str, int | None]:
        """Return the ports asked for."""
        return {"bolt": self.bolt_port, "http": self.http_port}

    def prepare(self, *, progress: Progress) -> None:
        """Fetch the jars."""
        fetch_jars(self.settings, progress=progress)

    def launch(self, layout: Layout, ports: Mapping[str, int]) -> Launch:
        """Write neo4j.conf and the first password, and return the command.

        A bulk load that did not end is put in place or thrown away first.

        Raises:
            WrongJava: there is no Java that fits.
            FailedPrecondition: the store has a password, but its file is gone.
        """
        java = find_java(java_candidates())
        settle(layout)
        _ensure_auth(layout)
        memory = memory_for(
            machine_bytes=psutil.virtual_memory().total,
            store_bytes=folder_bytes(layout.data / "databases"),
        )
        write_whole(layout.conf / "neo4j.conf", _conf(ports, memory))
        classes = f"{jars_folder(self.settings)}/*"
        folders = [f"--home-dir={layout.folder}", f"--config-dir={layout.conf}"]
        return Launch(
            command=[
                str(java.path),
                *_flags(self.compiler, memory),
                "-cp",
                classes,
                _MAIN_CLASS,
                *folders,
            ],
            environ=os.environ,
            address=f"bolt://{LOOPBACK}:{ports['bolt']}",
            facts={
                "http_address": f"http://{LOOPBACK}:{ports['http']}",
                "compiler": self.compiler.value,
                "java": str(java),
            },
        )

    def ping(self, status: ServerStatus) -> None:
        """Return when a query is answered."""
        # The driver takes a while to import: here, Neo4j starts meanwhile.
        from headwater.graph.probe import ping  # noqa: PLC0415 - see above

        ping(
            status.address or "",
            user=self.user,
            password=status.password(),
            timeout_s=_PING_TIMEOUT_S,
        )

    def complaints(self, lines: Sequence[str]) -> list[str]:
        """Return the last errors and their causes."""
        found = [line for line in lines if re.search(r"\bERROR\b|^Caused by:", line)]
        return [line.strip() for line in (found or lines)[-_COMPLAINTS:]]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the server may take.

    Attributes:
        heap_mib: at most so much for queries; taken as they need it.
        page_cache_mib: of the store's files kept in memory.
    """

    heap_mib: int
    page_cache_mib: int


def memory_for(*, machine_bytes: int, store_bytes: int) -> Memory:
    """Return what a server takes on such a machine, beside the programs that use it.

    The page cache holds the store's files whole, with room to grow by half until the next
    start, within a quarter of the machine; the heap is an eighth of it, in which an answer of a
    million nodes is put together.

    Args:
        machine_bytes: the machine's memory.
        store_bytes: the size of the store's files now.
    """
    machine, store = machine_bytes >> 20, store_bytes >> 20
    return Memory(
        heap_mib=min(max(machine // 8, 512), 4_096),
        page_cache_mib=min(max(store + store // 2, 256), max(machine // 4, 64)),
    )


def auth_line(password: str, *, salt: bytes) -> str:
    """Return the line of `auth.ini` that gives a new store's user its password.

    `neo4j-admin dbms set-initial-password` writes the same line, but takes a Java start of
    4 to 6 s for it. The hash guards a random password of 192 bits, so its few rounds do.

    Source: the file that Neo4jAdminCommand 5.26.29 wrote: SHA-256 of salt and password,
    hashed 1,023 times more, salt of 32 bytes.
    """
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(_HASH_ROUNDS - 1):
        digest = hashlib.sha256(digest).digest()
    return f"{USER}:SHA-256,{digest.hex()},{salt.hex()},{_HASH_ROUNDS}:\n"


def _ensure_auth(layout: Layout) -> None:
    has_store = (layout.data / "databases" / "system").exists()
    if has_store and not layout.password.exists():
        raise FailedPrecondition(
            f"The store in {layout.data} has a password, but {layout.password} is gone.",
            hint="Put the file back, or move the store away to begin a new one.",
            password_file=str(layout.password),
        )
    password = ensure_password(layout.password)
    if not has_store:
        line = auth_line(password, salt=secrets.token_bytes(32))
        write_whole(layout.data / "dbms" / "auth.ini", line, mode=0o600)


def _conf(ports: Mapping[str, int], memory: Memory) -> str:
    bolt, http = (f"{LOOPBACK}:{ports[name]}" for name in ("bolt", "http"))
    lines = {
        "server.default_listen_address": LOOPBACK,
        "server.bolt.listen_address": bolt,
        "server.bolt.advertised_address": bolt,
        "server.http.listen_address": http,
        "server.http.advertised_address": http,
        "server.https.enabled": "false",
        "server.memory.pagecache.size": f"{memory.page_cache_mib}m",
        "dbms.usage_report.enabled": "false",
        # Commits are quicker into files that have their size already; of 16 MB a fresh store
        # takes 36 MB, of the default 256 it takes 521.
        "db.tx_log.preallocate": "true",
        "db.tx_log.rotation.size": "16m",
        # A clean stop takes 0.5 s instead of 10.5.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _flags(compiler: Compiler, memory: Memory) -> list[str]:
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    # The jars' sha256 is checked; checking each class again takes a quarter of the start.
    trusting = ["-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"]
    common = ["-XX:+ExitOnOutOfMemoryError", "-Xms256m", *trusting, *opened]
    if compiler is Compiler.C1:
        return ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", *common]
    # Of the collectors the quickest at long reads: 735,000 ancestors were counted in 0.98 s, under
    # G1 in 1.20 and the serial one in 1.43, medians of one sitting.
    return ["-XX:+UseParallelGC", f"-Xmx{memory.heap_mib}m", *common]
