"""Namespaces are made, listed and dropped; a drop that is interrupted goes on."""

import re
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import pytest

import headwater
from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, load
from headwater.services import namespaces as module
from headwater_schema import Artifact, ArtifactType, PutRequest
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.stored import NAMESPACED_LABELS
from support.beats import silence
from support.clocked import Services, snapshot

pytestmark = pytest.mark.usefixtures("old_ids_are_dropped")


class Data(headwater.Artifact):
    rows: int = 0


class Model(headwater.Artifact):
    rows: int = 0


class Train(headwater.Execution):
    pass


class Pipeline(headwater.Context):
    pass


LEFT = Statement(
    "test/left",
    """
MATCH (n:Artifact|Execution|Context|Type|Series|Heartbeat|Counter) WHERE n.namespace = $namespace
RETURN count(n) AS n
UNION ALL
MATCH (n:Namespace {name: $namespace}) RETURN count(n) AS n
""",
)


def left_in(graph: Graph, namespace: str) -> int:
    return sum(row[0] for row in graph.read(LEFT, namespace=namespace))


def record(store: headwater.MetadataStore, runs: int = 3) -> None:
    """A pipeline of runs that read one artifact, with a heartbeat left behind."""
    with store.run(Train(), context=Pipeline(name="p")) as first:
        raw = first.output(Data(name="raw"), payload=b"raw")
    for _ in range(runs - 1):
        with store.run(Train(), context=Pipeline(name="p")) as run:
            run.input(raw)
            run.output(Model(name="m"))
    silence(store, 1)


class Bar:
    """What a drop tells of itself."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def begin(self, task: str, total: int | None) -> None:
        self.told.append((task, total))

    def advance(self, amount: int) -> None:
        self.told.append(amount)

    def end(self) -> None:
        self.told.append("end")


def test_a_namespace_is_made_once(store: headwater.MetadataStore, graph: Graph) -> None:
    name = f"{store.namespace}-made"

    made = store.create_namespace(name)
    with pytest.raises(AlreadyExists):
        store.create_namespace(name)

    assert made in store.list_namespaces()
    assert store.in_namespace(name).put_types([ArtifactType(name="A")]) == [10]
    store.drop_namespace(name)
    assert left_in(graph, name) == 0


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 256])
def test_a_name_that_no_namespace_can_have_is_refused(
    store: headwater.MetadataStore, name: str
) -> None:
    with pytest.raises(InvalidArgument):
        store.create_namespace(name)
    with pytest.raises(InvalidArgument):
        store.drop_namespace(name)


def test_what_a_namespace_holds_is_counted(store: headwater.MetadataStore) -> None:
    assert store.namespaces.count(store.namespace) == (0, 0, 0, 0)

    record(store)

    assert store.namespaces.count(store.namespace) == (3, 3, 1, 4)


def test_a_dropped_namespace_leaves_nothing_and_its_neighbour_everything(
    store: headwater.MetadataStore, graph: Graph
) -> None:
    record(store)
    other = store.in_namespace(f"{store.namespace}-other")
    record(other)
    before = snapshot(graph, other.namespace)
    bar = Bar()

    counts = store.drop_namespace(store.namespace, progress=bar)

    assert counts[:3] == (3, 3, 1)
    assert left_in(graph, store.namespace) == 0
    assert snapshot(graph, other.namespace) == before
    assert bar.told[0] == (f"drop namespace {store.namespace}", 7)
    assert sum(n for n in bar.told if isinstance(n, int)) == 7
    assert bar.told[-1] == "end"
    assert store.namespace not in [namespace.name for namespace in store.list_namespaces()]
    other.drop_namespace(other.namespace)


def test_ids_and_types_begin_again_in_the_store_that_dropped(
    store: headwater.MetadataStore,
) -> None:
    record(store)

    store.drop_namespace(store.namespace)
    with store.run(Train()) as run:
        made = run.output(Model(name="m"))

    assert (made.id, made.name, run.execution.id) == (1, "m@1", 1)
    assert {t.name: t.id for t in store.types.all()}.keys() == {"Train", "Model"}
    assert min(t.id or 0 for t in store.types.all()) == 10


def test_what_does_not_exist_cannot_be_dropped(store: headwater.MetadataStore) -> None:
    with pytest.raises(NotFound, match="nothing to drop"):
        store.drop_namespace(f"{store.namespace}-none")


def test_an_observer_is_told_of_a_drop_once(make_services: Callable[[], Services]) -> None:
    services = make_services()
    services.types.put([ArtifactType(name="A")])
    services.puts.put(PutRequest(artifacts=(Artifact(type_id=10),)))
    services.seen.clear()

    services.namespaces.drop(services.namespace)

    before = {"name": services.namespace, "create_time_since_epoch": 1_000}
    element = Element(ElementKind.NAMESPACE, (services.namespace,))
    assert services.seen == [ElementChange(element, before, None)]
    assert services.snapshot() == {}


def test_a_hub_goes_in_parts(
    store: headwater.MetadataStore, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, runs=9)
    monkeypatch.setattr(module, "_BATCH", 4)

    store.drop_namespace(store.namespace)

    assert left_in(graph, store.namespace) == 0


class Stopped(Exception):
    pass


class StopAfter(Bar):
    """A bar that stops the drop after some batches, as a killed process would."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches

    def advance(self, amount: int) -> None:
        super().advance(amount)
        if not self._left:
            raise Stopped
        self._left -= 1


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_an_interrupted_drop_hides_the_namespace_and_goes_on(
    store: headwater.MetadataStore,
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
    batches: int,
) -> None:
    record(store)
    monkeypatch.setattr(module, "_BATCH", 1)
    beside = store.in_namespace(store.namespace)

    with pytest.raises(Stopped):
        store.drop_namespace(store.namespace, progress=StopAfter(batches))

    states = {n.name: n.state for n in store.list_namespaces()}
    assert states[store.namespace] == "DROPPING"
    assert beside.types.all() == []
    assert beside.contexts.by_name("p") == []
    for refused in (store, beside):
        with pytest.raises(FailedPrecondition, match="is being dropped"):
            refused.put_types([ArtifactType(name="New")])
    with pytest.raises(FailedPrecondition, match="is being dropped"):
        store.create_namespace(store.namespace)

    store.drop_namespace(store.namespace)

    assert left_in(graph, store.namespace) == 0
    assert beside.put_types([ArtifactType(name="New")]) == [10]


