"""Page tokens: where a list goes on, as text that a client hands back unread."""

import base64
import binascii
import json
from typing import NamedTuple

from headwater.errors import InvalidArgument
from headwater_schema import ListOptions


class Position(NamedTuple):
    """The last node of a page: its order key (0 when ordered by id) and id."""

    key: int
    id: int


def encode_token(options: ListOptions, last: Position) -> str:
    """Return the token that asks for what follows a position in that order."""
    content = json.dumps([str(options.order_by), options.is_asc, last.key, last.id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_token(options: ListOptions) -> Position | None:
    """Return the position of the options' token, None where there is none.

    Raises:
        InvalidArgument: it is not a token of ours, or of another order.
    """
    token = options.next_page_token
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        order, is_asc, key, node_id = json.loads(base64.urlsafe_b64decode(padded))
        position = Position(int(key), int(node_id))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgument(
            f"{token!r:.200} is not a page token.",
            hint="Use the token of the page before as it is.",
        ) from error
    if (order, is_asc) != (str(options.order_by), options.is_asc):
        raise InvalidArgument(
            f"The page token is for a list ordered by {order} {'up' if is_asc else 'down'}, "
            f"asked for {options.order_by} {'up' if options.is_asc else 'down'}.",
            hint="Keep the order while paging.",
        )
    return position
