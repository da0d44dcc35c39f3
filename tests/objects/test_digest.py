import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import InvalidArgument
from headwater.objects import digest_uri, parse_digest

HEX = "ab" * 32


@pytest.mark.parametrize(
    "text", [HEX, HEX.upper(), f"sha256:{HEX}", f"SHA256:{HEX}", f"headwater://sha256/{HEX}"]
)
def test_every_spelling_has_one_canonical_form(text: str) -> None:
    assert parse_digest(text) == f"sha256:{HEX}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        HEX[:-1],
        HEX + "0",
        "g" * 64,
        f"md5:{HEX}",
        f" {HEX}",
        f"{HEX}\n",
        f"headwater://sha256/{HEX}/",
        f"sha256/{HEX}",
    ],
)
def test_what_is_no_address_is_refused_and_named(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_digest(text)

    assert caught.value.found == text


@given(st.binary(min_size=32, max_size=32))
def test_a_uri_leads_back_to_its_digest(raw: bytes) -> None:
    digest = f"sha256:{raw.hex()}"

    assert digest_uri(digest) == f"headwater://sha256/{raw.hex()}"
    assert parse_digest(digest_uri(digest)) == digest
