"""Opening: from settings to a store, starting the local servers where nothing else is set."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from headwater.errors import FailedPrecondition
from headwater.graph.migrate import migrate
from headwater.graph.session import Graph
from headwater.local import LocalStatus, Progress, ServerStatus, status, up
from headwater.objects import ObjectPlace, ObjectStore
from headwater.services.door import Observer
from headwater.services.namespaces import check_namespace
from headwater.settings import Settings, load_settings
from headwater.store import MetadataStore

BUCKET = "headwater"
MINIO = "minio"


def connect(
    address: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    namespace: str | None = None,
    objects: str | None = None,
    home: Path | str | None = None,
    actor: str | None = None,
    start: bool = True,
    settings: Settings | None = None,
    observer: Observer | None = None,
    progress: Progress | None = None,
) -> MetadataStore:
    """Return the store that the arguments and else the environment name.

    Without an address it is the home's Neo4j, started if need be, which outlives the store.

    Args:
        address: of a Neo4j; it and the next six stand in for that setting of `Settings`.
        user: for it.
        password: for it.
        namespace: the tenant.
        objects: where large objects go; unset, the local MinIO if there is one, else the home.
        home: folder of the local stores.
        actor: who asks, for the record of changes.
        start: whether the local Neo4j may be started.
        settings: instead of the environment's.
        observer: is told of each change whose commit is known, in the thread that made it.
        progress: is told of long steps.

    Raises:
        InvalidArgument: a setting, or the namespace, is not one.
        Unavailable: the Neo4j does not answer.
        Unauthenticated: it refuses the user or password.
        FailedPrecondition: it is newer than this headwater, or may not be started.
    """
    asked = {
        "neo4j": address,
        "neo4j_user": user,
        "neo4j_password": password,
        "namespace": namespace,
        "objects": objects,
        "actor": actor,
        "home": None if home is None else Path(home).expanduser().absolute(),
    }
    resolved = _with(settings or load_settings(), asked)
    with ExitStack() as resources:
        # A location that is none is refused before a server is started for it.
        store = resources.enter_context(open_objects(resolved, start=start, progress=progress))
        graph = resources.enter_context(_open_graph(resolved, start=start, progress=progress))
        _prepare(graph)
        return MetadataStore(
            graph,
            store,
            settings=resolved,
            namespace=resolved.namespace,
            observer=observer,
            resources=resources.pop_all(),
        )


def _with(settings: Settings, asked: Mapping[str, object]) -> Settings:
    chosen = {key: value for key, value in asked.items() if value is not None}
    resolved = replace(settings, **chosen)  # type: ignore[arg-type] # names and types are those of Settings
    check_namespace(resolved.namespace)
    return resolved


def _prepare(graph: Graph) -> None:
    graph.check()
    migrate(graph)


def _open_graph(settings: Settings, *, start: bool, progress: Progress | None) -> Graph:
    if settings.neo4j is not None:
        return Graph(
            settings.neo4j,
            user=settings.neo4j_user,
            password=settings.neo4j_password,
            database=settings.neo4j_database,
            retry_s=settings.retry_s,
            query_timeout_s=settings.query_timeout_s,
        )
    neo4j = _running(settings, "neo4j", start=start, progress=progress)
    return Graph(
        neo4j.address or "",
        user=neo4j.user or "neo4j",
        password=neo4j.password(),
        retry_s=settings.retry_s,
        query_timeout_s=settings.query_timeout_s,
    )


def open_objects(
    settings: Settings, *, start: bool = True, progress: Progress | None = None
) -> ObjectStore:
    """Return the object store that the settings name, without opening the graph.

    Raises:
        FailedPrecondition: it is the local MinIO, which is not running and may not be started.
        InvalidArgument: the setting names no place for objects.
        Unauthenticated: an S3 store without both keys.
    """
    return object_place(settings, start=start, progress=progress).open()


def object_place(
    settings: Settings, *, start: bool = True, progress: Progress | None = None
) -> ObjectPlace:
    """Return where the object store is that the settings name; a local MinIO runs afterwards.

    Raises:
        FailedPrecondition: it is the local MinIO, which is not running and may not be started.
    """
    location = settings.objects or object_location(settings)
    if location != MINIO:
        return ObjectPlace(
            location,
            settings.s3_access_key,
            settings.s3_secret_key,
            settings.s3_region,
            settings.objects_retry_s,
        )
    minio = _running(settings, MINIO, start=start, progress=progress)
    return ObjectPlace(
        f"{minio.address}/{BUCKET}",
        minio.user,
        minio.password(),
        retry_s=settings.objects_retry_s,
    )


def object_location(settings: Settings) -> str:
    """Return where large objects go when nothing is set: the local MinIO if there is one, else a folder."""
    if settings.neo4j is None and status(settings).minio.version is not None:
        return MINIO
    return str(settings.home / "objects")


def _running(
    settings: Settings, name: str, *, start: bool, progress: Progress | None
) -> ServerStatus:
    found = _server(status(settings), name)
    if not start and not found.running:
        raise FailedPrecondition(
            f"The local {name} of {settings.home} is not running.", hint="Start it: headwater up"
        )
    objects = MINIO if name == MINIO else "directory"
    return _server(up(settings, objects=objects, progress=progress), name)


def _server(local: LocalStatus, name: str) -> ServerStatus:
    return local.minio if name == MINIO else local.neo4j
