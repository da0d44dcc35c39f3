"""Nodes: what the commands for artifacts, executions and contexts share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from headwater.cli.call import Call
from headwater.cli.choices import Order
from headwater.cli.screen import ID, NAME, Column, state_text
from headwater.cli.wording import time_of
from headwater.errors import NotFound

if TYPE_CHECKING:
    from headwater import MetadataStore, NodeKey
    from headwater.services.nodes import NodeService
    from headwater_schema import Artifact, Context, Event, Execution, ListOptions, TypeKind

    AnyNode = Artifact | Execution | Context

_PAGE = 1_000

TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only of this type.")
]
WhichTypeOption = Annotated[
    str | None,
    typer.Option("--type", metavar="TYPE", help="Its type, where several have that name."),
]
ContextOption = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="Only of this context, or context:ID."),
]
LimitOption = Annotated[
    int, typer.Option("--limit", "-l", min=0, help="Most to show at once; 0 shows all.")
]
PageOption = Annotated[
    str,
    typer.Option("--page", "--cursor", metavar="TOKEN", help="Go on where a list was cut."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Only what had happened by then; ISO 8601."),
]
KnownAtOption = Annotated[
    str | None,
    typer.Option("--known-at", metavar="TIME", help="As the store knew it then; ISO 8601."),
]
SortOption = Annotated[Order, typer.Option("--sort", help="What to order by.")]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; for the record of changes.")
]
AscendingOption = Annotated[
    bool, typer.Option("--ascending", help="Oldest or lowest first, instead of newest.")
]


def list_options(*, limit: int, page: str, sort: Order, ascending: bool) -> "ListOptions":
    """Return what the options of a list ask for."""
    from headwater_schema import ListOptions, OrderField  # noqa: PLC0415 - slow to import

    order = {
        Order.CREATED: OrderField.CREATE_TIME,
        Order.UPDATED: OrderField.LAST_UPDATE_TIME,
        Order.ID: OrderField.ID,
    }[sort]
    return ListOptions(
        max_result_size=limit or _PAGE, order_by=order, is_asc=ascending, next_page_token=page
    )


class Listed(NamedTuple):
    """Nodes to show, and the token of the next page."""

    nodes: list[Any]
    token: str = ""

    def answer(self, name: str, rows: Sequence[object]) -> dict[str, object]:
        """Return the JSON document of a list."""
        return {name: rows, "next_page_token": self.token or None}


def listed(
    service: "NodeService[Any]",
    options: "ListOptions",
    *,
    limit: int,
    as_of: str | None = None,
    known_at: str | None = None,
    **asked: Any,  # noqa: ANN401 - of `NodeService.page` and `PastNodes.page`, which check it
) -> Listed:
    """Return one page of nodes, or all where the limit is 0, as they are or as they were."""
    is_now = as_of is None and known_at is None
    reads = service if is_now else service.at(as_of=as_of, known_at=known_at)
    page = reads.page(options, **asked)
    nodes = list(page.items)
    while limit == 0 and page.next_page_token:
        page = reads.page(replace(options, next_page_token=page.next_page_token), **asked)
        nodes += page.items
    return Listed(nodes, page.next_page_token)


def say_count(call: Call, found: Listed, noun: str) -> None:
    """Say how many are shown, and how to get the rest."""
    count = len(found.nodes)
    if found.token:
        rest = f"--page {found.token} (or --limit 0)"
        call.screen.say(f"{count} {noun}s shown, there are more: {rest}")
    elif call.screen.is_terminal:
        call.screen.say(f"{count} {noun}{'s' * (count != 1)}")


def check_type(store: "MetadataStore", kind: "TypeKind", name: str | None) -> None:
    """Check that a type of that name exists.

    Raises:
        NotFound: it does not; the hint lists those that do.
    """
    if name is not None and not store.types.named(kind, name):
        store.types.get(kind, name)


def context_id(
    store: "MetadataStore",
    name: str | None,
    *,
    as_of: str | None = None,
    known_at: str | None = None,
) -> int | None:
    """Return the id of the context that has that name, or had it at that time; None for no name.

    Raises:
        NotFound: there is none.
    """
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    if name is None:
        return None
    return int(find(store, TypeKind.CONTEXT, name, as_of=as_of, known_at=known_at).id)


def find(
    store: "MetadataStore",
    kind: "TypeKind",
    reference: str,
    *,
    type_name: str | None = None,
    as_of: str | None = None,
    known_at: str | None = None,
) -> Any:  # noqa: ANN401 - a node of that kind
    """Return the node that a reference means, or meant; a number alone may also be its id.

    Raises:
        NotFound: there is none.
        InvalidArgument: several types have one.
    """
    names = store.names.at(as_of=as_of, known_at=known_at)
    try:
        return names.find_node(kind, reference, type_name=type_name)
    except NotFound:
        if not (reference.isascii() and reference.isdecimal()):
            raise
        by_id = f"{kind.lower()}:{reference}"
        try:
            return names.find_node(kind, by_id, type_name=type_name)
        except NotFound:
            pass
        raise


def delete_node(
    call: Call, kind: "TypeKind", reference: str, *, type_name: str | None, reason: str
) -> None:
    """Delete the node that has that id or whole name, and say what is left of it."""
    with call.store() as store:
        key = _exactly(store, kind, reference, type_name)
        left = store.delete(key, reason=reason)
    if call.json:
        call.screen.answer({"tombstone": left._asdict()})
        return
    title = left.name or f"{left.type} #{left.id}"
    time = time_of(left.deleted_time_since_epoch)
    what = "  deleted" if left.new else f"  was deleted before, at {time}"
    call.screen.line((title, "bold cyan"), (f"  {left.type} ", ""), (f"{key}", "dim"), (what, ""))
    if left.new:
        call.screen.say(f"Its lineage stays, and shows it as DELETED; see {key}.")


def rename_artifact(
    call: Call, reference: str, new_name: str, *, type_name: str | None, reason: str
) -> None:
    """Give the artifact that has that id or whole name another name, and say so."""
    from headwater_schema import TypeKind  # noqa: PLC0415 - slow to import

    with call.store() as store:
        key = _exactly(store, TypeKind.ARTIFACT, reference, type_name)
        store.rename(key, new_name, reason=reason)
        (node,) = store.artifacts.by_ids([key.id])
    if call.json:
        call.screen.answer({"artifact": node_json(node)})
        return
    call.screen.line((title_of(node), "bold cyan"), (f"  {node.type} ", ""), (str(key), "dim"))


def _exactly(
    store: "MetadataStore", kind: "TypeKind", reference: str, type_name: str | None
) -> "NodeKey":
    try:
        return store.exact_names.find(reference, kinds=[kind], type_name=type_name)
    except NotFound:
        if not (reference.isascii() and reference.isdecimal()):
            raise
    return store.exact_names.find(f"{kind.lower()}:{reference}", kinds=[kind])


def node_json(node: "AnyNode") -> dict[str, Any]:
    """Return a node as JSON-ready values."""
    return {"kind": str(node.kind), **node.model_dump(mode="json")}


def title_of(node: "AnyNode") -> str:
    """Return a node's name, or its type and id where it has none."""
    return node.name or f"{node.type} #{node.id}"


