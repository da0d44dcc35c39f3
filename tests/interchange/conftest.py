import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def database(tmp_path: Path) -> Callable[[int | str], Path]:
    """Return a database that the real client made, by its schema version, or the odd one."""

    def unpack(version: int | str) -> Path:
        path = tmp_path / f"mlmd-{version}.sqlite"
        path.write_bytes(gzip.decompress((FIXTURES / f"{path.name}.gz").read_bytes()))
        return path

    return unpack


@pytest.fixture
def read_by_client() -> Callable[[int], Any]:
    """Return what the real client read in the database of a schema version."""

    def unpack(version: int) -> Any:
        return json.loads(gzip.decompress((FIXTURES / f"mlmd-{version}.json.gz").read_bytes()))

    return unpack
