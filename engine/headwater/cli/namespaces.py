"""Namespaces: the tenants of the database."""

from typing import Annotated

import typer

from headwater.cli.call import Call, command, group
from headwater.cli.confirm import YesOption, confirm
from headwater.cli.screen import STATE, Column
from headwater.cli.wording import time_of
from headwater.errors import NotFound

app = group("namespaces", "Tenants, each an own store with its own ids and types.")

_COLUMNS = (
    Column("NAME", "bold cyan"),
    STATE,
    Column("ARTIFACTS", right=True),
    Column("EXECUTIONS", right=True),
    Column("CONTEXTS", right=True),
    Column("TYPES", right=True),
    Column("CREATED", "dim"),
)


@command(app, "list", examples=("headwater namespaces list", "headwater namespaces list --json"))
def list_namespaces(call: Call) -> None:
    """List the namespaces of the database by name, with how much each holds."""
    with call.any_store() as store:
        found = [
            (namespace, store.namespaces.count(namespace.name))
            for namespace in store.list_namespaces()
        ]
    if call.json:
        rows = [{**namespace._asdict(), **counts._asdict()} for namespace, counts in found]
        call.screen.answer({"namespaces": rows})
        return
    call.screen.table(
        _COLUMNS,
        [(n.name, n.state, *counts, time_of(n.create_time_since_epoch)) for n, counts in found],
    )


@command(app, "create", examples=("headwater namespaces create team-a",))
def create_namespace(
    call: Call, name: Annotated[str, typer.Argument(help="1 to 255 printable characters.")]
) -> None:
    """Make a namespace. A first write to one that does not exist makes it as well."""
    with call.any_store() as store:
        made = store.create_namespace(name)
    if call.json:
        call.screen.answer({"namespace": made._asdict()})
        return
    call.screen.line((made.name, "bold cyan"), ("  created", "dim"))


@command(
    app,
    "drop",
    examples=("headwater namespaces drop team-a", "headwater namespaces drop team-a --yes"),
)
def drop_namespace(
    call: Call,
    name: Annotated[str, typer.Argument(help="Which one; `default` can be dropped too.")],
    *,
    yes: YesOption = False,
) -> None:
    """Remove a namespace with all that it holds. This cannot be undone.

    Interrupted, it goes on when it is called again. Objects in the object store stay until
    `headwater objects gc` finds that nothing refers to them.
    """
    with call.any_store() as store:
        if all(namespace.name != name for namespace in store.list_namespaces()):
            raise NotFound(f"No namespace {name!r}; nothing to drop.", namespace=name)
        counts = store.namespaces.count(name)
        held = f"{counts.artifacts:,} artifacts, {counts.executions:,} executions and {counts.contexts:,} contexts"
        confirm(
            call, f"Namespace {name} holds {held}, which cannot be brought back.", name, yes=yes
        )
        dropped = store.drop_namespace(name, progress=call.progress)
    if call.json:
        call.screen.answer({"namespace": name, "dropped": dropped._asdict()})
        return
    call.screen.line((name, "bold cyan"), ("  dropped", "dim"))
