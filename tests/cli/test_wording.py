import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.cli.wording import json_text, size_of, text_of, time_of, uri_of


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1_500, "1.5 kB"),
        (2_000_000_000_000_000, "2000.0 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_fits(size_bytes: int | None, text: str) -> None:
    assert size_of(size_bytes) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (0, "1970-01-01 00:00:00Z"), (1_700_000_000_999, "2023-11-14 22:13:20Z")],
)
def test_a_time_is_told_in_utc(milliseconds: int | None, text: str) -> None:
    assert time_of(milliseconds) == text


def test_a_time_beyond_the_calendar_is_told_as_its_number() -> None:
    assert time_of(2**62) == f"{2**62} ms"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (0.5, "0.5"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (math.nan, "nan"),
    ],
)
def test_a_value_is_told_on_one_line(value: object, text: str) -> None:
    assert text_of(value) == text


def test_only_the_uri_of_an_object_of_ours_is_cut() -> None:
    assert uri_of(f"headwater://sha256/{'a' * 64}") == f"headwater://sha256/{'a' * 12}…"
    assert uri_of(f"s3://{'a' * 200}") == f"s3://{'a' * 200}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)  # fmt: skip


@given(json_values, st.booleans())
def test_json_keeps_every_value_and_gives_no_orders(value: object, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    text = json_text(value, ascii_only=ascii_only)

    assert json.loads(text) == value
    assert text.replace("\n", "").isprintable()
