"""Messages: the classes of MLMD's protocol, made from the descriptor set in a pool of their own.

A pool of its own, because a process that also imports `ml_metadata` would otherwise hold two
sets of messages of the same names in one pool, which protobuf refuses. The price is that
`Struct` and `Any` exist twice as well; so every class here takes a message of the same name
from any other pool, by its bytes, wherever protobuf takes one of its own: `CopyFrom`,
`MergeFrom` and the constructor's keywords.
"""

from collections.abc import Callable, Mapping
from importlib import resources
from types import ModuleType
from typing import Any

from google.protobuf import descriptor, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper
from google.protobuf.message import Message

PACKAGE = "ml_metadata"


def _load_pool() -> descriptor_pool.DescriptorPool:
    content = (resources.files("headwater.mlmd") / "wire" / "ml_metadata.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = _load_pool()
"""The pool of the messages, for reflection."""


def own(kind: type[Message], message: object) -> Any:  # noqa: ANN401 - a message, or what was given
    """Return the message as one of our class, by its bytes if it is of another pool.

    What is no message of that name is returned as it is, for protobuf to refuse.
    """
    if isinstance(message, kind) or not isinstance(message, Message):
        return message
    if message.DESCRIPTOR.full_name != kind.DESCRIPTOR.full_name:
        return message
    return kind.FromString(message.SerializePartialToString())


def message_class(full_name: str) -> Any:  # noqa: ANN401 - message classes have no type of their own
    """Return the class of a message, say `ml_metadata.Artifact`."""
    return _class_of(POOL.FindMessageTypeByName(full_name))


def restored(full_name: str, content: bytes) -> Any:  # noqa: ANN401 - as message_class
    """Return the message that was pickled as its name and bytes."""
    return message_class(full_name).FromString(content)


_ADOPTED: dict[str, Any] = {}


def _class_of(described: descriptor.Descriptor) -> Any:  # noqa: ANN401 - as message_class
    if described.full_name not in _ADOPTED:
        _ADOPTED[described.full_name] = _adopt(message_factory.GetMessageClass(described))
    return _ADOPTED[described.full_name]


def _adopt(kind: Any) -> Any:  # noqa: ANN401 - as message_class
    """Make a class take messages of other pools."""
    copy_from, merge_from, start = kind.CopyFrom, kind.MergeFrom, kind.__init__

    def take(method: Callable[[Any, Any], None]) -> Callable[[Any, object], None]:
        return lambda self, other: method(self, own(kind, other))

    def __init__(self: Any, **fields: object) -> None:  # noqa: ANN401, N807 - a method of the class
        start(self, **{name: _own_field(kind, name, value) for name, value in fields.items()})

    def __reduce__(self: Any) -> tuple[Any, ...]:  # noqa: ANN401, N807 - a method of the class
        # protobuf's own way looks nested messages up in the default pool, and finds others' there.
        return restored, (kind.DESCRIPTOR.full_name, self.SerializePartialToString())

    kind.__reduce__ = __reduce__
    kind.CopyFrom = take(copy_from)
    kind.MergeFrom = take(merge_from)
    kind.__init__ = __init__
    return kind


def _own_field(kind: Any, name: str, value: object) -> object:  # noqa: ANN401 - as message_class
    field = kind.DESCRIPTOR.fields_by_name.get(name)
    if field is None or field.message_type is None or value is None:
        return value
    if field.message_type.GetOptions().map_entry:
        field = field.message_type.fields_by_name["value"]
        if field.message_type is None or not isinstance(value, Mapping):
            return value
        item = _class_of(field.message_type)
        return {key: own(item, each) for key, each in value.items()}
    item = _class_of(field.message_type)
    if isinstance(value, list | tuple):
        return [own(item, each) for each in value]
    return own(item, value)


def fill(module: ModuleType, file_name: str) -> None:
    """Give a module the names that protobuf's own generated module of that file would have.

    Message classes, enums and the values of top-level enums; so that they pickle, and are
    found where users of MLMD look for them.
    """
    file = POOL.FindFileByName(file_name)
    names: dict[str, Any] = {"DESCRIPTOR": file}
    for described in file.message_types_by_name.values():
        kind = _place(described, module.__name__)
        names[described.name] = kind
    for enum in file.enum_types_by_name.values():
        names[enum.name] = enum_type_wrapper.EnumTypeWrapper(enum)
        names |= {value.name: value.number for value in enum.values}
    for name, value in names.items():
        setattr(module, name, value)


def _place(described: descriptor.Descriptor, module: str) -> Any:  # noqa: ANN401 - as message_class
    kind = _class_of(described)
    kind.__module__ = module
    kind.__qualname__ = described.full_name.removeprefix(f"{described.file.package}.")
    for nested in described.nested_types:
        if not nested.GetOptions().map_entry:
            setattr(kind, nested.name, _place(nested, module))
    return kind
