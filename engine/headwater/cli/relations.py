"""Relations: ways between nodes, what they have in common, and runs that are alike."""

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, group, pair_of, refuse
from headwater.cli.choices import Share
from headwater.cli.exits import ExitCode
from headwater.cli.nodes import AsOfOption, KnownAtOption
from headwater.cli.screen import CREATED, NAME, STATE, Column
from headwater.cli.wording import time_of

if TYPE_CHECKING:
    from headwater.query.causes import CommonAncestor
    from headwater.query.run_lists import RunList

_KEY = Column("KEY", "dim", whole=True)
_TYPE = Column("TYPE")
_RUNS = (_KEY, _TYPE, NAME, STATE, CREATED)
_ANCESTORS = (
    _KEY,
    _TYPE,
    NAME,
    STATE,
    Column("HEALTHY", right=True),
    Column("FURTHEST", right=True),
    CREATED,
)

LimitOption = Annotated[int, typer.Option("--limit", "-l", min=1, help="Most to show at once.")]
CursorOption = Annotated[
    str | None, typer.Option("--cursor", metavar="TOKEN", help="Go on where a list was cut.")
]
NodesArgument = Annotated[list[str] | None, typer.Argument(help="Nodes, as in lineage.")]

runs_app = group("runs", "Runs that used a value or a commit, and runs that are alike.")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "paths",
        examples=("headwater paths raw@1 clf@3", "headwater paths raw@1 clf@3 -k 10 --json"),
    )(show_paths)
    command(
        app,
        "common",
        examples=(
            "headwater common clf@3 clf@4",
            "headwater common clf@3 clf@4 --healthy clf@1 --type Dataset",
        ),
    )(show_common)
    app.add_typer(runs_app)


def show_paths(
    call: Call,
    a: Annotated[str, typer.Argument(help="Where data came from, as in lineage.")],
    b: Annotated[str, typer.Argument(help="Where it went.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 3,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
) -> None:
    """Show the shortest ways of data from one node to another, the shortest first.

    Says "no path" and exits with 1 where there is none.
    """
    with call.store() as store:
        answer = store.paths(a, b, k, as_of=as_of, known_at=known_at)
    if call.json:
        call.screen.answer(answer.as_dict())
    elif answer:
        for path in answer:
            call.screen.write(f"{path}\n")
        if not answer.complete:
            others = "others" if answer.total is None else f"{answer.total - len(answer):,} others"
            call.screen.say(f"there are {others}: -k {2 * k}", style="yellow")
    else:
        call.screen.line(("no path", "yellow"))
    if not answer:
        raise typer.Exit(ExitCode.NO)


def show_common(
    call: Call,
    nodes: NodesArgument = None,
    *,
    healthy: Annotated[
        list[str] | None,
        typer.Option("--healthy", metavar="NAME", help="One that is well; may be repeated."),
    ] = None,
    type: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only of this type; may be repeated."),
    ] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
) -> None:
    """Show what all the nodes came from, the most specific first: what failing models share.

    First what fewest of the healthy nodes came from, then the nearest. Also says what of it
    changed last.
    """
    if (not nodes) == (cursor is None):
        raise refuse("Give either nodes or --cursor.")
    with call.store() as store:
        change = None
        if cursor is not None:
            answer = store.causes.resume(cursor, limit=limit)
        else:
            answer = store.common_ancestors(
                *(nodes or ()),
                healthy=healthy or (),
                types=type,
                limit=limit,
                as_of=as_of,
                known_at=known_at,
            )
            change = store.most_recent_common_change(*(nodes or ()), as_of=as_of, known_at=known_at)
    if call.json:
        told = None if change is None else change.as_dict()
        call.screen.answer({**answer.as_dict(), "most_recent_change": told})
        return
    call.screen.table(_ANCESTORS, [_ancestor_row(each) for each in answer.ancestors])
    if change is not None:
        call.screen.say(f"changed last: {change.why}")
    if answer.cursor is not None:
        call.screen.say(f"there are more: --cursor {answer.cursor}", style="yellow")


def _ancestor_row(ancestor: "CommonAncestor") -> tuple[object, ...]:
    node = ancestor.node
    return (
        str(node.key),
        node.type,
        node.name,
        node.state,
        ancestor.healthy,
        ancestor.greatest_distance,
        time_of(ancestor.create_time_since_epoch),
    )


@command(
    runs_app,
    "with",
    examples=(
        "headwater runs with --parameter learning_rate=0.1",
        "headwater runs with --code 4f2a91c",
    ),
)
def show_runs_with(
    call: Call,
    *,
    parameter: Annotated[
        str | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="The value is JSON where it can be, else text.",
        ),
    ] = None,
    code: Annotated[
        str | None, typer.Option("--code", metavar="COMMIT", help="7 or more of its digits.")
    ] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
) -> None:
    """Show the runs that used a parameter's value, or the code of a commit; newest first."""
    asked = None if parameter is None else pair_of(parameter, "NAME=VALUE")
    with call.store() as store:
        if cursor is not None:
            answer = store.run_questions.resume(cursor, limit=limit)
        else:
            answer = store.runs_with(
                parameter=asked, code=code, limit=limit, as_of=as_of, known_at=known_at
            )
    _show(call, answer)


@command(
    runs_app,
    "siblings",
    examples=(
        "headwater runs siblings execution:3",
        "headwater runs siblings execution:3 --by inputs",
    ),
)
def show_siblings(
    call: Call,
    run: Annotated[str, typer.Argument(help="A name or execution:ID.")],
    *,
    by: Annotated[Share, typer.Option("--by", help="What they share.")] = Share.CONTEXT,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
) -> None:
    """Show other runs of the same type that share a context or an input with it; newest first."""
    with call.store() as store:
        if cursor is not None:
            answer = store.run_questions.resume(cursor, limit=limit)
        else:
            answer = store.siblings(run, by.value, limit=limit, as_of=as_of, known_at=known_at)
    _show(call, answer)


def _show(call: Call, answer: "RunList") -> None:
    if call.json:
        call.screen.answer(answer.as_dict())
        return
    call.screen.table(
        _RUNS,
        [
            (
                str(run.key),
                run.type,
                run.name,
                run.state,
                time_of(run.create_time_since_epoch),
            )
            for run in answer
        ],
    )
    if answer.cursor is not None:
        call.screen.say(f"{answer.left_out:,} more: --cursor {answer.cursor}", style="yellow")
