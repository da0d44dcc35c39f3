import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from headwater_schema import Artifact, ArtifactState, Context, Execution
from headwater_schema.nodes import Node
from support import strategies
from support.sameness import same

KINDS = (Artifact, Execution, Context)


def test_a_node_is_frozen() -> None:
    node = Artifact(name="a")

    with pytest.raises(ValidationError, match="Instance is frozen"):
        node.name = "b"  # type: ignore[misc] # the point


@pytest.mark.parametrize("model", KINDS)
def test_an_unknown_field_is_refused_by_its_name(model: type[Node]) -> None:
    with pytest.raises(ValidationError) as raised:
        model.model_validate({"name": "a", "nmae": "b"})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"], error["type"]) == (("nmae",), "b", "extra_forbidden")


@pytest.mark.parametrize("field", ["name", "external_id"])
@pytest.mark.parametrize("model", KINDS)
def test_a_name_over_4000_bytes_is_refused_with_its_size(model: type[Node], field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        model.model_validate({field: "é" * 2_001})

    (error,) = raised.value.errors()
    assert error["loc"] == (field,)
    assert error["msg"] == "Value error, must be at most 4,000 bytes of UTF-8, found 4,002"


def test_a_name_of_4000_bytes_is_a_name() -> None:
    assert Artifact(name="é" * 2_000).name == "é" * 2_000


@pytest.mark.parametrize("value", [True, "7", 7.0, 2**63, -(2**63) - 1])
@pytest.mark.parametrize("field", ["id", "type_id", "create_time_since_epoch"])
def test_what_is_no_int64_is_no_id_or_time(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        Artifact.model_validate({field: value})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == ((field,), value)


@pytest.mark.parametrize("field", ["name", "external_id", "uri", "type", "series"])
def test_a_lone_surrogate_in_a_text_is_refused_by_its_field(field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Artifact.model_validate({field: "a\ud800"})

    (error,) = raised.value.errors()
    assert error["loc"] == (field,)
    assert error["msg"].endswith("text must be valid Unicode, found a lone surrogate at position 1")


def test_a_state_of_another_kind_is_refused() -> None:
    with pytest.raises(ValidationError) as raised:
        Execution.model_validate({"last_known_state": "LIVE"})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == (("last_known_state",), "LIVE")


def test_a_context_has_no_state() -> None:
    with pytest.raises(ValidationError, match="state"):
        Context.model_validate({"state": "LIVE"})


def test_an_unset_state_is_not_the_state_unknown() -> None:
    assert Artifact().state is None
    assert Artifact(state=ArtifactState.UNKNOWN).state is ArtifactState.UNKNOWN


@pytest.mark.parametrize("digest", ["", "sha256:", "0" * 64, "sha256:" + "g" * 64])
def test_a_digest_says_its_algorithm_and_has_64_hex_digits(digest: str) -> None:
    with pytest.raises(ValidationError, match="digest"):
        Artifact(digest=digest)


@settings(deadline=None)
@given(strategies.any_node())
def test_every_node_survives_json(node: Artifact | Execution | Context) -> None:
    read = type(node).model_validate_json(node.model_dump_json())

    assert same(read, node)
    assert read.model_dump_json() == node.model_dump_json()
