"""Calls: what an operation works with, and the names under which the three kinds go in messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headwater.mlmd import convert
from headwater.store import MetadataStore
from headwater_schema import TypeKind

Message = Any
"""A message of `headwater.mlmd.proto`; their classes are made at run time."""


@dataclass(slots=True)
class Call:
    """One call of an operation.

    Attributes:
        store: the store of the namespace that the caller chose.
        metadata: what came beside the request, by lower-case name.
        trailing: what goes back beside the response; the operation adds to it.
    """

    store: MetadataStore
    metadata: Mapping[str, str] = field(default_factory=dict)
    trailing: list[tuple[str, str]] = field(default_factory=list)


Run = Callable[[Call, Message], Message]


class KindNames(NamedTuple):
    """How the messages call one kind of node."""

    one: str
    many: str
    to_model: Callable[..., Any]


KINDS: dict[TypeKind, KindNames] = {
    TypeKind.ARTIFACT: KindNames("artifact", "artifacts", convert.artifact_to_model),
    TypeKind.EXECUTION: KindNames("execution", "executions", convert.execution_to_model),
    TypeKind.CONTEXT: KindNames("context", "contexts", convert.context_to_model),
}


def nodes_service(store: MetadataStore, kind: TypeKind) -> Any:  # noqa: ANN401 - one of three services, by kind
    """Return the service that reads nodes of a kind."""
    return {
        TypeKind.ARTIFACT: store.artifacts,
        TypeKind.EXECUTION: store.executions,
        TypeKind.CONTEXT: store.contexts,
    }[kind]
