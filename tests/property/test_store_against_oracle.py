"""The real store and the oracle, given the same random operations, answer and hold the same.

Every step also compares what the graph really changed with what the door's observer was told.
"""

import os
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from headwater.errors import Code, HeadwaterError
from headwater.graph.records import decode_node
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater.query.parts import Direction, NodeKey
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    ElementKind,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    LinkPut,
    ListOptions,
    New,
    NodeType,
    OrderField,
    ParentPut,
    PathStep,
    PropertyKind,
    ProtoValue,
    PutAnswer,
    PutRequest,
    StoredPayload,
    TypeKind,
)
from headwater_schema.changes import property_changes
from support.clocked import Services, Snapshot, difference, ordered
from support.exact import exact
from support.nodes import assert_same, of_kind
from support.oracle import Oracle, Refused, alive

EXAMPLES = int(os.environ.get("HEADWATER_TEST_EXAMPLES", "60"))
STEPS = 50
LEAST_STEPS = min(2_000, EXAMPLES * 34)
UNKNOWN_ID = 100_000
KINDS = list(TypeKind)
KEYS = ["a", "b", "n.m"]
VALUES: dict[PropertyKind, list[Any]] = {
    PropertyKind.INT: [0, 1, -(2**63), 2**63 - 1],
    PropertyKind.DOUBLE: [0.0, 1.0, 1e-300, float("inf"), float("nan")],
    PropertyKind.STRING: ["", "1", "é😀\0", "__MLMD_NULL__", "x" * 4_100, "y" * 6_100],
    PropertyKind.BOOLEAN: [True, False],
    PropertyKind.STRUCT: [{}, [], {"k": [1, None, "é"]}, ["z" * 6_100]],
    PropertyKind.PROTO: [
        ProtoValue(type_url="t/x.Y"),
        ProtoValue(type_url="t/x.Y", value=b"\0\xff"),
    ],
}
MODELS: dict[TypeKind, type[Artifact | Execution | Context]] = {
    TypeKind.ARTIFACT: Artifact,
    TypeKind.EXECUTION: Execution,
    TypeKind.CONTEXT: Context,
}
TYPE_MODELS: dict[TypeKind, type[NodeType]] = {
    TypeKind.ARTIFACT: ArtifactType,
    TypeKind.EXECUTION: ExecutionType,
    TypeKind.CONTEXT: ContextType,
}
values = st.sampled_from([value for kind in VALUES for value in VALUES[kind]])
names = st.sampled_from([None, None, "n0", "n1", "s@2", ""])
external_ids = st.sampled_from([None, None, None, "x0", "x1", ""])
uris = st.sampled_from([None, "", "u0", "u1", "u" * 4_100])
mask_paths = st.sampled_from(
    [
        *("name", "uri", "state", "last_known_state", "external_id", "id", "nonsense"),
        *("properties", "custom_properties", "properties.a", "properties.zz"),
        *("custom_properties.a", "custom_properties.n.m", "properties.n.m"),
    ]
)
paths = st.sampled_from([(), (PathStep(key="k"),), (PathStep(index=-1), PathStep(key=""))])


