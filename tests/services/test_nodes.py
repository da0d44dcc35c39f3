"""Nodes read back: by what, in which order, a page at a time."""

from collections.abc import Callable

import pytest

from headwater.errors import InvalidArgument
from headwater_schema import (
    ArtifactState,
    ArtifactType,
    LinkPut,
    ListOptions,
    New,
    OrderField,
    StoredPayload,
    TypeKind,
)
from services.conftest import Typed, with_types
from support.clocked import Services

OTHER_ORDERS = [
    ListOptions(order_by=OrderField.CREATE_TIME),
    ListOptions(order_by=OrderField.ID, is_asc=False),
]


def test_ids_give_each_node_once_in_the_order_of_ids(typed: Typed) -> None:
    ids = typed.put(*(typed.artifact() for _ in range(3)))

    found = typed.services.artifacts.by_ids([ids[2], 99, ids[0], ids[2]])

    assert [a.id for a in found] == [ids[0], ids[2]]
    assert typed.services.artifacts.by_ids([]) == []


@pytest.mark.parametrize("node_id", [2**63, -(2**63) - 1])
def test_an_id_beyond_64_bits_is_refused(typed: Typed, node_id: int) -> None:
    with pytest.raises(InvalidArgument, match="64-bit"):
        typed.services.artifacts.by_ids([node_id])


def test_more_than_a_thousand_nodes_come_back_whole(typed: Typed) -> None:
    ids = typed.put(*(typed.artifact() for _ in range(2_500)))

    assert [a.id for a in typed.services.artifacts.by_ids(ids)] == list(ids)
    assert [a.id for a in typed.services.artifacts.all()] == list(ids)


def test_a_namespace_that_nobody_wrote_to_is_empty(services: Services) -> None:
    assert services.artifacts.all() == []
    assert services.artifacts.by_type("A") == []
    assert services.artifacts.by_name("n") == []
    assert services.artifacts.page().items == ()
    assert not services.namespaces.exists()


def test_two_namespaces_do_not_see_each_other(make_services: Callable[[], Services]) -> None:
    one, two = with_types(make_services()), with_types(make_services())
    mine = one.put(one.artifact(name="n", external_id="x", uri="u"), one.context())
    theirs = two.put(two.artifact(name="n", external_id="x", uri="u"), two.context())

    assert mine == theirs == (1, 1)
    one.put(one.artifact(id=1, uri="v"))

    assert two.read(1).uri == "u"
    assert [a.id for a in two.services.artifacts.by_uris(["u", "v"])] == [1]
    assert len(two.services.artifacts.all()) == 1
    one.put(one.artifact(name="m"))
    with pytest.raises(InvalidArgument, match="with id 2"):
        two.put(attributions=(LinkPut(2, 1),))


def test_a_name_is_told_by_case(typed: Typed) -> None:
    typed.put(typed.artifact(name="Clf"))

    assert typed.services.artifacts.by_type_and_name("A", "clf") is None
    assert typed.services.artifacts.by_type_and_name("A", "Clf") is not None
    assert typed.services.artifacts.by_type_and_name("Z", "Clf") is None


def test_a_type_is_told_by_its_version(typed: Typed) -> None:
    (other,) = typed.services.types.put([ArtifactType(name="A", version="2")])
    first, second = typed.put(typed.artifact(), typed.artifact(type_id=other))

    service = typed.services.artifacts
    assert [a.id for a in service.by_type("A")] == [first]
    assert [a.id for a in service.by_type("A", version="2")] == [second]
    assert service.by_type("A", version="3") == []
    assert [a.id for a in service.page(type_name="A").items] == [first, second]


@pytest.mark.parametrize("uri", ["u", "é" * 1_999, "x" * 4_000, "x" * 4_001, "x" * 1_000_000])
def test_a_uri_of_any_length_is_found_exactly(typed: Typed, uri: str) -> None:
    (artifact_id, _) = typed.put(typed.artifact(uri=uri), typed.artifact(uri=uri + "y"))

    (found,) = typed.services.artifacts.by_uris([uri, uri])

    assert (found.id, found.uri) == (artifact_id, uri)


def test_the_empty_uri_finds_artifacts_without_one(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.artifact(uri="u"), typed.artifact(uri=""))

    assert [a.id for a in typed.services.artifacts.by_uris([""])] == [ids[0], ids[2]]


