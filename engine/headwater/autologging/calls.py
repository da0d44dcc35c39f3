"""Calls of others' functions: the user's first, then what there is to record of it.

Owns which recorder is on: one for the process, as what it has patched is the process's.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from headwater.autologging.places import Place, Stamp, digest_at, place_of, stamp_of
from headwater.autologging.recorder import Recorder
from headwater.autologging.seen import SeenFile


class Switch:
    """Which recorder is on, if any."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self.handle: object = None

    @property
    def recorder(self) -> Recorder | None:
        """The recorder that is on and can still record."""
        recorder = self._recorder
        return recorder if recorder is not None and recorder.is_open else None

    def turn_on(self, recorder: Recorder, handle: object) -> None:
        """Have calls recorded, until whoever holds the handle turns it off."""
        self._recorder = recorder
        self.handle = handle

    def turn_off(self) -> None:
        """Have calls recorded no longer."""
        self._recorder = None
        self.handle = None


class Nesting(threading.local):
    """How deep this thread is in calls of one sort: what a recorded call calls is part of it."""

    depth = 0

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Yield whether this is the outermost call."""
        self.depth += 1
        try:
            yield self.depth == 1
        finally:
            self.depth -= 1


# A patch outlives any one call and may be carried by pickle to other processes, where it finds a
# switch that is off. So this is the one thing here that is kept in a module.
SWITCH = Switch()
_FILE_CALLS = Nesting()


@dataclass(frozen=True, slots=True)
class FileCall:
    """How to read one function's arguments, and what it gives.

    Attributes:
        keyword: name of the argument that names the place.
        position: its position.
        locate: returns the place, where it is more than that argument.
        shape: returns rows and columns, from the arguments and the value.
        tag: marks a value with the tag of its file.
    """

    keyword: str
    position: int = 0
    locate: Callable[["FileCall", Sequence[Any], Mapping[str, Any]], Place | None] | None = None
    shape: Callable[[Sequence[Any], Any], tuple[int | None, int | None]] = lambda *_: (None, None)
    tag: Callable[[Any, str], None] = lambda *_: None

    def place(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Place | None:
        """Return the place that the arguments name, None where they name no file."""
        if self.locate is not None:
            return self.locate(self, args, kwargs)
        # A path on another's file system says nothing without it.
        if kwargs.get("filesystem") is not None:
            return None
        return place_of(self.argument(args, kwargs))

    def argument(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the user's
        """Return the argument that names the place."""
        if len(args) > self.position:
            return args[self.position]
        return kwargs.get(self.keyword)


def recorded_read(function: Callable[..., Any], call: FileCall) -> Callable[..., Any]:
    """Return the function, which also has recorded what it reads."""

    @functools.wraps(function)
    def read(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
        with _FILE_CALLS.entered() as is_outermost:
            recorder = SWITCH.recorder if is_outermost else None
            if recorder is None:
                return function(*args, **kwargs)
            found = _before(recorder, call, args, kwargs)
            value = function(*args, **kwargs)
            if found is not None:
                _after_read(recorder, call, args, value, found)
            return value

    return read


def recorded_write(function: Callable[..., Any], call: FileCall) -> Callable[..., Any]:
    """Return the function, which also has recorded what it writes."""

    @functools.wraps(function)
    def write(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
        with _FILE_CALLS.entered() as is_outermost:
            recorder = SWITCH.recorder if is_outermost else None
            if recorder is None:
                return function(*args, **kwargs)
            value = function(*args, **kwargs)
            _after_write(recorder, call, args, kwargs)
            return value

    return write


class _Found(NamedTuple):
    """What was found at the place of a file before it was read."""

    place: Place
    stamp: Stamp | None


def _before(
    recorder: Recorder, call: FileCall, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> _Found | None:
    try:
        place = call.place(args, kwargs)
        return None if place is None else _Found(place, stamp_of(place))
    except Exception as error:  # noqa: BLE001 - the user's call must not fail for us
        recorder.warn("tell which file is read", error)
        return None


def _after_read(
    recorder: Recorder,
    call: FileCall,
    args: Sequence[Any],
    value: Any,  # noqa: ANN401 - the user's
    found: _Found,
) -> None:
    try:
        seen = _seen(recorder, found, call.shape(args, value))
        if seen is not None:
            recorder.submit(lambda record: record.read(seen))
            call.tag(value, seen.tag)
    except Exception as error:  # noqa: BLE001 - the user's call must not fail for us
        recorder.warn("record a file that was read", error)


def _after_write(
    recorder: Recorder, call: FileCall, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    try:
        place = call.place(args, kwargs)
        if place is None or hasattr(call.argument(args, kwargs), "read"):
            # An open file may not have all of its bytes yet.
            return
        seen = _seen(recorder, _Found(place, stamp_of(place)), call.shape(args, None))
        if seen is not None:
            recorder.submit(lambda record: record.written(seen))
    except Exception as error:  # noqa: BLE001 - the user's call must not fail for us
        recorder.warn("record a file that was written", error)


def _seen(
    recorder: Recorder, found: _Found, shape: tuple[int | None, int | None]
) -> SeenFile | None:
    place, stamp = found
    if place.path is not None and not place.path.exists():
        # A text that only looked like a path.
        return None
    digest: str | None = None
    if place.path is not None and stamp is not None:
        digest = digest_at(place.path)
        if stamp_of(place) != stamp:
            # Who knows which bytes were read: they changed under the reader's eyes.
            digest = None
    size_bytes = None if digest is None or stamp is None else stamp.size_bytes
    tag = recorder.tag((place.uri, digest or "", place.query or ""))
    return SeenFile(tag, place.uri, digest, size_bytes, *shape, place.query)
