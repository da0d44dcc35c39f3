"""docs/py2neo.md is run as it stands, and prints what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support import servers

PAGE = Path(__file__).parents[2] / "docs" / "py2neo.md"
TIMEOUT_S = 300


def _blocks(language: str) -> str:
    page = PAGE.read_text("utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))


def test_py2neo_reads_what_headwater_wrote(
    neo4j_server: servers.Neo4jAddress, namespace: str, tmp_path: Path
) -> None:
    program = tmp_path / "page.py"
    program.write_text(_blocks("python"), "utf-8")
    settings = {
        "HEADWATER_HOME": str(tmp_path),
        "HEADWATER_NEO4J": neo4j_server.address,
        "HEADWATER_NEO4J_USER": neo4j_server.user,
        "HEADWATER_NEO4J_PASSWORD": neo4j_server.password or "",
        "HEADWATER_NAMESPACE": namespace,
    }

    ended = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, str(program)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [line for line in _blocks("text").splitlines() if line]
