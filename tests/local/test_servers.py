"""The real Neo4j and the real MinIO, as a user's commands and crashes meet them."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import islice

import neo4j
import psutil
import pytest
import urllib3

from headwater.errors import FailedPrecondition, Unauthenticated
from headwater.graph.probe import ping
from headwater.local import (
    LocalStatus,
    ServerStatus,
    down,
    follow_log,
    log_lines,
    status,
    up,
)
from headwater.settings import Settings

UP = """
import json, sys
from headwater.local import up
from headwater.settings import load_settings
print(json.dumps(up(load_settings(), compiler="c1").as_dict()))
"""


def test_two_processes_that_start_a_home_at_once_get_one_server(settings: Settings) -> None:
    environ = {**os.environ, "HEADWATER_HOME": str(settings.home)}

    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 (this very Python)
                    [sys.executable, "-c", UP], env=environ, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(2)
        ]
        answers = [json.loads(process.communicate(timeout=120)[0]) for process in processes]

    assert answers[0] == answers[1]
    assert answers[0]["neo4j"] == status(settings).neo4j.as_dict()
    assert answers[0]["neo4j"]["running"] is True


def test_a_running_home_is_answered_at_once_and_left_as_it_is(
    running: LocalStatus, shared_settings: Settings
) -> None:
    began = time.monotonic()

    again = up(shared_settings, objects="minio")

    assert time.monotonic() - began < 2
    assert again == running
    assert again.neo4j.compiler == "c1"


def test_a_running_server_is_not_moved_to_another_port(
    running: LocalStatus, shared_settings: Settings
) -> None:
    other = running.neo4j.ports["bolt"] + 1

    with pytest.raises(FailedPrecondition, match=str(other)):
        up(shared_settings, neo4j_port=other)


def test_only_the_owner_can_read_the_passwords(running: LocalStatus) -> None:
    for server in (running.neo4j, running.minio):
        assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
        assert len(server.password()) >= 32


def test_no_password_shows_in_the_process_list(running: LocalStatus) -> None:
    for server in (running.neo4j, running.minio):
        assert server.password() not in " ".join(process(server).cmdline())


def test_a_wrong_password_is_refused(running: LocalStatus) -> None:
    with pytest.raises(Unauthenticated):
        ping(running.neo4j.address or "", user="neo4j", password="wrong", timeout_s=5)  # noqa: S106 (wrong on purpose)


def test_both_servers_listen_on_loopback_alone(running: LocalStatus) -> None:
    listening = {
        connection.laddr.ip
        for server in (running.neo4j, running.minio)
        for connection in process(server).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_the_http_api_says_where_bolt_is(running: LocalStatus) -> None:
    found = urllib3.request("GET", running.neo4j.http_address or "", retries=3).json()

    assert found["bolt_direct"] == running.neo4j.address


def test_the_status_is_plain_json(running: LocalStatus) -> None:
    plain = json.loads(json.dumps(running.as_dict()))

    assert plain["neo4j"]["pid"] == running.neo4j.pid
    assert plain["minio"]["address"] == running.minio.address


def test_the_last_lines_of_a_log_are_the_newest(
    running: LocalStatus, shared_settings: Settings
) -> None:
    lines = log_lines(shared_settings, "neo4j", last=3)

    assert lines == running.neo4j.log_file.read_text().splitlines()[-3:]


def test_a_followed_log_yields_what_is_written_next(
    running: LocalStatus, shared_settings: Settings
) -> None:
    followed = follow_log(shared_settings, "minio", pause_s=0.01)

    with running.minio.log_file.open("a") as log:
        log.write("one\ntwo\n")

    assert list(islice(followed, 2)) == ["one", "two"]


def test_acknowledged_data_outlives_a_killed_neo4j(
    running: LocalStatus, shared_settings: Settings
) -> None:
    value = time.time_ns()
    query(running.neo4j, "CREATE (:Kept {value: $value})", value=value)

    kill(running.neo4j)
    killed = status(shared_settings).neo4j
    recovered = up(shared_settings, compiler="c1").neo4j

    assert not killed.running
    assert "exit code -9" in killed.detail
    assert query(
        recovered, "MATCH (n:Kept) WHERE n.value = $value RETURN n.value", value=value
    ) == [[value]]
    assert recovered.address == running.neo4j.address


def test_neo4j_outlives_its_killed_supervisor_and_still_stops(
    running: LocalStatus, shared_settings: Settings
) -> None:
    supervisor = psutil.Process(running.neo4j.supervisor_pid)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=5)

    orphan = up(shared_settings).neo4j
    stopped = down(shared_settings).neo4j

    assert orphan.pid == running.neo4j.pid
    assert orphan.supervisor_pid is None
    assert "supervisor" in orphan.detail
    assert not stopped.running
    assert is_gone(orphan.pid)


def test_minio_outlives_its_killed_supervisor_and_keeps_the_lock(
    running: LocalStatus, shared_settings: Settings
) -> None:
    supervisor = psutil.Process(running.minio.supervisor_pid)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=5)

    orphan = status(shared_settings).minio

    assert orphan.running
    assert orphan.pid == running.minio.pid


def test_a_killed_minio_is_started_again_on_its_port(
    running: LocalStatus, shared_settings: Settings
) -> None:
    kill(running.minio)

    recovered = up(shared_settings, objects="minio", compiler="c1").minio

    assert recovered.running
    assert recovered.pid != running.minio.pid
    assert recovered.address == running.minio.address


def test_down_ends_both_cleanly_and_again_does_nothing(
    running: LocalStatus, shared_settings: Settings
) -> None:
    first = down(shared_settings)
    second = down(shared_settings)

    assert first == second
    for before, after in ((running.neo4j, first.neo4j), (running.minio, first.minio)):
        assert not after.running
        assert after.address is None
        assert is_gone(before.pid)
        assert "exit code 0" in after.detail or before.supervisor_pid is None


def process(server: ServerStatus) -> psutil.Process:
    return psutil.Process(server.pid)


def is_gone(pid: int | None) -> bool:
    """Wait for whoever inherited the process to take note of its end."""
    return not psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid or 0) else [], 5)[1]


def kill(server: ServerStatus) -> None:
    ended = [psutil.Process(pid) for pid in (server.pid, server.supervisor_pid) if pid]
    ended[0].kill()
    psutil.wait_procs(ended, timeout=10)


def query(server: ServerStatus, text: str, **parameters: object) -> list[list[object]]:
    with (
        neo4j.GraphDatabase.driver(
            server.address or "", auth=("neo4j", server.password())
        ) as driver,
        driver.session() as session,
    ):
        return session.run(neo4j.Query(text), parameters).values()
