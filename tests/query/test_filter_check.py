"""The filter language read and checked: what is a filter, what is none, and where it goes wrong."""

import pytest

from headwater.errors import InvalidArgument
from headwater.query.filter_check import check
from headwater.query.filter_cypher import Known
from headwater.query.filter_kinds import Kind
from headwater.query.filter_literals import number, text_of
from headwater.query.filter_plan import compile_filter, seekable
from headwater.query.filter_terms import like
from headwater_schema import TypeKind

KINDS = {"A": TypeKind.ARTIFACT, "E": TypeKind.EXECUTION, "C": TypeKind.CONTEXT}
REFUSED = [
    ("A", "foo = 1", "'foo' is unknown"),
    ("A", "a == 'a'", "a single `=`"),
    ("A", "'a'", "this is text"),
    ("A", "type_id", "this is a whole number"),
    ("A", "NULL", "this is NULL"),
    ("A", "id = 'a'", "a whole number and text"),
    ("A", "name = NULL", "IS NULL"),
    ("A", "NOT NULL", "literal NULL"),
    ("A", "id = 1;", "';' is no part"),
    ("A", "id % 2", "'%' is no part"),
    ("A", "id = 1 LIMIT 1", "'LIMIT' cannot stand"),
    ("A", "id = @p", "'@' is no part"),
    ("A", "id = 1 = true", "do not chain"),
    ("A", "state = 'LIVE'", "without quotes"),
    ("A", "state = RUNNING", "RUNNING is no artifact state"),
    ("A", "LIVE", "only be compared"),
    ("A", "name = LIVE", "only be compared"),
    ("E", "last_known_state IN ()", "')' cannot stand"),
    ("E", "uri = 1", "'uri' is unknown"),
    ("A", "events_0.artifact_id = 1", "unknown"),
    ("A", "contexts_0.foo = 1", "contexts_NAME has"),
    ("A", "contexts_.id = 1", "unknown"),
    ("A", "parent_contexts_a.id = 1", "unknown"),
    ("A", "properties.span = 1", "unknown"),
    ("A", "properties.span.proto_value = 1", "no 'proto_value'"),
    ("A", "properties.ok.bool_value = 1", "a truth value and a whole number"),
    ("A", "name LIKE 5", "LIKE takes text"),
    ("A", "name IN ('d1', 5)", "IN cannot take"),
    ("A", "id BETWEEN 'a' AND 'b'", "BETWEEN cannot take"),
    ("A", "name + 'a' = 'b'", "this is text"),
    ("A", "id > 99999999999999999999", "beyond 64 bits"),
    ("A", "name = 'd", "not closed"),
    ("A", r"name = '\q'", "means nothing"),
    ("A", "name = b'd'", "bytes"),
    ("A", "id=1AND id=1", "goes over into a word"),
    ("A", "id = 1 AND", "ends too soon"),
    ("A", "NOPE(name) = 'a'", "there is no function"),
    ("A", "LOWER(5) = 'a'", "takes text"),
    ("A", "LOWER() = 'a'", "1 arguments, 0 are given"),
    ("A", "REGEXP_CONTAINS(name, '(')", "no regular expression"),
    ("A", "CASE WHEN id THEN true END", "WHEN takes a truth value"),
    ("A", "CASE WHEN true THEN 1 ELSE 'a' END = 1", "CASE cannot take"),
    ("A", "CAST(id AS DATE) = 1", "nothing is cast"),
    ("A", "create_time_since_epoch > TIMESTAMP '2020-01-01'", "cannot stand here"),
    ("A", " ", "it is blank"),
    ("A", "-- nothing", "ends too soon"),
]


