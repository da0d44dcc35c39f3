"""What goes into a form of an answer comes out of it."""

import io
import json

import networkx as nx
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import DataLoss, InvalidArgument, MissingExtra
from headwater.query import exports
from headwater.query.export_ndjson import ndjson_lines, node_line, read_ndjson
from headwater.query.export_text import graphml_text, to_graphml, to_mermaid
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater_schema import TypeKind

# The first example imports the package that it is about.
QUICK = settings(max_examples=40, deadline=None)

HOSTILE = (
    'a "quoted"; -->b\n]);\r\n\t%%{init: {}}%% #35; <b>&amp;</b> `x` \x00\x07\x1b[31m '
    "\u2028\x85 style a:#1; _x0007_ \ufffe 数据 😀 end"
)
TEXTS = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), st.just(HOSTILE))


def answer_of(
    nodes: list[LineageNode],
    events: list[LineageEvent],
    *,
    left_out: dict[TypeKind, dict[str, int]] | None = None,
    cursor: str | None = None,
) -> exports.Exportable:
    """Return the least that can be exported: the forms must need no more of a `Lineage`."""
    from headwater.query.export_ndjson import ReadAnswer  # noqa: PLC0415 - stands in for a Lineage

    return ReadAnswer(
        NodeKey(TypeKind.ARTIFACT, 1),
        Direction.UPSTREAM,
        tuple(nodes),
        tuple(events),
        left_out or {},
        cursor,
    )


@st.composite
def answers(draw: st.DrawFn) -> exports.Exportable:
    keys = draw(st.lists(st.tuples(KINDS, st.integers(1, 6)), unique=True, max_size=8))
    nodes = [
        LineageNode(
            kind,
            number,
            draw(TEXTS),
            draw(st.none() | TEXTS),
            draw(st.sampled_from([None, "LIVE", "DELETED", "COMPLETE"])),
            draw(st.integers(0, 9)),
        )
        for kind, number in keys
    ]
    paths = st.none() | st.lists(TEXTS | st.integers(0, 9), max_size=2).map(json.dumps)
    event = st.builds(
        LineageEvent,
        st.integers(1, 7),
        st.integers(1, 7),
        st.sampled_from(["INPUT", "OUTPUT", "DECLARED_INPUT", "PENDING_OUTPUT"]),
        st.none() | st.integers(0, 2**62),
        paths,
    )
    events = draw(st.lists(event, max_size=8))
    left = draw(st.dictionaries(KINDS, st.dictionaries(TEXTS, st.integers(1), min_size=1)))
    return answer_of(nodes, events + events[:1], left_out=left, cursor="next" if left else None)


KINDS = st.sampled_from([TypeKind.ARTIFACT, TypeKind.EXECUTION])
EMPTY = answer_of([], [])
CUT = answer_of(
    [LineageNode(TypeKind.ARTIFACT, 1, "Model", HOSTILE, "LIVE", 0)],
    [LineageEvent(1, 2, "OUTPUT", 5, None)] * 2,
    left_out={TypeKind.ARTIFACT: {"Data": 3}},
    cursor="next",
)


@QUICK
@given(answers())
def test_lines_are_read_back_as_they_were(answer: exports.Exportable) -> None:
    text = "".join(ndjson_lines(answer))

    back = read_ndjson(text.splitlines(keepends=True))

    assert (back.nodes, back.events) == (answer.nodes, answer.events)
    assert (back.start, back.direction) == (answer.start, answer.direction)
    assert (back.left_out, back.cursor) == (answer.left_out, answer.cursor)
    assert read_ndjson(io.StringIO(text, newline="")) == back


@QUICK
@given(answers(), st.data())
def test_lines_that_are_cut_anywhere_are_noticed(
    answer: exports.Exportable, data: st.DataObject
) -> None:
    text = "".join(ndjson_lines(answer))
    cut = text[: data.draw(st.integers(0, len(text) - 2))]

    with pytest.raises(DataLoss, match="cut"):
        read_ndjson(cut.splitlines(keepends=True))


def test_a_line_that_is_missing_or_none_is_noticed() -> None:
    lines = list(ndjson_lines(CUT))

    with pytest.raises(DataLoss, match="counts"):
        read_ndjson([lines[0], *lines[2:]])
    with pytest.raises(DataLoss, match="no closing line"):
        read_ndjson([])
    with pytest.raises(InvalidArgument, match="Line 2"):
        read_ndjson([lines[0], "{nonsense}\n"])
    with pytest.raises(InvalidArgument, match="Line 1"):
        read_ndjson([node_line(CUT.nodes[0])])


@QUICK
@given(answers())
def test_tables_have_every_node_and_event(answer: exports.Exportable) -> None:
    nodes, events = exports.to_arrow(answer)

    assert [tuple(row.values()) for row in nodes.to_pylist()] == [
        (str(node.kind), *node[1:]) for node in answer.nodes
    ]
    assert [
        (row["artifact_id"], row["execution_id"], row["type"], *list(row.values())[4:])
        for row in events.to_pylist()
    ] == [tuple(event) for event in answer.events]
    assert [row["source_kind"] for row in events.to_pylist()] == [
        str(event.source.kind) for event in answer.events
    ]
    assert pa.types.is_dictionary(nodes.schema.field("type").type)
    for table in (nodes, events):
        assert json.loads(table.schema.metadata[b"headwater"]) == exports.facts(answer)