def show_title(call: Call, node: "AnyNode") -> None:
    """Write a node's title, type and id; in a pipe as fields."""
    key = f"{node.kind.lower()}:{node.id}"
    if not call.screen.is_terminal:
        call.screen.fields([("id", key), ("type", node.type)])
        return
    call.screen.line((title_of(node), "bold cyan"), (f"  {node.type} ", ""), (key, "dim"))


def show_times(node: "AnyNode") -> list[tuple[str, object]]:
    """Return the fields that end every node's."""
    return [
        ("external id", node.external_id),
        ("created", time_of(node.create_time_since_epoch)),
        ("updated", time_of(node.last_update_time_since_epoch)),
        ("deleted", time_of(node.deleted_time_since_epoch) or None),
    ]


def show_properties(call: Call, node: "AnyNode") -> None:
    """Write a node's properties, declared and custom."""
    for heading, values in (
        ("Properties", node.properties),
        ("Custom properties", node.custom_properties),
    ):
        if values:
            call.screen.heading(heading)
            call.screen.fields(sorted(values.items()))


def show_contexts(call: Call, heading: str, contexts: "Sequence[Context]") -> None:
    """Write a table of contexts, if there are any."""
    if contexts:
        call.screen.heading(heading)
        rows = [(context.id, context.name, context.type) for context in contexts]
        call.screen.table(CONTEXT_COLUMNS, rows)


def show_events(
    call: Call, events: "Sequence[Event]", others: "dict[int, Any]", *, by_artifact: bool
) -> None:
    """Write a table of events, each with the node at its other end.

    Args:
        call: where to.
        events: of one node.
        others: the nodes at the other ends, by id.
        by_artifact: whether the events are an artifact's, and the others executions.
    """
    if not events:
        return
    call.screen.heading("Events")
    rows = []
    for event in events:
        other_id = event.execution_id if by_artifact else event.artifact_id
        other = others.get(other_id)
        name, type_name = (None, None) if other is None else (title_of(other), other.type)
        path = "/".join(str(s.key if s.index is None else s.index) for s in event.path)
        time = time_of(event.milliseconds_since_epoch)
        rows.append((str(event.type), other_id, name, type_name, path, time))
    call.screen.table(_EVENT_COLUMNS, rows)


def events_json(events: "Sequence[Event]") -> list[dict[str, Any]]:
    """Return events as JSON-ready values."""
    return [event.model_dump(mode="json") for event in events]


def state_of(node: "AnyNode") -> str | None:
    """Return a node's state; DELETED for the tombstone of one that has no such state."""
    if node.deleted_time_since_epoch is not None:
        return "DELETED"
    state = getattr(node, "state", None) or getattr(node, "last_known_state", None)
    return None if state is None else str(state)


def state_field(state: str | None) -> tuple[str, object]:
    """Return the field that tells a node's state."""
    return "state", state_text(None if state is None else str(state))


CONTEXT_COLUMNS = (ID, NAME, Column("TYPE"))
_EVENT_COLUMNS = (
    Column("EVENT", whole=True),
    ID,
    NAME,
    Column("TYPE"),
    Column("PATH"),
    Column("TIME", "dim", whole=True),
)
