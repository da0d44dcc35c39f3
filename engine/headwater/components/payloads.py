"""Payloads: objects to files and back, each by a format with a name that others can add to.

Knows nothing of artifacts or stores. Every library is imported when a value or a file of its
kind comes up, and not before.
"""

import importlib
import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.errors import InvalidArgument, MissingExtra

FOLDER = "folder"
"""The format of a folder: a tar of its files by name, so that equal folders are equal bytes."""


@dataclass(frozen=True)
class Format:
    """How objects of some classes become a file, and it an object again.

    Attributes:
        name: is recorded with the artifact, and finds the format again.
        suffix: of the file's name.
        kinds: full names of the classes of objects that it writes and reads, the first read by
            default; subclasses too. Names, so that nothing is imported for them.
        save: writes an object to a path.
        load: reads a path as the class of that full name.
    """

    name: str
    suffix: str
    kinds: tuple[str, ...]
    save: Callable[[Any, Path], None]
    load: Callable[[Path, str], Any]

    def takes(self, value: object) -> bool:
        """Return whether it writes such an object."""
        return any(_full_name(kind) in self.kinds for kind in type(value).__mro__)


class Payloads:
    """The formats that are known, the last that was added first.

    Args:
        formats: in which order they are asked whether they take a value; None has the usual ones.
    """

    def __init__(self, formats: Iterable[Format] | None = None) -> None:
        self._formats = list(USUAL if formats is None else formats)

    def register(self, added: Format) -> None:
        """Add a format, before all others; one of the same name is replaced."""
        self._formats = [added, *(known for known in self._formats if known.name != added.name)]

    def save(
        self,
        value: object,
        stem: Path,
        *,
        format: str | None = None,
    ) -> tuple[Path, str | None]:
        """Return the file that holds a value, and the name of its format.

        Args:
            value: an object that a format takes; or a Path to a file, which keeps no format, or
                to a folder.
            stem: the file's path but for its suffix.
            format: the name of a format.

        Raises:
            InvalidArgument: there is no such format, or it does not take the value.
            NotFound: the path has nothing.
        """
        if isinstance(value, Path) and format is None:
            return self.packed(value, stem.with_name(f"{stem.name}.tar"))
        chosen = self._named(format) if format is not None else self._taking(value)
        if not chosen.takes(value) and chosen.kinds != _ANY:
            raise InvalidArgument(
                f"Format {chosen.name!r} takes {', '.join(chosen.kinds)}, found "
                f"{_full_name(type(value))}.",
                hint="Leave out the format, or convert the value.",
            )
        path = stem.with_name(stem.name + chosen.suffix)
        chosen.save(value, path)
        return path, chosen.name

    def load(self, path: Path, *, format: str | None, kind: type | None = None) -> Any:  # noqa: ANN401 - as above; what it holds
        """Return what a file holds.

        Args:
            path: the file, or folder.
            format: the name of its format; None goes by the suffix of the path.
            kind: the class wanted; None takes the format's first.

        Raises:
            InvalidArgument: no format reads it, or not as that class.
        """
        if format == FOLDER:
            return path
        name = format or self._by_suffix(path)
        if name is None:
            raise InvalidArgument(
                f"{path.name} was saved without a format, and its suffix says none.",
                hint="Read its `path`, or `save` an object with a format.",
            )
        known = self._named(name)
        wanted = known.kinds[0] if kind is None else _full_name(kind)
        if kind is not None and known.kinds != _ANY and wanted not in known.kinds:
            raise InvalidArgument(
                f"Format {known.name!r} is read as {', '.join(known.kinds)}, asked for {wanted}.",
                hint="Ask for one of these, or register a format.",
            )
        return known.load(path, wanted)

    def suffix(self, format: str | None) -> str:
        """Return the suffix of a format's files; none where it is not known."""
        if format == FOLDER:
            return ".tar"
        return next((f.suffix for f in self._formats if f.name == format), "")

    def packed(self, path: Path, target: Path) -> tuple[Path, str | None]:
        """Return a path as one file, and the name of its format: a file as it is, by its suffix.

        A folder becomes a tar at the target.

        Raises:
            InvalidArgument: nothing is there, or the folder has something that is no file.
        """
        if path.is_file():
            return path, self._by_suffix(path)
        if not path.is_dir():
            raise InvalidArgument(f"{path} is neither a file nor a folder.", path=str(path))
        _pack(path, target)
        return target, FOLDER

    def unpacked(self, path: Path, *, format: str | None) -> Path:
        """Return where a fetched payload can be read: a folder where it was saved as one."""
        if format != FOLDER:
            return path
        folder = path.with_suffix("")
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        path.unlink()
        return folder

    def _by_suffix(self, path: Path) -> str | None:
        suffix = path.suffix.lower()
        return next((f.name for f in self._formats if suffix and f.suffix == suffix), None)

    def _named(self, name: str) -> Format:
        found = next((known for known in self._formats if known.name == name), None)
        if found is None:
            raise InvalidArgument(
                f"There is no payload format {name!r}; there are "
                f"{', '.join(sorted(known.name for known in self._formats))}.",
                hint="`headwater.components.payloads` can register one.",
                format=name,
            )
        return found

    def _taking(self, value: object) -> Format:
        return next(known for known in self._formats if known.takes(value) or known.kinds == _ANY)


