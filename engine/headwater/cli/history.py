"""History: what was changed, by whom and why; and taking back what turned out not to be so."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command
from headwater.cli.choices import EventTypes
from headwater.cli.nodes import ReasonOption
from headwater.cli.screen import Column
from headwater.cli.wording import json_ready, text_of, time_of

if TYPE_CHECKING:
    from headwater.services.history import RecordedChange

_SHOWN = 6
_COLUMNS = (
    Column("RECORDED", "dim", whole=True),
    Column("CHANGE", "bold cyan", whole=True),
    Column("BY"),
    Column("WHY"),
    Column("WHAT"),
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "history",
        examples=(
            "headwater history clf@3",
            "headwater history --since 2026-11-01 --limit 20",
            "headwater history execution:3 --json",
        ),
    )(show_history)
    command(
        app,
        "retract",
        examples=(
            "headwater retract raw@1 execution:3 --reason 'read another table'",
            "headwater retract clf@3 context:2",
        ),
    )(retract)


def show_history(
    call: Call,
    name: Annotated[
        str | None,
        typer.Argument(help="As in lineage, or context:ID; without it, of all."),
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Recorded then or later; ISO 8601."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Recorded then or before.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, help="Most to show at once.")] = 50,
) -> None:
    """Show what was changed, the latest first: when, by whom, why, and what from what to what.

    Of a node, all that changed it after its making.
    """
    with call.store() as store:
        if name is None:
            found = store.changes(since=since, until=until, limit=limit + 1)
        else:
            found = store.changes_of(name)[: limit + 1]
    more, found = len(found) > limit, found[:limit]
    if call.json:
        call.screen.answer({"changes": [_json(change) for change in found], "complete": not more})
        return
    call.screen.table(_COLUMNS, [_row(change) for change in found])
    if more:
        last = time_of(found[-1].recorded_at)
        call.screen.say(f"there are more: --limit {2 * limit}, or --until {last}", style="yellow")


def retract(
    call: Call,
    a: Annotated[str, typer.Argument(help="An artifact or execution, as in lineage.")],
    b: Annotated[str, typer.Argument(help="What it is linked with; also context:ID.")],
    *,
    event_type: Annotated[
        EventTypes | None,
        typer.Option("--event", metavar="TYPE", help="Which event, where there are several."),
    ] = None,
    reason: ReasonOption = "",
) -> None:
    """Take back that data flowed between two nodes, or that a node belongs to a context.

    The present graph is without it from now on; what was known before stays in the history.
    """
    from headwater_schema import EventType  # noqa: PLC0415 - slow to import

    with call.store() as store:
        chosen = None if event_type is None else EventType(event_type.value)
        store.retract(a, b, event_type=chosen, reason=reason)
    call.screen.say(f"retracted: {a} - {b}")


def _row(change: "RecordedChange") -> tuple[object, ...]:
    return (
        time_of(change.recorded_at),
        change.operation,
        change.actor,
        change.reason,
        "; ".join(_told(change)),
    )


def _told(change: "RecordedChange") -> list[str]:
    """Return what changed, in a few words each."""
    told = []
    for element, before, after in change.changes[:_SHOWN]:
        named = ":".join(text_of(part) for part in element.key)
        subject = f"{element.kind.lower()}:{named}"
        if before is None:
            told.append(f"+ {subject}")
        elif after is None:
            told.append(f"- {subject}")
        else:
            keys = sorted(
                key
                for key in before.keys() | after.keys()
                if before.get(key) != after.get(key) and key not in _KEPT
            )
            what = ", ".join(
                f"{key} {text_of(before.get(key)) or '-'} → {text_of(after.get(key)) or '-'}"
                for key in keys
            )
            told.append(f"{subject} {what}")
    more = len(change.changes) - _SHOWN
    return [*told, *([f"and {more} more"] if more > 0 else [])]


_KEPT = {"recorded_at", "revision", "valid_at", "last_update_time_since_epoch"}


def _json(change: "RecordedChange") -> dict[str, Any]:
    return {
        "id": change.id,
        "operation": change.operation,
        "recorded_at": change.recorded_at,
        "valid_at": change.valid_at,
        "actor": change.actor,
        "reason": change.reason,
        "request_id": change.request_id,
        "digest": change.digest,
        "changes": [
            {
                "element": [str(element.kind), *element.key],
                "before": _values(before),
                "after": _values(after),
            }
            for element, before, after in change.changes
        ],
    }


def _values(stored: Any) -> Any:  # noqa: ANN401 - a map of stored values, or None
    from headwater_schema.change_values import ERASED  # noqa: PLC0415 - slow to import

    if stored is None:
        return None
    return {
        key: {"erased": True} if value is ERASED else json_ready(value)
        for key, value in stored.items()
    }
