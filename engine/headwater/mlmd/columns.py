"""Columns as messages: the wire form of many small messages put together, then read at once.

To make 100,000 messages one by one takes longer than the database takes to find what is in them;
protobuf reads the same from bytes in a tenth of the time. Field numbers are the descriptors' own.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain

from headwater.graph.records import decode_path
from headwater.mlmd import convert
from headwater.mlmd.calls import Message
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.query.subgraph import EventColumns
from headwater_schema import EventType

_VARINT, _BYTES = 0, 2
_BITS = 14
_LOW = (1 << _BITS) - 1
_TWICE = (1 << 2 * _BITS) - 1
_THRICE = (1 << 3 * _BITS) - 1
_UNSIGNED = (1 << 64) - 1
_EVENT_NUMBERS = {event_type: convert.event_number(event_type) for event_type in EventType}


def add_nodes(graph: Message, field: str, ids: Iterable[int]) -> None:
    """Add to a repeated field of a LineageGraph a node for each id, with nothing but its id."""
    head, node_id = _tag(pb.LineageGraph, field, _BYTES), _tag(pb.Artifact, "id", _VARINT)
    bodies = [node_id + varint(number) for number in ids]
    graph.MergeFromString(_repeated(head, bodies))


def add_pairs(graph: Message, field: str, pairs: Iterable[tuple[int, int]]) -> None:
    """Add the attributions or associations of a LineageGraph: ids of a node and of a context."""
    kind = {"attributions": pb.Attribution, "associations": pb.Association}[field]
    node = "artifact_id" if field == "attributions" else "execution_id"
    first, second = _tag(kind, node, _VARINT), _tag(kind, "context_id", _VARINT)
    bodies = [first + varint(a) + second + varint(b) for a, b in pairs]
    graph.MergeFromString(_repeated(_tag(pb.LineageGraph, field, _BYTES), bodies))


class EventMessages:
    """Receives events as messages of a LineageGraph."""

    def __init__(self, graph: Message) -> None:
        self._graph = graph
        self._artifacts, self._executions, self._times = (
            _Cached(_tag(pb.Event, name, _VARINT))
            for name in ("artifact_id", "execution_id", "milliseconds_since_epoch")
        )

    def begin(self) -> None:
        """Forget all events."""
        self._graph.ClearField("events")

    def add(self, events: EventColumns) -> None:
        """Add events to the graph."""
        artifacts, executions, times = self._artifacts, self._executions, self._times
        rests = {pair: _rest(*pair) for pair in set(zip(events.types, events.paths, strict=True))}
        bodies = [
            artifacts[artifact_id]
            + executions[execution_id]
            + rests[event_type, path]
            + times[time]
            for artifact_id, execution_id, event_type, path, time in zip(
                events.artifact_ids,
                events.execution_ids,
                events.types,
                events.paths,
                events.milliseconds,
                strict=True,
            )
        ]
        self._graph.MergeFromString(_repeated(_tag(pb.LineageGraph, "events", _BYTES), bodies))


def varint(number: int) -> bytes:
    """Return an integer of 64 bits as the wire writes it, two's complement where it is negative."""
    more, last = _tables()
    # Nearly every id has two parts, and every time of this century three: without a loop.
    if _LOW < number <= _TWICE:
        return more[number & _LOW] + last[number >> _BITS]
    if _TWICE < number <= _THRICE:
        rest = number >> _BITS
        return more[number & _LOW] + more[rest & _LOW] + last[rest >> _BITS]
    number &= _UNSIGNED
    if number <= _LOW:
        return last[number]
    parts = []
    while number > _LOW:
        parts.append(more[number & _LOW])
        number >>= _BITS
    return b"".join((*parts, last[number]))


class _Cached(dict[int | None, bytes]):
    """An optional field of integers as bytes; one id or time comes in many events."""

    def __init__(self, tag: bytes) -> None:
        super().__init__({None: b""})
        self._tag = tag

    def __missing__(self, number: int | None) -> bytes:
        assert number is not None  # noqa: S101 - None is there from the start
        self[number] = found = self._tag + varint(number)
        return found


def _repeated(head: bytes, bodies: list[bytes]) -> bytes:
    lengths = {length: head + varint(length) for length in set(map(len, bodies))}
    heads = [lengths[len(body)] for body in bodies]
    return b"".join(chain.from_iterable(zip(heads, bodies, strict=True)))


@lru_cache(maxsize=10_000)
def _rest(event_type: EventType, path: str | None) -> bytes:
    # A large answer has few different paths; to build each of them anew took half of its time.
    event = pb.Event(type=_EVENT_NUMBERS[event_type])
    if path is not None:
        event.path.SetInParent()
        convert.fill_path(event, decode_path(path))
    content: bytes = event.SerializeToString()
    return content


@cache
def _tag(kind: Message, field: str, wire_type: int) -> bytes:
    return varint(kind.DESCRIPTOR.fields_by_name[field].number << 3 | wire_type)


@cache
def _tables() -> tuple[list[bytes], list[bytes]]:
    """Return 14 bits as two bytes that others follow, and as the one or two that are the last."""
    low, rest = range(128), range(128)
    more = [bytes((a | 128, b | 128)) for b in rest for a in low]
    last = [bytes((a | 128, b)) if b else bytes((a,)) for b in rest for a in low]
    return more, last
