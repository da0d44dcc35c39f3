"""Secrets in command lines and addresses, masked before they are recorded."""

import re
import shlex
from collections.abc import Iterable

MASK = "***"
_SECRET = re.compile(
    r"passw|pwd|secret|token(?!iz|s)|credential|signature|auth(?!or)|(api|access|private|account)[-_.]?key"
    r"|^sig$|^key$",
    re.IGNORECASE,
)
# Up to the last @ of the authority: a password may hold one itself.
_PASSWORD = re.compile(r"(?<=://)([^/?#:@]*):[^/?#]*@")
_PARAMETER = re.compile(r"([?&;][^=&;#?]+)=([^&;#]*)")
_ASSIGNED = re.compile(r"(?P<name>-{0,2}[\w.-]+)=(?P<value>.*)", re.DOTALL)


def masked_command(arguments: Iterable[str]) -> str:
    """Return a command line as a shell would take it, with what looks like a secret masked.

    Masked are values of options and variables whose name speaks of a password, token or key
    (`--token x`, `--token=x`, `API_KEY=x`), and what `masked_url` masks.
    """
    shown: list[str] = []
    is_secret = False
    for argument in arguments:
        shown.append(MASK if is_secret and not argument.startswith("-") else _masked(argument))
        is_secret = argument.startswith("-") and "=" not in argument and _is_secret(argument)
    return shlex.join(shown)


def masked_url(text: str) -> str:
    """Return a URL without its password and without the values of secret parameters."""
    hidden = _PASSWORD.sub(rf"\1:{MASK}@", text, count=1)
    return _PARAMETER.sub(lambda found: _parameter(found[1], found[2]), hidden)


def _parameter(name: str, value: str) -> str:
    return f"{name}={MASK if _is_secret(name[1:]) else value}"


def _masked(argument: str) -> str:
    assigned = _ASSIGNED.fullmatch(argument)
    if assigned is not None and _is_secret(assigned["name"]):
        return f"{assigned['name']}={MASK}"
    if assigned is not None and "://" in assigned["value"]:
        return f"{assigned['name']}={_masked(assigned['value'])}"
    return masked_url(argument) if "://" in argument else argument


def _is_secret(name: str) -> bool:
    return _SECRET.search(name.lstrip("-")) is not None