def test_an_open_store_is_refused_while_the_namespace_is_dropped(
    store: headwater.MetadataStore,
) -> None:
    record(store)
    writer = store.in_namespace(store.namespace)
    type_id = writer.type_id(Data)
    request = PutRequest(artifacts=(Artifact(type_id=type_id),))
    writer.put(request)
    with pytest.raises(Stopped):
        store.drop_namespace(store.namespace, progress=StopAfter(0))

    with pytest.raises(FailedPrecondition, match="is being dropped"):
        writer.put(request)
    with pytest.raises(FailedPrecondition, match="is being dropped"), writer.run(Train()):
        pass

    store.drop_namespace(store.namespace)


def test_another_store_forgets_what_it_knew_of_a_dropped_namespace(
    store: headwater.MetadataStore,
) -> None:
    record(store)
    writer = store.in_namespace(store.namespace)
    stale = writer.type_id(Data)
    for _ in range(20):
        writer.put(PutRequest(artifacts=(Artifact(type_id=stale),)))

    store.drop_namespace(store.namespace)
    store.register(Model, Data)
    with writer.run(Train()) as run:
        made = run.output(Data(name="d"))

    assert made.id == 1
    assert (made.type, made.name) == ("Data", "d@1")
    assert store.artifact("d").type == "Data"
    assert [t.id for t in store.types.all()] == [10, 11, 12]


def test_a_type_id_that_means_another_type_now_is_never_used(
    store: headwater.MetadataStore,
) -> None:
    writer = store.in_namespace(store.namespace)
    (stale,) = writer.put_types([ArtifactType(name="A")])
    request = PutRequest(artifacts=(Artifact(type_id=stale),))
    writer.put(request)

    store.drop_namespace(store.namespace)
    assert store.put_types([ArtifactType(name="B")]) == [stale]
    with pytest.raises(headwater.errors.Aborted, match="was 'A' and is 'B' now"):
        writer.put(request)

    assert store.artifacts.all() == []


def test_every_label_with_a_namespace_goes_with_it() -> None:
    folder = resources.files("headwater_schema") / "graph"
    texts = [f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".cypher")]

    labels: Sequence[str] = re.findall(r"FOR \(n:(\w+)\) REQUIRE \(n\.namespace\b", "".join(texts))

    assert set(labels) == set(NAMESPACED_LABELS)
    assert "Counter" in load("namespace/finish_drop").text
