"""Renames: another name for an artifact, which ML Metadata's own puts pass over in silence."""

from pydantic import TypeAdapter, ValidationError

from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Row
from headwater.graph.statements import load
from headwater.query.parts import NodeKey
from headwater.services.door import Caller, Written
from headwater.services.removal import node_change
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.properties import Name
from headwater_schema.stored import TOMBSTONE

_NAME: TypeAdapter[str] = TypeAdapter(Name)


class RenameService:
    """Renames artifacts of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def rename(self, artifact_id: int, name: str, *, caller: Caller | None = None) -> bool:
        """Return whether the artifact's name changed, after giving it that name.

        Its update time moves. The name that it has already changes nothing. Versions of a
        series cannot be renamed: `clf@3` says which version of which series it is, in reports
        and in other people's code, and numbers of a series are never given twice.

        Args:
            artifact_id: of which artifact.
            name: 1 to 4,000 bytes of UTF-8.
            caller: who asks.

        Raises:
            NotFound: there is no such artifact.
            AlreadyExists: another artifact of the same type has that name.
            FailedPrecondition: it is a version of a series, or was deleted.
            InvalidArgument: it cannot be a name.
        """
        _check(name)
        try:
            return self._scope.door.write_one(
                load("node/rename"),
                {
                    "namespace": self._scope.namespace,
                    "id": artifact_id,
                    "now": self._scope.clock(),
                    "name": name,
                },
                lambda rows: self._outcome(artifact_id, name, rows),
                self._scope.operation("rename", caller),
            )
        except AlreadyExists as error:
            raise AlreadyExists(
                f"Artifact {artifact_id} cannot be named {name!r:.200}: another artifact of its "
                f"type has that name in namespace {self._scope.namespace!r}.",
                hint="Choose another name, or rename or delete the other artifact first.",
                id=artifact_id,
                name=name,
            ) from error

    def _outcome(self, artifact_id: int, name: str, rows: list[Row]) -> Written[bool]:
        key = NodeKey(TypeKind.ARTIFACT, artifact_id)
        if not rows:
            raise NotFound(
                f"No artifact with id {artifact_id} in namespace {self._scope.namespace!r}.",
                kind=key.kind,
                id=artifact_id,
            )
        before, after = rows[0]
        if TOMBSTONE in before:
            raise FailedPrecondition(
                f"Artifact {artifact_id} was deleted, and a tombstone keeps the name it had; asked "
                f"to rename it {name!r:.200}.",
                id=artifact_id,
            )
        if "series" in before and before.get("name") != name:
            raise FailedPrecondition(
                f"Artifact {artifact_id} is version {before.get('version')} of series "
                f"{before['series']!r:.200}, whose name {before.get('name')!r:.200} says so; asked "
                f"to rename it {name!r:.200}.",
                hint="Record it as an output of the other series instead.",
                id=artifact_id,
                series=before["series"],
            )
        changed = before.get("name") != after.get("name")
        return Written(changed, [node_change(key, before, after)] if changed else [])


def _check(name: str) -> None:
    if not name:
        raise InvalidArgument("An artifact cannot be given an empty name.", name=name)
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidArgument(f"{name!r:.200} cannot be a name: {told}.", name=name) from error
