"""Puts, by the rules of ML Metadata and where it is wrong by better ones."""

import pytest

from headwater.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    LinkPut,
    New,
    PropertyKind,
    PutRequest,
    StoredPayload,
    TypeKind,
)
from services.conftest import Typed

MASKS: dict[TypeKind, tuple[str, ...]] = dict.fromkeys(TypeKind, ("custom_properties.x",))


# Inserts.


def test_each_kind_counts_its_ids_from_one(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.artifact(), typed.execution(), typed.context())

    assert ids == (1, 2, 1, 1)


def test_an_insert_ignores_times_and_type_name(typed: Typed) -> None:
    node = typed.artifact(type="Z", create_time_since_epoch=5, last_update_time_since_epoch=6)

    (artifact_id,) = typed.put(node)

    found = typed.read(artifact_id)
    assert (found.type, found.create_time_since_epoch) == ("A", typed.services.now)
    assert found.last_update_time_since_epoch == typed.services.now


def test_what_was_never_given_reads_back_unset_but_for_the_uri(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())

    found = typed.read(artifact_id)

    assert found.uri == ""
    assert (found.name, found.external_id, found.state) == (None, None, None)


def test_an_unknown_state_is_kept_as_set(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(state=ArtifactState.UNKNOWN))

    assert typed.read(artifact_id).state is ArtifactState.UNKNOWN


@pytest.mark.parametrize("node", [Artifact(), Execution(), Context(name="c")])
def test_an_insert_without_type_is_refused(
    typed: Typed, node: Artifact | Execution | Context
) -> None:
    with pytest.raises(InvalidArgument, match=r"Type id is missing\."):
        typed.put(node)


def test_an_unknown_type_is_not_found(typed: Typed) -> None:
    with pytest.raises(NotFound, match="Cannot find type for artifact"):
        typed.put(typed.artifact(type_id=999))


def test_a_type_of_another_kind_is_not_found(typed: Typed) -> None:
    with pytest.raises(NotFound, match="Cannot find type for artifact"):
        typed.put(typed.artifact(type_id=typed.execution_type))


def test_an_undeclared_property_is_refused(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="Found unknown property: zz"):
        typed.put(typed.artifact(properties={"zz": 1}))


@pytest.mark.parametrize("value", [1.0, "1", True, {}, []])
def test_a_value_of_another_kind_is_refused(typed: Typed, value: object) -> None:
    with pytest.raises(InvalidArgument, match="Found unmatched property type: a"):
        typed.put(typed.artifact(properties={"a": value}))


def test_an_int_is_no_double(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="Found unmatched property type: d"):
        typed.put(typed.artifact(properties={"d": 1}))


def test_one_key_can_be_declared_and_custom(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(properties={"a": 1}, custom_properties={"a": "x", "": True})
    )

    found = typed.read(artifact_id)
    assert (found.properties, found.custom_properties) == ({"a": 1}, {"a": "x", "": True})


def test_a_name_is_taken_within_its_type_only(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="B")])
    typed.put(typed.artifact(name="n"), typed.artifact(name="n", type_id=other))

    with pytest.raises(AlreadyExists, match=r"name 'n' exists already of the same type"):
        typed.put(typed.artifact(name="n"))


def test_an_external_id_is_taken_within_its_kind_over_all_types(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="B")])
    typed.put(typed.artifact(external_id="x"), typed.execution(external_id="x"))

    with pytest.raises(AlreadyExists, match="external id 'x'"):
        typed.put(typed.artifact(external_id="x", type_id=other))


@pytest.mark.parametrize("field", ["name", "external_id"])
def test_an_empty_text_counts_as_set(typed: Typed, field: str) -> None:
    typed.put(typed.artifact(**{field: ""}))

    with pytest.raises(AlreadyExists):
        typed.put(typed.artifact(**{field: ""}))


def test_two_nodes_of_one_request_cannot_share_a_name(typed: Typed) -> None:
    before = typed.services.snapshot()

    with pytest.raises(AlreadyExists):
        typed.put(typed.artifact(name="n"), typed.artifact(name="n"))

    assert typed.services.snapshot() == before


@pytest.mark.parametrize("name", [None, ""])
def test_a_context_needs_a_name(typed: Typed, name: str | None) -> None:
    with pytest.raises(InvalidArgument, match="A context needs a name"):
        typed.put(Context(type_id=typed.context_type, name=name))


# Updates.


def test_an_id_of_zero_is_an_id(typed: Typed) -> None:
    with pytest.raises(InvalidArgument, match="Cannot find the given id 0"):
        typed.put(typed.artifact(id=0))


