"""A drawing shows what the lineage says, and nothing that it does not."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from headwater import Direction, Lineage, LineageEvent, LineageNode, NodeKey
from headwater.query.drawing import to_dot, to_svg
from headwater.query.tree_drawing import to_text
from headwater_schema import TypeKind

SVG = "{http://www.w3.org/2000/svg}"


def node(kind: TypeKind, number: int, name: str | None = None) -> LineageNode:
    return LineageNode(kind, number, "Type", name, None, 0)


def lineage(nodes: list[LineageNode], events: list[LineageEvent]) -> Lineage:
    return Lineage(nodes[0].key, Direction.UPSTREAM, tuple(nodes), tuple(events))


def read(artifact: int, execution: int) -> LineageEvent:
    return LineageEvent(artifact, execution, "INPUT", None, None)


def wrote(execution: int, artifact: int) -> LineageEvent:
    return LineageEvent(artifact, execution, "OUTPUT", None, None)


def shapes(svg: str) -> tuple[list[tuple[float, ...]], list[list[float]]]:
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    boxes = [
        tuple(float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
    ]
    paths = [path.attrib["d"] for path in root.findall(f"{SVG}path")]
    return boxes, [[float(n) for n in re.findall(r"[\d.]+", path)] for path in paths]


def test_an_edge_over_several_columns_crosses_no_box() -> None:
    artifacts = [node(TypeKind.ARTIFACT, i, f"a{i}") for i in range(4)]
    executions = [node(TypeKind.EXECUTION, i) for i in range(3)]
    steps = [e for i in range(3) for e in (read(i, i), wrote(i, i + 1))]

    boxes, paths = shapes(lineage([*artifacts, *executions], [*steps, read(0, 2)]).to_svg())

    points = list(zip(paths[-1][2:-2:2], paths[-1][3:-2:2], strict=True))
    assert len(boxes) == 7
    assert len(points) > 4
    assert not [
        (x, y)
        for x, y in points
        for left, top, width, height in boxes
        if left < x < left + width and top < y < top + height
    ]


def test_data_that_is_read_and_written_by_one_execution_is_drawn() -> None:
    nodes = [node(TypeKind.ARTIFACT, 1, "table"), node(TypeKind.EXECUTION, 1)]

    boxes, paths = shapes(lineage(nodes, [read(1, 1), wrote(1, 1)]).to_svg())

    assert len(boxes) == 2
    assert len(paths) == 2


def test_names_are_text_in_the_drawing() -> None:
    named = node(TypeKind.ARTIFACT, 1, '<script>"&')

    svg = lineage([named], []).to_svg()

    assert "<script>" not in svg
    assert '<script>"&' in "".join(ET.fromstring(svg).itertext())  # noqa: S314 - our own text
    assert NodeKey(TypeKind.ARTIFACT, 1) == named.key


def test_a_drawing_says_what_is_not_in_it() -> None:
    nodes = [LineageNode(TypeKind.ARTIFACT, i, "Data", f"a{i}", None, i) for i in range(30)]
    nodes += [LineageNode(TypeKind.EXECUTION, i, "Step", None, None, i) for i in range(30)]
    flow = [e for i in range(29) for e in (read(i, i), wrote(i, i + 1))]
    answer = replace(lineage(nodes, flow), left_out={TypeKind.ARTIFACT: {"Model": 7}})

    drawings = [to_svg(answer, max_nodes=10), to_text(answer, max_nodes=10)]

    for drawing in drawings:
        assert "50 more nodes" in drawing
        assert "7 Model left out" in drawing
    assert len(shapes(drawings[0])[0]) == 10
    assert len(shapes(to_svg(answer))[0]) == 60
    assert "7 Model left out" in to_dot(answer)


def test_an_event_that_leads_out_of_the_answer_is_told() -> None:
    part = lineage([node(TypeKind.EXECUTION, 1)], [read(5, 1)])

    assert "1 events to nodes outside" in part.to_svg()
    assert '"artifact:5" [shape=box' in part.to_dot()


def test_a_chain_of_ten_thousand_nodes_that_all_read_the_first_is_drawn_in_bounds() -> None:
    nodes = [node(TypeKind.ARTIFACT, i) for i in range(5_000)]
    nodes += [node(TypeKind.EXECUTION, i) for i in range(5_000)]
    flow = [e for i in range(4_999) for e in (read(i, i), wrote(i, i + 1), read(0, i))]

    svg = to_svg(lineage(nodes, flow), max_nodes=None)

    boxes, paths = shapes(svg)
    assert (len(boxes), len(paths)) == (10_000, len(flow))
    assert "long events are drawn straight" in svg
