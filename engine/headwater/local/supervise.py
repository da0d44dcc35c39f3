"""The process that outlives `headwater up` and waits for one server.

Run as a program, with its orders as JSON on standard input. It inherits the descriptor of
the server's lock and hands it on to the server, so the lock is free exactly when both are
gone, whichever is killed. Imports nothing of headwater, so that it stays small.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

_COMMAND_NOT_FOUND = 127


def main() -> None:
    """Start the server that standard input describes, detached, and wait for its end."""
    orders = json.load(sys.stdin)
    if os.fork():
        # Not sys.exit: the child owns everything from here on. The starter reaps this
        # process at once, so the supervisor is never its zombie.
        os._exit(0)
    _detach(orders["console"])
    _supervise(orders)


def _detach(console: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(console, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _supervise(orders: dict[str, Any]) -> None:
    record = {**orders["record"], **_process("supervisor_pid", os.getpid())}
    path = Path(orders["record_file"])
    _lift_file_limit()
    try:
        server = _start(orders)
    except OSError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 (standard error is the log)
        _write(path, {**record, **_end(_COMMAND_NOT_FOUND)})
        return
    record |= _process("pid", server.pid)
    _write(path, record)
    _write(path, {**record, **_end(server.wait())})


def _start(orders: dict[str, Any]) -> subprocess.Popen[bytes]:
    early: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: early.append(number))
    server = subprocess.Popen(  # noqa: S603 (the starter wrote it)
        orders["command"],
        env=orders["environ"],
        cwd=orders["folder"],
        stdin=subprocess.DEVNULL,
        pass_fds=[orders["lock_descriptor"]],
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.terminate())
    if early:
        server.terminate()
    return server


def _lift_file_limit() -> None:
    # Every index costs Neo4j an open file; the usual soft limit is 1,024.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _process(key: str, pid: int) -> dict[str, float]:
    started_at = psutil.Process(pid).create_time()
    # As `living.begun` says it, which is not imported here.
    begun = started_at - psutil.boot_time() if psutil.LINUX else started_at
    return {key: pid, f"{key}_started_at": started_at, f"{key}_begun": begun}


def _end(exit_code: int) -> dict[str, float]:
    return {"exit_code": exit_code, "ended_at": time.time()}


def _write(path: Path, record: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
