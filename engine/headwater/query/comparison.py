"""Comparison: many runs side by side, their parameters, metrics and inputs as one table."""

import csv
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from headwater.errors import MissingExtra, NotFound
from headwater.query.difference_parts import Fact, fact_of
from headwater.query.parts import NodeKey
from headwater.visible import visible
from headwater_schema import TypeKind

if TYPE_CHECKING:
    import pandas as pd

_DIGEST_CHARACTERS = 19
_LONGEST = 40
# The state has a field of its own; the others are what headwater's own steps say of themselves.
_NO_PARAMETERS = frozenset({"state", "fingerprint", "cached_from"})
_FIXED = ("run", "type", "state", "created_ms")


class Part(StrEnum):
    """What a column is of."""

    PARAMETER = "parameter"
    METRIC = "metric"
    INPUT = "input"


class Column(NamedTuple):
    """A column of a comparison; its name is unique with its part."""

    part: Part
    name: str

    def __str__(self) -> str:
        return f"{self.part}.{self.name}"


class ComparedRun(NamedTuple):
    """A row of a comparison: an execution, and its values by column; a missing one is absent."""

    key: NodeKey
    name: str | None
    type: str
    state: str | None
    create_time_ms: int | None
    cells: Mapping[Column, Any]

    @property
    def title(self) -> str:
        """The run's name, or its type and id where it has none."""
        return self.name or f"{self.type} #{self.key.id}"


class InputRow(NamedTuple):
    """An input of a run, as fetched."""

    run_id: int
    path: str | None
    artifact_id: int
    type: str
    name: str | None
    digest: str | None

    @property
    def label(self) -> str:
        """Name and version, or else the digest, or else type and id."""
        if self.name is not None:
            return self.name
        return (
            self.digest[:_DIGEST_CHARACTERS] if self.digest else f"{self.type} #{self.artifact_id}"
        )


