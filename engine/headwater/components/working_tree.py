"""Working trees: which commit the code is of, and what differs from it, as git tells.

Git is asked without a shell, a prompt or a lock, and runs no program of others to show a diff.
Where it is not installed, does not answer in time, or knows no repository, there is no tree.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO

MAX_DIFF_BYTES = 1_048_576
"""How much of a diff is kept."""

MAX_UNTRACKED_FILES = 1_000
"""How many untracked files are told of."""

MAX_READ_BYTES = 67_108_864
"""Up to which size an untracked file is read; a larger one counts by its size."""

_TIMEOUT_S = 20.0
# As git sets them for its hooks, they name a repository that need not be the one of the path.
_OTHER_REPOSITORY = frozenset(
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"]
)
_SAFE = (
    "--no-optional-locks",
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "diff.noprefix=false"),
    *("-c", "diff.mnemonicPrefix=false"),
)
_DIFF = (
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--full-index",
    "--diff-algorithm=myers",
    "--unified=3",
    "--ignore-submodules=none",
    "--submodule=short",
)


@dataclass(frozen=True)
class WorkingTree:
    """A commit, and what differs from it.

    Attributes:
        commit: its full name; None before the first.
        diff: of tracked files; binary ones by the names of their blobs. Cut after
            `MAX_DIFF_BYTES`. Bytes that are not UTF-8 are escaped.
        diff_digest: sha256 of the whole diff, in hexadecimal; None where it is empty.
        diff_size_bytes: of the whole diff.
        diff_is_cut: whether there was more of it than is kept.
        untracked: sha256 of each file that is neither tracked nor ignored, by its path in the
            tree; `size:N` for one that is too large to be read, `link:…` for a link.
        untracked_left_out: how many more of them there were.
    """

    commit: str | None
    diff: str
    diff_digest: str | None
    diff_size_bytes: int
    diff_is_cut: bool
    untracked: Mapping[str, str]
    untracked_left_out: int

    @property
    def is_dirty(self) -> bool:
        """Whether anything differs from the commit."""
        return self.diff_digest is not None or bool(self.untracked)


class _NoAnswer(Exception):
    """Git is not there, failed, or took too long."""


def working_tree(path: Path) -> WorkingTree | None:
    """Return the working tree that holds a path; None where git knows of none.

    Args:
        path: a file or a folder.
    """
    folder = path if path.is_dir() else path.parent
    try:
        root = Path(os.fsdecode(_asked(folder, ["rev-parse", "--show-toplevel"]).rstrip(b"\n")))
        commit = _commit(root)
        base = commit or _asked(root, ["hash-object", "-t", "tree", os.devnull]).decode().strip()
        with tempfile.TemporaryFile() as diff:
            _ask(root, [*_DIFF, base, "--"], diff)
            size_bytes = diff.tell()
            diff.seek(0)
            digest = file_digest(diff, "sha256").hexdigest()
            diff.seek(0)
            kept = diff.read(MAX_DIFF_BYTES)
        names = _asked(root, ["ls-files", "--others", "--exclude-standard", "-z"]).split(b"\0")[:-1]
    except _NoAnswer:
        return None
    named = sorted(os.fsdecode(name) for name in names)
    return WorkingTree(
        commit=commit,
        diff=kept.decode(errors="backslashreplace"),
        diff_digest=digest if size_bytes else None,
        diff_size_bytes=size_bytes,
        diff_is_cut=size_bytes > MAX_DIFF_BYTES,
        untracked={name: _content(root / name) for name in named[:MAX_UNTRACKED_FILES]},
        untracked_left_out=max(0, len(named) - MAX_UNTRACKED_FILES),
    )


def _commit(root: Path) -> str | None:
    try:
        return _asked(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).decode().strip()
    except _NoAnswer:
        return None


def _asked(folder: Path, arguments: Sequence[str]) -> bytes:
    with tempfile.TemporaryFile() as answer:
        _ask(folder, arguments, answer)
        answer.seek(0)
        return answer.read()


def _ask(folder: Path, arguments: Sequence[str], answer: IO[bytes]) -> None:
    """Have git write its answer into a file."""
    git = shutil.which("git")
    if git is None:
        raise _NoAnswer
    environment = {k: v for k, v in os.environ.items() if k not in _OTHER_REPOSITORY}
    try:
        subprocess.run(  # noqa: S603 - the user's own git
            [git, *_SAFE, *arguments],
            cwd=folder,
            env={**environment, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _NoAnswer from error
    answer.seek(0, os.SEEK_END)


def _content(path: Path) -> str:
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return f"link:{sha256(os.fsencode(path.readlink())).hexdigest()}"
        if not stat.S_ISREG(found.st_mode):
            return "no file"
        if found.st_size > MAX_READ_BYTES:
            return f"size:{found.st_size}"
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"
