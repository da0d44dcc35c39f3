"""The form of change records, proven from outside: with `rfc8785`, and a second writing of it.

`SecondWriter` follows `schema/change-records.md` and shares no code with the product. The test
vectors in `schema/examples/ChangeRecord` must come out of both.
"""

import hashlib
import json
import math
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater_schema.change_reading import (
    commitments,
    element_changes,
    erase,
    header_of,
    verify,
)
from headwater_schema.change_records import (
    ChangeHeader,
    Given,
    Versioned,
    digest,
    draft,
    resolve,
)
from headwater_schema.change_values import (
    ERASED,
    Foreign,
    Place,
    canonical,
    open_values,
    typed,
    untyped,
)
from headwater_schema.changes import Element, ElementChange, ElementKind
from support.sameness import same

VECTORS = Path(__file__).parents[2] / "schema" / "examples" / "ChangeRecord"
VECTOR_FILES = sorted(VECTORS.glob("*.json"))
HEADER = ChangeHeader("default", "c1", "put", "r1", "ann", "a first try", 1_700_000_000_000)
ARTIFACT = Element(ElementKind.ARTIFACT, (7,))
PLAIN_KEYS = [
    "namespace",
    "id",
    "kind",
    "type",
    "type_id",
    "create_time_since_epoch",
    "last_update_time_since_epoch",
    "deleted_time_since_epoch",
    "milliseconds_since_epoch",
    "valid_at",
    "recorded_at",
    "retracted_at",
    "revision",
    "state",
    "last_known_state",
    "version",
    "latest",
    "size_bytes",
    "ordinal",
]


def named(path: Path) -> str:
    return path.stem


