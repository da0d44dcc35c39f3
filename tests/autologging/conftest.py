"""Scripts of users, run as users run them: in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from support.commands import environment
from support.servers import Neo4jAddress

Script = Callable[..., subprocess.CompletedProcess[str]]

ROWS = "\n".join(f"{i},{i % 7},{i % 2}" for i in range(40))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that scripts run in, with data.csv: 40 rows, of which y is the class."""
    (tmp_path / "data.csv").write_text(f"a,b,y\n{ROWS}\n")
    return tmp_path


@pytest.fixture
def variables(neo4j_server: Neo4jAddress, namespace: str, folder: Path) -> dict[str, str]:
    """Return the environment of scripts, which leads them to the test's store."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HEADWATER_")}
    return {**inherited, **environment(neo4j_server, namespace=namespace, folder=folder)}


@pytest.fixture
def script(variables: dict[str, str], folder: Path) -> Script:
    """Return what runs a text as the script train.py, with arguments and further variables."""

    def run(
        text: str, *arguments: str, code: int = 0, **further: str
    ) -> subprocess.CompletedProcess[str]:
        (folder / "train.py").write_text(dedent(text))
        ran = subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "train.py", *arguments],
            cwd=folder,
            env={**variables, **further},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        return ran

    return run
