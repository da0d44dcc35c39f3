"""Types, by the rules of ML Metadata."""

import pytest
from pydantic import ValidationError

from headwater.errors import AlreadyExists, NotFound, Unimplemented
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactType,
    ContextType,
    ExecutionBaseType,
    ExecutionType,
    PropertyKind,
    PutRequest,
    TypeKind,
)
from support.clocked import Services

INT, STRING = PropertyKind.INT, PropertyKind.STRING


def test_the_first_type_of_a_fresh_namespace_is_ten(services: Services) -> None:
    assert services.types.put([ArtifactType(name="A"), ContextType(name="C")]) == [10, 11]


def test_putting_a_type_again_gives_its_id(services: Services) -> None:
    ids = services.types.put([ArtifactType(name="A"), ArtifactType(name="A", id=77)])

    assert ids == services.types.put([ArtifactType(name="A")]) * 2


def test_a_name_in_another_kind_or_version_is_another_type(services: Services) -> None:
    ids = services.types.put(
        [
            ArtifactType(name="A"),
            ExecutionType(name="A"),
            ContextType(name="A"),
            ArtifactType(name="A", version="1"),
            ArtifactType(name="A", version=""),
        ]
    )

    assert ids == [10, 11, 12, 13, 10]


def test_an_empty_version_reads_back_unset(services: Services) -> None:
    services.types.put([ArtifactType(name="A", version="")])

    assert services.types.get(TypeKind.ARTIFACT, "A").version is None


def test_a_failed_put_uses_up_no_id(services: Services) -> None:
    services.types.put([ArtifactType(name="A", properties={"a": INT})])
    with pytest.raises(AlreadyExists):
        services.types.put([ArtifactType(name="B"), ArtifactType(name="A")])

    assert services.types.put([ArtifactType(name="C")]) == [11]
    assert services.types.find(TypeKind.ARTIFACT, "B") is None


@pytest.mark.parametrize("flag", [False, True])
def test_a_property_cannot_change_its_kind(services: Services, *, flag: bool) -> None:
    services.types.put([ArtifactType(name="A", properties={"a": INT})])

    with pytest.raises(AlreadyExists, match="Type already exists with different properties"):
        services.types.put(
            [ArtifactType(name="A", properties={"a": STRING})],
            can_add_fields=flag,
            can_omit_fields=flag,
        )


def test_properties_are_added_only_if_that_is_allowed(services: Services) -> None:
    more = ArtifactType(name="A", properties={"a": INT, "b": STRING})
    services.types.put([ArtifactType(name="A", properties={"a": INT})])

    with pytest.raises(AlreadyExists, match="adds 'b'"):
        services.types.put([more])
    services.types.put([more], can_add_fields=True)

    assert services.types.get(TypeKind.ARTIFACT, "A").properties == {"a": INT, "b": STRING}


def test_omitting_properties_must_be_allowed_and_removes_nothing(services: Services) -> None:
    services.types.put([ArtifactType(name="A", properties={"a": INT})])

    with pytest.raises(AlreadyExists, match="lacks 'a'"):
        services.types.put([ArtifactType(name="A")])
    services.types.put([ArtifactType(name="A")], can_omit_fields=True)

    assert services.types.get(TypeKind.ARTIFACT, "A").properties == {"a": INT}


@pytest.mark.parametrize(("add", "omit"), [(True, False), (False, True), (True, True)])
def test_replacing_a_property_needs_both(services: Services, *, add: bool, omit: bool) -> None:
    services.types.put([ArtifactType(name="A", properties={"a": INT})])
    other = [ArtifactType(name="A", properties={"b": INT})]

    if add and omit:
        services.types.put(other, can_add_fields=add, can_omit_fields=omit)
        assert services.types.get(TypeKind.ARTIFACT, "A").properties == {"a": INT, "b": INT}
    else:
        with pytest.raises(AlreadyExists):
            services.types.put(other, can_add_fields=add, can_omit_fields=omit)


def test_description_and_signatures_are_kept_from_the_first_put(services: Services) -> None:
    first = ExecutionType(name="E", description="one", input_type={"any": {}})
    services.types.put([first])

    services.types.put([ExecutionType(name="E", description="two", output_type={"any": {}})])

    found = services.types.get(TypeKind.EXECUTION, "E")
    assert dict(found) == dict(first) | {"id": 10}