class SecondWriter:
    """Writes a resolved record and its values from a vector's inputs, as the page says."""

    def __init__(self, vector: dict[str, Any]) -> None:
        self.vector = vector
        self.salts = [bytes.fromhex(salt) for salt in vector["salts"]]

    def commit(self, pair: list[Any]) -> dict[str, Any]:
        salt = self.salts.pop(0)
        return {"sha256": hashlib.sha256(salt + rfc8785.dumps(pair)).hexdigest()}

    def number(self, number: int) -> Any:
        return number if abs(number) < 2**53 else {"int": str(number)}

    def plain(self, value: Any) -> Any:
        match value:
            case {"given": index}:
                return self.number(self.vector["given"][index])
            case {"int": text}:
                return self.number(int(text))
            case ["INT", text]:
                return self.number(int(text))
            case ["STRING", text]:
                return text
            case _:
                return value

    def is_plain(self, key: str, value: Any) -> bool:
        return key in PLAIN_KEYS and (isinstance(value, dict) or value[0] in {"INT", "STRING"})

    def properties(self, inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        told, kept = {}, {}
        for key in sorted(inputs, key=lambda key: key.encode("utf-16-be")):
            value = inputs[key]
            if self.is_plain(key, value):
                told[key] = self.plain(value)
            elif isinstance(value, dict):
                kept[key] = ["STRING", value["series"]]
                told[key] = self.commit(kept[key]) | {"version": self.plain(value["version"])}
            else:
                kept[key], told[key] = value, self.commit(value)
        return told, kept

    def change(self, change: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        before, after = change["before"], change["after"]
        if before is not None and after is not None:
            told = {key for key in {**before, **after} if before.get(key) != after.get(key)}
            told |= {"type", "revision"}
            before = {key: value for key, value in before.items() if key in told}
            after = {key: value for key, value in after.items() if key in told}
        written: dict[str, Any] = {"before": None, "after": None}
        kept: dict[str, Any] = {}
        for part, inputs in (("after", after), ("before", before)):
            if inputs is not None:
                written[part], values = self.properties(inputs)
                kept |= {part: values} if values else {}
        kind, *key = change["element"]
        if kind == "SERIES":
            kept["element"] = {"2": ["STRING", key[1]]}
            written["element"] = [kind, self.plain(key[0]), self.commit(kept["element"]["2"])]
        else:
            written["element"] = [kind, *map(self.plain, key)]
        return written, kept

    def write(self) -> tuple[dict[str, Any], dict[str, Any]]:
        header = dict(self.vector["header"])
        actor, reason = ["STRING", header.pop("actor")], ["STRING", header.pop("reason")]
        record: dict[str, Any] = {"form": 1, **header, "actor": self.commit(actor), "changes": []}
        values: dict[str, Any] = {"actor": actor, "changes": [], "reason": reason}
        elements = []
        for change in self.vector["changes"]:
            written, kept = self.change(change)
            made = self.plain(change.get("made", 1))
            is_told = made != 0 and written["element"] not in elements
            elements += [written["element"]] if is_told else []
            record["changes"].append(written if is_told else None)
            values["changes"].append(kept)
        record["reason"] = self.commit(reason)
        record["recorded_at"] = self.plain({"given": 0})
        record["valid_at"] = self.plain(header["valid_at"])
        return record, values


def input_value(value: Any) -> Any:
    match value:
        case {"given": index}:
            return Given(index)
        case {"series": series, "version": version}:
            return Versioned(series, input_value(version))
        case {"int": text}:
            return int(text)
        case list():
            return untyped(value)
        case _:
            return value


def input_properties(inputs: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if inputs is None else {key: input_value(value) for key, value in inputs.items()}


def drafted(vector: dict[str, Any]) -> tuple[bytes, bytes]:
    changes, made = [], {}
    for index, change in enumerate(vector["changes"]):
        kind, *key = change["element"]
        element = Element(ElementKind(kind), tuple(map(input_value, key)))
        before, after = input_properties(change["before"]), input_properties(change["after"])
        changes.append(ElementChange(element, before, after))
        if "made" in change:
            made[index] = Given(change["made"]["given"])
    header = {key: input_value(value) for key, value in vector["header"].items()}
    fixed = b"".join(map(bytes.fromhex, vector["salts"]))
    return draft(
        ChangeHeader(**header), changes, made=made, salts=lambda count: fixed.ljust(count, b"\0")
    )


def stored_values(values: bytes) -> tuple[str, list[str]]:
    """Take stored values apart as the page says."""
    (count,) = struct.unpack(">I", values[:4])
    salts = [values[4 + 16 * i : 20 + 16 * i].hex() for i in range(count)]
    return zlib.decompress(values[4 + 16 * count :]).decode(), salts


@pytest.mark.parametrize("path", VECTOR_FILES, ids=named)
def test_a_vector_comes_out_of_the_product(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))

    record, values = drafted(vector)
    resolved = resolve(record, vector["given"])

    assert zlib.decompress(record).decode() == vector["record"]
    assert stored_values(values) == (vector["values"], vector["salts"])
    assert canonical(resolved).decode() == vector["resolved"]
    assert digest(resolved) == vector["sha256"]
    assert verify(resolved, open_values(values)) == []


@pytest.mark.parametrize("path", VECTOR_FILES, ids=named)
def test_a_vector_comes_out_of_a_second_writing_of_the_form(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    writer = SecondWriter(vector)

    record, values = writer.write()

    assert rfc8785.dumps(record).decode() == vector["resolved"]
    assert rfc8785.dumps(values).decode() == vector["values"]
    assert hashlib.sha256(rfc8785.dumps(record)).hexdigest() == vector["sha256"]
    assert rfc8785.dumps(json.loads(vector["record"])).decode() == vector["record"]
    assert not writer.salts, "as many salts as values"


@pytest.mark.parametrize("path", VECTOR_FILES, ids=named)
def test_a_vector_tells_no_value_that_it_commits_to(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))

    assert "secret" in vector["values"]
    assert "secret" not in vector["record"] + vector["resolved"]


def test_an_erased_vector_stands_and_no_longer_has_the_value() -> None:
    vector = json.loads((VECTORS / "erased.json").read_text(encoding="utf-8"))
    record, values = drafted(vector)
    resolved = resolve(record, vector["given"])
    places = [Place(*place) for place in vector["erased"]["places"]]

    left = erase(values, resolved, places)

    assert stored_values(left) == (vector["erased"]["values"], vector["erased"]["salts"])
    assert verify(resolved, open_values(left)) == []
    gone = set(vector["salts"]) - set(vector["erased"]["salts"])
    assert len(gone) == len(places)


def test_the_vectors_are_these() -> None:
    assert {path.stem for path in VECTOR_FILES} == {
        "created",
        "edge",
        "erased",
        "merged-found",
        "merged-made",
        "odd-values",
        "series",
        "updated",
    }


# Canonical JSON.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.sampled_from('a\x1f\x7f\ue000\uffff\U00010000\U0010ffff"\\'), max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(JSON)
def test_canonical_json_is_that_of_the_rfc(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


# Round trips.

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    TEXTS | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.booleans() | st.binary(max_size=5)
)
KEYS = st.sampled_from(PLAIN_KEYS) | st.sampled_from(["name", "p_a", "c_\U0001f600", "c_\ufb01"])
PROPERTIES = st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=8)
CHANGES = st.dictionaries(
    st.integers(1, 2**63 - 1),
    st.tuples(st.none() | PROPERTIES, st.none() | PROPERTIES),
    max_size=5,
)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    keys = before.keys() | after.keys()
    return {k for k in keys if k not in before or k not in after or not same(before[k], after[k])}


@settings(deadline=None)
@given(CHANGES, TEXTS, TEXTS)
def test_what_is_drafted_is_read_again(drawn: Any, actor: str, reason: str) -> None:
    header = HEADER._replace(actor=actor, reason=reason)
    changes = [
        ElementChange(Element(ElementKind.CONTEXT, (node_id,)), before, after)
        for node_id, (before, after) in drawn.items()
    ]
    expected = []
    for element, before, after in changes:
        if before is not None and after is not None:
            if not (keys := differing(before, after)):
                continue
            keys |= {"type", "revision"}
            before = {key: value for key, value in before.items() if key in keys}  # noqa: PLW2901
            after = {key: value for key, value in after.items() if key in keys}  # noqa: PLW2901
        expected.append((element, before, after))

    record, values = draft(header, changes)
    resolved, opened = resolve(record, [2**60]), open_values(values)

    assert same([tuple(change) for change in element_changes(resolved, opened)], expected)
    assert header_of(resolved, opened) == header._replace(recorded_at=2**60)
    assert verify(resolved, opened) == []
    assert canonical(resolved) == rfc8785.dumps(resolved)
    drawn_text = zlib.decompress(record)
    assert drawn_text == rfc8785.dumps(json.loads(drawn_text))
    assert stored_values(values)[0].encode() == rfc8785.dumps(opened.tree)


@settings(deadline=None)
@given(CHANGES, st.data())
def test_what_is_erased_is_gone_and_the_rest_stays(drawn: Any, data: st.DataObject) -> None:
    changes = [
        ElementChange(Element(ElementKind.CONTEXT, (node_id,)), *states)
        for node_id, states in drawn.items()
    ]
    record, values = draft(HEADER, changes)
    resolved = resolve(record, [1])
    places = [told.place for told in commitments(resolved)]
    chosen = set(data.draw(st.lists(st.sampled_from(places), unique=True)))

    left = open_values(erase(values, resolved, chosen))

    assert verify(resolved, left) == []
    whole = element_changes(resolved, open_values(values))
    indexes = [i for i, change in enumerate(resolved["changes"]) if change is not None]
    for index, told, was in zip(indexes, element_changes(resolved, left), whole, strict=True):
        for part in ("before", "after"):
            for key, value in (getattr(was, part) or {}).items():
                found = getattr(told, part)[key]
                gone = Place(index, part, key) in chosen
                assert found is ERASED if gone else same(found, value)
    assert len(left.salts) == 16 * (len(places) - len(chosen))


@given(SCALARS | st.lists(SCALARS), SCALARS | st.lists(SCALARS))
def test_two_values_are_written_alike_only_if_they_are_the_same(one: Any, other: Any) -> None:
    assert (typed(one) == typed(other)) == same(one, other)
    assert same(untyped(json.loads(typed(one))), one)
    assert typed(one).encode() == rfc8785.dumps(json.loads(typed(one)))


def test_numbers_that_python_calls_equal_are_written_apart() -> None:
    values = [1, 1.0, True, "1", [1], ["1"], b"1", 0.0, -0.0, math.nan, math.inf, -math.inf]

    assert len({typed(value) for value in values}) == len(values)


# What fails, and how.


@pytest.mark.parametrize("where", ["after", "element", "actor"])
def test_a_value_that_was_changed_does_not_fit(where: str) -> None:
    series = ElementChange(Element(ElementKind.SERIES, (3, "clf")), None, {"name": "clf"})
    record, values = draft(HEADER, [series])
    resolved, opened = resolve(record, [1]), open_values(values)

    match where:
        case "actor":
            opened.tree["actor"] = ["STRING", "bob"]
            place = Place(None, "actor", "")
        case _:
            ((key, _),) = opened.tree["changes"][0][where].items()
            opened.tree["changes"][0][where][key] = ["STRING", "other"]
            place = Place(0, where, key)

    assert verify(resolved, opened) == [place]


def test_a_value_that_was_taken_or_put_in_without_trace_does_not_fit() -> None:
    record, values = draft(HEADER, [ElementChange(ARTIFACT, None, {"name": "a", "uri": "b"})])
    resolved, opened = resolve(record, [1]), open_values(values)

    after = opened.tree["changes"][0]["after"]
    after["other"] = after.pop("uri")

    assert verify(resolved, opened) == [Place(0, "after", "uri"), Place(0, "after", "other")]


def test_values_of_a_change_not_made_go_with_the_first_erasure() -> None:
    found = ElementChange(Element(ElementKind.CONTEXT, (3,)), None, {"name": "a secret"})
    record, values = draft(HEADER, [found], made={0: Given(1)})
    resolved = resolve(record, [1, 0])

    left = erase(values, resolved, [])

    assert "a secret" in stored_values(values)[0]
    assert "a secret" not in stored_values(left)[0]
    assert element_changes(resolved, open_values(left)) == []


def test_without_values_everything_committed_reads_as_erased() -> None:
    named = {"type": "Model", "name": Versioned("clf", Given(1)), "version": Given(1)}
    record, _ = draft(HEADER, [ElementChange(ARTIFACT, None, named)])
    resolved = resolve(record, [1, 3])

    ((_, _, after),) = element_changes(resolved, None)

    assert after == {"type": "Model", "name": ERASED, "version": 3}
    assert header_of(resolved, None).actor is ERASED
    assert verify(resolved, None) == []


def test_the_first_of_two_changes_of_an_element_counts() -> None:
    unknown: Any = Given(1)
    first, second = (Element(ElementKind.CONTEXT, (context_id,)) for context_id in (unknown, 9))
    changes = [ElementChange(first, None, {"type": "A"}), ElementChange(second, None, {})]
    record, values = draft(HEADER, changes)

    told = element_changes(resolve(record, [0, 9]), open_values(values))
    apart = element_changes(resolve(record, [0, 8]), open_values(values))

    assert told == [ElementChange(second, None, {"type": "A"})]
    assert len(apart) == 2


def test_a_user_key_that_ends_like_a_time_is_committed_to() -> None:
    mine = {"c_create_time_since_epoch": 5, "c_version": 6, "c_state": "mine"}
    record, _ = draft(HEADER, [ElementChange(ARTIFACT, None, mine)])

    told = resolve(record, [1])["changes"][0]["after"]

    assert all(value.keys() == {"sha256"} for value in told.values())


def test_a_kind_that_the_graph_may_hold_by_hand_is_kept_as_text() -> None:
    record, values = draft(HEADER, [ElementChange(ARTIFACT, None, {"by_hand": 1 + 2j})])

    ((_, _, after),) = element_changes(resolve(record, [1]), open_values(values))

    assert after == {"by_hand": Foreign("(1+2j)")}


def test_the_changes_of_some_elements_can_be_asked_for() -> None:
    other = Element(ElementKind.ARTIFACT, (8,))
    changes = [ElementChange(element, None, {"name": "n"}) for element in (ARTIFACT, other)]
    record, values = draft(HEADER, changes)

    told = element_changes(resolve(record, [1]), open_values(values), about=[other])

    assert told == [changes[1]]


def test_salts_are_random_and_each_is_used_once() -> None:
    changes = [ElementChange(ARTIFACT, None, {"name": "same", "uri": "same"})]

    one, other = (draft(HEADER, changes).values for _ in range(2))

    salts = stored_values(one)[1] + stored_values(other)[1]
    assert len(set(salts)) == len(salts) == 8


def test_what_is_no_record_is_refused() -> None:
    record, values = draft(HEADER, [ElementChange(ARTIFACT, None, {"id": Given(3)})])
    resolved = resolve(record, [1, 2, 3, 4])

    with pytest.raises(ValueError, match="more than the 3 numbers"):
        resolve(record, [1, 2, 3])
    with pytest.raises(ValueError, match="no change record"):
        resolve(b"", [1])
    with pytest.raises(ValueError, match="no change record"):
        resolve(zlib.compress(zlib.decompress(record).replace(b'"form":1', b'"form":1.0')), [1])
    with pytest.raises(ValueError, match="form 2"):
        resolve(zlib.compress(zlib.decompress(record).replace(b'"form":1', b'"form":2')), [1])
    with pytest.raises(ValueError, match="not values"):
        open_values(values[:-1])
    with pytest.raises(ValueError, match="2 values and 1 salts"):
        open_values(b"\0\0\0\1" + values[4:20] + values[36:])
    with pytest.raises(ValueError, match="no committed value at"):
        erase(values, resolved, [Place(0, "after", "name")])
    with pytest.raises(TypeError, match="skeleton"):
        draft(HEADER, [ElementChange(ARTIFACT, None, {"name": Given(1)})])


def test_reordering_does_not_change_what_is_sealed() -> None:
    stored = {"type": "Model", "name": "clf", "id": 7, "c_z": 1, "c_a": 2}
    fixed = os.urandom(16 * 20)
    turned = dict(reversed(stored.items()))

    one, other = (
        draft(HEADER, [ElementChange(ARTIFACT, None, form)], salts=lambda count: fixed[:count])
        for form in (stored, turned)
    )

    assert digest(resolve(one.record, [1])) == digest(resolve(other.record, [1]))
    assert one.values == other.values
