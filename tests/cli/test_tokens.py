"""Tokens by the command line."""

import pytest

import headwater
from headwater.cli.tokens import Scopes
from headwater.services.tokens import TokenScope
from support.commands import Run, column


def test_scopes_are_those_of_the_service() -> None:
    assert {str(s) for s in Scopes} == {str(s) for s in TokenScope}


def test_a_token_is_made_listed_and_revoked(cli: Run, store: headwater.MetadataStore) -> None:
    made = cli("tokens", "create", "trainer", "--scope", "write", "-n", "x", "--expires", "90d")
    token_id = made.out.split("_")[1]
    listed = cli("tokens", "list")
    revoked = cli("tokens", "revoke", token_id, "--json")

    row = [column(listed, title) for title in ("ID", "NAME", "SCOPES", "NAMESPACES", "STATE")]
    found = next(cells for cells in zip(*row, strict=True) if cells[0] == token_id)
    assert len(made.lines) == 1
    assert "cannot be shown again" in made.err
    assert found[1:] == ("trainer", "write", "x", "valid")
    assert revoked.json["token"]["state"] == "revoked"
    assert made.out.strip() not in listed.out + revoked.out
    assert token_id in [token.id for token in store.tokens.all()]


def test_a_token_in_json_has_its_text_once(cli: Run, store: headwater.MetadataStore) -> None:
    made = cli("tokens", "create", "t", "--scope", "read", "--json").json["token"]
    listed = cli("tokens", "list", "--json").json["tokens"]

    assert store.tokens.verify(made["text"]).name == "t"
    assert made["namespaces"] is None
    assert [t for t in listed if t["id"] == made["id"]] == [
        {key: value for key, value in made.items() if key != "text"}
    ]


def test_the_namespace_of_the_environment_does_not_narrow_a_token(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_NAMESPACE", "elsewhere")

    made = cli("tokens", "create", "t", "--scope", "read", "--json").json["token"]

    assert made["namespaces"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "t"],
        ["create", "t", "--scope", "root"],
        ["create", "t", "--scope", "read", "--expires", "soon"],
        ["create", "t", "--scope", "read", "--expires", "0d"],
        ["create", "t", "--scope", "read", "--expires", "9999999w"],
        ["create", "t", "--scope", "read", "--namespace", " x"],
    ],
)
def test_a_token_that_makes_no_sense_is_refused(cli: Run, arguments: list[str]) -> None:
    assert cli("tokens", *arguments).code == 2


def test_an_unknown_token_is_not_found(cli: Run) -> None:
    assert cli("tokens", "revoke", "nothing").code == 4
