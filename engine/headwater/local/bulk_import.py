"""Neo4j's own importer: a whole database made from CSV files, many times as fast as by Bolt.

It writes the files of a database that no server holds. So a load stops the local server,
grows the new database on a stage (see `stage`), where a server of its own may open it, and
puts it in place of the old one, which must be empty. Writes no CSV and knows no statement.
"""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from headwater.errors import Aborted, FailedPrecondition, FolderInUse, Internal, NoSpace
from headwater.local.disk import no_space, write_whole
from headwater.local.jars import VERSION, fetch_jars, jars_folder
from headwater.local.java import find_java, java_candidates
from headwater.local.layout import NEO4J, Layout, layout
from headwater.local.living import begun
from headwater.local.locks import locked, try_lock
from headwater.local.progress import Progress
from headwater.local.servers import down
from headwater.local.stage import DATABASE, commit, settle, stage_of
from headwater.local.stop import stop
from headwater.settings import Settings

_MAIN_CLASS = "org.neo4j.cli.AdminTool"
_PATIENCE_S = 5.0
_STOP_TIMEOUT_S = 15.0
_LAST_LINES = 8
_SMALL_MACHINE_BYTES = 8_000_000_000
_SMALLEST_BUFFER_BYTES = 4_194_304
_LARGE_ID = 2**56 - 1


@dataclass(frozen=True, slots=True)
class Files:
    """CSV files with one label or relationship type, in the stage's folder.

    Attributes:
        name: the label or type.
        header: the file of one line that names and types the columns.
        data: the files with rows.
    """

    name: str
    header: Path
    data: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """What one run of the importer reads.

    Attributes:
        nodes: in groups of equal columns.
        relationships: likewise; their ends are nodes of the same run.
        multiline: those of the data files that have line breaks within values, which are
            read slower.
        longest_bytes: of the longest value.
        largest_id: of a node; beyond 56 bits the importer takes them as texts.
    """

    nodes: Sequence[Files]
    relationships: Sequence[Files]
    multiline: Sequence[Path] = ()
    longest_bytes: int = 0
    largest_id: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """How much the importer says that it has written."""

    nodes: int
    relationships: int
    properties: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A new database on its way.

    Attributes:
        settings: of the stage's home; a server brought up with them opens the new database.
        folder: for the CSV files; goes with the stage.
    """

    settings: Settings
    folder: Path
    place: Layout

    def load(self, given: Input, *, progress: Progress) -> Imported:
        """Return what was written, once the importer has made the new database.

        Raises:
            Internal: the importer failed; `lines` holds the last that it said.
            NoSpace: the disk is full.
        """
        progress.begin("import into Neo4j", None)
        try:
            with no_space(self.place.home):
                return _run(self, given, progress=progress)
        finally:
            progress.end()

    def commit(self) -> None:
        """Stop the stage's server and make the new database the home's; the last step.

        Raises:
            FolderInUse: the stage is held by something that is not its server.
            DeadlineExceeded: its server did not even end when killed.
        """
        down(self.settings, timeout_s=_STOP_TIMEOUT_S)
        commit(self.place)
        settle(self.place)


def has_database(settings: Settings) -> bool:
    """Return whether the home's Neo4j was ever started."""
    return (layout(settings, NEO4J).data / "databases" / DATABASE).exists()


def database_mark(settings: Settings) -> str:
    """Return a text that differs after every commit to the home's database.

    Read it while the server runs, and before asking whether the database is empty; `staged`
    then knows that it still is.
    """
    digest = hashlib.sha256()
    folder = layout(settings, NEO4J).data / "transactions" / DATABASE
    for log in sorted(folder.glob("neostore.transaction.db.*")):
        digest.update(log.name.encode())
        with log.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@contextmanager
def staged(settings: Settings, *, mark: str, progress: Progress) -> Iterator[Stage]:
    """Yield a stage for a new database, with the home's server stopped and its lock held.

    Whoever starts the server meanwhile waits. Unless the block commits, its stage is thrown
    away and the database is as it was; so it is after a kill, as soon as the server starts.
    The server is not started again here.

    Args:
        settings: names the home.
        mark: `database_mark` of when the database was seen to be empty.
        progress: told of the jars that must be fetched.

    Raises:
        FailedPrecondition: the settings name a server that is not the home's.
        Aborted: something was written to the database after the mark.
        FolderInUse: the home's data is held by something that is not its server.
    """
    if settings.neo4j is not None:
        raise FailedPrecondition(
            f"Only the local Neo4j can be loaded offline, the settings name {settings.neo4j}.",
            hint="Unset HEADWATER_NEO4J, or load over the network.",
            address=settings.neo4j,
        )
    place = layout(settings, NEO4J)
    fetch_jars(settings, progress=progress)
    with locked(place.start_lock), _stopped(place):
        settle(place)
        if database_mark(settings) != mark:
            raise Aborted(
                f"The database in {place.data} was written to while it was about to be replaced.",
                hint="Nothing was changed. Load over the network, or into an empty store.",
                folder=str(place.data),
            )
        inner = stage_of(place)
        with no_space(place.home):
            for folder in (inner.conf, inner.log.parent, inner.run, inner.home / "csv"):
                folder.mkdir(parents=True)
        try:
            yield Stage(
                settings=replace(settings, home=inner.home),
                folder=inner.home / "csv",
                place=place,
            )
        finally:
            settle(place)


