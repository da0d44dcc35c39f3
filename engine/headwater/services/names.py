"""Names: from what a person writes to the node it means.

A reference is tried as `artifact:7`, as a digest, as an exact name, as a series (its latest
LIVE version), and last as a uri.
"""

import re
from collections.abc import Sequence
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.objects import parse_digest
from headwater.query.parts import NodeKey
from headwater.services.nodes import ArtifactService, NodeService
from headwater.services.scope import Scope
from headwater_schema import Artifact, ArtifactState, Context, Execution, TypeKind

_BY_ID = re.compile(r"(artifact|execution|context):(\d{1,19})", re.IGNORECASE)


class NameService:
    """Finds the nodes of one namespace by what people call them."""

    def __init__(
        self,
        scope: Scope,
        artifacts: ArtifactService,
        executions: NodeService[Execution],
        contexts: NodeService[Context],
    ) -> None:
        self._scope = scope
        self._artifacts = artifacts
        self._services: dict[TypeKind, Any] = {
            TypeKind.ARTIFACT: artifacts,
            TypeKind.EXECUTION: executions,
            TypeKind.CONTEXT: contexts,
        }

    def find(self, reference: str, *, type_name: str | None = None) -> NodeKey:
        """Return the artifact, or else the execution, that a reference means.

        Raises:
            NotFound: there is none.
            InvalidArgument: several types have one.
        """
        by_id = _BY_ID.fullmatch(reference)
        if by_id is not None and by_id[1].upper() == "EXECUTION":
            return _key(self.find_node(TypeKind.EXECUTION, reference, type_name=type_name))
        try:
            return _key(self.find_node(TypeKind.ARTIFACT, reference, type_name=type_name))
        except NotFound:
            executions = self._services[TypeKind.EXECUTION].by_name(reference, type_name=type_name)
            if not executions:
                raise
        return _key(self._only(TypeKind.EXECUTION, reference, executions))

    def find_node(self, kind: TypeKind, reference: str, *, type_name: str | None = None) -> Any:  # noqa: ANN401 - a node of that kind
        """Return the node of a kind that a reference means.

        Raises:
            NotFound: there is none.
            InvalidArgument: several types have one; `types` lists them.
        """
        by_id = _BY_ID.fullmatch(reference)
        if by_id is not None and by_id[1].upper() == kind:
            found = self._services[kind].by_ids([int(by_id[2])])
        else:
            found = self._services[kind].by_name(reference, type_name=type_name)
            if not found and kind is TypeKind.ARTIFACT:
                found = self._artifacts_by(reference, type_name)
        return self._only(kind, reference, found)

    def _artifacts_by(self, reference: str, type_name: str | None) -> list[Artifact]:
        if reference.startswith(("sha256:", "headwater://")):
            same = self._of_type(self._artifacts.by_digest(parse_digest(reference)), type_name)
            live = [artifact for artifact in same if artifact.state is ArtifactState.LIVE]
            return (live or same)[:1]
        latest = self._artifacts.latest(reference, type_name=type_name)
        if latest:
            return latest
        at = self._of_type(self._artifacts.by_uris([reference]), type_name) if reference else []
        if at:
            return at[-1:]
        versions = self._artifacts.versions(reference, type_name=type_name)
        if versions:
            listed = ", ".join(f"{a.name} {a.state}" for a in versions[-5:])
            raise NotFound(
                f"Series {reference!r:.200} has no LIVE version; there is {listed}.",
                hint="Name a version.",
                reference=reference,
            )
        return []

    def _of_type(self, artifacts: Sequence[Artifact], type_name: str | None) -> list[Artifact]:
        return [a for a in artifacts if type_name is None or a.type == type_name]

    def _only(self, kind: TypeKind, reference: str, found: Sequence[Any]) -> Any:  # noqa: ANN401 - a node of that kind
        if not found:
            raise NotFound(
                f"No {kind.lower()} {reference!r:.200} in namespace {self._scope.namespace!r}.",
                hint=_HINTS[kind],
                reference=reference,
            )
        if len(found) > 1:
            types = sorted({node.type for node in found})
            raise InvalidArgument(
                f"{reference!r:.200} names {len(found)} {kind.lower()}s, of types {', '.join(types)}.",
                hint="Say which type.",
                types=types,
            )
        return found[0]


_HINTS = {
    TypeKind.ARTIFACT: "Give a name, a series, a uri, a digest or artifact:ID.",
    TypeKind.EXECUTION: "Give a name or execution:ID.",
    TypeKind.CONTEXT: "Give a name or context:ID.",
}


def _key(node: Artifact | Execution | Context) -> NodeKey:
    return NodeKey(node.kind, node.id or 0)
