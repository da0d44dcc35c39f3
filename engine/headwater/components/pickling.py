"""Pickling: objects as joblib writes them, such that equal objects are equal bytes.

A pickle refers back to what was written before, and whether two equal strings are one object
depends on who made them: on what another module interned, or on a cache of pydantic's. A set comes
in the order of hashes that differ from process to process. Neither shows when the bytes are read
again, nor does what lies in the gaps of records, but the digest of a model, and with it every step
that reads it, would change.
"""

import pickle
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from joblib.numpy_pickle import NumpyPickler  # type: ignore[import-untyped] # ships no stubs

# The one in Python, for the one in C cannot be told what to remember; joblib's derives from it too.
_Pickler: Any = pickle._Pickler  # noqa: SLF001


def dump(value: object, path: Path) -> None:
    """Write an object to a path as joblib does, for `joblib.load` to read.

    Args:
        value: anything that can be pickled.
        path: of the file, which is replaced.
    """
    with path.open("wb") as stream:
        _ArrayPickler(stream).dump(value)


def dumps(value: object) -> bytes:
    """Return an object as a plain pickle, which `pickle.load` and `joblib.load` read.

    Args:
        value: anything that can be pickled.
    """
    stream = BytesIO()
    _PlainPickler(stream, protocol=pickle.DEFAULT_PROTOCOL).dump(value)
    return stream.getvalue()


def _memoize(pickler: Any, obj: object) -> None:  # noqa: ANN401 - a class without types
    """Remember an object, unless it is written as its value wherever it is."""
    if not isinstance(obj, str | bytes):
        _Pickler.memoize(pickler, obj)


def _save_set(pickler: Any, obj: "set[Any] | frozenset[Any]") -> None:  # noqa: ANN401 - as above
    _Pickler.save_reduce(pickler, type(obj), (sorted(obj, key=repr),), obj=obj)


def _plain(obj: Any) -> Any:  # noqa: ANN401 - any object
    """Return an object without what lies between the fields of its records, which is left over.

    scikit-learn's trees are such records, and joblib fills the gaps with whatever was in memory.
    """
    if not isinstance(obj, np.ndarray) or obj.dtype.names is None or obj.dtype.hasobject:
        return obj
    cleaned = np.zeros(obj.shape, obj.dtype)
    for name in obj.dtype.names:
        cleaned[name] = obj[name]
    return cleaned


class _PlainPickler(pickle._Pickler):  # noqa: SLF001
    dispatch: ClassVar[dict[Any, Any]] = {
        **_Pickler.dispatch,
        set: _save_set,
        frozenset: _save_set,
    }
    memoize = _memoize

    def save(self, obj: object, save_persistent_id: bool = True) -> None:  # noqa: FBT001, FBT002 - the base's
        _Pickler.save(self, _plain(obj), save_persistent_id)


class _ArrayPickler(NumpyPickler):  # type: ignore[misc] # as above
    dispatch: ClassVar[dict[Any, Any]] = {
        **NumpyPickler.dispatch,
        set: _save_set,
        frozenset: _save_set,
    }
    memoize = _memoize

    def save(self, obj: object) -> None:
        # joblib hands arrays of objects to a pickler of its own, which is not of this class.
        if isinstance(obj, np.ndarray) and obj.dtype.hasobject:
            _Pickler.save(self, obj)
        else:
            super().save(_plain(obj))
