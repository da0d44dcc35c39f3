"""Questions about runs: every execution that fits, newest first, and no other."""

import dataclasses
from typing import Any

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, load
from headwater.query.moment import Moment
from headwater.query.parts import NodeKey
from headwater.query.run_lists import RunList
from headwater.query.run_values import by_index, by_start
from headwater.services.run_questions import CODE_KEYS, RunQuestions
from headwater_schema import EventPut, EventType, LinkPut, New, ProtoValue, TypeKind
from services.conftest import Typed
from support.plans import operators

COMMIT = "0123456789abcdef0123456789abcdef01234567"
STATEMENTS = ["siblings_by_context", "siblings_by_inputs", "siblings_by_type", "readers"]


@pytest.fixture
def questions(typed: Typed) -> RunQuestions:
    return RunQuestions(typed.services.scope, typed.services.types)


def ids(found: RunList) -> list[int]:
    return [run.id for run in found]


def run_with(typed: Typed, **custom: Any) -> int:
    return typed.put(typed.execution(custom_properties=custom))[0]


def key(execution_id: int) -> NodeKey:
    return NodeKey(TypeKind.EXECUTION, execution_id)


@pytest.mark.parametrize(
    "value",
    [
        3,
        -(2**63),
        0.1,
        float("inf"),
        True,
        "",
        "it's `k`\n\\u0060 } RETURN 1 //",
        "x" * 5_000,
        "y" * 7_000,
        {"a": [1, {"b": None}]},
        [1, 2],
        {"long": "z" * 7_000},
        ProtoValue(type_url="type.googleapis.com/x", value=b"\0\1"),
    ],
    ids=lambda value: f"{value!r:.20}",
)
def test_a_value_of_every_kind_is_found(
    typed: Typed, questions: RunQuestions, value: object
) -> None:
    run_with(typed, k="something else")
    run_with(typed, other=value)
    holds = [run_with(typed, k=value), run_with(typed, k=value)]

    first = questions.with_parameter("k", value, limit=1)
    rest = questions.resume(first.cursor or "")

    assert (ids(first), first.total, first.left_out) == ([holds[1]], 2, 1)
    assert (ids(rest), rest.total, rest.left_out, rest.cursor) == ([holds[0]], 2, 0, None)


def test_declared_and_custom_values_are_found_and_numbers_are_numbers(
    typed: Typed, questions: RunQuestions
) -> None:
    declared_int, declared_double = typed.put(
        typed.execution(properties={"a": 1}), typed.execution(properties={"d": 1.0})
    )
    custom = run_with(typed, a=1.0, d=True)

    assert ids(questions.with_parameter("a", 1)) == [custom, declared_int]
    assert ids(questions.with_parameter("a", 1.0)) == [custom, declared_int]
    assert ids(questions.with_parameter("d", 1)) == [declared_double]
    assert ids(questions.with_parameter("d", value=True)) == [custom]
    assert ids(questions.with_parameter("a", "1")) == []


def test_a_value_that_no_property_holds_is_refused(questions: RunQuestions) -> None:
    with pytest.raises(InvalidArgument, match="found NoneType"):
        questions.with_parameter("k", None)


@pytest.mark.parametrize("code_key", CODE_KEYS)
def test_a_commit_is_found_whole_or_abbreviated_on_a_run_or_its_input(
    typed: Typed, questions: RunQuestions, code_key: str
) -> None:
    whole = run_with(typed, **{code_key: COMMIT})
    short = run_with(typed, **{code_key: COMMIT[:8]})
    dirty = run_with(typed, **{code_key: f"{COMMIT}-dirty"})
    run_with(typed, **{code_key: COMMIT[::-1]})
    run_with(typed, **{code_key: COMMIT[:6]})
    source, reader = typed.put(
        typed.artifact(custom_properties={code_key: COMMIT}),
        typed.execution(),
        events=(EventPut(New(0), New(0), EventType.INPUT),),
    )
    typed.put(typed.execution(), events=(EventPut(source, New(0), EventType.OUTPUT),))

    assert ids(questions.with_code(COMMIT)) == [reader, dirty, short, whole]
    assert ids(questions.with_code(COMMIT.upper())) == [reader, dirty, short, whole]
    assert ids(questions.with_code(COMMIT[:7])) == [reader, dirty, short, whole]
    assert ids(questions.with_code(COMMIT[:9])) == [reader, dirty, short, whole]
    assert ids(questions.with_code(COMMIT[:6])) != [whole]


def test_another_name_of_a_version_matches_exactly(typed: Typed, questions: RunQuestions) -> None:
    wanted = run_with(typed, code_version="v1.2")
    run_with(typed, code_version="v1.2.3")

    assert ids(questions.with_code("v1.2")) == [wanted]
    assert ids(questions.with_code("v1")) == []
    with pytest.raises(InvalidArgument, match="without a name"):
        questions.with_code("")


@pytest.fixture
def family(typed: Typed) -> list[int]:
    """Four runs: 0 and 1 share a context, 0 and 2 an input, 3 nothing."""
    context, source = (typed.put(typed.context())[0], typed.put(typed.artifact())[0])
    runs = [run_with(typed) for _ in range(4)]
    typed.put(
        associations=tuple(LinkPut(runs[i], context) for i in (0, 1)),
        events=tuple(EventPut(source, runs[i], EventType.INPUT) for i in (0, 2)),
    )
    return runs


