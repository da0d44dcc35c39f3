"""Search: words found where they stand, against words in plain Python."""

import os
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest

from headwater.errors import InvalidArgument
from headwater.graph.session import Graph
from headwater.query.parts import NodeKey
from headwater.services.search import LONGEST, MOST_WORDS, Found, SearchService
from headwater_schema import ArtifactType, PropertyKind, TypeKind
from services.conftest import Typed

HOSTILE = int(os.environ.get("HEADWATER_TEST_HOSTILE", "100"))
WORDS = ["clf", "wine", "raw", "s3", "2024", "01", "v2", "bin", "été", "привет", "straße", "x"]
JOINTS = ["_", "-", "/", ".", " ", ":", "@", "=", ", ", "://", "'", "+"]


@pytest.fixture
def search(typed: Typed) -> SearchService:
    return SearchService(typed.services.scope)


@pytest.fixture
def described(typed: Typed) -> int:
    """The id of a type with texts that can be searched."""
    (type_id,) = typed.services.types.put(
        [
            ArtifactType(
                name="Model",
                properties={"description": PropertyKind.STRING, "owner": PropertyKind.STRING},
            )
        ]
    )
    return type_id


def ids(found: Found) -> list[int]:
    return [hit.id for hit in found.hits]


def words_of(text: str) -> list[str]:
    letters = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text)
    return "".join(letters).lower().split()


def test_words_are_found_as_plain_python_finds_them(
    typed: Typed, search: SearchService, described: int
) -> None:
    random_ = random.Random("search")  # noqa: S311 - not for secrets

    def text() -> str:
        count = random_.randint(1, 4)
        parts = [f"{random_.choice(WORDS)}{random_.choice(JOINTS)}" for _ in range(count)]
        return "".join(parts).upper() if random_.random() < 0.3 else "".join(parts)

    texts = [(f"{text()}{number}", text(), text()) for number in range(60)]
    put = typed.put(
        *(
            typed.artifact(type_id=described, name=n, uri=u, properties={"description": d})
            for n, u, d in texts
        )
    )
    held = {
        node_id: {word for text in (*three, "Model") for word in words_of(text)}
        for node_id, three in zip(put, texts, strict=True)
    }
    for _ in range(60):
        asked = random_.sample(WORDS, k=random_.randint(1, 3))
        asked[-1] = asked[-1][: random_.randint(1, len(asked[-1]))]
        *whole, start = asked
        expected = {
            node_id
            for node_id, words in held.items()
            if words.issuperset(whole) and any(word.startswith(start) for word in words)
        }

        found = search.search(random_.choice(JOINTS).join(asked), limit=100)

        assert set(ids(found)) == expected, asked
        assert found.complete


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("clf", True),
        ("CLF", True),
        ("v2", True),
        ("bin", True),
        ("2024-01", True),
        ("s3 bucket", True),
        ("buck", True),
        ("buck clf", False),
        ("lf", False),
        ("nice words", True),
        ('"nice model"', True),
        ('"model nice"', False),
        ('"clf v2"', True),
        ('"bucket 2024" nice', True),
        ('"nice mod"', False),
        ("機械", True),
        ("機械学習", True),
        ("ПРИВЕТ", True),
        ("model", True),
        ("AND", False),
        ("clf AND nice", False),
        ("clf OR gone", False),
        ("NOT clf", False),
        ("name:clf", False),
        ("nice~9", False),
        ("n?ce", False),
        ("(clf)", True),
        ("clf^3 !", False),
        ("+clf -v2", True),
    ],
)
def test_what_is_found(
    typed: Typed, search: SearchService, described: int, *, text: str, found: bool
) -> None:
    (node_id,) = typed.put(
        typed.artifact(
            type_id=described,
            name="clf_v2@7",
            uri="s3://bucket/2024-01/clf_v2.bin",
            properties={"description": "A nice  MODEL, of words. 機械学習 привет"},
        )
    )

    assert ids(search.search(text)) == ([node_id] if found else [])


def test_the_best_come_first(typed: Typed, search: SearchService, described: int) -> None:
    made = typed.put(
        typed.artifact(type_id=described, uri="clf"),
        typed.artifact(type_id=described, name="clf-2"),
        typed.artifact(type_id=described, name="clf"),
        typed.execution(name="clf"),
        typed.context("clf"),
    )

    found = search.search("clf")

    first, second, third, run, context = made
    assert [(hit.kind, hit.id, hit.score) for hit in found.hits] == [
        (TypeKind.ARTIFACT, third, 6),
        (TypeKind.CONTEXT, context, 6),
        (TypeKind.EXECUTION, run, 6),
        (TypeKind.ARTIFACT, second, 2),
        (TypeKind.ARTIFACT, first, 0),
    ]
    assert ids(search.search("clf", kinds=[TypeKind.EXECUTION])) == [run]
    assert ids(search.search("clf", types=["Model", "C"])) == [third, context, second, first]
    assert ids(search.search("clf", types=[])) == []


