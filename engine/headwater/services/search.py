"""Search: nodes by the words of their names, uris, types and descriptions."""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from headwater.errors import Internal, InvalidArgument
from headwater.graph.search_indexes import (
    USUAL_PROPERTY,
    create_search_index,
    drop_search_indexes,
    search_index_name,
    search_keys,
)
from headwater.graph.statements import load
from headwater.query.parts import NodeKey
from headwater.services.scope import Scope
from headwater_schema import TypeKind
from headwater_schema.stored import LABELS

MOST_WORDS = 32
"""Words of one search; the index refuses a question of more than 1,024 parts."""

LONGEST = 4_000
"""Characters of one search."""

MOST_PROPERTIES = 32
"""User properties that can be searched beside the description."""

_LONGEST_TOKEN = 255
"""The index cuts longer words in pieces."""

_TRIES = 3
_KINDS = {label: kind for kind, label in LABELS.items()}
_WORD = r"\p{L}\p{N}\p{M}"
# What the index keeps inside a word and a person sees as its end: `clf_v2`, `model.bin`, `it's`.
# All signs of ASCII, soft hyphen, middle dot, general punctuation. In few ranges: the server
# makes an automaton of it for each word and key, and 25 signs one by one took it 6 times as long.
_JOINT = "[^a-z0-9\u0080-\u00ac\u00ae-\u00b6\u00b8-\u200b\u2070-\U0010ffff]"
ResultT = TypeVar("ResultT")


class Hit(NamedTuple):
    """A node that holds the words.

    Attributes:
        kind: artifact, execution or context.
        id: of the node.
        type: its type's name.
        name: what it is called; of a tombstone what it was called.
        uri: of an artifact.
        state: DELETED for a tombstone.
        score: 4 where the whole name or series is the text, 2 where the name holds all words,
            1 where the type holds one; added up.
    """

    kind: TypeKind
    id: int
    type: str
    name: str | None
    uri: str | None
    state: str | None
    score: int

    @property
    def key(self) -> NodeKey:
        """What the node is told apart by."""
        return NodeKey(self.kind, self.id)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        text: what was searched for.
        hits: the best first, then by kind (artifact, context, execution) and id.
        left_out: how many more there are, by kind and type.
        cursor: asks for them; None in a complete answer.
    """

    text: str
    hits: tuple[Hit, ...]
    left_out: Mapping[TypeKind, Mapping[str, int]] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out after these."""
        return not self.left_out

    def __len__(self) -> int:
        return len(self.hits)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values: hits, complete, left_out, cursor."""
        return {
            "text": self.text,
            "hits": [
                {"key": str(hit.key), **hit._asdict(), "kind": str(hit.kind)} for hit in self.hits
            ],
            "complete": self.complete,
            "left_out": {str(kind): dict(counts) for kind, counts in self.left_out.items()},
            "cursor": self.cursor,
        }


class _Words(NamedTuple):
    """A search text, taken apart: all words in lower case, phrases, and which one may go on."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    open: str | None


