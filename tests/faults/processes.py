"""Other processes at a store, started and read."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("child.py")


@contextmanager
def child(action: str, **given: Any) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that does the action at the store that `connect` opens with those arguments."""
    command = [sys.executable, str(CHILD), action, json.dumps(given)]
    with subprocess.Popen(  # noqa: S603 - our own file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> Any:
    """Return what the process says next."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the process has ended"
    return json.loads(line)


def said_until_its_end(process: subprocess.Popen[str]) -> list[Any]:
    """Return all that the process says until it ends; a line cut short was not said."""
    assert process.stdout is not None
    return [json.loads(line) for line in process.stdout if line.endswith("\n")]


def go_on(process: subprocess.Popen[str]) -> None:
    """Give the process the word that it waits for."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