@pytest.mark.parametrize(("kind", "text", "says"), REFUSED)
def test_what_is_no_filter_is_refused_with_its_place(kind: str, text: str, says: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check(KINDS[kind], text)

    assert str(refused.value).startswith("Invalid `filter_query`: ")
    assert says in str(refused.value)
    assert "line 1, column" in str(refused.value)


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(InvalidArgument) as refused:
        check(TypeKind.ARTIFACT, "id = 1\n  AND nmae = 'x'")

    _, excerpt, caret, *_ = str(refused.value).split("\n")
    assert "(line 2, column 7)" in str(refused.value)
    assert excerpt[caret.index("^") :].startswith("nmae")


@pytest.mark.parametrize("text", ["x" * 100_000, "id = 1 AND " * 10_000 + "?", "'" + "é" * 99_999])
def test_a_message_is_short_however_long_the_filter(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check(TypeKind.ARTIFACT, text)

    assert len(str(refused.value).encode()) < 2_000


@pytest.mark.parametrize(
    "text",
    [
        "ID = 1 and Not TYPE_ID In (0x1F)",
        "id = 1 -- comment\n",
        "id = 1 # comment",
        "id /* a\nb */ = 1",
        "properties.in.int_value = 1 AND properties.1span.bool_value",
        "contexts_1a.id = 1 AND PROPERTIES.`a b`.INT_VALUE IS NOT NULL",
        "state IN (LIVE, 2, ABANDONED) OR LIVE = state OR state > PENDING",
        "events_0.type != PENDING_OUTPUT AND events_0.type IN (UNKNOWN, 3)",
        '''name IN ("a", \'\'\'b\'c\'\'\', """d"e""", r'\\q', 'x\\x41\\u00e9\\101')''',
        "id < 18446744073709551615 AND id > -9223372036854775808 AND id = .5e1 AND id = 1.",
        "(id = 1) = (name = 'x') OR id = 1 OR NULL",
    ],
)
def test_forms_of_the_language_are_taken(text: str) -> None:
    assert check(TypeKind.ARTIFACT, text).steps[-1].kind is Kind.BOOL


@pytest.mark.parametrize(
    ("literal", "text"),
    [("'it\\'s'", "it's"), ('r"a\\b"', "a\\b"), ("'\\x41\\u00e9\\U0001F600\\101\\n'", "Aé😀A\n")],
)
def test_a_text_literal_stands_for_its_text(literal: str, text: str) -> None:
    assert text_of(literal) == text


def test_numbers_are_read_in_both_ways() -> None:
    assert [number(text) for text in ("007", "0xFF", "18446744073709551615")] == [7, 255, 2**64 - 1]


@pytest.mark.parametrize(
    ("pattern", "sign", "operand"),
    [
        ("abc", "=", "abc"),
        ("a\\%", "=", "a%"),
        ("abc%", "STARTS WITH", "abc"),
        ("%abc", "ENDS WITH", "abc"),
        ("%%abc%", "CONTAINS", "abc"),
        ("a_c", "=~", "(?s)a.c"),
        ("a%b%c", "=~", "(?s)a(?>.*?b).*c"),
    ],
)
def test_a_pattern_is_asked_in_the_plainest_way(pattern: str, sign: str, operand: str) -> None:
    assert like(pattern)[:2] == (sign, operand)


def test_names_and_keys_never_enter_the_text() -> None:
    text = "contexts_zzqq.name = 'zzqq' AND properties.zzqq.int_value = 7 AND name LIKE 'zzqq_'"

    made = compile_filter(check(TypeKind.ARTIFACT, text), Known())

    assert "zzqq" not in "".join((*made.start, *made.where))
    assert "7" not in "".join(made.where)


def test_a_declared_key_is_quoted() -> None:
    made = compile_filter(
        check(TypeKind.ARTIFACT, "properties.`a\\`b`.int_value = 7"), Known(frozenset({"a`b"}))
    )

    assert "node.`p_a``b` = $f0" in made.where


def test_an_index_is_sought_by_numbers_of_its_kind() -> None:
    assert seekable(Kind.INT, "=", [1.0]) == ("=", [1])
    assert seekable(Kind.INT, ">", [1.5]) == (">=", [1])
    assert seekable(Kind.INT, "<", [1.5]) == ("<=", [2])
    assert seekable(Kind.DOUBLE, "in", [1, 2.5]) == ("in", [1.0, 2.5])
    assert seekable(Kind.INT, "=", [2**64]) is None
    assert seekable(Kind.DOUBLE, "<", [float("inf")]) is None
