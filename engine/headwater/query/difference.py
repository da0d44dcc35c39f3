"""Difference: why two models, runs, contexts or moments of one node are not the same.

Owns the answer and its forms. Aligning is `alignment`, what counts as a difference
`difference_rules`, their order `difference_findings`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headwater.query import difference_drawing as drawing
from headwater.query.alignment import align
from headwater.query.difference_findings import find
from headwater.query.difference_parts import Aspect, Difference, Fact, Provenance
from headwater.query.difference_rules import Rules
from headwater.query.moment import NOW, Moment
from headwater.query.parts import NodeKey

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Diff:
    """What differs between two histories, the earliest divergence first.

    Attributes:
        left: what was asked about on the left.
        right: and on the right.
        moments: of the left and of the right.
        differences: by rank.
        facts: the nodes that differences name, by key; left ones where the sides disagree.
        counts: how many nodes are `equal` (by identity or by all that is compared), `changed`,
            `only_left`, `only_right`.
        ignored: how often each property differed that only tells runs apart.
        merged: both histories as one graph, for the drawings.
    """

    left: NodeKey
    right: NodeKey
    moments: tuple[Moment, Moment]
    differences: tuple[Difference, ...]
    facts: Mapping[NodeKey, Fact]
    counts: Mapping[str, int]
    ignored: Mapping[str, int]
    merged: drawing.Merged = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether nothing differs but what is ignored."""
        return not self.differences

    @property
    def causes(self) -> tuple[Difference, ...]:
        """The differences that nothing upstream explains, the earliest first."""
        return tuple(found for found in self.differences if found.is_cause)

    def __len__(self) -> int:
        return len(self.differences)

    def __bool__(self) -> bool:
        return bool(self.differences)

    def of_aspects(self, *aspects: Aspect | str) -> tuple[Difference, ...]:
        """Return the differences of these aspects, by rank."""
        wanted = {Aspect(aspect) for aspect in aspects}
        return tuple(found for found in self.differences if found.aspect in wanted)

    def title(self, key: NodeKey) -> str:
        """Return how a node that a difference names is called."""
        fact = self.facts.get(key)
        return str(key) if fact is None else fact.title

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values; moments in milliseconds, None for unbounded."""
        return {
            "left": str(self.left),
            "right": str(self.right),
            "moments": [moment._asdict() for moment in self.moments],
            "same": self.same,
            "differences": [self._found_as_dict(found) for found in self.differences],
            "counts": dict(self.counts),
            "ignored": dict(self.ignored),
        }

    def _found_as_dict(self, found: Difference) -> dict[str, Any]:
        return {
            "rank": found.rank,
            "aspect": str(found.aspect),
            "left": self._node_as_dict(found.left),
            "right": self._node_as_dict(found.right),
            "property": found.property,
            "before": found.before,
            "after": found.after,
            "hops": found.hops,
            "consequence_of": found.consequence_of,
            "absorbed": found.absorbed,
        }

    def _node_as_dict(self, key: NodeKey | None) -> dict[str, Any] | None:
        if key is None:
            return None
        fact = self.facts[key]
        return {"key": str(key), "type": fact.type, "name": fact.name}

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False)

    def to_text(self, *, most: int | None = 50) -> str:
        """Return the answer as lines of text, causes first.

        Args:
            most: shows so many lines and tells how many it left out; None shows all.
        """
        return drawing.to_text(self, most=most)

    def table(self, *, most: int | None = 50) -> "RenderableType":
        """Return the answer as a table of rich's; `most` as in `to_text`."""
        return drawing.to_rich(self, most=most)

    def __rich__(self) -> "RenderableType":
        return self.table()

    def to_dot(self, *, whole: bool = False) -> str:
        """Return both histories as one Graphviz text: equal grey, changed orange, left red, right green.

        Args:
            whole: draws all of it, not only what differs and what lies next to that.
        """
        return drawing.to_dot(self, whole=whole)

    def to_svg(self, *, whole: bool = False) -> str:
        """Return both histories as one SVG drawing in the colours of `to_dot`."""
        return drawing.to_svg(self, whole=whole)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def difference(
    left: Provenance,
    right: Provenance,
    rules: Rules | None = None,
    *,
    moments: tuple[Moment, Moment] = (NOW, NOW),
) -> Diff:
    """Return what differs between two histories.

    It takes time and memory linear in both; measured: 0.3 to 1 ms a node and side.

    Args:
        left: one history, upstream of its root.
        right: the other.
        rules: what is passed over and how properties are named; the usual ones when unset.
        moments: of the left and right history; where they differ, a node that is in both is
            compared with itself.
    """
    rules = rules or Rules()
    alignment = align(left, right, rules, same=moments[0] == moments[1])
    found = find(alignment, rules)
    touched = {key for d in found.differences for key in (d.left, d.right) if key is not None}
    facts = {key: right.nodes[key] for key in sorted(touched) if key in right.nodes}
    facts |= {key: left.nodes[key] for key in sorted(touched) if key in left.nodes}
    merged = drawing.merged(alignment, found)
    return Diff(
        left.root,
        right.root,
        moments,
        found.differences,
        facts,
        merged.counts(),
        found.ignored,
        merged,
    )
