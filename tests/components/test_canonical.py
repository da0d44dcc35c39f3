import functools
import math
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from headwater.components.canonical import digest_of
from headwater.errors import InvalidArgument
from headwater_schema import ProtoValue
from support import strategies
from support.sameness import same


class Colour(Enum):
    RED = 1


class Number(IntEnum):
    ONE = 1


class Settings(BaseModel):
    size: Any = 1


class OtherSettings(BaseModel):
    size: Any = 1


class Text(str):
    __slots__ = ()


DISTINCT: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, -1.0, 0.0, -0.0, math.nan, math.inf, -math.inf),
    *(2**63, 2**20_000, "1", "", b"1", b"", bytearray(b"1"), Decimal(1), 1j, Text("1")),
    *(
        [],
        (),
        {},
        set(),
        frozenset(),
        [1],
        (1,),
        {1},
        [[1]],
        [1, 1],
        ["1", "1"],
        ["11"],
        [["1"], "1"],
    ),
    *({"a": 1}, {"a": 1.0}, {1: "a"}, {"a": None}, [("a", 1)], {"a": {}}, "\ud800", range(1)),
    *(Colour.RED, Number.ONE, Settings(), Settings(size=1.0), OtherSettings()),
    *(ProtoValue(type_url="a"), ProtoValue(type_url="a", value=b"1"), Path("1")),
)


def test_values_that_differ_have_digests_that_differ() -> None:
    assert len({digest_of(value) for value in DISTINCT}) == len(DISTINCT)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON | strategies.doubles() | strategies.int64s(), JSON)
def test_digests_are_equal_for_what_is_the_same_alone(one: Any, other: Any) -> None:
    assert (digest_of(one) == digest_of(other)) == same(one, other)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_a_dict(value: dict[str, Any]) -> None:
    assert digest_of(dict(reversed(value.items()))) == digest_of(value)


@given(st.sets(st.integers() | st.text(max_size=3)))
def test_a_digest_does_not_depend_on_the_order_of_a_set(value: set[Any]) -> None:
    assert digest_of({*reversed(list(value))}) == digest_of(value)


@pytest.mark.parametrize("value", [object(), functools.partial(len), len, [print], int])
def test_a_value_without_a_form_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="canonical form"):
        digest_of(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(InvalidArgument, match="holds itself"):
        digest_of(value)