@pytest.mark.parametrize("type_id", [None, 10])
def test_an_update_of_an_unknown_id_is_refused(typed: Typed, type_id: int | None) -> None:
    with pytest.raises(InvalidArgument, match="Cannot find the given id 7"):
        typed.put(typed.artifact(id=7, type_id=type_id))


def test_a_type_cannot_change(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="B")])
    (artifact_id,) = typed.put(typed.artifact())

    with pytest.raises(InvalidArgument, match="cannot change"):
        typed.put(typed.artifact(id=artifact_id, type_id=other))


def test_an_update_without_type_id_keeps_the_type(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())

    typed.put(Artifact(id=artifact_id, properties={"a": 2}))

    assert typed.read(artifact_id).properties == {"a": 2}
    assert typed.read(artifact_id).type_id == typed.artifact_type


def test_an_update_without_mask_replaces_everything_but_the_name(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(
            name="n",
            uri="u",
            state=ArtifactState.LIVE,
            external_id="x",
            properties={"a": 1},
            custom_properties={"k": "v"},
        )
    )

    typed.put(typed.artifact(id=artifact_id, name="other"))

    found = typed.read(artifact_id)
    assert (found.name, found.uri, found.state, found.external_id) == ("n", "", None, None)
    assert (found.properties, found.custom_properties) == ({}, {})


def test_a_context_can_be_renamed(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context("old"))

    typed.put(typed.context("new", id=context_id))

    assert typed.services.contexts.by_ids([context_id])[0].name == "new"


def test_an_update_to_a_taken_name_already_exists(typed: Typed) -> None:
    first, _ = typed.put(typed.context("one"), typed.context("two"))

    with pytest.raises(AlreadyExists, match="name 'two'"):
        typed.put(typed.context("two", id=first))


def test_an_update_to_a_taken_external_id_already_exists(typed: Typed) -> None:
    first, _ = typed.put(typed.artifact(), typed.artifact(external_id="x"))

    with pytest.raises(AlreadyExists, match="external id 'x'"):
        typed.put(typed.artifact(id=first, external_id="x"))


def test_custom_properties_can_change_their_kind(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(custom_properties={"k": 1}))

    for value in (1.0, True, "1", {"k": [1]}, "x" * 5_000, 1):
        typed.put(typed.artifact(id=artifact_id, custom_properties={"k": value}))
        found = typed.read(artifact_id).custom_properties["k"]
        assert (type(found), found) == (type(value), value)


# Masks.


def test_a_mask_leaves_what_it_does_not_name(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(uri="u", properties={"a": 1}, custom_properties={"k": 1, "x": 1})
    )

    typed.put(typed.artifact(id=artifact_id, custom_properties={"x": 2}), update_masks=MASKS)

    found = typed.read(artifact_id)
    assert (found.uri, found.properties) == ("u", {"a": 1})
    assert found.custom_properties == {"k": 1, "x": 2}


def test_a_masked_field_that_is_unset_is_cleared(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(uri="u", state=ArtifactState.LIVE, external_id="x", properties={"a": 1})
    )
    mask = ("uri", "state", "external_id", "properties.a")

    typed.put(typed.artifact(id=artifact_id), update_masks={TypeKind.ARTIFACT: mask})

    found = typed.read(artifact_id)
    assert (found.uri, found.state, found.external_id, found.properties) == ("", None, None, {})


def test_the_key_of_a_masked_property_is_all_after_the_first_dot(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(custom_properties={"a": 1, "a.b": 1}))
    mask = {TypeKind.ARTIFACT: ("custom_properties.a.b",)}

    typed.put(typed.artifact(id=artifact_id, custom_properties={"a.b": 2}), update_masks=mask)

    assert typed.read(artifact_id).custom_properties == {"a": 1, "a.b": 2}


def test_a_mask_of_the_whole_map_wins_over_its_keys(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(custom_properties={"a": 1, "b": 1}))
    mask = {TypeKind.ARTIFACT: ("custom_properties", "custom_properties.a")}

    typed.put(typed.artifact(id=artifact_id, custom_properties={"c": 2}), update_masks=mask)

    assert typed.read(artifact_id).custom_properties == {"c": 2}


@pytest.mark.parametrize("path", ["nonsense", "id", "name", "create_time_since_epoch"])
def test_a_mask_of_what_cannot_change_is_passed_over(typed: Typed, path: str) -> None:
    (artifact_id,) = typed.put(typed.artifact(name="n", uri="u"))

    typed.put(
        typed.artifact(id=artifact_id, name="other"), update_masks={TypeKind.ARTIFACT: (path,)}
    )

    assert (typed.read(artifact_id).name, typed.read(artifact_id).uri) == ("n", "u")