@contextmanager
def _stopped(place: Layout) -> Iterator[None]:
    stop([place], timeout_s=_STOP_TIMEOUT_S)
    descriptor = try_lock(place.lock, patience_s=_PATIENCE_S)
    if descriptor is None:
        raise FolderInUse(
            f"{place.folder} is held by a server that was started meanwhile.",
            hint="Stop it: headwater down",
            folder=str(place.folder),
        )
    try:
        yield
    finally:
        os.close(descriptor)


def _run(stage: Stage, given: Input, *, progress: Progress) -> Imported:
    place = layout(stage.settings, NEO4J)
    lines: list[str] = []
    with _spawn(stage, place, given) as process:
        try:
            for line in _told(process.stdout or (), progress):
                lines = [*lines[-200:], line]
            exit_code = process.wait()
        finally:
            process.kill()
    if exit_code:
        raise _failure(place, lines, exit_code)
    return _imported(lines)


def _spawn(stage: Stage, place: Layout, given: Input) -> subprocess.Popen[str]:
    descriptor = try_lock(place.lock)
    if descriptor is None:
        raise FolderInUse(f"{place.folder} is in use.", folder=str(place.folder))
    java = find_java(java_candidates())
    classes = f"{jars_folder(stage.settings)}/*"
    try:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [str(java.path), *_flags(), "-cp", classes, _MAIN_CLASS, *_arguments(place, given)],
            env={**os.environ, "NEO4J_HOME": str(place.folder), "NEO4J_CONF": str(place.conf)},
            cwd=stage.folder,  # the paths it is given are relative, as a comma parts them
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[descriptor],  # held by the importer, even when this process is killed
        )
    finally:
        os.close(descriptor)
    pid = process.pid
    record = {"server": NEO4J, "version": VERSION, "pid": pid, "pid_begun": begun(pid)}
    write_whole(place.record, json.dumps(record))
    return process


def _arguments(place: Layout, given: Input) -> list[str]:
    buffer_bytes = max(_SMALLEST_BUFFER_BYTES, 4 * given.longest_bytes)
    return [
        "database",
        "import",
        "full",
        DATABASE,
        "--verbose",
        f"--id-type={'string' if given.largest_id >= _LARGE_ID else 'integer'}",
        "--ignore-empty-strings=false",
        "--bad-tolerance=0",
        f"--read-buffer-size={buffer_bytes}",
        f"--report-file={place.log.with_name('import.report')}",
        *_multiline(given.multiline),
        *(f"--nodes={files.name}={_listed(files)}" for files in given.nodes),
        *(f"--relationships={files.name}={_listed(files)}" for files in given.relationships),
    ]


def _multiline(files: Sequence[Path]) -> list[str]:
    if not files:
        return []
    listed = ",".join(path.name for path in files)
    return ["--multiline-fields-format=v2", f"--multiline-fields={listed}"]


def _listed(files: Files) -> str:
    return ",".join(path.name for path in (files.header, *files.data))


def _flags() -> list[str]:
    small = psutil.virtual_memory().total < _SMALL_MACHINE_BYTES
    return [
        "-XX:+UseParallelGC",
        "-Xmx1g" if small else "-Xmx2g",
        "-XX:+ExitOnOutOfMemoryError",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
    ]


def _told(output: Iterable[str], progress: Progress) -> Iterator[str]:
    """Yield the importer's lines, counting the steps that it begins."""
    for line in output:
        if re.search(r", started \d", line):
            progress.advance(1)
        yield line.rstrip("\n")


def _imported(lines: Sequence[str]) -> Imported:
    said = "\n".join(lines)
    counts = [re.search(rf"^\s+(\d+) {what}$", said, re.MULTILINE) for what in _COUNTED]
    return Imported(*(int(found[1]) if found else 0 for found in counts))


_COUNTED = ("nodes", "relationships", "properties")


def _failure(place: Layout, lines: Sequence[str], exit_code: int) -> Internal | NoSpace:
    said = "\n".join(lines)
    if "No space left" in said:
        return NoSpace(f"The disk that holds {place.home} is full.", folder=str(place.home))
    causes = [line for line in lines if re.match(r"Caused by:|\S*(Exception|Error)\b", line)]
    shown = [line.strip() for line in (causes or lines)[-_LAST_LINES:]]
    return Internal(
        f"Neo4j's importer failed with exit code {exit_code}: {' | '.join(shown) or 'it said nothing'}.",
        hint="The database is as it was.",
        lines=shown,
        exit_code=exit_code,
    )
