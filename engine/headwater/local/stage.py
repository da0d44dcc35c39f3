"""The stage: a home inside a server's data folder, where a new database grows until it is whole.

What lies there is nobody's database yet. `commit` says that it is whole, and `settle`, which
every start of the server does first, then puts it in place of the server's own; a stage that
was not committed is thrown away. So a load that is killed at any moment leaves the database
as it was, or whole.
"""

import os
import shutil
from pathlib import Path

from headwater.local.layout import Layout
from headwater.local.stop import stop

DATABASE = "neo4j"
_PARTS = ("databases", "transactions")
_WHOLE = "whole"


def stage_of(place: Layout) -> Layout:
    """Return where the stage of a Neo4j lies: on the same disk as its data."""
    return Layout(home=place.data / "import", server=place.server)


def commit(place: Layout) -> None:
    """Say that the stage's database is whole; from now on it is the server's.

    The stage's server must have ended by itself, so that all it wrote is on the disk.
    """
    marker = stage_of(place).home / _WHOLE
    with marker.open("w") as file:
        os.fsync(file.fileno())
    _sync(marker.parent)


def settle(place: Layout) -> bool:
    """Return whether the stage took the database's place; afterwards there is no stage.

    Whoever calls this holds the server's lock. It may be killed at any moment and called
    again. What still runs in the stage, because its owner was killed, is ended.

    Raises:
        FolderInUse: something that is not ours runs there.
        DeadlineExceeded: what runs there does not even end when killed.
    """
    stage = stage_of(place)
    if not stage.home.exists():
        return False
    stop([stage], timeout_s=0)
    whole = (stage.home / _WHOLE).exists()
    if whole:
        for part in _PARTS:
            _exchange(stage.data / part, place.data / part, old=stage.home / "replaced" / part)
    # The marker is gone only once nothing is left that it speaks of.
    for path in sorted(stage.home.iterdir(), key=lambda path: path.name == _WHOLE):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    stage.home.rmdir()
    return whole


def _exchange(source: Path, target: Path, *, old: Path) -> None:
    if not (source / DATABASE).exists():
        return
    target.mkdir(parents=True, exist_ok=True)
    if (target / DATABASE).exists():
        old.mkdir(parents=True, exist_ok=True)
        (target / DATABASE).rename(old / DATABASE)
    (source / DATABASE).rename(target / DATABASE)
    _sync(target)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
