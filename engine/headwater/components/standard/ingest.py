"""Ingest: CSV or Parquet from outside, first as the bytes they are, then as a data set."""

import hashlib
import shutil
from collections.abc import Sequence
from glob import glob
from os.path import commonpath
from pathlib import Path

import pandas as pd

from headwater.components import Input, Output, component
from headwater.components.standard.frames import demand_rows, save_frame
from headwater.components.standard.types import Dataset, RawFile
from headwater.errors import InvalidArgument, NotFound

_SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def _outside(path: str) -> dict[str, object]:
    """Return the digest of each file, by its name from where all of them lie."""
    files = _files(path)
    root = commonpath([file.parent for file in files])
    return {"files": {str(file.relative_to(root)): _sha256(file) for file in files}}


@component(outside=_outside)
def import_file(raw: Output[RawFile], *, path: str) -> None:
    """Make an artifact of files that lie outside of the store, byte for byte.

    The files are read and hashed before: while their bytes and names are the same, the cache
    answers.

    Args:
        raw: the bytes.
        path: of a file, of a folder, or a pattern such as `data/2025-*.csv`; all of one format.

    Raises:
        NotFound: there are no such files.
        InvalidArgument: they are neither CSV nor Parquet, or both.
    """
    files = _files(path)
    formats = sorted({_SUFFIXES.get(file.suffix.lower(), file.suffix) for file in files})
    if len(formats) > 1 or formats[0] not in _SUFFIXES.values():
        raise InvalidArgument(
            f"CSV or Parquet is asked for, found {' and '.join(formats) or 'no suffix'} at {path}.",
            hint="Name files that end in .csv or .parquet, of one format.",
            path=path,
        )
    if len(files) == 1:
        shutil.copyfile(files[0], raw.path)
    else:
        root = commonpath([file.parent for file in files])
        for file in files:
            copied = raw.path / file.relative_to(root)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copied)
    raw.set(format=formats[0], files=len(files))


@component
def ingest(raw: Input[RawFile], data: Output[Dataset], *, span: int | None = None) -> None:
    """Read raw files as one data set: their rows one after the other, by the files' names.

    Args:
        raw: the files.
        data: all their rows.
        span: number of the period that the data is of; `spans(...)` finds it again.

    Raises:
        InvalidArgument: a file is broken or has no rows, or the files' columns differ.
    """
    files = [raw.path] if raw.path.is_file() else _inside(raw.path)
    frames = [_read(file, raw.artifact.format) for file in files]
    for file, frame in zip(files, frames, strict=True):
        _demand_alike(file, frame, frames[0])
    save_frame(data, pd.concat(frames, ignore_index=True), span=span)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(path: str) -> Sequence[Path]:
    place = Path(path).expanduser()
    if place.is_file():
        return [place]
    found = _inside(place) if place.is_dir() else sorted(map(Path, glob(str(place))))  # noqa: PTH207 - Path.glob takes no absolute patterns
    files = [file for file in found if file.is_file()]
    if not files:
        raise NotFound(
            f"There are no files at {path}, looked for from {Path.cwd()}.",
            hint="Give a file, a folder, or a pattern in quotes.",
            path=path,
        )
    return files


def _inside(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*"))
    return [p for p in paths if p.is_file() and not p.name.startswith((".", "_"))]


def _read(file: Path, format: str) -> pd.DataFrame:
    try:
        if format == "parquet":
            frame = pd.read_parquet(file)
        else:
            # All of a column at once, or its kind would depend on where it is cut.
            frame = pd.read_csv(file, low_memory=False)
    except (ValueError, OSError) as error:
        raise InvalidArgument(
            f"{file.name} cannot be read as {format}: {error}",
            hint="Is it empty, broken, or of another format?",
        ) from error
    frame.columns = frame.columns.map(str)
    demand_rows(frame, of=file.name)
    return frame


def _demand_alike(file: Path, frame: pd.DataFrame, first: pd.DataFrame) -> None:
    if set(frame.columns) != set(first.columns):
        differing = sorted(set(frame.columns) ^ set(first.columns))
        raise InvalidArgument(
            f"{file.name} has other columns than the first file; they differ in "
            f"{', '.join(differing[:10])}.",
            hint="Import them apart.",
            columns=differing,
        )
