"""Generated graphs, made once for each shape and size: our store by the offline load, and MLMD's."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

_HERE = Path(__file__).parent
_UNITS = {"k": 1_000, "m": 1_000_000}


def size(text):
    """Return a size as a number: 10k, 100k, 1M or plain digits."""
    text = text.lower().replace(",", "").replace("_", "")
    return int(float(text[:-1]) * _UNITS[text[-1]]) if text[-1] in _UNITS else int(text)


def folder():
    """Return where graphs are kept: `HEADWATER_BENCH_CACHE`, or the user's cache."""
    asked = os.environ.get("HEADWATER_BENCH_CACHE")
    return Path(asked) if asked else user_cache_path("headwater") / "bench"


def graph(shape, nodes):
    """Return headwater's home and MLMD's file of a graph, made where they are not there.

    A graph is made beside its place and moved there whole, so one half made is never used.
    """
    # Another generator gives other graphs, which must not be taken for these.
    texts = b"".join((_HERE / f"{name}.py").read_bytes() for name in ("generate", "lineages"))
    stamp = hashlib.sha256(texts).hexdigest()[:8]
    place = folder() / f"{shape}-{nodes}-{stamp}"
    if not place.exists():
        half = place.with_name(place.name + ".half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        made = [shape, "--nodes", str(nodes), "--sqlite", str(half / "mlmd.sqlite")]
        command = [sys.executable, str(_HERE / "generate.py"), *made, "--home", str(half / "home")]
        subprocess.run(command, check=True)
        half.rename(place)
    return place / "home", place / "mlmd.sqlite"
