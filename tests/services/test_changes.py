"""The door tells each change of the graph, exactly, and none of a write that failed.

The same is checked at every step of `tests/property/test_store_against_oracle.py`; here is
one case of each, and what the caller says.
"""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headwater
from headwater.errors import HeadwaterError
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater.services.door import Caller
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactType,
    Change,
    Element,
    ElementKind,
    EventPut,
    EventType,
    LinkPut,
    New,
    ParentPut,
    PropertyKind,
    TypeKind,
)
from headwater_schema.changes import ElementChange, property_changes
from services.conftest import Typed, with_types
from support.clocked import Services, Snapshot, difference, ordered
from support.exact import exact
from support.servers import Neo4jAddress


def told(services: Services, before: Snapshot) -> list[Change]:
    """Return what the observer was told since, after checking that it is what happened."""
    changes = ordered(property_changes(services.seen))
    services.seen.clear()
    assert exact(changes) == exact(difference(before, services.snapshot()))
    return changes


def test_a_new_namespace_tells_its_system_types(services: Services) -> None:
    services.types.put([])

    elements = {change.element for change in told(services, {})}

    assert elements == {Element(ElementKind.TYPE, (i,)) for i in range(1, 10)}


def test_a_type_tells_its_properties_and_its_base(services: Services) -> None:
    services.types.put([])
    before = services.snapshot()
    services.seen.clear()

    services.types.put(
        [
            ArtifactType(
                name="T", properties={"a": PropertyKind.INT}, base_type=ArtifactBaseType.MODEL
            )
        ]
    )

    changes = told(services, before)
    assert Change(Element(ElementKind.TYPE, (10,)), "d_a", None, "INT") in changes
    assert Change(Element(ElementKind.PARENT_TYPE, (10, 2)), "", before=None, after=True) in changes


def test_a_whole_lineage_tells_every_element(typed: Typed) -> None:
    before = typed.services.snapshot()
    typed.services.seen.clear()

    typed.put(
        typed.artifact(uri="u" * 5_000, properties={"a": 1, "d": 1.0}),
        typed.execution(custom_properties={"s": {"k": [1]}, "big": "x" * 7_000}),
        typed.context("c"),
        typed.context("p"),
        events=(EventPut(New(0), New(0), EventType.OUTPUT),),
        attributions=(LinkPut(New(0), New(0)),),
        associations=(LinkPut(New(0), New(1)),),
        parents=(ParentPut(New(0), New(1)),),
        series={0: "s"},
    )

    kinds = {change.element.kind for change in told(typed.services, before)}
    assert kinds == set(ElementKind) - {
        ElementKind.TYPE,
        ElementKind.PARENT_TYPE,
        ElementKind.NAMESPACE,
    }


def test_an_update_tells_only_what_differs_and_its_kind(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(uri="u", custom_properties={"k": 1, "x": 1}))
    before = typed.services.snapshot()
    typed.services.seen.clear()

    typed.put(typed.artifact(id=artifact_id, uri="u", custom_properties={"k": 1.0}))

    element = Element(ElementKind.ARTIFACT, (artifact_id,))
    now = typed.services.now
    assert told(typed.services, before) == [
        Change(element, "c_k", 1, 1.0),
        Change(element, "c_x", 1, None),
        Change(element, "last_update_time_since_epoch", now - 1, now),
    ]


def test_an_element_changed_twice_in_a_request_is_told_once(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(uri="a"))
    before = typed.services.snapshot()
    typed.services.seen.clear()

    typed.put(*(typed.artifact(id=artifact_id, uri=uri) for uri in ("b", "c")))
    changes = told(typed.services, before)
    assert [c[2:] for c in changes if c.property == "uri"] == [("a", "c")]

    before = typed.services.snapshot()
    typed.put(typed.artifact(), typed.artifact(), series={0: "s", 1: "s"})
    changes = told(typed.services, before)
    assert [c[2:] for c in changes if c.property == "latest"] == [(None, 2)]


def test_what_changes_nothing_tells_nothing(typed: Typed) -> None:
    artifact_id, context_id = typed.put(
        typed.artifact(), typed.context(), attributions=(LinkPut(New(0), New(0)),)
    )
    before = typed.services.snapshot()
    typed.services.seen.clear()

    typed.put(typed.read(artifact_id))
    typed.put(attributions=(LinkPut(artifact_id, context_id),))
    typed.put(typed.context(), reuse_contexts=True)

    assert told(typed.services, before) == []


def test_a_write_that_failed_tells_nothing(typed: Typed) -> None:
    typed.put(typed.artifact(name="n"))
    before = typed.services.snapshot()
    typed.services.seen.clear()

    for nodes in (
        [typed.artifact(), typed.artifact(name="n")],
        [typed.artifact(id=1, uri="u"), typed.artifact(id=99)],
        [typed.artifact(), typed.artifact(properties={"zz": 1})],
    ):
        with pytest.raises(HeadwaterError):
            typed.put(*nodes)

    assert typed.services.seen == []
    assert told(typed.services, before) == []


@given(
    rounds=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["new", "replace", "mask"]),
                st.integers(0, 3),
                st.dictionaries(
                    st.sampled_from(["k", "l"]),
                    st.sampled_from(
                        [0, 0.0, False, "", "x" * 4_100, "x" * 7_000, {}, float("nan")]
                    ),
                ),
                st.sampled_from([None, "u", "u" * 4_100]),
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None)
def test_what_is_told_is_the_difference_of_the_graph(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[list[tuple[str, int, dict[str, object], str | None]]],
) -> None:
    import uuid  # noqa: PLC0415 - a namespace for each example

    with DirectoryStore(tmp_path_factory.mktemp("objects")) as objects:
        typed = with_types(Services(graph, objects, f"test-{uuid.uuid4().hex}"))
        known: list[int] = []
        for puts in rounds:
            before = typed.services.snapshot()
            typed.services.seen.clear()
            nodes: list[Artifact] = []
            masks: dict[TypeKind, tuple[str, ...]] = {}
            for how, which, custom, uri in puts:
                node_id = known[which % len(known)] if known and how != "new" else None
                nodes.append(typed.artifact(id=node_id, custom_properties=custom, uri=uri))
                if how == "mask":
                    masks = {TypeKind.ARTIFACT: ("custom_properties.k", "uri")}
            known += typed.put(*nodes, update_masks=masks)
            told(typed.services, before)


def test_the_observer_hears_who_asked_and_why(
    neo4j_server: Neo4jAddress, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heard: list[tuple[Caller, Sequence[ElementChange]]] = []
    observer: Callable[[Caller, Sequence[ElementChange]], None] = lambda *what: heard.append(what)  # noqa: E731 - short
    with headwater.connect(
        neo4j_server.address,
        user=neo4j_server.user,
        password=neo4j_server.password,
        namespace=namespace,
        objects=str(tmp_path_factory.mktemp("objects")),
        actor="ann",
        observer=observer,
    ) as store:
        store.put_types([ArtifactType(name="T")], reason="first")
        store.put_types([ArtifactType(name="U")], reason="second")

    callers = [caller for caller, _ in heard][-2:]
    assert [(c.actor, c.reason) for c in callers] == [("ann", "first"), ("ann", "second")]
    assert len({c.request_id for c in callers}) == 2
