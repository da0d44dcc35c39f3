"""MLMD's MetadataStore class on headwater: its 49 methods, over the table of operations.

Signatures and behaviour are those of `ml_metadata.metadata_store.MetadataStore`. Messages of
the real package are taken as well as our own; what is returned is ours.
"""

from google.protobuf.message import Message as ProtobufMessage

import headwater.store
from headwater.mlmd import connections, errors
from headwater.mlmd.messages import own
from headwater.mlmd.metadata_store.artifacts import ArtifactMethods
from headwater.mlmd.metadata_store.base import (
    MAX_NUM_RESULT,
    RETRIES,
    ExtraOptions,
    ListOptions,
    Message,
    OrderByField,
)
from headwater.mlmd.metadata_store.contexts import ContextMethods
from headwater.mlmd.metadata_store.executions import ExecutionMethods
from headwater.mlmd.metadata_store.subgraphs import SubgraphMethods
from headwater.mlmd.proto import metadata_store_pb2 as pb

_LAST_SCHEMA_VERSION = 10

__all__ = [
    "MAX_NUM_RESULT",
    "ExtraOptions",
    "ListOptions",
    "MetadataStore",
    "OrderByField",
    "downgrade_schema",
]


class MetadataStore(ArtifactMethods, ExecutionMethods, ContextMethods, SubgraphMethods):
    """A store of ML metadata.

    Args:
        config: what to stand on. A ConnectionConfig is the namespace of the database it names,
            in the store of this process's settings (an in-memory one ends with the process);
            a MetadataStoreClientConfig is a server; a `headwater.MetadataStore` is that store;
            None is the store and namespace of this process's settings.
        enable_upgrade_migration: not needed here; refused with a MetadataStoreClientConfig.
        namespace: instead of the one that a configuration stands for.
        metadata: sent with every call, say `[("x-headwater-limits", "off")]`.

    Raises:
        ValueError: the configuration is none of these.
        RuntimeError: a ConnectionConfig is empty, or names a database that was not imported.
    """

    def __init__(
        self,
        config: Message | headwater.store.MetadataStore | None = None,
        enable_upgrade_migration: bool = False,  # noqa: FBT001, FBT002 - MLMD's signature
        *,
        namespace: str | None = None,
        metadata: connections.Metadata = (),
    ) -> None:
        self._config = config
        retries = RETRIES
        if config is None or isinstance(config, headwater.store.MetadataStore):
            store = connections.base_store() if config is None else config
            chosen = store if namespace is None else store.in_namespace(namespace)
            super().__init__(connections.direct(chosen, metadata), retries)
            return
        given = _own_config(config)
        if isinstance(given, pb.MetadataStoreClientConfig):
            if enable_upgrade_migration:
                raise ValueError(
                    "enable_upgrade_migration is not allowed with a MetadataStoreClientConfig: "
                    "the server does that."
                )
            super().__init__(connections.remote(given, namespace, metadata), retries)
            return
        if given.HasField("retry_options"):
            retries = given.retry_options.max_num_retries
        super().__init__(connections.of_config(given, namespace, metadata), retries)

    @property
    def pipeline_asset(self) -> None:
        """None, as in MLMD."""
        return

    @property
    def store(self) -> headwater.store.MetadataStore:
        """The headwater store beneath, for what MLMD cannot say.

        Raises:
            FailedPrecondition: it is a server's.
        """
        return connections.check_store(self._connection)


def _own_config(config: object) -> Message:
    for kind in (pb.ConnectionConfig, pb.MetadataStoreClientConfig):
        given = own(kind, config)
        if isinstance(given, kind):
            return given
    found = config.DESCRIPTOR.full_name if isinstance(config, ProtobufMessage) else type(config)
    raise ValueError(
        "MetadataStore is expecting either proto.ConnectionConfig or "
        f"proto.MetadataStoreClientConfig, or a headwater store; found {found}."
    )


def downgrade_schema(config: Message, downgrade_to_schema_version: int) -> None:
    """Refuse to downgrade: there is no MLMD schema here.

    Raises:
        InvalidArgumentError: the version is negative, or later than MLMD's last.
        UnimplementedError: any other; `headwater export mlmd` writes a file that MLMD opens.
    """
    _own_config(config)
    if downgrade_to_schema_version < 0:
        raise errors.make_exception(
            "downgrade_to_schema_version not specified", errors.INVALID_ARGUMENT
        )
    if downgrade_to_schema_version > _LAST_SCHEMA_VERSION:
        raise errors.make_exception(
            f"MLMD cannot be downgraded to schema_version {downgrade_to_schema_version}",
            errors.INVALID_ARGUMENT,
        )
    raise errors.make_exception(
        "headwater has no MLMD schema to downgrade. Write a file of MLMD's with "
        "`headwater export mlmd sqlite:///PATH`.",
        errors.UNIMPLEMENTED,
    )
