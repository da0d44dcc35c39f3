"""Typed nodes: a user's own pydantic classes as types of artifacts, executions and contexts.

::

    class Dataset(headwater.Artifact):
        rows: int
        source: str = headwater.Property(default="", index=False)

declares an artifact type `Dataset` with an INT and an unindexed STRING property. Knows
nothing of the store.
"""

import inspect
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo

from headwater.errors import FailedPrecondition, InvalidArgument
from headwater_schema import Artifact as ArtifactNode
from headwater_schema import (
    ArtifactBaseType,
    ArtifactState,
    ArtifactType,
    ContextType,
    ExecutionBaseType,
    ExecutionState,
    ExecutionType,
    NodeType,
    PropertyKind,
    ProtoValue,
    TypeKind,
)
from headwater_schema import Context as ContextNode
from headwater_schema import Execution as ExecutionNode
from headwater_schema.properties import Name, PropertyKey, PropertyValue, Text

TypedT = TypeVar("TypedT", bound="TypedNode")
_Node = ArtifactNode | ExecutionNode | ContextNode
_NodeT = TypeVar("_NodeT", ArtifactNode, ExecutionNode, ContextNode)


def Property(default: Any = ..., *, index: bool = True, **field: Any) -> Any:  # noqa: ANN401, N802 - as pydantic's Field
    """Return a field of a typed node, with what the store should know of it.

    Args:
        default: as in pydantic's `Field`; without one the field is required.
        index: whether the property gets an index of its own.
        **field: passed on to pydantic's `Field`.
    """
    return Field(default, json_schema_extra={"headwater_index": index}, **field)


class TypedNode(BaseModel):
    """What the bases of users' classes share."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    kind: ClassVar[TypeKind]
    type_name: ClassVar[str | None] = None
    type_version: ClassVar[str | None] = None
    base_type: ClassVar[Any] = None

    id: int | None = None
    type_id: int | None = None
    type: str | None = None
    name: Name | None = None
    external_id: Name | None = None
    custom_properties: Mapping[PropertyKey, PropertyValue] = Field(default_factory=dict)
    create_time_since_epoch: int | None = None
    last_update_time_since_epoch: int | None = None
    _undeclared: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - as below
        """Let the keywords of the class statement through to the method below."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        type_name: str | None = None,
        type_version: str | None = None,
        base_type: ArtifactBaseType | ExecutionBaseType | None = None,
        **kwargs: Any,  # noqa: ANN401 - pydantic's own
    ) -> None:
        """Read what the class statement says of the type, and check its fields."""
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__module__ == __name__:
            return
        cls.type_name = type_name or cls.__name__
        cls.type_version = type_version
        if base_type is not None:
            cls.base_type = base_type
        taken = sorted(_RESERVED & inspect.get_annotations(cls).keys())
        if taken:
            raise TypeError(
                f"{cls.__name__} declares {', '.join(taken)}, which every node has already; "
                "rename the field."
            )
        cls.node_type()

    @classmethod
    def node_type(cls) -> NodeType:
        """Return the type that the class declares.

        Raises:
            TypeError: the class is one of the bases, or a field's annotation has no kind.
        """
        if cls.type_name is None:
            raise TypeError(f"{cls.__name__} declares no type; derive a class from it.")
        return _node_type(cls)

    @property
    def properties(self) -> dict[str, Any]:
        """The declared properties that are set, by key."""
        values = {key: getattr(self, name) for name, key in _property_fields(type(self)).items()}
        known = {key: _value(value) for key, value in values.items() if value is not None}
        return {**self._undeclared, **known}

    @classmethod
    def from_node(cls, node: _Node) -> Self:
        """Return the node as an instance of this class.

        Raises:
            FailedPrecondition: the node's properties do not fit the class.
        """
        fields = _property_fields(cls)
        keys = set(fields.values())
        known = {n: node.properties[k] for n, k in fields.items() if k in node.properties}
        try:
            typed = cls.model_validate(
                {**{_alias(cls, n): v for n, v in known.items()}, **_fixed_values(cls, node)}
            )
        except ValidationError as error:
            raise FailedPrecondition(
                f"{node.kind.capitalize()} {node.id} of type {node.type!r} does not fit class "
                f"{cls.__name__}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}.",
                hint="Give the new fields defaults, or the class a type_version of its own.",
            ) from error
        typed.__pydantic_private__ = {
            "_undeclared": {k: v for k, v in node.properties.items() if k not in keys}
        }
        return typed


class Artifact(TypedNode):
    """A piece of data. Derive a class to declare a type of it, and its properties.

    `name` is a series: each output of that name is its next version.
    """

    kind = TypeKind.ARTIFACT
    uri: Text | None = None
    state: ArtifactState | None = None
    digest: str | None = None
    size_bytes: int | None = None
    series: Name | None = None
    version: int | None = None

    def to_node(self, type_id: int) -> ArtifactNode:
        """Return the artifact as the store keeps it."""
        fields = _node_fields(self, type_id)
        return checked_node(ArtifactNode, **fields, uri=self.uri, state=self.state)


class Execution(TypedNode):
    """A run of a step. Derive a class to declare a type of it, and its parameters."""

    kind = TypeKind.EXECUTION
    last_known_state: ExecutionState | None = None

    def to_node(self, type_id: int) -> ExecutionNode:
        """Return the execution as the store keeps it."""
        fields = _node_fields(self, type_id)
        return checked_node(ExecutionNode, **fields, last_known_state=self.last_known_state)


