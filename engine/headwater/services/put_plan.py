"""Plan of a put: a request checked and turned into blocks of one statement with their rows.

Everything that can be refused without asking the graph is refused here, before anything is
written. Knows nothing of transactions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from headwater.errors import AlreadyExists, InvalidArgument, NotFound, OutOfRange
from headwater.graph.records import STATE_KEYS, URI_KEYS, Encoded, encode_path, keys_of
from headwater.services.types import check_declared
from headwater_schema import (
    Artifact,
    Context,
    EventPut,
    EventType,
    Execution,
    LinkPut,
    New,
    NodeRef,
    NodeType,
    ParentPut,
    PutRequest,
    TypeKind,
    kind_of,
)
from headwater_schema.nodes import Node
from headwater_schema.stored import (
    CUSTOM_PREFIXES,
    DECLARED_PREFIXES,
    RECORDED_AT,
    REVISION,
    VALID_AT,
)

TypeOf = Callable[[Node], NodeType]
Encode = Callable[[Node], Encoded]

_IDENTITY = ("namespace", "id", "type_id", "type", "create_time_since_epoch", "series", "version")
_KEPT_BY_THE_STORE = (RECORDED_AT, REVISION, VALID_AT)
_TIME = "last_update_time_since_epoch"
_NAMES: dict[TypeKind, str] = {
    TypeKind.ARTIFACT: "artifact",
    TypeKind.EXECUTION: "execution",
    TypeKind.CONTEXT: "context",
}


@dataclass(slots=True)
class PutPlan:
    """What a request becomes: rows by the block that takes them, and the ids it will have.

    Attributes:
        ids: by kind, the id of each node of the request, by position. That of a merged
            context is the one it gets if it turns out to be new.
        shared: properties that every new node has; they travel once, not with each node.
        valid_at: when an event happened that does not say, in milliseconds.
        merged: position of each row of the block `merged`.
        indexes: by kind, where the node of a position stands among the rows that make new
            artifacts and executions, and merged contexts; not for one that is updated.
        links: by block and context, indexes of the nodes to link; the rows of those blocks.
        rows: by block.
        types: names of the types that the rows rely on, by id.
        type_indexes: where each stands among them.
    """

    ids: dict[TypeKind, list[int]]
    shared: dict[str, Any]
    valid_at: int
    merged: list[int] = field(default_factory=list)
    indexes: dict[TypeKind, dict[int, int]] = field(
        default_factory=lambda: {kind: {} for kind in TypeKind}
    )
    links: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)
    type_indexes: dict[int, int] = field(default_factory=dict)

    def type_index(self, type_id: int) -> int:
        """Return where a type stands among `types`; rows say that instead of its id and name."""
        return self.type_indexes.setdefault(type_id, len(self.type_indexes))

    def add(self, block: str, row: object) -> None:
        """Add a row to a block."""
        self.rows.setdefault(block, []).append(row)


def count_new(request: PutRequest) -> dict[str, int]:
    """Return how many ids of each kind the request needs."""
    counts = {
        str(kind): sum(node.id is None for node in nodes_of(request, kind)) for kind in TypeKind
    }
    return counts | {"EVENT": len(request.events)}


def nodes_of(request: PutRequest, kind: TypeKind) -> Sequence[Artifact | Execution | Context]:
    """Return the request's nodes of one kind."""
    match kind:
        case TypeKind.ARTIFACT:
            return request.artifacts
        case TypeKind.EXECUTION:
            return request.executions
        case TypeKind.CONTEXT:
            return request.contexts


