import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from headwater_schema import Artifact, Context, Event, Execution
from headwater_schema.emit import FOLDER, MODELS, emitted, json_schema, main
from support import strategies
from support.sameness import same

EXAMPLES = Path(__file__).parents[2] / "schema" / "examples"
VECTORS = EXAMPLES / "ChangeRecord"  # no model: test_change_records.py reads its test vectors
EXAMPLE_FILES = sorted(path for path in EXAMPLES.rglob("*.json") if path.parent != VECTORS)
BY_NAME = {model.__name__: model for model in MODELS}
VALIDATORS = {model: Draft202012Validator(json_schema(model)) for model in MODELS}


def named(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


def test_the_schemas_are_those_of_the_models() -> None:
    if os.environ.get("HEADWATER_GOLDEN") == "rewrite":
        main()

    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}

    assert found == emitted(), "run `make golden`, and read the diff: this is the public contract"


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_is_a_json_schema(model: type) -> None:
    Draft202012Validator.check_schema(json_schema(model))


def test_every_model_has_an_example_and_every_example_a_model() -> None:
    assert {path.parent.name for path in EXAMPLE_FILES} == BY_NAME.keys()


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=named)
def test_an_example_fits_its_schema_and_its_model(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    model = BY_NAME[path.parent.name]

    VALIDATORS[model].validate(json.loads(text))
    adapter = TypeAdapter[Any](model)
    read = adapter.validate_json(text)

    again = adapter.dump_json(read)
    assert same(adapter.validate_json(again), read)
    VALIDATORS[model].validate(json.loads(again))


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        ("Artifact", {"nmae": "x"}),
        ("Artifact", {"state": "RUNNING"}),
        ("Artifact", {"id": 2**63}),
        ("Artifact", {"id": "7"}),
        ("Artifact", {"digest": "md5:0"}),
        ("Artifact", {"name": "x" * 4_001}),
        ("Artifact", {"properties": {"a\0": 1}}),
        ("Artifact", {"properties": {"a": None}}),
        ("Artifact", {"properties": {"a": {"$double": "1"}}}),
        ("Artifact", {"properties": {"a": {"$proto": {}}}}),
        ("ArtifactType", {"name": ""}),
        ("ArtifactType", {}),
        ("ArtifactType", {"name": "T", "properties": {"a": "FLOAT"}}),
        ("ArtifactType", {"name": "T", "base_type": "mlmd.Train"}),
        ("Event", {"artifact_id": 1, "execution_id": 1, "type": "UNKNOWN"}),
        ("Event", {"artifact_id": 1, "type": "INPUT"}),
        ("Event", {"artifact_id": 1, "execution_id": 1, "type": "INPUT", "path": [{}]}),
        (
            "Event",
            {
                "artifact_id": 1,
                "execution_id": 1,
                "type": "INPUT",
                "path": [{"key": "", "index": 1}],
            },
        ),
        ("Attribution", [1]),
        ("ListOptions", {"max_result_size": 0}),
    ],
)
def test_model_and_schema_refuse_the_same(model: str, wrong: object) -> None:
    adapter = TypeAdapter[Any](BY_NAME[model])

    assert not VALIDATORS[BY_NAME[model]].is_valid(wrong)
    with pytest.raises(ValueError, match="validation error"):
        adapter.validate_json(json.dumps(wrong))


@settings(deadline=None)
@given(strategies.any_node())
def test_every_node_fits_its_schema(node: Artifact | Execution | Context) -> None:
    VALIDATORS[type(node)].validate(json.loads(node.model_dump_json()))


@settings(deadline=None)
@given(strategies.events())
def test_every_event_fits_its_schema(event: Event) -> None:
    VALIDATORS[Event].validate(json.loads(event.model_dump_json()))
