"""What the methods of MLMD's MetadataStore share: one call of the table, lists, and puts of many."""

import enum
import logging
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.mlmd import connections, errors
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb

MAX_NUM_RESULT = 100
"""Nodes asked for in one page of a list."""

_RETRY_MEAN_S = 2.0
RETRIES = 5
"""How often a conflict is tried again."""

logger = logging.getLogger("headwater.mlmd")

Message = Any
"""A message of `headwater.mlmd.proto`; their classes are made at run time."""


class OrderByField(enum.Enum):
    """What a list can be ordered by."""

    CREATE_TIME = pb.ListOperationOptions.OrderByField.CREATE_TIME
    UPDATE_TIME = pb.ListOperationOptions.OrderByField.LAST_UPDATE_TIME
    ID = pb.ListOperationOptions.OrderByField.ID


@dataclass
class ListOptions:
    """Which part of a list is asked for.

    Attributes:
        limit: most nodes; None and 0 mean all.
        order_by: ties are broken by id.
        is_asc: ascending, or descending.
        filter_query: a filter, say `type = 'Model' AND properties.accuracy.double_value > 0.9`.
    """

    limit: int | None = None
    order_by: OrderByField | None = None
    is_asc: bool = True
    filter_query: str | None = None


class ExtraOptions:
    """Taken by every method and not used, as in MLMD."""

    def __init__(self, euc: object = None) -> None:
        self.euc = euc


class Methods:
    """Runs operations over a connection."""

    def __init__(self, connection: connections.Connection, max_num_retries: int) -> None:
        self._connection = connection
        self._max_num_retries = max_num_retries

    def _call(self, name: str, request: Message) -> Message:
        """Return the response; a conflict is tried again as MLMD's client does."""
        tries = self._max_num_retries
        while True:
            try:
                return self._connection.call(name, request)
            except errors.AbortedError:
                tries -= 1
                if tries <= 0:
                    raise
                wait_s = random.expovariate(1.0 / _RETRY_MEAN_S)
                logger.info("%s is tried again in %.1f s", name, wait_s)
                time.sleep(wait_s)

    def _ask(self, name: str, **fields: Any) -> Message:  # noqa: ANN401 - a message's fields
        given = {key: value for key, value in fields.items() if value is not None}
        return self._call(name, getattr(service_pb, f"{name}Request")(**given))

    def _put_nodes(
        self, name: str, field: str, nodes: Iterable[Message], paths: Sequence[str] | None
    ) -> Message:
        request = getattr(service_pb, f"{name}Request")()
        for node in nodes:
            getattr(request, field).add().CopyFrom(node)
        if paths:
            request.update_mask.paths.extend(paths)
        return self._call(name, request)

    def _list(
        self,
        name: str,
        field: str,
        list_options: ListOptions | None,
        **fields: Any,  # noqa: ANN401 - a message's fields
    ) -> list[Message]:
        request = getattr(service_pb, f"{name}Request")(**fields)
        left = None
        if list_options is not None:
            if list_options.limit and list_options.limit < 1:
                raise errors.make_exception(
                    f"list_options.limit must be at least 1, found {list_options.limit}.",
                    errors.INVALID_ARGUMENT,
                )
            left = list_options.limit or None
            request.options.max_result_size = MAX_NUM_RESULT
            request.options.order_by_field.is_asc = list_options.is_asc
            if list_options.order_by:
                request.options.order_by_field.field = list_options.order_by.value
            if list_options.filter_query:
                request.options.filter_query = list_options.filter_query
        found: list[Message] = []
        while True:
            if left is not None:
                request.options.max_result_size = min(left, MAX_NUM_RESULT)
            response = self._call(name, request)
            page = getattr(response, field)
            found.extend(page)
            if left is not None:
                left -= len(page)
            if not response.next_page_token or (left is not None and left <= 0):
                return found
            request.options.next_page_token = response.next_page_token
