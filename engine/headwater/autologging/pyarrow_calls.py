"""pyarrow: the functions of its modules that read and write files."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from headwater.autologging.calls import FileCall, recorded_read, recorded_write
from headwater.autologging.patches import Patch, Patches

_READERS = {
    "pyarrow.csv": {"read_csv": "input_file"},
    "pyarrow.dataset": {"dataset": "source"},
    "pyarrow.feather": {"read_feather": "source", "read_table": "source"},
    "pyarrow.json": {"read_json": "input_file"},
    "pyarrow.orc": {"read_table": "source"},
    "pyarrow.parquet": {"read_table": "source"},
}
_WRITERS = {
    "pyarrow.csv": {"write_csv": "output_file"},
    "pyarrow.dataset": {"write_dataset": "base_dir"},
    "pyarrow.feather": {"write_feather": "dest"},
    "pyarrow.orc": {"write_table": "where"},
    "pyarrow.parquet": {"write_table": "where"},
}


def _patch(patches: Patches, module: ModuleType) -> None:
    for name, keyword in _READERS[module.__name__].items():
        call = FileCall(keyword, shape=_shape_of_value)
        patches.replace_function(module, name, recorded_read(getattr(module, name), call))
    for name, keyword in _WRITERS.get(module.__name__, {}).items():
        call = FileCall(keyword, position=1, shape=_shape_of_table)
        patches.replace_function(module, name, recorded_write(getattr(module, name), call))


PYARROW_PATCHES: dict[str, Patch] = dict.fromkeys(_READERS, _patch)
"""What is done to each module of pyarrow when it is imported."""


def _shape_of_value(_: Sequence[Any], value: Any) -> tuple[int | None, int | None]:  # noqa: ANN401 - the user's
    rows, columns = getattr(value, "num_rows", None), getattr(value, "num_columns", None)
    if rows is None and hasattr(value, "shape"):
        rows, columns = value.shape
    return rows, columns


def _shape_of_table(args: Sequence[Any], _: Any) -> tuple[int | None, int | None]:  # noqa: ANN401 - the user's
    return _shape_of_value((), args[0]) if args else (None, None)
