"""Lineage: what a node came from, what came of it, and the way between two nodes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, refuse, write_file
from headwater.cli.choices import Form
from headwater.cli.exits import ExitCode
from headwater.cli.nodes import AsOfOption, KnownAtOption
from headwater.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headwater import Lineage, MetadataStore, Question

_COUNTED = {'{"line":"node"': "nodes", '{"line":"edge"': "edges"}
_SHOWN = 20
_INDENT = 4
_LABEL = 60

SvgOption = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Write the drawing to a file.", dir_okay=False),
]
DotOption = Annotated[
    Path | None,
    typer.Option("--dot", metavar="FILE", help="Write Graphviz text to a file.", dir_okay=False),
]
FormOption = Annotated[
    Form | None, typer.Option("--format", help="What to write on stdout; a tree when unset.")
]


UpOption = Annotated[
    bool, typer.Option("--up/--down", help="What it came from, or what came of it.")
]
DepthOption = Annotated[
    int | None,
    typer.Option(
        "--depth",
        "-d",
        min=0,
        metavar="HOPS",
        help="How far to go; artifact to execution is one hop. Without it there is no limit.",
    ),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only nodes of this type; may be repeated."),
]
OfTypeOption = Annotated[
    str | None,
    typer.Option("--of-type", metavar="TYPE", help="NAME's type, where several have it."),
]
BothOption = Annotated[bool, typer.Option("--both", help="What it came from and what came of it.")]
RootsOption = Annotated[bool, typer.Option("--roots", help="Only nodes that nothing leads to.")]
LeavesOption = Annotated[bool, typer.Option("--leaves", help="Only nodes that lead to nothing.")]
StateOption = Annotated[
    list[str] | None,
    typer.Option("--state", metavar="STATE", help="Only in this state; may be repeated."),
]
StopOption = Annotated[
    list[str] | None,
    typer.Option("--stop-at", metavar="TYPE", help="Do not go past nodes of this type."),
]
NodeLimitOption = Annotated[
    int | None, typer.Option("--limit", "-l", min=1, help="Most nodes in one answer.")
]
CursorOption = Annotated[
    str | None,
    typer.Option("--cursor", metavar="TOKEN", help="Go on where --depth cut, without NAME."),
]
UnfoldOption = Annotated[
    bool,
    typer.Option(
        "--unfold",
        help="Draw CACHED executions beside those they stood in for, and environments, too.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "lineage",
        examples=(
            "headwater lineage clf",
            "headwater lineage raw@1 --down --type Model",
            "headwater lineage clf@3 --depth 4 --json",
            "headwater lineage execution:3 --svg lineage.svg",
        ),
    )(show_lineage)
    command(
        app,
        "between",
        examples=(
            "headwater between raw@1 clf@3",
            "headwater between raw@1 clf@3 --known-at 2026-03-01 --json",
        ),
    )(show_between)
    command(
        app,
        "path",
        examples=("headwater path raw@1 clf@3", "headwater path artifact:1 execution:9 --json"),
    )(show_path)


def show_lineage(
    call: Call,
    name: Annotated[
        str | None,
        typer.Argument(help="A name, series, uri or digest; artifact:ID or execution:ID."),
    ] = None,
    *,
    up: UpOption = True,
    depth: DepthOption = None,
    both: BothOption = False,
    type: TypesOption = None,
    of_type: OfTypeOption = None,
    state: StateOption = None,
    roots: RootsOption = False,
    leaves: LeavesOption = False,
    stop_at: StopOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    limit: NodeLimitOption = None,
    cursor: CursorOption = None,
    unfold: UnfoldOption = False,
    form: FormOption = None,
    svg: SvgOption = None,
    dot: DotOption = None,
) -> None:
    """Show what a node came from, or with --down what came of it.

    Without --depth and --limit the answer is complete. Where they cut it, the answer says what
    was left out, and gives a cursor to go on. In the tree a CACHED execution gives way to the one
    whose outputs it took, and an environment is told on the lines of what ran in it; a last line
    counts them. All other forms have everything.
    """
    from headwater import Direction, Stops  # noqa: PLC0415 - slow to import

    if (name is None) == (cursor is None):
        raise refuse("Give either a NAME or --cursor.")
    with call.store() as store:
        _check_types(store, [*(type or []), *(stop_at or [])])
        way = Direction.UPSTREAM if up else Direction.DOWNSTREAM
        question = cursor or store.question(
            Direction.BOTH if both else way,
            [store.key(name or "", type=of_type, as_of=as_of, known_at=known_at)],
            max_hops=depth,
            types=type or None,
            states=state or None,
            roots=roots,
            leaves=leaves,
            stops=Stops(types=tuple(stop_at or ())),
            limit=limit,
            as_of=as_of,
            known_at=known_at,
        )
        if form is Form.NDJSON and limit is None and not call.json:
            _stream(call, store.stream_ndjson(question))
            return
        with call.waiting("asking for the lineage"):
            answer = _answer(store, question, depth=depth, limit=limit, types=type)
        # While the store is open: what was left out is counted when it is told.
        _write(call, answer, form=form, svg=svg, dot=dot, unfold=unfold)
        _tell(call, answer)


def _answer(
    store: "MetadataStore",
    question: "Question | str",
    *,
    depth: int | None,
    limit: int | None,
    types: list[str] | None,
) -> "Lineage":
    if not isinstance(question, str):
        return store.lineage_of(question)
    answer = store.resume(question, max_hops=depth, limit=limit)
    return answer.of_types(types) if types else answer


def show_between(
    call: Call,
    a: Annotated[str, typer.Argument(help="Where data came from, as in lineage.")],
    b: Annotated[str, typer.Argument(help="Where it went.")],
    *,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    unfold: UnfoldOption = False,
    form: FormOption = None,
    svg: SvgOption = None,
    dot: DotOption = None,
) -> None:
    """Show every node on some way of data from one node to another.

    Says "no path" and exits with 1 where there is none. The tree is folded as in lineage.
    """
    with call.store() as store, call.waiting("asking for what lies between"):
        answer = store.between(a, b, as_of=as_of, known_at=known_at)
    if answer or call.json or form is Form.JSON:
        _write(call, answer, form=form, svg=svg, dot=dot, unfold=unfold)
        _tell(call, answer)
    else:
        call.screen.line(("no path", "yellow"))
    if not answer:
        raise typer.Exit(ExitCode.NO)


def show_path(
    call: Call,
    a: Annotated[str, typer.Argument(help="One end, as in lineage.")],
    b: Annotated[str, typer.Argument(help="The other end.")],
    *,
    form: FormOption = None,
    svg: SvgOption = None,
    dot: DotOption = None,
) -> None:
    """Show a shortest way that data took between two nodes, whichever came first.

    Says "no path" and exits with 1 where neither came of the other.
    """
    with call.store() as store, call.waiting("asking for a way"):
        answer = store.path(a, b)
    if answer:
        # One way, on which nothing buries anything.
        _write(call, answer, form=form, svg=svg, dot=dot, unfold=True)
        return
    if call.json or form is Form.JSON:
        call.screen.answer(answer.as_dict())
    else:
        call.screen.line(("no path", "yellow"))
    raise typer.Exit(ExitCode.NO)


def _check_types(store: "MetadataStore", names: list[str]) -> None:
    known = sorted({t.name for t in store.types.all()}) if names else []
    for name in names:
        if name not in known:
            listed = ", ".join(known[:_SHOWN]) or "none"
            more = len(known) - _SHOWN
            tail = f", and {more} more: headwater types list" * (more > 0)
            raise NotFound(f"No type {name!r}.", hint=f"There are: {listed}{tail}.", name=name)


def _left_out(answer: "Lineage") -> str:
    return ", ".join(
        f"{count:,} {type_name}"
        for counts in answer.left_out.values()
        for type_name, count in counts.items()
    )


def _stream(call: Call, lines: "Iterator[str]") -> None:
    """Write lines as they come, holding few of them."""
    with call.waiting("receiving", beside=True) as waiting:
        for line in lines:
            call.screen.write(line)
            if (name := _COUNTED.get(line[:14])) is not None:
                waiting.count(name)


def _tell(call: Call, answer: "Lineage") -> None:
    """Say what an answer may lack, below it."""
    if answer.provisional:
        call.screen.say("provisional: a write that is open may still change it", style="yellow")
    if not answer.complete:
        call.screen.say(
            f"incomplete, {_left_out(answer)} left out; go on: "
            f"headwater lineage --cursor {answer.cursor}",
            style="yellow",
        )


def _write(
    call: Call,
    answer: "Lineage",
    *,
    form: Form | None,
    svg: Path | None,
    dot: Path | None,
    unfold: bool,
) -> None:
    if call.json and form not in (None, Form.JSON):
        raise refuse(f"--json and --format {form} do not go together.")
    for path, draw in ((svg, answer.to_svg), (dot, answer.to_dot)):
        if path is not None:
            write_file(call, path, draw())
    texts = {
        Form.DOT: answer.to_dot,
        Form.SVG: answer.to_svg,
        Form.NDJSON: answer.to_ndjson,
        Form.GRAPHML: answer.to_graphml,
        Form.MERMAID: answer.to_mermaid,
    }
    match Form.JSON if call.json else form:
        case Form.JSON:
            call.screen.answer(answer.as_dict())
        case Form() as chosen if chosen in texts:
            call.screen.write(texts[chosen]())
        case Form.TREE | None if form is not None or (svg is None and dot is None):
            _draw(call, answer, unfold=unfold)
        case _:
            pass


def _draw(call: Call, answer: "Lineage", *, unfold: bool) -> None:
    """Write the tree and, where something is folded into it, what that is."""
    depth = max((node.distance for node in answer.nodes), default=0)
    width = depth * _INDENT + _LABEL
    if unfold:
        call.screen.draw(answer, width=width)
        return
    folded = answer.folded()
    remark = max(map(len, folded.remarks.values()), default=0)
    call.screen.draw(folded, width=width + remark)
    if folded.told:
        call.screen.line((f"{folded.told} folded; --unfold shows them", "dim italic"))
