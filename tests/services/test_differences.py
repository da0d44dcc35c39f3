"""Differences on the real store: the injected change comes first, whatever follows from it.

HEADWATER_TWINS sets how many generated twins of 1,000 nodes are compared; a few otherwise.
"""

import os

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import labels_of, load, names
from headwater.query.difference import Diff
from headwater.query.difference_parts import Aspect
from headwater.query.moment import NOW, Moment
from headwater.query.parts import NodeKey
from headwater.services.differences import DifferenceService
from headwater_schema import EventPut, EventType, LinkPut, New, PutAnswer, PutRequest, TypeKind
from services.conftest import Typed
from support import twins
from support.clocked import Services
from support.plans import names as operator_names
from support.plans import operators

TWINS = int(os.environ.get("HEADWATER_TWINS", "4"))
WORST = 0.99


def artifact(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.ARTIFACT, node_id)


def execution(node_id: int) -> NodeKey:
    return NodeKey(TypeKind.EXECUTION, node_id)


def service(services: Services) -> DifferenceService:
    return DifferenceService(services.scope, services.types)


def keys(
    made: twins.Run, answer: PutAnswer
) -> tuple[dict[twins.Made, NodeKey], dict[int, NodeKey]]:
    return (
        {m: artifact(answer.artifact_ids[place]) for m, place in made.artifacts.items()},
        {s: execution(answer.execution_ids[place]) for s, place in made.executions.items()},
    )


def compared(services: Services, pair: twins.Twins, salt: str) -> tuple[Diff, bool, set[int]]:
    """Return the difference of two recorded twins, whether it names the change first, and run ids."""
    kinds = [t.kind for t in twins.TYPES]
    ids = services.types.put(twins.TYPES)
    types = {(k, t.name): i for k, t, i in zip(kinds, twins.TYPES, ids, strict=True)}
    roots = services.puts.put(
        PutRequest(
            artifacts=tuple(
                a.model_copy(update={"name": f"{salt}{a.name}"})
                for a in twins.shared(types).artifacts
            )
        )
    ).artifact_ids
    sides = []
    for steps, name in ((pair.left, f"run-{salt}-a81f"), (pair.right, f"run-{salt}-77c2")):
        services.now += 1_000
        made = twins.run(steps, types, name=name, roots=roots, salt=salt, start_ms=services.now)
        answer = services.puts.put(made.request)
        sides.append((keys(made, answer), answer))
    (lefts, left), (rights, right) = sides
    diff = service(services).diff(artifact(left.artifact_ids[-1]), artifact(right.artifact_ids[-1]))
    named = twins.names_first(diff, pair.change, lefts=lefts, rights=rights)
    return diff, named, {left.context_ids[1], right.context_ids[1]}


def test_an_injected_change_is_named_first_in_twins_of_1000_nodes(services: Services) -> None:
    named = 0
    missed = []
    for seed in range(TWINS):
        pair = twins.twins(seed, nodes=1_000, kind=twins.CHANGES[seed % len(twins.CHANGES)])

        diff, first, _ = compared(services, pair, f"t{seed}-")

        named += first
        if not first:
            missed.append(f"{seed} {pair.change}\n{diff.to_text(most=3)}")
    print(f"{named} of {TWINS} named first", *missed, sep="\n")  # noqa: T201 - the figure
    assert named >= WORST * TWINS, "\n".join(missed)


def test_what_follows_is_marked_as_such(services: Services) -> None:
    pair = twins.twins(7, nodes=200, kind="parameter")

    diff, first, _ = compared(services, pair, "")

    assert first
    assert len(diff) > 1
    assert [d.consequence_of for d in diff.differences] == [None, *[1] * (len(diff) - 1)]
    assert [d.rank for d in diff.differences] == list(range(1, len(diff) + 1))
    assert {d.aspect for d in diff.differences[1:]} <= {Aspect.DATA, Aspect.METRICS}


def test_what_tells_runs_apart_is_counted_and_not_told(services: Services) -> None:
    pair = twins.twins(8, nodes=100, kind="code")

    diff, _, _ = compared(services, pair, "")

    assert {"run_id", "output_dir", "started_at", "uri"} <= diff.ignored.keys()
    assert not {d.property for d in diff.differences} & diff.ignored.keys()


def test_two_contexts_are_compared_with_what_lies_in_them(services: Services) -> None:
    pair = twins.twins(9, nodes=100, kind="environment")
    nodes, first, (a, b) = compared(services, pair, "")
    left, right = sorted((a, b))

    diff = service(services).diff(NodeKey(TypeKind.CONTEXT, left), NodeKey(TypeKind.CONTEXT, right))

    assert first
    assert [d[1:7] for d in diff.differences[:1]] == [d[1:7] for d in nodes.differences[:1]]
    assert diff.left.kind is TypeKind.CONTEXT


