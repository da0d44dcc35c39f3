"""A question that is ended anywhere ends at the server too, and says so."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from headwater.errors import Cancelled, DeadlineExceeded, ResourceExhausted
from headwater.graph.asked import Asking
from headwater.graph.session import Graph, Row
from headwater.graph.statements import Statement, load
from headwater.local import down, up
from headwater.local import neo4j_server as neo4j_server_module
from headwater.settings import load_settings
from support import servers

MINUTES = Statement(
    "test/minutes",
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b "
    "WITH a, b WHERE a * b = $never RETURN count(*) AS n",
)
ENDLESS = Statement(
    "test/endless",
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN a + $never, b",
)
SHORT = Statement("test/short", "RETURN $given AS given")
GREEDY = Statement("test/greedy", "UNWIND range(1, $many) AS n RETURN size(collect(n)) AS size")
ASKER = Path(__file__).with_name("asker.py")
PATIENCE_S = 10.0


def running(graph: Graph, question_id: str) -> list[str]:
    """Return the texts that the server runs for a question."""
    return [row[-1] for row in graph.read(load("running/list")) if question_id in row[0]]


def wait_until(graph: Graph, question_id: str, *, count: int) -> float:
    """Wait until the server runs that many for the question; return the seconds it took."""
    began = time.monotonic()
    while len(running(graph, question_id)) != count:
        assert time.monotonic() - began < PATIENCE_S * (3 if count else 1)
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def asking(graph: Graph, question: Asking, *, threads: int = 1) -> Iterator[list[Future[object]]]:
    """Ask a question of minutes in threads of its own; yield once the server runs it."""

    def ask() -> list[Row]:
        with question:
            return graph.read(MINUTES, never=-1)

    with ThreadPoolExecutor(threads) as pool:
        futures: list[Future[object]] = [pool.submit(ask) for _ in range(threads)]
        try:
            wait_until(graph, question.id, count=threads)
            yield futures
        finally:
            graph.cancel(question.id)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_question_ends_at_the_server_and_in_its_threads(
    graph: Graph, threads: int
) -> None:
    question = Asking()

    with asking(graph, question, threads=threads) as futures:
        ended = question.cancel()

        errors = [future.exception(timeout=PATIENCE_S) for future in futures]
        wait_until(graph, question.id, count=0)
    assert ended == threads
    assert [type(error) for error in errors] == [Cancelled] * threads
    assert question.cancelled


def test_nothing_more_is_read_under_a_cancelled_question(graph: Graph) -> None:
    question = Asking()

    with question:
        before = graph.read(SHORT, given=1)
        assert question.cancel() == 0
        with pytest.raises(Cancelled, match="cancelled"):
            graph.read(SHORT, given=2)
    after = graph.read(SHORT, given=3)

    assert (before, after) == ([[1]], [[3]])


def test_a_question_is_cancelled_while_it_begins(graph: Graph) -> None:
    """A cancel that comes between the sending and the server's list is not lost."""
    for pause_s in (0.0, 0.001, 0.003, 0.01, 0.03):
        question = Asking()

        def ask(question: Asking = question) -> list[Row]:
            with question:
                return graph.read(MINUTES, never=-1)

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(ask)
            time.sleep(pause_s)
            question.cancel()

            assert isinstance(future.exception(timeout=PATIENCE_S), Cancelled)
        assert running(graph, question.id) == []


def test_only_the_question_that_is_meant_ends(graph: Graph) -> None:
    kept, ended = Asking(), Asking()

    with asking(graph, kept) as [left], asking(graph, ended) as [stopped]:
        assert ended.cancel() == 1

        assert isinstance(stopped.exception(timeout=PATIENCE_S), Cancelled)
        assert len(running(graph, kept.id)) == 1
        assert not left.done()


def test_another_connection_ends_a_question_by_its_id(
    graph: Graph, neo4j_server: servers.Neo4jAddress
) -> None:
    question = Asking(f"nightly {uuid.uuid4()}'\"\\ $id")
    given = neo4j_server

    with (
        Graph(given.address, user=given.user, password=given.password) as other,
        asking(graph, question) as [future],
    ):
        assert other.cancel("no such id") == 0
        assert other.cancel(question.id) == 1

        assert isinstance(future.exception(timeout=PATIENCE_S), Cancelled)
    assert not question.cancelled


