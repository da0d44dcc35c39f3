"""Tokens: who may call a server, with which rights, in which namespaces.

A token's text is `hw_<id>_<secret>` and is shown once; the graph has an argon2id hash of the
secret. Tokens belong to the database and not to a namespace, so that they are no part of any
lineage; like heartbeats they are written outside the door, and no record of changes ever has
a hash. Knows nothing of gRPC and HTTP.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from headwater.errors import (
    InvalidArgument,
    MissingExtra,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from headwater.graph.statements import load
from headwater.services.namespaces import check_namespace
from headwater.services.scope import Scope

if TYPE_CHECKING:
    from argon2 import PasswordHasher

CACHE_S = 30.0
"""How long a verified token is believed without a look at the graph; so long a revoked one lives."""

_CACHED = 1_024
_HASHING = 2
_ID_BYTES = 6
_SECRET_BYTES = 24
_MAX_NAME = 255
_TEXT = re.compile(r"hw_([0-9a-f]{12})_([0-9a-f]{48})")


class TokenScope(StrEnum):
    """What a token allows; each right includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_INCLUDED: dict[TokenScope, frozenset[TokenScope]] = {
    TokenScope.READ: frozenset({TokenScope.READ}),
    TokenScope.WRITE: frozenset({TokenScope.READ, TokenScope.WRITE}),
    TokenScope.ADMIN: frozenset(TokenScope),
}


class Principal(NamedTuple):
    """Who a token stands for.

    Attributes:
        token_id: of which token.
        name: the token's name.
        scopes: everything that it allows.
        namespaces: the only ones where it allows that; None means all.
        expire_time_since_epoch: milliseconds; None means never.
    """

    token_id: str
    name: str
    scopes: frozenset[TokenScope]
    namespaces: frozenset[str] | None
    expire_time_since_epoch: int | None

    def require(self, scope: TokenScope, *, namespace: str | None = None) -> None:
        """Check that the principal has a right, in a namespace where one is given.

        Raises:
            PermissionDenied: it has not.
        """
        if scope not in self.scopes:
            raise PermissionDenied(
                f"Token {self.name!r} may {_listed(self.scopes)}, this needs {scope}.",
                hint=f"Use a token of scope {scope}.",
                scope=str(scope),
            )
        if namespace is not None and self.namespaces is not None:
            if namespace in self.namespaces:
                return
            raise PermissionDenied(
                f"Token {self.name!r} is not for namespace {namespace!r}.",
                hint="Use a token that is.",
                namespace=namespace,
            )


class Token(NamedTuple):
    """What is known of a token; its secret is not.

    Attributes:
        id: by which it is revoked; also the second part of its text.
        name: who or what uses it; need not be unique.
        scopes: as they were given.
        namespaces: the only ones where it works; None means all.
        create_time_since_epoch: milliseconds.
        expire_time_since_epoch: milliseconds; None means never.
        revoke_time_since_epoch: milliseconds; None means that it was not revoked.
    """

    id: str
    name: str
    scopes: tuple[TokenScope, ...]
    namespaces: tuple[str, ...] | None
    create_time_since_epoch: int
    expire_time_since_epoch: int | None
    revoke_time_since_epoch: int | None

    def state(self, now: int) -> str:
        """Return `revoked`, `expired` or `valid` at that time, in milliseconds."""
        if self.revoke_time_since_epoch is not None:
            return "revoked"
        return "expired" if _is_over(self.expire_time_since_epoch, now) else "valid"


class NewToken(NamedTuple):
    """A token that was just made: the only time that its text is known."""

    token: Token
    text: str


