"""Child: what runs in the process of an isolated call; `isolation` starts it."""

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
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = Path(sys.argv[1])
    with (folder / CALL).open("rb") as stream:
        search, place = pickle.load(stream)  # noqa: S301 - our parent's
        sys.path[:] = search
        os.chdir(place)
        call, component, code, place = pickle.load(stream)  # noqa: S301 - our parent's
    written = folder / f"{ANSWER}.part"
    written.write_bytes(cloudpickle.dumps(_answer(call, component, code, place)))
    written.rename(folder / ANSWER)


def _end_with_parent() -> None:
    """End when standard input does, which the parent holds open as long as it lives."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _answer(call: Call, component: Component, code: Code | None, place: ObjectPlace) -> Answer:
    try:
        if code is not None:
            check_code(component, code)
        whole = replace(call, function=component.function)
        with place.open() as objects:
            return Answer(made=component.executor.execute(whole, objects.fetch))
    except Skip as skip:
        return Answer(skipped=skip.reason)
    except Exception as error:  # noqa: BLE001 - the executor's boundary: all of it goes to the parent
        return Answer(error=_pickled(error), text=traceback.format_exc())


def _pickled(error: Exception) -> bytes:
    try:
        return bytes(cloudpickle.dumps(error))
    except Exception:  # noqa: BLE001 - what cannot be sent is told by its text
        return b"?"


if __name__ == "__main__":
    main()
