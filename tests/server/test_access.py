"""Tokens at a server: who may call what, where."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import headwater
from headwater.server.addresses import Address
from headwater.server.gate import asks_for_tokens
from headwater.server.serve import Server
from headwater.settings import Auth
from server.calling import Client, Status, artifact_type, client_of, http_get, serving

HERE, THERE = Address("127.0.0.1", 1), Address("0.0.0.0", 2)  # noqa: S104 - compared, not listened on


@pytest.fixture
def guarded(store: headwater.MetadataStore) -> Iterator[Server]:
    with serving(store, auth=Auth.REQUIRED) as server:
        yield server


@pytest.fixture
def stranger(guarded: Server) -> Iterator[Client]:
    with client_of(guarded) as client:
        yield client


def bearer(text: str) -> str:
    return f"Bearer {text}"


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic aHc6eA==", "hw_000000000000_" + "0" * 48],
)
def test_a_call_without_a_token_is_refused(stranger: Client, authorization: str) -> None:
    metadata = {"authorization": authorization} if authorization else {}

    assert stranger.fails("GetArtifacts", **metadata)[0] is Status.UNAUTHENTICATED


def test_a_made_up_token_is_refused_and_told_nothing(stranger: Client) -> None:
    code, text = stranger.fails("GetArtifacts", authorization=bearer(f"hw_{'0' * 12}_{'0' * 48}"))

    assert code is Status.UNAUTHENTICATED
    assert text.startswith("The token is not valid.")


def test_a_token_allows_its_scope_and_those_below(
    store: headwater.MetadataStore, stranger: Client
) -> None:
    def codes(scope: str) -> list[Status]:
        text = bearer(store.tokens.create("t", scopes=[scope]).text)
        return [
            stranger.future("GetArtifacts", authorization=text).code(),
            stranger.future("PutArtifactType", artifact_type(), authorization=text).code(),
        ]

    assert codes("read") == [Status.OK, Status.PERMISSION_DENIED]
    assert codes("write") == [Status.OK, Status.OK]
    assert codes("admin") == [Status.OK, Status.OK]


def test_a_change_is_recorded_under_the_name_of_the_token(
    store: headwater.MetadataStore, stranger: Client
) -> None:
    text = bearer(store.tokens.create("loader", scopes=["write"]).text)

    stranger.future("PutArtifactType", artifact_type(), authorization=text).result()

    assert store.history.changes(limit=1)[0].actor == "loader"


def test_a_token_works_in_its_namespaces_alone(
    store: headwater.MetadataStore, stranger: Client
) -> None:
    made = store.tokens.create("t", scopes=["write"], namespaces=["team-a", "team-b"])

    def code(namespace: str) -> Any:
        return stranger.future(
            "GetArtifacts", authorization=bearer(made.text), x_mlmd_namespace=namespace
        ).code()

    assert [code(name) for name in ("team-a", "team-b")] == [Status.OK, Status.OK]
    assert code("team-c") is Status.PERMISSION_DENIED
    default = stranger.fails("GetArtifacts", authorization=bearer(made.text))
    assert default[0] is Status.PERMISSION_DENIED
    assert store.namespace in default[1]


def test_a_token_that_was_revoked_is_refused(
    store: headwater.MetadataStore, stranger: Client
) -> None:
    made = store.tokens.create("t", scopes=["read"])
    before = stranger.future("GetArtifacts", authorization=bearer(made.text)).code()

    store.tokens.revoke(made.token.id)

    assert before is Status.OK
    assert (
        stranger.fails("GetArtifacts", authorization=bearer(made.text))[0] is Status.UNAUTHENTICATED
    )


def test_metrics_and_version_need_a_token_where_calls_do_and_health_never(
    guarded: Server, store: headwater.MetadataStore
) -> None:
    text = store.tokens.create("prometheus", scopes=["read"]).text

    refused = {path: http_get(guarded, path) for path in ("/metrics", "/version")}

    assert {answer.status for answer in refused.values()} == {401}
    assert json.loads(refused["/metrics"].text)["title"] == "UNAUTHENTICATED"
    assert http_get(guarded, "/metrics", token=text).status == 200
    assert http_get(guarded, "/version", token=text).status == 200
    assert http_get(guarded, "/healthz").status == 200
    assert http_get(guarded, "/readyz").status == 200


def test_a_server_on_loopback_asks_for_none_unless_told_to(client: Client) -> None:
    assert client.future("GetArtifacts").code() is Status.OK


@pytest.mark.parametrize(
    ("auth", "addresses", "asks"),
    [
        (Auth.AUTO, (HERE, HERE), False),
        (Auth.AUTO, (Address("::1", 1), Address("localhost", 1)), False),
        (Auth.AUTO, (HERE, THERE), True),
        (Auth.AUTO, (Address("::", 1), HERE), True),
        (Auth.AUTO, (Address("example.org", 1), HERE), True),
        (Auth.REQUIRED, (HERE, HERE), True),
        (Auth.OFF, (THERE, THERE), False),
    ],
)
def test_tokens_are_asked_for_where_others_can_reach_the_server(
    auth: Auth, addresses: tuple[Address, ...], *, asks: bool
) -> None:
    assert asks_for_tokens(auth, *addresses) is asks
