"""Text that a stranger chose, made harmless: what a terminal would obey is shown instead.

Knows nothing of what the text means. Everything that draws or prints names goes through it.
"""

_JOINER = "\u200d"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Return the text with every character that cannot be seen written as an escape.

    Control characters, direction marks and unusual blanks become `\x1b`, `\u202e`, `\t` and
    so on; letters of every script, emoji and their joiner stay. A backslash stays as it is, so
    this is for eyes: exact values are in JSON.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == _JOINER else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return _SHORT.get(character) or character.encode("unicode_escape", "surrogatepass").decode()
