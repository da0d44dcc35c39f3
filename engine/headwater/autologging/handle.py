"""The handle of autolog: turns recording on for the process, sees its end, and puts all back."""

import atexit
import multiprocessing
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from headwater.autologging.calls import SWITCH
from headwater.autologging.pandas_calls import patch_pandas
from headwater.autologging.patches import Patch, Patches, PatchingFinder
from headwater.autologging.pyarrow_calls import PYARROW_PATCHES
from headwater.autologging.recorder import Recorder
from headwater.autologging.script_record import ScriptRecord
from headwater.autologging.sklearn_calls import patch_sklearn
from headwater.autologging.types import Script
from headwater.masking import masked_command
from headwater.opening import connect
from headwater.settings import load_settings
from headwater.store import MetadataStore
from headwater.typed import Context

_RETRY_S = 5.0
_STARTING = threading.Lock()


class Autolog:
    """Autolog while it is on: a script is recorded until `stop`, the `with` or the process ends."""

    def __init__(self, recorder: Recorder, wanted: dict[str, Patch]) -> None:
        self._recorder = recorder
        self._patches = Patches()
        self._finder = PatchingFinder(self._patches, wanted)
        self._lock = threading.Lock()
        self._is_on = True
        self._patches.replace(sys, "excepthook", self._hook(sys.excepthook))
        self._patches.replace(sys, "exit", self._exit(sys.exit))
        atexit.register(self.stop)
        SWITCH.turn_on(recorder, self)
        self._finder.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop(error)

    def __repr__(self) -> str:
        return f"<Autolog {'on' if self._is_on else 'off'} execution={self.execution_id}>"

    @property
    def execution_id(self) -> int | None:
        """The script's execution; None before the first record, and where the store was away."""
        return self._recorder.execution_id

    def stop(self) -> None:
        """Put every function back, and end the script's execution once all is recorded.

        COMPLETE, unless an exception that nothing caught is what ends the process. A second call
        does nothing.
        """
        self._stop(None)

    def _stop(self, error: BaseException | None) -> None:
        with self._lock:
            if not self._is_on:
                return
            self._is_on = False
        atexit.unregister(self.stop)
        self._finder.stop()
        self._patches.undo()
        SWITCH.turn_off()
        self._recorder.finish(error)

    def _hook(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def excepthook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            self._recorder.saw_error(error)
            original(kind, error, trace)

        return excepthook

    def _exit(self, original: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        # Python tells nobody which code it exits with; no hook sees a SystemExit.
        def exit_process(*status: Any) -> NoReturn:  # noqa: ANN401 - as sys.exit has it
            if threading.current_thread() is threading.main_thread():
                self._recorder.saw_error(SystemExit(*status))
            original(*status)

        return exit_process


def autolog(
    store: MetadataStore | None = None,
    *,
    sklearn: bool = True,
    pandas: bool = True,
    pyarrow: bool = True,
    context: Context | None = None,
    name: str | None = None,
    payloads: bool = False,
) -> Autolog:
    """Record what this process reads, writes and fits, until it ends; see docs/autolog.md.

    A library is patched now or when it is imported; names that were imported from it before
    (`from pandas import read_csv`) stay as they are. Nothing that goes wrong while recording
    reaches the script: it is logged as a warning. While autolog is on, another call changes
    nothing and gives the same handle; nor does it record in a child of multiprocessing, which may
    run the script's own first lines again.

    Args:
        store: where to record; stays open. None to open the environment's, as `connect` does, at
            the first thing to record.
        sklearn: whether fits are recorded.
        pandas: whether files that pandas reads and writes are.
        pyarrow: whether those of pyarrow are.
        context: what everything belongs to, made where it is new.
        name: what series of models are called after; None for the script's name.
        payloads: whether the bytes of fitted models are kept, by joblib.

    Raises:
        InvalidArgument: a setting of the environment is not one.
    """
    with _STARTING:
        if isinstance(SWITCH.handle, Autolog):
            return SWITCH.handle
        path = _script_path()
        said = {"path": str(path), "command_line": masked_command(sys.orig_argv)}
        begin = partial(
            ScriptRecord.begun,
            _opening() if store is None else lambda _: store,
            Script(custom_properties=said),
            context,
            name=name or path.stem,
        )
        wanted: dict[str, Patch] = {}
        if not _is_child():
            wanted |= {"sklearn.base": patch_sklearn} if sklearn else {}
            wanted |= {"pandas": patch_pandas} if pandas else {}
            wanted |= PYARROW_PATCHES if pyarrow else {}
        return Autolog(Recorder(begin, keeps_payloads=payloads), wanted)


def _is_child() -> bool:
    """Return whether multiprocessing started this process."""
    # A spawned child runs the script's first lines before it is told who its parent is.
    is_named = multiprocessing.current_process().name != "MainProcess"
    return is_named or multiprocessing.parent_process() is not None


def _script_path() -> Path:
    path = getattr(sys.modules["__main__"], "__file__", None)
    return Path(path).absolute() if path else Path(sys.argv[0] or "python")


def _opening() -> Callable[[ExitStack], MetadataStore]:
    settings = load_settings()
    # A script must not wait half a minute at its end for a store that went away.
    settings = replace(settings, retry_s=min(settings.retry_s, _RETRY_S))
    return lambda resources: resources.enter_context(connect(settings=settings))
