"""Alignment and ranking in plain Python, on generated histories."""

import json
import random
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.query.difference import Diff, difference
from headwater.query.difference_parts import Aspect, Fact, Provenance
from headwater.query.difference_rules import Rules, place, replaced
from headwater.query.parts import LineageEvent, NodeKey
from headwater_schema import TypeKind
from support import twins

ROOTS = tuple(-1 - i for i in range(twins.ROOTS))
SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(10, 80)
IdOf = Callable[[TypeKind, int], int]


def counted_from(first: int) -> IdOf:
    return lambda _, position: first + position


def shuffled(seed: int, first: int) -> IdOf:
    order = list(range(5_000))
    random.Random(seed).shuffle(order)  # noqa: S311 - not for secrets
    return lambda _, position: first + order[position]


def ran(steps: twins.Pipeline, name: str, id_of: IdOf) -> twins.Imagined:
    made = twins.run(steps, twins.imagined_types(), name=name, roots=ROOTS)
    return twins.imagined(made, id_of)


def both(pair: twins.Twins) -> tuple[twins.Imagined, twins.Imagined]:
    return (
        ran(pair.left, "run-2026-a81f", counted_from(1_000)),
        ran(pair.right, "run-2026-77c2", counted_from(10_000)),
    )


def told(diff: Diff) -> list[tuple[object, ...]]:
    return [tuple(found) for found in diff.differences]


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, nodes=SMALL)
def test_a_history_does_not_differ_from_itself(seed: int, nodes: int) -> None:
    one = ran(twins.pipeline(twins.randomly(seed), nodes=nodes), "run-1", counted_from(1))

    diff = difference(one.provenance, one.provenance)

    assert diff.same
    assert diff.counts["equal"] == len(one.provenance.nodes)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, nodes=SMALL)
def test_a_run_does_not_differ_from_another_of_the_same_whatever_its_ids(
    seed: int, nodes: int
) -> None:
    steps = twins.pipeline(twins.randomly(seed), nodes=nodes)
    one = ran(steps, "run-2026-a81f", counted_from(1_000))
    other = ran(steps, "run-2026-77c2", shuffled(seed, 10_000))

    diff = difference(one.provenance, other.provenance)

    assert told(diff) == []
    assert (diff.counts["only_left"], diff.counts["only_right"]) == (0, 0)
    assert diff.ignored.keys() >= {"run_id", "output_dir"}


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS, nodes=SMALL, kind=st.sampled_from(("digest", "code", "parameter", "environment"))
)
def test_an_injected_value_comes_first_and_explains_the_rest(
    seed: int, nodes: int, kind: str
) -> None:
    pair = twins.twins(seed, nodes=nodes, kind=kind)
    left, right = both(pair)

    diff = difference(left.provenance, right.provenance)

    lefts, rights = (left.artifacts, left.executions), (right.artifacts, right.executions)
    assert twins.names_first(diff, pair.change, lefts=lefts, rights=rights), diff.to_text()
    assert {found.consequence_of for found in diff.differences if not found.is_cause} <= {1}


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, nodes=SMALL, kind=st.sampled_from(twins.CHANGES))
def test_exchanging_the_sides_exchanges_the_answer(seed: int, nodes: int, kind: str) -> None:
    left, right = both(twins.twins(seed, nodes=nodes, kind=kind))

    there = difference(left.provenance, right.provenance)
    back = difference(right.provenance, left.provenance)

    exchanged = [
        (
            *d[:2],
            d.right,
            d.left,
            d.property,
            d.after,
            d.before,
            d.hops,
            d.consequence_of,
            d.absorbed,
        )
        for d in back.differences
    ]
    assert told(there) == exchanged
    assert there.counts["only_left"] == back.counts["only_right"]


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, nodes=SMALL, kind=st.sampled_from(twins.CHANGES))
def test_every_node_of_both_sides_is_accounted_for(seed: int, nodes: int, kind: str) -> None:
    left, right = both(twins.twins(seed, nodes=nodes, kind=kind))

    diff = difference(left.provenance, right.provenance)

    counts = diff.counts
    shared = counts["equal"] + counts["changed"]
    assert shared + counts["only_left"] == len(left.provenance.nodes)
    assert shared + counts["only_right"] == len(right.provenance.nodes)
    assert diff.same == (not counts["changed"] + counts["only_left"] + counts["only_right"])


