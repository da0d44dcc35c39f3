"""Loopback ports: whether one is free, and one that is."""

import errno
import socket

from headwater.errors import InvalidArgument, PermissionDenied, PortInUse

LOOPBACK = "127.0.0.1"
_LARGEST = 65_535


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the loopback port now."""
    try:
        _bind(port)
    except OSError:
        return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Return a free loopback port, the preferred one if it is free."""
    return preferred if preferred and is_free(preferred) else _bind(0)


def require_free(port: int) -> int:
    """Return the port when a server could listen on it now.

    Raises:
        PortInUse: another program listens on it; `port` is the port.
        PermissionDenied: this user may not listen on it.
        InvalidArgument: it is not 1 to 65535.
    """
    if not 0 < port <= _LARGEST:
        raise InvalidArgument(f"A port is 1 to {_LARGEST}, found {port}.", port=port)
    try:
        return _bind(port)
    except PermissionError as error:
        raise PermissionDenied(
            f"This user may not listen on port {port}.", hint="Choose one above 1023.", port=port
        ) from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise port_in_use(port) from error


def port_in_use(port: int) -> PortInUse:
    """Return the error that says so."""
    return PortInUse(
        f"Port {port} of {LOOPBACK} is taken by another program.",
        hint="Choose another port, or none to get a free one.",
        port=port,
    )


def _bind(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As the servers do: a port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        bound: int = listener.getsockname()[1]
        return bound
