"""Interchange: whole stores in from other formats, and out to them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, group
from headwater.cli.exits import ExitCode
from headwater.cli.screen import Column
from headwater.errors import MissingExtra

if TYPE_CHECKING:
    from headwater.interchange.accounting import Report

_imports = group("import", "Bring a whole store in from another format.")
_exports = group("export", "Write a whole namespace in another format.")

_COUNTS = (
    Column("CONTENT", "bold cyan"),
    Column("SOURCE", right=True),
    Column("COPY", right=True),
    Column("LEFT OUT", right=True),
    Column("STATE", "state"),
)
_ODDITIES = (
    Column("CONTENT", "cyan"),
    Column("COUNT", right=True),
    Column("WHAT", show=str),
    Column("FIRST"),
)


def add_to(app: typer.Typer) -> None:
    """Add `import` and `export`."""
    app.add_typer(_imports)
    app.add_typer(_exports)


@command(
    _imports,
    "mlmd",
    examples=(
        "headwater import mlmd sqlite:///metadata.db --namespace tfx --keep-ids",
        "headwater import mlmd mysql+pymysql://user:password@host/metadb",
    ),
)
def import_database(
    call: Call,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="sqlite:///PATH, mysql+pymysql://… or postgresql+psycopg://…"
        ),
    ],
    *,
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="Keep the ids; into an empty namespace only.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Never by an offline load, however large.")
    ] = False,
) -> None:
    """Import a database of ML Metadata, of schema version 8 to 10.

    The database is only read. An import that was interrupted goes on when it is started again
    with the same URL. One of 100,000 nodes and more is loaded offline where the local Neo4j is
    empty; it stands still meanwhile, and ids are kept. At the end both sides are counted; the
    exit code is 1 where they differ.
    """
    try:
        # An extra, which takes a while to import.
        from headwater.interchange.bulk_mlmd import bulk_load_mlmd  # noqa: PLC0415
        from headwater.interchange.mlmd_choice import is_better_offline  # noqa: PLC0415
        from headwater.interchange.mlmd_import import import_mlmd  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error) from error
    settings = call.settings
    if not online and is_better_offline(settings, url, keep_ids=keep_ids):
        report = bulk_load_mlmd(settings, url, namespace=settings.namespace, progress=call.progress)
    else:
        with call.any_store() as store:
            report = import_mlmd(store, url, keep_ids=keep_ids, progress=call.progress)
    _show(call, report)


@command(
    _exports,
    "mlmd",
    examples=("headwater export mlmd sqlite:///metadata.db", "headwater export mlmd metadata.db"),
)
def export_database(
    call: Call,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="sqlite:///PATH of a file that does not exist.")
    ],
) -> None:
    """Export the namespace into a new SQLite file that ML Metadata's clients open.

    What ML Metadata cannot hold is told at the end. Both sides are counted; the exit code is 1
    where they differ.
    """
    try:
        from headwater.interchange.mlmd_export import export_mlmd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _missing(error) from error
    with call.store() as store:
        report = export_mlmd(store, url, progress=call.progress)
    _show(call, report)


def _missing(error: ImportError) -> ImportError:
    if isinstance(error, MissingExtra):
        return error
    return MissingExtra(
        f"This needs a package that is not installed: {error}.",
        hint="Install it: pip install 'headwater[migrate]'",
    )


def _show(call: Call, report: "Report") -> None:
    if call.json:
        counts = [asdict(count) | {"ok": count.ok} for count in report.counts]
        call.screen.answer({**asdict(report), "counts": counts, "ok": report.ok})
    else:
        call.screen.table(
            _COUNTS,
            [
                (c.element, c.source, c.copy, c.left_out, "ok" if c.ok else "fail")
                for c in report.counts
            ],
        )
        if report.oddities:
            call.screen.heading("Not as in the source")
            call.screen.table(
                _ODDITIES, [(o.element, o.count, o.reason, o.examples[0]) for o in report.oddities]
            )
        again = ", gone on with" if report.resumed else ""
        call.screen.say(f"{report.source} to {report.target}: {report.seconds:.1f} s{again}")
    if not report.ok:
        raise typer.Exit(ExitCode.NO)