def history(root: NodeKey, facts: list[Fact], *edges: tuple[int, int, str]) -> Provenance:
    events = [LineageEvent(a, e, kind, 0, None) for a, e, kind in edges]
    return Provenance(root, {fact.key: fact for fact in facts}, events)


def artifact(node_id: int, **values: object) -> Fact:
    return Fact(NodeKey(TypeKind.ARTIFACT, node_id), "A", values=values)


def execution(node_id: int, type_name: str = "E", **values: object) -> Fact:
    return Fact(NodeKey(TypeKind.EXECUTION, node_id), type_name, values=values)


@pytest.mark.parametrize(
    ("fact", "name", "value", "aspect"),
    [
        (execution(1), "git_commit", "a", Aspect.CODE),
        (execution(1), "pythonVersion", "3.11", Aspect.ENVIRONMENT),
        (execution(1), "docker_image", "x", Aspect.ENVIRONMENT),
        (execution(1), "learning_rate", 0.1, Aspect.PARAMETERS),
        (execution(1), "final_loss", 0.1, Aspect.METRICS),
        (execution(1), "loss", "mse", Aspect.PARAMETERS),
        (execution(1), "state", "FAILED", Aspect.STATE),
        (artifact(1), "rows", 3, Aspect.DATA),
        (artifact(1)._replace(type="Evaluation"), "gini", 0.3, Aspect.METRICS),
        (artifact(1)._replace(type="Scores"), "gini", 0.3, Aspect.METRICS),
        (artifact(1)._replace(type="Model"), "accuracy", 0.3, Aspect.METRICS),
        (artifact(1)._replace(type="Model"), "digest", "sha256:0", Aspect.DATA),
        (artifact(1)._replace(type="Environment"), "git_commit", "a", Aspect.CODE),
        (artifact(1)._replace(type="Environment"), "packages_digest", "a", Aspect.ENVIRONMENT),
        (artifact(1)._replace(type="Environment"), "digest", "sha256:0", Aspect.ENVIRONMENT),
    ],
)
def test_a_property_is_named_for_what_it_is_about(
    fact: Fact, name: str, value: object, aspect: Aspect
) -> None:
    assert Rules(metric_types=["Scores"]).aspect(fact, name, value) is aspect


def test_another_step_in_a_steps_place_is_a_change_of_structure() -> None:
    left = history(
        artifact(2).key, [artifact(1), execution(1, "Pca"), artifact(2)],
        (1, 1, "INPUT"), (2, 1, "OUTPUT"),
    )  # fmt: skip
    right = history(
        artifact(3).key, [artifact(1), execution(2, "Umap"), artifact(3)],
        (1, 2, "INPUT"), (3, 2, "OUTPUT"),
    )  # fmt: skip

    diff = difference(left, right)

    assert [(d.aspect, d.property, d.before, d.after) for d in diff.differences] == [
        (Aspect.STRUCTURE, "type", "Pca", "Umap")
    ]


def test_two_independent_changes_are_two_causes() -> None:
    def one(first: int, rate: float, commit: str) -> Provenance:
        return history(
            artifact(first + 2).key,
            [
                execution(first, commit=commit),
                artifact(first, digest=commit),
                execution(first + 1, rate=rate),
                artifact(first + 2, digest=commit + str(rate)),
            ],
            (first, first, "OUTPUT"),
            (first, first + 1, "INPUT"),
            (first + 2, first + 1, "OUTPUT"),
        )

    diff = difference(one(1, 0.1, "a"), one(10, 0.2, "b"))

    assert [(d.rank, d.property, d.consequence_of) for d in diff.differences] == [
        (1, "commit", None),
        (2, "rate", None),
        (3, "digest", 1),
        (4, "digest", 1),
    ]


