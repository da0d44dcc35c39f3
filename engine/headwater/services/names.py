"""Names: from what a person writes to the node it means.

A reference is tried as `artifact:7`, as a digest, as an exact name, as a series (its latest
LIVE version), and last as a uri.

At a moment it means what it meant then: a name that the node had, the version that was the latest
LIVE one. An id is the same node at all times.
"""

import re
from collections.abc import Sequence
from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.objects import parse_digest
from headwater.query.moment import NOW, Moment, TimeLike, moment, told
from headwater.query.parts import NodeKey
from headwater.services.nodes import ArtifactService, NodeService
from headwater.services.scope import Scope
from headwater_schema import Artifact, ArtifactState, Context, Execution, TypeKind

_BY_ID = re.compile(r"(artifact|execution|context):(\d{1,19})", re.IGNORECASE)


class NameService:
    """Finds the nodes of one namespace by what people call them, now or at a moment."""

    def __init__(
        self,
        scope: Scope,
        artifacts: ArtifactService,
        executions: NodeService[Execution],
        contexts: NodeService[Context],
        *,
        when: Moment = NOW,
    ) -> None:
        self._scope = scope
        self._when = when
        self._present = artifacts, executions, contexts
        self._by_id: dict[TypeKind, Any] = dict(zip(TypeKind, self._present, strict=True))
        self._artifacts = artifacts if when.is_now else artifacts.at(**when._asdict())
        self._services: dict[TypeKind, Any] = {
            TypeKind.ARTIFACT: self._artifacts,
            TypeKind.EXECUTION: executions if when.is_now else executions.at(**when._asdict()),
            TypeKind.CONTEXT: contexts if when.is_now else contexts.at(**when._asdict()),
        }

    def at(
        self, *, as_of: TimeLike | None = None, known_at: TimeLike | None = None
    ) -> "NameService":
        """Return what finds nodes by what they were called at a moment.

        What the store learned of later than it happened has, as of that time, no name yet: where
        nothing that was there by `as_of` is called so, all that was known at `known_at` counts.

        A name takes up to 4 round trips, where one of now takes 2, and a series 3 more. A uri or a
        digest, and so a reference that means nothing, looks besides at what every artifact was that
        was changed since: 4 more, and a millisecond or so for each of those artifacts.

        Args:
            as_of: valid time.
            known_at: recorded time.
        """
        return NameService(self._scope, *self._present, when=moment(as_of, known_at))

    def find(self, reference: str, *, type_name: str | None = None) -> NodeKey:
        """Return the artifact, or else the execution, that a reference means.

        Raises:
            NotFound: there is none.
            InvalidArgument: several types have one.
        """
        by_id = _BY_ID.fullmatch(reference)
        if by_id is not None and by_id[1].upper() == "EXECUTION":
            return _key(self.find_node(TypeKind.EXECUTION, reference, type_name=type_name))
        no_version = None
        try:
            artifacts = self._found(TypeKind.ARTIFACT, reference, type_name)
        except NotFound as error:
            artifacts, no_version = [], error
        if artifacts:
            return _key(self._only(TypeKind.ARTIFACT, reference, artifacts))
        executions = self._services[TypeKind.EXECUTION].by_name(reference, type_name=type_name)
        if executions:
            return _key(self._only(TypeKind.EXECUTION, reference, executions))
        if no_version is not None:
            raise no_version
        if self._when.as_of is not None:
            return self.at(known_at=self._when.known_at).find(reference, type_name=type_name)
        raise self._nothing(TypeKind.ARTIFACT, reference)

    def find_node(self, kind: TypeKind, reference: str, *, type_name: str | None = None) -> Any:  # noqa: ANN401 - a node of that kind
        """Return the node of a kind that a reference means.

        At a moment it is the node as it was then; one that is found by its id is as it is now.

        Raises:
            NotFound: there is none; or only a series without a LIVE version.
            InvalidArgument: several types have one; `types` lists them.
        """
        found = self._found(kind, reference, type_name)
        if not found and self._when.as_of is not None:
            known = self.at(known_at=self._when.known_at)
            return known.find_node(kind, reference, type_name=type_name)
        return self._only(kind, reference, found)

    def _found(self, kind: TypeKind, reference: str, type_name: str | None) -> list[Any]:
        by_id = _BY_ID.fullmatch(reference)
        if by_id is not None and by_id[1].upper() == kind:
            return list(self._by_id[kind].by_ids([int(by_id[2])]))
        found = list(self._services[kind].by_name(reference, type_name=type_name))
        if not found and kind is TypeKind.ARTIFACT:
            return self._artifacts_by(reference, type_name)
        return found

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
                f"Series {reference!r:.200} has no LIVE version{self._then()}; there is {listed}.",
                hint="Name a version.",
                reference=reference,
            )
        return []

    def _of_type(self, artifacts: Sequence[Artifact], type_name: str | None) -> list[Artifact]:
        return [a for a in artifacts if type_name is None or a.type == type_name]

    def _only(self, kind: TypeKind, reference: str, found: Sequence[Any]) -> Any:  # noqa: ANN401 - a node of that kind
        if not found:
            raise self._nothing(kind, reference)
        if len(found) > 1:
            types = sorted({node.type for node in found})
            raise InvalidArgument(
                f"{reference!r:.200} names {len(found)} {kind.lower()}s{self._then()}, of types "
                f"{', '.join(types)}.",
                hint="Say which type.",
                types=types,
            )
        return found[0]

    def _nothing(self, kind: TypeKind, reference: str) -> NotFound:
        return NotFound(
            f"No {kind.lower()} {reference!r:.200} in namespace {self._scope.namespace!r}"
            f"{self._then()}.",
            hint=_HINTS[kind],
            reference=reference,
        )

    def _then(self) -> str:
        return "" if self._when.is_now else f" at {told(self._when)}"


_HINTS = {
    TypeKind.ARTIFACT: "Give a name, a series, a uri, a digest or artifact:ID.",
    TypeKind.EXECUTION: "Give a name or execution:ID.",
    TypeKind.CONTEXT: "Give a name or context:ID.",
}


def _key(node: Artifact | Execution | Context) -> NodeKey:
    return NodeKey(node.kind, node.id or 0)
