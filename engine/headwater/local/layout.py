"""Where the files of the local servers lie. Knows names only: makes and reads nothing."""

from dataclasses import dataclass
from pathlib import Path

from headwater.settings import Settings

NEO4J = "neo4j"
MINIO = "minio"
SERVERS = (NEO4J, MINIO)


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one server in one home.

    Attributes:
        home: the home that holds all servers.
        server: `neo4j` or `minio`.
    """

    home: Path
    server: str

    @property
    def folder(self) -> Path:
        """Folder of everything the server itself writes."""
        return self.home / self.server

    @property
    def data(self) -> Path:
        """Folder of what must outlive the server."""
        return self.folder / "data"

    @property
    def conf(self) -> Path:
        """Folder of the server's configuration."""
        return self.folder / "conf"

    @property
    def log(self) -> Path:
        """The log that people read."""
        return self.folder / "logs" / f"{self.server}.log"

    @property
    def console(self) -> Path:
        """What the process wrote to its output, for MinIO its log."""
        return self.log if self.server == MINIO else self.log.with_name("console.log")

    @property
    def run(self) -> Path:
        """Folder of locks, records and secrets."""
        return self.home / "run"

    @property
    def lock(self) -> Path:
        """Held by the server for as long as it lives."""
        return self.run / f"{self.server}.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting the server."""
        return self.run / f"{self.server}.start.lock"

    @property
    def record(self) -> Path:
        """What the supervisor wrote about the server."""
        return self.run / f"{self.server}.json"

    @property
    def password(self) -> Path:
        """The secret, readable by its owner alone."""
        return self.run / f"{self.server}.password"


def layout(settings: Settings, server: str) -> Layout:
    """Return the paths of one server under the settings' home."""
    return Layout(home=settings.home, server=server)
