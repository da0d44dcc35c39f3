"""Artifacts: list them, and show one with all that is known of it."""

from typing import Annotated, Any

import typer

from headwater.cli.call import Call, command, group
from headwater.cli.choices import ArtifactStates, Order
from headwater.cli.nodes import (
    AscendingOption,
    AsOfOption,
    ContextOption,
    KnownAtOption,
    LimitOption,
    PageOption,
    ReasonOption,
    SortOption,
    TypeOption,
    WhichTypeOption,
    check_type,
    context_id,
    delete_node,
    events_json,
    find,
    list_options,
    listed,
    node_json,
    rename_artifact,
    say_count,
    show_contexts,
    show_events,
    show_properties,
    show_times,
    show_title,
    state_field,
)
from headwater.cli.screen import CREATED, ID, NAME, STATE, Column
from headwater.cli.wording import size_of, text_of, time_of, uri_of

app = group("artifacts", "Pieces of data: data sets, models, reports.")

_EXACT_BYTES = 1_000
COLUMNS = (
    ID,
    NAME,
    Column("TYPE"),
    STATE,
    Column("SIZE", show=size_of, right=True, whole=True),
    CREATED,
    Column("URI", "dim", show=uri_of),
)


@command(
    app,
    "list",
    examples=(
        "headwater artifacts list",
        "headwater artifacts list --type Model --state LIVE",
        "headwater artifacts list --context nightly --limit 0 --json",
        "headwater artifacts list --type Model --state LIVE --as-of 2026-03-01",
    ),
)
def list_artifacts(
    call: Call,
    *,
    type: TypeOption = None,
    context: ContextOption = None,
    state: Annotated[
        ArtifactStates | None, typer.Option("--state", help="Only in this state.")
    ] = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    limit: LimitOption = 20,
    page: PageOption = "",
    sort: SortOption = Order.CREATED,
    ascending: AscendingOption = False,
) -> None:
    """List artifacts, newest first, as they are or as they were at a time."""
    from headwater_schema import ArtifactState, TypeKind  # noqa: PLC0415 - slow to import

    options = list_options(limit=limit, page=page, sort=sort, ascending=ascending)
    with call.store() as store:
        check_type(store, TypeKind.ARTIFACT, type)
        within = context_id(store, context, as_of=as_of, known_at=known_at)
        wanted = None if state is None else ArtifactState(state)
        found = listed(
            store.artifacts,
            options,
            limit=limit,
            as_of=as_of,
            known_at=known_at,
            type_name=type,
            context_id=within,
            state=wanted,
        )
    if call.json:
        call.screen.answer(found.answer("artifacts", [node_json(node) for node in found.nodes]))
        return
    call.screen.table(COLUMNS, [row_of(node) for node in found.nodes])
    say_count(call, found, "artifact")


@command(
    app,
    "show",
    examples=(
        "headwater artifacts show clf",
        "headwater artifacts show clf@3 --json",
        "headwater artifacts show artifact:7",
        "headwater artifacts show s3://bucket/data.csv",
    ),
)
def show_artifact(
    call: Call,
    name: Annotated[
        str,
        typer.Argument(
            help="A name, a series (its latest), a uri, a digest, an id or artifact:ID."
        ),
    ],
    *,
    type: WhichTypeOption = None,
) -> None:
    """Show an artifact: properties, contexts, events, and the versions of its series."""
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    with call.store() as store:
        node = find(store, TypeKind.ARTIFACT, name, type_name=type)
        contexts = store.edges.contexts_of_artifact(node.id)
        events = store.edges.events_of_artifacts([node.id])
        executions = store.executions.by_ids({event.execution_id for event in events})
        versions = (
            []
            if node.series is None
            else store.artifacts.versions(node.series, type_name=node.type)
        )
    if call.json:
        call.screen.answer(
            {
                "artifact": node_json(node),
                "contexts": [node_json(context) for context in contexts],
                "events": events_json(events),
                "versions": [node_json(version) for version in versions],
            }
        )
        return
    show_title(call, node)
    call.screen.fields(_fields(call, node))
    show_properties(call, node)
    show_contexts(call, "Contexts", contexts)
    show_events(call, events, {e.id: e for e in executions if e.id is not None}, by_artifact=True)
    if versions:
        call.screen.heading(f"Versions of {node.series}")
        call.screen.table(COLUMNS, [row_of(version) for version in versions])


@command(
    app,
    "delete",
    examples=(
        "headwater artifacts delete clf@3 --reason 'trained on leaked labels'",
        "headwater artifacts delete artifact:7",
    ),
)
def delete_artifact(
    call: Call,
    name: Annotated[str, typer.Argument(help="A whole name, an id or artifact:ID.")],
    *,
    type: WhichTypeOption = None,
    reason: ReasonOption = "",
) -> None:
    """Delete an artifact: its properties go, and its name is free again.

    Its id, type and edges stay: lineage through it is whole, and shows it as DELETED.
    """
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    delete_node(call, TypeKind.ARTIFACT, name, type_name=type, reason=reason)


@command(app, "rename", examples=("headwater artifacts rename train-set 'train set 2025'",))
def rename(
    call: Call,
    name: Annotated[str, typer.Argument(help="A whole name, an id or artifact:ID.")],
    new_name: Annotated[str, typer.Argument(help="What no other artifact of its type has.")],
    *,
    type: WhichTypeOption = None,
    reason: ReasonOption = "",
) -> None:
    """Give an artifact another name. Versions of a series, such as clf@3, keep theirs."""
    rename_artifact(call, name, new_name, type_name=type, reason=reason)


def row_of(node: Any) -> tuple[object, ...]:  # noqa: ANN401 - an artifact
    """Return an artifact as a row of the columns."""
    return (
        node.id,
        node.name,
        node.type,
        node.state,
        node.size_bytes,
        time_of(node.create_time_since_epoch),
        node.uri,
    )


def _fields(call: Call, node: Any) -> list[tuple[str, object]]:  # noqa: ANN401 - an artifact
    size = node.size_bytes
    if call.screen.is_terminal and size is not None:
        size = f"{size_of(size)} ({size:,} bytes)" if size >= _EXACT_BYTES else f"{size} bytes"
    return [
        ("name", node.name),
        state_field(node.state),
        ("uri", node.uri or None),
        ("digest", node.digest),
        ("size", None if size is None else text_of(size)),
        *show_times(node),
    ]
