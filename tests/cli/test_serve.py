"""`headwater serve` as a program: what it says, and what it says when it cannot."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.commands import Run, environment
from support.servers import Neo4jAddress

PROGRAM = [sys.executable, "-c", "from headwater.cli import main; main()", "serve"]
WITHOUT_GRPC = "import sys; sys.modules['grpc'] = None; from headwater.cli import main; main()"
WAIT_S = 30.0
# An old way to write 127.0.0.1, which is not known to be loopback.
BEYOND = "127.1:0"


@contextmanager
def program(*arguments: str, environ: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HEADWATER_")}
    with subprocess.Popen(  # noqa: S603 - this very Python
        [*PROGRAM, *arguments],
        env=inherited | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def environ(neo4j_server: Neo4jAddress, namespace: str, tmp_path: Path) -> dict[str, str]:
    return environment(neo4j_server, namespace=namespace, folder=tmp_path)


def said_until_served(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    told: dict[str, str] = {}
    while "client" not in told:
        name, _, value = process.stdout.readline().rstrip("\n").partition("\t")
        assert name, "it has ended"
        told[name] = value
    return told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_serves_and_ends_with_0(
    environ: dict[str, str], number: signal.Signals
) -> None:
    with program("--grpc", "127.0.0.1:0", "--http", "localhost:0", environ=environ) as process:
        told = said_until_served(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=WAIT_S)

    assert process.returncode == 0
    assert told["grpc"].startswith("127.0.0.1:")
    assert told["http"].startswith("http://localhost:")
    assert told["namespace"] == environ["HEADWATER_NAMESPACE"]
    assert told["tokens"] == "not asked for"
    assert err == "stopping: running calls may end\nstopped\n"


@pytest.mark.parametrize(
    ("auth", "tokens", "warned"),
    [
        ("auto", "required", "can be read on the way"),
        ("off", "not asked for", "may read and write everything"),
    ],
)
def test_it_warns_where_strangers_can_reach_it(
    environ: dict[str, str], auth: str, tokens: str, warned: str
) -> None:
    places = ("--grpc", "127.0.0.1:0", "--http", BEYOND)
    with program(*places, "--auth", auth, environ=environ) as process:
        told = said_until_served(process)
        process.terminate()
        _, err = process.communicate(timeout=WAIT_S)

    assert told["tokens"] == tokens
    assert f"warning: {'whoever' if auth == 'off' else 'what'}" in err
    assert warned in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--grpc", "8080"],
        ["--workers", "0"],
        ["--auth", "maybe"],
        ["--tls-cert", "/nowhere/cert.pem"],
        ["--max-message-mb", "5000"],
    ],
)
def test_settings_that_make_no_sense_are_refused(command: Run, arguments: list[str]) -> None:
    assert command("serve", *arguments).code == 2


def test_a_setting_of_the_environment_that_makes_no_sense_is_told(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_AUTH", "maybe")

    ran = command("serve")

    assert ran.code == 2
    assert "HEADWATER_AUTH must be one of required, off, auto" in ran.err


def test_without_the_extra_it_says_how_to_get_it() -> None:
    ran = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", WITHOUT_GRPC, "serve"], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 9
    assert ran.stderr == (
        "error: A server needs grpc, which is not installed.\npip install 'headwater[server]'\n"
    )