def test_two_executions_are_compared_with_what_they_came_from(typed: Typed) -> None:
    (raw,) = typed.put(typed.artifact())
    steps = [typed.step([raw], 1) for _ in range(2)]
    runs = [
        typed.put(
            typed.execution(properties={"a": value}),
            events=(EventPut(made[0], New(0), EventType.INPUT),),
        )[0]
        for value, (_, made) in zip((1, 2), steps, strict=True)
    ]

    diff = service(typed.services).diff(execution(runs[0]), execution(runs[1]))

    assert [(d.property, d.before, d.after) for d in diff.differences] == [("a", 1, 2)]
    assert diff.differences[0].aspect is Aspect.PARAMETERS
    assert diff.counts == {"equal": 3, "changed": 1, "only_left": 0, "only_right": 0}


def test_a_model_trained_further_is_compared_with_the_one_it_began_from(typed: Typed) -> None:
    _, (first,) = typed.step([], 1)
    second_run, second = typed.put(typed.execution())[0], typed.put(typed.artifact())[0]
    typed.put(
        events=(
            EventPut(first, second_run, EventType.INPUT),
            EventPut(second, second_run, EventType.OUTPUT),
        )
    )

    diff = service(typed.services).diff(artifact(first), artifact(second))

    assert [(d.property, d.left is None) for d in diff.causes] == [("input", False)] or [
        d.property for d in diff.causes
    ] == ["step"]


def test_contexts_of_steps_tell_the_environment(typed: Typed) -> None:
    results = []
    for python in ("3.11", "3.12"):
        context = typed.context(f"run {python}", custom_properties={"python": python})
        made = typed.put(
            typed.artifact(custom_properties={"rows": int(python[-2:])}),
            typed.execution(),
            context,
            events=(EventPut(New(0), New(0), EventType.OUTPUT),),
            associations=(LinkPut(New(0), New(0)),),
        )
        results.append(artifact(made[0]))

    diff = service(typed.services).diff(*results)

    told = [(d.aspect, d.property, d.consequence_of) for d in diff.differences]
    assert told == [(Aspect.ENVIRONMENT, "python", None), (Aspect.DATA, "rows", 1)]


def test_more_can_be_ignored(typed: Typed) -> None:
    ids = [
        typed.put(typed.artifact(custom_properties={"host": host, "api_token": host}))[0]
        for host in ("a", "b")
    ]
    ask = service(typed.services).diff

    told = ask(artifact(ids[0]), artifact(ids[1]))
    quiet = ask(artifact(ids[0]), artifact(ids[1]), ignore=["host", "*_token"])

    assert {d.property for d in told.differences} == {"host", "api_token"}
    assert quiet.same
    assert quiet.ignored == {"host": 1, "api_token": 1}


def test_a_node_is_compared_with_itself_at_another_moment(typed: Typed) -> None:
    (early,) = typed.put(typed.artifact())
    (run,) = typed.put(typed.execution())
    typed.put(events=(EventPut(early, run, EventType.INPUT, (), 1_000),))
    (late,) = typed.put(typed.artifact())
    typed.put(events=(EventPut(late, run, EventType.INPUT, (), 5_000),))
    scope, types = typed.services.scope, typed.services.types

    def then(wanted: list[NodeKey], moment: Moment) -> dict[NodeKey, dict[str, int | str]]:
        value = 1 if moment.as_of == 2_000 else 2
        return {
            key: {"id": key.id, "type": "T", "c_rate": value if key.id == early else 0}
            for key in wanted
        }

    at = DifferenceService(scope, types, properties_at=then)  # type: ignore[arg-type] # ints and texts
    diff = at.diff(execution(run), execution(run), moments=(Moment(as_of=2_000), NOW))

    assert {(d.property, d.before, d.after) for d in diff.differences} >= {("rate", 1, 2)}
    assert ("input", None, f"T #{late}") in [
        (d.property, d.before, d.after) for d in diff.differences
    ]


@pytest.mark.parametrize("kind", TypeKind)
def test_a_node_does_not_differ_from_itself(typed: Typed, kind: TypeKind) -> None:
    _, (made,) = typed.step([], 1)
    (context,) = typed.put(typed.context(), attributions=(LinkPut(made, New(0)),))
    key = NodeKey(
        kind, context if kind is TypeKind.CONTEXT else 1 if kind is TypeKind.EXECUTION else made
    )

    diff = service(typed.services).diff(key, key)

    assert diff.same
    assert not diff


def test_nodes_of_two_kinds_are_not_compared(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="nodes of one kind"):
        service(typed.services).diff(artifact(1), execution(1))


@pytest.mark.parametrize("kind", TypeKind)
def test_a_node_that_is_not_there_is_not_found(typed: Typed, kind: TypeKind) -> None:
    typed.put(typed.artifact(), typed.execution(), typed.context())

    for pair in ((1, 99), (99, 1), (99, 99)):
        with pytest.raises(NotFound, match="with id 99"):
            service(typed.services).diff(*(NodeKey(kind, i) for i in pair))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (name, label)
        for name in names()
        if name.startswith("difference/provenance")
        for label in labels_of(name)
    ],
)
def test_a_traversal_prunes_what_it_has_seen(graph: Graph, name: str, label: str) -> None:
    plan = operator_names(operators(graph, load(name, label)))

    assert {n for n in plan if n.startswith("VarLength")} == {"VarLengthExpand(Pruning,BFS,All)"}
    assert not {n for n in plan if "Shortest" in n or "Repeat" in n}
