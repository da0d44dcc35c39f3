"""Filters of past states: told of what nodes were, as the oracle tells it, and of nothing else."""

import os
import uuid

import pytest
from hypothesis import HealthCheck, given, settings

from headwater.errors import InvalidArgument
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater.query.parts import NodeKey
from headwater_schema import (
    Artifact,
    ArtifactType,
    Context,
    Execution,
    ExecutionState,
    ListOptions,
    PutRequest,
    TypeKind,
)
from services.test_history import tick
from support.clocked import Services
from support.filter_world import filter_world
from support.filters import Drawn, World, any_filter, matching

EXAMPLES = int(os.environ.get("HEADWATER_TEST_EXAMPLES", "60"))


@pytest.fixture(scope="module")
def past_world(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Services, World, int]:
    """A small store of which half the nodes are others now, what it was in plain Python, and when."""
    folder = tmp_path_factory.mktemp("objects")
    services = Services(graph, DirectoryStore(folder), f"test-{uuid.uuid4().hex}")
    nodes = filter_world(services)
    then = tick(graph)
    services.now += 1
    changed = [n for kind in TypeKind for n in nodes.nodes[kind] if (n.id or 0) % 2]
    services.puts.put(
        PutRequest(
            artifacts=tuple(
                Artifact(id=n.id, type_id=n.type_id, uri="a", custom_properties={"b": 1})
                for n in changed
                if isinstance(n, Artifact)
            ),
            executions=tuple(
                Execution(id=n.id, type_id=n.type_id, last_known_state=ExecutionState.FAILED)
                for n in changed
                if isinstance(n, Execution)
            ),
            contexts=tuple(
                Context(id=n.id, type_id=n.type_id, name=f"new {n.name}", properties={"b": "b"})
                for n in changed
                if isinstance(n, Context)
            ),
        )
    )
    services.removal.delete(NodeKey(TypeKind.ARTIFACT, 2))
    return services, nodes, then


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=any_filter())
def test_any_filter_of_a_past_state_finds_what_the_oracle_finds_or_speaks_of_neighbours(
    past_world: tuple[Services, World, int], drawn: tuple[TypeKind, Drawn]
) -> None:
    services, nodes, then = past_world
    kind, asked = drawn
    past = services.nodes(kind).at(known_at=then)
    options = ListOptions(max_result_size=10, filter_query=asked.text)

    if asked.aliases:
        with pytest.raises(InvalidArgument, match="is a neighbour"):
            past.page(options)
    else:
        found = past.page(options).items
        assert [node.id for node in found] == matching(nodes, kind, asked)
        assert all(node in nodes.nodes[kind] for node in found)


def test_a_past_value_out_of_a_filters_reach_is_told(services: Services) -> None:
    (type_id,) = services.types.put([ArtifactType(name="A")])
    large = {"large": "x" * (services.offload_bytes + 1)}
    put = PutRequest(artifacts=(Artifact(type_id=type_id, custom_properties=large),))
    artifact_id = services.puts.put(put).artifact_ids[0]
    then = tick(services.graph)
    services.puts.put(PutRequest(artifacts=(Artifact(type_id=type_id, id=artifact_id),)))

    def found(text: str) -> list[int | None]:
        options = ListOptions(filter_query=f"custom_properties.large.string_value {text}")
        page = services.artifacts.at(known_at=then).page(options)
        return [artifact.id for artifact in page.items]

    assert found(f"= '{large['large']}'") == [artifact_id]
    assert found("= 'x'") == []
    with pytest.raises(InvalidArgument, match="lies in the object store"):
        found("LIKE 'x%'")