def test_properties_outside_the_mask_are_not_checked(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())

    typed.put(typed.artifact(id=artifact_id, properties={"zz": 1}), update_masks=MASKS)

    assert typed.read(artifact_id).properties == {}


def test_a_masked_unknown_property_is_refused_if_the_node_has_it(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    mask = {TypeKind.ARTIFACT: ("properties.zz",)}

    typed.put(typed.artifact(id=artifact_id), update_masks=mask)
    with pytest.raises(InvalidArgument, match="Found unknown property"):
        typed.put(typed.artifact(id=artifact_id, properties={"zz": 1}), update_masks=mask)


def test_new_nodes_of_the_call_ignore_the_mask(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(uri="u"), update_masks=MASKS)

    assert typed.read(artifact_id).uri == "u"


# Times.


def test_putting_a_node_back_as_it_was_read_moves_no_time(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(name="n", uri="u", properties={"a": 1, "d": float("nan")})
    )
    before = typed.read(artifact_id)

    typed.put(before)

    after = typed.read(artifact_id)
    assert after.last_update_time_since_epoch == before.last_update_time_since_epoch


def test_an_equal_node_made_by_hand_moves_the_time(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())

    typed.put(typed.artifact(id=artifact_id))

    assert typed.read(artifact_id).last_update_time_since_epoch == typed.services.now


def test_a_change_moves_the_update_time_and_not_the_create_time(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    before = typed.read(artifact_id)

    typed.put(before.model_copy(update={"uri": "u"}))

    after = typed.read(artifact_id)
    assert after.create_time_since_epoch == before.create_time_since_epoch
    assert after.last_update_time_since_epoch == typed.services.now


def test_a_clock_that_went_back_moves_no_time_back(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    before = typed.read(artifact_id)
    typed.services.now -= 500

    typed.put(typed.artifact(id=artifact_id, uri="u"))

    assert typed.read(artifact_id).last_update_time_since_epoch == (
        before.last_update_time_since_epoch
    )


def test_forcing_the_update_time_moves_that_of_the_execution_only(typed: Typed) -> None:
    artifact_id, execution_id = typed.put(typed.artifact(), typed.execution())
    before = typed.read(artifact_id)
    (execution,) = typed.services.executions.by_ids([execution_id])

    typed.put(before, execution, force_update_time=True)

    (after,) = typed.services.executions.by_ids([execution_id])
    assert after.last_update_time_since_epoch == typed.services.now
    assert typed.read(artifact_id) == before


@pytest.mark.parametrize("expected", [None, 0, 1])
def test_an_optimistic_update_of_a_changed_artifact_fails(
    typed: Typed, expected: int | None
) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    node = typed.artifact(id=artifact_id, uri="u", last_update_time_since_epoch=expected)

    with pytest.raises(FailedPrecondition, match="last updated at"):
        typed.put(node, match_update_times=True)

    assert typed.read(artifact_id).uri == ""


def test_an_optimistic_update_moves_the_time_even_within_a_millisecond(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact())
    before = typed.read(artifact_id)
    typed.services.now -= 1

    typed.put(before.model_copy(update={"uri": "u"}), match_update_times=True)

    stored = typed.read(artifact_id).last_update_time_since_epoch
    assert stored == (before.last_update_time_since_epoch or 0) + 1


def test_matching_times_means_nothing_to_an_insert(typed: Typed) -> None:
    (artifact_id,) = typed.put(
        typed.artifact(last_update_time_since_epoch=3), match_update_times=True
    )

    assert typed.read(artifact_id).last_update_time_since_epoch == typed.services.now


# Reuse.


def test_a_context_that_exists_is_used_and_not_updated(typed: Typed) -> None:
    (context_id,) = typed.put(typed.context(properties={"a": 1}))

    ids = typed.put(typed.context(properties={"a": 2}), reuse_contexts=True)

    assert ids == (context_id,)
    assert typed.services.contexts.by_ids(ids)[0].properties == {"a": 1}


def test_a_context_that_exists_already_exists_without_reuse(typed: Typed) -> None:
    typed.put(typed.context())

    with pytest.raises(AlreadyExists):
        typed.put(typed.context())


def test_a_context_twice_in_a_request_is_one_with_reuse(typed: Typed) -> None:
    first, second = typed.put(typed.context(), typed.context(), reuse_contexts=True)

    assert first == second
    assert len(typed.services.contexts.all()) == 1


def test_an_artifact_with_a_known_external_id_is_updated(typed: Typed) -> None:
    (artifact_id,) = typed.put(typed.artifact(external_id="x"))

    ids = typed.put(typed.artifact(external_id="x", uri="u"), reuse_artifacts=True)

    assert ids == (artifact_id,)
    assert typed.read(artifact_id).uri == "u"


def test_a_reused_artifact_of_another_type_is_refused(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="B")])
    typed.put(typed.artifact(external_id="x"))

    with pytest.raises(InvalidArgument, match="cannot change"):
        typed.put(typed.artifact(external_id="x", type_id=other), reuse_artifacts=True)


def test_an_external_id_twice_in_a_request_already_exists(typed: Typed) -> None:
    with pytest.raises(AlreadyExists, match="same external id"):
        typed.put(*(typed.artifact(external_id="x") for _ in range(2)), reuse_artifacts=True)


# Series.


def test_each_output_of_a_series_is_its_next_version(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.artifact(), series={0: "clf", 1: "clf"})

    assert [(typed.read(i).name, typed.read(i).version) for i in ids] == [
        ("clf@1", 1),
        ("clf@2", 2),
    ]


def test_series_of_two_types_count_apart(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="B")])

    ids = typed.put(typed.artifact(), typed.artifact(type_id=other), series={0: "clf", 1: "clf"})

    assert [typed.read(i).version for i in ids] == [1, 1]