def test_the_end_of_an_outer_question_is_the_end_of_the_inner(graph: Graph) -> None:
    outer, inner = Asking(), Asking()

    def ask() -> list[Row]:
        with outer, inner:
            return graph.read(MINUTES, never=-1)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(ask)
        wait_until(graph, inner.id, count=1)
        ended = outer.cancel()

        error = future.exception(timeout=PATIENCE_S)
    assert ended == 1
    assert isinstance(error, Cancelled)
    assert error.question_id == outer.id
    assert not inner.cancelled


def test_a_question_that_is_over_leaves_its_context(graph: Graph) -> None:
    with Asking() as outer:
        with Asking() as inner:
            inner.cancel()
        assert graph.read(SHORT, given=1) == [[1]]
        outer.cancel()

    assert graph.read(SHORT, given=2) == [[2]]


@pytest.mark.parametrize("how", ["question", "graph"])
def test_a_question_past_its_time_ends_at_the_server(
    graph: Graph, neo4j_server: servers.Neo4jAddress, how: str
) -> None:
    question = Asking(timeout_s=0.5 if how == "question" else None)
    given = neo4j_server
    limit_s = 0.5 if how == "graph" else None

    with (
        Graph(
            given.address, user=given.user, password=given.password, query_timeout_s=limit_s
        ) as asked,
        question,
        pytest.raises(DeadlineExceeded, match="time"),
    ):
        asked.read(MINUTES, never=-1)

    wait_until(graph, question.id, count=0)


def test_the_time_of_a_question_is_that_of_all_its_reads(graph: Graph) -> None:
    with Asking(timeout_s=0.2):
        assert graph.read(SHORT, given=1) == [[1]]
        with pytest.raises(DeadlineExceeded):
            graph.read(MINUTES, never=-1)
        with pytest.raises(DeadlineExceeded, match=r"0\.2 s"):
            graph.read(SHORT, given=2)


@pytest.mark.parametrize("statement", [MINUTES, ENDLESS], ids=lambda s: s.name)
def test_an_interrupt_ends_the_question_at_the_server(
    graph: Graph, neo4j_server: servers.Neo4jAddress, statement: Statement
) -> None:
    question_id = uuid.uuid4().hex
    given = [neo4j_server.address, neo4j_server.user, neo4j_server.password or ""]
    command = [sys.executable, str(ASKER), *given, question_id, statement.text]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own file
        try:
            wait_until(graph, question_id, count=1)
            child.send_signal(signal.SIGINT)

            # The child goes on after its interrupt, so it is not its death that ends the query.
            assert child.stdout is not None
            assert child.stdout.readline() == "KeyboardInterrupt\n"
            wait_until(graph, question_id, count=0)
            assert child.stdout.readline() == "[[1]]\n"
        finally:
            child.kill()


def test_an_answer_that_is_left_early_ends_at_the_server(graph: Graph) -> None:
    question = Asking()

    def sums() -> Generator[Row, None, None]:
        with graph.reading(ENDLESS, {"never": 0}) as result:
            for record in result:
                yield record.values()

    rows = sums()
    with question:
        row = next(rows)
    before = len(running(graph, question.id))
    rows.close()

    assert (row, before) == ([1, 1], 1)
    wait_until(graph, question.id, count=0)


def test_a_question_that_takes_too_much_memory_names_the_setting(small_graph: Graph) -> None:
    began = time.monotonic()

    with pytest.raises(ResourceExhausted) as caught:
        small_graph.read(GREEDY, many=10_000_000)

    assert caught.value.setting == "db.memory.transaction.max"
    assert "db.memory.transaction.max" in caught.value.hint
    assert time.monotonic() - began < PATIENCE_S
    assert small_graph.read(GREEDY, many=1_000) == [[1_000]]
    with pytest.raises(ResourceExhausted, match="more memory than allowed"):
        small_graph.run_guarded(GREEDY.text, {"many": 10_000_000}, timeout_s=60.0)


@pytest.fixture
def small_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """Yield the graph of a server of its own that gives a query 8 MB."""
    conf = neo4j_server_module._conf  # noqa: SLF001 - no setting of ours makes a server this small
    monkeypatch.setattr(
        neo4j_server_module, "_conf", lambda *given: conf(*given) + "db.memory.transaction.max=8m\n"
    )
    settings = replace(load_settings({}), home=tmp_path)
    try:
        local = up(settings, compiler="c1").neo4j
        with Graph(local.address or "", user="neo4j", password=local.password()) as graph:
            yield graph
    finally:
        down(settings)
