"""Wording: values as the command line writes them, for eyes and for pipes."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from headwater.visible import visible

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1_000
_OURS = "headwater://sha256/"
_DIGITS = 12
_UNSEEN = re.compile(r"[^\x20-\x7e\n]")


def text_of(value: object) -> str:
    """Return a value as text on one line; nothing for None."""
    match value:
        case None:
            return ""
        case str():
            return visible(value)
        case bool():
            return "true" if value else "false"
        case Mapping() | list() | tuple():
            return visible(json.dumps(json_ready(value), ensure_ascii=False, default=str))
        case _:
            return visible(str(value))


def time_of(milliseconds: int | None) -> str:
    """Return a time since the epoch as ISO 8601 in UTC, to the second."""
    if milliseconds is None:
        return ""
    try:
        time = datetime.fromtimestamp(milliseconds / 1_000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
    return f"{time:%Y-%m-%d %H:%M:%SZ}"


def size_of(size_bytes: float | None) -> str:
    """Return a size for eyes: `512 B`, `1.2 MB`."""
    if size_bytes is None:
        return ""
    unit = 0
    while size_bytes >= _STEP and unit < len(_UNITS) - 1:
        size_bytes, unit = size_bytes / _STEP, unit + 1
    return f"{size_bytes:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} B"


def uri_of(uri: str | None) -> str:
    """Return a uri for eyes: that of an object of ours is cut after the first digits."""
    if uri is not None and uri.startswith(_OURS) and len(uri) > len(_OURS) + _DIGITS:
        return f"{visible(uri[: len(_OURS) + _DIGITS])}…"
    return text_of(uri)


def json_ready(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value with the numbers that JSON lacks as text: `NaN`, `Infinity`."""
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
        case Mapping():
            return {str(key): json_ready(item) for key, item in value.items()}
        case list() | tuple():
            return [json_ready(item) for item in value]
        case _:
            return value


def json_text(value: object, *, ascii_only: bool) -> str:
    """Return the value as a JSON document that no terminal can mistake for orders."""
    text = json.dumps(json_ready(value), indent=2, ensure_ascii=ascii_only, default=str)
    return _UNSEEN.sub(lambda found: _seen(found[0]), text)


def _seen(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
