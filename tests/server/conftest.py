"""Servers of the test's store, certificates and clients."""

from collections.abc import Iterator

import pytest

import headwater
from headwater.server.serve import Server
from server.calling import Certificates, Client, client_of, make_certificates, serving


@pytest.fixture
def server(store: headwater.MetadataStore) -> Iterator[Server]:
    with serving(store) as started:
        yield started


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with client_of(server) as made:
        yield made


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))
