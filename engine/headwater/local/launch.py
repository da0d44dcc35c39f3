"""What it takes to start a server, in data: the border between the servers and the starter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from headwater.local.layout import Layout
from headwater.local.progress import Progress
from headwater.local.status import ServerStatus


@dataclass(frozen=True, slots=True)
class Launch:
    """One way to start a server.

    Attributes:
        command: the program and its arguments.
        environ: its environment.
        address: where it will answer.
        facts: further fields of the server's record.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    address: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """A kind of server that can be started in a home."""

    @property
    def version(self) -> str:
        """Return the version that a start runs."""
        ...

    @property
    def user(self) -> str:
        """Return the user that the password is for."""
        ...

    @property
    def ports(self) -> Mapping[str, int | None]:
        """Return its ports by name; None asks for a free one."""
        ...

    def prepare(self, *, progress: Progress) -> None:
        """Fetch or build what the server needs; slow the first time."""

    def launch(self, layout: Layout, ports: Mapping[str, int]) -> Launch:
        """Write the configuration and return how to start."""
        ...

    def ping(self, status: ServerStatus) -> None:
        """Return when the server answers, raise Unavailable when it does not yet."""

    def complaints(self, lines: Sequence[str]) -> list[str]:
        """Return the lines of a log that say why a start failed."""
        ...