class TokenService:
    """Makes, lists, revokes and verifies the tokens of one database.

    Args:
        scope: of any namespace.
        ticks: seconds of a clock that never goes back, for the cache.
    """

    def __init__(self, scope: Scope, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._scope = scope
        self._ticks = ticks
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        # A hash takes 64 MB while it is made: strangers cannot have many at once.
        self._hashing = threading.BoundedSemaphore(_HASHING)

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[TokenScope | str],
        namespaces: Iterable[str] | None = None,
        lifetime: timedelta | None = None,
    ) -> NewToken:
        """Return a new token with its text, which nobody can ask for again.

        Args:
            name: who or what will use it; 1 to 255 printable characters.
            scopes: at least one; each includes the lesser ones.
            namespaces: the only ones where it works, at least one; None means all.
            lifetime: after which it expires; None means never.

        Raises:
            InvalidArgument: an argument is not as said.
        """
        rights = tuple(sorted({_scope(scope) for scope in scopes}, key=_rank))
        spaces = (
            None if namespaces is None else tuple(sorted(map(check_namespace, set(namespaces))))
        )
        if not rights or spaces == ():
            raise InvalidArgument(
                f"Token {name!r:.300} would allow nothing.",
                hint="Give it a scope, and a namespace unless it is for all.",
            )
        now = self._scope.clock()
        token = Token(
            id=secrets.token_hex(_ID_BYTES),
            name=_checked_name(name),
            scopes=rights,
            namespaces=spaces,
            create_time_since_epoch=now,
            expire_time_since_epoch=_end(now, lifetime),
            revoke_time_since_epoch=None,
        )
        secret = secrets.token_hex(_SECRET_BYTES)
        self._scope.graph.write_alone(
            load("token/create"),
            id=token.id,
            name=token.name,
            scopes=[str(scope) for scope in rights],
            namespaces=None if spaces is None else list(spaces),
            hash=self._hasher.hash(secret),
            now=now,
            expires=token.expire_time_since_epoch,
        )
        return NewToken(token, f"hw_{token.id}_{secret}")

    def all(self) -> list[Token]:
        """Return all tokens, also revoked and expired ones, in the order in which they were made."""
        return [_token(row) for row in self._scope.graph.read(load("token/list"))]

    def revoke(self, token_id: str) -> Token:
        """Return the token that was revoked; one that is revoked stays as it is.

        A server that has just verified it goes on taking it for up to `CACHE_S` seconds.

        Raises:
            NotFound: there is no such token.
        """
        rows = self._scope.graph.write_alone(
            load("token/revoke"), id=token_id, now=self._scope.clock()
        )
        if not rows:
            raise NotFound(
                f"No token {token_id!r:.100}.", hint="See `headwater tokens list`.", id=token_id
            )
        with self._lock:
            for key in [k for k, (_, who) in self._known.items() if who.token_id == token_id]:
                del self._known[key]
        return _token(rows[0])

    def verify(self, text: str) -> Principal:
        """Return whom a token's text stands for.

        The first time costs one hash (some 50 ms) and one read; then the answer is kept for
        `CACHE_S` seconds, under a keyed hash of the text.

        Raises:
            Unauthenticated: it is no token of this database, or was revoked, or has expired.
                Which of them is not told, and an unknown id takes as long as a wrong secret.
        """
        key = hmac.digest(self._key, text.encode(errors="surrogatepass"), hashlib.sha256)
        found = self._cached(key)
        if found is None:
            parts = _TEXT.fullmatch(text)
            if parts is None:
                raise _refused()
            with self._hashing:
                # Another thread may have verified the same text while this one waited.
                found = self._cached(key) or self._verified(parts[1], parts[2])
            self._keep(key, found)
        if _is_over(found.expire_time_since_epoch, self._scope.clock()):
            raise _refused()
        return found

    def _verified(self, token_id: str, secret: str) -> Principal:
        from argon2.exceptions import (  # noqa: PLC0415 - an optional dependency
            InvalidHashError,
            VerificationError,
        )

        rows = self._scope.graph.read(load("token/get"), id=token_id)
        try:
            self._hasher.verify(rows[0][-1] if rows else self._nobody, secret)
        except (VerificationError, InvalidHashError):
            raise _refused() from None
        token = _token(rows[0][:-1]) if rows else None
        if token is None or token.revoke_time_since_epoch is not None:
            raise _refused()
        return Principal(
            token_id=token.id,
            name=token.name,
            scopes=frozenset().union(*(_INCLUDED[scope] for scope in token.scopes)),
            namespaces=None if token.namespaces is None else frozenset(token.namespaces),
            expire_time_since_epoch=token.expire_time_since_epoch,
        )

    def _cached(self, key: bytes) -> Principal | None:
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
            return found if found is not None and self._ticks() < until else None

    def _keep(self, key: bytes, principal: Principal) -> None:
        with self._lock:
            known = self._known.get(key)
            if known is None or self._ticks() >= known[0]:
                self._known[key] = (self._ticks() + CACHE_S, principal)
                self._known.move_to_end(key)
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        try:
            from argon2 import PasswordHasher  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise MissingExtra(
                "Tokens need argon2-cffi, which is not installed.",
                hint="pip install 'headwater[server]'",
            ) from error
        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """The hash that the secret of an unknown id is held against."""
        return self._hasher.hash(secrets.token_hex(_SECRET_BYTES))


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "The token is not valid.",
        hint="It may be mistyped, revoked or expired; `headwater tokens list` tells.",
    )


def _scope(value: TokenScope | str) -> TokenScope:
    try:
        return TokenScope(value)
    except ValueError:
        raise InvalidArgument(
            f"{value!r:.100} is no scope of a token.", hint=f"Use {_listed(TokenScope)}."
        ) from None


def _rank(scope: TokenScope) -> int:
    return list(TokenScope).index(scope)


def _listed(scopes: Iterable[TokenScope]) -> str:
    return ", ".join(str(scope) for scope in sorted(scopes, key=_rank))


def _checked_name(name: str) -> str:
    if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument(
            f"{name!r:.300} cannot name a token.",
            hint=f"Use 1 to {_MAX_NAME} printable characters without blanks at the ends.",
        )
    return name


def _end(now: int, lifetime: timedelta | None) -> int | None:
    if lifetime is None:
        return None
    if lifetime <= timedelta(0):
        raise InvalidArgument(f"A token cannot expire {-lifetime} before it is made.")
    return now + lifetime // timedelta(milliseconds=1)


def _is_over(end: int | None, now: int) -> bool:
    return end is not None and end <= now


def _token(row: list[object]) -> Token:
    return Token._make(row)._replace(
        scopes=tuple(TokenScope(str(scope)) for scope in row[2]),  # type: ignore[attr-defined]
        namespaces=None if row[3] is None else tuple(row[3]),  # type: ignore[arg-type]
    )