def test_siblings_share_a_context_an_input_or_a_type(
    questions: RunQuestions, family: list[int]
) -> None:
    run = key(family[0])

    assert ids(questions.siblings(run)) == [family[1]]
    assert ids(questions.siblings(run, by="inputs")) == [family[2]]
    assert ids(questions.siblings(run, by="type")) == family[:0:-1]
    assert ids(questions.siblings(key(family[3]))) == []


def test_siblings_come_in_pages_of_one_state(
    typed: Typed, questions: RunQuestions, family: list[int]
) -> None:
    page = questions.siblings(key(family[0]), by="type", limit=2)
    run_with(typed)

    rest = questions.resume(page.cursor or "", limit=9)

    assert not page.complete
    assert ids(page) + ids(rest) == family[:0:-1]
    assert rest.complete


def test_siblings_of_a_moment(typed: Typed, questions: RunQuestions, family: list[int]) -> None:
    services = typed.services
    text = """
    MATCH (:Execution {namespace: $namespace, id: $id})<-[event:INPUT]-(artifact)
    SET event.recorded_at = 5, event.milliseconds_since_epoch = 3
    WITH event MATCH (e:Execution {namespace: $namespace, id: $id})-[link:ASSOCIATION]->(context)
    CREATE (e)-[:WAS_ASSOCIATION {recorded_at: 5, valid_at: 3, retracted_at: 9}]->(context)
    DELETE link
    """
    first = key(family[0])
    services.graph.write(
        lambda tx: tx.run(
            Statement("test/retract", text),
            namespace=services.namespace,
            id=first.id,
        )
    )

    assert ids(questions.siblings(first)) == []
    assert ids(questions.siblings(first, moment=Moment(known_at=4))) == []
    assert ids(questions.siblings(first, moment=Moment(known_at=9))) == []
    assert ids(questions.siblings(first, by="inputs", moment=Moment(as_of=2))) == []


def test_what_changed_after_a_moment_is_decided_by_its_past_or_told(
    typed: Typed, questions: RunQuestions
) -> None:
    services = typed.services
    kept, changed = run_with(typed, k=1), run_with(typed, k=1)
    text = "MATCH (e:Execution {namespace: $namespace, id: $id}) SET e.c_k = 2, e.revision = 2, e.valid_at = $at, e.recorded_at = $at"
    at = services.now + 10
    services.graph.write(
        lambda tx: tx.run(
            Statement("test/change", text), namespace=services.namespace, id=changed, at=at
        )
    )
    before = Moment(as_of=at - 1)
    past = services.executions.by_ids([changed])[0].model_copy(
        update={"custom_properties": {"k": 1}}
    )
    informed = RunQuestions(services.scope, services.types, lambda *_: [past])

    told = questions.with_parameter("k", 1, moment=before)

    assert ids(questions.with_parameter("k", 1)) == [kept]
    assert (ids(told), told.undecided, told.complete) == ([kept], (key(changed),), False)
    assert ids(informed.with_parameter("k", 1, moment=before)) == [changed, kept]
    assert ids(informed.with_parameter("k", 2, moment=before)) == []


def test_a_wrong_question_is_refused(typed: Typed, questions: RunQuestions) -> None:
    (artifact_id,) = typed.put(typed.artifact())

    with pytest.raises(NotFound, match="id 99"):
        questions.siblings(key(99))
    with pytest.raises(InvalidArgument, match="of an execution"):
        questions.siblings(NodeKey(TypeKind.ARTIFACT, artifact_id))
    with pytest.raises(InvalidArgument, match="alike by"):
        questions.siblings(key(1), by="name")  # type: ignore[arg-type] # what a user may write
    with pytest.raises(InvalidArgument, match="at least 1"):
        questions.with_code("v1", limit=0)
    for cursor in ("", "x", "é", "bm8", "e30"):
        with pytest.raises(InvalidArgument, match="not a cursor"):
            questions.resume(cursor)


def test_a_cursor_of_another_namespace_is_refused(
    typed: Typed, questions: RunQuestions, family: list[int]
) -> None:
    cursor = questions.siblings(key(family[0]), by="type", limit=1).cursor
    elsewhere = RunQuestions(
        dataclasses.replace(typed.services.scope, namespace="elsewhere"), typed.services.types
    )

    with pytest.raises(InvalidArgument, match="of namespace"):
        elsewhere.resume(cursor or "")


@pytest.mark.parametrize("kind", [TypeKind.ARTIFACT, TypeKind.EXECUTION])
@pytest.mark.parametrize("statement", [by_index, by_start])
def test_a_declared_value_is_sought_in_its_index(
    graph: Graph, typed: Typed, kind: TypeKind, statement: Any
) -> None:
    parameters = {"namespace": typed.services.namespace, "values": ["x"], "start": "x"}

    plan = operators(graph, statement(kind, "p_a"), parameters)

    assert not [o for o in plan if "Scan" in o.name]
    assert any("Seek" in o.name and "p_a" in o.details for o in plan)


@pytest.mark.parametrize("name", [f"{name}{at}" for name in STATEMENTS for at in ("", "_at")])
def test_runs_are_found_from_an_index(graph: Graph, name: str) -> None:
    plan = operators(graph, load(f"run/{name}"))

    assert any(o.name == "NodeUniqueIndexSeek" for o in plan)
    assert not [o for o in plan if "Scan" in o.name or o.name.startswith("VarLength")]
