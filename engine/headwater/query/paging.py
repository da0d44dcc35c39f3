"""Page tokens: where a list goes on, as text that a client hands back unread.

The token of a list of a past state also says which state that is, so that all of its pages are
of the same one.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, assert_never

from headwater.errors import InvalidArgument
from headwater.query.moment import NOW, Moment, told
from headwater_schema import ListOptions, OrderField


class Position(NamedTuple):
    """The last node of a page: its order key (0 when ordered by id) and id."""

    key: int
    id: int


class _Token(NamedTuple):
    order: str
    is_asc: bool
    position: Position
    moment: Moment


def position_of(stored: Mapping[str, Any], order: OrderField) -> Position:
    """Return where a node, given as stored properties, stands in an order."""
    match order:
        case OrderField.ID:
            key = 0
        case OrderField.CREATE_TIME:
            key = stored["create_time_since_epoch"]
        case OrderField.LAST_UPDATE_TIME:
            key = stored["last_update_time_since_epoch"]
        case _:
            assert_never(order)
    return Position(key, stored["id"])


def encode_token(options: ListOptions, last: Position, moment: Moment = NOW) -> str:
    """Return the token that asks for what follows a position in that order, at that moment."""
    times = [] if moment.is_now else list(moment)
    content = json.dumps([str(options.order_by), options.is_asc, last.key, last.id, *times])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_token(options: ListOptions, moment: Moment = NOW) -> Position | None:
    """Return the position of the options' token, None where there is none.

    Raises:
        InvalidArgument: it is not a token of ours, or of another order or moment.
    """
    if not options.next_page_token:
        return None
    found = _decoded(options.next_page_token)
    if (found.order, found.is_asc) != (str(options.order_by), options.is_asc):
        raise InvalidArgument(
            f"The page token is for a list ordered by {found.order} {_way(found.is_asc)}, "
            f"asked for {options.order_by} {_way(options.is_asc)}.",
            hint="Keep the order while paging.",
        )
    if found.moment != moment:
        raise InvalidArgument(
            f"The page token is for a list as of {told(found.moment)}, asked for {told(moment)}.",
            hint="Give the same times while paging.",
        )
    return found.position


def moment_of(token: str) -> Moment:
    """Return the moment of the list that a token goes on with; NOW for a list of the present.

    Raises:
        InvalidArgument: it is not a token of ours.
    """
    return _decoded(token).moment


def _decoded(token: str) -> _Token:
    try:
        padded = token + "=" * (-len(token) % 4)
        order, is_asc, key, node_id, *times = json.loads(base64.urlsafe_b64decode(padded))
        moment = Moment(*(None if time is None else int(time) for time in times))
        return _Token(order, is_asc, Position(int(key), int(node_id)), moment)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgument(
            f"{token!r:.200} is not a page token.",
            hint="Use the token of the page before as it is.",
        ) from error


def _way(is_asc: bool) -> str:  # noqa: FBT001 - of the options
    return "up" if is_asc else "down"
