"""Executions: list them with their signs of life, and show one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, group, refuse
from headwater.cli.choices import ExecutionStates, Order
from headwater.cli.nodes import (
    AscendingOption,
    AsOfOption,
    ContextOption,
    KnownAtOption,
    LimitOption,
    Listed,
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
    say_count,
    show_contexts,
    show_events,
    show_properties,
    show_times,
    show_title,
    state_field,
    state_of,
)
from headwater.cli.screen import CREATED, ID, NAME, STATE, Column, state_text
from headwater.cli.wording import time_of

if TYPE_CHECKING:
    from headwater import MetadataStore

app = group("executions", "Runs of steps: what ran, with which parameters, how it ended.")

_RUNNING = "RUNNING"
_COLUMNS = (
    ID,
    NAME,
    Column("TYPE", "green"),
    STATE,
    Column("HEARTBEAT", "state"),
    CREATED,
)


@command(
    app,
    "list",
    examples=(
        "headwater executions list",
        "headwater executions list --state FAILED --type Train",
        "headwater executions list --stale",
    ),
)
def list_executions(
    call: Call,
    *,
    type: TypeOption = None,
    context: ContextOption = None,
    state: Annotated[
        ExecutionStates | None, typer.Option("--state", help="Only in this state.")
    ] = None,
    stale: Annotated[
        bool,
        typer.Option("--stale", help="Only RUNNING ones whose heartbeat has stopped; shows all."),
    ] = False,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    limit: LimitOption = 20,
    page: PageOption = "",
    sort: SortOption = Order.CREATED,
    ascending: AscendingOption = False,
) -> None:
    """List executions, newest first, with the last sign of life of those that run."""
    from headwater_schema import ExecutionState, TypeKind  # noqa: PLC0415 - slow to import

    if stale and (state not in (None, ExecutionStates.RUNNING) or context or page):
        raise refuse("--stale does not go with --context or --page, nor with another --state.")
    if stale and (as_of or known_at):
        raise refuse("--stale is about now; it does not go with --as-of or --known-at.")
    options = list_options(limit=limit, page=page, sort=sort, ascending=ascending)
    with call.store() as store:
        check_type(store, TypeKind.EXECUTION, type)
        within = context_id(store, context, as_of=as_of, known_at=known_at)
        wanted = None if state is None else ExecutionState(state)
        if stale:
            found = Listed(stale_executions(store, type_name=type))
        else:
            found = listed(
                store.executions,
                options,
                limit=limit,
                as_of=as_of,
                known_at=known_at,
                type_name=type,
                context_id=within,
                state=wanted,
            )
        beats = Beats(store) if any(_runs(node) for node in found.nodes) else None
    if call.json:
        rows = [{**node_json(node), "heartbeat": _beat_json(node, beats)} for node in found.nodes]
        call.screen.answer(found.answer("executions", rows))
        return
    call.screen.table(_COLUMNS, [_row(node, beats) for node in found.nodes])
    say_count(call, found, "execution")


@command(
    app,
    "show",
    examples=("headwater executions show 3", "headwater executions show execution:3 --json"),
)
def show_execution(
    call: Call,
    name: Annotated[str, typer.Argument(help="A name, an id or execution:ID.")],
    *,
    type: WhichTypeOption = None,
) -> None:
    """Show an execution: parameters, contexts, inputs and outputs, last sign of life."""
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    with call.store() as store:
        node = find(store, TypeKind.EXECUTION, name, type_name=type)
        contexts = store.edges.contexts_of_execution(node.id)
        events = store.edges.events_of_executions([node.id])
        artifacts = store.artifacts.by_ids({event.artifact_id for event in events})
        beats = Beats(store) if _runs(node) else None
    if call.json:
        call.screen.answer(
            {
                "execution": node_json(node),
                "heartbeat": _beat_json(node, beats),
                "contexts": [node_json(context) for context in contexts],
                "events": events_json(events),
            }
        )
        return
    show_title(call, node)
    call.screen.fields(
        [
            ("name", node.name),
            state_field(state_of(node)),
            ("heartbeat", state_text(_beat_text(node, beats))),
            *show_times(node),
        ]
    )
    show_properties(call, node)
    show_contexts(call, "Contexts", contexts)
    show_events(call, events, {a.id: a for a in artifacts if a.id is not None}, by_artifact=False)


@command(
    app,
    "delete",
    examples=("headwater executions delete execution:3",),
)
def delete_execution(
    call: Call,
    name: Annotated[str, typer.Argument(help="A name, an id or execution:ID.")],
    *,
    type: WhichTypeOption = None,
    reason: ReasonOption = "",
) -> None:
    """Delete an execution: its properties go, and its name is free again.

    Its id, type and edges stay: lineage through it is whole, and shows it as DELETED.
    """
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    delete_node(call, TypeKind.EXECUTION, name, type_name=type, reason=reason)


class Beats:
    """The heartbeats of one namespace, read once."""

    def __init__(self, store: "MetadataStore") -> None:
        self.by_execution = {beat.execution_id: beat for beat in store.heartbeats.all()}


def stale_executions(store: "MetadataStore", *, type_name: str | None = None) -> list[Any]:
    """Return the RUNNING executions whose heartbeat has stopped, by id."""
    ids = [beat.execution_id for beat in store.heartbeats.stale()]
    nodes = store.executions.by_ids(ids)
    return [node for node in nodes if _runs(node) and type_name in (None, node.type)]


def _runs(node: Any) -> bool:  # noqa: ANN401 - an execution
    return state_of(node) == _RUNNING


def _row(node: Any, beats: Beats | None) -> tuple[object, ...]:  # noqa: ANN401 - an execution
    created = time_of(node.create_time_since_epoch)
    beat = _beat_text(node, beats)
    return (node.id, node.name, node.type, state_of(node), beat, created)


def _beat_text(node: Any, beats: Beats | None) -> str | None:  # noqa: ANN401 - an execution
    if beats is None or not _runs(node):
        return None
    beat = beats.by_execution.get(node.id)
    if beat is None:
        return "unknown"
    return f"stale since {time_of(beat.time)}" if beat.is_stale else "alive"


def _beat_json(node: Any, beats: Beats | None) -> dict[str, Any] | None:  # noqa: ANN401 - an execution
    beat = None if beats is None or not _runs(node) else beats.by_execution.get(node.id)
    if beats is None or beat is None:
        return None
    return {**beat._asdict(), "stale": beat.is_stale}
