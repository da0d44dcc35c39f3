"""The shortest simple paths of a directed graph, in order, without listing any others.

A search over prefixes that always knows the exact length of the best way to end each of them, so
that every prefix it takes up becomes an answer: the work grows with the answers, not with the
number of paths. Nodes are numbers from 0, and of paths of one length the one comes first whose
numbers are smaller. Knows nothing of Neo4j.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Found(NamedTuple):
    """The shortest simple paths, and how many there are.

    Attributes:
        paths: each a list of nodes, shorter ones first.
        more: whether there are others.
        total: how many there are in all; None where that is not known.
    """

    paths: list[list[int]]
    more: bool
    total: int | None


def shortest_simple_paths(
    count: int, edges: Iterable[tuple[int, int]], *, start: int, end: int, k: int
) -> Found:
    """Return the k shortest paths from start to end that visit no node twice.

    Args:
        count: how many nodes there are.
        edges: pairs of nodes; one that comes twice counts once.
        start: where the paths begin.
        end: where they end.
        k: how many are wanted, at least 1.
    """
    if start == end:
        return Found([[start]], more=False, total=1)
    return _Search(_Graph(count, edges, start, end), k).found()


class _Graph:
    """Nodes that the end can be reached from, with what is known of their ways to it.

    Attributes:
        onward: for each node the next ones, ascending.
        back: for each node the ones before.
        rest: length of the shortest way to the end; absent where there is none.
        component: the strongly connected component of each node; those further on are lower.
        rings: components with more than one node.
    """

    def __init__(self, count: int, edges: Iterable[tuple[int, int]], start: int, end: int) -> None:
        self.start, self.end = start, end
        self.onward: list[list[int]] = [[] for _ in range(count)]
        self.back: list[list[int]] = [[] for _ in range(count)]
        for source, target in sorted(set(edges)):
            if source != end and target != start:
                self.onward[source].append(target)
                self.back[target].append(source)
        self.rest = self._distances()
        self.onward = [[node for node in nodes if node in self.rest] for nodes in self.onward]
        self.component = _components(self.onward, start)
        self.members: dict[int, list[int]] = {}
        for node, component in self.component.items():
            self.members.setdefault(component, []).append(node)
        self.rings = {c for c, nodes in self.members.items() if len(nodes) > 1}

    def _distances(self) -> dict[int, int]:
        rest = {self.end: 0}
        waiting = deque([self.end])
        while waiting:
            node = waiting.popleft()
            for before in self.back[node]:
                if before not in rest:
                    rest[before] = rest[node] + 1
                    waiting.append(before)
        return rest

    def ways(self, node: int, visited: set[int]) -> list[tuple[int, int]]:
        """Return the next nodes from which the end can be reached without those visited.

        Each comes as the length of the shortest such way from it, and the node.
        """
        own = self.component[node]
        if own not in self.rings:
            return [(self.rest[w], w) for w in self.onward[node]]
        within = self._within(own, visited)
        return [
            (within[w] if self.component[w] == own else self.rest[w], w)
            for w in self.onward[node]
            if self.component[w] != own or w in within
        ]

    def _within(self, ring: int, visited: set[int]) -> dict[int, int]:
        """Return the length of the way to the end, not through those visited, of a ring's nodes.

        A path that has left a ring never comes back to it, so what was visited stands in the
        way inside the ring alone.
        """
        waiting: list[tuple[int, int]] = []
        for node in self.members[ring]:
            outside = [self.rest[w] + 1 for w in self.onward[node] if self.component[w] != ring]
            if node == self.end:
                outside = [0]
            if outside and node not in visited:
                waiting.append((min(outside), node))
        heapq.heapify(waiting)
        found: dict[int, int] = {}
        while waiting:
            length, node = heapq.heappop(waiting)
            if node in found:
                continue
            found[node] = length
            for before in self.back[node]:
                if (
                    self.component.get(before) == ring
                    and before not in visited
                    and before not in found
                ):
                    heapq.heappush(waiting, (length + 1, before))
        return found

    def total(self) -> int | None:
        """Return the number of paths; None where there are rings, which makes counting hard."""
        if self.rings:
            return None
        ways = {self.end: 1}
        for node in sorted(self.component, key=lambda node: self.component[node]):
            if node != self.end:
                ways[node] = sum(ways[w] for w in self.onward[node])
        return ways.get(self.start, 0)


@dataclass(slots=True)
class _Deviation:
    """A path that is another answer as far as a position, and there goes to another node.

    Attributes:
        length: of the shortest path that begins so.
        answer: number of the answer that it leaves.
        position: how many nodes they share.
        node: the next one.
    """

    search: "_Search"
    length: int
    answer: int
    position: int
    node: int

    def __lt__(self, other: "_Deviation") -> bool:
        if self.length != other.length:
            return self.length < other.length
        shared = min(self.search.shared[self.answer][other.answer], self.position, other.position)
        return self._at(shared) < other._at(shared)

    def _at(self, position: int) -> int:
        if position == self.position:
            return self.node
        return self.search.answers[self.answer][position]


class _Search:
    def __init__(self, graph: _Graph, k: int) -> None:
        self.graph = graph
        self.k = k
        self.answers: list[list[int]] = []
        self.shared: list[list[int]] = []
        self.waiting: list[_Deviation] = []

    def found(self) -> Found:
        if self.graph.start not in self.graph.rest:
            return Found([], more=False, total=0)
        self._follow([self.graph.start], None)
        while self.waiting and len(self.answers) < self.k:
            taken = heapq.heappop(self.waiting)
            self._follow([*self.answers[taken.answer][: taken.position], taken.node], taken)
        more = bool(self.waiting)
        total = self.graph.total() if more else len(self.answers)
        return Found(self.answers, more, total)

    def _follow(self, path: list[int], taken: _Deviation | None) -> None:
        """Add the first of the shortest paths that begin so, and what deviates from it."""
        number = len(self.answers)
        visited = set(path)
        left: list[_Deviation] = []
        while path[-1] != self.graph.end:
            ways = sorted(self.graph.ways(path[-1], visited))
            left += (
                _Deviation(self, len(path) + rest, number, len(path), node)
                for rest, node in ways[1:]
            )
            path.append(ways[0][1])
            visited.add(path[-1])
        self._remember(path, taken)
        for deviation in left:
            heapq.heappush(self.waiting, deviation)

    def _remember(self, path: list[int], taken: _Deviation | None) -> None:
        """Add an answer, with how many nodes at its beginning it shares with each before."""
        row = []
        if taken is not None:
            of_parent = self.shared[taken.answer]
            row = [min(taken.position, shared) for shared in of_parent]
        for other, shared in zip(self.shared, row, strict=True):
            other.append(shared)
        self.answers.append(path)
        self.shared.append([*row, len(path)])


def _components(onward: Sequence[Sequence[int]], start: int) -> dict[int, int]:
    """Return the strongly connected component of each node reached from the start (Tarjan)."""
    order: dict[int, int] = {start: 0}
    low: dict[int, int] = {start: 0}
    component: dict[int, int] = {}
    open_nodes = [start]
    walk = [(start, iter(onward[start]))]
    components = 0
    while walk:
        node, following = walk[-1]
        for target in following:
            if target not in order:
                order[target] = low[target] = len(order)
                open_nodes.append(target)
                walk.append((target, iter(onward[target])))
                break
            if target not in component:
                low[node] = min(low[node], order[target])
        else:
            walk.pop()
            if walk:
                low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
            if low[node] == order[node]:
                last = None
                while last != node:
                    last = open_nodes.pop()
                    component[last] = components
                components += 1
    return component
