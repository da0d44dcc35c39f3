"""Columns read as one piece of wire are the messages that are made one by one."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.graph.records import decode_path
from headwater.mlmd import convert
from headwater.mlmd.calls import Message
from headwater.mlmd.columns import EventMessages, add_nodes, add_pairs, varint
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.query.subgraph import EventColumns
from headwater_schema import EventType

BORDERS = (0, 1, 127, 128, 2**14 - 1, 2**14, 2**28 - 1, 2**28, 2**42, 2**63 - 1, -1, -(2**63))
INTS = st.sampled_from(BORDERS) | st.integers(-(2**63), 2**63 - 1)
PATHS = st.sampled_from((None, "[]", '[{"index":0}]', '[{"key":"é"},{"index":300}]'))
EVENTS = st.tuples(INTS, INTS, st.sampled_from(EventType), st.none() | INTS, PATHS)


def one_by_one(
    events: list[tuple[int, int, EventType, int | None, str | None]],
    ids: list[int],
    pairs: list[tuple[int, int]],
) -> Message:
    graph = pb.LineageGraph()
    for artifact_id, execution_id, event_type, time, path in events:
        event = graph.events.add(
            artifact_id=artifact_id,
            execution_id=execution_id,
            type=convert.event_number(event_type),
            milliseconds_since_epoch=time,
        )
        if path is not None:
            event.path.SetInParent()
            convert.fill_path(event, decode_path(path))
    for field in ("artifacts", "executions", "contexts"):
        for number in ids:
            getattr(graph, field).add(id=number)
    for first, second in pairs:
        graph.attributions.add(artifact_id=first, context_id=second)
        graph.associations.add(execution_id=first, context_id=second)
    return graph


@given(st.lists(EVENTS), st.lists(INTS), st.lists(st.tuples(INTS, INTS)))
def test_columns_are_the_messages_made_one_by_one(
    events: list[tuple[int, int, EventType, int | None, str | None]],
    ids: list[int],
    pairs: list[tuple[int, int]],
) -> None:
    graph = pb.LineageGraph()

    columns = [list(column) for column in zip(*events, strict=True)] or [[]] * 5
    receiver = EventMessages(graph)
    receiver.add(EventColumns([1], [1], [EventType.INPUT], [1], [None]))
    receiver.begin()
    half = len(events) // 2
    for part in (slice(half), slice(half, None)):
        receiver.add(EventColumns(*(column[part] for column in columns)))
    for field in ("artifacts", "executions", "contexts"):
        add_nodes(graph, field, ids)
    add_pairs(graph, "attributions", pairs)
    add_pairs(graph, "associations", pairs)

    expected = one_by_one(events, ids, pairs)
    assert graph == expected
    assert graph.SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True
    )


def test_a_varint_is_that_of_the_protocol() -> None:
    assert [varint(n) for n in (0, 127, 128, 300, 2**14)] == [
        b"\x00",
        b"\x7f",
        b"\x80\x01",
        b"\xac\x02",
        b"\x80\x80\x01",
    ]
    assert [varint(n) for n in (2**28 - 1, 2**28, 2**42 - 1, 2**42)] == [
        b"\xff\xff\xff\x7f",
        b"\x80\x80\x80\x80\x01",
        b"\xff\xff\xff\xff\xff\x7f",
        b"\x80\x80\x80\x80\x80\x80\x01",
    ]
    assert varint(-1) == b"\xff" * 9 + b"\x01"