@pytest.mark.parametrize("taken", ["clf@1", "clf@4"])
def test_a_version_that_was_taken_by_hand_is_skipped(typed: Typed, taken: str) -> None:
    typed.put(typed.artifact(name=taken))

    ids = [typed.put(typed.artifact(), series={0: "clf"})[0] for _ in range(5)]

    versions = [typed.read(i).version or 0 for i in ids]
    assert versions == sorted(set(versions))
    assert taken not in [typed.read(i).name for i in ids]


def test_a_huge_number_taken_by_hand_does_not_end_a_series(typed: Typed) -> None:
    typed.put(typed.artifact(name=f"clf@{2**63 - 1}"), typed.artifact(name="clf@1"))

    (artifact_id,) = typed.put(typed.artifact(), series={0: "clf"})

    assert typed.read(artifact_id).name == "clf@2"


def test_a_payload_sets_digest_and_size(typed: Typed) -> None:
    payload = StoredPayload("sha256:" + "0" * 64, 7)

    (artifact_id,) = typed.put(typed.artifact(), payloads={0: payload})

    found = typed.read(artifact_id)
    assert (found.digest, found.size_bytes) == (payload.digest, 7)
    assert [a.id for a in typed.services.artifacts.by_digest(payload.digest)] == [artifact_id]


def test_an_update_keeps_digest_series_and_version(typed: Typed) -> None:
    payload = StoredPayload("sha256:" + "0" * 64, 7)
    (artifact_id,) = typed.put(typed.artifact(), payloads={0: payload}, series={0: "clf"})

    typed.put(typed.artifact(id=artifact_id))

    found = typed.read(artifact_id)
    assert (found.digest, found.series, found.version) == (payload.digest, "clf", 1)


# The whole.


def test_a_request_is_written_whole_or_not_at_all(typed: Typed) -> None:
    typed.put(typed.context())
    before = typed.services.snapshot()

    with pytest.raises(AlreadyExists):
        typed.put(
            typed.artifact(),
            typed.execution(last_known_state=ExecutionState.RUNNING),
            typed.context(),
            events=(EventPut(New(0), New(0), EventType.OUTPUT),),
            attributions=(LinkPut(New(0), New(0)),),
        )

    assert typed.services.snapshot() == before


def test_an_empty_request_does_nothing(typed: Typed) -> None:
    before = typed.services.snapshot()

    answer = typed.services.puts.put(PutRequest())

    assert (answer.artifact_ids, answer.execution_ids, answer.context_ids) == ((), (), ())
    assert typed.services.snapshot() == before


def test_messages_stay_short_whatever_was_asked(typed: Typed) -> None:
    name = "x" * 4_000
    typed.put(typed.artifact(name=name))

    for node in (typed.artifact(name=name), typed.artifact(properties={"k" * 900: 1})):
        with pytest.raises((AlreadyExists, InvalidArgument)) as caught:
            typed.put(node)
        assert len(str(caught.value)) < 2_000


def test_a_declared_property_of_each_kind_is_told_by_its_own_word(typed: Typed) -> None:
    (type_id,) = typed.services.types.put(
        [ArtifactType(name="K", properties={k.lower(): k for k in PropertyKind})]
    )

    for kind in PropertyKind:
        wrong = "text" if kind is not PropertyKind.STRING else 1
        node = typed.artifact(type_id=type_id, properties={kind.lower(): wrong})
        with pytest.raises(InvalidArgument, match=f"is {kind}, found a value of kind"):
            typed.put(node)