def test_code_is_told_by_its_parts_where_both_sides_know_it() -> None:
    def one(node_id: int, fingerprint: object) -> Provenance:
        fact = execution(node_id, fingerprint=fingerprint)
        return history(fact.key, [fact])

    def said(parts: dict[str, str], digest: str = "d") -> str:
        return json.dumps({"code": {"digest": digest, "parts": parts}, "parameters": {}})

    both = difference(
        one(1, said({"m.f": "1", "m.g": "1"})), one(2, said({"m.f": "2", "m.h": "1"}))
    )
    whole = difference(one(1, said({}, "1")), one(2, said({}, "2")))
    others = [None, 7, "x", "[]", '{"code": 1}', '{"code": {"parts": [1]}}', said({"m.f": "1"})]
    unknown = [difference(one(1, said({"m.f": "1"})), one(2, other)) for other in others]

    assert [(d.aspect, d.property, d.before, d.after) for d in both.differences] == [
        (Aspect.CODE, "code m.f", "1", "2"),
        (Aspect.CODE, "code m.g", "1", None),
        (Aspect.CODE, "code m.h", None, "1"),
    ]
    assert [(d.aspect, d.property) for d in whole.differences] == [(Aspect.CODE, "code")]
    assert all(diff.same for diff in unknown)


def test_the_bytes_of_an_environment_do_not_count_where_its_properties_say_all() -> None:
    def one(node_id: int, **values: object) -> Provenance:
        fact = artifact(node_id, **values)._replace(type="Environment")
        return history(fact.key, [fact])

    ours = {"python_version": "3.12.1", "packages_digest": "p"}
    same = difference(one(1, digest="a", **ours), one(2, digest="b", **ours))

    assert same.same
    assert same.ignored == {"digest": 1}
    assert not difference(one(1, digest="a"), one(2, digest="b")).same


@pytest.mark.parametrize(("role", "told"), [("INTERNAL_INPUT", "host"), ("INPUT", "input")])
def test_what_differs_in_environments_is_told_of_what_ran_in_them(role: str, told: str) -> None:
    def environment(node_id: int) -> Fact:
        return artifact(node_id, host=f"h{node_id}")._replace(type="Environment")

    def one(step: int, ran_in: int) -> Provenance:
        # The first step ran in the first environment on both sides.
        facts = [environment(1), environment(ran_in), execution(1), execution(step), artifact(3)]
        edges = [(1, 1, role), (3, 1, "OUTPUT"), (3, step, "INPUT"), (ran_in, step, role)]
        return history(execution(step).key, facts, *edges)

    diff = difference(one(2, 1), one(3, 2))

    assert [(d.property, d.left, d.right) for d in diff.differences] == [
        (told, execution(2).key, execution(3).key)
    ]


def chain(first: int, *, raw: str, parsed: dict[str, object], rate: float) -> Provenance:
    """Return raw data, parsed, of which a model was made at a rate."""
    return history(
        artifact(first + 2).key,
        [
            *(artifact(first, digest=raw), execution(first), artifact(first + 1, **parsed)),
            *(execution(first + 1, rate=rate), artifact(first + 2, digest=f"{parsed} {rate}")),
        ],
        *((first, first, "INPUT"), (first + 1, first, "OUTPUT")),
        *((first + 1, first + 1, "INPUT"), (first + 2, first + 1, "OUTPUT")),
    )


def test_a_cause_that_equal_bytes_ended_comes_last_and_explains_nothing() -> None:
    left = chain(1, raw="a", parsed={"digest": "p"}, rate=0.1)
    right = chain(11, raw="b", parsed={"digest": "p"}, rate=0.2)

    diff = difference(left, right)

    assert [(d.rank, d.property, d.consequence_of, d.absorbed) for d in diff.differences] == [
        (1, "rate", None, False),
        (2, "digest", None, True),
        (3, "digest", 1, False),
    ]
    assert "no effect" in diff.to_text()
    assert diff.as_dict()["differences"][1]["absorbed"] is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"digest": "p", "rows": 1}, {"digest": "p", "rows": 2}),
        ({"rows": 1}, {"rows": 1}),
        ({"digest": "p"}, {"digest": "q"}),
    ],
)
def test_what_is_not_known_to_be_equal_ends_nothing(
    one: dict[str, object], other: dict[str, object]
) -> None:
    diff = difference(
        chain(1, raw="a", parsed=one, rate=0.1), chain(11, raw="b", parsed=other, rate=0.2)
    )

    assert (diff.differences[0].before, diff.differences[0].after) == ("a", "b")
    assert not any(d.absorbed for d in diff.differences)


