"""Prints the content of all that the standard components make of a table; run in a process."""

import json
import sys
import tempfile
from pathlib import Path

from headwater.components.standard import (
    bless,
    evaluate,
    generate_statistics,
    import_file,
    infer_schema,
    ingest,
    push,
    split,
    train,
    transform,
    tune,
    validate,
)
from headwater.objects import DirectoryStore
from support.calls import Calls, content

SPACES = {
    "sklearn.linear_model.LogisticRegression": {"C": {"low": 0.1, "high": 10.0, "log": True}},
    "sklearn.ensemble.RandomForestClassifier": {"n_estimators": {"low": 3, "high": 9}},
    "sklearn.ensemble.HistGradientBoostingClassifier": {"max_iter": [3, 5]},
    "sklearn.svm.SVC": {"kernel": ["rbf", "linear"]},
    "sklearn.neighbors.KNeighborsClassifier": {"n_neighbors": {"low": 1, "high": 9, "step": 2}},
}


def made(calls: Calls, path: str, target: str) -> dict[str, object]:
    """Return what each component makes, by component, estimator and output."""
    found = {"import": calls(import_file, path=path)}
    found["ingest"] = calls(ingest, raw=found["import"]["raw"])
    found["split"] = parts = calls(split, data=found["ingest"]["data"], stratify=target)
    found["statistics"] = calls(generate_statistics, data=parts["train"])
    known = found["statistics"]["statistics"]
    found["schema"] = calls(infer_schema, statistics=known, slack=0.0)
    schema = found["schema"]["schema"]
    found["validate"] = calls(
        validate, data=parts["eval"], schema=schema, previous_statistics=known, max_distance=0.0
    )
    found["transform"] = ready = calls(transform, **parts, target=target)
    for name, space in SPACES.items():
        about = {"data": ready["transformed_train"], "target": target, "estimator": name}
        found[f"tune {name}"] = best = calls(tune, **about, space=space, trials=3)
        found[f"train {name}"] = model = calls(train, **about, **best)
        served = {**model, "transform": ready["transform"]}
        data = parts["eval"]
        found[f"evaluate {name}"] = told = calls(evaluate, **served, data=data, slices=["region"])
        with tempfile.TemporaryDirectory() as folder:
            pushed = calls(push, **served, folder=folder)
            found[f"push {name}"] = {"payload": pushed["pushed"].digest}
        found[f"bless {name}"] = calls(bless, **model, **told, data=data, baseline=pushed["pushed"])
    return {
        f"{name}.{key}": one if isinstance(one, str) else content(one)
        for name, outputs in found.items()
        for key, one in outputs.items()
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, DirectoryStore(Path(place) / "objects") as objects:
        json.dump(made(Calls(objects, Path(place) / "calls"), *sys.argv[1:]), sys.stdout)
