"""TLS: what the server shows, and whose clients it takes."""

import ssl
import urllib.error
from dataclasses import replace
from typing import Any

import grpc
import pytest

import headwater
from headwater.errors import InvalidArgument
from headwater.server.serve import Server
from headwater.settings import load_settings
from server.calling import Certificates, Status, client_of, http_get, serving

SHORT_S = 3.0


def trusting(files: Certificates, *, as_client: bool = False) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        files.ca.read_bytes(),
        *((files.client_key.read_bytes(), files.client_cert.read_bytes()) if as_client else ()),
    )


def context_of(files: Certificates, *, as_client: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files.ca)
    if as_client:
        context.load_cert_chain(files.client_cert, files.client_key)
    return context


def test_both_faces_speak_tls(store: headwater.MetadataStore, certificates: Certificates) -> None:
    files: dict[str, Any] = {"tls_cert": certificates.cert, "tls_key": certificates.key}
    with serving(store, **files) as server:
        with client_of(server, credentials=trusting(certificates)) as client:
            found = list(client("GetArtifacts").artifacts)
        with client_of(server) as client:
            in_the_clear = client.fails("GetArtifacts", timeout=SHORT_S)[0]
        page = http_get(server, "/healthz", context=context_of(certificates))

    assert found == []
    assert in_the_clear is Status.UNAVAILABLE
    assert page.status == 200


def test_clients_must_show_a_certificate_where_an_authority_is_named(
    store: headwater.MetadataStore, certificates: Certificates
) -> None:
    files: dict[str, Any] = {
        "tls_cert": certificates.cert,
        "tls_key": certificates.key,
        "tls_client_ca": certificates.ca,
    }
    with serving(store, **files) as server:
        with client_of(server, credentials=trusting(certificates, as_client=True)) as client:
            found = list(client("GetArtifacts").artifacts)
        with client_of(server, credentials=trusting(certificates)) as client:
            stranger = client.fails("GetArtifacts", timeout=SHORT_S)[0]
        page = http_get(server, "/healthz", context=context_of(certificates, as_client=True))
        with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            http_get(server, "/healthz", context=context_of(certificates))

    assert found == []
    assert stranger is Status.UNAVAILABLE
    assert page.status == 200


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tls_cert": "cert"}, "both a certificate and its key"),
        ({"tls_key": "key"}, "both a certificate and its key"),
        ({"tls_client_ca": "ca"}, "both a certificate and its key"),
        ({"tls_cert": "cert", "tls_key": "client_key"}, "TLS cannot be set up"),
        ({"tls_cert": "key", "tls_key": "key"}, "TLS cannot be set up"),
        ({"tls_cert": "missing", "tls_key": "key"}, "No such file"),
        ({"tls_cert": "cert", "tls_key": "key", "tls_client_ca": "key"}, "TLS cannot be set up"),
    ],
)
def test_files_that_make_no_tls_are_refused_before_anything_listens(
    certificates: Certificates, given: dict[str, str], told: str
) -> None:
    missing = certificates.ca.with_name("missing")
    files: dict[str, Any] = {
        name: getattr(certificates, which) if which != "missing" else missing
        for name, which in given.items()
    }
    settings = replace(load_settings({}), grpc="127.0.0.1:0", http="127.0.0.1:0", **files)

    with pytest.raises(InvalidArgument, match=told):
        Server(settings)