def pages(search: SearchService, text: str, limit: int) -> Iterator[Found]:
    cursor = None
    while True:
        page = search.search(text, limit=limit, cursor=cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


def test_pages_lose_and_double_nothing_while_others_write(
    typed: Typed, search: SearchService, described: int
) -> None:
    made = typed.put(*(typed.artifact(type_id=described, name=f"clf-{i}") for i in range(23)))
    found: list[NodeKey] = []
    for number, page in enumerate(pages(search, "clf", 5)):
        counts = sum(n for counts in page.left_out.values() for n in counts.values())
        assert counts == max(23 - 5 * (number + 1), 0)
        assert page.complete is (counts == 0)
        found += [hit.key for hit in page.hits]
        typed.put(*(typed.artifact(type_id=described, name=f"new{number}-{i}") for i in range(9)))

    assert found == [NodeKey(TypeKind.ARTIFACT, i) for i in made]


def test_one_finds_what_one_has_just_written_and_renamed(
    typed: Typed, search: SearchService
) -> None:
    for number in range(10):
        (node_id,) = typed.put(typed.artifact(name=f"fresh{number}"))
        assert ids(search.search(f"fresh{number}")) == [node_id]
    typed.services.renames.rename(node_id, "other")

    assert ids(search.search("fresh9")) == []
    assert ids(search.search("other")) == [node_id]


def test_a_tombstone_is_found_and_marked(typed: Typed, search: SearchService) -> None:
    (node_id,) = typed.put(typed.artifact(name="gone-clf"))
    typed.services.removal.delete(NodeKey(TypeKind.ARTIFACT, node_id))

    (hit,) = search.search("gone").hits

    assert (hit.id, hit.name, hit.state) == (node_id, "gone-clf", "DELETED")


def test_namespaces_of_like_names_do_not_see_each_other(
    typed: Typed, search: SearchService
) -> None:
    typed.put(typed.artifact(name="clf"))
    name = typed.services.namespace
    for other in (name.replace("-", "_"), name.replace("-", "."), f"{name}-x", name[:-1]):
        assert not SearchService(replace(typed.services.scope, namespace=other)).search("clf").hits
    assert not search.search(name).hits


def test_long_values_are_found_by_their_last_word(
    typed: Typed, search: SearchService, described: int
) -> None:
    (node_id,) = typed.put(
        typed.artifact(
            type_id=described, uri="s3://" + "a/" * 3_000 + "lastpart", custom_properties={}
        )
    )

    assert ids(search.search("lastpart")) == [node_id]


@pytest.mark.parametrize("length", [200, 254, 255, 256, 900])
def test_a_very_long_word_is_found_whole(typed: Typed, search: SearchService, length: int) -> None:
    (node_id,) = typed.put(typed.artifact(name="w" * length))

    assert ids(search.search("w" * length)) == [node_id]
    assert ids(search.search("w" * (length - 1) + "v")) == []


@pytest.mark.parametrize("text", ["", " ", "!?", '""', "* ~ ^", "_-/.", "\\", "&& ||", "\n"])
def test_a_text_without_a_word_is_refused(search: SearchService, text: str) -> None:
    with pytest.raises(InvalidArgument, match="holds no word"):
        search.search(text)


def test_too_much_is_refused(search: SearchService) -> None:
    with pytest.raises(InvalidArgument, match=f"at most {MOST_WORDS} are looked for"):
        search.search(" ".join(f"w{i}" for i in range(MOST_WORDS + 1)))
    with pytest.raises(InvalidArgument, match="are read"):
        search.search("a" * (LONGEST + 1))
    with pytest.raises(InvalidArgument, match="at least 1"):
        search.search("a", limit=0)
    assert search.search(" ".join(f"w{i}" for i in range(MOST_WORDS))).hits == ()


def test_hostile_texts_raise_nothing_but_invalid_argument(typed: Typed) -> None:
    random_ = random.Random("hostile")  # noqa: S311 - not for secrets
    signs = list('+-&|!(){}[]^"~*?:\\/<>=#@.,;_% \n\t\0abZ09é日\u0301\u202e\U0001f600\ud800')
    signs += [" AND ", " OR ", "NOT ", " TO ", "namespace:", "*:*", "/.*/", '" "', "\\u0041"]
    typed.put(typed.artifact(name="secret"))
    elsewhere = SearchService(
        replace(typed.services.scope, namespace=f"{typed.services.namespace}-x")
    )
    refused = 0
    for _ in range(HOSTILE):
        text = "".join(random_.choice(signs) for _ in range(random_.randint(0, 40)))
        try:
            found = elsewhere.search(text).hits
        except InvalidArgument:
            refused += 1
        else:
            assert found == (), text

    assert 0 < refused < HOSTILE


def test_a_cursor_belongs_to_its_search(typed: Typed, search: SearchService) -> None:
    typed.put(typed.artifact(name="clf-1"), typed.artifact(name="clf-2"))
    cursor = search.search("clf", limit=1).cursor

    for text, kinds, wrong in [
        ("cl", None, cursor),
        ("clf", [TypeKind.ARTIFACT], cursor),
        ("clf", None, "!!"),
    ]:
        with pytest.raises(InvalidArgument, match="cursor"):
            search.search(text, kinds=kinds, cursor=wrong)


def test_chosen_properties_are_searched_and_others_go_on_meanwhile(
    typed: Typed, search: SearchService, described: int, graph: Graph
) -> None:
    assert graph is typed.services.graph
    (node_id,) = typed.put(
        typed.artifact(type_id=described, name="clf", properties={"owner": "Zaphod Beeblebrox"})
    )
    other = SearchService(typed.services.scope)
    assert ids(other.search("clf")) == [node_id]
    assert not search.search("zaphod").hits
    before = search.properties()
    try:
        assert "owner" in search.choose(["owner", "odd `key`: (1)"])

        assert ids(search.search("zaphod")) == [node_id]
        assert ids(other.search("clf")) == [node_id]
        assert ids(SearchService(typed.services.scope).search('"zaphod beeblebrox" clf')) == [
            node_id
        ]
    finally:
        assert search.choose(before) == before
    assert not search.search("zaphod").hits
