"""Tokens of the database: made, verified, revoked, and never readable again."""

from datetime import timedelta
from typing import Any

import pytest

from headwater.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater.services.tokens import CACHE_S, Token, TokenScope, TokenService
from support.clocked import Services

STORED = Statement("test/token", "MATCH (t:Token {id: $id}) RETURN properties(t), labels(t)")
FORGET = Statement("test/forget", "MATCH (t:Token {id: $id}) DELETE t")


class Ticks:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def tokens(services: Services, ticks: Ticks) -> TokenService:
    return TokenService(services.scope, ticks=ticks)


def stored(graph: Graph, token: Token) -> dict[str, Any]:
    properties: dict[str, Any] = graph.read(STORED, id=token.id)[0][0]
    return properties


def test_a_new_token_verifies_as_what_it_was_made(tokens: TokenService) -> None:
    made = tokens.create("trainer", scopes=["write"], namespaces=["b", "a", "a"])

    who = tokens.verify(made.text)

    assert made.token.namespaces == ("a", "b")
    assert (who.name, who.token_id) == ("trainer", made.token.id)
    assert who.scopes == {TokenScope.READ, TokenScope.WRITE}
    assert who.namespaces == frozenset({"a", "b"})


def test_the_graph_has_a_hash_and_not_the_secret(tokens: TokenService, services: Services) -> None:
    made = tokens.create("trainer", scopes=["read", "write"])
    secret = made.text.rpartition("_")[2]

    kept = stored(services.graph, made.token)

    assert kept["hash"].startswith("$argon2id$")
    assert secret not in str(kept)
    assert kept["scopes"] == ["read", "write"]
    assert "namespaces" not in kept
    assert services.graph.read(STORED, id=made.token.id)[0][1] == ["Token"]


def test_tokens_are_listed_in_the_order_in_which_they_were_made_without_hashes(
    tokens: TokenService, services: Services
) -> None:
    made = []
    for name in ("one", "two", "three"):
        services.now += 1
        made.append(tokens.create(name, scopes=["read"]).token)

    ids = {token.id for token in made}
    found = [token for token in tokens.all() if token.id in ids]

    assert found == made
    assert "hash" not in Token._fields


def test_changes_of_tokens_are_not_told_to_the_observer(
    tokens: TokenService, services: Services
) -> None:
    made = tokens.create("trainer", scopes=["read"])
    tokens.revoke(made.token.id)

    assert services.seen == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hw_",
        "hw_zz_yy",
        f"hw_{'0' * 12}_{'0' * 48}",
        f"hw_{'0' * 12}_{'0' * 48}\n",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_what_is_no_token_is_refused(tokens: TokenService, text: str) -> None:
    with pytest.raises(Unauthenticated, match="The token is not valid"):
        tokens.verify(text)


def test_a_wrong_secret_is_refused(tokens: TokenService) -> None:
    made = tokens.create("t", scopes=["read"])
    other = tokens.create("t", scopes=["read"])
    mixed = f"hw_{made.token.id}_{other.text.rpartition('_')[2]}"

    with pytest.raises(Unauthenticated):
        tokens.verify(mixed)


def test_a_token_expires_also_where_it_is_still_believed(
    tokens: TokenService, services: Services
) -> None:
    made = tokens.create("t", scopes=["read"], lifetime=timedelta(seconds=5))
    assert tokens.verify(made.text).name == "t"
    assert made.token.state(services.now) == "valid"

    services.now += 5_000

    assert made.token.state(services.now) == "expired"
    with pytest.raises(Unauthenticated):
        tokens.verify(made.text)


def test_a_revoked_token_is_refused_at_once_here_and_after_a_while_elsewhere(
    tokens: TokenService, services: Services, ticks: Ticks
) -> None:
    elsewhere = TokenService(services.scope, ticks=ticks)
    made = tokens.create("t", scopes=["read"])
    for service in (tokens, elsewhere):
        service.verify(made.text)

    gone = tokens.revoke(made.token.id)
    again = tokens.revoke(made.token.id)

    assert gone == again
    assert gone.state(services.now) == "revoked"
    with pytest.raises(Unauthenticated):
        tokens.verify(made.text)
    assert elsewhere.verify(made.text).name == "t"
    ticks.now += CACHE_S
    with pytest.raises(Unauthenticated):
        elsewhere.verify(made.text)


def test_a_verified_token_is_believed_without_a_look_at_the_graph_for_a_while(
    tokens: TokenService, services: Services, ticks: Ticks
) -> None:
    made = tokens.create("t", scopes=["read"])
    who = tokens.verify(made.text)
    services.graph.write_alone(FORGET, id=made.token.id)

    ticks.now += CACHE_S - 1
    assert tokens.verify(made.text) is who
    ticks.now += 1
    with pytest.raises(Unauthenticated):
        tokens.verify(made.text)


def test_revoking_what_is_not_there_is_told(tokens: TokenService) -> None:
    with pytest.raises(NotFound, match="No token 'nothing'"):
        tokens.revoke("nothing")


@pytest.mark.parametrize(
    "given",
    [
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["read"], "namespaces": []},
        {"scopes": ["read"], "namespaces": [" x"]},
        {"scopes": ["read"], "lifetime": timedelta(0)},
        {"scopes": ["read"], "name": ""},
        {"scopes": ["read"], "name": "a\nb"},
        {"scopes": ["read"], "name": "n" * 256},
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    tokens: TokenService, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument):
        tokens.create(given.pop("name", "t"), **given)


def test_a_principal_may_what_its_scopes_say_where_they_say_it(tokens: TokenService) -> None:
    made = tokens.create("t", scopes=["read"], namespaces=["a"])
    who = tokens.verify(made.text)

    who.require(TokenScope.READ)
    who.require(TokenScope.READ, namespace="a")
    with pytest.raises(PermissionDenied, match="may read, this needs write"):
        who.require(TokenScope.WRITE, namespace="a")
    with pytest.raises(PermissionDenied, match="not for namespace 'b'"):
        who.require(TokenScope.READ, namespace="b")
