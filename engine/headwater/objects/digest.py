"""The content address of an object: how it is written, read and laid out.

Owns the three spellings of an address. Knows no store and reads no bytes.
"""

import re

from headwater.errors import InvalidArgument

DIGEST_PREFIX = "sha256:"
URI_PREFIX = "headwater://sha256/"

_SPELLING = re.compile(r"(?:sha256:|headwater://sha256/)?([0-9a-f]{64})", re.IGNORECASE)


def parse_digest(text: str) -> str:
    """Return the canonical form `sha256:<64 lower-case hex>` of an address.

    Args:
        text: `sha256:<hex>`, `headwater://sha256/<hex>` or the 64 hex digits alone.

    Raises:
        InvalidArgument: the text is none of these; `found` is the text.
    """
    match = _SPELLING.fullmatch(text)
    if match is None:
        raise InvalidArgument(
            f"Not the address of an object: {text!r}.",
            hint="Write sha256:<64 hex digits> or headwater://sha256/<64 hex digits>.",
            found=text,
        )
    return DIGEST_PREFIX + match[1].lower()


def digest_of(sha256_hex: str) -> str:
    """Return the canonical digest of a hash that hashlib gave as hex."""
    return DIGEST_PREFIX + sha256_hex


def digest_hex(digest: str) -> str:
    """Return the 64 hex digits of an address in any spelling.

    Raises:
        InvalidArgument: the text is not an address.
    """
    return parse_digest(digest).removeprefix(DIGEST_PREFIX)


def digest_uri(digest: str) -> str:
    """Return the `headwater://sha256/<hex>` form, which an artifact's uri holds.

    Raises:
        InvalidArgument: the text is not an address.
    """
    return URI_PREFIX + digest_hex(digest)


def digest_key(digest: str) -> str:
    """Return where a store keeps the object: `sha256/ab/cd/<hex>`, with slashes.

    The two levels of folders keep a directory of millions of objects usable; sorted keys
    are sorted digests.

    Raises:
        InvalidArgument: the text is not an address.
    """
    name = digest_hex(digest)
    return f"sha256/{name[:2]}/{name[2:4]}/{name}"
