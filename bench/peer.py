"""The peer: a real ML Metadata in an environment of its own, made once, spoken to over a pipe."""

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from uv import find_uv_bin

MLMD = "ml-metadata==1.17.1"
"""The newest that installs on Python 3.11 with an older C library; there is none for 3.12."""

_HERE = Path(__file__).parent


class Mlmd:
    """A running MLMD store."""

    def __init__(self, process):
        self._process = process

    def ask(self, name, *arguments):
        """Return the worker's answer to one command."""
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the MLMD worker ended; its error is above")
        return json.loads(line)


@contextmanager
def mlmd():
    """Yield a real MLMD on a new SQLite file."""
    python = environment()
    folder = tempfile.mkdtemp(prefix="headwater-bench-")
    command = [str(python), str(_HERE / "mlmd_worker.py"), f"{folder}/mlmd.sqlite"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Mlmd(process)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
        shutil.rmtree(folder)


def environment():
    """Return the Python of MLMD's environment, made where there is none."""
    folder = _HERE / ".venv-mlmd"
    python = folder / "bin" / "python"
    if not python.exists():
        interpreter = shutil.which("python3.11") or sys.executable
        uv = find_uv_bin()
        subprocess.run([uv, "venv", "--quiet", "--python", interpreter, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), MLMD]
        if subprocess.run(install, check=False).returncode:
            shutil.rmtree(folder)
            raise SystemExit(f"{MLMD} cannot be installed with {interpreter}; it needs Python 3.11")
    return python
