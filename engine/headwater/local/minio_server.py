"""How the local MinIO is started and asked. Speaks no S3: `objects` does."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import urllib3

from headwater.errors import Unavailable
from headwater.local.launch import Launch
from headwater.local.layout import Layout
from headwater.local.minio_build import VERSION, build_minio, minio_binary
from headwater.local.ports import LOOPBACK
from headwater.local.progress import Progress
from headwater.local.secret import ensure_password
from headwater.local.status import ServerStatus
from headwater.settings import Settings

USER = "headwater"
_PING_TIMEOUT_S = 2.0
_COMPLAINTS = 8


@dataclass(frozen=True, slots=True)
class MinioServer:
    """MinIO on one folder, as one home runs it."""

    settings: Settings
    port: int | None

    @property
    def version(self) -> str:
        """Return the version of the Go module."""
        return VERSION

    @property
    def user(self) -> str:
        """Return the root user."""
        return USER

    @property
    def ports(self) -> Mapping[str, int | None]:
        """Return the port asked for."""
        return {"s3": self.port}

    def prepare(self, *, progress: Progress) -> None:
        """Build the binary."""
        build_minio(self.settings, progress=progress)

    def launch(self, layout: Layout, ports: Mapping[str, int]) -> Launch:
        """Return the command; the password is in the environment, never in the arguments."""
        address = f"{LOOPBACK}:{ports['s3']}"
        layout.data.mkdir(parents=True, exist_ok=True)
        # Without a folder for certificates it would read the user's ~/.minio.
        folders = ["--certs-dir", str(layout.conf), str(layout.data)]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MINIO_")}
        return Launch(
            command=[
                str(minio_binary(self.settings)),
                *("server", "--quiet", "--address", address),
                *folders,
            ],
            environ={
                **inherited,
                "MINIO_ROOT_USER": USER,
                "MINIO_ROOT_PASSWORD": ensure_password(layout.password),
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
            },
            address=f"http://{address}",
        )

    def ping(self, status: ServerStatus) -> None:
        """Return when the server says that it is ready.

        Raises:
            Unavailable: it does not, or not yet.
        """
        url = f"{status.address}/minio/health/ready"
        try:
            with urllib3.PoolManager(retries=False, timeout=_PING_TIMEOUT_S) as pool:
                answer = pool.request("GET", url)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{url} does not answer: {error}", url=url) from error
        if answer.status != HTTPStatus.OK:
            raise Unavailable(f"{url} answers {answer.status}.", url=url)

    def complaints(self, lines: Sequence[str]) -> list[str]:
        """Return the last lines."""
        return [line.strip() for line in lines if line.strip()][-_COMPLAINTS:]
