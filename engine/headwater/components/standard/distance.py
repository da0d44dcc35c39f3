"""Distance: how far a column has moved from what statistics say of another one.

Knows what `generate_statistics` says of a column, and nothing of artifacts.
"""

from collections.abc import Mapping
from typing import Any, Literal, assert_never

import numpy as np
import pandas as pd

from headwater.components.standard.statistics import plain

Distance = Literal["jensen_shannon", "l_infinity", "psi"]
"""How distributions are compared.

`jensen_shannon` is the divergence with logarithms of base 2, 0 to 1; `l_infinity` the largest
difference of two shares, 0 to 1; `psi` the population stability index, 0 and up.

Source: TensorFlow Data Validation has the first two, as `jensen_shannon_divergence` and
`infinity_norm`.
"""

# The share that stands in for none where a logarithm is taken.
_NONE = 1e-6


def distance_of(column: "pd.Series[Any]", known: Mapping[str, Any], *, by: Distance) -> float:
    """Return how far a column is from another.

    Args:
        column: the column.
        known: the statistics of the other.
        by: how they are compared.

    Returns:
        0 where one of them has no values: that is told as missing values.
    """
    present = column.dropna()
    if present.empty or not known["count"]:
        return 0.0
    before, now = _binned(present, known) or _counted(present, known)
    p, q = before / before.sum(), now / max(now.sum(), 1)
    match by:
        case "jensen_shannon":
            middle = (p + q) / 2
            return float((_divergence(p, middle) + _divergence(q, middle)) / 2)
        case "l_infinity":
            return float(np.abs(p - q).max())
        case "psi":
            p, q = np.maximum(p, _NONE), np.maximum(q, _NONE)
            return float(((q - p) * np.log(q / p)).sum())
        case _:
            assert_never(by)


def _binned(present: "pd.Series[Any]", known: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return how many values of each lie in the bins of the known one; None without bins."""
    histogram = known.get("histogram")
    if histogram is None or len(histogram["counts"]) < 2:  # noqa: PLR2004 - one bin tells nothing
        return None
    edges = np.array(histogram["edges"])
    numbers = pd.to_numeric(present, errors="coerce").dropna().to_numpy(dtype=float)
    counts, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), bins=edges)
    return np.array(histogram["counts"], dtype=float), counts.astype(float)


def _counted(present: "pd.Series[Any]", known: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return how often each of the known one's values comes, and all others together."""
    counts = present.map(plain).value_counts().to_dict()
    before = [count for _, count in known["top"]]
    now = [counts.get(value, 0) for value, _ in known["top"]]
    rest = known["count"] - sum(before), len(present) - sum(now)
    return np.array([*before, rest[0]], dtype=float), np.array([*now, rest[1]], dtype=float)


def _divergence(of: Any, to: Any) -> float:  # noqa: ANN401 - arrays
    some = of > 0
    return float((of[some] * np.log2(of[some] / to[some])).sum())
