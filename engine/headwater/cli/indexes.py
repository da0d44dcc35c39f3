"""Indexes: which properties can be searched fast."""

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, group, refuse
from headwater.cli.choices import Kind
from headwater.cli.screen import Column
from headwater.errors import NotFound

if TYPE_CHECKING:
    from headwater import MetadataStore
    from headwater_schema import TypeKind

app = group("index", "Which properties of nodes can be searched fast.")

_COLUMNS = (
    Column("KIND", "dim"),
    Column("PROPERTY", "bold cyan"),
    Column("DECLARED"),
    Column("STATE", "state"),
    Column("MADE BY", "dim"),
)

KeyArgument = Annotated[str, typer.Argument(help="The property's name.")]
KindOption = Annotated[
    Kind | None,
    typer.Option(
        "--kind", help="Of which kind of node; artifact when unset.", case_sensitive=False
    ),
]
TypeOption = Annotated[
    str | None,
    typer.Option("--type", metavar="TYPE", help="A type that tells the kind, instead of --kind."),
]
CustomOption = Annotated[
    bool, typer.Option("--custom", help="A custom property, not a declared one.")
]


@command(app, "list", examples=("headwater index list", "headwater index list --kind artifact"))
def list_indexes(
    call: Call,
    *,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="Only of this kind.", case_sensitive=False)
    ] = None,
) -> None:
    """List the indexes on properties. They are the database's, shared by its namespaces."""
    with call.any_store() as store:
        found = [i for i in store.indexes.all() if kind is None or i.kind.lower() == kind]
    if call.json:
        call.screen.answer({"indexes": [{**i._asdict(), "kind": str(i.kind)} for i in found]})
        return
    rows = [
        (
            i.kind.lower(),
            i.key,
            "custom" if i.custom else "declared",
            i.state,
            "headwater" if i.ours else "hand",
        )
        for i in found
    ]
    call.screen.table(_COLUMNS, rows)
    if call.screen.is_terminal:
        call.screen.say(f"{len(found)} indexes")


@command(
    app,
    "add",
    examples=(
        "headwater index add accuracy --type Model",
        "headwater index add owner --kind artifact --custom",
    ),
)
def add_index(
    call: Call,
    key: KeyArgument,
    *,
    kind: KindOption = None,
    type: TypeOption = None,
    custom: CustomOption = False,
) -> None:
    """Make an index on a property; one that is there stays."""
    with call.store() as store:
        of_kind = _kind(store, key, kind=kind, type_name=type, custom=custom)
        store.indexes.add(of_kind, key, custom=custom)
        found = [
            i for i in store.indexes.all() if (i.kind, i.key, i.custom) == (of_kind, key, custom)
        ]
    if call.json:
        call.screen.answer({"indexes": [{**i._asdict(), "kind": str(i.kind)} for i in found]})
        return
    state = found[0].state if found else "unknown"
    call.screen.line((f"{of_kind.lower()} {key}", "bold cyan"), (f"  {state}", "dim"))


@command(
    app,
    "drop",
    examples=("headwater index drop accuracy --type Model", "headwater index drop owner --custom"),
)
def drop_index(
    call: Call,
    key: KeyArgument,
    *,
    kind: KindOption = None,
    type: TypeOption = None,
    custom: CustomOption = False,
) -> None:
    """Drop an index that headwater made.

    That of a declared property comes back when its type is registered anew, unless the type
    declares it with index=False.
    """
    with call.store() as store:
        of_kind = _kind(store, key, kind=kind, type_name=type, custom=custom)
        store.indexes.drop(of_kind, key, custom=custom)
    if call.json:
        call.screen.answer({"dropped": {"kind": str(of_kind), "key": key, "custom": custom}})
        return
    call.screen.line((f"{of_kind.lower()} {key}", "bold cyan"), ("  dropped", "dim"))


def _kind(
    store: "MetadataStore", key: str, *, kind: Kind | None, type_name: str | None, custom: bool
) -> "TypeKind":
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    if kind is not None and type_name is not None:
        raise refuse("Give --kind or --type, not both.")
    if type_name is None:
        return TypeKind((kind or Kind.ARTIFACT).upper())
    types = [t for t in store.types.all() if t.name == type_name]
    if not types:
        raise NotFound(
            f"No type {type_name!r}.", hint="See `headwater types list`.", name=type_name
        )
    declaring = [t for t in types if custom or key in t.properties]
    if not declaring:
        raise NotFound(
            f"Type {type_name!r} declares no property {key!r}.",
            hint="For a custom property say --custom.",
            key=key,
        )
    kinds = {t.kind for t in declaring}
    if len(kinds) > 1:
        raise refuse(f"Types of {len(kinds)} kinds are named {type_name!r}.", hint="Say --kind.")
    return declaring[0].kind