class Planner:
    """Turns one request into a plan.

    Args:
        request: what is asked.
        namespace: the tenant.
        now: milliseconds.
        type_of: the type of a node.
        encode: a node's stored properties, after large values were put away.
        floors: by position of an artifact of a series, the least version it may not have.
        valid_at: milliseconds, when an event happened that does not say; None for now.
    """

    def __init__(
        self,
        request: PutRequest,
        *,
        namespace: str,
        now: int,
        type_of: TypeOf,
        encode: Encode,
        floors: Mapping[int, int],
        valid_at: int | None = None,
    ) -> None:
        self._request = _resolved(request)
        self._namespace = namespace
        self._now = now
        self._type_of = type_of
        self._encode = encode
        self._floors = floors
        self._valid_at = now if valid_at is None else valid_at

    def check(self) -> None:
        """Check everything that needs no ids and no graph; raise and nothing is used up."""
        for kind in TypeKind:
            for node in nodes_of(self._request, kind):
                self._check_node(kind, node)
        seen: set[tuple[NodeRef, NodeRef, EventType]] = set()
        for event in self._request.events:
            self._check_event(event, seen)
        for link in (*self._request.attributions, *self._request.associations):
            self._check_ref(TypeKind.CONTEXT, link.context)
        for link in self._request.attributions:
            self._check_ref(TypeKind.ARTIFACT, link.node)
        for link in self._request.associations:
            self._check_ref(TypeKind.EXECUTION, link.node)
        for parent in self._request.parents:
            self._check_ref(TypeKind.CONTEXT, parent.child)
            self._check_ref(TypeKind.CONTEXT, parent.parent)
            if parent.child == parent.parent:
                raise InvalidArgument(
                    f"A context cannot be its own parent: {_named(parent.child)}."
                )

    def plan(self, ids: Mapping[str, Sequence[int]]) -> PutPlan:
        """Return the plan, with those ids for what is new."""
        free = {kind: iter(ids[str(kind)]) for kind in TypeKind}
        self._plan = PutPlan(
            {
                kind: [
                    next(free[kind]) if node.id is None else node.id
                    for node in nodes_of(self._request, kind)
                ]
                for kind in TypeKind
            },
            {"namespace": self._namespace, "create_time_since_epoch": self._now, _TIME: self._now},
            self._valid_at,
        )
        for kind in TypeKind:
            for position, node in enumerate(nodes_of(self._request, kind)):
                self._plan_node(kind, position, node)
        for ordinal, event in zip(ids["EVENT"], self._request.events, strict=True):
            self._plan_event(ordinal, event)
        for block, kind, links in (
            ("attributions", TypeKind.ARTIFACT, self._request.attributions),
            ("associations", TypeKind.EXECUTION, self._request.associations),
        ):
            by_id = {self._context(link.context)[0] is not None for link in links}
            for link in dict.fromkeys(links):
                self._plan_link(block, kind, link, mixed=len(by_id) > 1)
        for (block, context), indexes in self._plan.links.items():
            self._plan.add(block, [context, indexes])
        for parent in self._request.parents:
            self._plan.add("parents", [*self._context(parent.child), *self._context(parent.parent)])
        self._plan_heartbeats()
        return self._plan

    # Checks.

    def _check_node(self, kind: TypeKind, node: Node) -> None:
        node_type = self._type_of(node)
        if node_type.kind is not kind:
            error = NotFound if node.id is None else InvalidArgument
            raise error(
                f"Cannot find type for {_NAMES[kind]}: type id {node.type_id} is "
                f"{node_type.kind.lower()} type {node_type.name!r:.200}.",
                unknown_type_id=node.type_id,
            )
        masked = _masked_keys(self._mask(kind)) if node.id is not None else None
        for key, value in node.properties.items():
            if masked is None or masked.takes(key, custom=False):
                check_declared(node_type, key, kind_of(value))
        if kind is TypeKind.CONTEXT and not node.name:
            mask = self._mask(kind)
            if node.id is None or not mask or "name" in mask:
                raise InvalidArgument(
                    f"A context needs a name, found {node.name!r} for type {node_type.name!r:.200}.",
                    type_name=node_type.name,
                )

    def _check_event(self, event: EventPut, seen: set[tuple[NodeRef, NodeRef, EventType]]) -> None:
        self._check_ref(TypeKind.ARTIFACT, event.artifact)
        self._check_ref(TypeKind.EXECUTION, event.execution)
        key = (event.artifact, event.execution, event.type)
        if key in seen:
            raise AlreadyExists(
                f"The request has two {event.type} events between {_named(event.artifact)} "
                f"artifact and {_named(event.execution)} execution.",
                event_type=event.type,
            )
        seen.add(key)

    def _check_ref(self, kind: TypeKind, ref: NodeRef) -> None:
        if isinstance(ref, New) and not 0 <= ref.position < len(nodes_of(self._request, kind)):
            raise OutOfRange(
                f"The request has {len(nodes_of(self._request, kind))} {_NAMES[kind]}s, "
                f"position {ref.position} is asked for.",
                position=ref.position,
            )

    # Nodes.

    def _plan_node(self, kind: TypeKind, position: int, node: Node) -> None:
        node_type = self._type_of(node)
        type_id = _id_of(node_type)
        self._plan.types[type_id] = node_type.name
        self._plan.type_index(type_id)
        stored = dict(self._encode(node).stored)
        payload = self._request.payloads.get(position) if kind is TypeKind.ARTIFACT else None
        if payload is not None:
            stored |= {"digest": payload.digest, "size_bytes": payload.size_bytes}
        if node.id is not None:
            self._plan.add(f"{_NAMES[kind]}_updates", self._update(kind, node, stored))
            return
        made = {"id": self._plan.ids[kind][position], **stored}
        if node.name is not None:
            made["name"] = node.name
        typed = {"type_id": type_id, "type": node_type.name}
        if kind is TypeKind.ARTIFACT and position in self._request.series:
            series = self._request.series[position]
            floor = self._floors.get(position, 0)
            whole = {**made, **typed, **self._plan.shared, "series": series}
            self._plan.add("series", [position, type_id, series, floor, whole])
        elif kind is TypeKind.CONTEXT and self._request.reuse_contexts:
            self._plan.merged.append(position)
            self._add_indexed("merged", kind, position, {**made, **typed, **self._plan.shared})
        else:
            row = [self._plan.type_index(type_id), made]
            self._add_indexed(f"{_NAMES[kind]}s", kind, position, row)

    def _add_indexed(self, block: str, kind: TypeKind, position: int, row: object) -> None:
        self._plan.indexes[kind][position] = len(self._plan.rows.get(block, ()))
        self._plan.add(block, row)

    def _update(self, kind: TypeKind, node: Node, stored: Mapping[str, Any]) -> dict[str, Any]:
        renames = kind is TypeKind.CONTEXT
        compare = dict(stored) if node.name is None else {**stored, "name": node.name}
        ignore = [*_IDENTITY, *_KEPT_BY_THE_STORE, _TIME]
        if "digest" not in stored:
            ignore += ["digest", "size_bytes"]
        mask = _masked_keys(self._mask(kind))
        keys, prefixes = mask.cleared(kind) if mask else _all_keys(kind)
        values = {**stored, "name": node.name} if renames else stored
        return {
            "id": node.id,
            "set": {k: v for k, v in values.items() if not mask or mask.sets(k, kind)},
            "keys": keys,
            "prefixes": prefixes,
            "compare": compare,
            "ignore": ignore,
            "bump": node.type is None
            or (self._request.force_update_time and kind is TypeKind.EXECUTION),
            "step": int(self._request.match_update_times),
        }

    # Edges.

    def _plan_event(self, ordinal: int, event: EventPut) -> None:
        properties = (ordinal, event.milliseconds_since_epoch, encode_path(event.path))
        artifact_id = self._id(TypeKind.ARTIFACT, event.artifact)
        artifact = self._index(TypeKind.ARTIFACT, event.artifact)
        execution = self._index(TypeKind.EXECUTION, event.execution)
        match event.type:
            case EventType.INPUT if None not in (artifact, execution):
                self._plan.add("input_events", [artifact, execution, *properties])
            case EventType.OUTPUT if None not in (artifact, execution):
                self._plan.add("output_events", [artifact, execution, *properties])
            case EventType.INPUT if execution is not None and not self._is_made(event.artifact):
                self._plan.add("known_input_events", [artifact_id, execution, *properties])
            case _:
                execution_id = self._id(TypeKind.EXECUTION, event.execution)
                stored = event_properties(*properties, valid_at=self._valid_at)
                row = [ordinal, artifact_id, execution_id, stored, str(event.type)]
                self._plan.add("events", row)

    def _plan_link(self, block: str, kind: TypeKind, link: LinkPut, *, mixed: bool) -> None:
        context_id, type_id, name = self._context(link.context)
        # A context given by id can be the one that another is merged with: then look before linking.
        node = None if mixed else self._index(kind, link.node)
        merged = self._index(TypeKind.CONTEXT, link.context)
        if node is None:
            self._plan.add(block, [self._id(kind, link.node), context_id, type_id, name])
        elif context_id is not None:
            self._plan.links.setdefault((f"new_{block}", context_id), []).append(node)
        elif merged is not None:
            self._plan.links.setdefault((f"merged_{block}", merged), []).append(node)

    def _plan_heartbeats(self) -> None:
        execution_ids = self._plan.ids[TypeKind.EXECUTION]
        for position, beat in self._request.first_beats.items():
            self._plan.add("first_beats", [execution_ids[position], *beat])
        if self._request.ends_heartbeats:
            updated = [node.id for node in self._request.executions if node.id is not None]
            self._plan.rows["ended_beats"] = updated

    def _context(self, ref: NodeRef) -> list[Any]:
        """Return [id, type id, name]: the id, or where only the graph knows it the other two."""
        if isinstance(ref, New):
            node = self._request.contexts[ref.position]
            if node.id is None and self._request.reuse_contexts:
                return [None, _id_of(self._type_of(node)), node.name]
        return [self._id(TypeKind.CONTEXT, ref), None, None]

    def _mask(self, kind: TypeKind) -> tuple[str, ...]:
        return self._request.update_masks.get(kind, ())

    def _id(self, kind: TypeKind, ref: NodeRef) -> int:
        return self._plan.ids[kind][ref.position] if isinstance(ref, New) else ref

    def _index(self, kind: TypeKind, ref: NodeRef) -> int | None:
        """Return where a node stands among those that the request makes, None if it does not."""
        return self._plan.indexes[kind].get(ref.position) if isinstance(ref, New) else None

    def _is_made(self, artifact: NodeRef) -> bool:
        """Return whether the request itself makes an artifact, be it as a version of a series."""
        return isinstance(artifact, New) and self._request.artifacts[artifact.position].id is None


