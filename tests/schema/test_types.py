import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from headwater_schema import (
    ArtifactType,
    ContextType,
    ExecutionType,
    NodeType,
    PropertyKind,
    TypeKind,
)
from headwater_schema.types import FIRST_USER_TYPE_ID, SYSTEM_TYPES
from support import strategies
from support.sameness import same

MODELS: dict[TypeKind, type[NodeType]] = {
    TypeKind.ARTIFACT: ArtifactType,
    TypeKind.EXECUTION: ExecutionType,
    TypeKind.CONTEXT: ContextType,
}


def test_a_type_is_frozen() -> None:
    model = ArtifactType(name="Model")

    with pytest.raises(ValidationError, match="Instance is frozen"):
        model.name = "Other"  # type: ignore[misc] # the point


@pytest.mark.parametrize("model", MODELS.values())
def test_a_type_needs_a_name(model: type[NodeType]) -> None:
    with pytest.raises(ValidationError) as raised:
        model(name="")

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == (("name",), "")
    assert "at least 1 character" in error["msg"]


def test_a_type_name_is_at_most_4000_bytes() -> None:
    with pytest.raises(ValidationError, match=r"must be at most 4,000 bytes of UTF-8, found 4,001"):
        ArtifactType(name="x" * 4_001)


def test_an_unknown_field_of_a_type_is_refused_by_its_name() -> None:
    with pytest.raises(ValidationError) as raised:
        ArtifactType(name="Model", propertys={})  # type: ignore[call-arg] # the point

    (error,) = raised.value.errors()
    assert (error["loc"], error["type"]) == (("propertys",), "extra_forbidden")


def test_an_unknown_kind_of_property_is_refused_by_its_key() -> None:
    with pytest.raises(ValidationError) as raised:
        ArtifactType.model_validate({"name": "Model", "properties": {"rows": "UNKNOWN"}})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == (("properties", "rows"), "UNKNOWN")


def test_a_base_type_of_another_kind_is_refused() -> None:
    with pytest.raises(ValidationError) as raised:
        ArtifactType.model_validate({"name": "Model", "base_type": "mlmd.Train"})

    (error,) = raised.value.errors()
    assert (error["loc"], error["input"]) == (("base_type",), "mlmd.Train")


def test_a_context_type_has_no_base_type() -> None:
    with pytest.raises(ValidationError, match="base_type"):
        ContextType.model_validate({"name": "Run", "base_type": "mlmd.Train"})


def test_an_empty_version_is_unset() -> None:
    assert ArtifactType(name="Model", version="").version is None


def test_the_unindexed_properties_are_written_in_order() -> None:
    model = ArtifactType(name="Model", unindexed=frozenset({"c", "a", "b"}))

    assert '"unindexed":["a","b","c"]' in model.model_dump_json()


def test_a_declared_key_with_nul_is_refused() -> None:
    with pytest.raises(ValidationError, match="a property key holds no NUL"):
        ArtifactType(name="Model", properties={"a\0": PropertyKind.INT})


def test_the_first_type_of_a_user_has_id_10() -> None:
    assert FIRST_USER_TYPE_ID == 10
    assert [name for _, name in SYSTEM_TYPES][:2] == ["mlmd.Dataset", "mlmd.Model"]


@settings(deadline=None)
@given(st.sampled_from(TypeKind).flatmap(strategies.node_types))
def test_every_type_survives_json(node_type: NodeType) -> None:
    read = type(node_type).model_validate_json(node_type.model_dump_json())

    assert same(read, node_type)
    assert read.model_dump_json() == node_type.model_dump_json()
