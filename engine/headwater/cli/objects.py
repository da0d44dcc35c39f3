"""Objects: bytes by the digest of their content."""

import re
import sys
from itertools import dropwhile, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, group, refuse
from headwater.cli.confirm import YesOption, confirm
from headwater.cli.exits import exit_code
from headwater.cli.nodes import LimitOption, Listed, find, say_count
from headwater.cli.screen import Column
from headwater.cli.wording import size_of
from headwater.errors import FailedPrecondition

if TYPE_CHECKING:
    from headwater import MetadataStore
    from headwater.objects import ObjectStore

app = group("objects", "Large objects, kept by the sha256 of their bytes.")

_DIGEST = re.compile(r"(?:sha256:|headwater://sha256/)?[0-9a-f]{64}", re.IGNORECASE)
_CHUNK_BYTES = 1_048_576
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_COUNTS = ("removed", "removed_bytes", "kept", "too_young", "failed")
_COLUMNS = (Column("DIGEST", "cyan"), Column("SIZE", show=size_of, right=True))


@command(
    app,
    "put",
    examples=("headwater objects put model.pkl", "tar c data | headwater objects put -"),
)
def put_object(
    call: Call, file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdin.")]
) -> None:
    """Store a file's bytes and print their digest. Bytes that are there already stay."""
    with call.objects() as objects:
        stored = objects.put(sys.stdin.buffer if file == "-" else Path(file))
    if call.json:
        call.screen.answer(
            {
                "digest": stored.digest,
                "size_bytes": stored.size_bytes,
                "uri": stored.uri,
                "new": stored.new,
            }
        )
        return
    call.screen.line((stored.digest, ""))


@command(
    app,
    "get",
    examples=(
        "headwater objects get clf --output model.pkl",
        "headwater objects get sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 > test",
    ),
)
def get_object(
    call: Call,
    name: Annotated[str, typer.Argument(help="An artifact's name, or a digest.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file; it is replaced."),
    ] = None,
    type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="NAME's type, where several have it."),
    ] = None,
) -> None:
    """Write an object's bytes to stdout or a file, checked against their digest.

    Refuses to write them to a terminal.
    """
    if output is None and call.json:
        raise refuse("--json goes with --output: the bytes themselves go to stdout.")
    if output is None and call.screen.is_terminal:
        raise FailedPrecondition(
            "Bytes are not written to a terminal.", hint="Say --output FILE, or use a pipe."
        )
    if _DIGEST.fullmatch(name):
        with call.objects() as objects:
            _write(call, objects, name, output)
        return
    with call.store() as store:
        _write(call, store.objects, _digest(store, name, type), output)


@command(
    app,
    "list",
    examples=("headwater objects list", "headwater objects list --limit 0 --json"),
)
def list_objects(
    call: Call,
    *,
    limit: LimitOption = 20,
    page: Annotated[
        str,
        typer.Option("--page", "--cursor", metavar="DIGEST", help="Go on where a list was cut."),
    ] = "",
) -> None:
    """List the stored objects, by digest."""
    with call.objects() as objects:
        rest = dropwhile(lambda stored: stored.digest <= page, objects.list())
        found = list(islice(rest, limit + 1 if limit else None))
    shown = found[:limit] if limit else found
    token = shown[-1].digest if len(found) > len(shown) else ""
    if call.json:
        rows = [{"digest": o.digest, "size_bytes": o.size_bytes, "uri": o.uri} for o in shown]
        call.screen.answer({"objects": rows, "next_page_token": token or None})
        return
    call.screen.table(_COLUMNS, [(stored.digest, stored.size_bytes) for stored in shown])
    say_count(call, Listed(shown, token), "object")


@command(
    app,
    "gc",
    examples=(
        "headwater objects gc --dry-run",
        "headwater objects gc --older-than 7d --yes",
    ),
)
def collect(
    call: Call,
    *,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="TIME", help="Leave what was put since: 90m, 24h, 7d."
        ),
    ] = "24h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing, say what would be removed.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Remove the objects that nothing in this database refers to, in any namespace.

    Payloads of deleted artifacts are among them. An object store that several databases share
    must not be collected: what only another one refers to would go.
    """
    age_s = _seconds(older_than)
    with call.any_store() as store:
        found = store.collect_garbage(older_than_s=age_s, dry_run=True)
        if not dry_run and found.removed:
            what = f"{found.removed:,} objects, {size_of(found.removed_bytes)}, of {store.objects.location}"
            confirm(call, f"{what} go, to which nothing in this database refers.", "gc", yes=yes)
            found = store.collect_garbage(older_than_s=age_s)
    if call.json:
        call.screen.answer(
            {
                **{name: getattr(found, name) for name in _COUNTS},
                "dry_run": dry_run,
                "failures": [
                    {"digest": digest, "error": str(error)} for digest, error in found.failures
                ],
            }
        )
    else:
        call.screen.fields(
            [
                ("would remove" if dry_run else "removed", found.removed),
                ("size", size_of(found.removed_bytes)),
                ("kept", found.kept),
                ("too young", found.too_young),
                ("failed", found.failed or None),
            ]
        )
    for digest, error in found.failures:
        call.screen.say(f"{digest}: {error}", style="red")
    if found.failures:
        raise typer.Exit(exit_code(found.failures[0][1]))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,7})([smhdw])", text)
    if found is None:
        raise refuse(f"{text!r:.100} is no age.", hint="Use s, m, h, d or w: 90m, 24h, 7d.")
    return int(found[1]) * _UNIT_S[found[2]]


def _digest(store: "MetadataStore", name: str, type_name: str | None) -> str:
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    node = find(store, TypeKind.ARTIFACT, name, type_name=type_name)
    if node.digest is None:
        raise FailedPrecondition(
            f"Artifact {name!r} has no stored payload; its bytes are at "
            f"{repr(node.uri) if node.uri else 'no known place'}.",
            name=name,
        )
    return str(node.digest)


def _write(call: Call, objects: "ObjectStore", digest: str, output: Path | None) -> None:
    if output is not None:
        stored = objects.fetch(digest, output)
        if call.json:
            answer = {"digest": stored.digest, "size_bytes": stored.size_bytes, "path": str(output)}
            call.screen.answer(answer)
        else:
            call.screen.say(f"wrote {output}, {size_of(stored.size_bytes)}")
        return
    with objects.open(digest) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
