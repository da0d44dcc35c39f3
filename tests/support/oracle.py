"""Oracle: the store in plain dicts, slow and obvious, to compare the real one with.

Written from the rules of ML Metadata and the docstrings of the services; it shares no code
with them. A request is tried on a copy, every rule that it breaks is noted, and the copy is
kept only where none was. Ids of new nodes are those that the real store answered, checked to
be new; times are those of a clock that the test moves.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from headwater.errors import Code
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    Execution,
    ExecutionType,
    ListOptions,
    New,
    NodeRef,
    NodeType,
    OrderField,
    PutAnswer,
    PutRequest,
    TypeKind,
    kind_of,
)
from support.exact import exact

Row = dict[str, Any]
Key = tuple[TypeKind, int]

FIRST_USER_TYPE = 10
UNBORN = 1 << 40
"""Ids from here on stand for nodes that the real store has not numbered yet."""

_MODELS: dict[TypeKind, type[Artifact | Execution | Context]] = {
    TypeKind.ARTIFACT: Artifact,
    TypeKind.EXECUTION: Execution,
    TypeKind.CONTEXT: Context,
}
_TYPE_MODELS: dict[TypeKind, type[NodeType]] = {
    TypeKind.ARTIFACT: ArtifactType,
    TypeKind.EXECUTION: ExecutionType,
    TypeKind.CONTEXT: ContextType,
}
_STATE = {TypeKind.ARTIFACT: "state", TypeKind.EXECUTION: "last_known_state"}


class Refused(Exception):
    """The request breaks rules; the real store may name any one of them."""

    def __init__(self, codes: set[Code]) -> None:
        super().__init__(", ".join(sorted(code.name for code in codes)))
        self.codes = codes


def alive(row: Row) -> bool:
    """Return whether a node is no tombstone, whose name and external id others may have."""
    return row["deleted_time_since_epoch"] is None


@dataclass
class State:
    """Everything that one namespace holds."""

    types: dict[int, NodeType] = field(default_factory=dict)
    nodes: dict[TypeKind, dict[int, Row]] = field(
        default_factory=lambda: {kind: {} for kind in TypeKind}
    )
    events: list[Event] = field(default_factory=list)
    attributions: set[tuple[int, int]] = field(default_factory=set)
    associations: set[tuple[int, int]] = field(default_factory=set)
    parents: set[tuple[int, int]] = field(default_factory=set)
    series: dict[tuple[int, str], int] = field(default_factory=dict)


class Oracle:
    """One namespace of the store, in memory."""

    def __init__(self) -> None:
        self.state = State()

    # Writes.

    def put_types(
        self, types: Sequence[NodeType], *, can_add: bool = False, can_omit: bool = False
    ) -> list[int]:
        """Return the ids of the types, or raise what is wrong and change nothing."""
        trial = copy.deepcopy(self.state)
        put = _TypePut(trial, can_add=can_add, can_omit=can_omit)
        ids = [put.put(node_type) for node_type in types]
        if put.problems:
            raise Refused(put.problems)
        self.state = trial
        return ids

    def check(self, request: PutRequest, *, now: int) -> None:
        """Raise what is wrong with a request; change nothing."""
        ids = count(UNBORN)
        trial = _Put(copy.deepcopy(self.state), request, now, lambda _kind, _i: next(ids), None)
        trial.run()
        if trial.problems:
            raise Refused(trial.problems)

    def put(self, request: PutRequest, answer: PutAnswer, *, now: int) -> None:
        """Write a request to which the real store gave this answer, and check the answer."""
        lists = {
            TypeKind.ARTIFACT: answer.artifact_ids,
            TypeKind.EXECUTION: answer.execution_ids,
            TypeKind.CONTEXT: answer.context_ids,
        }
        known = {kind: max(self.state.nodes[kind], default=0) for kind in TypeKind}
        trial = _Put(
            copy.deepcopy(self.state), request, now, lambda kind, i: lists[kind][i], answer.versions
        )
        trial.run()
        assert not trial.problems, trial.problems
        for kind in TypeKind:
            assert list(lists[kind]) == trial.ids[kind]
            new = [i for i in dict.fromkeys(lists[kind]) if i not in self.state.nodes[kind]]
            assert new == sorted(new)
            assert all(i > known[kind] for i in new)
        self.state = trial.state

    def delete(self, kind: TypeKind, node_id: int, *, now: int) -> None:
        """Turn a node into a tombstone, or raise what is wrong; a tombstone stays as it is."""
        row = self._row(kind, node_id)
        if alive(row):
            row |= {"properties": {}, "custom_properties": {}, "deleted_time_since_epoch": now}
            row["last_update_time_since_epoch"] = max(now, row["last_update_time_since_epoch"])
            row |= {"state": ArtifactState.DELETED} if kind is TypeKind.ARTIFACT else {}

    def rename(self, artifact_id: int, name: str, *, now: int) -> None:
        """Give an artifact another name, or raise what is wrong."""
        row = self._row(TypeKind.ARTIFACT, artifact_id)
        same = row["name"] == name
        if not alive(row) or (row["series"] is not None and not same):
            raise Refused({Code.FAILED_PRECONDITION})
        key = (row["type_id"], name)
        taken = self.where(
            TypeKind.ARTIFACT, lambda a: alive(a) and (a["type_id"], a["name"]) == key
        )
        if taken and not same:
            raise Refused({Code.ALREADY_EXISTS})
        if not same:
            row["name"] = name
            row["last_update_time_since_epoch"] = max(now, row["last_update_time_since_epoch"] + 1)

    def _row(self, kind: TypeKind, node_id: int) -> Row:
        if node_id not in self.state.nodes[kind]:
            raise Refused({Code.NOT_FOUND})
        return self.state.nodes[kind][node_id]

    # Reads.

    def node(self, kind: TypeKind, node_id: int) -> Artifact | Execution | Context:
        """Return a node as a model."""
        return _MODELS[kind](**self.state.nodes[kind][node_id])

    def by_ids(self, kind: TypeKind, ids: Iterable[int]) -> list[Artifact | Execution | Context]:
        """Return the nodes with those ids, each once, by id."""
        return [self.node(kind, i) for i in sorted(set(ids)) if i in self.state.nodes[kind]]

    def where(
        self, kind: TypeKind, test: Callable[[Row], bool]
    ) -> list[Artifact | Execution | Context]:
        """Return the nodes of which something is true, by id."""
        return self.by_ids(kind, [i for i, row in self.state.nodes[kind].items() if test(row)])

    def in_context(self, kind: TypeKind, context_id: int) -> list[Artifact | Execution | Context]:
        """Return a context's artifacts or executions, by id."""
        links = {
            TypeKind.ARTIFACT: self.state.attributions,
            TypeKind.EXECUTION: self.state.associations,
        }[kind]
        return self.by_ids(kind, [node for node, context in links if context == context_id])

    def contexts_of(self, kind: TypeKind, node_id: int) -> list[Artifact | Execution | Context]:
        """Return the contexts of an artifact or execution, by id."""
        links = {
            TypeKind.ARTIFACT: self.state.attributions,
            TypeKind.EXECUTION: self.state.associations,
        }[kind]
        return self.by_ids(TypeKind.CONTEXT, [c for node, c in links if node == node_id])

    def parents_of(self, context_id: int) -> list[int]:
        """Return the ids of a context's direct parents."""
        return sorted(parent for child, parent in self.state.parents if child == context_id)

    def children_of(self, context_id: int) -> list[int]:
        """Return the ids of a context's direct children."""
        return sorted(child for child, parent in self.state.parents if parent == context_id)

    def events_of(self, kind: TypeKind, ids: Iterable[int]) -> list[Event]:
        """Return the events of artifacts or executions, in the order in which they were put."""
        wanted = set(ids)
        if kind is TypeKind.ARTIFACT:
            return [event for event in self.state.events if event.artifact_id in wanted]
        return [event for event in self.state.events if event.execution_id in wanted]

    def ordered(
        self, kind: TypeKind, options: ListOptions, test: Callable[[Row], bool]
    ) -> list[int]:
        """Return the ids of the nodes of which something is true, in a list's order."""
        key = {
            OrderField.ID: "id",
            OrderField.CREATE_TIME: "create_time_since_epoch",
            OrderField.LAST_UPDATE_TIME: "last_update_time_since_epoch",
        }[options.order_by]
        rows = sorted(
            (row for row in self.state.nodes[kind].values() if test(row)),
            key=lambda row: (row[key], row["id"]),
            reverse=not options.is_asc,
        )
        return [row["id"] for row in rows]

    # Lineage.

    def reach(self, start: Key, *, downstream: bool) -> dict[Key, int]:
        """Return every node in one direction of a node, with its distance in hops."""
        distances = {start: 0}
        frontier = [start]
        for distance in count(1):
            found = [key for near in frontier for key in self._steps(near, downstream=downstream)]
            frontier = [key for key in dict.fromkeys(found) if key not in distances]
            if not frontier:
                return distances
            distances |= dict.fromkeys(frontier, distance)
        raise AssertionError

    def events_between(self, keys: Iterable[Key]) -> set[tuple[int, int, str]]:
        """Return the events both of whose ends are among the nodes."""
        known = set(keys)
        return {
            (e.artifact_id, e.execution_id, str(e.type))
            for e in self.state.events
            if {(TypeKind.ARTIFACT, e.artifact_id), (TypeKind.EXECUTION, e.execution_id)} <= known
        }

    def _steps(self, near: Key, *, downstream: bool) -> Iterator[Key]:
        for event in self.state.events:
            artifact = (TypeKind.ARTIFACT, event.artifact_id)
            execution = (TypeKind.EXECUTION, event.execution_id)
            source, target = (
                (artifact, execution) if event.type.endswith("INPUT") else (execution, artifact)
            )
            if downstream and source == near:
                yield target
            if not downstream and target == near:
                yield source


