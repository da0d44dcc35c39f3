"""Calls: one RPC from its bytes to the bytes of its answer, or to the status of its failure.

Owns the order of things: the deadline, who asks, in which namespace, with which right, and only
then the request. Knows no operation by name; they come from the table of `headwater.mlmd.rpcs`.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from headwater.errors import Code, DeadlineExceeded, InvalidArgument, ResourceExhausted
from headwater.mlmd.rpcs import Call, Message, Rpc
from headwater.server.gate import Gate
from headwater.server.metrics import Metrics
from headwater.server.statuses import Failure, failure_of
from headwater.server.tenants import Tenants
from headwater.services.tokens import TokenScope
from headwater.visible import visible

NAMESPACE = "x-mlmd-namespace"
"""The metadata by which a client chooses a namespace; with `-bin` its name in UTF-8, as gRPC
carries no other letters than those of ASCII in plain metadata."""

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
"""What gRPC calls for one RPC."""

_AUTHORIZATION = "authorization"
_FAULTS = {Code.INTERNAL, Code.UNKNOWN, Code.DATA_LOSS}
_LOGGED = 500

log = logging.getLogger("headwater.server")


@dataclass(slots=True)
class _Note:
    """What is known of a call so far, for the log."""

    who: str = "-"
    namespace: str = "-"
    trailing: list[tuple[str, str]] = field(default_factory=list)


class Calls(NamedTuple):
    """How calls are run.

    Attributes:
        tenants: gives the store of a namespace.
        gate: lets calls in.
        metrics: counts them.
        max_message_bytes: a larger answer is not sent.
    """

    tenants: Tenants
    gate: Gate
    metrics: Metrics
    max_message_bytes: int

    def run(self, rpc: Rpc, content: bytes, context: grpc.ServicerContext) -> bytes:
        """Return the bytes of the answer, or end the call with the status of its failure."""
        began = time.monotonic()
        note = _Note()
        answer, failure = b"", None
        with self.metrics.running():
            try:
                answer = self._answer(rpc, content, context, note)
            except Exception as error:  # noqa: BLE001 - the outermost handler
                failure = failure_of(error)
                self._log(rpc, failure, error, note, time.monotonic() - began)
        self.metrics.ended(
            rpc.name,
            Code(failure.code).name if failure is not None else "OK",
            seconds=time.monotonic() - began,
            request_bytes=len(content),
            response_bytes=len(answer),
        )
        if note.trailing:
            context.set_trailing_metadata(tuple(note.trailing))
        return answer if failure is None else _abort(context, failure)

    def _answer(
        self, rpc: Rpc, content: bytes, context: grpc.ServicerContext, note: _Note
    ) -> bytes:
        left_s: float | None = context.time_remaining()  # None where the client set no deadline
        if not context.is_active() or (left_s is not None and left_s <= 0):
            raise DeadlineExceeded("The call's time was over before it began; nothing was done.")
        metadata = _texts(context)
        principal = self.gate.admit(metadata.pop(_AUTHORIZATION, None))
        note.who = "-" if principal is None else principal.name
        namespace = self.tenants.named(metadata.get(NAMESPACE))
        note.namespace = namespace
        if principal is not None:
            scope = TokenScope.WRITE if rpc.writes else TokenScope.READ
            principal.require(scope, namespace=namespace)
        store = self.tenants.store(namespace)
        if principal is not None:
            store = store.acting_as(principal.name)
        call = Call(store, metadata, note.trailing)
        answer: bytes = rpc.run(call, _parsed(rpc, content)).SerializeToString()
        if len(answer) > self.max_message_bytes:
            raise ResourceExhausted(
                f"The answer has {len(answer)} bytes, this server sends up to "
                f"{self.max_message_bytes}.",
                hint="Ask for less, page by page, or raise --max-message-mb.",
                size_bytes=len(answer),
            )
        return answer

    def _log(
        self, rpc: Rpc, failure: Failure, error: Exception, note: _Note, seconds: float
    ) -> None:
        fault = failure.code in _FAULTS
        log.log(
            logging.ERROR if fault else logging.INFO,
            "%s %s %.0f ms namespace=%s token=%s %s%s",
            rpc.name,
            Code(failure.code).name,
            seconds * 1_000,
            visible(note.namespace),
            visible(note.who),
            f"error={failure.error_id} " if failure.error_id else "",
            visible(str(error) or type(error).__name__)[:_LOGGED],
            exc_info=error if fault else None,
        )


def _texts(context: grpc.ServicerContext) -> dict[str, str]:
    """Return the metadata of a call that is text, by lower-case name; a repeated name's last."""
    found = {str(key).lower(): value for key, value in context.invocation_metadata()}
    texts = {key: value for key, value in found.items() if isinstance(value, str)}
    if isinstance(named := found.get(f"{NAMESPACE}-bin"), bytes):
        texts[NAMESPACE] = named.decode(errors="surrogateescape")
    return texts


def _parsed(rpc: Rpc, content: bytes) -> Message:
    try:
        return rpc.request.FromString(content)
    except DecodeError as error:
        raise InvalidArgument(
            f"The request is not a {rpc.request.DESCRIPTOR.full_name}: its bytes cannot be read.",
            size_bytes=len(content),
        ) from error


def _abort(context: grpc.ServicerContext, failure: Failure) -> NoReturn:
    context.abort(failure.status, failure.text)
    raise AssertionError("abort does not return")


def handlers(calls: Calls, rpcs: Mapping[str, Rpc]) -> dict[str, Handler]:
    """Return what gRPC calls for each RPC; requests and answers stay bytes for it."""
    return {name: _handler(calls, rpc) for name, rpc in rpcs.items()}


def _handler(calls: Calls, rpc: Rpc) -> Handler:
    return grpc.unary_unary_rpc_method_handler(
        lambda content, context: calls.run(rpc, content, context)
    )
