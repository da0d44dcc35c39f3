"""Finding: nodes by a selection of the lineage, and by the words that they hold."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command
from headwater.cli.choices import Kind
from headwater.cli.exits import exit_code
from headwater.cli.screen import ID, NAME, STATE, Column
from headwater.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headwater_schema import TypeKind

_KIND = Column("KIND", "dim")
_TYPE = Column("TYPE")
_SELECTED = (_KIND, ID, _TYPE, NAME, STATE)
_HITS = (_KIND, ID, _TYPE, NAME, STATE, Column("URI", "dim"))

CursorOption = Annotated[
    str | None,
    typer.Option("--cursor", metavar="TOKEN", help="Go on where --limit cut, with the same TEXT."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "select",
        examples=(
            "headwater select '+model:clf'",
            "headwater select 'raw:wine+ and +model:clf'",
            "headwater select '2+clf and not state:LIVE' --events --json",
        ),
    )(select_nodes)
    command(
        app,
        "search",
        examples=(
            "headwater search clf",
            "headwater search '\"nice model\" wine' --type Model",
            "headwater search 2024-01 --kind artifact --json",
        ),
    )(search_nodes)


def select_nodes(
    call: Call,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A selection, as in docs/selection.md.")
    ],
    *,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="TIME", help="Only edges that had happened by then."),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="TIME", help="Only edges as they were known then."),
    ] = None,
    events: Annotated[
        bool, typer.Option("--events", help="Also the events between selected nodes.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many nodes.")
    ] = None,
    cursor: CursorOption = None,
) -> None:
    """Show the artifacts and executions that a selection means.

    +x is x and all upstream of it, x+ all downstream, 2+x two layers; and, or, not, roots(x),
    sinks(x) and parentheses combine. A word is a NAME, TYPE:NAME, type:, kind:, context:,
    state: or uri:, a star in it any characters; quote what holds blanks.
    """
    with call.store() as store, _place_shown(call):
        answer = store.select(
            text, as_of=as_of, known_at=known_at, events=events, limit=limit, cursor=cursor
        )
    if call.json:
        call.screen.answer(answer.as_dict())
    else:
        call.screen.table(_SELECTED, [(n.kind.lower(), *n[1:]) for n in answer.nodes])
        for event in answer.events:
            call.screen.line((f"{event.source} -> {event.target}", ""), (f"  {event.type}", "dim"))
    if answer.cursor is not None:
        _say_more(call, answer.left_out, answer.cursor)


def search_nodes(
    call: Call,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help='Words, and "words side by side" in quotes.')
    ],
    *,
    kind: Annotated[
        list[Kind] | None,
        typer.Option("--kind", help="Only of this kind; may be repeated.", case_sensitive=False),
    ] = None,
    type: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only of this type; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    cursor: CursorOption = None,
) -> None:
    """Show the nodes that hold every word of a text, the best first.

    Names, uris, types and descriptions are searched. The last word may go on: cl finds clf.
    The first search of a database makes the index, which takes a while in a large one.
    """
    with call.store() as store:
        found = store.search(
            text,
            kinds=[one.upper() for one in kind] if kind else None,
            types=type or None,
            limit=limit,
            cursor=cursor,
        )
    if call.json:
        call.screen.answer(found.as_dict())
    else:
        rows = [(h.kind.lower(), h.id, h.type, h.name, h.state, h.uri) for h in found.hits]
        call.screen.table(_HITS, rows)
    if found.cursor is not None:
        _say_more(call, found.left_out, found.cursor)


@contextmanager
def _place_shown(call: Call) -> "Iterator[None]":
    """Tell an error that shows a place in the text over several lines, so that the caret fits."""
    try:
        yield
    except (InvalidArgument, NotFound) as error:
        if "column" not in error.values:
            raise
        problem, *lines = error.message.rstrip().split("\n")
        call.screen.say(f"error: {problem}", style="bold red")
        for line in lines:
            call.screen.say(line, style="")
        if error.hint:
            call.screen.say(error.hint, style="")
        raise typer.Exit(exit_code(error)) from error


def _say_more(call: Call, left_out: "Mapping[TypeKind, Mapping[str, int]]", cursor: str) -> None:
    counted = ", ".join(
        f"{count:,} {type_name}"
        for counts in left_out.values()
        for type_name, count in counts.items()
    )
    call.screen.say(
        f"incomplete, {counted} left out; go on with the same text and --cursor {cursor}",
        style="yellow",
    )
