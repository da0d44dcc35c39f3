"""Jars from a repository of three, on loopback."""

import hashlib
import http.server
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from headwater.errors import DataLoss, NoNetwork, NoSpace
from headwater.local.disk import no_space, write_whole
from headwater.local.jars import Jar, fetch_jars, locked_jars
from headwater.settings import Settings, load_settings

CONTENTS = {f"org/example/{name}/1/{name}-1.jar": name.encode() * 50_000 for name in "abc"}
JARS = tuple(
    Jar(path, hashlib.sha256(content).hexdigest(), len(content))
    for path, content in CONTENTS.items()
)


class Repository(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Counted:
    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0
        self.ended = False

    def begin(self, task: str, total: int | None) -> None:
        assert task
        self.total = total

    def advance(self, amount: int) -> None:
        self.done += amount

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []
    monkeypatch.setattr(Repository, "asked", paths, raising=False)
    return paths


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    for path, content in CONTENTS.items():
        file = tmp_path / "remote" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    return tmp_path / "remote"


@pytest.fixture
def cold(tmp_path: Path, remote: Path, asked: list[str]) -> Iterator[Settings]:
    assert asked == []
    handler = partial(Repository, directory=str(remote))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        yield replace(load_settings({}), cache=tmp_path / "cache", maven_url=url)
        server.shutdown()
        thread.join()


def fetch(settings: Settings, *, jars: tuple[Jar, ...] = JARS, maven: Path | None = None) -> Path:
    return fetch_jars(settings, jars=jars, maven_cache=maven or settings.cache / "no-maven")


def test_the_lock_file_names_every_jar_once() -> None:
    names = [jar.name for jar in locked_jars()]

    assert len(names) == len(set(names)) == 212
    assert sum(jar.size_bytes for jar in locked_jars()) == 123_080_210


def test_every_jar_arrives_whole(cold: Settings) -> None:
    progress = Counted()

    folder = fetch_jars(cold, jars=JARS, maven_cache=cold.cache, progress=progress)

    assert {path.name: path.read_bytes() for path in folder.glob("*.jar")} == {
        path.rpartition("/")[2]: content for path, content in CONTENTS.items()
    }
    assert progress.done == progress.total == 150_000
    assert progress.ended


def test_nothing_is_fetched_twice(cold: Settings, asked: list[str]) -> None:
    fetch(cold)
    fetch(cold)

    assert len(asked) == 3


def test_two_that_fetch_at_once_fetch_once(cold: Settings, asked: list[str]) -> None:
    with ThreadPoolExecutor(2) as threads:
        folders = [threads.submit(fetch, cold) for _ in range(2)]

    assert folders[0].result() == folders[1].result()
    assert len(asked) == 3


@pytest.mark.parametrize("content", [b"short", b"x" * 50_000])
def test_a_damaged_jar_is_fetched_again(cold: Settings, asked: list[str], content: bytes) -> None:
    damaged = fetch(cold) / "b-1.jar"
    damaged.write_bytes(content)

    fetch(cold)

    assert damaged.read_bytes() == CONTENTS["org/example/b/1/b-1.jar"]
    assert asked[3:] == ["/org/example/b/1/b-1.jar"]


def test_an_interrupted_fetch_goes_on_where_it_was(cold: Settings, asked: list[str]) -> None:
    folder = fetch(cold, jars=JARS[:2])
    (folder / "c-1.jar.1234.part").write_bytes(b"c")

    fetch(cold)

    assert asked[2:] == ["/org/example/c/1/c-1.jar"]
    assert list(folder.glob("*.part")) == []


def test_a_jar_of_the_users_maven_cache_is_not_fetched(
    cold: Settings, remote: Path, asked: list[str]
) -> None:
    folder = fetch(cold, maven=remote)

    assert len(list(folder.glob("*.jar"))) == 3
    assert asked == []


def test_bytes_that_are_not_the_locked_ones_are_refused(cold: Settings) -> None:
    forged = (replace(JARS[0], sha256="0" * 64), *JARS[1:])

    with pytest.raises(DataLoss, match="a-1"):
        fetch(cold, jars=forged)

    assert_nothing_half_written(cold)


def test_a_jar_that_the_repository_lacks_is_named(cold: Settings) -> None:
    with pytest.raises(NoNetwork, match="404"):
        fetch(cold, jars=(Jar("org/example/d/1/d-1.jar", "0" * 64, 1),))


def test_no_network_is_said_soon_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = replace(load_settings({}), cache=tmp_path / "cache", maven_url=closed)
    began = time.monotonic()

    with pytest.raises(NoNetwork, match=closed):
        fetch(settings)

    assert time.monotonic() - began < 5
    assert_nothing_half_written(settings)


def test_a_disk_too_small_is_said_before_the_fetch(cold: Settings, asked: list[str]) -> None:
    huge = (replace(JARS[0], size_bytes=10**18),)

    with pytest.raises(NoSpace) as raised:
        fetch(cold, jars=huge)

    assert raised.value.needed_bytes == 10**18
    assert asked == []


def test_a_disk_that_fills_up_is_no_space(tmp_path: Path) -> None:
    full = Path("/dev/full")

    with pytest.raises(NoSpace), no_space(tmp_path):
        full.write_bytes(b"one byte too many")


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_whole(file, "before")

    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "after \udcff")

    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def assert_nothing_half_written(settings: Settings) -> None:
    names = {path.name for path in settings.cache.rglob("*") if path.is_file()}
    assert not {name for name in names if name.endswith(".part")}
    assert "verified" not in names
