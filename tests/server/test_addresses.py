import socket
from dataclasses import replace
from typing import Any

import pytest

from headwater.errors import InvalidArgument, PortInUse
from headwater.server.addresses import Address, parse_address
from headwater.server.serve import Server
from headwater.settings import load_settings

FREE: dict[str, Any] = {"grpc": "127.0.0.1:0", "http": "127.0.0.1:0"}


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("[::1]:0", "::1", 0),
        ("localhost:65535", "localhost", 65535),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, host: str, port: int) -> None:
    assert parse_address(text) == Address(host, port)
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "8080", ":8080", "host", "host:", "host:x", "::1:80", "host:65536", "a b:1", "a/b:1"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is no address to listen on"):
        parse_address(text)


@pytest.mark.parametrize("which", ["grpc", "http"])
def test_a_taken_port_is_told_before_anything_starts(which: str) -> None:
    with Server(replace(load_settings({}), **FREE)) as first:
        taken = first.grpc_address if which == "grpc" else first.http_address
        second = replace(load_settings({}), **{**FREE, which: str(taken)})

        with pytest.raises(PortInUse, match=f"Port {taken.port} of 127.0.0.1 is taken") as raised:
            Server(second)

    assert raised.value.port == taken.port
    with Server(second) as again:
        assert taken in (again.grpc_address, again.http_address)


def test_a_name_counts_as_taken_where_one_of_its_addresses_is() -> None:
    with Server(replace(load_settings({}), **FREE)) as first:
        port = first.grpc_address.port

        with pytest.raises(PortInUse, match=f"Port {port} of localhost is taken"):
            Server(replace(load_settings({}), **{**FREE, "grpc": f"localhost:{port}"}))


def test_both_on_one_port_is_refused() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"

    with pytest.raises(PortInUse):
        Server(replace(load_settings({}), grpc=address, http=address))


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"No server can listen on 192\.0\.2\.1:0"):
        Server(replace(load_settings({}), grpc="192.0.2.1:0", http="127.0.0.1:0"))


@pytest.mark.parametrize(
    "given",
    [{"workers": 0}, {"workers": 1_001}, {"max_message_mb": 0}, {"max_message_mb": 2_048},
     {"grace_s": -1.0}, {"grace_s": float("nan")}],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument, match="found"):
        Server(replace(load_settings({}), **FREE, **given))  # type: ignore[arg-type] # names and types are those of Settings
