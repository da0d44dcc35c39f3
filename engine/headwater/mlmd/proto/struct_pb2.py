"""The messages of google/protobuf/struct.proto as MLMD's messages hold them, in their pool."""

import sys
from typing import Any

from headwater.mlmd.messages import fill

fill(sys.modules[__name__], "google/protobuf/struct.proto")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - for type checkers: the names are filled in above
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