class Context(TypedNode):
    """A group of artifacts and executions. Derive a class to declare a type of it."""

    kind = TypeKind.CONTEXT

    def to_node(self, type_id: int) -> ContextNode:
        """Return the context as the store keeps it."""
        return checked_node(ContextNode, **_node_fields(self, type_id))


BASES: dict[TypeKind, type[TypedNode]] = {
    TypeKind.ARTIFACT: Artifact,
    TypeKind.EXECUTION: Execution,
    TypeKind.CONTEXT: Context,
}
_RESERVED = frozenset(
    {name for base in BASES.values() for name in base.model_fields}
    | {"kind", "type_name", "type_version", "base_type", "properties"}
)


def checked_node(model: type[_NodeT], **fields: Any) -> _NodeT:  # noqa: ANN401 - the model's own
    """Return the node with those fields.

    Raises:
        InvalidArgument: a value cannot be stored.
    """
    try:
        return model(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidArgument(
            f"{where} of {model.kind.lower()} {fields.get('name')!r:.200} cannot be stored: "
            f"{first['msg']:.300}.",
            key=where,
        ) from error


def _node_fields(typed: TypedNode, type_id: int) -> dict[str, Any]:
    return {
        "id": typed.id,
        "type_id": type_id,
        "type": typed.type,
        "name": typed.name,
        "external_id": typed.external_id,
        "properties": typed.properties,
        "custom_properties": dict(typed.custom_properties),
    }


def _fixed_values(cls: type[TypedNode], node: _Node) -> dict[str, Any]:
    names = _RESERVED & cls.model_fields.keys()
    return {name: getattr(node, name) for name in names}


@cache
def _property_fields(cls: type[TypedNode]) -> dict[str, str]:
    """Return the property key of each of the class's own fields."""
    fields = cls.model_fields.items()
    return {name: info.alias or name for name, info in fields if name not in _RESERVED}


def _alias(cls: type[TypedNode], name: str) -> str:
    return cls.model_fields[name].alias or name


@cache
def _node_type(cls: type[TypedNode]) -> NodeType:
    fields = {name: cls.model_fields[name] for name in _property_fields(cls)}
    declared: dict[str, Any] = {
        "name": cls.type_name,
        "version": cls.type_version,
        "description": (cls.__doc__ or "").strip().split("\n")[0] or None,
        "properties": {
            info.alias or name: _kind(cls, name, info.annotation) for name, info in fields.items()
        },
        "unindexed": frozenset(
            info.alias or name for name, info in fields.items() if not _is_indexed(info)
        ),
    }
    match cls.kind:
        case TypeKind.ARTIFACT:
            return ArtifactType(**declared, base_type=cls.base_type)
        case TypeKind.EXECUTION:
            return ExecutionType(**declared, base_type=cls.base_type)
        case TypeKind.CONTEXT:
            return ContextType(**declared)


def _is_indexed(info: FieldInfo) -> bool:
    extra = info.json_schema_extra
    return not isinstance(extra, dict) or extra.get("headwater_index", True) is not False


_KINDS: tuple[tuple[type, PropertyKind], ...] = (
    (bool, PropertyKind.BOOLEAN),
    (int, PropertyKind.INT),
    (float, PropertyKind.DOUBLE),
    (str, PropertyKind.STRING),
    (ProtoValue, PropertyKind.PROTO),
    (BaseModel, PropertyKind.STRUCT),
    (dict, PropertyKind.STRUCT),
    (list, PropertyKind.STRUCT),
    (tuple, PropertyKind.STRUCT),
)


def _kind(cls: type[TypedNode], name: str, annotation: Any) -> PropertyKind:  # noqa: ANN401 - an annotation
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(cls, name, get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(annotation) if option is not types.NoneType]
    elif origin is Literal:
        options = [type(option) for option in get_args(annotation)]
    else:
        options = [origin or annotation]
    kinds = {_kind_of_class(option) for option in options if get_origin(option) is None}
    kinds |= {_kind(cls, name, option) for option in options if get_origin(option) is not None}
    if len(kinds) == 1 and None not in kinds:
        return next(kind for kind in kinds if kind is not None)
    raise TypeError(
        f"{cls.__name__}.{name}: {annotation!r} has no property kind; use one of int, float, str, "
        "bool, a list, dict or pydantic model (a STRUCT), or ProtoValue, each also with None."
    )


def _kind_of_class(option: Any) -> PropertyKind | None:  # noqa: ANN401 - an annotation
    if not isinstance(option, type):
        return None
    return next((kind for base, kind in _KINDS if issubclass(option, base)), None)


def _value(value: Any) -> Any:  # noqa: ANN401 - any field's value
    match value:
        case Enum():
            return value.value
        case ProtoValue():
            return value
        case BaseModel():
            return value.model_dump(mode="json")
        case tuple() | list():
            return [_value(item) for item in value]
        case dict():
            return {key: _value(item) for key, item in value.items()}
        case _:
            return value


def series_of(name: str) -> tuple[str, int | None]:
    """Return the series and version that a name says: `clf@3` is version 3 of `clf`."""
    series, at, number = name.rpartition("@")
    if at and number.isdecimal() and series:
        return series, int(number)
    return name, None


def check_series(name: str) -> str:
    """Return the name if it can name a series.

    Raises:
        InvalidArgument: it is empty or ends like a version.
    """
    if not name or series_of(name)[1] is not None:
        raise InvalidArgument(
            f"{name!r:.200} cannot name a series: the store adds @1, @2, … itself.",
            hint="Leave out the version.",
            name=name,
        )
    return name
