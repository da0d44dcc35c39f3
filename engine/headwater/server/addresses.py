"""Addresses to listen on: how they are written, and whether one is free."""

import errno
import ipaddress
import re
import socket
from typing import Any, NamedTuple

from headwater.errors import HeadwaterError, InvalidArgument, PermissionDenied, PortInUse

_LARGEST = 65_535
_WRITTEN = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>[0-9]+)")


class Address(NamedTuple):
    """Where a server listens.

    Attributes:
        host: a name, or an IP address without brackets.
        port: 0 means any free one.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> Address:
    """Return the address that a text gives as `HOST:PORT` or `[IPv6]:PORT`.

    Raises:
        InvalidArgument: it gives none.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or int(found["port"]) > _LARGEST:
        raise InvalidArgument(
            f"{text!r:.200} is no address to listen on.",
            hint="Use HOST:PORT or [IPv6]:PORT; port 0 means any free one.",
            address=text,
        )
    return Address(found["six"] or found["host"], int(found["port"]))


def listen(address: Address) -> socket.socket:
    """Return a socket that listens on the address, for this process alone.

    Raises:
        PortInUse: another program listens there.
        PermissionDenied: this user may not.
        InvalidArgument: the host is not one of this machine.
    """
    first, *others = _listeners(address)
    for other in others:
        other.close()
    return first


def require_free(address: Address) -> None:
    """Check that a server could listen on the address now; raises as `listen` does.

    All that a name stands for must be free: `localhost` is often two addresses.
    """
    for listener in _listeners(address):
        listener.close()


def _listeners(address: Address) -> list[socket.socket]:
    """Return a socket for each address that a name stands for, but those that this machine lacks."""
    found: list[socket.socket] = []
    lacking: HeadwaterError | None = None
    for family, where in _resolved(address):
        try:
            found.append(_listening(address, family, where))
        except InvalidArgument as error:
            lacking = error
        except HeadwaterError:
            for listener in found:
                listener.close()
            raise
    if not found and lacking is not None:
        raise lacking
    return found


def _resolved(address: Address) -> list[tuple[int, Any]]:
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise _refused(address, error) from error
    return [(family, where) for family, _, _, _, where in found]


def _listening(address: Address, family: int, where: Any) -> socket.socket:  # noqa: ANN401 - as the system gives it
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _refused(address, error) from error
    try:
        # A port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise _refused(address, error) from error
    return listener


def port_in_use(address: Address) -> PortInUse:
    """Return the error that says so."""
    return PortInUse(
        f"Port {address.port} of {address.host} is taken by another program.",
        hint="Choose another port, or 0 to get a free one.",
        port=address.port,
    )


def _refused(address: Address, error: OSError) -> HeadwaterError:
    if error.errno == errno.EADDRINUSE:
        return port_in_use(address)
    if isinstance(error, PermissionError):
        return PermissionDenied(
            f"This user may not listen on port {address.port}.",
            hint="Choose one above 1023.",
            port=address.port,
        )
    return InvalidArgument(
        f"No server can listen on {address}: {error.strerror or error}.",
        hint="Use an address of this machine, 127.0.0.1, or 0.0.0.0 for all.",
        address=str(address),
    )
