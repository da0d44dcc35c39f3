"""The gate: who may make a call."""

from headwater.errors import Unauthenticated
from headwater.server.addresses import Address
from headwater.services.tokens import Principal, TokenService
from headwater.settings import Auth

_SCHEME = "bearer"


class Gate:
    """Lets calls in by their token, or all of them where none is asked for.

    Args:
        tokens: verifies them; None asks for none.
    """

    def __init__(self, tokens: TokenService | None) -> None:
        self._tokens = tokens

    def admit(self, authorization: str | None) -> Principal | None:
        """Return whom an `authorization` value stands for; None where no token is asked for.

        Raises:
            Unauthenticated: a token is asked for, and this holds no valid one.
        """
        if self._tokens is None:
            return None
        scheme, _, text = (authorization or "").strip().partition(" ")
        if scheme.lower() != _SCHEME or not text.strip():
            raise Unauthenticated(
                "This server needs a token, and the call has none.",
                hint="Send `authorization: Bearer hw_...`; `headwater tokens create` makes one.",
            )
        return self._tokens.verify(text.strip())


def asks_for_tokens(auth: Auth, *addresses: Address) -> bool:
    """Return whether calls at those addresses need a token."""
    if auth is Auth.AUTO:
        return not all(address.is_loopback for address in addresses)
    return auth is Auth.REQUIRED