def test_equal_bytes_that_were_asked_about_end_nothing() -> None:
    def one(first: int, rate: float) -> Provenance:
        return history(
            artifact(first).key,
            [artifact(first, digest="p"), execution(first, rate=rate)],
            (first, first, "OUTPUT"),
        )

    (found,) = difference(one(1, 0.1), one(2, 0.2)).differences

    assert (found.property, found.absorbed) == ("rate", False)


def test_a_cycle_of_data_is_compared() -> None:
    def one(first: int, rate: float) -> Provenance:
        return history(
            artifact(first).key,
            [artifact(first), execution(first, rate=rate)],
            (first, first, "INPUT"),
            (first, first, "OUTPUT"),
        )

    diff = difference(one(1, 0.1), one(2, 0.2))

    assert [(d.property, d.before, d.after) for d in diff.differences] == [("rate", 0.1, 0.2)]


def test_numbers_of_two_kinds_are_equal_and_a_bool_is_none() -> None:
    def one(node_id: int, **values: object) -> Provenance:
        fact = artifact(node_id, **values)
        return history(fact.key, [fact])

    assert difference(one(1, a=1, b=float("nan")), one(2, a=1.0, b=float("nan"))).same
    assert not difference(one(1, a=1), one(2, a=True)).same


def test_a_uri_counts_where_nothing_made_the_artifact_and_no_digest_tells() -> None:
    def one(node_id: int, **values: object) -> Provenance:
        fact = artifact(node_id, **values)
        return history(fact.key, [fact])

    assert not difference(one(1, uri="s3://raw/2024"), one(2, uri="s3://raw/2025")).same
    same_bytes = difference(one(1, uri="a", digest="d"), one(2, uri="b", digest="d"))
    assert same_bytes.same
    assert same_bytes.ignored == {"uri": 1}


def test_where_a_run_wrote_is_told_without_the_run() -> None:
    assert place("s3://b/run-8f3a91/model/123", ()) == place("s3://b/run-77c2e0/model/9", ())
    assert place("s3://b/a/model", ()) != place("s3://b/b/model", ())
    assert replaced("/x/run-1/y", ["run-1"]) == replaced("/x/run-2/y", ["run-2"])


def test_a_wide_step_is_aligned_in_order() -> None:
    def one(first: int) -> Provenance:
        reads = [artifact(first + i, digest=str(first + i)) for i in range(3_000)]
        return history(
            execution(first).key,
            [execution(first), *reads],
            *((fact.key.id, first, "INPUT") for fact in reads),
        )

    diff = difference(one(1), one(10_000))

    assert len(diff) == 3_000
    assert {d.property for d in diff.differences} == {"digest"}


def test_a_difference_is_drawn() -> None:
    left, right = both(twins.twins(3, nodes=60, kind="extra"))
    diff = difference(left.provenance, right.provenance)

    svg, whole, dot = diff.to_svg(), diff.to_svg(whole=True), diff.to_dot(whole=True)

    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - we wrote it
    assert "only right</title>" in svg
    assert 'fill="#dcfce7"' in svg
    assert len(svg) <= len(whole)
    assert dot.count("fillcolor") == sum(diff.counts.values())
    assert dot.startswith("digraph difference {")


def test_alike_changes_are_one_line_and_what_is_cut_is_told() -> None:
    left, right = both(twins.twins(4, nodes=80, kind="parameter"))
    diff = difference(left.provenance, right.provenance)

    text = diff.to_text(most=1)

    assert " rate " in text
    assert f"… {len(diff) - 1:,} more differences" in text
    assert "ignored, they tell runs apart:" in text
    assert len(diff.as_dict()["differences"]) == len(diff)
