"""ML Metadata's Python interface on headwater: `import headwater.mlmd as ml_metadata`.

The same classes, methods, messages and errors, without the `ml_metadata` package, and without
a server between: straight on the store.
"""

from headwater.mlmd import errors, proto
from headwater.mlmd.metadata_store import (
    ListOptions,
    MetadataStore,
    OrderByField,
    downgrade_schema,
)

__version__ = "1.21.0"
"""The version of ml-metadata whose interface this is."""

__all__ = [
    "ListOptions",
    "MetadataStore",
    "OrderByField",
    "__version__",
    "downgrade_schema",
    "errors",
    "proto",
]
