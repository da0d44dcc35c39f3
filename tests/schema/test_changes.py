from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater_schema import Change, Element, ElementKind
from headwater_schema.changes import ElementChange, property_changes
from support import strategies

NODE = Element(ElementKind.ARTIFACT, (7,))
LINK = Element(ElementKind.ATTRIBUTION, (7, 1))

NAN = float("nan")


def changed(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[tuple[str, Any, Any]]:
    changes = property_changes([ElementChange(NODE, before, after)])
    assert all(change.element == NODE for change in changes)
    return [change[1:] for change in changes]


def test_a_new_node_has_a_change_for_each_property_in_order() -> None:
    assert changed(None, {"b": 1, "a": 2}) == [("a", None, 2), ("b", None, 1)]


def test_a_node_that_is_gone_has_a_change_for_each_property() -> None:
    assert changed({"a": 1}, None) == [("a", 1, None)]


def test_what_stays_the_same_is_no_change() -> None:
    assert changed({"a": 1, "b": NAN}, {"a": 1, "b": float("nan")}) == []


def test_a_property_that_comes_goes_or_differs_is_a_change() -> None:
    before, after = {"a": 1, "b": 1, "c": 1}, {"b": 2, "c": 1, "d": 1}

    assert changed(before, after) == [("a", 1, None), ("b", 1, 2), ("d", None, 1)]


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ("1", 1)])
def test_equal_values_that_the_graph_tells_apart_are_a_change(old: object, new: object) -> None:
    assert changed({"a": old}, {"a": new}) == [("a", old, new)]


def test_a_link_that_came_to_be_is_one_change() -> None:
    made = property_changes([ElementChange(LINK, None, {})])
    gone = property_changes([ElementChange(LINK, {}, None)])

    assert made == [Change(LINK, "", before=None, after=True)]
    assert gone == [Change(LINK, "", before=True, after=None)]


def test_a_link_that_stays_is_no_change() -> None:
    assert property_changes([ElementChange(LINK, {}, {})]) == []


def test_changes_are_in_the_order_of_the_elements() -> None:
    other = Element(ElementKind.CONTEXT, (1,))

    changes = property_changes(
        [ElementChange(NODE, None, {"a": 1}), ElementChange(other, None, {"a": 1})]
    )

    assert [change.element for change in changes] == [NODE, other]


VALUES = st.one_of(strategies.int64s(), strategies.doubles(), st.booleans(), strategies.texts())
MAPS = st.dictionaries(st.sampled_from("abc"), VALUES)


@settings(deadline=None)
@given(MAPS, MAPS)
def test_the_changes_lead_from_before_to_after(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    result = dict(before)

    for key, old, new in changed(before, after):
        assert repr(old) == repr(before.get(key))
        result[key] = new

    assert repr({k: v for k, v in sorted(result.items()) if v is not None}) == repr(
        dict(sorted(after.items()))
    )