def test_a_table_keeps_its_facts_in_a_file() -> None:
    file = io.BytesIO()

    pq.write_table(exports.to_arrow(CUT).nodes, file)
    table = pq.read_table(io.BytesIO(file.getvalue()))

    assert table.to_pylist()[0]["name"] == HOSTILE
    assert json.loads(table.schema.metadata[b"headwater"])["left_out"] == {"ARTIFACT": {"Data": 3}}


@QUICK
@given(answers())
def test_frames_have_every_node_and_event(answer: exports.Exportable) -> None:
    nodes, events = exports.to_pandas(answer), exports.events_to_pandas(answer)

    told = nodes.astype(object).where(nodes.notna(), None)
    assert [tuple(row) for row in told.to_numpy()] == [
        (str(node.kind), *node[1:]) for node in answer.nodes
    ]
    told = events.astype(object).where(events.notna(), None)
    assert [tuple(row) for row in told.to_numpy()] == [
        (str(event.source), str(event.target), *event) for event in answer.events
    ]
    assert str(events["milliseconds_since_epoch"].dtype) == "Int64"
    assert nodes.attrs["headwater"] == events.attrs["headwater"] == exports.facts(answer)


@QUICK
@given(answers())
def test_graphs_have_every_node_and_event(answer: exports.Exportable) -> None:
    graph = exports.to_networkx(answer)
    indexed = exports.to_rustworkx(answer)

    expected = sorted(
        (str(e.source), str(e.target), e.type, str(e.milliseconds_since_epoch), str(e.path))
        for e in answer.events
    )
    assert graph.number_of_nodes() == len(answer.nodes) + len(exports.outside(answer))
    for node in answer.nodes:
        assert graph.nodes[str(node.key)] == {**node._asdict(), "kind": str(node.kind)}
        assert indexed.graph[indexed.places[node.key]] == graph.nodes[str(node.key)]
    for key in exports.outside(answer):
        assert graph.nodes[str(key)] == {"kind": str(key.kind), "id": key.id, "outside": True}
    assert expected == sorted(
        (a, b, e["type"], str(e["milliseconds_since_epoch"]), str(e["path"]))
        for a, b, e in graph.edges(data=True)
    )
    names = {index: str(key) for key, index in indexed.places.items()}
    assert expected == sorted(
        (names[a], names[b], e["type"], str(e["milliseconds_since_epoch"]), str(e["path"]))
        for a, b, e in indexed.graph.weighted_edge_list()
    )
    assert graph.graph == indexed.graph.attrs == exports.facts(answer)


@QUICK
@given(answers())
def test_graphml_is_read_back_by_networkx(answer: exports.Exportable) -> None:
    graph = nx.parse_graphml(to_graphml(answer), force_multigraph=True)

    assert graph.number_of_edges() == len(answer.events)
    for node in answer.nodes:
        found = graph.nodes[str(node.key)]
        expected = {**node._asdict(), "kind": str(node.kind)}
        read = {k: graphml_text(v) if isinstance(v, str) else v for k, v in found.items()}
        # networkx gives an empty element as no attribute's value of its own.
        assert read == {k: v for k, v in expected.items() if v is not None}
    assert sorted(
        (a, b, e["type"], graphml_text(e.get("path", "-"))) for a, b, e in graph.edges(data=True)
    ) == sorted((str(e.source), str(e.target), e.type, e.path or "-") for e in answer.events)
    left = graphml_text(graph.graph["left_out"])
    assert json.loads(left) == exports.facts(answer)["left_out"]
    assert graph.graph["complete"] == answer.complete


@QUICK
@given(answers())
def test_a_flowchart_says_nothing_but_its_nodes_and_edges(answer: exports.Exportable) -> None:
    lines = to_mermaid(answer).splitlines()

    boxes = [line for line in lines if '["' in line and not line.startswith("  leftout")]
    assert len(boxes) == len(answer.nodes) + len(exports.outside(answer))
    assert sum(" -->" in line for line in lines) == len(answer.events)
    for line in boxes:
        label = line.partition('["')[2].rpartition('"]')[0].replace("<br/>", " ")
        assert not set(label) & set("\"'<>`%:[]{}|\\&\n")
    assert ("leftout" in "".join(lines)) == (not answer.complete)


def test_a_flowchart_larger_than_mermaid_draws_says_so() -> None:
    chart = to_mermaid(answer_of(list(CUT.nodes), list(CUT.events) * 2_500))

    assert "%% 5000 edges: Mermaid's maxEdges (500) must be raised" in chart
    assert "maxTextSize" in chart


def test_an_empty_answer_has_every_form() -> None:
    assert len(exports.to_pandas(EMPTY)) == len(exports.events_to_pandas(EMPTY)) == 0
    assert exports.to_arrow(EMPTY).events.num_rows == 0
    assert len(exports.to_networkx(EMPTY)) == 0
    assert exports.to_rustworkx(EMPTY).places == {}
    assert nx.parse_graphml(to_graphml(EMPTY)).number_of_nodes() == 0
    assert to_mermaid(EMPTY) == "flowchart LR\n"
    assert read_ndjson(ndjson_lines(EMPTY)).complete


@pytest.mark.parametrize(
    ("package", "form"),
    [
        ("pandas", exports.to_pandas),
        ("pandas", exports.events_to_pandas),
        ("pyarrow", exports.to_arrow),
        ("networkx", exports.to_networkx),
        ("rustworkx", exports.to_rustworkx),
    ],
)
def test_a_package_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, form: object
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)

    assert callable(form)
    with pytest.raises(MissingExtra, match=f"{package}.*pip install 'headwater\\["):
        form(EMPTY)