def _resolved(request: PutRequest) -> PutRequest:
    """Return the request with each reference to a node that it updates as that node's id.

    Two ways to name one node become one, so that what is asked for twice is seen to be.
    """
    known = {
        (kind, New(position)): node.id
        for kind in TypeKind
        for position, node in enumerate(nodes_of(request, kind))
        if node.id is not None
    }
    if not known:
        return request

    def ref(kind: TypeKind, given: NodeRef) -> NodeRef:
        return known.get((kind, given), given) if isinstance(given, New) else given

    artifact, execution, context = (partial(ref, kind) for kind in TypeKind)
    return replace(
        request,
        events=tuple(
            event._replace(artifact=artifact(event.artifact), execution=execution(event.execution))
            for event in request.events
        ),
        attributions=tuple(
            LinkPut(artifact(link.node), context(link.context)) for link in request.attributions
        ),
        associations=tuple(
            LinkPut(execution(link.node), context(link.context)) for link in request.associations
        ),
        parents=tuple(
            ParentPut(context(parent.child), context(parent.parent)) for parent in request.parents
        ),
    )


def event_properties(
    ordinal: int, time: int | None, path: str | None, *, valid_at: int
) -> dict[str, Any]:
    """Return an event's properties as stored; an unset time is the request's."""
    stored = {"ordinal": ordinal, "milliseconds_since_epoch": valid_at if time is None else time}
    return stored if path is None else {**stored, "path": path}