def test_external_ids_give_the_nodes_that_are_there(typed: Typed) -> None:
    ids = typed.put(typed.artifact(external_id="x"), typed.artifact(external_id="y"))

    found = typed.services.artifacts.by_external_ids(["y", "zz", "x", "y"])

    assert [a.id for a in found] == list(ids)


def test_a_digest_gives_the_newest_first(typed: Typed) -> None:
    payload = {0: StoredPayload("sha256:" + "1" * 64, 1)}
    ids = [typed.put(typed.artifact(), payloads=payload)[0] for _ in range(3)]

    found = typed.services.artifacts.by_digest(payload[0].digest)

    assert [a.id for a in found] == ids[::-1]


def test_the_latest_version_is_the_newest_in_its_state(typed: Typed) -> None:
    live, pending = ArtifactState.LIVE, ArtifactState.PENDING
    for state in (live, live, pending):
        typed.put(typed.artifact(state=state), series={0: "s"})

    service = typed.services.artifacts
    assert [a.name for a in service.latest("s")] == ["s@2"]
    assert [a.name for a in service.latest("s", state=pending)] == ["s@3"]
    assert [a.name for a in service.versions("s")] == ["s@1", "s@2", "s@3"]


@pytest.mark.parametrize("order", list(OrderField))
@pytest.mark.parametrize("is_asc", [True, False])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_give_each_node_once_even_where_times_are_equal(
    typed: Typed, order: OrderField, size: int, *, is_asc: bool
) -> None:
    ids = list(typed.put(*(typed.artifact() for _ in range(7))))
    token, found = "", []

    while True:
        page = typed.services.artifacts.page(ListOptions(size, order, is_asc, token))
        found += [a.id for a in page.items]
        if not (token := page.next_page_token):
            break

    assert found == (ids if is_asc else ids[::-1])


def test_an_update_moves_a_node_to_the_end_of_its_order(typed: Typed) -> None:
    ids = typed.put(typed.artifact(), typed.artifact())
    typed.put(typed.artifact(id=ids[0]))

    page = typed.services.artifacts.page(ListOptions(order_by=OrderField.LAST_UPDATE_TIME))

    assert [a.id for a in page.items] == [ids[1], ids[0]]


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_of_nothing_is_refused(typed: Typed, size: int) -> None:
    with pytest.raises(InvalidArgument, match="at least 1"):
        typed.services.artifacts.page(ListOptions(size))


@pytest.mark.parametrize("token", ["x", "é", "bm8", "WyJJRCIsdHJ1ZV0"])
def test_a_token_that_is_none_is_refused(typed: Typed, token: str) -> None:
    with pytest.raises(InvalidArgument, match="not a page token"):
        typed.services.artifacts.page(ListOptions(next_page_token=token))


@pytest.mark.parametrize("other", OTHER_ORDERS)
def test_a_token_of_another_order_is_refused(typed: Typed, other: ListOptions) -> None:
    typed.put(typed.artifact(), typed.artifact())
    token = typed.services.artifacts.page(ListOptions(1)).next_page_token

    with pytest.raises(InvalidArgument, match="ordered by"):
        typed.services.artifacts.page(
            ListOptions(1, other.order_by, other.is_asc, next_page_token=token)
        )


def test_the_page_size_may_change_between_pages(typed: Typed) -> None:
    ids = typed.put(*(typed.artifact() for _ in range(5)))
    token = typed.services.artifacts.page(ListOptions(1)).next_page_token

    rest = typed.services.artifacts.page(ListOptions(9, next_page_token=token))

    assert [a.id for a in rest.items] == list(ids[1:])


def test_a_context_lists_what_lies_in_it(typed: Typed) -> None:
    artifact_id, execution_id, context_id = typed.put(
        typed.artifact(),
        typed.execution(),
        typed.context(),
        attributions=(LinkPut(New(0), New(0)),),
        associations=(LinkPut(New(0), New(0)),),
    )
    typed.put(typed.artifact(), typed.execution())

    for kind, node_id in ((TypeKind.ARTIFACT, artifact_id), (TypeKind.EXECUTION, execution_id)):
        service = typed.services.nodes(kind)
        assert [n.id for n in service.in_context(context_id)] == [node_id]
        assert [n.id for n in service.page(context_id=context_id).items] == [node_id]
        assert service.in_context(99) == []