_ANY = ("builtins.object",)


def _full_name(kind: type) -> str:
    module = kind.__module__
    # Where pandas and pyarrow say that their classes are has changed between versions.
    for public in ("pandas", "pyarrow", "numpy"):
        if module == public or module.startswith(f"{public}."):
            return f"{public}.{kind.__qualname__}"
    return f"{module}.{kind.__qualname__}"


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if not (path.is_file() or path.is_dir()) or path.is_symlink():
                raise InvalidArgument(
                    f"{path} is neither a file nor a folder.", hint="Save files alone."
                )
            if path.is_dir() and any(path.iterdir()):
                continue
            info = archive.gettarinfo(path, arcname=str(path.relative_to(folder)))
            # What differs between two runs and not between their contents.
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.mode = 0o755 if path.is_dir() else 0o644
            if path.is_dir():
                archive.addfile(info)
            else:
                with path.open("rb") as stream:
                    archive.addfile(info, stream)


def _library(name: str, extra: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra(
            f"This payload needs {name}, which is not installed.",
            hint=f"pip install 'headwater[{extra}]'",
            extra=extra,
        ) from error


def _save_parquet(value: Any, path: Path) -> None:  # noqa: ANN401 - a frame or table
    arrow, parquet = _library("pyarrow", "arrow"), _library("pyarrow.parquet", "arrow")
    table = value if isinstance(value, arrow.Table) else arrow.Table.from_pandas(value)
    parquet.write_table(table, path)


def _load_parquet(path: Path, kind: str) -> Any:  # noqa: ANN401 - a frame or table
    table = _library("pyarrow.parquet", "arrow").read_table(path)
    return table if kind == "pyarrow.Table" else table.to_pandas()


def _save_csv(value: Any, path: Path) -> None:  # noqa: ANN401 - a frame or table
    frame = value if hasattr(value, "to_csv") else value.to_pandas()
    frame.to_csv(path, index=False)


def _load_csv(path: Path, kind: str) -> Any:  # noqa: ANN401 - a frame or table
    if kind == "pyarrow.Table":
        return _library("pyarrow.csv", "arrow").read_csv(path)
    return _library("pandas", "pandas").read_csv(path)


def _save_array(value: Any, path: Path) -> None:  # noqa: ANN401 - an array
    with path.open("wb") as stream:
        _library("numpy", "pandas").save(stream, value, allow_pickle=False)


def _load_array(path: Path, _: str) -> Any:  # noqa: ANN401 - an array
    return _library("numpy", "pandas").load(path, allow_pickle=False)


def _save_json(value: object, path: Path) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def _load_json(path: Path, _: str) -> object:
    return json.loads(path.read_text(encoding="utf-8"))


def _save_joblib(value: object, path: Path) -> None:
    _library("joblib", "components")
    _library("headwater.components.pickling", "components").dump(value, path)


def _load_joblib(path: Path, _: str) -> object:
    return _library("joblib", "components").load(path)


_FRAMES = ("pandas.DataFrame", "pyarrow.Table")
USUAL: tuple[Format, ...] = (
    Format(
        "bytes",
        "",
        ("builtins.bytes",),
        lambda v, p: _done(p.write_bytes(v)),
        lambda p, _: p.read_bytes(),
    ),
    Format(
        "text",
        ".txt",
        ("builtins.str",),
        lambda v, p: _done(p.write_text(v, encoding="utf-8")),
        lambda p, _: p.read_text(encoding="utf-8"),
    ),
    Format("parquet", ".parquet", _FRAMES, _save_parquet, _load_parquet),
    Format("csv", ".csv", _FRAMES, _save_csv, _load_csv),
    Format("array", ".npy", ("numpy.ndarray",), _save_array, _load_array),
    Format("json", ".json", ("builtins.dict", "builtins.list"), _save_json, _load_json),
    Format("joblib", ".joblib", _ANY, _save_joblib, _load_joblib),
)
"""Formats in the order in which they are asked; the last takes anything."""


def _done(_: object) -> None:
    """Return nothing, of a call that is made for what it does."""


PAYLOADS = Payloads()
"""The formats that components use; `PAYLOADS.register` adds one."""
