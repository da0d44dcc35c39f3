"""pandas: readers and writers of files and databases, and the joins that lose a table's tags."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from headwater.autologging.calls import SWITCH, FileCall, recorded_read, recorded_write
from headwater.autologging.patches import Patches
from headwater.autologging.places import Place
from headwater.autologging.recorder import TAG
from headwater.masking import masked_url

_READERS = {
    "read_csv": "filepath_or_buffer",
    "read_excel": "io",
    "read_feather": "path",
    "read_fwf": "filepath_or_buffer",
    "read_hdf": "path_or_buf",
    "read_html": "io",
    "read_json": "path_or_buf",
    "read_orc": "path",
    "read_parquet": "path",
    "read_pickle": "filepath_or_buffer",
    "read_sas": "filepath_or_buffer",
    "read_spss": "path",
    "read_stata": "filepath_or_buffer",
    "read_table": "filepath_or_buffer",
    "read_xml": "path_or_buffer",
}
_QUERIES = {"read_sql": "sql", "read_sql_query": "sql", "read_sql_table": "table_name"}
_WRITERS = {
    "to_csv": "path_or_buf",
    "to_excel": "excel_writer",
    "to_feather": "path",
    "to_hdf": "path_or_buf",
    "to_html": "buf",
    "to_json": "path_or_buf",
    "to_orc": "path",
    "to_parquet": "path",
    "to_pickle": "path",
    "to_stata": "path",
    "to_xml": "path_or_buffer",
}
_IN_MEMORY = ("sqlite://", "sqlite:///:memory:")
_JOINS = ("concat", "merge", "merge_asof", "merge_ordered")
_METHODS_THAT_JOIN = ("join", "merge")


def patch_pandas(patches: Patches, pandas: ModuleType) -> None:
    """Have pandas' readers and writers recorded."""
    for name, keyword in _READERS.items():
        call = FileCall(keyword, shape=_shape_of_value, tag=_tag)
        patches.replace_function(pandas, name, recorded_read(getattr(pandas, name), call))
    for name, keyword in _QUERIES.items():
        call = FileCall(keyword, locate=_database, shape=_shape_of_value, tag=_tag)
        patches.replace_function(pandas, name, recorded_read(getattr(pandas, name), call))
    for name in _JOINS:
        patches.replace_function(pandas, name, _joining(getattr(pandas, name)))
    for name in _METHODS_THAT_JOIN:
        patches.replace(pandas.DataFrame, name, _joining(vars(pandas.DataFrame)[name]))
    for owner, name in sorted(_methods(pandas), key=str):
        keyword, locate = _WRITERS.get(name, "name"), None if name in _WRITERS else _database
        call = FileCall(keyword, position=1, locate=locate, shape=_shape_of_self)
        patches.replace(owner, name, _untagged(recorded_write(vars(owner)[name], call)))


def tags_of(values: Iterable[Any]) -> list[str]:
    """Return the tags of all tables among the values and in their lists, each once."""
    found: dict[str, None] = {}
    for table in _tables(values):
        tags = table.attrs.get(TAG)
        found |= dict.fromkeys(tags if isinstance(tags, list) else [])
    return list(found)


def _methods(pandas: ModuleType) -> set[tuple[Any, str]]:
    """Return where the methods that write are defined, for a base may define them for both."""
    return {
        (owner, name)
        for table in (pandas.DataFrame, pandas.Series)
        for name in (*_WRITERS, "to_sql")
        for owner in table.__mro__
        if name in vars(owner)
    }


def _joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, whose result carries the tags of all tables that it was given."""

    @functools.wraps(function)
    def join(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
        value = function(*args, **kwargs)
        recorder = SWITCH.recorder
        if recorder is not None:
            try:
                _add_tags(value, tags_of([*args, *kwargs.values()]))
            except Exception as error:  # noqa: BLE001 - the user's call must not fail for us
                recorder.warn("follow tables through a join", error)
        return value

    return join


def _untagged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method, which does not see the tags: they would go into parquet files."""

    @functools.wraps(function)
    def write(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
        with _without_tags(self):
            return function(self, *args, **kwargs)

    return write


@contextmanager
def _without_tags(table: Any) -> Iterator[None]:  # noqa: ANN401 - a table of pandas
    tags = table.attrs.pop(TAG, None)
    try:
        yield
    finally:
        if tags is not None:
            table.attrs[TAG] = tags


def _tables(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(getattr(value, "attrs", None), dict):
            yield value
        elif isinstance(value, Mapping):
            yield from _tables(value.values())
        elif isinstance(value, list | tuple):
            yield from _tables(value)


def _tag(value: Any, tag: str) -> None:  # noqa: ANN401 - what a reader gave
    for table in _tables([value]):
        table.attrs[TAG] = [tag]


def _add_tags(value: Any, tags: list[str]) -> None:  # noqa: ANN401 - what a join gave
    if tags and isinstance(getattr(value, "attrs", None), dict):
        value.attrs[TAG] = tags


def _shape_of_value(_: Sequence[Any], value: Any) -> tuple[int | None, int | None]:  # noqa: ANN401 - the user's
    shape = getattr(value, "shape", None)
    return (None, None) if shape is None else (shape[0], shape[1] if len(shape) > 1 else 1)


def _shape_of_self(args: Sequence[Any], _: Any) -> tuple[int | None, int | None]:  # noqa: ANN401 - the user's
    return _shape_of_value((), args[0])


def _database(call: FileCall, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Place | None:
    """Return the database that a connection is to; None where it says no address, or is in memory."""
    connection = kwargs.get(
        "con", args[call.position + 1] if len(args) > call.position + 1 else None
    )
    url: Any = getattr(getattr(connection, "engine", connection), "url", None)
    if hasattr(url, "render_as_string"):
        connection = url.render_as_string(hide_password=False)
    if not isinstance(connection, str) or connection in _IN_MEMORY:
        return None
    return Place(masked_url(connection), query=str(call.argument(args, kwargs)))
