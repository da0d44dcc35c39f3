"""Typed nodes: users' classes as types, and stored nodes as users' objects."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

import headwater
from headwater import ArtifactBaseType, ProtoValue
from headwater.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from headwater_schema import ArtifactType, PropertyKind, TypeKind


class Colour(str, Enum):  # noqa: UP042 - the older way that users have too
    RED = "red"


class Level(int, Enum):
    LOW = 1


class Split(BaseModel):
    name: str
    parts: tuple[int, ...] = ()


class Everything(headwater.Artifact, base_type=ArtifactBaseType.DATASET):
    """All that a class can declare.

    More about it.
    """

    whole: int
    real: float
    text: str
    flag: bool
    many: list[int]
    some: dict[str, Any]
    pair: tuple[int, str]
    model: Split
    models: list[Split]
    message: ProtoValue
    maybe: int | None = None
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    choice: Literal["a", "b"] = "a"
    noted: Annotated[int, Field(ge=0)] = 0
    quiet: str = headwater.Property(default="", index=False)
    renamed: int = headwater.Property(default=0, alias="re named")


def everything() -> Everything:
    return Everything(
        name="e",
        whole=2**63 - 1,
        real=1,
        text="é\0😀",
        flag=True,
        many=[1],
        some={"k": [None, 1.5]},
        pair=(1, "x"),
        model=Split(name="s", parts=(1, 2)),
        models=[Split(name="t")],
        message=ProtoValue(type_url="t/x.Y", value=b"\0\xff"),
        **{"re named": 7},
    )


def put_and_read(store: headwater.MetadataStore, artifact: Any) -> Any:
    class Step(headwater.Execution):
        pass

    with store.run(Step()) as run:
        made = run.output(artifact)
    return store.artifact(made, type=type(artifact))


def test_annotations_give_the_kinds() -> None:
    declared = Everything.node_type()

    assert isinstance(declared, ArtifactType)
    assert (declared.name, declared.description) == ("Everything", "All that a class can declare.")
    assert declared.base_type is ArtifactBaseType.DATASET
    assert declared.unindexed == {"quiet"}
    assert {key: str(kind) for key, kind in declared.properties.items()} == {
        "whole": "INT",
        "real": "DOUBLE",
        "text": "STRING",
        "flag": "BOOLEAN",
        "many": "STRUCT",
        "some": "STRUCT",
        "pair": "STRUCT",
        "model": "STRUCT",
        "models": "STRUCT",
        "message": "PROTO",
        "maybe": "INT",
        "colour": "STRING",
        "level": "INT",
        "choice": "STRING",
        "noted": "INT",
        "quiet": "STRING",
        "re named": "INT",
    }


def test_every_kind_of_field_comes_back(store: headwater.MetadataStore) -> None:
    given = everything()

    found = put_and_read(store, given)

    for name in Everything.node_type().properties:
        field = "renamed" if name == "re named" else name
        assert getattr(found, field) == getattr(given, field)
    assert found.model.parts == (1, 2)
    assert type(found.real) is float


def test_a_class_says_its_name_and_version() -> None:
    class Old(headwater.Artifact, type_name="com.Model", type_version="2"):
        pass

    declared = Old.node_type()

    assert (declared.name, declared.version) == ("com.Model", "2")


def test_a_subclass_has_the_fields_of_its_base() -> None:
    class Base(headwater.Artifact):
        rows: int = 0

    class Table(Base):
        columns: int = 0

    assert Table.node_type().name == "Table"
    assert set(Table.node_type().properties) == {"rows", "columns"}


def _with_state() -> type:
    class Wrong(headwater.Artifact):
        state: str  # type: ignore[assignment] # what is refused

    return Wrong


def _with_kind() -> type:
    class Wrong(headwater.Execution):
        type_name: str  # type: ignore[misc] # what is refused

    return Wrong


def _with_uri_on_an_execution() -> type:
    class Wrong(headwater.Execution):
        uri: str

    return Wrong


@pytest.mark.filterwarnings("ignore:Field name")
@pytest.mark.parametrize("make", [_with_state, _with_kind, _with_uri_on_an_execution])
def test_a_field_that_every_node_has_is_refused(make: Callable[[], type]) -> None:
    with pytest.raises(TypeError, match="every node has already"):
        make()


def _bytes() -> type:
    class Wrong(headwater.Artifact):
        field: bytes

    return Wrong


def _any() -> type:
    class Wrong(headwater.Artifact):
        field: Any

    return Wrong


def _two_kinds() -> type:
    class Wrong(headwater.Artifact):
        field: int | str

    return Wrong


@pytest.mark.parametrize("make", [_bytes, _any, _two_kinds])
def test_an_annotation_without_a_kind_is_refused(make: Callable[[], type]) -> None:
    with pytest.raises(TypeError, match=r"Wrong\.field.*has no property kind"):
        make()


def test_the_bases_declare_no_type() -> None:
    with pytest.raises(TypeError, match="derive a class"):
        headwater.Artifact.node_type()


def test_an_object_is_checked_when_it_is_made() -> None:
    class Model(headwater.Artifact):
        accuracy: float

    with pytest.raises(ValidationError):
        Model(accuracy="high")
    with pytest.raises(ValidationError):
        Model(accuracy=1.0, unknown=1)  # type: ignore[call-arg] # likewise


def test_a_number_too_large_is_an_invalid_argument(store: headwater.MetadataStore) -> None:
    class Data(headwater.Artifact):
        rows: int

    with pytest.raises(InvalidArgument, match="rows"):
        put_and_read(store, Data(rows=2**63))


def test_a_class_that_gained_a_field_reads_what_was_stored_before(
    store: headwater.MetadataStore,
) -> None:
    class Old(headwater.Artifact, type_name="Model"):
        accuracy: float

    class New(headwater.Artifact, type_name="Model"):
        accuracy: float
        loss: float | None = None

    old = put_and_read(store, Old(accuracy=0.5))
    new = put_and_read(store, New(accuracy=0.6, loss=0.1))

    assert store.artifact(old, type=New).loss is None
    assert store.artifact(new, type=Old).properties == {"accuracy": 0.6, "loss": 0.1}
    stored = store.types.get(TypeKind.ARTIFACT, "Model")
    assert stored.properties == {"accuracy": PropertyKind.DOUBLE, "loss": PropertyKind.DOUBLE}


def test_a_field_cannot_change_its_kind(store: headwater.MetadataStore) -> None:
    class Old(headwater.Artifact, type_name="Model"):
        size: int

    class New(headwater.Artifact, type_name="Model"):
        size: str

    put_and_read(store, Old(size=1))

    with pytest.raises(AlreadyExists, match=r"'size' \(INT to STRING\)"):
        store.register(New)


def test_a_stored_node_that_does_not_fit_the_class_is_told(
    store: headwater.MetadataStore,
) -> None:
    class Old(headwater.Artifact, type_name="Model"):
        pass

    class New(headwater.Artifact, type_name="Model"):
        size: int

    made = put_and_read(store, Old())

    with pytest.raises(FailedPrecondition, match="does not fit class New"):
        store.artifact(made, type=New)


def test_an_unindexed_property_has_no_index(store: headwater.MetadataStore) -> None:
    class Data(headwater.Artifact):
        source: str = headwater.Property(default="", index=False)

    store.register(Data)

    assert store.types.get(TypeKind.ARTIFACT, "Data").unindexed == {"source"}
    assert not list(
        store.cypher(
            "MATCH (t:Type {namespace: $ns, name: 'Data'}) WHERE NOT 'source' IN t.unindexed RETURN t",
            ns=store.namespace,
        )
    )


def test_custom_properties_come_back_beside_the_declared_ones(
    store: headwater.MetadataStore,
) -> None:
    class Data(headwater.Artifact):
        rows: int = 0

    found = put_and_read(store, Data(rows=1, custom_properties={"rows": "x", "é": [1]}))

    assert found.rows == 1
    assert found.custom_properties == {"rows": "x", "é": [1]}


def test_a_node_reads_as_the_base_class_too(store: headwater.MetadataStore) -> None:
    class Data(headwater.Artifact):
        rows: int = 0

    made = put_and_read(store, Data(rows=1))

    assert store.artifact(made).properties == {"rows": 1}
