"""The peers: real programs in environments of their own, made once, spoken to over a pipe."""

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
MLFLOW = "mlflow>=3,<4"
KFP = "kfp==2.17.0"

_HERE = Path(__file__).parent


class Peer:
    """A running peer."""

    def __init__(self, process):
        self._process = process

    def ask(self, name, *arguments):
        """Return the worker's answer to one command."""
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the peer's worker ended; its error is above")
        return json.loads(line)


@contextmanager
def mlmd():
    """Yield a real MLMD on a new SQLite file."""
    with _worker(environment(), "mlmd_worker.py", "mlmd.sqlite") as peer:
        yield peer


@contextmanager
def mlflow():
    """Yield a real MLflow that tracks into a new SQLite file, and artifacts into a folder."""
    python = _environment("mlflow", MLFLOW, sys.executable)
    with _worker(python, "mlflow_worker.py", "mlflow.sqlite") as peer:
        yield peer


@contextmanager
def kfp():
    """Yield the real local runner of Kubeflow Pipelines, which writes into a new folder."""
    python = _environment("kfp", KFP, sys.executable)
    with _worker(python, "kfp_worker.py", "pipelines") as peer:
        yield peer


@contextmanager
def _worker(python, script, file):
    folder = tempfile.mkdtemp(prefix="headwater-bench-")
    command = [str(python), str(_HERE / script), f"{folder}/{file}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Peer(process)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
        shutil.rmtree(folder)


def environment():
    """Return the Python of MLMD's environment, made where there is none."""
    return _environment("mlmd", MLMD, shutil.which("python3.11") or sys.executable)


def _environment(name, requirement, interpreter):
    folder = _HERE / f".venv-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        uv = find_uv_bin()
        subprocess.run([uv, "venv", "--quiet", "--python", interpreter, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), requirement]
        if subprocess.run(install, check=False).returncode:
            shutil.rmtree(folder)
            raise SystemExit(f"{requirement} cannot be installed with {interpreter}")
    return python
