"""Tokens: who may call a server."""

import re
import time
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, group, refuse
from headwater.cli.screen import CREATED, Column
from headwater.cli.wording import time_of

if TYPE_CHECKING:
    from headwater.services.tokens import Token

app = group("tokens", "Who may call a server, with which rights.")

_COLUMNS = (
    Column("ID", whole=True),
    Column("NAME", "bold cyan"),
    Column("SCOPES"),
    Column("NAMESPACES"),
    Column("STATE", "state", whole=True),
    CREATED,
    Column("EXPIRES", "dim", whole=True),
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST_DAYS = 36_500


class Scopes(StrEnum):
    """What a token can allow."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@command(
    app,
    "create",
    examples=(
        "headwater tokens create trainer --scope write --expires 90d",
        "headwater tokens create dashboard --scope read --namespace team-a --namespace team-b",
    ),
    taken=("--namespace", "-n"),
)
def create_token(
    call: Call,
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    *,
    scope: Annotated[
        list[Scopes],
        typer.Option("--scope", help="What it allows; each includes those before. Repeatable."),
    ],
    only_namespace: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace", "-n", metavar="NAME", help="Where it works; all when unset. Repeatable."
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="Such as 90d, 12h; never when unset."),
    ] = None,
) -> None:
    """Make a token and write its text, which is shown this once."""
    lifetime = None if expires is None else _lifetime(expires)
    with call.any_store() as store:
        made = store.tokens.create(
            name, scopes=scope, namespaces=only_namespace or None, lifetime=lifetime
        )
    if call.json:
        call.screen.answer({"token": {**_document(made.token), "text": made.text}})
        return
    call.screen.write(f"{made.text}\n")
    call.screen.say(
        f"Token {made.token.id} for {made.token.name}. Keep the text: it cannot be shown again. "
        "Clients send it as `authorization: Bearer hw_...`."
    )


@command(app, "list", examples=("headwater tokens list", "headwater tokens list --json"))
def list_tokens(call: Call) -> None:
    """List all tokens, in the order in which they were made. They are the database's."""
    with call.any_store() as store:
        found = store.tokens.all()
    if call.json:
        call.screen.answer({"tokens": [_document(token) for token in found]})
        return
    call.screen.table(_COLUMNS, [_row(token) for token in found])


@command(app, "revoke", examples=("headwater tokens revoke 1f0c9a2b3d4e",))
def revoke_token(
    call: Call, token_id: Annotated[str, typer.Argument(metavar="ID", help="As listed.")]
) -> None:
    """Revoke a token. Servers that have just seen it take it for up to 30 seconds more."""
    with call.any_store() as store:
        token = store.tokens.revoke(token_id)
    if call.json:
        call.screen.answer({"token": _document(token)})
        return
    call.screen.line((token.id, "bold cyan"), (f"  {token.name}  revoked", "dim"))


def _document(token: "Token") -> dict[str, Any]:
    return {**token._asdict(), "state": token.state(_now())}


def _row(token: "Token") -> tuple[object, ...]:
    return (
        token.id,
        token.name,
        ",".join(token.scopes),
        "*" if token.namespaces is None else ",".join(token.namespaces),
        token.state(_now()),
        time_of(token.create_time_since_epoch),
        time_of(token.expire_time_since_epoch),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _lifetime(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text)
    lifetime = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if lifetime is None or lifetime.days > _LONGEST_DAYS:
        raise refuse(
            f"{text!r:.100} is no time after which a token expires.",
            hint="Use minutes, hours, days or weeks, such as 90m, 12h, 90d, 4w; 100 years at most.",
        )
    return lifetime
