"""Child: what runs in the process of an isolated call; `isolation` starts it."""

import atexit
import gc
import os
import pickle
import signal
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path

import cloudpickle

from headwater.components.codes import check_code
from headwater.components.component import Component
from headwater.components.executor import Call
from headwater.components.fingerprint import Code
from headwater.components.isolation import ANSWER, CALL, Answer
from headwater.components.signals import Skip
from headwater.objects import ObjectPlace


def main() -> None:
    """Run the call that lies in the folder that the command line names, and write the answer."""
    # What is imported by now stays, and Python would look through it again when it ends: 35 of the
    # 260 ms of a step that does nothing.
    gc.freeze()
    # Whatever the component starts may read standard input, which must not be our life line.
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    folder = Path(sys.argv[1])
    written = folder / f"{ANSWER}.part"
    written.write_bytes(cloudpickle.dumps(_answer(folder)))
    written.rename(folder / ANSWER)
    # All is said; a thread that the component left would keep the process for ever.
    atexit._run_exitfuncs()  # noqa: SLF001 - what a library registered, such as a last upload
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_parent(lifeline: int) -> None:
    """End when the life line does, which the parent holds open as long as it lives."""
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _answer(folder: Path) -> Answer:
    try:
        with (folder / CALL).open("rb") as stream:
            search, here = pickle.load(stream)  # noqa: S301 - our parent's
            sys.path[:] = search
            os.chdir(here)
            call, component, code, place = pickle.load(stream)  # noqa: S301 - our parent's
        return _executed(call, component, code, place)
    except Skip as skip:
        return Answer(skipped=skip.reason)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the executor's boundary: all of it goes to the parent
        return Answer(error=_pickled(error), text=traceback.format_exc())


def _executed(call: Call, component: Component, code: Code | None, place: ObjectPlace) -> Answer:
    alike = code is None or check_code(component, code)
    whole = replace(call, function=component.function)
    with place.open() as objects:
        return Answer(made=component.executor.execute(whole, objects.fetch), alike=alike)


def _pickled(error: BaseException) -> bytes:
    try:
        return bytes(cloudpickle.dumps(error))
    except Exception:  # noqa: BLE001 - what cannot be sent is told by its text
        return b"?"


if __name__ == "__main__":
    main()
