"""Sameness: whether two values are the same for one who stores them.

Python's `==` is not enough: 1, 1.0 and True are equal and different, NaN is itself and not
equal, 0.0 and -0.0 are equal and different.
"""

import math
from collections.abc import Mapping, Sequence

from pydantic import BaseModel


def same(one: object, other: object) -> bool:
    """Return whether two values, or all that they hold, are of one type and the same."""
    match one, other:
        case BaseModel(), BaseModel():
            fields = type(one).model_fields
            return type(one) is type(other) and all(
                same(getattr(one, name), getattr(other, name)) for name in fields
            )
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case (list() | tuple(), list() | tuple()):
            return _same_items(one, other)
        case float(), float():
            both_nan = math.isnan(one) and math.isnan(other)
            return both_nan or (one == other and math.copysign(1, one) == math.copysign(1, other))
        case _:
            return type(one) is type(other) and one == other


def _same_items(one: Sequence[object], other: Sequence[object]) -> bool:
    same_shape = type(one) is type(other) and len(one) == len(other)
    return same_shape and all(same(a, b) for a, b in zip(one, other, strict=True))
