"""Namespaces: the tenants of the database."""

import typer

from headwater.cli.call import Call, command
from headwater.cli.screen import Column
from headwater.cli.wording import time_of


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(app, "namespaces", examples=("headwater namespaces", "headwater namespaces --json"))(
        list_namespaces
    )


def list_namespaces(call: Call) -> None:
    """List the namespaces of the database, by name."""
    with call.any_store() as store:
        found = store.list_namespaces()
    if call.json:
        call.screen.answer({"namespaces": [namespace._asdict() for namespace in found]})
        return
    call.screen.table(
        (Column("NAME", "bold cyan"), Column("CREATED", "dim")),
        [(n.name, time_of(n.create_time_since_epoch)) for n in found],
    )
