"""The messages of MLMD's data, under the names of `ml_metadata.proto.metadata_store_pb2`."""

import sys
from typing import Any

from headwater.mlmd.messages import fill

fill(sys.modules[__name__], "ml_metadata/proto/metadata_store.proto")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - for type checkers: the names are filled in above
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
