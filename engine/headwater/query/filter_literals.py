"""Literals of a filter: numbers, texts with their escapes, names in backquotes."""

import re

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))",
    re.DOTALL,
)
_PLAIN = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "?": "?",
    '"': '"',
    "'": "'",
    "`": "`",
}
_TEXT = re.compile(r"([rRbB]*)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
_LARGEST = 2**64 - 1
_DIGITS = 40


class IllegalLiteral(ValueError):
    """A literal that stands for nothing."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def number(text: str) -> int:
    """Return the whole number that a literal stands for: decimal, or hexadecimal after 0x.

    Raises:
        IllegalLiteral: it is beyond 64 bits.
    """
    hexadecimal = text[:2].lower() == "0x"
    digits = text[2:].lstrip("0") if hexadecimal else text.lstrip("0")
    value = int(digits or "0", 16 if hexadecimal else 10) if len(digits) < _DIGITS else None
    if value is None or value > _LARGEST:
        raise IllegalLiteral("a whole number is beyond 64 bits.")
    return value


def text_of(literal: str) -> str:
    """Return what a text literal with its quotes stands for.

    Raises:
        IllegalLiteral: an escape means nothing, or the literal stands for bytes.
    """
    found = _TEXT.fullmatch(literal)
    if found is None:
        raise IllegalLiteral("a text is not closed: its quote is missing.")
    prefix, _, content = found.groups()
    if "b" in prefix.lower() or len(prefix) > 1:
        raise IllegalLiteral("bytes are compared with nothing here.", "Write text without b.")
    return content if prefix else _unescaped(content)


def unquoted(name: str) -> str:
    """Return a name without its backquotes, if it has them.

    Raises:
        IllegalLiteral: an escape within means nothing.
    """
    return _unescaped(name[1:-1]) if name.startswith("`") else name


def _unescaped(text: str) -> str:
    return text if "\\" not in text else _ESCAPE.sub(_meant, text)


def _meant(escape: re.Match[str]) -> str:
    lower, upper, short, long, octal, plain = escape.groups()
    if plain is not None:
        if plain not in _PLAIN:
            raise IllegalLiteral(
                f"the escape \\{plain if plain.isprintable() else '?'} means nothing.",
                "Double the backslash, or write r'..'.",
            )
        return _PLAIN[plain]
    code = int(octal, 8) if octal else int(lower or upper or short or long, 16)
    try:
        character = chr(code)
        character.encode()
    except (ValueError, OverflowError):
        raise IllegalLiteral(f"there is no character {escape[0]}.") from None
    return character
