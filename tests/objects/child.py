"""Another process at the same store: what it does is its first argument.

It says on its output when it is ready, and waits for a line on its input.
"""

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from headwater.errors import NoSpace
from headwater.objects import ObjectStore, open_object_store

MIB = 1 << 20


def main() -> None:
    given = json.loads(sys.argv[2])
    with open_object_store(given.pop("location"), **given.pop("keys")) as store:
        say(json.dumps(ACTIONS[sys.argv[1]](store, **given)))


def put_random(store: ObjectStore, seed: int, size_bytes: int) -> dict[str, object]:
    payload = bytes([seed]) * size_bytes
    wait("ready")
    stored = store.put(payload)
    return {"digest": stored.digest, "new": stored.new}


def hang(store: ObjectStore, size_bytes: int) -> dict[str, object]:
    def half() -> Iterator[bytes]:
        for _ in range(size_bytes // MIB):
            yield b"\0" * MIB
        wait("half")

    store.put(half())
    return {}


def put_limited(store: ObjectStore, limit_bytes: int, size_bytes: int) -> dict[str, object]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        store.put(b"\1" * size_bytes)
    except NoSpace as error:
        return {"error": str(error)}
    return {}


def measure(store: ObjectStore, payload: str, target: str, size_bytes: int) -> dict[str, int]:
    """Return by how many bytes the process grew over each way to move an object."""
    store.delete(store.put(b"warm").digest)
    before = peak_bytes()
    stored = store.put(Path(payload))
    grown_by_path = peak_bytes() - before
    store.fetch(stored.digest, Path(target))
    grown_by_fetch = peak_bytes() - before
    Path(target).unlink()
    store.delete(stored.digest)
    stored = store.put(b"\1" * MIB for _ in range(size_bytes // MIB))
    grown_by_stream = peak_bytes() - before
    store.delete(stored.digest)
    return {"path": grown_by_path, "fetch": grown_by_fetch, "stream": grown_by_stream}


def peak_bytes() -> int:
    """Return the most memory this program has held; exec resets it, unlike ru_maxrss."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def wait(word: str) -> None:
    say(word)
    sys.stdin.readline()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


ACTIONS: dict[str, Callable[..., object]] = {
    "hang": hang,
    "measure": measure,
    "put_limited": put_limited,
    "put_random": put_random,
}

if __name__ == "__main__":
    main()