def _id_of(node_type: NodeType) -> int:
    if node_type.id is None:
        raise InvalidArgument(f"Type {node_type.name!r:.200} is not registered.")
    return node_type.id


def _named(ref: NodeRef) -> str:
    return f"new #{ref.position}" if isinstance(ref, New) else f"existing {ref}"


def _all_keys(kind: TypeKind) -> tuple[list[str], list[str]]:
    keys = ["external_id", *([STATE_KEYS[kind]] if kind in STATE_KEYS else [])]
    if kind is TypeKind.ARTIFACT:
        keys += URI_KEYS
    return keys, [*DECLARED_PREFIXES, *CUSTOM_PREFIXES]


@dataclass(frozen=True, slots=True)
class _Mask:
    """An update mask, taken apart.

    Source: MLMD, `update_mask` of PutArtifacts and its siblings.
    """

    fields: frozenset[str]
    keys: frozenset[tuple[bool, str]]

    def takes(self, key: str, *, custom: bool) -> bool:
        """Return whether the mask names a user's property."""
        whole = "custom_properties" if custom else "properties"
        return whole in self.fields or (custom, key) in self.keys

    def cleared(self, kind: TypeKind) -> tuple[list[str], list[str]]:
        """Return the stored keys and prefixes that an update removes before it sets."""
        keys = [
            stored for custom, key in sorted(self.keys) for stored in keys_of(key, custom=custom)
        ]
        plain = ("external_id", STATE_KEYS.get(kind, "external_id"))
        keys += [name for name in plain if name in self.fields]
        if kind is TypeKind.ARTIFACT and "uri" in self.fields:
            keys += URI_KEYS
        prefixes = [
            prefix
            for name, family in (
                ("properties", DECLARED_PREFIXES),
                ("custom_properties", CUSTOM_PREFIXES),
            )
            if name in self.fields
            for prefix in family
        ]
        return keys, prefixes

    def sets(self, stored_key: str, kind: TypeKind) -> bool:
        """Return whether an update sets a stored key."""
        if stored_key == "name":
            return kind is TypeKind.CONTEXT and "name" in self.fields
        if stored_key in URI_KEYS:
            return "uri" in self.fields
        for family, custom in ((DECLARED_PREFIXES, False), (CUSTOM_PREFIXES, True)):
            for prefix in family:
                if stored_key.startswith(prefix):
                    return self.takes(stored_key.removeprefix(prefix), custom=custom)
        return stored_key in self.fields or stored_key in ("digest", "size_bytes")


def _masked_keys(paths: Sequence[str]) -> _Mask | None:
    if not paths:
        return None
    keys = set()
    for path in paths:
        whole, dot, key = path.partition(".")
        if dot and whole in ("properties", "custom_properties"):
            keys.add((whole == "custom_properties", key))
    return _Mask(frozenset(paths), frozenset(keys))
