"""The drop-in class, under the names of `ml_metadata.metadata_store`."""

from headwater.mlmd.metadata_store.metadata_store import (
    ListOptions,
    MetadataStore,
    OrderByField,
    downgrade_schema,
)

__all__ = ["ListOptions", "MetadataStore", "OrderByField", "downgrade_schema"]
