"""Contexts: list them, and show one with what it holds."""

from typing import Annotated, Any

import typer

from headwater.cli.artifacts import COLUMNS as ARTIFACT_COLUMNS
from headwater.cli.artifacts import row_of
from headwater.cli.call import Call, command, group
from headwater.cli.choices import Order
from headwater.cli.nodes import (
    CONTEXT_COLUMNS,
    AscendingOption,
    AsOfOption,
    KnownAtOption,
    LimitOption,
    PageOption,
    ReasonOption,
    SortOption,
    TypeOption,
    WhichTypeOption,
    check_type,
    delete_node,
    find,
    list_options,
    listed,
    node_json,
    say_count,
    show_contexts,
    show_properties,
    show_times,
    show_title,
    state_field,
    state_of,
)
from headwater.cli.screen import CREATED, ID, NAME, STATE, Column
from headwater.cli.wording import time_of

app = group("contexts", "Groups of artifacts and executions: pipelines, runs, experiments.")

_EXECUTION_COLUMNS = (ID, NAME, Column("TYPE", "green"), STATE, CREATED)
_HELD = 20


@command(
    app,
    "list",
    examples=("headwater contexts list", "headwater contexts list --type Pipeline --json"),
)
def list_contexts(
    call: Call,
    *,
    type: TypeOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    limit: LimitOption = 20,
    page: PageOption = "",
    sort: SortOption = Order.CREATED,
    ascending: AscendingOption = False,
) -> None:
    """List contexts, newest first."""
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    options = list_options(limit=limit, page=page, sort=sort, ascending=ascending)
    with call.store() as store:
        check_type(store, TypeKind.CONTEXT, type)
        found = listed(
            store.contexts, options, limit=limit, as_of=as_of, known_at=known_at, type_name=type
        )
    if call.json:
        call.screen.answer(found.answer("contexts", [node_json(node) for node in found.nodes]))
        return
    rows = [
        (n.id, n.name, n.type, state_of(n), time_of(n.create_time_since_epoch)) for n in found.nodes
    ]
    call.screen.table((*CONTEXT_COLUMNS, STATE, CREATED), rows)
    say_count(call, found, "context")


@command(
    app,
    "show",
    examples=("headwater contexts show nightly", "headwater contexts show context:2 --json"),
)
def show_context(
    call: Call,
    name: Annotated[str, typer.Argument(help="A name, an id or context:ID.")],
    *,
    type: WhichTypeOption = None,
) -> None:
    """Show a context: properties, parents and children, and the newest of what it holds."""
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    options = list_options(limit=_HELD, page="", sort=Order.CREATED, ascending=False)
    with call.store() as store:
        node = find(store, TypeKind.CONTEXT, name, type_name=type)
        parents = store.edges.parents([node.id]).get(node.id, [])
        children = store.edges.children([node.id]).get(node.id, [])
        artifacts = store.artifacts.page(options, context_id=node.id)
        executions = store.executions.page(options, context_id=node.id)
    if call.json:
        call.screen.answer(
            {
                "context": node_json(node),
                "parents": [node_json(parent) for parent in parents],
                "children": [node_json(child) for child in children],
                "artifacts": _page_json(artifacts),
                "executions": _page_json(executions),
            }
        )
        return
    show_title(call, node)
    call.screen.fields([("name", node.name), state_field(state_of(node)), *show_times(node)])
    show_properties(call, node)
    show_contexts(call, "Parents", parents)
    show_contexts(call, "Children", children)
    _show_held(call, node, noun="artifacts", columns=ARTIFACT_COLUMNS, page=artifacts, row=row_of)
    _show_held(
        call,
        node,
        noun="executions",
        columns=_EXECUTION_COLUMNS,
        page=executions,
        row=_execution_row,
    )


@command(
    app,
    "delete",
    examples=("headwater contexts delete nightly",),
)
def delete_context(
    call: Call,
    name: Annotated[str, typer.Argument(help="A name, an id or context:ID.")],
    *,
    type: WhichTypeOption = None,
    reason: ReasonOption = "",
) -> None:
    """Delete a context: its properties go, and its name is free again.

    Its id, type and edges stay: lineage through it is whole, and shows it as DELETED.
    """
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    delete_node(call, TypeKind.CONTEXT, name, type_name=type, reason=reason)


def _show_held(call: Call, node: Any, *, noun: str, columns: Any, page: Any, row: Any) -> None:  # noqa: ANN401 - of either kind
    if not page.items:
        return
    call.screen.heading(noun.capitalize())
    call.screen.table(columns, [row(item) for item in page.items])
    if page.next_page_token:
        call.screen.say(
            f"the newest {len(page.items)} {noun} are shown, there are more: "
            f"headwater {noun} list --context context:{node.id}"
        )


def _execution_row(node: Any) -> tuple[object, ...]:  # noqa: ANN401 - an execution
    created = time_of(node.create_time_since_epoch)
    return (node.id, node.name, node.type, node.last_known_state, created)


def _page_json(page: Any) -> dict[str, Any]:  # noqa: ANN401 - a page of either kind
    return {
        "items": [node_json(item) for item in page.items],
        "next_page_token": page.next_page_token or None,
    }
