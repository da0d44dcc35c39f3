import re
from collections.abc import Iterator
from importlib import resources
from typing import LiteralString

import pytest

from headwater.errors import Internal
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, joined, labels_of, load, names
from headwater.query.listing import Scope, list_all, list_page
from headwater.query.moment import Moment
from headwater.query.paging import Position, encode_token
from headwater_schema import ListOptions, OrderField, TypeKind
from support.plans import names as operator_names
from support.plans import operators

SCANS_A_LABEL = {
    "namespace/list",
    # No index holds the values that were too large for the graph.
    *(f"garbage/offloaded:{label}" for label in ("Artifact", "Execution", "Context")),
}
TRAVERSALS = [
    f"lineage/{what}_{way}" for what in ("ids", "count") for way in ("upstream", "downstream")
]
BLOCKS = tuple(name for name in names() if name.startswith("put/"))


def source(name: str) -> str:
    return (resources.files("headwater.graph") / "cypher" / f"{name}.cypher").read_text("utf-8")


def header(name: str, key: str) -> set[str]:
    found = re.search(rf"^// @{key} +(.+)$", source(name), re.MULTILINE)
    return {part.strip() for part in found[1].split(",")} if found else set()


def block_of(name: str) -> Statement:
    """Return a block of a put as a statement, behind those that hand it what it needs."""
    return joined(tuple(needed_by(name)))


def needed_by(name: str) -> list[str]:
    """Return a block behind all that it needs, each behind those that it needs in turn."""
    wanted = header(name, "after")
    before = [block for block in BLOCKS if header(block, "hands") & wanted]
    return list(dict.fromkeys([*(each for block in before for each in needed_by(block)), name]))


