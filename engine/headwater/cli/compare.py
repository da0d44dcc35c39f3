"""Compare: why two nodes differ, and many runs side by side."""

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, refuse, write_file
from headwater.cli.lineage import DotOption, SvgOption
from headwater.cli.screen import Column

if TYPE_CHECKING:
    from headwater.query.comparison import Comparison

_SHOWN = 50
_WIDE = 160

IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", metavar="PATTERN", help="Pass over properties of such names; may be repeated."
    ),
]
MostOption = Annotated[
    int, typer.Option("--most", min=1, metavar="N", help="How many lines to show.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "diff",
        examples=(
            "headwater diff clf@1 clf@2",
            "headwater diff execution:3 execution:9 --ignore host --json",
            "headwater diff context:2 context:5 --svg difference.svg",
            "headwater diff clf clf --as-of-left 2026-03-01",
            "headwater diff clf@1 clf@1 --known-at-left 2026-03-01T12:00",
        ),
    )(show_difference)
    command(
        app,
        "compare",
        examples=(
            "headwater compare execution:3 execution:9",
            "headwater compare --type Train --limit 20 --sort accuracy --varying",
            "headwater compare --context nightly --csv > runs.csv",
        ),
    )(show_comparison)


def show_difference(
    call: Call,
    left: Annotated[str, typer.Argument(help="A model, run or context, as in lineage.")],
    right: Annotated[str, typer.Argument(help="Another one of the same kind.")],
    *,
    ignore: IgnoreOption = None,
    most: MostOption = _SHOWN,
    as_of_left: Annotated[
        str | None,
        typer.Option("--as-of-left", metavar="TIME", help="The left one as it was then."),
    ] = None,
    as_of_right: Annotated[
        str | None,
        typer.Option("--as-of-right", metavar="TIME", help="The right one as it was then."),
    ] = None,
    known_at_left: Annotated[
        str | None,
        typer.Option("--known-at-left", metavar="TIME", help="The left one as it was known then."),
    ] = None,
    known_at_right: Annotated[
        str | None,
        typer.Option("--known-at-right", metavar="TIME", help="The right one, likewise."),
    ] = None,
    svg: SvgOption = None,
    dot: DotOption = None,
) -> None:
    """Show why two nodes differ, with all that they came from, the earliest divergence first.

    What only tells runs apart (ids, times, generated names) is passed over, and counted. A CACHED
    execution is no difference: what made an artifact is the execution that ran. What ended at
    equal bytes on both sides has no effect, and comes after what has.
    """
    with call.store() as store:
        found = store.diff(
            left,
            right,
            ignore=ignore or (),
            as_of=(as_of_left, as_of_right),
            known_at=(known_at_left, known_at_right),
        )
    for path, draw in ((svg, found.to_svg), (dot, found.to_dot)):
        if path is not None:
            write_file(call, path, draw())
    if call.json:
        call.screen.answer(found.as_dict())
    elif svg is None and dot is None:
        call.screen.draw(found.table(most=most), width=_WIDE)


def show_comparison(
    call: Call,
    runs: Annotated[
        list[str] | None, typer.Argument(help="Executions, by name or execution:ID.")
    ] = None,
    *,
    context: Annotated[
        str | None, typer.Option("--context", "-c", metavar="NAME", help="Those of a context.")
    ] = None,
    type: Annotated[
        str | None, typer.Option("--type", "-t", metavar="TYPE", help="Those of a type.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="The newest N of a context or type."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="COLUMN", help="The largest of it first.")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="The smallest first.")] = False,
    varying: Annotated[
        bool, typer.Option("--varying", help="Without columns that are the same in all runs.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV on stdout.")] = False,
) -> None:
    """Compare runs: their parameters, metrics and inputs as one table.

    Without --limit every run of the context or type is there.
    """
    if bool(runs) == (context is not None or type is not None):
        raise refuse("Give either RUNs, or --context or --type.")
    if csv and call.json:
        raise refuse("--json and --csv do not go together.")
    with call.store() as store:
        found = store.compare(
            runs or None, context=context, type=type, limit=limit, only_varying=varying
        )
    if sort is not None:
        found = found.sorted_by(sort, descending=not ascending)
    _write(call, found, csv=csv)
    for note in found.notes():
        call.screen.say(note)


def _write(call: Call, found: "Comparison", *, csv: bool) -> None:
    if call.json:
        call.screen.answer(found.as_dict())
    elif csv:
        call.screen.write(found.to_csv())
    else:
        titles = [Column("RUN", "bold green"), *(Column(str(c)) for c in found.columns)]
        rows = [[run.title, *(run.cells.get(c) for c in found.columns)] for run in found.runs]
        call.screen.table(titles, rows)
