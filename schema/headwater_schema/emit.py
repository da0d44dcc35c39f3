"""Emits the models' JSON Schemas into `json/`: run it as `python -m headwater_schema.emit`.

What it writes is part of the public contract; a test holds the files to the models.
"""

import inspect
import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from headwater_schema.edges import Association, Attribution, Event, ParentContext
from headwater_schema.nodes import Artifact, Context, Execution
from headwater_schema.requests import ListOptions
from headwater_schema.types import ArtifactType, ContextType, ExecutionType

MODELS: tuple[type, ...] = (
    ArtifactType,
    ExecutionType,
    ContextType,
    Artifact,
    Execution,
    Context,
    Event,
    Attribution,
    Association,
    ParentContext,
    ListOptions,
)
FOLDER = Path(__file__).parent / "json"


def json_schema(model: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what the model takes as JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:headwater:schema:{model.__name__}",
        "title": model.__name__,
        "description": inspect.getdoc(model),
    } | TypeAdapter(model).json_schema()


def emitted() -> dict[str, str]:
    """Return the text of each file of `json/`, by its name."""
    return {
        f"{model.__name__}.json": json.dumps(json_schema(model), ensure_ascii=False, indent=2)
        + "\n"
        for model in MODELS
    }


def main(folder: Path = FOLDER) -> None:
    """Write every file, and remove those of models that are no more."""
    folder.mkdir(exist_ok=True)
    texts = emitted()
    for old in folder.glob("*.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
