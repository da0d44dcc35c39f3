"""Environments: what a run runs in, recorded as an artifact that equal runs share.

Kept are the code's commit and what differs from it, the versions of Python and of packages, the
host, the operating system, the command line, and seeds. Never kept are values of environment
variables, but for the seed of hashes; what on the command line looks like a secret is masked. The
diff is kept as it is: a secret that was written into a tracked file is in it.
"""

import json
import os
import platform
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.components.fingerprint import Versions, counted, installed_packages
from headwater.components.working_tree import WorkingTree, working_tree
from headwater.errors import AlreadyExists
from headwater.masking import masked
from headwater.typed import Artifact, Property
from headwater_schema import ArtifactState, PutRequest, StoredPayload

if TYPE_CHECKING:
    from headwater.store import MetadataStore

SERIES = "environment"
"""What the artifacts are versions of."""


class Environment(Artifact):
    """What runs ran in. Its payload is one JSON document, which says all of it.

    Attributes:
        git_commit: of the working tree; None outside of one, and before the first.
        git_dirty: whether something differed from it, or files were not tracked.
        git_diff_digest: sha256 of the whole diff, if there was one.
        python_version: such as 3.12.4.
        python_hash_seed: PYTHONHASHSEED, where it was set.
        packages_digest: sha256 of the names and versions of all distributions.
        platform: operating system, its version, and the machine.
        host: the machine's name.
    """

    git_commit: str | None = None
    git_dirty: bool | None = Property(default=None, index=False)
    git_diff_digest: str | None = Property(default=None, index=False)
    python_version: str = Property(index=False)
    python_hash_seed: str | None = Property(default=None, index=False)
    packages_digest: str = Property(index=False)
    platform: str = Property(index=False)
    host: str = Property(index=False)


@dataclass(frozen=True)
class Captured:
    """What an environment says, as it was found.

    Attributes:
        git: the working tree of the code; None outside of one, or without git.
        python_version: such as 3.12.4.
        python_implementation: such as cpython.
        packages: version of every installed distribution, by name.
        platform: operating system, its version, and the machine.
        machine: such as x86_64.
        host: the machine's name.
        command_line: of this process, without its secrets.
        seeds: by name; PYTHONHASHSEED, where it is set, and what the caller gave.
    """

    git: WorkingTree | None
    python_version: str
    python_implementation: str
    packages: Mapping[str, str]
    platform: str
    machine: str
    host: str
    command_line: tuple[str, ...]
    seeds: Mapping[str, int | str]

    @cached_property
    def document(self) -> bytes:
        """All of it as one JSON document, the same for equal ones."""
        # Names of files may hold bytes that are no text; escaped, they are valid JSON.
        return json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=True).encode()

    @property
    def digest(self) -> str:
        """The sha256 of the document, in hexadecimal."""
        return sha256(self.document).hexdigest()


def capture(
    path: Path | None = None,
    *,
    seeds: Mapping[str, int] | None = None,
    command_line: Sequence[str] | None = None,
) -> Captured:
    """Return the environment of this process.

    Args:
        path: of the code, a file or folder; None for the current folder.
        seeds: that the program set, by name, such as `{"numpy": 7}`.
        command_line: None for that of this process.
    """
    arguments = sys.orig_argv if command_line is None else command_line
    hash_seed = os.environ.get("PYTHONHASHSEED")
    known: dict[str, int | str] = {} if hash_seed is None else {"PYTHONHASHSEED": hash_seed}
    return Captured(
        git=working_tree(Path.cwd() if path is None else path),
        python_version=platform.python_version(),
        python_implementation=sys.implementation.name,
        packages=installed_packages(),
        platform=platform.platform(),
        machine=platform.machine(),
        host=socket.gethostname(),
        command_line=tuple(masked(arguments)),
        seeds={**known, **(seeds or {})},
    )


def record(store: "MetadataStore", captured: Captured) -> int:
    """Return the id of the artifact that says this, made where there is none.

    Equal environments have one artifact, found by its external id, and one object. To find it
    costs one read and changes nothing.

    Args:
        store: where it is recorded.
        captured: what it says.
    """
    external_id = f"{SERIES}:sha256:{captured.digest}"
    known = _find(store, external_id)
    if known is not None:
        return known
    stored = store.objects.put(captured.document)
    node = _artifact(captured, external_id=external_id, uri=stored.uri)
    request = PutRequest(
        artifacts=(node.to_node(store.type_id(Environment)),),
        series={0: SERIES},
        payloads={0: StoredPayload(stored.digest, stored.size_bytes)},
    )
    try:
        return store.put(request).artifact_ids[0]
    except AlreadyExists:
        # Another run recorded it between the look and the put.
        known = _find(store, external_id)
        if known is None:
            raise
        return known


def versions_of(document: bytes) -> Versions | None:
    """Return what counted of an environment, out of its document; None of one that lacks some.

    Args:
        document: the payload of an `Environment`.
    """
    said = json.loads(document)
    try:
        return counted(
            implementation=said["python_implementation"],
            machine=said["machine"],
            python=said["python_version"],
            packages=said["packages"],
        )
    except KeyError:
        return None


def _find(store: "MetadataStore", external_id: str) -> int | None:
    found = store.artifacts.by_external_ids([external_id])
    return found[0].id if found else None


def _artifact(captured: Captured, *, external_id: str, uri: str) -> Environment:
    git = captured.git
    packages = json.dumps(dict(captured.packages), sort_keys=True).encode()
    hash_seed = captured.seeds.get("PYTHONHASHSEED")
    return Environment(
        external_id=external_id,
        uri=uri,
        state=ArtifactState.LIVE,
        git_commit=None if git is None else git.commit,
        git_dirty=None if git is None else git.is_dirty,
        git_diff_digest=None if git is None else git.diff_digest,
        python_version=captured.python_version,
        python_hash_seed=None if hash_seed is None else str(hash_seed),
        packages_digest=sha256(packages).hexdigest(),
        platform=captured.platform,
        host=captured.host,
    )
