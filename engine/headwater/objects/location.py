"""From the text that says where objects are to the store.

Owns the spellings of a location.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from headwater.errors import InvalidArgument
from headwater.objects.contract import ObjectStore
from headwater.objects.directory import DirectoryStore
from headwater.objects.patient import PatientStore

AWS_ADDRESS = "https://s3.amazonaws.com"

_SPELLINGS = "Write a folder, s3://bucket/prefix, or http(s)://host:port/bucket/prefix."


@dataclass(frozen=True)
class ObjectPlace:
    """Where a store is and what it is opened with; can be sent to another process.

    Attributes:
        location: as `open_object_store` takes it.
        access_key: S3 access key.
        secret_key: S3 secret key.
        region: S3 region; None asks the store.
        retry_s: how long an S3 store that goes away is waited for, in seconds.
        known: whether it has answered before, so that it is waited for from the start.
    """

    location: str
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str | None = None
    retry_s: float = 0.0
    known: bool = False

    def open(self) -> ObjectStore:
        """Return the store that is there, as `open_object_store` does."""
        store = open_object_store(
            self.location,
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
        )
        # A folder is there or not; what its errors tell is no use waiting for.
        if not self.retry_s or isinstance(store, DirectoryStore):
            return store
        return PatientStore(store, self.retry_s, known=self.known)


def open_object_store(
    location: str,
    *,
    access_key: str | None = None,
    secret_key: str | None = None,
    region: str | None = None,
) -> ObjectStore:
    """Return the store at a location; nothing is created and no server is asked yet.

    Args:
        location: a folder's path or `file://` url; `s3://bucket/prefix` for AWS; or
            `http(s)://host:port/bucket/prefix` for another S3 store.
        access_key: S3 access key.
        secret_key: S3 secret key.
        region: S3 region; None asks the store.

    Raises:
        InvalidArgument: the location is none of these.
        Unauthenticated: an S3 store without both keys.
    """
    url = _split(location)
    match url.scheme:
        case "":
            return DirectoryStore(_folder(location))
        case "file":
            return DirectoryStore(_file_url(url))
        case "s3":
            address, path = AWS_ADDRESS, f"{url.netloc}{url.path}"
        case "http" | "https":
            address, path = f"{url.scheme}://{url.netloc}", url.path.removeprefix("/")
        case _:
            raise _refused(location, f"objects cannot be kept at {url.scheme}://")
    # Imported where it is needed: the SDK takes longer to load than all the rest of headwater.
    from headwater.objects.bucket import BucketStore  # noqa: PLC0415  # see above

    bucket, _, prefix = path.partition("/")
    if not url.netloc or not bucket:
        raise _refused(location, "the bucket is missing")
    return BucketStore(
        address,
        bucket,
        prefix=unquote(prefix),
        access_key=access_key,
        secret_key=secret_key,
        region=region,
    )


def _split(location: str) -> SplitResult:
    if "://" not in location:
        return SplitResult("", "", location, "", "")
    try:
        url = urlsplit(location)
        port = url.port
    except ValueError as error:
        raise _refused(location.partition("://")[0] + "://…", str(error)) from None
    shown = f"{url.scheme}://{url.hostname or ''}{f':{port}' if port else ''}{url.path}"
    if url.username is not None or url.password is not None:
        # Never shown whole: it holds a secret.
        raise _refused(
            shown,
            "it holds credentials; keep them in HEADWATER_S3_ACCESS_KEY and"
            " HEADWATER_S3_SECRET_KEY",
        )
    if url.query or url.fragment:
        raise _refused(shown, "it has a query or a fragment")
    return url


def _folder(text: str) -> Path:
    if not text.strip():
        raise _refused(text, "it is empty")
    if text == "minio":
        raise InvalidArgument(
            "`minio` stands for the server that headwater runs; here an address is needed.",
            hint="A folder of that name is ./minio.",
            location=text,
        )
    return Path(text).expanduser().absolute()


def _file_url(url: SplitResult) -> Path:
    if url.netloc not in {"", "localhost"} or not url.path:
        raise _refused(url.geturl(), "a file url names a folder of this machine")
    return Path(unquote(url.path))


def _refused(location: str, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"Not where objects can be: {location!r}: {why}.", hint=_SPELLINGS, location=location
    )
