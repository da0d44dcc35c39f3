"""The methods of MLMD's MetadataStore about contexts and their types."""

from collections.abc import Iterable, Sequence

from headwater.mlmd.messages import own
from headwater.mlmd.metadata_store.base import ExtraOptions, ListOptions, Message, Methods
from headwater.mlmd.proto import metadata_store_pb2 as pb


class ContextMethods(Methods):
    """Puts and reads contexts."""

    def put_contexts(
        self,
        contexts: Iterable[Message],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[int]:
        """Return the ids of contexts, inserted where they have no id, else updated."""
        response = self._put_nodes("PutContexts", "contexts", contexts, field_mask_paths)
        return list(response.context_ids)

    def put_context_type(
        self,
        context_type: Message,
        can_add_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        can_omit_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> int:
        """Return the id of a type of contexts, made or completed as the flags allow."""
        response = self._ask(
            "PutContextType",
            context_type=own(pb.ContextType, context_type),
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return int(response.type_id)

    def get_contexts(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all contexts, or the part that the options say."""
        return self._list("GetContexts", "contexts", list_options)

    def get_contexts_by_id(
        self,
        context_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the contexts with those ids, each once, by id; unknown ids are passed over."""
        return list(self._ask("GetContextsByID", context_ids=context_ids).contexts)

    def get_contexts_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return every context of a type; none where there is no such type."""
        return self._list(
            "GetContextsByType",
            "contexts",
            None,
            type_name=type_name,
            type_version=type_version,
        )

    def get_context_by_type_and_name(
        self,
        type_name: str,
        context_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message | None:
        """Return the context of that type and name, None if there is none."""
        response = self._ask(
            "GetContextByTypeAndName",
            type_name=type_name,
            type_version=type_version,
            context_name=context_name,
        )
        return response.context if response.HasField("context") else None

    def get_contexts_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the contexts with those external ids; NotFoundError if there is none."""
        return list(self._ask("GetContextsByExternalIds", external_ids=external_ids).contexts)

    def get_context_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message:
        """Return a type of contexts; NotFoundError if there is none."""
        response = self._ask("GetContextType", type_name=type_name, type_version=type_version)
        return response.context_type

    def get_context_types(
        self,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all types of contexts but the system's."""
        return list(self._ask("GetContextTypes").context_types)

    def get_context_types_by_id(
        self,
        type_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of contexts with those ids, one for each id that is known."""
        return list(self._ask("GetContextTypesByID", type_ids=type_ids).context_types)

    def get_context_types_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of contexts with those external ids; NotFoundError if there is none."""
        response = self._ask("GetContextTypesByExternalIds", external_ids=external_ids)
        return list(response.context_types)

    def get_parent_contexts_by_context(
        self,
        context_id: int,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the direct parents of a context."""
        response = self._ask("GetParentContextsByContext", context_id=context_id)
        return list(response.contexts)

    def get_children_contexts_by_context(
        self,
        context_id: int,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the direct children of a context."""
        response = self._ask("GetChildrenContextsByContext", context_id=context_id)
        return list(response.contexts)
