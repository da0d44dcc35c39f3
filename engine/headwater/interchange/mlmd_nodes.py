"""Nodes: rows of MLMD's tables as the properties that the graph stores.

The one place where speed decides: a database of a million nodes has several million property
rows, so plain values take a short way and everything else a long one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from headwater.interchange.accounting import Oddities
from headwater.interchange.mlmd_tables import (
    ARTIFACT_STATE_NUMBERS,
    EXECUTION_STATE_NUMBERS,
    STRUCT_PREFIX,
)
from headwater.interchange.mlmd_types import SourceTypes
from headwater.interchange.mlmd_values import proto_of, struct_of
from headwater.services.stored_values import Stored, ValueEncoder, encode_uri
from headwater_schema import TypeKind
from headwater_schema.properties import check_key, check_name
from headwater_schema.stored import LONG_TEXT_BYTES, Prefix

_ARTIFACT_STATES = {number: str(state) for state, number in ARTIFACT_STATE_NUMBERS.items()}
_EXECUTION_STATES = {number: str(state) for state, number in EXECUTION_STATE_NUMBERS.items()}
_SHORT_CHARACTERS = LONG_TEXT_BYTES // 4
"""A text of so many characters is never longer than the limit, whatever they are."""

_KEPT_NAMES = {"name": "mlmd_name", "external_id": "mlmd_external_id"}
"""Custom properties that keep a name or external id too long to be one."""


class NodeMaker:
    """Makes stored properties of the nodes of one kind.

    Args:
        kind: which.
        types: of the source.
        encoder: for values that are not plain.
        oddities: is told of what could not be taken over.
    """

    def __init__(
        self, kind: TypeKind, types: SourceTypes, encoder: ValueEncoder, oddities: Oddities
    ) -> None:
        self._kind = kind
        self._type_ids = types.ids[kind]
        self._type_names = types.names
        self._encoder = encoder
        self._oddities = oddities
        self._keys: dict[tuple[int, str], str] = {}

    def make(self, rows: Sequence[Any], values: Iterable[Any]) -> list[Stored]:
        """Return the stored properties of a piece's nodes, in order.

        Args:
            rows: (id, type_id, name, external_id, two times, and the kind's own columns).
            values: property rows (id, name, is custom, int, double, string, bool, proto).
        """
        properties = self._properties(values)
        nodes: list[Stored] = []
        for row in rows:
            node = self._node(row)
            own = properties.pop(row[0], None)
            if node is None:
                self._leave_properties(own, f"{self._kind.lower()} {row[0]}")
                continue
            if own is not None:
                node.update(own)
            nodes.append(node)
        for node_id, orphans in properties.items():
            self._leave_properties(orphans, f"{self._kind.lower()} {node_id}")
        return nodes

    def _node(self, row: Any) -> Stored | None:  # noqa: ANN401 - a row
        node_id, type_id, name, external_id, created, updated = row[:6]
        own_type = self._type_ids.get(type_id)
        if own_type is None:
            self._odd(f"their type {type_id} is missing; left out", node_id, left_out=True)
            return None
        node: Stored = {
            "id": node_id,
            "type_id": own_type,
            "type": self._type_names[own_type],
            "create_time_since_epoch": created,
            "last_update_time_since_epoch": updated,
        }
        if name is not None:
            self._put_name(node, "name", name)
        if external_id is not None:
            self._put_name(node, "external_id", external_id)
        if self._kind is TypeKind.ARTIFACT:
            self._put_state(node, "state", row[6], _ARTIFACT_STATES)
            if row[7]:
                self._put_uri(node, row[7])
        elif self._kind is TypeKind.EXECUTION:
            self._put_state(node, "last_known_state", row[6], _EXECUTION_STATES)
        return node

    def _put_name(self, node: Stored, key: str, value: str) -> None:
        if len(value) > _SHORT_CHARACTERS:
            try:
                check_name(value)
            except ValueError as error:
                kept = _KEPT_NAMES[key]
                self._odd(f"their {key} {error}; kept as custom property {kept}", node["id"])
                node.update(self._encoder.encode(kept, value, custom=True))
                # One property more than the source has: what is left out is one less.
                self._oddities.add(
                    f"{self._kind.lower()} properties",
                    f"added, for a {key} too long to be one",
                    f"{self._kind.lower()} {node['id']}: {kept}",
                    left_out=True,
                    count=-1,
                )
                return
        node[key] = value

    def _put_uri(self, node: Stored, uri: str) -> None:
        if len(uri) <= _SHORT_CHARACTERS:
            node["uri"] = uri
        else:
            node.update(encode_uri(uri))

    def _put_state(
        self, node: Stored, key: str, number: int | None, states: dict[int, str]
    ) -> None:
        if number is None:
            return
        state = states.get(number)
        if state is None:
            self._odd(f"their {key} is the unknown number {number}; left unset", node["id"])
        else:
            node[key] = state

    def _properties(self, values: Iterable[Any]) -> dict[int, Stored]:
        found: dict[int, Stored] = {}
        keys = self._keys
        current, own = None, {}
        for node_id, name, custom, integer, double, text, boolean, proto in values:
            if node_id != current:
                current = node_id
                own = found[node_id] = {}
            key = keys.get((custom, name))
            if key is None:
                key = self._key(node_id, name, custom)
                if key is None:
                    continue
            if text is not None:
                if len(text) > _SHORT_CHARACTERS or text.startswith(STRUCT_PREFIX):
                    own.update(self._text(node_id, name, bool(custom), text))
                else:
                    own[key] = text
            elif integer is not None:
                own[key] = integer
            elif double is not None:
                own[key] = double
            else:
                own.update(self._late(node_id, name, bool(custom), boolean, proto))
        return found

    def _key(self, node_id: int, name: str, custom: int) -> str | None:
        try:
            check_key(name)
        except ValueError as error:
            self._odd_property(f"{error}; left out", node_id, name)
            return None
        key = f"{Prefix.CUSTOM if custom else Prefix.DECLARED}{name}"
        self._keys[custom, name] = key
        return key

    def _text(self, node_id: int, name: str, custom: bool, text: str) -> Stored:  # noqa: FBT001 - a column
        if not text.startswith(STRUCT_PREFIX):
            return self._encoder.encode(name, text, custom=custom)
        struct = struct_of(text)
        if struct is None:
            self._odd_property(
                f"begin with {STRUCT_PREFIX} and hold no STRUCT; kept as STRING",
                node_id,
                name,
                left_out=False,
            )
        value = text if struct is None else struct
        return self._encoder.encode(name, value, custom=custom)

    def _late(
        self,
        node_id: int,
        name: str,
        custom: bool,  # noqa: FBT001 - a column
        boolean: int | None,
        content: str | bytes | None,
    ) -> Stored:
        """Return a value of the kinds that came with version 10."""
        if boolean is not None:
            return {self._keys[custom, name]: bool(boolean)}
        if content is None:
            self._odd_property("without a value; left out", node_id, name)
            return {}
        proto = proto_of(content)
        if proto is None:
            self._odd_property("hold no PROTO that can be read; left out", node_id, name)
            return {}
        return self._encoder.encode(name, proto, custom=custom)

    def _leave_properties(self, own: Stored | None, owner: str) -> None:
        if own:
            count = count_properties(own)
            self._oddities.add(
                f"{self._kind.lower()} properties",
                "of a node that is missing or was left out",
                owner,
                left_out=True,
                count=count,
            )

    def _odd(self, reason: str, node_id: int, *, left_out: bool = False) -> None:
        element = f"{self._kind.lower()}s"
        self._oddities.add(element, reason, f"{self._kind.lower()} {node_id}", left_out=left_out)

    def _odd_property(self, reason: str, node_id: int, name: str, *, left_out: bool = True) -> None:
        element = f"{self._kind.lower()} properties"
        example = f"{self._kind.lower()} {node_id}: {name!r:.100}"
        self._oddities.add(element, reason, example, left_out=left_out)


_TWINS = tuple(
    str(prefix)
    for prefix in (
        Prefix.DECLARED_DIGEST,
        Prefix.DECLARED_START,
        Prefix.CUSTOM_DIGEST,
        Prefix.CUSTOM_START,
    )
)
VALUE_PREFIXES = tuple(str(prefix) for prefix in Prefix if str(prefix) not in _TWINS)
"""Prefixes of the stored keys that hold a user's property; each property has one such key."""


def count_properties(stored: Stored) -> int:
    """Return how many of a user's properties a node's stored properties hold."""
    return sum(key.startswith(VALUE_PREFIXES) for key in stored)