class MetricRow(NamedTuple):
    """An artifact with measurements of a run, as fetched."""

    run_id: int
    path: str | None
    stored: Mapping[str, Any]
    is_model: bool


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        columns: parameters, metrics and inputs, each by name.
        runs: in the order asked for.
        total: how many runs there are; more than `runs` where a limit cut it.
        hidden: columns left out because they are the same in every run.
        repeated: metrics of which a run has several values in one column, of which the latest
            is shown, and how many were not.
    """

    columns: tuple[Column, ...]
    runs: tuple[ComparedRun, ...]
    total: int
    hidden: tuple[Column, ...] = ()
    repeated: Mapping[Column, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether no run was left out."""
        return len(self.runs) == self.total

    @property
    def left_out(self) -> int:
        """How many runs a limit left out."""
        return self.total - len(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def only_varying(self) -> "Comparison":
        """Return the comparison without the columns that are the same in every run."""
        same = tuple(column for column in self.columns if not self._varies(column))
        kept = tuple(column for column in self.columns if column not in set(same))
        return replace(self, columns=kept, hidden=(*self.hidden, *same))

    def _varies(self, column: Column) -> bool:
        return len({_hashable(run.cells.get(column)) for run in self.runs}) > 1

    def sorted_by(self, name: str, *, descending: bool = True) -> "Comparison":
        """Return the runs ordered by a column; those without a value, or with NaN, come last.

        Args:
            name: `accuracy`, or with its part: `metric.accuracy`. Of a name that several parts
                have, the metric is meant, then the parameter.
            descending: the largest first. Texts are ordered after numbers.

        Raises:
            NotFound: there is no such column; the hint lists those there are.
        """
        column = self._column(name)
        known = [run for run in self.runs if _ordered(run.cells.get(column)) is not None]
        unknown = [run for run in self.runs if _ordered(run.cells.get(column)) is None]
        # Sorted from the back, so that equal ones keep their order either way.
        ordered = sorted(
            known[::-1] if descending else known,
            key=lambda run: _ordered(run.cells.get(column)) or (0, 0),
        )
        return replace(self, runs=(*(ordered[::-1] if descending else ordered), *unknown))

    def _column(self, name: str) -> Column:
        every = (*self.columns, *self.hidden)
        found = [c for c in every if name in (str(c), c.name)]
        for part in (Part.METRIC, Part.PARAMETER, Part.INPUT):
            for column in found:
                if column.part is part:
                    return column
        listed = ", ".join(str(column) for column in every) or "none"
        raise NotFound(
            f"No column {name!r:.200} in the comparison.", hint=f"There are: {listed}.", name=name
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values, runs as rows of parameters, metrics, inputs."""
        return {
            "columns": [str(column) for column in self.columns],
            "hidden": [str(column) for column in self.hidden],
            "runs": [self._run_as_dict(run) for run in self.runs],
            "total": self.total,
            "complete": self.complete,
            "left_out": self.left_out,
            "repeated": {str(column): count for column, count in self.repeated.items()},
        }

    def _run_as_dict(self, run: ComparedRun) -> dict[str, Any]:
        parts: dict[str, dict[str, Any]] = {f"{part}s": {} for part in Part}
        for column in self.columns:
            if column in run.cells:
                parts[f"{column.part}s"][column.name] = run.cells[column]
        return {
            "key": str(run.key),
            "name": run.name,
            "type": run.type,
            "state": run.state,
            "create_time_since_epoch": run.create_time_ms,
            **parts,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the comparison as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)

    def to_csv(self) -> str:
        """Return the comparison as CSV with a header: run, type, state, created_ms, the columns.

        Values that are not text or numbers are JSON; several inputs of one role too.
        """
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([*_FIXED, *(str(column) for column in self.columns)])
        for row in self._rows():
            writer.writerow([_cell(value) for value in row])
        return target.getvalue()

    def to_pandas(self) -> "pd.DataFrame":
        """Return the comparison as a data frame with the columns of `to_csv`, by the run's key.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise MissingExtra(
                "This needs pandas, which is not installed.",
                hint="pip install 'headwater[pandas]'",
                package="pandas",
            ) from error
        columns = [*_FIXED, *(str(column) for column in self.columns)]
        keys = [str(run.key) for run in self.runs]
        return pd.DataFrame(list(self._rows()), columns=columns, index=pd.Index(keys, name="key"))

    def _rows(self) -> Iterator[list[Any]]:
        for run in self.runs:
            values = [run.cells.get(column) for column in self.columns]
            yield [run.title, run.type, run.state, run.create_time_ms, *values]

    def to_text(self) -> str:
        """Return the comparison as tab-separated lines with a header, and what was left out."""
        names = ["run", *(str(column) for column in self.columns)]
        lines = ["\t".join(visible(name) for name in names)]
        for run in self.runs:
            cells = [run.title, *(_text(run.cells.get(column)) for column in self.columns)]
            lines.append("\t".join(visible(cell) for cell in cells))
        return "".join(f"{line}\n" for line in [*lines, *self.notes()])

    def notes(self) -> list[str]:
        """Return what the table does not show, in sentences."""
        told = []
        if not self.complete:
            told.append(f"{self.left_out:,} of {self.total:,} runs left out by the limit")
        if self.hidden:
            names = ", ".join(visible(str(column)) for column in self.hidden)
            told.append(f"the same in every run: {names}")
        for column, count in self.repeated.items():
            told.append(f"{visible(str(column))}: the latest value is shown, {count:,} are not")
        return told

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
        table.add_column("RUN", style="bold green", overflow="fold")
        styles = {Part.PARAMETER: "", Part.METRIC: "yellow", Part.INPUT: "cyan"}
        for column in self.columns:
            right = column.part is Part.METRIC
            table.add_column(
                Text(visible(str(column))),
                style=styles[column.part],
                justify="right" if right else "left",
                overflow="fold",
            )
        for run in self.runs:
            cells = [_text(run.cells.get(column)) for column in self.columns]
            table.add_row(visible(run.title), *(Text(visible(_short(cell))) for cell in cells))
        return Group(table, *(Text(note, style="dim italic") for note in self.notes()))


def comparison(
    runs: Sequence[Mapping[str, Any]],
    inputs: Iterable[InputRow],
    metrics: Iterable[MetricRow],
    *,
    total: int,
) -> Comparison:
    """Return runs side by side, from what was fetched of them.

    Args:
        runs: stored properties of the executions, in order.
        inputs: of those, in the order in which they were put.
        metrics: artifacts with measurements of those, in the order in which they were put.
        total: how many runs there are.
    """
    values: dict[int, dict[Column, Any]] = {stored["id"]: {} for stored in runs}
    facts = {stored["id"]: fact_of(TypeKind.EXECUTION, stored) for stored in runs}
    for run_id, fact in facts.items():
        for name, value in fact.values.items():  # noqa: PD011 - no data frame
            if name not in _NO_PARAMETERS:
                values[run_id][Column(Part.PARAMETER, name)] = value
    for run_id, read in _inputs(inputs).items():
        values[run_id] |= read
    repeated = _add_metrics(values, list(metrics))
    parts = list(Part)
    every = {column for row in values.values() for column in row}
    columns = tuple(sorted(every, key=lambda column: (parts.index(column.part), column.name)))
    rows = tuple(
        ComparedRun(
            facts[stored["id"]].key,
            facts[stored["id"]].name,
            stored["type"],
            stored.get("last_known_state"),
            stored.get("create_time_since_epoch"),
            values[stored["id"]],
        )
        for stored in runs
    )
    return Comparison(columns, rows, total, (), repeated)


def _inputs(rows: Iterable[InputRow]) -> dict[int, dict[Column, Any]]:
    read: dict[int, dict[Column, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        role = _role(row.path) or row.type
        read[row.run_id][Column(Part.INPUT, role)].append(row.label)
    return {
        run_id: {column: names[0] if len(names) == 1 else names for column, names in by.items()}
        for run_id, by in read.items()
    }


def _add_metrics(
    values: Mapping[int, dict[Column, Any]], rows: Sequence[MetricRow]
) -> dict[Column, int]:
    """Add measurements to their runs; a name is qualified where one run has it of several artifacts.

    Qualified by the role, series or type of the artifact, for all runs alike.
    """
    facts = [fact_of(TypeKind.ARTIFACT, row.stored) for row in rows]
    seen: Counter[tuple[int, str]] = Counter()
    numbers = [
        {
            name: value
            for name, value in fact.values.items()  # noqa: PD011 - no data frame
            if isinstance(value, int | float)
            and not isinstance(value, bool)
            and name != "size_bytes"
        }
        for fact in facts
    ]
    for row, measured in zip(rows, numbers, strict=True):
        seen.update((row.run_id, name) for name in measured)
    shared = {name for (_, name), count in seen.items() if count > 1}
    repeated: Counter[Column] = Counter()
    for row, fact, measured in zip(rows, facts, numbers, strict=True):
        for name, value in measured.items():
            full = f"{_origin(row, fact)}.{name}" if name in shared else name
            column = Column(Part.METRIC, full)
            repeated[column] += column in values[row.run_id]
            values[row.run_id][column] = value
    return {column: count for column, count in sorted(repeated.items()) if count}


def _origin(row: MetricRow, fact: Fact) -> str:
    return _role(row.path) or fact.series or fact.type


def _role(path: str | None) -> str:
    if path is None:
        return ""
    return "/".join(str(step["key"]) for step in json.loads(path) if "key" in step)


def _ordered(value: Any) -> tuple[int, Any] | None:  # noqa: ANN401 - any property value
    match value:
        case None:
            return None
        case float() if math.isnan(value):
            return None
        case bool() | int() | float():
            return (0, value)
        case _:
            return (1, _text(value))


def _hashable(value: Any) -> Hashable:  # noqa: ANN401 - any property value
    if isinstance(value, list | dict):
        return json.dumps(value, sort_keys=True)
    return repr(value) if isinstance(value, bool | float) else value


def _text(value: Any) -> str:  # noqa: ANN401 - any property value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return str(value)


def _cell(value: Any) -> Any:  # noqa: ANN401 - any property value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