class SearchService:
    """Searches one namespace. The index is the database's, and made by the first search."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._properties: tuple[str, ...] | None = None

    def search(
        self,
        text: str,
        *,
        kinds: Collection[TypeKind] | None = None,
        types: Collection[str] | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Found:
        """Return the nodes that hold every word of a text.

        A word ends at every character that is no letter or digit: `s3://data/clf_v2.bin` has
        the words s3, data, clf, v2 and bin. The last word may go on: `cl` finds clf. Words in
        double quotes must stand side by side. Upper and lower case are the same. What was
        committed before is found. Tombstones are found too, in state DELETED.

        Args:
            text: the words.
            kinds: only nodes of these kinds.
            types: only nodes of these types.
            limit: at most so many.
            cursor: of the answer before, to go on after it.

        Returns:
            The best first. A node that lies in the store, unchanged, during all pages is on
            exactly one of them.

        Raises:
            InvalidArgument: the text has no word, or too many; the cursor is none of this
                search; `limit` is not positive.
        """
        if limit < 1:
            raise InvalidArgument(f"A page has at least 1 node, asked for {limit}.", limit=limit)
        words = _words(text)
        labels = sorted(LABELS[kind] for kind in TypeKind if kinds is None or kind in kinds)
        named = None if types is None else sorted(set(types))
        digest = _digest(self._scope.namespace, text, labels, named)
        score, label, last_id = (None, None, None) if cursor is None else _decode(cursor, digest)
        question: dict[str, Any] = {
            "namespace": self._scope.namespace,
            "labels": labels,
            "types": named,
            "phrases": [_expression(phrase) for phrase in words.phrases],
            "words": list(words.words),
            "whole": text.strip().lower(),
            "score": score,
            "label": label,
            "id": last_id,
        }

        def ask(
            index: str, keys: Sequence[str]
        ) -> tuple[list[Hit], dict[TypeKind, dict[str, int]]]:
            of_index = {"index": index, "keys": keys, "query": self._query(words, keys)}
            return self._page(question | of_index, limit)

        hits, left_out = self._with_index(ask)
        return Found(text, tuple(hits), left_out, _encode(digest, hits[-1]) if left_out else None)

    def _page(
        self, question: dict[str, Any], limit: int
    ) -> tuple[list[Hit], dict[TypeKind, dict[str, int]]]:
        """Return the hits of a page, and how many come after it."""
        read = self._scope.graph.read
        ((rows,),) = read(load("search/page"), **question, limit=limit + 1)
        hits = [Hit(_KINDS[row[0]], *row[1:]) for row in rows[:limit]]
        left_out: dict[TypeKind, dict[str, int]] = {}
        if len(rows) > limit:
            last = hits[-1]
            place = {"score": last.score, "label": LABELS[last.kind], "id": last.id}
            for label, type_name, count in read(load("search/count"), **(question | place)):
                left_out.setdefault(_KINDS[label], {})[type_name] = count
        return hits, left_out

    def properties(self) -> list[str]:
        """Return the user properties whose texts are searched, by name."""
        return sorted({USUAL_PROPERTY, *self._chosen()})

    def choose(self, properties: Collection[str]) -> list[str]:
        """Return the user properties whose texts are searched, after choosing them.

        Names, uris, types and descriptions are always searched. A new index is made beside the
        old one, which answers until the new one holds every node of every namespace.

        Args:
            properties: keys of STRING properties, declared or custom.

        Raises:
            InvalidArgument: there are more than `MOST_PROPERTIES`, or one cannot be indexed.
        """
        wanted = sorted(set(properties) - {USUAL_PROPERTY})
        if len(wanted) > MOST_PROPERTIES:
            raise InvalidArgument(
                f"At most {MOST_PROPERTIES} properties can be searched, asked for {len(wanted)}."
            )
        keys = search_keys(wanted)
        create_search_index(self._scope.graph, keys)
        self._scope.graph.write(lambda tx: tx.run(load("search/set_keys"), keys=wanted))
        self._properties = tuple(wanted)
        drop_search_indexes(self._scope.graph, but=keys)
        return self.properties()

    def _chosen(self) -> tuple[str, ...]:
        rows = self._scope.graph.read(load("search/setting"))
        self._properties = tuple(rows[0][0]) if rows else ()
        return self._properties

    def _with_index(self, ask: Callable[[str, Sequence[str]], ResultT]) -> ResultT:
        """Return what is asked of the index, which is made, or found anew, where it is gone."""
        chosen = self._properties
        for _ in range(_TRIES - 1):
            keys = search_keys(self._chosen() if chosen is None else chosen)
            try:
                return ask(search_index_name(keys), keys)
            except Internal as error:
                if "fulltext" not in str(error) and "index" not in str(error):
                    raise
            chosen = self._chosen()
            create_search_index(self._scope.graph, search_keys(chosen))
        keys = search_keys(chosen or ())
        return ask(search_index_name(keys), keys)

    def _query(self, words: _Words, keys: Sequence[str]) -> str:
        wanted = [f'+namespace:"{_escaped(self._scope.namespace)}"']
        for word in words.words:
            forms = _forms(word, goes_on=word == words.open)
            fields = [f"{_escaped(key)}:{form}" for key in keys for form in forms]
            wanted.append(f"+({' '.join(fields)})")
        return " ".join(wanted)


def _words(text: str) -> _Words:
    if len(text) > LONGEST:
        raise InvalidArgument(
            f"The search has {len(text):,} characters; at most {LONGEST:,} are read."
        )
    parts = text.split('"')
    # Every second part stands in quotes; a quote that is never closed is no quote.
    quoted = [i % 2 == 1 and i < len(parts) - 1 for i in range(len(parts))]
    found = [_split(part) for part in parts]
    words = tuple(dict.fromkeys(word for part in found for word in part))
    if not words:
        raise InvalidArgument(
            f"{text!r:.200} holds no word to search for.", hint="Give letters or digits.", text=text
        )
    if len(words) > MOST_WORDS:
        raise InvalidArgument(
            f"The search has {len(words)} words; at most {MOST_WORDS} are looked for.",
            hint="Leave some out, or use a filter or a selection.",
        )
    phrases = tuple(
        tuple(part) for part, in_quotes in zip(found, quoted, strict=True) if in_quotes and part
    )
    last = found[-1][-1] if found[-1] else None
    return _Words(words, phrases, last)


def _split(text: str) -> list[str]:
    spaced = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text)
    return [_lower(word) for word in spaced.split()]


def _lower(word: str) -> str:
    """Return the word in lower case as the index has it: each character becomes one."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in word)


def _forms(word: str, *, goes_on: bool) -> list[str]:
    """Return the ways in which a word can stand in the index.

    Whole, or as the index itself takes it apart (it has a word for each Chinese character); and
    as a part of what the index takes for one word.
    """
    whole = f'"{word}"'
    if len(word) >= _LONGEST_TOKEN:
        return [whole]
    tail = ".*" if goes_on else f"({_JOINT}.*)?"
    return [whole, f"/(.*{_JOINT})?{word}{tail}/"]


def _escaped(text: str) -> str:
    return re.sub(r"(\W)", r"\\\1", text)


def _expression(phrase: Sequence[str]) -> str:
    """Return a regular expression of Java's for a value with those words side by side."""
    words = f"[^{_WORD}]+".join(f"\\Q{word}\\E" for word in phrase)
    return f"(?siu).*(?<![{_WORD}]){words}(?![{_WORD}]).*"


def _digest(*asked: object) -> str:
    content = json.dumps(asked)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _encode(digest: str, last: Hit) -> str:
    content = json.dumps([digest, last.score, LABELS[last.kind], last.id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _decode(cursor: str, digest: str) -> tuple[int, str, int]:
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of_search, score, label, node_id = json.loads(content)
        place = int(score), _KINDS[label] and str(label), int(node_id)
    except (binascii.Error, ValueError, TypeError, KeyError) as error:
        raise InvalidArgument(
            f"{cursor!r:.200} is not a cursor.", hint="Use the cursor of a cut answer as it is."
        ) from error
    if of_search != digest:
        raise InvalidArgument(
            "The cursor is of another search.", hint="Give the same text, kinds and types with it."
        )
    return place
