"""Masking: command lines and addresses without the values whose names look like a secret's."""

import re
import shlex
from collections.abc import Iterator, Sequence

MASK = "***"
"""What stands in place of a secret."""

_ENDINGS = (
    *("password", "passwd", "pwd", "passphrase", "token", "secret", "key", "credential"),
    *("authorization", "auth", "cookie", "signature", "sig"),
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAMED = re.compile(r"(?s)(?P<name>-{0,2}[\w.\-/]+)(?P<by>\s*[=:]\s*)(?P<value>.+)")
_INLINE = re.compile(
    r"(?P<name>[\w.\-]+)(?P<by>[\"']?\s*[=:]\s*[\"']?)(?P<value>(?:Bearer |Basic )?[^\s&;,\"']+)"
)
_USER_INFO = re.compile(r"(?P<start>\w+://[^\s/:@]*:)[^\s/@]+(?=@)")
# Up to the last @ of the authority: a password may hold one itself.
_PASSWORD = re.compile(r"(?<=://)([^/?#:@]*):[^/?#]*@")
_PARAMETER = re.compile(r"([?&;][^=&;#?]+)=([^&;#]*)")
_OPTION = re.compile(r"--?[A-Za-z][\w.\-]*")


def masked(arguments: Sequence[str]) -> list[str]:
    """Return a command line with `***` for what looks like a secret.

    That is the value of an argument, of a `name=value` or of a `name: value`, one of whose words
    ends in password, token, secret, key or the like; and the password in an address. Rather too
    much is masked than too little. A secret without a name, or under one like `-p`, is not seen.
    """
    return list(_masked(arguments))


def masked_command(arguments: Sequence[str]) -> str:
    """Return a command line as a shell would take it, with `***` for what looks like a secret."""
    return shlex.join(masked(arguments))


def masked_url(text: str) -> str:
    """Return a URL without its password and without the values of secret parameters."""
    hidden = _PASSWORD.sub(rf"\1:{MASK}@", text, count=1)
    return _PARAMETER.sub(lambda found: _parameter(found[1], found[2]), hidden)


def _parameter(name: str, value: str) -> str:
    return f"{name}={MASK if _is_secret(name[1:]) else value}"


def _masked(arguments: Sequence[str]) -> Iterator[str]:
    is_value = False
    for argument in arguments:
        if is_value and not argument.startswith("--"):
            is_value = False
            yield MASK
            continue
        is_value = _OPTION.fullmatch(argument) is not None and _is_secret(argument)
        yield argument if is_value else _without_secrets(masked_url(argument))


def _without_secrets(argument: str) -> str:
    named = _NAMED.fullmatch(argument)
    if named is not None and _is_secret(named["name"]) and not named["value"].startswith("//"):
        return f"{named['name']}{named['by']}{MASK}"
    return "".join(_inline(_USER_INFO.sub(lambda found: f"{found['start']}{MASK}", argument)))


def _inline(text: str) -> Iterator[str]:
    """Yield a text in pieces, with the mask for each value inside of it that has a secret's name."""
    position = 0
    while (found := _INLINE.search(text, position)) is not None:
        yield text[position : found.start("value")]
        # What is no secret may hold one, as an address holds its query.
        hidden = _is_secret(found["name"]) and not found["value"].startswith("//")
        yield MASK if hidden else ""
        position = found.end("value") if hidden else found.start("value")
    yield text[position:]


def _is_secret(name: str) -> bool:
    # Tokens in the plural are counted, as in --max-tokens.
    words = [word.lower() for word in _WORDS.findall(name) if word.lower() != "tokens"]
    return any(w == "pass" or w.removesuffix("s").endswith(_ENDINGS) for w in words)
