"""Selections: how a text is read, and what is said where it cannot be."""

import pytest

from headwater.errors import InvalidArgument
from headwater.query.selection import Atom, Pattern, check
from headwater.query.selection_tree import LONGEST, MOST_LAYERS, parse
from headwater_schema import TypeKind

BOTH = (TypeKind.ARTIFACT, TypeKind.EXECUTION)


def read(text: str) -> str:
    """Return a selection as nested calls, so that what binds to what can be seen."""
    tree = parse(text)
    written: list[str] = []
    for branch in tree:
        inner = ", ".join(written[arg] for arg in branch.args)
        layers = "" if branch.above == branch.below == 0 else f"[{branch.above},{branch.below}]"
        written.append(branch.text if branch.rule == "word" else f"{branch.rule}{layers}({inner})")
    return written[-1]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("clf", "clf"),
        ("*", "everything()"),
        ("+clf", "up[None,0](clf)"),
        ("clf+", "down[0,None](clf)"),
        ("+clf+", "around[None,None](clf)"),
        ("2+clf", "up[2,0](clf)"),
        ("clf+3", "down[0,3](clf)"),
        ("2 + clf + 03", "around[2,3](clf)"),
        ("0+clf", "up(clf)"),
        (f"{'9' * 5_000}+clf", f"up[{MOST_LAYERS},0](clf)"),
        ("*model:clf", "up[None,0](model:clf)"),
        ("*(a or b)", "up[None,0](any_of(a, b))"),
        ("a and b or c and not d", "any_of(all_of(a, b), all_of(c, negated(d)))"),
        ("a or b and c", "any_of(a, all_of(b, c))"),
        ("(a or b) and c", "all_of(any_of(a, b), c)"),
        ("not a and b", "all_of(negated(a), b)"),
        ("not not a", "negated(negated(a))"),
        ("not +a", "negated(up[None,0](a))"),
        ("A And B oR c", "any_of(all_of(A, B), c)"),
        ("a or b or c", "any_of(a, b, c)"),
        ("roots(a+)", "roots(down[0,None](a))"),
        ("+SINKS (a or b)+2", "around[None,2](sinks(any_of(a, b)))"),
        ("roots", "roots"),
        ("order and android", "all_of(order, android)"),
        ('"and" or "or"', 'any_of("and", "or")'),
        ("raw:wine+ and +model:clf", "all_of(down[0,None](raw:wine), up[None,0](model:clf))"),
        (" \n\ta\n", "a"),
    ],
)
def test_a_text_is_read_as_it_binds(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    ("word", "atom"),
    [
        ("clf@3", Atom("name", Pattern(("clf@3",)))),
        ("clf*", Atom("name", Pattern(("clf", "")))),
        ("a**b", Atom("name", Pattern(("a", "b")))),
        ("name:*clf*", Atom("name", Pattern(("", "clf", "")))),
        ('"a*b"', Atom("name", Pattern(("a", "b")))),
        (r"a\*b", Atom("name", Pattern(("a*b",)))),
        (r'"say \"a\+b\" \\"', Atom("name", Pattern(('say "a+b" \\',)))),
        (r"a\ b\(c\)\+", Atom("name", Pattern(("a b(c)+",)))),
        ("'it is'", Atom("name", Pattern(("it is",)))),
        ('"5"', Atom("name", Pattern(("5",)))),
        ('"s3://b/c"', Atom("name", Pattern(("s3://b/c",)))),
        (r"a\:b", Atom("name", Pattern(("a:b",)))),
        ("Model:clf", Atom("name", Pattern(("clf",)), type=Pattern(("Model",)))),
        ('Mo*:"a b"', Atom("name", Pattern(("a b",)), type=Pattern(("Mo", "")))),
        ('"type":x', Atom("name", Pattern(("x",)), type=Pattern(("type",)))),
        ("TYPE:Model", Atom("type", Pattern(("Model",)))),
        ("uri:s3://b/*", Atom("uri", Pattern(("s3://b/", "")))),
        ("context:nightly", Atom("context", Pattern(("nightly",)))),
        ("context:7", Atom("context", id=7)),
        ('context:"7"', Atom("context", Pattern(("7",)))),
        ("artifact:7", Atom("id", id=7, kinds=(TypeKind.ARTIFACT,))),
        ("execution:3", Atom("id", id=3, kinds=(TypeKind.EXECUTION,))),
        ("execution:train", Atom("name", Pattern(("train",)), kinds=(TypeKind.EXECUTION,))),
        ("kind:Artifact", Atom("kind", kinds=(TypeKind.ARTIFACT,))),
        ("state:live", Atom("state", state="LIVE")),
    ],
)
def test_a_word_asks_for_one_thing(word: str, atom: Atom) -> None:
    (found,) = check(word).atoms.values()

    assert found == atom


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "it is empty. (line 1, column 1)"),
        ("   ", 4, "it is empty."),
        ("a b", 3, "'b' cannot stand here."),
        ("a and", 6, "it ends too soon."),
        ("and a", 1, "'and' cannot stand here."),
        ("a or or b", 6, "'or' cannot stand here."),
        ("a not b", 3, "'not' cannot stand here."),
        ("(a", 3, "it ends too soon."),
        ("a)", 2, "')' cannot stand here."),
        ("()", 2, "')' cannot stand here."),
        ("roots()", 7, "')' cannot stand here."),
        ("+", 2, "it ends too soon."),
        ("5", 2, "it ends too soon."),
        ("a++", 3, "'+' cannot stand here."),
        ("1++a", 3, "'+' cannot stand here."),
        ("a+b", 3, "'b' cannot stand here."),
        ("(a)*", 4, "'*' cannot stand here."),
        ("*clf*", 1, "begins with a star"),
        ("a and *b*c+", 7, "begins with a star"),
        (":x", 1, "has nothing before the colon"),
        ("a and x:", 7, "has nothing after the colon"),
        ("state:FOO", 1, "'FOO' is no state"),
        ("a or kind:model", 6, "'model' is no kind"),
        ("artifact:9999999999999999999", 1, "larger than any id"),
        ('a and "b', 7, "a quote is not closed"),
        ("a or it's", 8, "a quote is not closed"),
        ("a\\", 2, "a backslash stands before nothing"),
    ],
)
def test_an_error_shows_the_place(text: str, column: int, said: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        check(text)

    assert said in raised.value.message
    assert raised.value.values["column"] == column
    shown, caret = raised.value.message.split("\n")[1:3]
    assert caret.index("^") == len("  ") + column - 1
    assert shown == f"  {text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "Expected `and`, `or`, `+` or the end."),
        ("(a b", "Expected `and`, `or`, `+` or `)`."),
        ("5", 'A name of digits is written in quotes: "5".'),
        ("a and or", 'As a name it is written in quotes: "or".'),
        ("x:", "a name with a colon is written in quotes"),
        ("*clf*", "Write name:*clf* for such names, +clf* for upstream."),
        ("state:x", "There are ABANDONED, CACHED"),
        ("+", "`TYPE:NAME`"),
    ],
)
def test_an_error_says_what_to_write(text: str, expected: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        check(text)

    assert expected in raised.value.hint


def test_the_place_is_shown_in_its_own_line_and_a_long_line_is_cut() -> None:
    with pytest.raises(InvalidArgument) as raised:
        check("a\nand\n" + "b or " * 1_000 + "c d" + " e" * 1_000)

    assert raised.value.values["line"] == 3
    assert raised.value.values["column"] == 5_003
    assert len(raised.value.message) < 300


@pytest.mark.parametrize("opening", ["(", "+(", "roots(", "not ("])
def test_depth_has_no_limit_but_the_length(opening: str) -> None:
    depth = (LONGEST - 1) // (len(opening) + 1)

    tree = parse(opening * depth + "a" + ")" * depth)

    assert len(tree) == (1 if opening == "(" else depth + 1)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="at most 100,000 are read"):
        parse("a" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("model", "Model", True),
        ("mo*", "Model", True),
        ("*del", "model", True),
        ("m*d*l", "model", True),
        ("m*l*d", "model", False),
        ("mod*ode*", "model", False),
        ("a.c", "abc", False),
        ("a*", "b", False),
        ("*", "", True),
    ],
)
def test_a_pattern_fits_what_its_parts_are_in(*, pattern: str, text: str, fits: bool) -> None:
    assert Pattern(tuple(pattern.split("*"))).fits(text) is fits