def test_an_external_id_stays_until_another_is_given(services: Services) -> None:
    services.types.put([ArtifactType(name="A", external_id="x")])
    services.types.put([ArtifactType(name="A")])
    assert services.types.get(TypeKind.ARTIFACT, "A").external_id == "x"

    services.types.put([ArtifactType(name="A", external_id="y")])

    assert services.types.get(TypeKind.ARTIFACT, "A").external_id == "y"


def test_an_external_id_is_unique_over_all_kinds(services: Services) -> None:
    services.types.put([ArtifactType(name="A", external_id="x"), ContextType(name="C")])

    for node_type in (
        ArtifactType(name="B", external_id="x"),
        ContextType(name="C", external_id="x"),
    ):
        with pytest.raises(AlreadyExists, match="External id 'x'"):
            services.types.put([node_type])


def test_a_type_needs_a_name() -> None:
    with pytest.raises(ValidationError):
        ArtifactType(name="")


def test_a_base_type_can_be_set_later_and_never_changed(services: Services) -> None:
    services.types.put([ArtifactType(name="A")])
    services.types.put([ArtifactType(name="A", base_type=ArtifactBaseType.MODEL)])
    services.types.put([ArtifactType(name="A")])

    with pytest.raises(Unimplemented, match=r"mlmd\.Model"):
        services.types.put([ArtifactType(name="A", base_type=ArtifactBaseType.DATASET)])

    found = services.types.get(TypeKind.ARTIFACT, "A")
    assert isinstance(found, ArtifactType)
    assert found.base_type is ArtifactBaseType.MODEL


def test_a_base_type_points_to_its_system_type(services: Services) -> None:
    services.types.put([ExecutionType(name="E", base_type=ExecutionBaseType.DEPLOY)])

    edges = [e.key for e in services.snapshot() if e.kind == "PARENT_TYPE"]

    assert edges == [(10, 9)]


def test_system_types_are_found_by_name_and_not_listed(services: Services) -> None:
    services.types.put([ArtifactType(name="A")])

    assert services.types.get(TypeKind.ARTIFACT, "mlmd.Dataset").id == 1
    assert [t.name for t in services.types.all()] == ["A"]


def test_a_type_that_is_not_there_is_not_found(services: Services) -> None:
    services.types.put([ArtifactType(name="A")])

    with pytest.raises(NotFound, match=r"There are: A\."):
        services.types.get(TypeKind.ARTIFACT, "B")


def test_what_another_process_registered_is_seen(services: Services) -> None:
    other = Services(services.graph, services.objects, services.namespace)
    services.types.put([ArtifactType(name="A", properties={"a": INT})])
    assert other.types.get(TypeKind.ARTIFACT, "A").properties == {"a": INT}

    services.types.put(
        [ArtifactType(name="A", properties={"a": INT, "b": INT})], can_add_fields=True
    )

    assert other.types.all()[0].properties == {"a": INT, "b": INT}


def test_a_property_that_another_process_just_added_can_be_used_at_once(
    services: Services,
) -> None:
    other = Services(services.graph, services.objects, services.namespace)
    (type_id,) = services.types.put([ArtifactType(name="A")])
    assert other.types.by_id(type_id) is not None
    services.types.put([ArtifactType(name="A", properties={"b": INT})], can_add_fields=True)

    answer = other.puts.put(PutRequest(artifacts=(Artifact(type_id=type_id, properties={"b": 1}),)))

    assert other.artifacts.by_ids(answer.artifact_ids)[0].properties == {"b": 1}


def test_a_type_twice_in_one_request_is_one(services: Services) -> None:
    assert services.types.put([ArtifactType(name="A")] * 3) == [10, 10, 10]


def test_a_conflict_within_one_request_already_exists(services: Services) -> None:
    with pytest.raises(AlreadyExists):
        services.types.put(
            [
                ArtifactType(name="A", properties={"a": INT}),
                ArtifactType(name="A", properties={"a": STRING}),
            ]
        )

    assert services.types.all() == []


def test_names_and_keys_of_any_text_come_back(services: Services) -> None:
    name = "x'; MATCH (n) DETACH DELETE n //`\"\0😀"
    keys = ("a`b", 'q"', "$x", "é 😀", "}) DELETE n //", "back\\slash")
    properties = dict.fromkeys(keys, STRING)

    services.types.put(
        [
            ArtifactType(
                name=name, version=name, properties=properties, unindexed=frozenset(properties)
            )
        ]
    )

    assert services.types.get(TypeKind.ARTIFACT, name, name).properties == properties
