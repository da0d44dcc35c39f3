"""Push: a model to the folder from which it is served, as MLflow lays models out."""

import json
import platform
import shutil
import uuid
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from headwater.components import Input, Output, component, previous
from headwater.components.fingerprint import digest_of
from headwater.components.pickling import dumps
from headwater.components.sources import Latest
from headwater.components.standard.measures import served
from headwater.components.standard.types import Model, PushedModel, Transform
from headwater.errors import InvalidArgument

_LIBRARIES = ("joblib", "numpy", "pandas", "scikit-learn")
_MODEL = "model.joblib"


def _moved(pushed: PushedModel) -> str:
    """Return why a pushed model is not what is served from its folder now."""
    root = Path(pushed.destination)
    newest = max(_numbers(root), default=0) if root.is_dir() else 0
    if newest != pushed.pushed_version:
        return f"is not what {root} serves, which is number {newest or 'none'}"
    if digest_of(_digest(root / str(newest))) != pushed.content:
        return f"was changed in {root / str(newest)}"
    return ""


def _outside(folder: str) -> dict[str, object]:
    return {"folder": str(_root(folder))}


@component(outside=_outside, stale=_moved)
def push(
    model: Input[Model],
    pushed: Output[PushedModel],
    transform: Input[Transform] | None = None,
    *,
    folder: str,
) -> None:
    """Put a model and its transformer into the next numbered folder, whole or not at all.

    `model.joblib` is one estimator that predicts from data as it comes; `MLmodel` and
    `requirements.txt` let MLflow load the folder. A model whose version is the newest already stays
    where it is, and the cache answers only while it does, unchanged.

    Args:
        model: the model.
        pushed: the folder that was made, and the same as a payload.
        transform: what the model's features are made by; None where data comes with them.
        folder: where the numbered folders are; it is made where there is none.

    Raises:
        InvalidArgument: no folder is named, or a file is in its place.
    """
    root = _root(folder)
    root.mkdir(parents=True, exist_ok=True)
    estimator = served(model.load(), None if transform is None else transform.load())
    # In the same folder, for a rename across file systems is none.
    made = root / f".{uuid.uuid4().hex}"
    made.mkdir()
    try:
        _write(made, estimator)
        files = _digest(made)
        number = _in_place(made, root, files)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    place = root / str(number)
    shutil.copytree(place, pushed.path)
    pushed.uri = place.as_uri()
    pushed.set(
        destination=str(root),
        pushed_version=number,
        content=digest_of(files),
        task=model.artifact.task,
        target=model.artifact.target,
    )


def pushed_to(folder: str) -> Latest:
    """Return a source: the model that another run pushed to a folder last.

    Args:
        folder: as `push` is given it.
    """
    quoted = str(_root(folder)).replace("\\", "\\\\").replace("'", "\\'")
    return previous(filter_query=f"properties.destination.string_value = '{quoted}'")


def _root(folder: str) -> Path:
    root = Path(folder).expanduser().absolute()
    if not folder or (root.exists() and not root.is_dir()):
        raise InvalidArgument(
            f"A model is pushed to a folder, found {folder!r:.200}.",
            hint="Name a folder, which need not be there.",
            folder=folder,
        )
    return root


def _in_place(made: Path, root: Path, files: Mapping[str, str]) -> int:
    """Return the number under which a model of those files is, after putting it there if it is new."""
    while True:
        newest = max(_numbers(root), default=0)
        if newest and _digest(root / str(newest)) == files:
            return newest
        try:
            made.rename(root / str(newest + 1))
        except OSError:
            # Somebody else took the number; where nobody did, it was another error.
            if not (root / str(newest + 1)).exists():
                raise
        else:
            return newest + 1


def _numbers(root: Path) -> Iterator[int]:
    return (int(path.name) for path in root.iterdir() if path.name.isdecimal())


def _digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


def _write(folder: Path, estimator: Any) -> None:  # noqa: ANN401 - scikit-learn ships no types
    # A plain pickle: joblib reads it as its own, and MLflow reads nothing else.
    (folder / _MODEL).write_bytes(dumps(estimator))
    pinned = [f"{library}=={version(library)}" for library in _LIBRARIES]
    (folder / "requirements.txt").write_text("\n".join([*pinned, ""]))
    flavors = {
        "python_function": {
            "env": {"virtualenv": "python_env.yaml"},
            "loader_module": "mlflow.sklearn",
            "model_path": _MODEL,
            "predict_fn": "predict",
            "python_version": platform.python_version(),
        },
        "sklearn": {
            "code": None,
            "pickled_model": _MODEL,
            "serialization_format": "pickle",
            "sklearn_version": version("scikit-learn"),
        },
    }
    # JSON is YAML, which MLflow reads here.
    (folder / "MLmodel").write_text(json.dumps({"flavors": flavors}, indent=1))
    environment = {
        "python": platform.python_version(),
        "dependencies": ["-r requirements.txt"],
    }
    (folder / "python_env.yaml").write_text(json.dumps(environment, indent=1))
