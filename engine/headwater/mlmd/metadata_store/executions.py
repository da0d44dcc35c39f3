"""The methods of MLMD's MetadataStore about executions and their types."""

from collections.abc import Iterable, Sequence

from headwater.mlmd.messages import own
from headwater.mlmd.metadata_store.base import (
    ExtraOptions,
    ListOptions,
    Message,
    Methods,
    OrderByField,
)
from headwater.mlmd.proto import metadata_store_pb2 as pb


class ExecutionMethods(Methods):
    """Puts and reads executions."""

    def put_executions(
        self,
        executions: Iterable[Message],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[int]:
        """Return the ids of executions, inserted where they have no id, else updated."""
        response = self._put_nodes("PutExecutions", "executions", executions, field_mask_paths)
        return list(response.execution_ids)

    def put_execution_type(
        self,
        execution_type: Message,
        can_add_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        can_omit_fields: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> int:
        """Return the id of a type of executions, made or completed as the flags allow."""
        response = self._ask(
            "PutExecutionType",
            execution_type=own(pb.ExecutionType, execution_type),
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return int(response.type_id)

    def get_executions(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all executions, or the part that the options say."""
        return self._list("GetExecutions", "executions", list_options)

    def get_executions_by_id(
        self,
        execution_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the executions with those ids, each once, by id; unknown ids are passed over."""
        return list(self._ask("GetExecutionsByID", execution_ids=execution_ids).executions)

    def get_executions_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return every execution of a type; none where there is no such type."""
        return self._list(
            "GetExecutionsByType",
            "executions",
            None,
            type_name=type_name,
            type_version=type_version,
        )

    def get_execution_by_type_and_name(
        self,
        type_name: str,
        execution_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message | None:
        """Return the execution of that type and name, None if there is none."""
        response = self._ask(
            "GetExecutionByTypeAndName",
            type_name=type_name,
            type_version=type_version,
            execution_name=execution_name,
        )
        return response.execution if response.HasField("execution") else None

    def get_executions_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the executions with those external ids; NotFoundError if there is none."""
        return list(self._ask("GetExecutionsByExternalIds", external_ids=external_ids).executions)

    def get_execution_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> Message:
        """Return a type of executions; NotFoundError if there is none."""
        response = self._ask("GetExecutionType", type_name=type_name, type_version=type_version)
        return response.execution_type

    def get_execution_types(
        self,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return all types of executions but the system's."""
        return list(self._ask("GetExecutionTypes").execution_types)

    def get_execution_types_by_id(
        self,
        type_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of executions with those ids, one for each id that is known."""
        return list(self._ask("GetExecutionTypesByID", type_ids=type_ids).execution_types)

    def get_execution_types_by_external_ids(
        self,
        external_ids: Iterable[str],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the types of executions with those external ids; NotFoundError if there is none."""
        response = self._ask("GetExecutionTypesByExternalIds", external_ids=external_ids)
        return list(response.execution_types)

    def get_executions_by_context(
        self,
        context_id: int,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the executions of a context, newest first unless the options say otherwise."""
        if list_options is None:
            list_options = ListOptions(order_by=OrderByField.CREATE_TIME, is_asc=False)
        return self._list(
            "GetExecutionsByContext", "executions", list_options, context_id=context_id
        )

    def get_contexts_by_execution(
        self,
        execution_id: int,
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the contexts of an execution; NotFoundError if there is none."""
        return list(self._ask("GetContextsByExecution", execution_id=execution_id).contexts)

    def get_events_by_execution_ids(
        self,
        execution_ids: Iterable[int],
        extra_options: ExtraOptions | None = None,  # noqa: ARG002 - MLMD's signature
    ) -> list[Message]:
        """Return the events of executions, in the order in which they were put."""
        return list(self._ask("GetEventsByExecutionIDs", execution_ids=execution_ids).events)
