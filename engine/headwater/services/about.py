"""About: which database server and which schema a store stands on."""

from typing import NamedTuple

from headwater.graph.statements import load
from headwater.services.scope import Scope


class About(NamedTuple):
    """What a store stands on.

    Attributes:
        address: the database's address.
        version: the server's version, such as `5.26.29`.
        edition: `community` or `enterprise`.
        schema: version of headwater's schema in the database.
    """

    address: str
    version: str
    edition: str
    schema: int


def about(scope: Scope) -> About:
    """Return which server and schema a scope's graph is."""
    version, edition = scope.graph.read(load("server/about"))[0]
    schema = scope.graph.read(load("schema/version"))
    return About(scope.graph.address, version, edition, schema[0][0] if schema else 0)
