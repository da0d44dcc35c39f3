"""CSV files for Neo4j's own importer, written from streams of stored property maps and edges.

Owns the importer's format: column headers, quoting, and what a header cannot express, which
is put aside to be set by a statement. Numbers, texts of any characters, NaN, and the
difference between an empty text and none come through exactly.
"""

import math
import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from headwater.errors import InvalidArgument
from headwater.local.bulk_import import Files, Input
from headwater_schema import EventType, TypeKind
from headwater_schema.edges import INPUT_TYPES
from headwater_schema.stored import LABELS

_FLUSH_ROWS = 5_000
_LARGEST_COLUMNS = 256
# What ends the name of a column in a header, or a line.
_INEXPRESSIBLE = re.compile(r"[{(\n\r]")

EventRow = tuple[int, int, int, EventType, int | None, str | None]
"""Ordinal, artifact id, execution id, type, milliseconds, path as stored text."""


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _double(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _boolean(value: bool) -> str:  # noqa: FBT001 - a value of a cell
    return "true" if value else "false"


_CELLS: dict[type, tuple[str, Callable[[Any], str]]] = {
    str: ("string", _text),
    int: ("long", str),
    float: ("double", _double),
    bool: ("boolean", _boolean),
}


@dataclass(slots=True)
class _File:
    """One file, written in pieces, so that no number of files stays open."""

    path: Path
    rows: list[str] = field(default_factory=list)
    used: bool = False

    def flush(self) -> None:
        if self.rows:
            with self.path.open("ab") as file:
                file.write(("\n".join(self.rows) + "\n").encode())
            self.rows.clear()
            self.used = True


@dataclass(slots=True)
class _Group:
    """Files of equal columns; a column that is met later is added at the end."""

    name: str
    folder: Path
    number: str
    ids: str
    columns: dict[str, str] = field(default_factory=dict)
    plain: _File = field(init=False)
    broken: _File = field(init=False)

    def __post_init__(self) -> None:
        self.plain = _File(self.folder / f"{self.number}.csv")
        self.broken = _File(self.folder / f"{self.number}-lines.csv")

    def takes(self, columns: Mapping[str, str]) -> bool:
        known = self.columns
        fresh = sum(key not in known for key in columns)
        return (not known or len(known) + fresh <= _LARGEST_COLUMNS) and all(
            known.get(key, kind) == kind for key, kind in columns.items()
        )

    def add(self, row: str) -> None:
        # The importer reads values with line breaks by one thread, so they have files of their own.
        file = self.broken if "\n" in row or "\r" in row else self.plain
        file.rows.append(row)
        if len(file.rows) >= _FLUSH_ROWS:
            file.flush()

    def finish(self) -> Files | None:
        self.plain.flush()
        self.broken.flush()
        data = tuple(file.path for file in (self.plain, self.broken) if file.used)
        if not data:
            return None
        header = self.folder / f"{self.number}-header.csv"
        cells = [self.ids, *(_text(f"{key}:{kind}") for key, kind in self.columns.items())]
        header.write_bytes((",".join(cells) + "\n").encode())
        return Files(self.name, header, data)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How nodes with the same keys and kinds of values become rows of a group."""

    group: _Group
    cells: tuple[Callable[[Any], str], ...]
    order: tuple[int, ...] | None
    late: tuple[str, ...]

    def row(self, node: Mapping[str, Any]) -> str:
        if self.late:
            values: Iterable[Any] = [v for k, v in node.items() if k not in self.late]
        else:
            values = node.values()
        cells = [cell(value) for cell, value in zip(self.cells, values, strict=True)]
        if self.order is not None:
            cells.append("")
            cells = [cells[position] for position in self.order]
        return ",".join(cells)


class NodeFiles:
    """Writes the nodes of one kind.

    Args:
        folder: where the files go.
        kind: of the nodes.
        shared: properties that every node has besides its own.
    """

    def __init__(self, folder: Path, kind: TypeKind, shared: Mapping[str, Any]) -> None:
        self._folder = folder
        self._label = LABELS[kind]
        self._shared = dict(shared)
        self._shapes: dict[tuple[object, ...], _Shape] = {}
        self._groups: dict[int, list[_Group]] = {}
        self._late = folder / f"{self._label}.late"
        self.ids: set[int] = set()
        self.longest = 0

    def write(self, nodes: Iterable[dict[str, Any]]) -> int:
        """Return how many nodes were written.

        Args:
            nodes: whole stored property maps but for the shared ones; each has an `id` and a
                `type_id`.
        """
        before = len(self.ids)
        shapes, shared, longest = self._shapes, self._shared, self.longest
        with self._late.open("ab") as late:
            for node in nodes:
                node.update(shared)
                key = (node["type_id"], *node, *map(type, node.values()))
                shape = shapes.get(key)
                if shape is None:
                    shape = shapes[key] = self._shape(node)
                row = f"{node['id']},{shape.row(node)}"
                longest = max(longest, len(row))
                shape.group.add(row)
                self.ids.add(node["id"])
                if shape.late:
                    pickle.dump((node["id"], {k: node[k] for k in shape.late}), late)
        self.longest = longest
        return len(self.ids) - before

    def finish(self) -> list[Files]:
        """Return the files, whole."""
        groups = [group for groups in self._groups.values() for group in groups]
        return [files for group in groups if (files := group.finish())]

    def late(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the id and properties of each node that no header could express."""
        with self._late.open("rb") as file:
            yield from _unpickled(file)

    def _shape(self, node: Mapping[str, Any]) -> _Shape:
        late = tuple(key for key in node if _INEXPRESSIBLE.search(key))
        kinds = {key: _kind(key, value) for key, value in node.items() if key not in late}
        columns = {key: kind for key, (kind, _) in kinds.items()}
        group = self._group(node["type_id"], columns)
        positions = {key: position for position, key in enumerate(columns)}
        order = tuple(positions.get(key, -1) for key in group.columns)
        while order and order[-1] == -1:  # a row may end before its header
            order = order[:-1]
        return _Shape(
            group=group,
            cells=tuple(cell for _, cell in kinds.values()),
            order=None if order == tuple(range(len(columns))) else order,
            late=late,
        )

    def _group(self, type_id: int, columns: Mapping[str, str]) -> _Group:
        groups = self._groups.setdefault(type_id, [])
        found = next((group for group in groups if group.takes(columns)), None)
        if found is None:
            number = f"{self._label}-{type_id}-{len(groups)}"
            found = _Group(self._label, self._folder, number, f":ID({self._label})")
            groups.append(found)
        for key, kind in columns.items():
            found.columns.setdefault(key, kind)
        return found


class EdgeFiles:
    """Writes edges between nodes that are written to the same folder.

    Args:
        folder: where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._groups: dict[str, _Group] = {}
        self.longest = 0
        self.last_ordinal = 0

    def events(self, events: Iterable[EventRow]) -> dict[str, int]:
        """Return how many events of each type were written."""
        lines = {kind: self._event_lines(kind) for kind in EventType}
        made = dict.fromkeys(lines, 0)
        last, longest = self.last_ordinal, self.longest
        for ordinal, artifact_id, execution_id, kind, time, path in events:
            group, is_input = lines[kind]
            start, end = (artifact_id, execution_id) if is_input else (execution_id, artifact_id)
            row = f"{start},{end},{ordinal}"
            if path is not None:
                row = f"{row},{'' if time is None else time},{_text(path)}"
                longest = max(longest, len(row))
            elif time is not None:  # a row may end before its header, but not with a comma
                row = f"{row},{time}"
            group.add(row)
            made[kind] += 1
            last = max(last, ordinal)
        self.last_ordinal, self.longest = last, longest
        return {str(kind): count for kind, count in made.items() if count}

    def links(
        self, name: str, ends: tuple[TypeKind, TypeKind], rows: Iterable[tuple[int, int]]
    ) -> int:
        """Return how many links of a relationship type were written.

        Args:
            name: the type.
            ends: the kinds of its start and end.
            rows: the ids of both.
        """
        file = self._of(name, ends, {}).plain
        stream = iter(rows)
        count = 0
        while piece := [f"{start},{end}" for start, end in islice(stream, _FLUSH_ROWS)]:
            count += len(piece)
            file.rows = piece
            file.flush()
        return count

    def finish(self) -> list[Files]:
        """Return the files, whole."""
        return [files for group in self._groups.values() if (files := group.finish())]

    def _event_lines(self, kind: EventType) -> tuple[_Group, bool]:
        artifact, execution = TypeKind.ARTIFACT, TypeKind.EXECUTION
        is_input = kind in INPUT_TYPES
        ends = (artifact, execution) if is_input else (execution, artifact)
        columns = {"ordinal": "long", "milliseconds_since_epoch": "long", "path": "string"}
        return self._of(str(kind), ends, columns), is_input

    def _of(self, name: str, ends: tuple[TypeKind, TypeKind], columns: dict[str, str]) -> _Group:
        start, end = (LABELS[kind] for kind in ends)
        ids = f":START_ID({start}),:END_ID({end})"
        return self._groups.setdefault(name, _Group(name, self._folder, name, ids, columns))


def importer_input(nodes: Iterable[NodeFiles], edges: EdgeFiles) -> Input:
    """Return what the importer is to read."""
    writers = list(nodes)
    node_files = [files for writer in writers for files in writer.finish()]
    edge_files = edges.finish()
    return Input(
        nodes=node_files,
        relationships=edge_files,
        multiline=[
            path
            for files in (*node_files, *edge_files)
            for path in files.data
            if path.name.endswith("-lines.csv")
        ],
        longest_bytes=4 * max(edges.longest, *(writer.longest for writer in writers)),
        largest_id=max(max(writer.ids, default=0) for writer in writers),
    )


def _kind(key: str, value: object) -> tuple[str, Callable[[Any], str]]:
    try:
        return _CELLS[type(value)]
    except KeyError:
        raise InvalidArgument(
            f"Property {key!r:.200} is a {type(value).__name__}, which is no kind of stored value.",
            key=key,
        ) from None


def _unpickled(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 - written by this very process
        except EOFError:
            return
