"""Exact names: the one node that is meant by what may not be undone.

Narrower than `names`: a series, a uri or a digest can mean another node tomorrow, and so none
of them names what is to be deleted or renamed.
"""

import re
from collections.abc import Sequence
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.query.parts import NodeKey
from headwater.services.nodes import ArtifactService, NodeService
from headwater.services.scope import Scope
from headwater_schema import Context, Execution, TypeKind

_BY_ID = re.compile(r"(artifact|execution|context):(\d{1,19})", re.IGNORECASE)


class ExactNames:
    """Finds nodes of one namespace by their ids and whole names."""

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

    def find(
        self,
        reference: str,
        *,
        kinds: Sequence[TypeKind] = tuple(TypeKind),
        type_name: str | None = None,
    ) -> NodeKey:
        """Return the node that has that id, as `context:2`, or that name.

        Args:
            reference: what a person wrote.
            kinds: only nodes of these kinds.
            type_name: only of this type.

        Raises:
            NotFound: there is none.
            InvalidArgument: several have that name; or it is the name of a series.
        """
        by_id = _BY_ID.fullmatch(reference)
        if by_id is not None and TypeKind(by_id[1].upper()) in kinds:
            return NodeKey(TypeKind(by_id[1].upper()), int(by_id[2]))
        found = [
            node
            for kind in kinds
            for node in self._services[kind].by_name(reference, type_name=type_name)
        ]
        if not found:
            raise self._nothing(reference, kinds)
        if len(found) > 1:
            listed = ", ".join(f"{n.kind.lower()}:{n.id} of type {n.type}" for n in found)
            raise InvalidArgument(
                f"{reference!r:.200} names {len(found)} nodes: {listed}.",
                hint="Say which one by its id.",
                reference=reference,
            )
        return NodeKey(found[0].kind, found[0].id)

    def _nothing(self, reference: str, kinds: Sequence[TypeKind]) -> NotFound | InvalidArgument:
        versions = (
            self._artifacts.versions(reference) if TypeKind.ARTIFACT in kinds and reference else []
        )
        if versions:
            return InvalidArgument(
                f"{reference!r:.200} is a series of {len(versions)} versions, not one artifact.",
                hint=f"Name a version, such as {versions[-1].name!r}.",
                reference=reference,
            )
        wanted = " or ".join(kind.lower() for kind in kinds)
        return NotFound(
            f"No {wanted} has the name {reference!r:.200} in namespace {self._scope.namespace!r}.",
            hint=f"Give its whole name, or its id as {kinds[0].lower()}:ID.",
            reference=reference,
        )
