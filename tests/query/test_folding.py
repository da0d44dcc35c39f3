"""What a folded lineage draws, and that it tells of the rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import Direction, Lineage, LineageEvent, LineageNode
from headwater_schema import TypeKind

UP, DOWN, BOTH, BETWEEN = Direction


def data(node_id: int, distance: int, *, name: str | None = None) -> LineageNode:
    return LineageNode(TypeKind.ARTIFACT, node_id, "Data", name or f"a{node_id}", "LIVE", distance)


def environment(node_id: int, distance: int, *, state: str = "LIVE") -> LineageNode:
    name = f"environment@{node_id}"
    return LineageNode(TypeKind.ARTIFACT, node_id, "Environment", name, state, distance)


def step(node_id: int, distance: int, state: str = "COMPLETE") -> LineageNode:
    return LineageNode(TypeKind.EXECUTION, node_id, "Step", f"e{node_id}", state, distance)


def read(artifact: int, execution: int) -> LineageEvent:
    return LineageEvent(artifact, execution, "INPUT", None, None)


def ran_in(artifact: int, execution: int) -> LineageEvent:
    return LineageEvent(artifact, execution, "INTERNAL_INPUT", None, None)


def wrote(execution: int, artifact: int) -> LineageEvent:
    return LineageEvent(artifact, execution, "OUTPUT", None, None)


def lineage(direction: Direction, nodes: list[LineageNode], *events: LineageEvent) -> Lineage:
    return Lineage(nodes[0].key, direction, nodes, events)


def names(answer: Lineage) -> list[str | None]:
    return [node.name for node in answer.folded().lineage.nodes]


def test_a_cached_execution_gives_way_upstream_with_what_it_alone_leads_to() -> None:
    answer = lineage(
        UP,
        [
            *(data(1, 0), step(1, 1), step(2, 1, "CACHED"), step(3, 1, "CACHED")),
            *(data(2, 2), data(3, 2), step(4, 3)),
        ],
        *(wrote(1, 1), read(2, 1), wrote(2, 1), read(3, 2), wrote(4, 3), wrote(3, 1), read(2, 3)),
    )

    folded = answer.folded()

    assert names(answer) == ["a1", "e1", "a2"]
    assert list(folded.lineage.events) == [wrote(1, 1), read(2, 1)]
    assert folded.told == "2 CACHED executions and 2 nodes behind them"


@pytest.mark.parametrize(
    ("states", "drawn"),
    [
        (("CACHED", "CACHED"), ["a1", "e1"]),
        (("DELETED", "CACHED"), ["a1", "e1", "e2"]),
        (("FAILED", "CACHED"), ["a1", "e1"]),
        (("COMPLETE", "COMPLETE"), ["a1", "e1", "e2"]),
    ],
)
def test_one_that_is_known_to_have_made_it_is_drawn(
    states: tuple[str, str], drawn: list[str]
) -> None:
    made = [data(1, 0), step(1, 1, states[0]), step(2, 1, states[1])]

    assert names(lineage(UP, made, wrote(1, 1), wrote(2, 1))) == drawn


def test_an_only_maker_stays_though_another_output_has_one_that_ran() -> None:
    nodes = [data(9, 0), step(5, 1), data(1, 2), data(2, 2), step(1, 3), step(2, 3, "CACHED")]
    events = [wrote(5, 9), read(1, 5), read(2, 5), wrote(1, 1), wrote(2, 1), wrote(2, 2)]

    folded = lineage(UP, nodes, *events).folded()

    assert list(folded.lineage.events) == [e for e in events if e != wrote(2, 1)]
    assert folded.told == "1 CACHED execution"


def test_what_was_asked_about_stays() -> None:
    nodes = [step(2, 0, "CACHED"), data(1, 1), step(1, 2)]

    assert names(lineage(BOTH, nodes, wrote(2, 1), wrote(1, 1))) == ["e2", "a1", "e1"]


@pytest.mark.parametrize("direction", [DOWN, BETWEEN, BOTH])
def test_the_only_way_down_to_an_artifact_stays(direction: Direction) -> None:
    nodes = [data(1, 0), step(1, 1, "CACHED"), data(2, 2), step(2, 3), step(3, 3, "CACHED")]
    nodes += [data(3, 4)]
    events = [read(1, 1), wrote(1, 2), read(2, 2), read(2, 3), wrote(2, 3), wrote(3, 3)]

    folded = lineage(direction, nodes, *events).folded()

    assert [n.name for n in folded.lineage.nodes] == ["a1", "e1", "a2", "e2", "a3"]
    assert folded.told == "1 CACHED execution"


def test_nothing_is_folded_where_an_artifact_would_be_lost_downstream() -> None:
    # A part of an answer, in which what leads to the maker that ran is not.
    nodes = [data(1, 0), step(1, 1, "CACHED"), data(2, 2), step(2, 9)]
    answer = lineage(DOWN, nodes, read(1, 1), wrote(1, 2), wrote(2, 2))

    assert names(answer) == ["a1", "e1", "a2", "e2"]
    assert answer.folded().told == ""


def test_environments_are_told_on_the_lines_of_what_ran_in_them() -> None:
    nodes = [data(1, 0), step(1, 1), step(2, 1, "CACHED"), environment(7, 2), environment(8, 2)]
    answer = lineage(UP, nodes, wrote(1, 1), ran_in(7, 1), wrote(2, 1), ran_in(8, 2))

    folded = answer.folded()

    assert folded.tree() == "a1  Data #1\n└── e1  Step #1  in environment@7\n"
    assert folded.told == "1 CACHED execution and 2 environments"
    assert "environment@8" in answer.tree()


def test_a_state_of_an_environment_is_told_with_it() -> None:
    nodes = [data(1, 0), step(1, 1), environment(7, 2, state="DELETED"), environment(8, 2)]
    answer = lineage(UP, nodes, wrote(1, 1), ran_in(7, 1), ran_in(8, 1))

    assert "in environment@7 DELETED, environment@8\n" in answer.folded().tree()


@pytest.mark.parametrize(
    ("nodes", "events"),
    [
        ([step(1, 0), data(7, 1)], [ran_in(7, 1)]),
        ([step(1, 0), environment(7, 1)], [read(7, 1)]),
        ([step(1, 0), environment(7, 1), step(2, 2)], [ran_in(7, 1), wrote(2, 7)]),
        ([environment(7, 0), step(1, 1)], [ran_in(7, 1)]),
    ],
)
def test_what_is_more_than_an_environment_is_drawn(
    nodes: list[LineageNode], events: list[LineageEvent]
) -> None:
    answer = lineage(UP if nodes[0].kind is TypeKind.EXECUTION else DOWN, nodes, *events)

    assert names(answer) == [node.name for node in nodes]
    assert answer.folded().told == ""


def test_a_narrowed_answer_keeps_what_hangs_on_nothing() -> None:
    nodes = [step(1, 1), step(2, 1, "CACHED"), environment(7, 2)]

    assert names(Lineage(data(1, 0).key, UP, nodes, ())) == ["e1", "e2", "environment@7"]


def test_three_kinds_are_told_in_a_row() -> None:
    nodes = [data(1, 0), step(1, 1), step(2, 1, "CACHED"), data(2, 2), environment(7, 2)]
    events = [wrote(1, 1), ran_in(7, 1), wrote(2, 1), ran_in(7, 2), read(2, 2)]

    told = lineage(UP, nodes, *events).folded().told

    assert told == "1 CACHED execution, 1 node behind it and 1 environment"


LAYERS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["COMPLETE", "CACHED", "FAILED", "DELETED"]),
            st.sets(st.integers(0, 3), max_size=3),
            st.sets(st.integers(0, 3), max_size=3),
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)
"""Executions by layer: state, which of 4 artifacts of the layer they read, and make of the next."""

Layers = list[list[tuple[str, set[int], set[int]]]]


def events_of(layers: Layers) -> tuple[dict[int, str], list[LineageEvent]]:
    states: dict[int, str] = {}
    events = []
    for depth, layer in enumerate(layers):
        for state, reads, makes in layer:
            number = len(states)
            states[number] = state
            events += [read(4 * depth + place, number) for place in sorted(reads)]
            events += [wrote(number, 4 * depth + 4 + place) for place in sorted(makes)]
    return states, events


def asked(layers: Layers, direction: Direction, start: int) -> Lineage:
    """Return the answer to a question that starts at an artifact."""
    states, events = events_of(layers)
    root = data(start, 0)
    found = {root.key: root}
    ahead = [root]
    while ahead:
        near = ahead.pop(0)
        for event in events:
            ends = (event.target, event.source)
            at, key = ends if direction is UP else ends[::-1]
            if at == near.key and key not in found:
                far = near.distance + 1
                is_data = key.kind is TypeKind.ARTIFACT
                found[key] = data(key.id, far) if is_data else step(key.id, far, states[key.id])
                ahead.append(found[key])
    inside = [e for e in events if {e.source, e.target} <= found.keys()]
    return Lineage(root.key, direction, list(found.values()), inside)


@settings(max_examples=200, deadline=None)
@given(layers=LAYERS, start=st.integers(0, 3))
def test_no_artifact_is_lost_downstream(layers: Layers, start: int) -> None:
    answer = asked(layers, DOWN, start)

    folded = answer.folded()

    assert folded.lineage.artifacts() == answer.artifacts()
    assert folded.behind == 0
    assert "hops away" not in folded.tree()
    left = [node for node in answer.nodes if node not in folded.lineage.nodes]
    assert {node.state for node in left} <= {"CACHED"}
    assert len(left) <= folded.cached


@settings(max_examples=200, deadline=None)
@given(layers=LAYERS, start=st.integers(0, 3))
def test_what_made_a_drawn_artifact_is_drawn(layers: Layers, start: int) -> None:
    answer = asked(layers, UP, 4 * len(layers) + start)

    folded = answer.folded()

    drawn = {node.key for node in folded.lineage.nodes}
    states = {node.key: node.state for node in answer.nodes}
    assert "hops away" not in folded.tree()
    for event in answer.events:
        if event.target in drawn and states[event.source] != "CACHED":
            assert event.source in drawn
    made = {event.target for event in answer.events}
    told = {event.target for event in folded.lineage.events}
    assert made & drawn == told
    assert bool(folded.told) == (len(drawn) < len(answer.nodes) or folded.cached > 0)
