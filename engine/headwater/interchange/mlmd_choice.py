"""Choice: whether an MLMD database is better loaded offline than imported over the network."""

from headwater.interchange.bulk import is_empty
from headwater.interchange.bulk_mlmd import OFFLINE_NODES
from headwater.interchange.mlmd_reader import MlmdSource
from headwater.interchange.mlmd_types import is_system
from headwater.objects import ObjectStore
from headwater.opening import open_objects
from headwater.services.stored_values import ValueEncoder
from headwater.settings import Settings
from headwater_schema.types import FIRST_USER_TYPE_ID


def is_better_offline(settings: Settings, url: str, *, keep_ids: bool) -> bool:
    """Return whether an offline load is possible and worth the stop of the server.

    It is for a source of 100,000 nodes and more, into the local Neo4j while that holds nothing.
    An old source whose own types have ids below 10 cannot keep them there.

    Raises:
        NotFound, InvalidArgument, FailedPrecondition, Unavailable, MissingExtra: the database
            cannot be opened.
    """

    def objects() -> ObjectStore:
        return open_objects(settings)

    if settings.neo4j is not None:
        return False
    with MlmdSource(url, ValueEncoder(objects, settings.offload_bytes)) as source:
        if source.node_count() < OFFLINE_NODES:
            return False
        moved = any(
            (node_type.id or 0) < FIRST_USER_TYPE_ID and not is_system(node_type)
            for node_type in source.types()
        )
    return not (keep_ids and moved) and is_empty(settings)
