import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from headwater_schema import Event, EventType, PathStep
from headwater_schema.edges import INPUT_TYPES, OUTPUT_TYPES
from support import strategies


def test_an_event_is_frozen() -> None:
    event = Event(artifact_id=1, execution_id=2, type=EventType.INPUT)

    with pytest.raises(ValidationError, match="Instance is frozen"):
        event.artifact_id = 3  # type: ignore[misc] # the point


@pytest.mark.parametrize("fields", [{}, {"index": 1, "key": "a"}, {"index": None, "key": None}])
def test_a_path_step_has_an_index_or_a_key(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="a path step has either an index or a key"):
        PathStep.model_validate(fields)


@pytest.mark.parametrize("step", [{"index": 0}, {"key": ""}, {"index": -1}])
def test_zero_and_the_empty_key_are_steps(step: dict[str, object]) -> None:
    assert PathStep.model_validate(step).model_dump(exclude_none=True) == step


@pytest.mark.parametrize("index", [True, "1", 2**63])
def test_an_index_is_an_int64(index: object) -> None:
    with pytest.raises(ValidationError) as raised:
        PathStep.model_validate({"index": index})

    assert raised.value.errors()[0]["loc"] == ("index",)


def test_the_type_unknown_is_refused() -> None:
    with pytest.raises(ValidationError) as raised:
        Event.model_validate({"artifact_id": 1, "execution_id": 2, "type": "UNKNOWN"})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == (("type",), "UNKNOWN")


@pytest.mark.parametrize("missing", ["artifact_id", "execution_id", "type"])
def test_an_event_without_an_end_or_a_type_is_refused(missing: str) -> None:
    fields = {"artifact_id": 1, "execution_id": 2, "type": "INPUT"}
    del fields[missing]

    with pytest.raises(ValidationError) as raised:
        Event.model_validate(fields)

    (error,) = raised.value.errors()
    assert (error["loc"], error["type"]) == ((missing,), "missing")


def test_each_event_type_is_an_input_or_an_output_as_its_name_says() -> None:
    assert {e for e in EventType if e.endswith("INPUT")} == INPUT_TYPES
    assert {e for e in EventType if e.endswith("OUTPUT")} == OUTPUT_TYPES
    assert all(e.is_input == (e in INPUT_TYPES) for e in EventType)


@settings(deadline=None)
@given(strategies.events())
def test_every_event_survives_json(event: Event) -> None:
    assert Event.model_validate_json(event.model_dump_json()) == event
