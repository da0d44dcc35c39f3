"""The probe where nothing, or nothing of Neo4j's, answers."""

import logging
import socket

import pytest

from headwater.errors import InvalidArgument, Unavailable
from headwater.graph.probe import ping


def test_a_closed_port_is_unavailable_and_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable, match=str(port)):
        ping(f"bolt://127.0.0.1:{port}", user="neo4j", password="", timeout_s=2)

    assert caplog.records == []


def test_a_server_that_never_speaks_is_unavailable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(Unavailable):
        ping(f"bolt://127.0.0.1:{listener.getsockname()[1]}", user="", password="", timeout_s=0.3)


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="http"):
        ping("http://127.0.0.1", user="neo4j", password="", timeout_s=1)
