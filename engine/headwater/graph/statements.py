"""Statements: the Cypher texts under `cypher/`, loaded, and joined where one call needs several.

Owns the form of a `.cypher` file: `//` header lines first, of which these mean something:

- `// @for LABEL: Artifact, Execution` - the word LABEL in the text stands for one of these;
- `// @returns a, b` - what a block of a joined statement returns at the end;
- `// @hands a` - what it hands to later blocks;
- `// @after a` - what an earlier block must have handed to it;
- `// @sound expression` - what is true when the block did all that it was asked to do.

A `Statement` is made here and in `headwater.query.listing` only, from texts of our own: no
character that a user sends ever becomes part of one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import LiteralString, cast

from headwater.errors import Internal

HOPS = "1000000000"
"""How `.cypher` files write the upper bound of a path; `at_depth` puts a number in its place."""


_PARAMETER = re.compile(r"""`[^`]*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\$(\w+)""", re.DOTALL)
"""A parameter, as the only group; or what is quoted, where a dollar is a dollar."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A Cypher text of ours, ready to run.

    Attributes:
        name: file it came from, for logs and errors.
        text: the text.
        returns: names of a block's results, empty for a whole statement.
    """

    name: str
    text: LiteralString
    returns: tuple[str, ...] = ()

    def at_depth(self, hops: int) -> "Statement":
        """Return the statement with its path bound set to that many hops.

        The bound cannot be a parameter in Cypher; an int is all that can enter the text.
        """
        return Statement(f"{self.name}@{hops}", trusted(self.text.replace(HOPS, str(int(hops)))))

    def bundled(self) -> LiteralString:
        """Return the text as the server gets it: all its parameters in one map, named `asked`.

        The server plans a text anew for each combination of its parameters' types, and of the
        sizes of lists and texts among them (measured: a list of one id, then of two, 0.8 s each
        for a lineage; 60 puts of different shapes, 9.0 s, and 2.1 s with a map). A map is one
        type, whatever lies in it.
        """
        return _bundled(self.text)


def _in_map(found: re.Match[str]) -> str:
    return f"$asked.{found[1]}" if found[1] else found[0]


@lru_cache(maxsize=4_096)
def _bundled(text: str) -> LiteralString:
    return trusted(_PARAMETER.sub(_in_map, text))


@cache
def load(name: str, label: str | None = None) -> Statement:
    """Return the statement in `cypher/NAME.cypher`.

    Args:
        name: path below `cypher/` without its ending.
        label: for a file with an `@for LABEL` header, which of its labels.

    Raises:
        Internal: the label is not one of the file's.
    """
    text = _source(name)
    labels = _header(text, "for LABEL")
    if (label is None) != (not labels) or (label is not None and label not in labels):
        raise Internal(f"Statement {name} is for {labels or 'no label'}, asked for {label}.")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    if label is not None:
        body = re.sub(r"\bLABEL\b", label, body)
    full = name if label is None else f"{name}:{label}"
    return Statement(full, trusted(body), _header(text, "returns"))


@cache
def joined(names: tuple[str, ...]) -> Statement:
    """Return one statement that runs those blocks in order and returns what each hands on.

    Args:
        names: files below `cypher/`, each a `CALL` block.

    Raises:
        Internal: a block comes before one that hands it what it needs.
    """
    blocks = [load(name) for name in names]
    handed: set[str] = set()
    for name in names:
        if missing := set(_header(_source(name), "after")) - handed:
            raise Internal(f"Block {name} needs {', '.join(sorted(missing))} of an earlier one.")
        handed |= set(_header(_source(name), "hands"))
    returns = tuple(result for block in blocks for result in block.returns)
    text = "\n".join(block.text.strip() for block in blocks)
    tail = f"\nRETURN {', '.join(returns)}" if returns else "\nFINISH"
    return Statement("+".join(names), trusted(text + tail), returns)


@cache
def guarded(names: tuple[str, ...]) -> Statement | None:
    """Return the statement of `joined` as one that fails, and so undoes itself, unless all is sound.

    Cypher has no way to raise an error but to make one: the last column divides by zero. None
    where a block does not say what is sound.
    """
    checks = [re.search(r"^// @sound (.+)$", _source(name), re.MULTILINE) for name in names]
    if not all(checks):
        return None
    whole = joined(names)
    sound = " AND ".join(f"({check[1]})" for check in checks if check) or "true"
    columns = "".join(f"{name}, " for name in whole.returns)
    body = whole.text.rpartition("\n")[0]
    tail = f"RETURN {columns}1 / CASE WHEN {sound} THEN 1 ELSE 0 END AS sound"
    return Statement(f"{whole.name}!", trusted(f"{body}\n{tail}"), (*whole.returns, "sound"))


def names() -> list[str]:
    """Return the names of all statements, in order."""
    root = resources.files("headwater.graph") / "cypher"
    return sorted(
        f"{folder.name}/{file.name.removesuffix('.cypher')}"
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".cypher")
    )


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels that the file's LABEL stands for, none if it has no such word."""
    return _header(_source(name), "for LABEL")


@cache
def _source(name: str) -> str:
    file = resources.files("headwater.graph") / "cypher" / f"{name}.cypher"
    return file.read_text(encoding="utf-8")


def _header(text: str, key: str) -> tuple[str, ...]:
    found = re.search(rf"^// @{key}:?\s+(.+)$", text, re.MULTILINE)
    return tuple(part.strip() for part in found[1].split(",")) if found else ()


def trusted(text: str) -> LiteralString:
    """Return a text of ours as one that may be run: a file of this package, or a quoted key.

    The one cast. Nothing that a user sends may be given to it, but a declared property's key
    that `headwater.graph.indexes.quoted` has quoted, and the query of a person's own that
    `headwater.graph.guard` has let through.
    """
    return cast("LiteralString", text)  # type: ignore[redundant-cast] # mypy reads it as str, pyright does not


def literal(parts: Sequence[LiteralString]) -> LiteralString:
    """Return the parts as one text, a line each."""
    return "\n".join(parts)
