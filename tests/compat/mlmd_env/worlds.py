"""Two stores side by side: the real MLMD in this process, and a server of ours at a port.

Runs in MLMD's own environment. Sends each operation to both, with ids translated, and says
where the answers differ.
"""

import re
import time

import grpc
from ml_metadata import errors, metadata_store
from ml_metadata.metadata_store.pywrap.metadata_store_extension import (
    metadata_store as metadata_store_serialized,
)
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service_pb
from ml_metadata.proto import metadata_store_service_pb2_grpc as service_grpc

ARTIFACT, EXECUTION, CONTEXT = "artifact", "execution", "context"

_MESSAGE_KINDS = {"Artifact": ARTIFACT, "Execution": EXECUTION, "Context": CONTEXT}
_ID_FIELDS = {
    "artifact_id": ARTIFACT,
    "artifact_ids": ARTIFACT,
    "execution_id": EXECUTION,
    "execution_ids": EXECUTION,
    "context_id": CONTEXT,
    "context_ids": CONTEXT,
    "child_id": CONTEXT,
    "parent_id": CONTEXT,
}
_TIMES = ("create_time_since_epoch", "last_update_time_since_epoch")
_UNORDERED = {
    "GetEventsByArtifactIDsResponse": ["events"],
    "GetEventsByExecutionIDsResponse": ["events"],
    "GetArtifactsByURIResponse": ["artifacts"],
}
"""Lists that MLMD orders by nothing: they come as its database's index happens to have them."""
_TICK_S = 0.002
"""Longer than the clocks' millisecond, so that both stores see the same order of times."""


def translated(message, ids):
    """Return a copy of a message with its node ids replaced; unknown ids stay."""
    copy = type(message)()
    copy.CopyFrom(message)
    _translate(copy, ids)
    return copy


def _translate(message, ids):
    own = _MESSAGE_KINDS.get(message.DESCRIPTOR.name)
    for field, value in message.ListFields():
        kind = own if field.name == "id" and own else _ID_FIELDS.get(field.name)
        repeated = field.label == field.LABEL_REPEATED
        if kind and not repeated:
            setattr(message, field.name, ids[kind].get(value, value))
        elif kind:
            moved = [ids[kind].get(each, each) for each in value]
            del value[:]
            value.extend(moved)
        elif field.message_type is None:
            continue
        elif field.message_type.GetOptions().map_entry:
            item = field.message_type.fields_by_name["value"].message_type
            if item is not None and field.name == "contexts":
                _translate_map(value, ids)
        elif repeated:
            for each in value:
                _translate(each, ids)
        else:
            _translate(value, ids)


def _render(message, ids):
    """Put ids where a filter says `{artifact:3}`: the real store's, or ours of those."""
    for field, value in message.ListFields():
        if field.name == "filter_query":
            message.filter_query = re.sub(
                r"\{(\w+):(-?\d+)\}",
                lambda found: str(
                    int(found[2])
                    if ids is None
                    else ids[found[1]].get(int(found[2]), int(found[2]))
                ),
                value,
            )
        elif field.message_type is not None and field.label != field.LABEL_REPEATED:
            _render(value, ids)


def _translate_map(contexts, ids):
    kept = {key: contexts[key] for key in list(contexts)}
    copies = {}
    for key, value in kept.items():
        copy = type(value)()
        copy.CopyFrom(value)
        _translate(copy, ids)
        copies[ids[CONTEXT].get(key, key)] = copy
    for key in kept:
        del contexts[key]
    for key, copy in copies.items():
        contexts[key].CopyFrom(copy)


class Clocks:
    """What one store has said of its nodes' update times."""

    def __init__(self):
        self._seen = {}

    def moves(self, kind, node_id, time_ms):
        """Return how often the update time was seen to move since the node was first seen."""
        last, count = self._seen.get((kind, node_id), (time_ms, 0))
        count += time_ms != last
        self._seen[kind, node_id] = time_ms, count
        return count


