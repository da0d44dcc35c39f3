"""A server that starts at once: an HTTP server of Python's, or what a test makes of it."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from headwater.errors import Unavailable
from headwater.local.launch import Launch
from headwater.local.layout import Layout
from headwater.local.ports import LOOPBACK
from headwater.local.progress import Progress
from headwater.local.status import ServerStatus

ANSWERS = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
"""
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ANSWERS.strip()}".replace(
    "; import", "\nimport"
)
FAILS = "raise SystemExit('the engine is on fire')"
LOSES_THE_PORT_ONCE = """
import pathlib, sys
seen = pathlib.Path("seen")
if not seen.exists():
    seen.touch()
    raise SystemExit("bind: Address already in use")
"""


@dataclass(frozen=True)
class FakeServer:
    program: str = ANSWERS
    ports: Mapping[str, int | None] = field(default_factory=lambda: {"s3": None})
    executable: str = sys.executable
    version: str = "1"
    user: str = "nobody"

    def prepare(self, *, progress: Progress) -> None:
        pass

    def launch(self, layout: Layout, ports: Mapping[str, int]) -> Launch:
        script = layout.folder / "server.py"
        script.write_text(self.program)
        return Launch(
            command=[self.executable, str(script), str(ports["s3"])],
            environ=os.environ,
            address=f"http://{LOOPBACK}:{ports['s3']}",
        )

    def ping(self, status: ServerStatus) -> None:
        try:
            with urllib3.PoolManager(retries=False, timeout=2) as pool:
                pool.request("HEAD", status.address or "")
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(str(error)) from error

    def complaints(self, lines: Sequence[str]) -> list[str]:
        return list(lines)


def place(home: Path) -> Layout:
    return Layout(home=home, server="minio")
