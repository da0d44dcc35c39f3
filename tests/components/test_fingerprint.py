import importlib
import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.components.fingerprint import (
    Code,
    Difference,
    Fingerprint,
    Versions,
    counting_environment,
    differences,
    digest_of,
)
from headwater.errors import InvalidArgument


def fingerprints() -> st.SearchStrategy[Fingerprint]:
    texts = st.dictionaries(st.text(max_size=3), st.text(max_size=4), max_size=3)
    inputs = st.dictionaries(
        st.text(max_size=3),
        st.lists(st.text("ab", min_size=1, max_size=2), max_size=3).map(tuple),
        max_size=3,
    )
    codes = texts.map(lambda parts: Code(digest_of(parts), parts))
    return st.builds(Fingerprint, codes, texts, inputs, texts.map(Versions.of))


@given(fingerprints())
def test_a_fingerprint_survives_json(fingerprint: Fingerprint) -> None:
    text = fingerprint.as_json()

    read = Fingerprint.from_json(text)

    assert read == replace(fingerprint, environment=read.environment)
    assert read.environment.digest == fingerprint.environment.digest
    assert read.digest == fingerprint.digest
    assert read.as_json() == text
    assert "\n" not in text


@given(fingerprints(), fingerprints())
def test_fingerprints_have_one_digest_where_nothing_differs(
    one: Fingerprint, other: Fingerprint
) -> None:
    found = differences(one, other)

    assert (found == []) == (one == other) == (one.digest == other.digest)
    assert [(d.field, d.now, d.before) for d in found] == [
        (d.field, d.before, d.now) for d in differences(other, one)
    ]


def test_differences_come_as_code_parameters_inputs_environment() -> None:
    before = Fingerprint(
        Code("c1", {"p.f": "1", "p.g": "2"}),
        {"rate": "3"},
        {"data": ("4",)},
        Versions.of({"pandas": "2.0"}),
    )
    now = Fingerprint(
        Code("c2", {"p.f": "9", "p.g": "2"}),
        {"rate": "3", "depth": "5"},
        {"data": ("4", "6")},
        Versions.of({"numpy": "1"}),
    )

    assert differences(before, now) == [
        Difference("code.p.f", "1", "9"),
        Difference("parameters.depth", None, "5"),
        Difference("inputs.data", "4", "4,6"),
        Difference("environment.numpy", None, "1"),
        Difference("environment.pandas", "2.0", None),
    ]
    kept = Fingerprint.from_json(before.as_json())
    assert differences(kept, now)[-1] == Difference(
        "environment", before.environment.digest, now.environment.digest
    )
    assert differences(kept, before) == []


def test_a_fingerprint_with_one_thing_changed_has_another_digest() -> None:
    one = Fingerprint(Code("c", {}), {"a": "1"}, {"a": ("1",)}, Versions.of({"a": "1"}))

    changed = [
        replace(one, code=Code("d", {})),
        replace(one, parameters={"a": "2"}),
        replace(one, inputs={"a": ("2",)}),
        replace(one, environment=Versions.of({"a": "2"})),
        replace(one, parameters={}, environment=Versions.of({"a": "1", "b": "1"})),
    ]

    assert len({f.digest for f in (one, *changed)}) == 6


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "1", '{"code": 1}', json.dumps({"code": {"digest": 1}})]
)
def test_text_that_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="Not a fingerprint"):
        Fingerprint.from_json(text)


def test_the_environment_has_pythons_version_and_those_of_distributions() -> None:
    environment = counting_environment().by_name

    assert environment["python"] == ".".join(map(str, sys.version_info[:3]))
    assert environment["pydantic"] == importlib.import_module("pydantic").VERSION
