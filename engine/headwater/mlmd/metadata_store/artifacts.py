"""The methods of MLMD's MetadataStore about artifacts and their types."""

from collections.abc import Iterable, Sequence

from headwater.mlmd.messages import own
from headwater.mlmd.metadata_store.base import ExtraOptions, ListOptions, Message, Methods
from headwater.mlmd.proto import metadata_store_pb2 as pb


class ArtifactMethods(Methods):
    """Puts and reads artifacts."""

    def put_artifacts(
        self,
        artifacts: Iterable[Message],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[int]:
        """Return the ids of artifacts, inserted where they have no id, else updated."""
        response = self._put_nodes("PutArtifacts", "artifacts", artifacts, field_mask_paths)
        return list(response.artifact_ids)

    def put_artifact_type(
        self,
        artifact_type: Message,
        can_add_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        can_omit_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> int:
        """Return the id of a type of artifacts, made or completed as the flags allow."""
        response = self._ask(
            "PutArtifactType",
            artifact_type=own(pb.ArtifactType, artifact_type),
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return int(response.type_id)

    def get_artifacts(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all artifacts, or the part that the options say."""
        return self._list("GetArtifacts", "artifacts", list_options)

    def get_artifacts_by_id(
        self,
        artifact_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the artifacts with those ids, each once, by id; unknown ids are passed over."""
        return list(self._ask("GetArtifactsByID", artifact_ids=artifact_ids).artifacts)

    def get_artifacts_and_types_by_artifact_ids(
        self,
        artifact_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> tuple[list[Message], list[Message]]:
        """Return artifacts by id, and their types, each once."""
        response = self._ask(
            "GetArtifactsByID", artifact_ids=artifact_ids, populate_artifact_types=True
        )
        return list(response.artifacts), list(response.artifact_types)

    def get_artifacts_by_uri(
        self,
        uri: str,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the artifacts with that uri, exactly; `""` finds those without one."""
        return list(self._ask("GetArtifactsByURI", uris=[uri]).artifacts)

    def get_artifacts_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return every artifact of a type; none where there is no such type."""
        return self._list(
            "GetArtifactsByType",
            "artifacts",
            None,
            type_name=type_name,
            type_version=type_version,
        )

    def get_artifact_by_type_and_name(
        self,
        type_name: str,
        artifact_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message | None:
        """Return the artifact of that type and name, None if there is none."""
        response = self._ask(
            "GetArtifactByTypeAndName",
            type_name=type_name,
            type_version=type_version,
            artifact_name=artifact_name,
        )
        return response.artifact if response.HasField("artifact") else None

    def get_artifacts_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the artifacts with those external ids; NotFoundError if there is none."""
        return list(self._ask("GetArtifactsByExternalIds", external_ids=external_ids).artifacts)

    def get_artifact_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message:
        """Return a type of artifacts; NotFoundError if there is none."""
        response = self._ask("GetArtifactType", type_name=type_name, type_version=type_version)
        return response.artifact_type

    def get_artifact_types(
        self,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all types of artifacts but the system's."""
        return list(self._ask("GetArtifactTypes").artifact_types)

    def get_artifact_types_by_id(
        self,
        type_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of artifacts with those ids, one for each id that is known."""
        return list(self._ask("GetArtifactTypesByID", type_ids=type_ids).artifact_types)

    def get_artifact_types_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of artifacts with those external ids; NotFoundError if there is none."""
        response = self._ask("GetArtifactTypesByExternalIds", external_ids=external_ids)
        return list(response.artifact_types)

    def get_artifacts_by_context(
        self,
        context_id: int,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the artifacts of a context."""
        return self._list("GetArtifactsByContext", "artifacts", list_options, context_id=context_id)

    def get_contexts_by_artifact(
        self,
        artifact_id: int,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the contexts of an artifact; NotFoundError if there is none."""
        return list(self._ask("GetContextsByArtifact", artifact_id=artifact_id).contexts)

    def get_events_by_artifact_ids(
        self,
        artifact_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the events of artifacts, in the order in which they were put."""
        return list(self._ask("GetEventsByArtifactIDs", artifact_ids=artifact_ids).events)
