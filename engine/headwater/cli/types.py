"""Types: list them, and show one with its properties and their indexes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, group, refuse
from headwater.cli.choices import Kind
from headwater.cli.screen import Column
from headwater.errors import NotFound

if TYPE_CHECKING:
    from headwater_schema import NodeType

app = group("types", "What artifacts, executions and contexts may be, and their properties.")

_SHOWN = 20
_COLUMNS = (
    Column("KIND", "dim"),
    Column("NAME", "bold cyan"),
    Column("VERSION"),
    Column("BASE"),
    Column("ID", "dim", right=True),
    Column("PROPERTIES"),
    Column("NOT INDEXED", "yellow"),
)
_PROPERTY_COLUMNS = (Column("PROPERTY", "bold cyan"), Column("KIND"), Column("INDEX"))

KindOption = Annotated[
    Kind | None, typer.Option("--kind", help="Only of this kind.", case_sensitive=False)
]


@command(
    app, "list", examples=("headwater types list", "headwater types list --kind artifact --json")
)
def list_types(call: Call, *, kind: KindOption = None) -> None:
    """List the types, by kind and name; the system types of ML Metadata are left out."""
    with call.store() as store:
        types = [t for t in store.types.all() if kind is None or t.kind.lower() == kind]
        missing = store.indexes.unindexed()
    types.sort(key=lambda t: (t.kind, t.name, t.version or ""))
    if call.json:
        call.screen.answer({"types": [type_json(t, missing) for t in types]})
        return
    call.screen.table(
        _COLUMNS,
        [
            (
                t.kind.lower(),
                t.name,
                t.version,
                getattr(t, "base_type", None),
                t.id,
                ", ".join(sorted(t.properties)),
                ", ".join(missing.get(t.id or 0, [])),
            )
            for t in types
        ],
    )
    if call.screen.is_terminal:
        call.screen.say(f"{len(types)} type{'s' * (len(types) != 1)}")


@command(
    app,
    "show",
    examples=("headwater types show Model", "headwater types show Train --kind execution --json"),
)
def show_type(
    call: Call,
    name: Annotated[str, typer.Argument(help="The type's name.")],
    *,
    kind: KindOption = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="Only this version.")
    ] = None,
) -> None:
    """Show a type: its properties, their kinds, and which of them have no index."""
    with call.store() as store:
        found = _only(store.types.all(), name, kind=kind, version=version)
        missing = store.indexes.unindexed()
    if call.json:
        call.screen.answer({"type": type_json(found, missing)})
        return
    call.screen.line((found.name, "bold cyan"), (f"  {found.kind.lower()} type ", ""))
    call.screen.fields(
        [
            ("id", found.id),
            ("version", found.version),
            ("base type", getattr(found, "base_type", None)),
            ("external id", found.external_id),
            ("description", found.description),
        ]
    )
    if found.properties:
        call.screen.heading("Properties")
        gone = missing.get(found.id or 0, [])
        call.screen.table(
            _PROPERTY_COLUMNS,
            [
                (key, str(property_kind), _index_text(found, key, str(property_kind), gone))
                for key, property_kind in sorted(found.properties.items())
            ],
        )
        for key in gone:
            call.screen.say(
                f"{key} is not indexed, because the budget of automatic indexes "
                f"(HEADWATER_INDEX_BUDGET) was used up: headwater index add {key} --type {name}",
                style="yellow",
            )


def type_json(node_type: "NodeType", missing: dict[int, list[str]]) -> dict[str, Any]:
    """Return a type as JSON-ready values; `not_indexed` lists what the budget left out."""
    return {
        "kind": str(node_type.kind),
        **node_type.model_dump(mode="json"),
        "unindexed": sorted(node_type.unindexed),
        "not_indexed": missing.get(node_type.id or 0, []),
    }


def _only(
    types: "list[NodeType]", name: str, *, kind: Kind | None, version: str | None
) -> "NodeType":
    named = [t for t in types if t.name == name and (kind is None or t.kind.lower() == kind)]
    found = [t for t in named if version is None or t.version == version]
    if not found:
        known = sorted({t.name for t in types})
        listed = ", ".join(known[:_SHOWN]) or "none"
        more = len(known) - _SHOWN
        raise NotFound(
            f"No {f'{kind} ' if kind else ''}type {name!r}"
            f"{f' version {version!r}' if version else ''}.",
            hint=f"There are: {listed}{f', and {more} more: headwater types list' * (more > 0)}.",
            name=name,
        )
    if len(found) > 1:
        listed = ", ".join(f"{t.kind.lower()} version {t.version or '(none)'}" for t in found)
        raise refuse(
            f"{len(found)} types are named {name!r}: {listed}.", hint="Say --kind or --version."
        )
    return found[0]


def _index_text(node_type: "NodeType", key: str, kind: str, missing: list[str]) -> str:
    if key in missing:
        return "missing"
    if key in node_type.unindexed:
        return "declared without"
    return "none for this kind" if kind in ("STRUCT", "PROTO") else "yes"