class Worlds:
    """The two stores. `ids` holds, by kind, our id of each of the real one's."""

    def __init__(self, port, namespace):
        config = pb.ConnectionConfig()
        config.sqlite.SetInParent()
        self._real = metadata_store.MetadataStore(config)
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._channel = channel
        self._ours = service_grpc.MetadataStoreServiceStub(channel)
        self._metadata = (("x-mlmd-namespace", namespace),)
        self.ids = {ARTIFACT: {}, EXECUTION: {}, CONTEXT: {}}
        self._back = {ARTIFACT: {}, EXECUTION: {}, CONTEXT: {}}
        self._clocks = (Clocks(), Clocks())
        self.calls = 0

    def close(self):
        self._channel.close()

    def offers(self, name):
        """Return whether the embedded store has an operation; it lacks a few of the protocol's."""
        return hasattr(metadata_store_serialized, name)

    def known(self, kind):
        """Return the real ids of the nodes of a kind."""
        return list(self.ids[kind])

    def call(self, name, request, ours=None):
        """Return both outcomes of an operation, as comparable text, and whether it succeeded.

        Args:
            name: of the operation.
            request: with the real store's ids.
            ours: another request for our side, whose ids are ours already.
        """
        self.calls += 1
        time.sleep(_TICK_S)
        sent = translated(request, self.ids) if ours is None else ours
        _render(request, None)
        _render(sent, self.ids)
        real, real_response = self._ask_real(name, request)
        found, our_response = self._ask_ours(name, sent)
        if real_response is not None and our_response is not None:
            self._learn(real_response, our_response)
            real = self._normal(real_response, 0)
            found = self._normal(translated(our_response, self._back), 1)
        return real, found, real_response

    def page(self, name, request, size):
        """Return both sides' whole lists, page by page with each side's own tokens."""
        outcomes = []
        for ask, side in ((self._ask_real, 0), (self._ask_ours, 1)):
            sent = type(request)()
            sent.CopyFrom(request if side == 0 else translated(request, self.ids))
            sent.options.max_result_size = size
            nodes, pages = [], 0
            while True:
                self.calls += 1
                code, response = ask(name, sent)
                if response is None:
                    nodes = [code]
                    break
                response = response if side == 0 else translated(response, self._back)
                nodes.append(self._normal(response, side, drop_token=True))
                pages += 1
                if not response.next_page_token or pages > 50:
                    break
                sent.options.next_page_token = response.next_page_token
            outcomes.append("\n--\n".join(nodes))
        return outcomes

    def _ask_real(self, name, request):
        response = getattr(service_pb, f"{name}Response")()
        try:
            self._real._call_method(name, request, response)
        except errors.StatusError as error:
            return f"error {error.error_code}: {error.message[:200]}", None
        return "", response

    def _ask_ours(self, name, request):
        try:
            return "", getattr(self._ours, name)(request, metadata=self._metadata, timeout=60)
        except grpc.RpcError as error:
            return f"error {error.code().value[0]}: {error.details()[:300]}", None

    def _learn(self, real, ours):
        for kind, field in ((k, f) for f, k in _ID_FIELDS.items()):
            if field not in real.DESCRIPTOR.fields_by_name:
                continue
            pairs = zip(_listed(real, field), _listed(ours, field), strict=False)
            for real_id, our_id in pairs:
                if real_id > 0 and our_id > 0 and real_id not in self.ids[kind]:
                    self.ids[kind][real_id] = our_id
                    self._back[kind][our_id] = real_id

    def _normal(self, message, side, *, drop_token=False):
        copy = type(message)()
        copy.CopyFrom(message)
        fields = copy.DESCRIPTOR.fields_by_name
        if "next_page_token" in fields and copy.HasField("next_page_token"):
            copy.next_page_token = "" if drop_token else str(bool(copy.next_page_token))
        for field in _UNORDERED.get(copy.DESCRIPTOR.name, ()):
            _sort(copy, field)
        if "lineage_subgraph" in fields:
            _sort_lineage(copy.lineage_subgraph)
        self._normal_times(copy, side)
        # Bytes in a fixed order would be enough, but text shows where two answers differ.
        return repr(_ordered(copy))

    def _normal_times(self, message, side):
        kind = _MESSAGE_KINDS.get(message.DESCRIPTOR.name)
        if kind and message.HasField("last_update_time_since_epoch"):
            moves = self._clocks[side].moves(kind, message.id, message.last_update_time_since_epoch)
            for field in _TIMES:
                message.ClearField(field)
            message.last_update_time_since_epoch = moves
        if message.DESCRIPTOR.name == "Event" and message.milliseconds_since_epoch > 10**6:
            message.milliseconds_since_epoch = 10**6
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.GetOptions().map_entry:
                if field.name == "contexts" and field.message_type.GetOptions().map_entry:
                    for key in value:
                        self._normal_times(value[key], side)
                continue
            for each in value if field.label == field.LABEL_REPEATED else [value]:
                self._normal_times(each, side)


def _listed(message, field):
    value = getattr(message, field)
    return value if hasattr(value, "__len__") else [value]


def _sort_lineage(graph):
    """The order of a lineage's parts is nobody's promise."""
    for field, _ in graph.ListFields():
        _sort(graph, field.name)


def _sort(message, field):
    """Sort a repeated field."""
    ordered = sorted(
        getattr(message, field), key=lambda each: each.SerializeToString(deterministic=True)
    )
    message.ClearField(field)
    getattr(message, field).extend(ordered)


def _ordered(message):
    """Return a message as nested tuples, maps by key."""
    parts = []
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            items = sorted((key, _plain(value[key])) for key in value)
            parts.append((field.name, tuple(items)))
        elif field.label == field.LABEL_REPEATED:
            parts.append((field.name, tuple(_plain(each) for each in value)))
        else:
            parts.append((field.name, _plain(value)))
    return (message.DESCRIPTOR.name, *parts)


def _plain(value):
    return _ordered(value) if hasattr(value, "DESCRIPTOR") else value
