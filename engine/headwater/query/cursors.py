"""Cursors: where an answer goes on, as a text that carries the whole question.

A cursor holds no secret and gives no right: it says again what was asked, of which state of the
world, and how far the answer had come. Its digest tells one that was damaged from one of ours.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from headwater.errors import InvalidArgument
from headwater.query.moment import Moment
from headwater.query.parts import Direction, NodeKey
from headwater.query.question import Question, Selection, Stops
from headwater_schema import TypeKind

_FORM = 1
_DIGEST_BYTES = 8

Place = tuple[int, int, int]
"""Distance, kind (0 for an artifact, 1 for an execution) and id of a node: the order of answers."""

BEFORE_ALL: Place = (-1, 0, 0)


class PagePosition(NamedTuple):
    """How far pages have come.

    Attributes:
        beyond: everything up to so many hops was shown.
        after: and, further than that, everything up to this place.
    """

    beyond: int = -1
    after: Place = BEFORE_ALL


class StreamPosition(NamedTuple):
    """How far a stream has come: first all nodes, then the events by the nodes they lead to.

    Attributes:
        nodes: the last node that was sent.
        events: the last node all of whose events were sent.
        records: how many chunks of events were sent after that.
        chunk: how many nodes are in a slice.
    """

    chunk: int
    nodes: Place = BEFORE_ALL
    events: Place = BEFORE_ALL
    records: int = 0


class Cursor(NamedTuple):
    """What a cursor says."""

    namespace: str
    question: Question
    position: PagePosition | StreamPosition


def encode_cursor(cursor: Cursor) -> str:
    """Return the text of a cursor."""
    name = "page" if isinstance(cursor.position, PagePosition) else "stream"
    content = [_FORM, cursor.namespace, _question(cursor.question), name, list(cursor.position)]
    body = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Return what a cursor says.

    Raises:
        InvalidArgument: it is none, or was changed.
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if digest != _digest(body):
            raise ValueError("damaged")  # noqa: TRY301 - told below, with the other failures
        form, namespace, question, name, position = json.loads(body)
        if form != _FORM:
            raise ValueError("of another version")  # noqa: TRY301 - as above
        return Cursor(str(namespace), _asked(question), _POSITIONS[name](position))
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidArgument(
            f"{text!r:.200} is not a cursor.", hint="Use the cursor of a cut answer as it is."
        ) from error


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_DIGEST_BYTES]


def _question(question: Question) -> dict[str, Any]:
    """Return the question as JSON values, without what is as it is by itself."""
    plain, unset = asdict(question), asdict(Question(starts=question.starts))
    plain["starts"] = [list(key) for key in question.starts]
    return {key: value for key, value in plain.items() if key == "starts" or value != unset[key]}


def _asked(plain: dict[str, Any]) -> Question:
    fields = dict(plain)
    for name in ("starts", "targets"):
        fields[name] = [_key(pair) for pair in fields.get(name, ())]
    if "direction" in fields:
        fields["direction"] = Direction(fields["direction"])
    if "selection" in fields:
        fields["selection"] = Selection(**fields["selection"])
    if "stops" in fields:
        keys = [_key(pair) for pair in fields["stops"].pop("keys")]
        fields["stops"] = Stops(**fields["stops"], keys=tuple(keys))
    if "moment" in fields:
        fields["moment"] = Moment(*fields["moment"])
    return Question(**fields)


def _key(pair: list[Any]) -> NodeKey:
    kind, node_id = pair
    return NodeKey(TypeKind(kind), int(node_id))


def _place(values: list[Any]) -> Place:
    distance, kind, node_id = map(int, values)
    return distance, kind, node_id


def _page(values: list[Any]) -> PagePosition:
    beyond, after = values
    return PagePosition(int(beyond), _place(after))


def _stream(values: list[Any]) -> StreamPosition:
    chunk, nodes, events, records = values
    return StreamPosition(int(chunk), _place(nodes), _place(events), int(records))


_POSITIONS: dict[str, Callable[[list[Any]], PagePosition | StreamPosition]] = {
    "page": _page,
    "stream": _stream,
}