def in_order(blocks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the blocks with those first that hand on what others need."""
    return tuple(dict.fromkeys(each for block in blocks for each in needed_by(block)))


def variants(wanted: list[str]) -> Iterator[Statement]:
    """Yield each statement for each of its labels; a block as a statement of its own."""
    for name in wanted:
        if name in BLOCKS:
            yield block_of(name)
        elif name.startswith("lineage/") and header(name, "hands") | header(name, "after"):
            continue  # tests/services/test_lineage_plans.py takes every join of these
        else:
            yield from (load(name, label) for label in labels_of(name) or (None,))


ALL = list(variants(names()))
PAGES = [
    (kind, scope, ListOptions(order_by=order, is_asc=is_asc), paged)
    for kind in TypeKind
    for scope in Scope
    if (kind, scope) != (TypeKind.CONTEXT, Scope.CONTEXT)
    for order in OrderField
    for is_asc in (True, False)
    for paged in (False, True)
]


INDEX_OF = {
    OrderField.ID: "(namespace, id)",
    OrderField.CREATE_TIME: "(namespace, create_time_since_epoch, id)",
    OrderField.LAST_UPDATE_TIME: "(namespace, last_update_time_since_epoch, id)",
}


def statement_name(value: object) -> str:
    return value.name if isinstance(value, Statement) else str(value)


def page_of(kind: TypeKind, scope: Scope, options: ListOptions, *, paged: bool) -> Statement:
    if paged:
        token = encode_token(options, Position(5, 7))
        options = ListOptions(
            order_by=options.order_by, is_asc=options.is_asc, next_page_token=token
        )
    return list_page(kind, scope, options).statement


@pytest.mark.parametrize("name", names())
def test_a_statement_says_what_it_does_and_what_it_takes(name: str) -> None:
    text = source(name)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))

    declared = re.findall(r"^// @param (\w+)  +\S", text, re.MULTILINE)

    assert re.match(r"// [A-Z].*\.\n", text)
    assert sorted(declared) == sorted(set(re.findall(r"\$(\w+)", body)))


@pytest.mark.parametrize("name", names())
def test_no_comment_stands_inside_a_statement(name: str) -> None:
    lines = source(name).splitlines()
    header = [line for line in lines if line.startswith("//")]

    assert lines[: len(header)] == header


def test_a_label_that_is_not_of_the_file_is_refused() -> None:
    with pytest.raises(Internal, match="node/by_ids"):
        load("node/by_ids", "Type")
    with pytest.raises(Internal, match="node/by_ids"):
        load("node/by_ids")
    with pytest.raises(Internal, match="node/by_digest"):
        load("node/by_digest", "Artifact")


def test_the_label_stands_nowhere_else_in_a_loaded_text() -> None:
    assert all("LABEL" not in statement.text for statement in ALL)


def test_a_depth_takes_the_place_of_the_bound() -> None:
    statement = load("lineage/downstream").at_depth(7)

    assert statement.text.count("*0..7]") == 1
    assert "1000000000" not in statement.text


@pytest.mark.parametrize("statement", ALL, ids=statement_name)
def test_the_server_takes_a_statement_and_scans_nothing_for_it(
    graph: Graph, statement: Statement
) -> None:
    plan = operator_names(operators(graph, statement))

    forbidden = {"AllNodesScan"}
    if statement.name not in SCANS_A_LABEL:
        forbidden |= {"NodeByLabelScan", "UnionNodeByLabelsScan", "DirectedAllRelationshipsScan"}
    assert plan & forbidden == set()


def test_the_server_takes_all_blocks_of_a_put_at_once(graph: Graph) -> None:
    statement = joined(in_order(BLOCKS))

    plan = operator_names(operators(graph, statement))

    assert plan & {"AllNodesScan", "NodeByLabelScan"} == set()
    assert len(set(statement.returns)) == len(statement.returns)


def test_the_server_gets_all_parameters_in_one_map(graph: Graph) -> None:
    text: LiteralString = "WITH $a AS `$b`, '$c\\'$d' AS c RETURN `$b`, c, \"$e\", $f_1[$g]"

    sent = Statement("test/sent", text).bundled()

    assert sent == (
        "WITH $asked.a AS `$b`, '$c\\'$d' AS c RETURN `$b`, c, \"$e\", $asked.f_1[$asked.g]"
    )
    rows = graph.read(Statement("test/sent", text), a=1, f_1=[2, 3], g=1)
    assert rows == [[1, "$c'$d", "$e", 3]]


@pytest.mark.parametrize("statement", list(variants(TRAVERSALS)), ids=statement_name)
@pytest.mark.parametrize("hops", [None, 2, 20])
def test_a_traversal_prunes_what_it_has_seen(
    graph: Graph, statement: Statement, hops: int | None
) -> None:
    bounded = statement if hops is None else statement.at_depth(hops)

    plan = operator_names(operators(graph, bounded))

    traversals = {name for name in plan if name.startswith("VarLength")}
    assert traversals == {"VarLengthExpand(Pruning,BFS,All)"}
    assert not {name for name in plan if "Shortest" in name or "Repeat" in name}


@pytest.mark.parametrize("label", ["Artifact", "Execution"])
def test_a_path_is_found_by_a_search_from_both_ends(graph: Graph, label: str) -> None:
    plan = operator_names(operators(graph, load("lineage/path", label)))

    assert "ShortestPath" in plan
    assert not {name for name in plan if name.startswith("VarLength")}


@pytest.mark.parametrize(("kind", "scope", "options", "paged"), PAGES)
def test_a_page_is_read_from_an_index_in_its_order(
    *, graph: Graph, kind: TypeKind, scope: Scope, options: ListOptions, paged: bool
) -> None:
    plan = operators(graph, page_of(kind, scope, options, paged=paged))

    seeks = [operator for operator in plan if "IndexSeek" in operator.name]
    assert len(seeks) == 1
    assert not any("Scan" in operator.name or "Union" in operator.name for operator in plan)
    if scope is not Scope.CONTEXT:
        assert not operator_names(plan) & {"Sort", "PartialSort", "Top", "PartialTop"}
        assert INDEX_OF[options.order_by] in seeks[0].details


@pytest.mark.parametrize("kind", TypeKind)
@pytest.mark.parametrize("order", OrderField)
def test_what_did_not_change_since_a_moment_is_read_from_an_index_in_order(
    graph: Graph, kind: TypeKind, order: OrderField
) -> None:
    statement = list_page(
        kind, Scope.ALL, ListOptions(order_by=order), moment=Moment(5, 7)
    ).statement

    plan = operators(graph, statement)

    (seek,) = [operator for operator in plan if "IndexSeek" in operator.name]
    assert INDEX_OF[order] in seek.details
    assert not operator_names(plan) & {"Sort", "PartialSort", "Top", "PartialTop"}


@pytest.mark.parametrize("name", ["change/later", "node/by_name_at"])
@pytest.mark.parametrize("label", ["Artifact", "Execution", "Context"])
def test_what_changed_since_a_moment_is_found_from_the_records_of_changes(
    graph: Graph, name: str, label: str
) -> None:
    plan = operators(graph, load(name, label))

    (seek,) = [operator for operator in plan if "Change(" in operator.details]
    assert "IndexSeek" in seek.name
    assert "change:Change(namespace, recorded_at)" in seek.details


@pytest.mark.parametrize("kind", TypeKind)
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.TYPES])
def test_a_whole_list_is_read_from_the_index_in_order(
    graph: Graph, kind: TypeKind, scope: Scope
) -> None:
    plan = operator_names(operators(graph, list_all(kind, scope)))

    assert "NodeUniqueIndexSeek" in plan
    assert not plan & {"Sort", "NodeByLabelScan"}