class StoreMachine(RuleBasedStateMachine):
    """One namespace of the real store beside one oracle."""

    steps = 0

    def __init__(self, graph: Graph, objects: DirectoryStore) -> None:
        super().__init__()
        self.store = Services(graph, objects, f"test-{uuid.uuid4().hex}")
        self.oracle = Oracle()
        self.before: Snapshot = {}
        self.written = False

    @initialize()
    def begin(self) -> None:
        """A type of each kind, so that most requests have one to use."""
        properties = {"a": PropertyKind.INT, "b": PropertyKind.STRING}
        self._put_types(
            [TYPE_MODELS[kind](name="T0", properties=properties) for kind in KINDS],
            can_add=False,
            can_omit=False,
        )

    @invariant()
    def the_observer_was_told_what_the_graph_changed(self) -> None:
        """The difference of the graph, and every element of it, is what it should be."""
        type(self).steps += 1
        if not self.written:
            assert self.store.seen == []
            return
        after = self.store.snapshot()
        told = ordered(property_changes(self.store.seen))
        true = difference(self.before, after)
        assert [exact(change) for change in told] == [exact(change) for change in true]
        self._compare_with(after)
        self.before = after
        self.store.seen.clear()
        self.written = False

    # Writes.

    @rule(data=st.data(), can_add=st.booleans(), can_omit=st.booleans())
    def put_types(self, data: st.DataObject, *, can_add: bool, can_omit: bool) -> None:
        types = data.draw(st.lists(self._type(data), min_size=1, max_size=2))
        self._put_types(types, can_add=can_add, can_omit=can_omit)

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def insert_nodes(self, data: st.DataObject, kind: TypeKind) -> None:
        nodes = [self._node(data, kind, update=False) for _ in range(data.draw(st.integers(1, 3)))]
        self._put(of_kind(kind, nodes))

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def update_nodes(self, data: st.DataObject, kind: TypeKind) -> None:
        nodes = [self._node(data, kind, update=True) for _ in range(data.draw(st.integers(1, 2)))]
        self._put(of_kind(kind, nodes))

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def update_nodes_by_mask(self, data: st.DataObject, kind: TypeKind) -> None:
        nodes = [self._node(data, kind, update=True) for _ in range(data.draw(st.integers(1, 2)))]
        mask = tuple(data.draw(st.lists(mask_paths, min_size=1, max_size=3)))
        self._put(of_kind(kind, nodes, update_masks={kind: mask}))

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def put_a_node_back_as_it_is(self, data: st.DataObject, kind: TypeKind) -> None:
        known = sorted(self.oracle.state.nodes[kind])
        if known:
            node = self.oracle.node(kind, data.draw(st.sampled_from(known)))
            self._put(of_kind(kind, [node]))

    @rule(data=st.data())
    def update_artifacts_that_nobody_changed(self, data: st.DataObject) -> None:
        known = sorted(self.oracle.state.nodes[TypeKind.ARTIFACT])
        if known:
            node = self.oracle.node(TypeKind.ARTIFACT, data.draw(st.sampled_from(known)))
            late = data.draw(st.sampled_from([0, 1]))
            time = (node.last_update_time_since_epoch or 0) - late
            changed = {"last_update_time_since_epoch": time, "uri": data.draw(uris)}
            nodes = [node.model_copy(update=changed)]
            self._put(of_kind(TypeKind.ARTIFACT, nodes, match_update_times=True))

    @rule(data=st.data())
    def put_edges(self, data: st.DataObject) -> None:
        self._put(self._request(data, {kind: [] for kind in KINDS}))

    @rule(data=st.data())
    def put_a_whole_lineage(self, data: st.DataObject) -> None:
        lists = {
            kind: [
                self._node(data, kind, update=data.draw(st.integers(0, 3)) == 0)
                for _ in range(data.draw(st.integers(0, 2)))
            ]
            for kind in KINDS
        }
        self._put(self._request(data, lists))

    @rule(data=st.data())
    def put_an_execution_with_inputs_and_outputs(self, data: st.DataObject) -> None:
        """As clients do it: what a pipeline is made of, and never refused."""
        known = sorted(self.oracle.state.nodes[TypeKind.ARTIFACT])
        inputs = (
            data.draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        )
        outputs = data.draw(st.integers(0, 2))
        self._put(
            PutRequest(
                executions=(Execution(type_id=self._type_id(TypeKind.EXECUTION)),),
                artifacts=(Artifact(type_id=self._type_id(TypeKind.ARTIFACT)),) * outputs,
                contexts=(Context(type_id=self._type_id(TypeKind.CONTEXT), name="run"),),
                events=(
                    *(EventPut(i, New(0), EventType.INPUT) for i in inputs),
                    *(EventPut(New(i), New(0), EventType.OUTPUT) for i in range(outputs)),
                ),
                associations=(LinkPut(New(0), New(0)),),
                attributions=tuple(LinkPut(New(i), New(0)) for i in range(outputs)),
                series=dict.fromkeys(range(outputs), "s"),
                reuse_contexts=True,
            )
        )

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def delete_a_node(self, data: st.DataObject, kind: TypeKind) -> None:
        key = NodeKey(kind, data.draw(self._id(kind)))
        self._change(
            lambda now: self.oracle.delete(kind, key.id, now=now),
            lambda: self.store.removal.delete(key),
        )

    @rule(data=st.data(), name=st.sampled_from(["n0", "n1", "s@2", "r"]))
    def rename_an_artifact(self, data: st.DataObject, name: str) -> None:
        artifact_id = data.draw(self._id(TypeKind.ARTIFACT))
        self._change(
            lambda now: self.oracle.rename(artifact_id, name, now=now),
            lambda: self.store.renames.rename(artifact_id, name),
        )

    # Reads.

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def read_nodes(self, data: st.DataObject, kind: TypeKind) -> None:
        service = self.store.nodes(kind)
        ids = data.draw(st.lists(self._id(kind), max_size=3))
        assert_same(service.by_ids(ids), self.oracle.by_ids(kind, ids))
        name = data.draw(names) or ""
        assert_same(
            service.by_name(name),
            self.oracle.where(kind, lambda row: alive(row) and row["name"] == name),
        )
        wanted = data.draw(st.lists(st.sampled_from(["x0", "x1"]), max_size=2))
        assert_same(
            service.by_external_ids(wanted),
            self.oracle.where(kind, lambda row: alive(row) and row["external_id"] in wanted),
        )

    @rule(
        kind=st.sampled_from(KINDS),
        name=st.sampled_from(["T0", "T1"]),
        version=st.sampled_from([None, "1"]),
    )
    def read_nodes_of_a_type(self, kind: TypeKind, name: str, version: str | None) -> None:
        known = {
            t.id for t in self.oracle.state.types.values() if (t.name, t.version) == (name, version)
        }
        found = self.store.nodes(kind).by_type(name, version=version)
        assert_same(found, self.oracle.where(kind, lambda row: row["type_id"] in known))

    @rule(uri=uris)
    def read_artifacts_by_uri(self, uri: str | None) -> None:
        found = self.store.artifacts.by_uris([uri or "", "u1"])
        wanted = {uri or "", "u1"}
        assert_same(found, self.oracle.where(TypeKind.ARTIFACT, lambda row: row["uri"] in wanted))

    @rule(data=st.data(), kind=st.sampled_from([TypeKind.ARTIFACT, TypeKind.EXECUTION]))
    def read_edges(self, data: st.DataObject, kind: TypeKind) -> None:
        edges = self.store.edges
        ids = data.draw(st.lists(self._id(kind), max_size=3))
        events = (
            edges.events_of_artifacts if kind is TypeKind.ARTIFACT else edges.events_of_executions
        )
        assert [dict(e) for e in events(ids)] == [dict(e) for e in self.oracle.events_of(kind, ids)]
        node_id = data.draw(self._id(kind))
        contexts = (
            edges.contexts_of_artifact if kind is TypeKind.ARTIFACT else edges.contexts_of_execution
        )
        assert_same(contexts(node_id), self.oracle.contexts_of(kind, node_id))

    @rule(data=st.data())
    def read_contexts(self, data: st.DataObject) -> None:
        context_id = data.draw(self._id(TypeKind.CONTEXT))
        for kind in (TypeKind.ARTIFACT, TypeKind.EXECUTION):
            found = self.store.nodes(kind).in_context(context_id)
            assert_same(found, self.oracle.in_context(kind, context_id))
        ids = [context_id, data.draw(self._id(TypeKind.CONTEXT))]
        parents = self.store.edges.parents(ids)
        children = self.store.edges.children(ids)
        known = set(self.oracle.state.nodes[TypeKind.CONTEXT])
        assert {i: [c.id for c in found] for i, found in parents.items()} == {
            i: above for i in set(ids) & known if (above := self.oracle.parents_of(i))
        }
        assert {i: [c.id for c in found] for i, found in children.items()} == {
            i: below for i in set(ids) & known if (below := self.oracle.children_of(i))
        }

    @rule(
        data=st.data(),
        kind=st.sampled_from(KINDS),
        size=st.integers(1, 7),
        order=st.sampled_from(list(OrderField)),
        is_asc=st.booleans(),
    )
    def page_through_nodes(
        self, data: st.DataObject, kind: TypeKind, size: int, order: OrderField, *, is_asc: bool
    ) -> None:
        type_name = data.draw(st.sampled_from([None, "T0", "T1"]))
        type_ids = {t.id for t in self.oracle.state.types.values() if t.name == type_name}
        options = ListOptions(size, order, is_asc)
        found: list[int | None] = []
        while True:
            page = self.store.nodes(kind).page(options, type_name=type_name)
            assert len(page.items) <= size
            found += [node.id for node in page.items]
            if not page.next_page_token:
                break
            options = ListOptions(size, order, is_asc, page.next_page_token)
        assert found == self.oracle.ordered(
            kind, options, lambda row: type_name is None or row["type_id"] in type_ids
        )

    @rule(data=st.data(), kind=st.sampled_from([TypeKind.ARTIFACT, TypeKind.EXECUTION]))
    def trace_lineage(self, data: st.DataObject, kind: TypeKind) -> None:
        direction = data.draw(st.sampled_from([Direction.UPSTREAM, Direction.DOWNSTREAM]))
        max_hops = data.draw(st.sampled_from([None, 0, 1, 2, 3]))
        key = NodeKey(kind, data.draw(self._id(kind)))
        if key.id not in self.oracle.state.nodes[kind]:
            self._refused({Code.NOT_FOUND}, lambda: self.store.lineage.trace(key, direction))
            return
        reach = self.oracle.reach(key, downstream=direction is Direction.DOWNSTREAM)
        near = {k: d for k, d in reach.items() if max_hops is None or d <= max_hops}

        answer = self.store.lineage.trace(key, direction, max_hops=max_hops)

        assert {node.key: node.distance for node in answer.nodes} == near
        assert {e[:3] for e in answer.events} == self.oracle.events_between(near)
        assert sum(n for by in answer.left_out.values() for n in by.values()) == len(reach) - len(
            near
        )
        assert answer.complete == (near == reach)
        if answer.cursor is not None:
            rest = self.store.lineage.resume(answer.cursor)
            assert {node.key: node.distance for node in (*answer.nodes, *rest.nodes)} == reach
            both = [e[:3] for e in (*answer.events, *rest.events)]
            assert len(both) == len(set(both))
            assert set(both) == self.oracle.events_between(reach)

    @rule(data=st.data())
    def find_a_path(self, data: st.DataObject) -> None:
        kinds = st.sampled_from([TypeKind.ARTIFACT, TypeKind.EXECUTION])
        ends = [
            NodeKey(kind, data.draw(self._id(kind)))
            for kind in (data.draw(kinds), data.draw(kinds))
        ]
        if any(end.id not in self.oracle.state.nodes[end.kind] for end in ends):
            self._refused({Code.NOT_FOUND}, lambda: self.store.lineage.path(*ends))
            return
        there = self.oracle.reach(ends[0], downstream=True).get(ends[1])
        back = self.oracle.reach(ends[1], downstream=True).get(ends[0])
        hops = there if there is not None else back

        answer = self.store.lineage.path(*ends)

        assert len(answer.nodes) == (0 if hops is None else hops + 1)
        assert len(answer.events) == (hops or 0)
        for event, source, target in zip(
            answer.events, answer.nodes[:-1], answer.nodes[1:], strict=True
        ):
            assert (event.source, event.target) == (source.key, target.key)
        if hops is not None:
            assert {answer.nodes[0].key, answer.nodes[-1].key} == set(ends)

    # What requests are made of.

    def _type(self, data: st.DataObject) -> st.SearchStrategy[NodeType]:
        kind = data.draw(st.sampled_from(KINDS))
        fields: dict[str, Any] = {
            "name": st.sampled_from(["T0", "T1"]),
            "version": st.sampled_from([None, "", "1"]),
            "external_id": st.sampled_from([None, None, "e0", "e1"]),
            "properties": st.dictionaries(
                st.sampled_from(["a", "b"]), st.sampled_from(list(PropertyKind)), max_size=2
            ),
            "unindexed": st.sets(st.sampled_from(["a", "b"])).map(frozenset),
        }
        if kind is TypeKind.ARTIFACT:
            fields["base_type"] = st.sampled_from(
                [None, ArtifactBaseType.DATASET, ArtifactBaseType.MODEL]
            )
        return st.builds(TYPE_MODELS[kind], **fields)

    def _type_id(self, kind: TypeKind) -> int:
        return min(t.id or 0 for t in self.oracle.state.types.values() if t.kind is kind)

    def _id(self, kind: TypeKind) -> st.SearchStrategy[int]:
        return st.sampled_from([*sorted(self.oracle.state.nodes[kind]), UNKNOWN_ID])

    def _node(self, data: st.DataObject, kind: TypeKind, *, update: bool) -> Any:
        known = sorted(self.oracle.state.nodes[kind])
        node_id = data.draw(st.sampled_from([*known, *known, UNKNOWN_ID])) if update else None
        right = self._type_id(kind)
        if node_id in self.oracle.state.nodes[kind]:
            right = self.oracle.state.nodes[kind][node_id]["type_id"]
        type_ids = [right] * 9 + sorted(self.oracle.state.types) + [UNKNOWN_ID]
        type_id = data.draw(
            st.sampled_from([*type_ids, None] if not update else [*type_ids, None, None])
        )
        fields: dict[str, Any] = {
            "id": node_id,
            "type_id": type_id,
            "name": data.draw(names),
            "external_id": data.draw(external_ids),
            "properties": data.draw(self._properties(type_id or right)),
            "custom_properties": data.draw(
                st.dictionaries(st.sampled_from(KEYS), values, max_size=2)
            ),
        }
        if kind is TypeKind.CONTEXT and fields["name"] is None:
            fields["name"] = data.draw(st.sampled_from([None, "c0", "c1", "c2", "c3", "c4"]))
        if update and node_id in self.oracle.state.nodes[kind] and data.draw(st.booleans()):
            fields["type"] = self.oracle.state.nodes[kind][node_id]["type"]
        if kind is TypeKind.ARTIFACT:
            fields["uri"] = data.draw(uris)
            fields["state"] = data.draw(st.sampled_from([None, *ArtifactState]))
        if kind is TypeKind.EXECUTION:
            fields["last_known_state"] = data.draw(st.sampled_from([None, *ExecutionState]))
        return MODELS[kind](**fields)

    def _properties(self, type_id: int) -> st.SearchStrategy[dict[str, Any]]:
        """Mostly what the type declares; sometimes what it does not."""
        node_type = self.oracle.state.types.get(type_id)
        declared = node_type.properties if node_type else {}
        right = st.fixed_dictionaries(
            {}, optional={key: st.sampled_from(VALUES[kind]) for key, kind in declared.items()}
        )
        wrong = st.dictionaries(st.sampled_from([*KEYS, "zz"]), values, max_size=1)
        return st.one_of(right, right, right, right, wrong)

    def _ref(self, kind: TypeKind, new: int, *, wrong: bool) -> st.SearchStrategy[Any]:
        """A node of the request or of the store, or also one of neither."""
        right: list[Any] = [New(i) for i in range(new)] * 3
        right += sorted(self.oracle.state.nodes[kind])
        return st.sampled_from(
            [*right, UNKNOWN_ID, New(7), New(-1)] if wrong else right or [New(0)]
        )

    def _request(self, data: st.DataObject, lists: dict[TypeKind, list[Any]]) -> PutRequest:
        artifact, execution, context = (
            self._ref(kind, len(lists[kind]), wrong=data.draw(st.integers(0, 4)) == 0)
            for kind in KINDS
        )
        event = st.builds(
            EventPut,
            artifact=artifact,
            execution=execution,
            type=st.sampled_from(list(EventType)),
            path=paths,
            milliseconds_since_epoch=st.sampled_from([None, 0, -5, 2**63 - 1]),
        )
        position = st.integers(0, max(len(lists[TypeKind.ARTIFACT]) - 1, 0))
        payload = st.just(StoredPayload("sha256:" + "0" * 64, 7))
        artifacts = lists[TypeKind.ARTIFACT]
        handmade = any(a.name is not None for a in artifacts)
        flag = st.booleans()
        return PutRequest(
            artifacts=tuple(artifacts),
            executions=tuple(lists[TypeKind.EXECUTION]),
            contexts=tuple(lists[TypeKind.CONTEXT]),
            events=tuple(data.draw(st.lists(event, max_size=3))),
            attributions=tuple(
                data.draw(st.lists(st.builds(LinkPut, artifact, context), max_size=2))
            ),
            associations=tuple(
                data.draw(st.lists(st.builds(LinkPut, execution, context), max_size=2))
            ),
            parents=tuple(data.draw(st.lists(st.builds(ParentPut, context, context), max_size=2))),
            series={}
            if handmade
            else data.draw(st.dictionaries(position, st.sampled_from(["s", "t"]), max_size=2)),
            payloads=data.draw(st.dictionaries(position, payload, max_size=1)),
            reuse_contexts=data.draw(flag),
            reuse_artifacts=data.draw(flag),
            force_update_time=data.draw(flag),
        )

    # Both sides.

    def _put_types(self, types: list[NodeType], *, can_add: bool, can_omit: bool) -> None:
        self.written = True
        self.store.now += 1
        try:
            wanted = self.oracle.put_types(types, can_add=can_add, can_omit=can_omit)
        except Refused as refused:
            self._refused(
                refused.codes,
                lambda: self.store.types.put(
                    types, can_add_fields=can_add, can_omit_fields=can_omit
                ),
            )
            return
        ids = self.store.types.put(types, can_add_fields=can_add, can_omit_fields=can_omit)
        assert ids == wanted

    def _put(self, request: PutRequest) -> PutAnswer | None:
        self.written = True
        self.store.now += 1
        note(repr(request))
        try:
            self.oracle.check(request, now=self.store.now)
        except Refused as refused:
            self._refused(refused.codes, lambda: self.store.puts.put(request))
            return None
        answer = self.store.puts.put(request)
        self.oracle.put(request, answer, now=self.store.now)
        return answer

    def _change(self, expected: Callable[[int], None], call: Callable[[], object]) -> None:
        """Make a change on both sides, or see both refuse it."""
        self.written = True
        self.store.now += 1
        try:
            expected(self.store.now)
        except Refused as refused:
            self._refused(refused.codes, call)
            return
        call()

    def _refused(self, wanted: set[Code], call: Callable[[], object]) -> None:
        """The real store refuses the call too, with one of these codes."""
        with pytest.raises(HeadwaterError) as caught:
            call()
        assert caught.value.code in wanted, f"{caught.value!r}, expected one of {wanted}"

    def _compare_with(self, found: Snapshot) -> None:
        """The graph holds what the oracle holds."""
        fetch = self.store.objects.read_bytes
        state = self.oracle.state
        for kind in KINDS:
            nodes = [
                decode_node(kind, properties, fetch)
                for element, properties in found.items()
                if element.kind == str(kind)
            ]
            assert_same(
                sorted(nodes, key=lambda n: n.id), self.oracle.by_ids(kind, state.nodes[kind])
            )
        edges = {kind: {e.key for e in found if e.kind is kind} for kind in ElementKind}
        assert edges[ElementKind.EVENT] == {
            (e.artifact_id, e.execution_id, str(e.type)) for e in state.events
        }
        assert edges[ElementKind.ATTRIBUTION] == state.attributions
        assert edges[ElementKind.ASSOCIATION] == state.associations
        assert edges[ElementKind.PARENT_CONTEXT] == state.parents
        assert {
            e.key: p["latest"] for e, p in found.items() if e.kind is ElementKind.SERIES
        } == state.series
        types = {t.id: t for t in self.store.types.all()}
        assert {i: dict(t) for i, t in types.items()} == {
            i: dict(t) for i, t in state.types.items()
        }


def test_the_store_and_the_oracle_agree_over_thousands_of_steps(
    graph: Graph, objects: DirectoryStore
) -> None:
    StoreMachine.steps = 0
    machine: Any = partial(StoreMachine, graph, objects)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )

    print(f"{StoreMachine.steps:,} steps, no difference")  # noqa: T201 - the figure is the point
    assert StoreMachine.steps >= LEAST_STEPS