class _TypePut:
    """Types put one after another."""

    def __init__(self, state: State, *, can_add: bool, can_omit: bool) -> None:
        self._state = state
        self._can_add = can_add
        self._can_omit = can_omit
        self.problems: set[Code] = set()

    def put(self, asked: NodeType) -> int:
        stored = next(
            (
                t
                for t in self._state.types.values()
                if (t.kind, t.name, t.version) == (asked.kind, asked.name, asked.version)
            ),
            None,
        )
        if asked.external_id is not None and any(
            t is not stored and t.external_id == asked.external_id
            for t in self._state.types.values()
        ):
            self.problems.add(Code.ALREADY_EXISTS)
        if stored is None:
            type_id = max([FIRST_USER_TYPE - 1, *self._state.types]) + 1
            self._state.types[type_id] = asked.model_copy(update={"id": type_id})
            return type_id
        self._check(asked, stored)
        changed: Row = {
            "properties": {**asked.properties, **stored.properties},
            "unindexed": stored.unindexed | asked.unindexed,
        }
        if asked.external_id is not None:
            changed["external_id"] = asked.external_id
        if getattr(asked, "base_type", None) is not None:
            changed["base_type"] = asked.base_type  # type: ignore[attr-defined] # contexts have none
        assert stored.id is not None
        self._state.types[stored.id] = stored.model_copy(update=changed)
        return stored.id

    def _check(self, asked: NodeType, stored: NodeType) -> None:
        other_kind = any(stored.properties.get(k, v) != v for k, v in asked.properties.items())
        added = asked.properties.keys() - stored.properties.keys()
        omitted = stored.properties.keys() - asked.properties.keys()
        if other_kind or (added and not self._can_add) or (omitted and not self._can_omit):
            self.problems.add(Code.ALREADY_EXISTS)
        base = getattr(stored, "base_type", None)
        if base is not None and getattr(asked, "base_type", None) not in (None, base):
            self.problems.add(Code.UNIMPLEMENTED)


