"""Whether a server answers over Bolt. Knows no schema and keeps no connection."""

import neo4j
from neo4j import exceptions

from headwater.errors import InvalidArgument, Unauthenticated, Unavailable

# The driver takes HTTP addresses too, which are another protocol and a preview.
_SCHEMES = {f"{scheme}{suffix}" for scheme in ("bolt", "neo4j") for suffix in ("", "+s", "+ssc")}


def ping(
    address: str, *, user: str, password: str, database: str = "neo4j", timeout_s: float = 5.0
) -> None:
    """Return when the database at the address has answered a query.

    Args:
        address: a Bolt address, such as `bolt://127.0.0.1:7687`.
        user: who asks.
        password: the user's password.
        database: which database must answer.
        timeout_s: how long connecting may take.

    Raises:
        Unavailable: nothing answers there, or not yet.
        Unauthenticated: the server refuses the user or password.
        InvalidArgument: the address is not a Bolt address.
    """
    if address.partition("://")[0] not in _SCHEMES:
        raise InvalidArgument(
            f"{address!r} is not a Bolt address.", hint="Such as bolt://host:7687.", address=address
        )
    try:
        _ask(address, auth=(user, password), database=database, timeout_s=timeout_s)
    except exceptions.AuthError as error:
        raise Unauthenticated(
            f"The server at {address} refuses user {user!r}.",
            hint="Check the password.",
            address=address,
            user=user,
        ) from error
    except (exceptions.ConfigurationError, ValueError) as error:
        raise InvalidArgument(
            f"{address!r} is not a Bolt address: {error}", address=address
        ) from error
    except (exceptions.DriverError, exceptions.Neo4jError, OSError) as error:
        raise Unavailable(f"{address} does not answer: {error}", address=address) from error


def _ask(address: str, *, auth: tuple[str, str], database: str, timeout_s: float) -> None:
    with (
        neo4j.GraphDatabase.driver(
            address,
            auth=auth,
            connection_timeout=timeout_s,
            connection_acquisition_timeout=timeout_s,
            notifications_min_severity="OFF",
        ) as driver,
        driver.session(database=database) as session,
    ):
        session.run("RETURN 1").consume()
