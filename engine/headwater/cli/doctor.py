"""Doctor: looks at everything that a working store needs, starts nothing, and says what to do."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

import headwater
from headwater.cli.call import Call, check_namespace, command
from headwater.cli.executions import stale_executions
from headwater.cli.exits import ExitCode
from headwater.cli.screen import Column
from headwater.cli.wording import size_of
from headwater.errors import HeadwaterError

if TYPE_CHECKING:
    from headwater import MetadataStore, Settings

_LOW_BYTES = 1_000_000_000
_EMPTY_BYTES = 200_000_000
_SHOWN = 5


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """What one check found, and what to do about it."""

    check: str
    level: Level
    message: str
    todo: str = ""


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(app, "doctor", examples=("headwater doctor", "headwater doctor --json"))(examine)


def examine(call: Call) -> None:
    """Check everything that a working store needs, and say what to do; starts nothing.

    Exits with 1 where a check fails.
    """
    findings = list(_findings(call.settings))
    failed = any(finding.level is Level.FAIL for finding in findings)
    if call.json:
        rows = [{**f._asdict(), "level": f.level.value} for f in findings]
        call.screen.answer({"ok": not failed, "checks": rows})
    else:
        columns = (
            Column("LEVEL", "state"),
            Column("CHECK", "bold"),
            Column("FOUND"),
            Column("TO DO", "yellow"),
        )
        call.screen.table(columns, [(f.level, f.check, f.message, f.todo) for f in findings])
    if failed:
        raise typer.Exit(ExitCode.NO)


def _findings(settings: "Settings") -> Iterator[Finding]:
    yield from _check("home", lambda: _home(settings))
    yield from _check("disk", lambda: _disk(settings))
    if settings.neo4j is None:
        yield from _check("java", _java)
        yield from _check("jars", lambda: _jars(settings))
        yield from _check("local neo4j", lambda: _local(settings, "neo4j"))
    yield from _check("objects", lambda: _objects(settings))
    yield from _graph(settings)


def _check(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except HeadwaterError as error:
        yield Finding(name, Level.FAIL, error.message, error.hint)


def _home(settings: "Settings") -> Iterator[Finding]:
    place = _existing(settings.home)
    if not os.access(place, os.W_OK | os.X_OK) or not place.is_dir():
        todo = "Set HEADWATER_HOME to a folder of yours."
        yield Finding("home", Level.FAIL, f"{place} cannot be written", todo)
    elif settings.home.exists():
        yield Finding("home", Level.OK, str(settings.home))
    else:
        yield Finding("home", Level.OK, f"{settings.home} will be made when it is needed")


def _disk(settings: "Settings") -> Iterator[Finding]:
    for variable, folder in (
        ("HEADWATER_HOME", settings.home),
        ("HEADWATER_CACHE", settings.cache),
    ):
        free = shutil.disk_usage(_existing(folder)).free
        level = Level.FAIL if free < _EMPTY_BYTES else Level.WARN if free < _LOW_BYTES else Level.OK
        todo = "" if level is Level.OK else f"Free some space, or set {variable} to another disk."
        yield Finding("disk", level, f"{size_of(free)} free for {folder}", todo)


def _java() -> Iterator[Finding]:
    from headwater.local.java import find_java, java_candidates  # noqa: PLC0415 - slow to import

    yield Finding("java", Level.OK, str(find_java(java_candidates())))


def _jars(settings: "Settings") -> Iterator[Finding]:
    from headwater.local.jars import (  # noqa: PLC0415 - slow to import
        VERSION,
        jars_folder,
        locked_jars,
    )

    folder = jars_folder(settings)
    if all((folder / jar.name).is_file() for jar in locked_jars()):
        yield Finding("jars", Level.OK, f"Neo4j {VERSION} in {folder}")
    else:
        todo = "headwater up fetches them; it needs the network, once."
        yield Finding("jars", Level.WARN, f"Neo4j {VERSION} is not in {settings.cache}", todo)


def _local(settings: "Settings", name: str) -> Iterator[Finding]:
    from headwater.local import status  # noqa: PLC0415 - slow to import

    local = status(settings)
    server = local.neo4j if name == "neo4j" else local.minio
    check = f"local {name}"
    if server.running:
        level = Level.WARN if server.detail else Level.OK
        note = f", {server.detail}" if server.detail else ""
        todo = "headwater down, then headwater up." if server.detail else ""
        yield Finding(check, level, f"running at {server.address}{note}", todo)
    elif "lock is held" in server.detail:
        todo = "End what holds it, or set HEADWATER_HOME to another folder."
        yield Finding(check, Level.FAIL, server.detail, todo)
    else:
        todo = "headwater up; commands that need it start it too."
        yield Finding(check, Level.WARN, f"not running: {server.detail}", todo)


def _objects(settings: "Settings") -> Iterator[Finding]:
    from headwater.opening import MINIO, object_location, open_objects  # noqa: PLC0415 - slow

    location = settings.objects or object_location(settings)
    if location == MINIO and not _is_running(settings, MINIO):
        yield from _local(settings, MINIO)
        return
    if location != MINIO and "://" not in location and not Path(location).exists():
        yield Finding("objects", Level.OK, f"{location} will be made when it is needed")
        return
    with open_objects(settings, start=False) as objects:
        objects.check()
        yield Finding("objects", Level.OK, f"{objects.location} can be written and read")


def _is_running(settings: "Settings", name: str) -> bool:
    from headwater.local import status  # noqa: PLC0415 - slow to import

    local = status(settings)
    return (local.minio if name == "minio" else local.neo4j).running


def _graph(settings: "Settings") -> Iterator[Finding]:
    if settings.neo4j is None and not _is_running(settings, "neo4j"):
        return
    try:
        with _graph_alone(settings) as store:
            for name, look in (
                ("neo4j", _version),
                ("namespace", _namespace),
                ("indexes", _indexes),
                ("runs", _runs),
            ):
                yield from _check(name, lambda look=look: look(store))  # type: ignore[misc] # bound now
    except HeadwaterError as error:
        yield Finding("neo4j", Level.FAIL, error.message, error.hint)


@contextmanager
def _graph_alone(settings: "Settings") -> "Iterator[MetadataStore]":
    """Open the store with a folder for its objects, so that it needs no other server."""
    alone = replace(settings, objects=str(settings.home / "objects"))
    with headwater.connect(settings=alone, start=False) as store:
        yield store


def _version(store: "MetadataStore") -> Iterator[Finding]:
    about = store.about()
    found = f"{about.edition} {about.version} at {about.address}, schema version {about.schema}"
    yield Finding("neo4j", Level.OK, found)


def _namespace(store: "MetadataStore") -> Iterator[Finding]:
    check_namespace(store)
    names = [namespace.name for namespace in store.list_namespaces()]
    known = f"one of {len(names)}" if store.namespace in names else "nothing in it yet"
    yield Finding("namespace", Level.OK, f"{store.namespace!r}, {known}")


def _indexes(store: "MetadataStore") -> Iterator[Finding]:
    indexes = store.indexes.all()
    for index in indexes:
        if index.state == "FAILED":
            found = f"that on {index.key} of {index.kind.lower()}s has failed"
            yield Finding("indexes", Level.FAIL, found, "Drop it, and add it again.")
    missing = {
        f"{key} of {node_type.name}"
        for type_id, keys in store.indexes.unindexed().items()
        for key in keys
        if (node_type := store.types.by_id(type_id)) is not None
    }
    if missing:
        listed = ", ".join(sorted(missing)[:_SHOWN]) + ", …" * (len(missing) > _SHOWN)
        found = f"{len(missing)} declared properties have none: {listed}"
        todo = "headwater index add KEY --type TYPE, or raise HEADWATER_INDEX_BUDGET."
        yield Finding("indexes", Level.WARN, found, todo)
    else:
        yield Finding("indexes", Level.OK, f"{len(indexes)} on properties, none missing")


def _runs(store: "MetadataStore") -> Iterator[Finding]:
    stale = stale_executions(store)
    if stale:
        found = f"{len(stale)} RUNNING executions give no sign of life"
        yield Finding("runs", Level.WARN, found, "headwater executions list --stale")
    else:
        yield Finding("runs", Level.OK, "no RUNNING execution has lost its process")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
