"""Values and nodes in a form in which only what is the same is equal."""

from collections.abc import Mapping
from typing import Any

from headwater_schema import Artifact, Context, Execution


def exact(value: Any) -> Any:
    """Return a value so that `==` tells 1, 1.0 and True apart, and NaN equals itself."""
    match value:
        case Mapping():
            return {key: exact(item) for key, item in value.items()}
        case list() | tuple():
            return [exact(item) for item in value]
        case float():
            return ("float", repr(value))
        case bool() | int():
            return (type(value).__name__, value)
        case _:
            return value


def exact_node(node: Artifact | Execution | Context) -> dict[str, Any]:
    """Return a node's fields for comparison; an unset uri reads back as an empty one."""
    fields = {name: exact(value) for name, value in dict(node).items()}
    if "uri" in fields:
        fields["uri"] = fields["uri"] or ""
    return fields