class _Put:
    """One request, on a copy of the state."""

    def __init__(
        self,
        state: State,
        request: PutRequest,
        now: int,
        new_id: Callable[[TypeKind, int], int],
        versions: Mapping[int, int] | None,
    ) -> None:
        self.state = state
        self.problems: set[Code] = set()
        self.ids: dict[TypeKind, list[int]] = {kind: [] for kind in TypeKind}
        self._request = request
        self._now = now
        self._new_id = new_id
        self._versions = versions
        self._reused = {
            row["external_id"]: i
            for i, row in state.nodes[TypeKind.ARTIFACT].items()
            if row["external_id"] is not None and alive(row)
        }

    def run(self) -> None:
        lists: dict[TypeKind, Sequence[Artifact | Execution | Context]] = {
            TypeKind.CONTEXT: self._request.contexts,
            TypeKind.ARTIFACT: self._request.artifacts,
            TypeKind.EXECUTION: self._request.executions,
        }
        self._check_reuse()
        for kind, nodes in lists.items():
            for position, node in enumerate(nodes):
                self.ids[kind].append(self._put_node(kind, position, node))
        self._put_edges()

    # Nodes.

    def _check_reuse(self) -> None:
        asked = [
            a.external_id
            for a in self._request.artifacts
            if a.id is None and a.external_id is not None
        ]
        if self._request.reuse_artifacts and len(set(asked)) < len(asked):
            self.problems.add(Code.ALREADY_EXISTS)

    def _put_node(self, kind: TypeKind, position: int, node: Artifact | Execution | Context) -> int:
        rows = self.state.nodes[kind]
        node_id = node.id
        if node_id is None and kind is TypeKind.ARTIFACT and self._request.reuse_artifacts:
            node_id = self._reused.get(node.external_id)
        mask = self._request.update_masks.get(kind, ()) if node_id is not None else ()
        self._check_type(kind, node, node_id, mask)
        if kind is TypeKind.CONTEXT and not node.name and (not mask or "name" in mask):
            self.problems.add(Code.INVALID_ARGUMENT)
        if node_id is not None:
            if node_id in rows:
                self._update(kind, position, node, rows[node_id], mask)
            else:
                self.problems.add(Code.INVALID_ARGUMENT)
            return node_id
        return self._insert(kind, position, node)

    def _check_type(
        self,
        kind: TypeKind,
        node: Artifact | Execution | Context,
        node_id: int | None,
        mask: tuple[str, ...],
    ) -> None:
        stored = None if node_id is None else self.state.nodes[kind].get(node_id)
        type_id = node.type_id
        if type_id is None and stored is not None:
            type_id = stored["type_id"]
        if type_id is None:
            self.problems.add(Code.INVALID_ARGUMENT)
            return
        node_type = self.state.types.get(type_id)
        if node_type is None or node_type.kind is not kind:
            unknown = Code.NOT_FOUND if node_id is None else Code.INVALID_ARGUMENT
            self.problems.add(unknown)
            return
        if stored is not None and type_id != stored["type_id"]:
            self.problems.add(Code.INVALID_ARGUMENT)
        for key, value in node.properties.items():
            masked_out = mask and "properties" not in mask and f"properties.{key}" not in mask
            if not masked_out and node_type.properties.get(key) is not kind_of(value):
                self.problems.add(Code.INVALID_ARGUMENT)

    def _insert(self, kind: TypeKind, position: int, node: Artifact | Execution | Context) -> int:
        rows = self.state.nodes[kind]
        if kind is TypeKind.CONTEXT and self._request.reuse_contexts:
            for i, row in rows.items():
                if alive(row) and (row["type_id"], row["name"]) == (node.type_id, node.name):
                    return i
        node_type = self.state.types.get(node.type_id or 0)
        row = {
            **dict(node),
            "id": self._new_id(kind, position),
            "type": node_type.name if node_type else None,
            "properties": dict(node.properties),
            "custom_properties": dict(node.custom_properties),
            "create_time_since_epoch": self._now,
            "last_update_time_since_epoch": self._now,
        }
        if kind is TypeKind.ARTIFACT:
            row |= {"uri": row["uri"] or "", "digest": None, "size_bytes": None}
            row |= {"series": None, "version": None} | self._payload(position)
            if position in self._request.series:
                row |= self._series(position, node.type_id or 0)
        self._check_unique(kind, row)
        rows[row["id"]] = row
        return int(row["id"])

    def _series(self, position: int, type_id: int) -> Row:
        series = self._request.series[position]
        last = self.state.series.get((type_id, series), 0)
        names = {
            row["name"]
            for row in self.state.nodes[TypeKind.ARTIFACT].values()
            if row["type_id"] == type_id and alive(row)
        }
        version = last + 1
        if self._versions is not None:
            version = self._versions[position]
            assert version > last
            skipped = {f"{series}@{number}" for number in range(last + 1, version)}
            assert not skipped or skipped & names
        while f"{series}@{version}" in names:
            assert self._versions is None
            version += 1
        self.state.series[type_id, series] = version
        return {"name": f"{series}@{version}", "series": series, "version": version}

    def _payload(self, position: int) -> Row:
        payload = self._request.payloads.get(position)
        if payload is None:
            return {}
        return {"digest": payload.digest, "size_bytes": payload.size_bytes}

    def _update(
        self,
        kind: TypeKind,
        position: int,
        node: Artifact | Execution | Context,
        row: Row,
        mask: tuple[str, ...],
    ) -> None:
        if not alive(row):
            self.problems.add(Code.FAILED_PRECONDITION)
        asked = dict(node)
        compared = ["name", "external_id", "properties", "custom_properties"]
        singles = ["external_id"]
        if kind in _STATE:
            singles.append(_STATE[kind])
        if kind is TypeKind.ARTIFACT:
            asked["uri"] = asked["uri"] or ""
            singles.append("uri")
            expected = node.last_update_time_since_epoch or 0
            if self._request.match_update_times and expected != row["last_update_time_since_epoch"]:
                self.problems.add(Code.FAILED_PRECONDITION)
        payload = self._payload(position) if kind is TypeKind.ARTIFACT else {}
        moved = (
            node.type is None
            or (kind is TypeKind.EXECUTION and self._request.force_update_time)
            or any(exact(asked[key]) != exact(row[key]) for key in {*compared, *singles})
            or any(row[key] != value for key, value in payload.items())
        )
        row |= payload
        if kind is TypeKind.CONTEXT:
            singles.append("name")
        for key in singles:
            if not mask or key in mask:
                row[key] = asked[key]
        for whole in ("properties", "custom_properties"):
            self._update_map(row[whole], asked[whole], whole, mask)
        if moved:
            later = row["last_update_time_since_epoch"] + int(self._request.match_update_times)
            row["last_update_time_since_epoch"] = max(self._now, later)
        self._check_unique(kind, row)

    def _update_map(
        self, stored: Row, asked: Mapping[str, Any], whole: str, mask: tuple[str, ...]
    ) -> None:
        if not mask or whole in mask:
            stored.clear()
            stored.update(asked)
            return
        for path in mask:
            if path.startswith(f"{whole}."):
                key = path.removeprefix(f"{whole}.")
                stored.pop(key, None)
                if key in asked:
                    stored[key] = asked[key]

    def _check_unique(self, kind: TypeKind, row: Row) -> None:
        for i, other in self.state.nodes[kind].items():
            if i == row["id"] or not alive(other):
                continue
            same_name = row["name"] is not None and other["name"] == row["name"]
            if same_name and other["type_id"] == row["type_id"]:
                self.problems.add(Code.ALREADY_EXISTS)
            if row["external_id"] is not None and other["external_id"] == row["external_id"]:
                self.problems.add(Code.ALREADY_EXISTS)

    # Edges.

    def _put_edges(self) -> None:
        request = self._request
        for event in request.events:
            artifact_id = self._resolve(TypeKind.ARTIFACT, event.artifact)
            execution_id = self._resolve(TypeKind.EXECUTION, event.execution)
            if artifact_id is None or execution_id is None:
                continue
            made = Event(
                artifact_id=artifact_id,
                execution_id=execution_id,
                type=event.type,
                path=event.path,
                milliseconds_since_epoch=self._now
                if event.milliseconds_since_epoch is None
                else event.milliseconds_since_epoch,
            )
            if any(_ends(made) == _ends(known) for known in self.state.events):
                self.problems.add(Code.ALREADY_EXISTS)
            self.state.events.append(made)
        for kind, links, known in (
            (TypeKind.ARTIFACT, request.attributions, self.state.attributions),
            (TypeKind.EXECUTION, request.associations, self.state.associations),
        ):
            for link in links:
                node_id = self._resolve(kind, link.node)
                context_id = self._resolve(TypeKind.CONTEXT, link.context)
                if node_id is not None and context_id is not None:
                    known.add((node_id, context_id))
        for parent in request.parents:
            self._put_parent(
                self._resolve(TypeKind.CONTEXT, parent.child),
                self._resolve(TypeKind.CONTEXT, parent.parent),
            )

    def _put_parent(self, child: int | None, parent: int | None) -> None:
        if child is None or parent is None:
            return
        if (child, parent) in self.state.parents:
            self.problems.add(Code.ALREADY_EXISTS)
        above = {parent}
        while more := {p for c, p in self.state.parents if c in above} - above:
            above |= more
        if child in above:
            self.problems.add(Code.INVALID_ARGUMENT)
        else:
            self.state.parents.add((child, parent))

    def _resolve(self, kind: TypeKind, ref: NodeRef) -> int | None:
        if isinstance(ref, New):
            if not 0 <= ref.position < len(self.ids[kind]):
                self.problems.add(Code.OUT_OF_RANGE)
                return None
            return self.ids[kind][ref.position]
        if ref not in self.state.nodes[kind]:
            self.problems.add(Code.INVALID_ARGUMENT)
        return ref


def _ends(event: Event) -> tuple[Any, ...]:
    return event.artifact_id, event.execution_id, event.type
