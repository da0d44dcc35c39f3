"""How a start goes wrong, with a server that takes no time."""

import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from headwater.errors import (
    FailedPrecondition,
    FolderInUse,
    InvalidArgument,
    PermissionDenied,
    PortInUse,
    StartFailed,
)
from headwater.local import down, status, up
from headwater.local.layout import layout
from headwater.local.locks import is_locked, try_lock
from headwater.local.progress import Silent
from headwater.local.start import start
from headwater.local.status import ServerStatus
from headwater.settings import Settings
from local.fake import ANSWERS, DEAF, FAILS, LOSES_THE_PORT_ONCE, FakeServer


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def begin(settings: Settings, server: FakeServer) -> ServerStatus:
    return start(server, place=layout(settings, "minio"), progress=Silent())


@pytest.mark.parametrize("option", ["neo4j_port", "http_port"])
def test_a_taken_port_is_named(settings: Settings, taken_port: int, option: str) -> None:
    with pytest.raises(PortInUse, match=str(taken_port)) as raised:
        up(settings, **{option: taken_port})  # type: ignore[arg-type]

    assert raised.value.port == taken_port
    assert not status(settings).neo4j.running
    assert not is_locked(layout(settings, "neo4j").lock)


def test_a_port_lost_to_another_program_is_replaced(settings: Settings) -> None:
    found = begin(settings, FakeServer(LOSES_THE_PORT_ONCE + ANSWERS))

    assert found.running


def test_a_port_is_kept_from_run_to_run(settings: Settings) -> None:
    first = begin(settings, FakeServer())
    down(settings)

    assert begin(settings, FakeServer()).address == first.address


def test_a_kept_port_that_is_taken_meanwhile_is_replaced(settings: Settings) -> None:
    first = begin(settings, FakeServer())
    down(settings)

    with socket.create_server(("127.0.0.1", first.ports["s3"])):
        second = begin(settings, FakeServer())

    assert second.address != first.address


def test_a_server_that_fails_says_why(settings: Settings) -> None:
    with pytest.raises(StartFailed, match="on fire") as raised:
        begin(settings, FakeServer(FAILS))

    assert raised.value.exit_code == 1
    assert raised.value.lines == ["the engine is on fire"]
    assert "exit code 1" in status(settings).minio.detail


def test_a_program_that_is_missing_is_said(settings: Settings) -> None:
    with pytest.raises(StartFailed, match="No such file"):
        begin(settings, FakeServer(executable="/nowhere/server"))


def test_only_the_newest_start_is_blamed(settings: Settings) -> None:
    with pytest.raises(StartFailed):
        begin(settings, FakeServer(FAILS))

    with pytest.raises(StartFailed) as raised:
        begin(settings, FakeServer("raise SystemExit('out of tea')"))

    assert raised.value.lines == ["out of tea"]


def test_a_lock_held_by_a_stranger_names_it(settings: Settings) -> None:
    descriptor = try_lock(layout(settings, "minio").lock)
    assert descriptor is not None

    with closing(open(descriptor)), pytest.raises(FolderInUse) as raised:  # noqa: PTH123 (a descriptor)
        begin(settings, FakeServer())

    assert f"process {psutil.Process().pid} " in str(raised.value)


def test_a_stranger_is_not_stopped(settings: Settings) -> None:
    descriptor = try_lock(layout(settings, "neo4j").lock)
    assert descriptor is not None

    with closing(open(descriptor)), pytest.raises(FolderInUse):  # noqa: PTH123 (a descriptor)
        down(settings)


def test_a_server_that_ignores_the_request_to_end_is_killed(settings: Settings) -> None:
    deaf = begin(settings, FakeServer(DEAF))

    stopped = down(settings, timeout_s=0.3).minio

    assert deaf.running
    assert not stopped.running
    assert "exit code -9" in stopped.detail


def test_a_supervisor_passes_the_request_to_end_on(settings: Settings) -> None:
    running = begin(settings, FakeServer())
    supervisor = psutil.Process(running.supervisor_pid)

    supervisor.terminate()
    psutil.wait_procs([supervisor], timeout=5)

    assert "exit code -15" in status(settings).minio.detail


def test_a_server_may_open_as_many_files_as_the_system_allows(settings: Settings) -> None:
    begin(
        settings,
        FakeServer(
            "import resource, pathlib\n"
            "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
            "pathlib.Path('limit').write_text(str(soft == hard))\n" + ANSWERS
        ),
    )

    assert (layout(settings, "minio").folder / "limit").read_text() == "True"


def test_a_server_outlives_the_process_that_started_it(settings: Settings) -> None:
    program = (
        "import pathlib, sys\n"
        "from local.fake import FakeServer, place\n"
        "from headwater.local.progress import Silent\n"
        "from headwater.local.start import start\n"
        "start(FakeServer(), place=place(pathlib.Path(sys.argv[1])), progress=Silent())\n"
    )

    subprocess.run(  # noqa: S603 (this very Python)
        [sys.executable, "-c", program, str(settings.home)],
        check=True,
        timeout=30,
        cwd=Path(__file__).parents[1],
    )

    assert status(settings).minio.running


def test_a_record_of_a_process_long_gone_is_not_believed(settings: Settings) -> None:
    running = begin(settings, FakeServer())
    record = layout(settings, "minio").record
    text = record.read_text()
    down(settings)
    record.write_text(text)

    found = status(settings).minio

    assert running.running
    assert not found.running
    assert found.pid is None


def test_a_home_that_never_ran_is_not_made_by_looking(settings: Settings) -> None:
    found = status(settings)

    assert not found.neo4j.running
    assert found.neo4j.detail == "never started"
    assert down(settings) == found
    assert not settings.home.exists()


def test_a_home_that_is_a_file_is_refused(settings: Settings) -> None:
    settings.home.write_text("a file")

    with pytest.raises(PermissionDenied):
        begin(settings, FakeServer())


def test_a_store_whose_password_is_gone_is_refused(settings: Settings) -> None:
    (layout(settings, "neo4j").data / "databases" / "system").mkdir(parents=True)

    with pytest.raises(FailedPrecondition, match="password"):
        up(settings)


def test_the_run_folder_is_the_owners_alone(settings: Settings) -> None:
    begin(settings, FakeServer())

    assert stat.S_IMODE(layout(settings, "minio").run.stat().st_mode) == 0o700


@pytest.mark.parametrize("option", ["objects", "compiler"])
def test_an_unknown_choice_is_refused(settings: Settings, option: str) -> None:
    with pytest.raises(InvalidArgument, match="sideways"):
        up(settings, **{option: "sideways"})  # type: ignore[arg-type]


def test_a_second_start_of_a_running_server_takes_no_time(settings: Settings) -> None:
    first = begin(settings, FakeServer())
    began = time.monotonic()

    assert begin(settings, FakeServer()) == first
    assert time.monotonic() - began < 1
