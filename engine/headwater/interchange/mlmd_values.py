"""Values: MLMD's columns as values of ours, and back."""

import base64
import binascii
from typing import Any

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct

from headwater.interchange.mlmd_tables import STRUCT_PREFIX
from headwater.mlmd.convert import fill_struct, struct_to_model
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater_schema import ProtoValue

# Fields 1 and 2 of a serialized Any; no base64 text begins with either.
_RAW_ANY = (b"\x0a", b"\x12")


def struct_of(text: str) -> dict[str, Any] | None:
    """Return the STRUCT that a string column holds, None where the text is not one after all."""
    try:
        content = base64.b64decode(text[len(STRUCT_PREFIX) :], validate=True)
        return struct_to_model(Struct.FromString(content))
    except (binascii.Error, DecodeError, ValueError):
        return None


def struct_text(value: dict[str, Any]) -> str:
    """Return a STRUCT as MLMD's string column holds it."""
    struct = Struct()
    fill_struct(struct, value)
    content = struct.SerializeToString(deterministic=True)
    return STRUCT_PREFIX + base64.b64encode(content).decode()


def proto_of(content: str | bytes) -> ProtoValue | None:
    """Return the PROTO that a column holds, None where it holds none.

    The client writes base64 text, into whatever type of column a database has for bytes.
    """
    raw = content.encode() if isinstance(content, str) else bytes(content)
    try:
        if not raw.startswith(_RAW_ANY):
            raw = base64.b64decode(raw, validate=True)
        message = AnyMessage.FromString(raw)
        return ProtoValue(type_url=message.type_url, value=message.value)
    except (binascii.Error, DecodeError, ValueError):
        return None


def proto_text(value: ProtoValue) -> str:
    """Return a PROTO as MLMD's column holds it."""
    message = AnyMessage(type_url=value.type_url, value=value.value)
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def signature_of(text: str) -> dict[str, Any] | None:
    """Return an execution type's signature as its model holds it, None where the text is none."""
    try:
        message = json_format.Parse(text, pb.ArtifactStructType())
    except json_format.ParseError:
        return None
    return dict(json_format.MessageToDict(message, preserving_proto_field_name=True))
