"""What the process of an isolated step needs before its code begins."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "distributed",
    "grpc",
    "headwater.opening",
    "headwater.store",
    "joblib",
    "minio",
    "neo4j",
    "numpy",
    "pandas",
    "psutil",
    "pyarrow",
    "rich",
    "sklearn",
    "sqlalchemy",
    "urllib3",
}
TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "modules", ["headwater", "headwater.components.child", "headwater.components, support.steps"]
)
def test_no_module_is_imported_that_only_the_run_needs(modules: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import {modules}; print(*sys.modules)"

    told = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert set(told.stdout.split()) & HEAVY == set()
