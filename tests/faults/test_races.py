"""Many at once on one name: one result, and only errors that say so."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from faults.processes import child, go_on, said
from headwater.errors import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument
from headwater.graph.session import Graph
from headwater.objects import DirectoryStore
from headwater_schema import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    ParentPut,
    PropertyKind,
    PutAnswer,
    PutRequest,
    TypeKind,
)
from support.clocked import Services

WRITERS, ROUNDS = 8, 12


@pytest.fixture
def writers(graph: Graph, objects: DirectoryStore) -> list[Services]:
    """Services that share a namespace and nothing else, as those of several processes do."""
    namespace = f"test-{uuid.uuid4().hex}"
    return [Services(graph, objects, namespace) for _ in range(WRITERS)]


def at_once(writers: list[Services], act: Callable[[Services], Any]) -> list[Any]:
    """Return what each writer's act gave, all begun at once: its result or the error's class."""
    barrier = Barrier(len(writers))

    def run(writer: Services) -> Any:
        barrier.wait()
        try:
            return act(writer)
        except (AlreadyExists, Aborted) as error:
            return type(error)

    with ThreadPoolExecutor(len(writers)) as pool:
        return list(pool.map(run, writers))


def number(writers: list[Services], writer: Services) -> int:
    return next(i for i, each in enumerate(writers) if each is writer)


def put_types(writer: Services, types: list[ArtifactType]) -> int:
    return writer.types.put(types)[0]


def put(writer: Services, request: PutRequest) -> PutAnswer:
    return writer.puts.put(request)


def test_a_type_put_at_once_is_one_type(writers: list[Services]) -> None:
    for i in range(ROUNDS):
        types = [ArtifactType(name=f"T{i}", external_id=f"x{i}")]

        ids = at_once(writers, partial(put_types, types=types))

        assert ids == [10 + i] * WRITERS
    assert len(writers[0].types.all()) == ROUNDS


def test_properties_added_at_once_are_all_kept(writers: list[Services]) -> None:
    writers[0].types.put([ArtifactType(name="T")])

    def add(writer: Services) -> int:
        properties = {f"k{number(writers, writer)}": PropertyKind.INT}
        node_type = ArtifactType(name="T", properties=properties, unindexed=frozenset(properties))
        return writer.types.put([node_type], can_add_fields=True, can_omit_fields=True)[0]

    assert at_once(writers, add) == [10] * WRITERS
    assert len(writers[0].types.get(TypeKind.ARTIFACT, "T").properties) == WRITERS


def test_a_context_put_at_once_is_one_context(writers: list[Services]) -> None:
    (type_id,) = writers[0].types.put([ContextType(name="C")])
    for i in range(ROUNDS):
        request = PutRequest(
            contexts=(Context(type_id=type_id, name=f"c{i}"),), reuse_contexts=True
        )

        ids = at_once(writers, partial(put, request=request))

        assert len({answer.context_ids for answer in ids}) == 1
    assert len(writers[0].contexts.all()) == ROUNDS


@pytest.mark.parametrize("field", ["name", "external_id"])
def test_an_artifact_put_at_once_is_given_to_one(writers: list[Services], field: str) -> None:
    (type_id,) = writers[0].types.put([ArtifactType(name="A")])
    for i in range(ROUNDS):
        node = Artifact(type_id=type_id, **{field: f"a{i}"})
        request = PutRequest(artifacts=(node,), reuse_artifacts=field == "external_id")

        answers = at_once(writers, partial(put, request=request))

        assert len({a.artifact_ids for a in answers if isinstance(a, PutAnswer)}) == 1
    assert len(writers[0].artifacts.all()) == ROUNDS


def test_versions_of_a_series_put_at_once_are_each_given_once(writers: list[Services]) -> None:
    (type_id,) = writers[0].types.put([ArtifactType(name="A")])
    request = PutRequest(artifacts=(Artifact(type_id=type_id),), series={0: "s"})

    def put_many(writer: Services) -> list[int]:
        return [writer.puts.put(request).versions[0] for _ in range(ROUNDS)]

    versions = [version for mine in at_once(writers, put_many) for version in mine]
    assert sorted(versions) == list(range(1, WRITERS * ROUNDS + 1))


def test_an_event_put_at_once_is_one_event(writers: list[Services]) -> None:
    artifact_type, execution_type = writers[0].types.put(
        [ArtifactType(name="A"), ExecutionType(name="E")]
    )
    for _ in range(ROUNDS):
        answer = writers[0].puts.put(
            PutRequest(
                artifacts=(Artifact(type_id=artifact_type),),
                executions=(Execution(type_id=execution_type),),
            )
        )
        event = EventPut(answer.artifact_ids[0], answer.execution_ids[0], EventType.INPUT)

        answers = at_once(writers, partial(put, request=PutRequest(events=(event,))))

        assert sum(isinstance(answer, PutAnswer) for answer in answers) == 1
    writers[0].snapshot()


def test_parents_put_at_once_make_no_cycle(writers: list[Services]) -> None:
    (type_id,) = writers[0].types.put([ContextType(name="C")])
    for i in range(ROUNDS):
        answer = writers[0].puts.put(
            PutRequest(
                contexts=tuple(Context(type_id=type_id, name=f"c{i}-{n}") for n in range(WRITERS))
            )
        )
        ids = answer.context_ids

        def close(writer: Services, ids: tuple[int, ...] = ids) -> bool:
            n = number(writers, writer)
            request = PutRequest(parents=(ParentPut(ids[n], ids[(n + 1) % WRITERS]),))
            try:
                writer.puts.put(request)
            except InvalidArgument:
                return False
            return True

        assert sorted(at_once(writers, close)) == [False] + [True] * (WRITERS - 1)


def test_updates_that_expect_the_same_time_let_one_through(writers: list[Services]) -> None:
    (type_id,) = writers[0].types.put([ArtifactType(name="A")])
    for _ in range(ROUNDS):
        (artifact_id,) = (
            writers[0].puts.put(PutRequest(artifacts=(Artifact(type_id=type_id),))).artifact_ids
        )
        (node,) = writers[0].artifacts.by_ids([artifact_id])

        def update(writer: Services, node: Artifact = node) -> bool:
            changed = node.model_copy(update={"uri": str(number(writers, writer))})
            try:
                writer.puts.put(PutRequest(artifacts=(changed,), match_update_times=True))
            except FailedPrecondition:
                return False
            return True

        assert sorted(at_once(writers, update)) == [False] * (WRITERS - 1) + [True]


def test_two_processes_that_put_the_same_names_get_one_result(
    neo4j_server: Any, namespace: str, tmp_path: Path
) -> None:
    given = {
        "address": neo4j_server.address,
        "user": neo4j_server.user,
        "password": neo4j_server.password,
        "namespace": namespace,
        "objects": str(tmp_path / "objects"),
    }
    with ExitStack() as stack:
        racers = [stack.enter_context(child("race", **given)) for _ in range(2)]
        for _ in range(10):
            assert [said(racer) for racer in racers] == ["ready", "ready"]
            for racer in racers:
                go_on(racer)
            one, two = (said(racer) for racer in racers)

            assert (one["type"], one["context"]) == (two["type"], two["context"])
            artifacts = [one["artifact"], two["artifact"]]
            assert sum(isinstance(found, int) for found in artifacts) == 1
            assert set(artifacts) & {"AlreadyExists", "Aborted"}
