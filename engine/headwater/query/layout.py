"""Layout: where the boxes of a drawing stand, data flowing from left to right, and its arrows.

Knows nothing of what the boxes are: it is given keys, and pairs of keys.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise
from typing import Generic, NamedTuple, TypeAlias, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)

BOX_WIDTH, BOX_HEIGHT = 190, 44
_COLUMN_GAP, _ROW_GAP, _MARGIN = 60, 22, 12
_NOTE_WIDTH = 600
_SWEEPS = 4
_BENDS = 20_000


class Arrow(NamedTuple):
    """An arrow of a drawing.

    Attributes:
        edge: place of its pair among those that were given.
        line: the drawing instructions of its path.
    """

    edge: int
    line: str


@dataclass(frozen=True)
class Layout(Generic[KeyT]):
    """Where everything of a drawing stands, in pixels.

    Attributes:
        places: left upper corner of each key's box.
        arrows: of the pairs whose ends are both drawn.
        width: of the whole.
        height: of the whole.
        straight: how many arrows go straight across boxes, because there are too many.
    """

    places: Mapping[KeyT, tuple[int, int]]
    arrows: Sequence[Arrow]
    width: int
    height: int
    straight: int


class _Bend(NamedTuple):
    """A place in a column that an edge passes on its way, so that it crosses no box."""

    edge: int
    column: int


_Point: TypeAlias = KeyT | _Bend
_Chain: TypeAlias = list[KeyT | _Bend]


def laid_out(keys: Sequence[KeyT], ends: Sequence[tuple[KeyT, KeyT]]) -> Layout[KeyT]:
    """Return a layout of the keys in columns by their place in the flow.

    Args:
        keys: of the boxes, each once.
        ends: source and target of each arrow; those with an end that has no box are left out.
    """
    known = set(keys)
    drawn = {place: pair for place, pair in enumerate(ends) if known.issuperset(pair)}
    columns, chains, straight = _chained(keys, drawn)
    places = {
        point: (
            _MARGIN + column * (BOX_WIDTH + _COLUMN_GAP),
            _MARGIN + row * (BOX_HEIGHT + _ROW_GAP),
        )
        for column, points in enumerate(columns)
        for row, point in enumerate(points)
    }
    return Layout(
        {key: places[key] for key in keys},
        [Arrow(edge, _line([places[point] for point in chain])) for edge, chain in chains.items()],
        max((x for x, _ in places.values()), default=0) + BOX_WIDTH + _MARGIN,
        max((y for _, y in places.values()), default=0) + BOX_HEIGHT + _MARGIN,
        straight,
    )


def svg_text(
    layout: Layout[KeyT],
    boxes: Sequence[str],
    *,
    notes: Sequence[str] = (),
    dashed: Mapping[int, str] | None = None,
) -> str:
    """Return a layout as SVG.

    Args:
        layout: where everything stands.
        boxes: the elements drawn over the arrows.
        notes: lines below the drawing.
        dashed: what is told of arrows that are dashed, by the place of their pair.
    """
    told = [*notes]
    if layout.straight:
        told.append(f"{layout.straight:,} long events are drawn straight across other nodes")
    width, height = layout.width, layout.height
    bottom = height + _MARGIN
    if told:
        height += _ROW_GAP * len(told)
        width = max(width, _NOTE_WIDTH)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        ),
        (
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#64748b"/></marker></defs>'
        ),
        *(_path(arrow, (dashed or {}).get(arrow.edge)) for arrow in layout.arrows),
        *boxes,
        *(
            f'<text x="{_MARGIN}" y="{bottom + _ROW_GAP * row}" fill="#475569" '
            f'font-style="italic">{escape(note)}</text>'
            for row, note in enumerate(told)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _chained(
    keys: Sequence[KeyT], ends: Mapping[int, tuple[KeyT, KeyT]]
) -> tuple[list[_Chain[KeyT]], dict[int, _Chain[KeyT]], int]:
    """Return the columns from left to right, the points that each edge goes through, and a count."""
    ranks = _ranks(keys, list(ends.values()))
    columns: list[_Chain[KeyT]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for key in keys:
        columns[ranks[key]].append(key)
    chains: dict[int, _Chain[KeyT]] = {}
    left, straight = _BENDS, 0
    for edge, (source, target) in ends.items():
        between = range(ranks[source] + 1, ranks[target])
        if len(between) > left:
            # A chain whose every step reads the first artifact would have a bend for each pair.
            straight += 1
            chains[edge] = [source, target]
            continue
        left -= len(between)
        bends = [_Bend(edge, column) for column in between]
        for bend in bends:
            columns[bend.column].append(bend)
        chains[edge] = [source, *bends, target]
    _order(columns, list(chains.values()))
    return columns, chains, straight


def _order(columns: list[_Chain[KeyT]], chains: Sequence[_Chain[KeyT]]) -> None:
    """Sort each column by the middle of its neighbours, to and fro, so that edges cross little."""
    before: dict[_Point[KeyT], _Chain[KeyT]] = {}
    after: dict[_Point[KeyT], _Chain[KeyT]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for sweep in range(_SWEEPS):
        neighbours, order = (before, columns) if sweep % 2 == 0 else (after, columns[::-1])
        places: dict[_Point[KeyT], float] = {}
        for column in order:
            column.sort(key=partial(_middle, neighbours, places))
            places |= {point: row / max(len(column), 1) for row, point in enumerate(column)}


def _ranks(keys: Sequence[KeyT], ends: Sequence[tuple[KeyT, KeyT]]) -> dict[KeyT, int]:
    """Return each key's column: one more than the furthest of its sources (Kahn's order)."""
    targets: dict[KeyT, list[KeyT]] = {key: [] for key in keys}
    waiting = dict.fromkeys(keys, 0)
    for source, target in ends:
        targets[source].append(target)
        waiting[target] += 1
    ranks = {key: 0 for key, count in waiting.items() if count == 0}
    ready = list(ranks)
    while ready:
        key = ready.pop()
        for target in targets[key]:
            ranks[target] = max(ranks.get(target, 0), ranks[key] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    # An execution that reads and writes one artifact is a cycle; its nodes still get a column.
    return {key: ranks.get(key, 0) for key in keys}


def _middle(
    neighbours: Mapping[_Point[KeyT], _Chain[KeyT]],
    places: Mapping[_Point[KeyT], float],
    point: _Point[KeyT],
) -> float:
    known = [places[other] for other in neighbours.get(point, ()) if other in places]
    return sum(known) / len(known) if known else 0.0


def _line(chain: Sequence[tuple[int, int]]) -> str:
    middle = BOX_HEIGHT // 2
    bend = _COLUMN_GAP // 2
    steps = [f"M{chain[0][0] + BOX_WIDTH} {chain[0][1] + middle}"]
    for (x1, y1), (x2, y2) in pairwise(chain):
        start = x1 + BOX_WIDTH
        steps.append(f"L{start} {y1 + middle}")
        steps.append(f"C{start + bend} {y1 + middle} {x2 - bend} {y2 + middle} {x2} {y2 + middle}")
    return "".join(steps)


def _path(arrow: Arrow, dashed: str | None) -> str:
    line = f'd="{arrow.line}" fill="none" stroke="#64748b" marker-end="url(#arrow)"'
    if dashed is None:
        return f"<path {line}/>"
    return f'<path {line} stroke-dasharray="4 3"><title>{escape(dashed)}</title></path>'
