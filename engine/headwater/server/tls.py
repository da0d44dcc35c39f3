"""TLS: the files that a server shows and trusts, checked before anything listens."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from headwater.errors import InvalidArgument
from headwater.settings import Settings


@dataclass(frozen=True)
class Tls:
    """What a server shows its clients, and whose clients it trusts.

    Attributes:
        cert: PEM file of its certificate with the chain.
        key: PEM file of the private key.
        client_ca: PEM file of who must have signed clients' certificates; None asks for none.
    """

    cert: Path
    key: Path
    client_ca: Path | None

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Return the same for gRPC."""
        ca = None if self.client_ca is None else self.client_ca.read_bytes()
        return grpc.ssl_server_credentials(
            [(self.key.read_bytes(), self.cert.read_bytes())],
            root_certificates=ca,
            require_client_auth=ca is not None,
        )


def tls_of(settings: Settings) -> Tls | None:
    """Return the TLS that settings ask for, None where they ask for none.

    Raises:
        InvalidArgument: a file is missing or is not what it must be, or key and certificate
            do not belong together.
    """
    cert, key, client_ca = settings.tls_cert, settings.tls_key, settings.tls_client_ca
    if cert is None and key is None and client_ca is None:
        return None
    if cert is None or key is None:
        raise InvalidArgument(
            "TLS needs both a certificate and its key.", hint="Give --tls-cert and --tls-key."
        )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except (OSError, ValueError) as error:
        files = ", ".join(str(file) for file in (cert, key, client_ca) if file is not None)
        reason = getattr(error, "strerror", None) or error
        raise InvalidArgument(
            f"TLS cannot be set up with {files}: {reason}.",
            hint="Give PEM files: the certificate's chain, its key without a password, and the "
            "authority of clients.",
        ) from error
    return Tls(cert, key, client_ca)


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal.
    raise ValueError("the key has a password")
