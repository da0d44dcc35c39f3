"""A put that was written and whose answer was lost: it is answered, and written once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from neo4j.exceptions import IncompleteCommit, ServiceUnavailable

from headwater.errors import AlreadyExists, Unavailable
from headwater.graph.session import Graph, translated
from headwater.services.history import HistoryService
from headwater.services.namespaces import NamespaceService
from headwater_schema import (
    EventPut,
    EventType,
    ExecutionState,
    FirstBeat,
    LinkPut,
    New,
    PutAnswer,
    PutRequest,
)
from services.conftest import Typed, with_types
from support.clocked import Services

BEAT = FirstBeat("host", 1, 10_000)


def loses_the_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next guarded statement be committed, and nobody hear of it."""
    true = Graph.write_guarded

    def write_guarded(self: Graph, *asked: Any) -> None:
        monkeypatch.setattr(Graph, "write_guarded", true)
        assert true(self, *asked) is not None

    monkeypatch.setattr(Graph, "write_guarded", write_guarded)


def loses_the_commit(
    monkeypatch: pytest.MonkeyPatch, error: Exception, *, committed: bool = True
) -> None:
    """Let the next put that is judged first be committed, or not, and end with that error."""
    true = Graph.write_one

    def write_one(self: Graph, *asked: Any) -> Any:
        monkeypatch.setattr(Graph, "write_one", true)
        if committed:
            true(self, *asked)
        raise translated(error, "an address") from error

    monkeypatch.setattr(Graph, "write_guarded", lambda *_: None)
    monkeypatch.setattr(Graph, "write_one", write_one)


def a_run(typed: Typed, name: str, contexts: Sequence[str] = ("p", "q")) -> PutRequest:
    """Return a request of everything that a put can answer: merged contexts, series, a name."""
    return PutRequest(
        artifacts=(typed.artifact(), typed.artifact(), typed.artifact()),
        executions=(typed.execution(name=name),),
        contexts=tuple(typed.context(context) for context in contexts),
        reuse_contexts=True,
        series={0: "s", 2: "s"},
        events=(EventPut(New(1), New(0), EventType.OUTPUT),),
        associations=(LinkPut(New(0), New(1)),),
        first_beats={0: BEAT},
    )


@pytest.fixture
def lose(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    if request.param == "guarded":
        return lambda: loses_the_guarded(monkeypatch)
    return lambda: loses_the_commit(monkeypatch, IncompleteCommit())


@pytest.mark.parametrize("lose", ["guarded", "commit"], indirect=True)
def test_a_lost_answer_is_found(typed: Typed, lose: Callable[[], object]) -> None:
    put = typed.services.puts.put
    known = put(a_run(typed, "first"))
    history = HistoryService(typed.services.scope)
    before = len(list(history.changes()))
    lose()

    answer = put(a_run(typed, "second", ("r", "p")))

    assert answer == PutAnswer(
        (4, 5, 6), (2,), (answer.context_ids[0], known.context_ids[0]), {0: 3, 2: 4}
    )
    assert answer.context_ids[0] not in known.context_ids
    assert len(list(history.changes())) == before + 1
    found = typed.services.artifacts.all()
    assert [a.name for a in found] == ["s@1", None, "s@2", "s@3", None, "s@4"]
    (execution,) = typed.services.executions.by_ids(answer.execution_ids)
    assert execution.name == "second"
    assert put(a_run(typed, "third")).execution_ids == (3,)


@pytest.mark.parametrize("lose", ["commit"], indirect=True)
def test_a_lost_answer_of_an_update_is_found(typed: Typed, lose: Callable[[], object]) -> None:
    put = typed.services.puts.put
    known = put(a_run(typed, "first"))
    ended = typed.execution(
        id=known.execution_ids[0], last_known_state=ExecutionState.COMPLETE, name="first"
    )
    request = PutRequest(executions=(ended,), ends_heartbeats=True)
    lose()

    assert put(request) == PutAnswer((), known.execution_ids, (), {})

    (found,) = typed.services.executions.by_ids(known.execution_ids)
    assert found.last_known_state is ExecutionState.COMPLETE


@pytest.mark.parametrize("lose", ["commit"], indirect=True)
def test_a_name_that_another_has_is_taken_even_so(typed: Typed, lose: Callable[[], object]) -> None:
    typed.services.puts.put(a_run(typed, "first"))
    lose()

    with pytest.raises(AlreadyExists, match="name 'first' exists"):
        typed.services.puts.put(a_run(typed, "first"))

    assert len(typed.services.artifacts.all()) == 3


@pytest.mark.parametrize("error", [IncompleteCommit(), ServiceUnavailable()])
def test_what_was_not_written_is_not_answered(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    loses_the_commit(monkeypatch, error, committed=False)

    with pytest.raises(Unavailable):
        typed.services.puts.put(a_run(typed, "first"))

    assert typed.services.artifacts.all() == []


def test_ids_that_start_anew_in_a_namespace_made_again_are_not_taken_for_a_lost_answer(
    make_services: Callable[[], Services],
) -> None:
    """Another process drops the namespace and fills it while this one holds a block of ids."""
    mine = make_services()
    typed = with_types(mine)
    for _ in range(4):
        typed.put(typed.artifact())
    other = replace(mine)
    NamespaceService(other.scope).drop(mine.namespace)
    theirs = with_types(other)
    assert theirs.artifact_type == typed.artifact_type
    for _ in range(20):
        theirs.put(theirs.artifact(uri="theirs"))

    ids = [typed.put(typed.artifact(uri="mine"))[0] for _ in range(5)]

    assert len({*ids, *range(1, 21)}) == 25
    assert {typed.read(i).uri for i in ids} == {"mine"}
    assert [theirs.read(i).uri for i in range(1, 21)] == ["theirs"] * 20
