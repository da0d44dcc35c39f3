"""The real ML Metadata, in an environment of its own: it cannot be installed beside headwater."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

MLMD = "ml-metadata==1.17.1"
"""The newest that installs on Python 3.11 with an older C library; there is none for 3.12."""

VARIABLE = "HEADWATER_TEST_MLMD"
"""Names a Python that has it already."""

_TOOLS = ("hypothesis>=6.112", "pytest>=8.3")
"""What the suite in MLMD's wheel and the differential tests need beside it."""

_FOLDER = Path(__file__).parents[2] / "bench" / ".venv-mlmd"


def real_mlmd() -> Path:
    """Return a Python that has ml-metadata, in the environment that the benchmarks use too.

    Where none can be made the test is skipped, and fails when CI is set.
    """
    try:
        return _python()
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"{MLMD} cannot be installed: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@functools.cache
def _python() -> Path:
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    python = _FOLDER / "bin" / "python"
    stamp = _FOLDER / ".stamp-tests"
    if not stamp.exists():
        uv = find_uv_bin()
        interpreter = shutil.which("python3.11") or sys.executable
        make = [uv, "venv", "--quiet", "--python", interpreter, str(_FOLDER)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python), MLMD, *_TOOLS]
        for command in (install,) if python.exists() else (make, install):
            subprocess.run(command, check=True)  # noqa: S603 - our own command
        stamp.touch()
    return python
