"""The local servers together: up and down."""

from headwater.errors import InvalidArgument
from headwater.local.layout import MINIO, NEO4J, SERVERS, layout
from headwater.local.minio_server import MinioServer
from headwater.local.neo4j_server import Compiler, Neo4jServer
from headwater.local.progress import Progress, Silent
from headwater.local.start import start
from headwater.local.status import LocalStatus, status
from headwater.local.stop import stop
from headwater.settings import Settings

_OBJECTS = ("directory", "minio")


def up(
    settings: Settings,
    *,
    objects: str = "directory",
    compiler: str = "full",
    neo4j_port: int | None = None,
    http_port: int | None = None,
    minio_port: int | None = None,
    progress: Progress | None = None,
) -> LocalStatus:
    """Return the status of the home's servers once they answer, starting what does not run.

    What runs is left as it is, whatever compiler is asked for. Callers that ask at once,
    from any process, get the same servers. They outlive the caller.

    Args:
        settings: names the home, the cache and the Maven repository.
        objects: `minio` runs a MinIO as well, which is built the first time (3 to 6
            minutes); `directory` runs Neo4j alone.
        compiler: `full`, or `c1` for tests.
        neo4j_port: the Bolt port; by default that of the last run, else a free one.
        http_port: the port of Neo4j's HTTP API; by default likewise.
        minio_port: the S3 port; by default likewise.
        progress: told of every long step.

    Raises:
        InvalidArgument: `objects` or `compiler` is none of those.
        NoNetwork: something must be fetched and cannot be.
        NoSpace: the disk is full.
        WrongJava: there is no Java 17 or 21.
        PortInUse: a port asked for is taken.
        FolderInUse: the home's data is held by something that is not its server.
        FailedPrecondition: a server runs on another port than the one asked for, or the
            password of an existing store is gone.
        Unauthenticated: the password file is not the one of the store.
        StartFailed: a server did not start; `lines` holds what its log says.
    """
    _demand_known("objects", objects, known=_OBJECTS)
    _demand_known("compiler", compiler, known=tuple(Compiler))
    neo4j = Neo4jServer(settings, Compiler(compiler), bolt_port=neo4j_port, http_port=http_port)
    start(neo4j, place=layout(settings, NEO4J), progress=progress or Silent())
    if objects == MINIO:
        minio = MinioServer(settings, port=minio_port)
        start(minio, place=layout(settings, MINIO), progress=progress or Silent())
    return status(settings)


def down(settings: Settings, *, timeout_s: float = 15.0) -> LocalStatus:
    """Return the status of the home's servers once none runs; none need run before.

    Args:
        settings: names the home.
        timeout_s: how long they may take to end before they are killed, which is safe:
            both recover what they had acknowledged.

    Raises:
        FolderInUse: a lock is held by something that is not a server of this home.
        DeadlineExceeded: a server did not even end when killed.
    """
    stop([layout(settings, server) for server in SERVERS], timeout_s=timeout_s)
    return status(settings)


def _demand_known(name: str, value: str, *, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidArgument(
            f"{name} must be one of {', '.join(known)}, found {value!r}.", **{name: value}
        )
