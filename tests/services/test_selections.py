"""Selections: what they select, against sets in plain Python."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.graph.statements import load
from headwater.query.moment import Moment
from headwater.query.parts import NodeKey
from headwater.query.selection import Selected
from headwater.services.selections import SelectionService
from headwater_schema import ArtifactState, EventPut, EventType, LinkPut, New, TypeKind
from services.conftest import Typed
from support.plans import names as operator_names
from support.plans import operators

GRAPHS = int(os.environ.get("HEADWATER_TEST_GRAPHS", "6"))
EXPRESSIONS = int(os.environ.get("HEADWATER_TEST_EXPRESSIONS", "60"))
ARTIFACT, EXECUTION = TypeKind.ARTIFACT, TypeKind.EXECUTION
Keys = frozenset[NodeKey]


@dataclass
class World:
    """A graph in plain dicts: what each node is, and along which edges data flows."""

    names: dict[NodeKey, str | None] = field(default_factory=dict)
    types: dict[NodeKey, str] = field(default_factory=dict)
    states: dict[NodeKey, str] = field(default_factory=dict)
    uris: dict[NodeKey, str] = field(default_factory=dict)
    contexts: dict[str, set[NodeKey]] = field(default_factory=dict)
    edges: set[tuple[NodeKey, NodeKey]] = field(default_factory=set)

    def beyond(self, starts: Keys, *, up: bool, hops: int | None = None) -> Keys:
        """Return what lies 1 to so many hops from some of the nodes."""
        found: set[NodeKey] = set()
        edge = set(starts)
        while edge and hops != 0:
            near = {a if up else b for a, b in self.edges if (b if up else a) in edge}
            edge = near - found
            found |= near
            hops = None if hops is None else hops - 1
        return frozenset(found)


def artifact(node_id: int) -> NodeKey:
    return NodeKey(ARTIFACT, node_id)


def execution(node_id: int) -> NodeKey:
    return NodeKey(EXECUTION, node_id)


def grown(typed: Typed, random_: random.Random, number: int) -> World:
    """Return a random graph, put into the store: diamonds, hubs, cycles, nodes without edges."""
    world, many = World(), random_.randint(4, 14)
    artifacts = [
        typed.artifact(
            name=f"g{number}-a{i}" if random_.random() < 0.8 else None,
            uri=f"s3://g{number}/{i}/model.bin" if random_.random() < 0.5 else None,
            state=random_.choice([None, ArtifactState.LIVE, ArtifactState.ABANDONED]),
        )
        for i in range(many)
    ]
    executions = [
        typed.execution(name=f"g{number}-e{i}" if random_.random() < 0.7 else None)
        for i in range(random_.randint(2, 8))
    ]
    members = [random_.sample(range(many), k=random_.randint(0, many)) for _ in range(2)]
    pairs = {
        (random_.randrange(many), random_.randrange(len(executions)), is_input)
        for is_input in (True, False)
        for _ in range(random_.randint(0, 2 * many))
    }
    events = tuple(
        EventPut(New(a), New(e), EventType.INPUT if is_input else EventType.OUTPUT)
        for a, e, is_input in sorted(pairs)
    )
    ids = typed.put(
        *artifacts,
        *executions,
        *(typed.context(f"g{number}-c{i}") for i in range(2)),
        events=events,
        attributions=tuple(
            LinkPut(New(a), New(c)) for c, chosen in enumerate(members) for a in chosen
        ),
    )
    keys = [artifact(i) for i in ids[:many]]
    runs = [execution(i) for i in ids[many : many + len(executions)]]
    for key, node in zip([*keys, *runs], [*artifacts, *executions], strict=True):
        world.names[key] = node.name
        world.types[key] = "A" if key.kind is ARTIFACT else "E"
        world.states[key] = str(getattr(node, "state", None) or "UNKNOWN")
    for key, node in zip(keys, artifacts, strict=True):
        if node.uri:
            world.uris[key] = node.uri
    for i, chosen in enumerate(members):
        world.contexts[f"g{number}-c{i}"] = {keys[a] for a in chosen}
    for a, e, is_input in pairs:
        world.edges.add((keys[a], runs[e]) if is_input else (runs[e], keys[a]))
    return world


class Expressions:
    """Makes random selections, each with what it should select."""

    def __init__(self, world: World, everything: World, random_: random.Random) -> None:
        self.world = world
        self.everything = everything
        self.all = frozenset(everything.types)
        self.random = random_

    def make(self, depth: int) -> tuple[str, Keys]:
        shape = self.random.choice(
            ["atom"] if depth == 0 else ["atom", "and", "or", "not", "up", "down", "around", "ends"]
        )
        match shape:
            case "atom":
                return self.atom()
            case "and" | "or":
                parts = [self.make(depth - 1) for _ in range(self.random.randint(2, 3))]
                text = f" {shape} ".join(f"({text})" for text, _ in parts)
                first, *others = [keys for _, keys in parts]
                joined = first.union(*others) if shape == "or" else first.intersection(*others)
                return text, joined
            case "not":
                text, keys = self.make(depth - 1)
                return f"not ({text})", self.all - keys
            case "ends":
                text, keys = self.make(depth - 1)
                up = self.random.random() < 0.5
                inside = self.everything.beyond(keys, up=not up)
                return f"{'roots' if up else 'sinks'}({text})", keys - inside
            case _:
                return self.reached(shape, *self.make(depth - 1))

    def reached(self, shape: str, text: str, keys: Keys) -> tuple[str, Keys]:
        above = self.random.choice([None, 0, 1, 2, 5])
        below = self.random.choice([None, 0, 1, 2, 5])
        text, found = f"({text})", keys
        if shape in ("up", "around"):
            mark = self.random.choice(["+", "*"]) if above is None else f"{above}+"
            text = f"{mark}{text}"
            hops = None if above is None else 2 * above
            found |= self.everything.beyond(keys, up=True, hops=hops)
        if shape in ("down", "around"):
            text = f"{text}+{'' if below is None else below}"
            hops = None if below is None else 2 * below
            found |= self.everything.beyond(keys, up=False, hops=hops)
        return text, found

    def atom(self) -> tuple[str, Keys]:  # noqa: PLR0911 - one for each kind of word
        world = self.world
        known = sorted(world.types)
        key = self.random.choice(known)
        name = world.names[key]
        match self.random.randrange(9):
            case 0 if name is not None:
                prefix = self.random.choice(["", "name:", f"{world.types[key].lower()}:"])
                return f"{prefix}{name}", frozenset({key})
            case 1 if name is not None:
                start = name[: self.random.randint(3, len(name))]
                return f'"{start}*"', self.named(lambda n: n.startswith(start))
            case 2:
                end = self.random.choice(["a1", "e0", "1", "nothing"])
                return f"name:*{end}", self.named(lambda n: n.endswith(end))
            case 3:
                kind = self.random.choice(["artifact", "execution"])
                return f"kind:{kind}", frozenset(k for k in self.all if k.kind == kind.upper())
            case 4:
                state = self.random.choice(["LIVE", "ABANDONED", "UNKNOWN", "FAILED"])
                states = self.everything.states
                return f"state:{state}", frozenset(k for k in self.all if states[k] == state)
            case 5:
                context = self.random.choice(sorted(world.contexts))
                return f"context:{context}", frozenset(world.contexts[context])
            case 6 if key in world.uris:
                return f"uri:{world.uris[key]}", frozenset({key})
            case 7:
                number = self.random.choice(["1", "12", "bin"])
                uris = self.everything.uris.items()
                return f'uri:"*/{number}/*"', frozenset(k for k, u in uris if f"/{number}/" in u)
            case _:
                return str(key), frozenset({key})

    def named(self, fits: Callable[[str], bool]) -> Keys:
        names = self.everything.names.items()
        return frozenset(key for key, name in names if name is not None and fits(name))


@pytest.fixture
def selections(typed: Typed) -> SelectionService:
    services = typed.services
    return SelectionService(services.scope, services.types, services.lineage)


def worlds(typed: Typed, random_: random.Random) -> tuple[list[World], World]:
    every = [grown(typed, random_, number) for number in range(GRAPHS)]
    merged = World()
    for world in every:
        merged.names |= world.names
        merged.types |= world.types
        merged.states |= world.states
        merged.uris |= world.uris
        merged.edges |= world.edges
    return every, merged


def test_random_selections_select_what_sets_in_python_do(
    typed: Typed, selections: SelectionService
) -> None:
    seed = os.environ.get("HEADWATER_TEST_SEED", "headwater")
    random_ = random.Random(seed)  # noqa: S311 - not for secrets
    every, merged = worlds(typed, random_)
    for _ in range(EXPRESSIONS):
        text, expected = Expressions(random_.choice(every), merged, random_).make(4)

        assert selections.keys(text) == expected, text


def test_pages_make_the_whole_with_each_event_once(
    typed: Typed, selections: SelectionService
) -> None:
    random_ = random.Random("pages")  # noqa: S311 - not for secrets
    every, merged = worlds(typed, random_)
    some = Expressions(every[0], merged, random_).make(3)
    for text, expected in [some, ("*", frozenset(merged.types))]:
        whole = selections.select(text, events=True)
        pages = list(paged(selections, text, limit=7))

        assert whole.complete
        assert whole.keys == sorted(expected)
        assert [node for page in pages for node in page.nodes] == list(whole.nodes)
        events = [event for page in pages for event in page.events]
        assert sorted(events) == sorted(whole.events)
        assert {(e.source, e.target) for e in events} == {
            (a, b) for a, b in merged.edges if {a, b} <= expected
        }
        for number, page in enumerate(pages, start=1):
            counted = sum(n for counts in page.left_out.values() for n in counts.values())
            assert counted == max(len(whole) - number * 7, 0)


def paged(selections: SelectionService, text: str, *, limit: int) -> Iterator[Selected]:
    cursor = None
    while True:
        page = selections.select(text, limit=limit, cursor=cursor, events=True)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


def test_a_long_chain_beside_a_wide_front_is_reached_whole(
    typed: Typed, selections: SelectionService
) -> None:
    starts = typed.put(*(typed.artifact(name=f"start{i}") for i in range(30)))
    ends = list(starts)
    for _ in range(12):
        ends = [typed.step([end], 1)[1][0] for end in ends[:6]] + ends[6:]
    typed.step(ends, 1)

    assert len(selections.keys("name:start*+")) == 30 + 6 * 24 + 2
    assert len(selections.keys("name:start*+3")) == 30 + 6 * 6 + 2
    assert selections.keys("roots(kind:artifact)") == {artifact(i) for i in starts}


def test_a_name_is_the_latest_live_version_of_its_series(
    typed: Typed, selections: SelectionService
) -> None:
    ids = [
        typed.put(typed.artifact(state=state), series={0: "clf"})[0]
        for state in (ArtifactState.LIVE, ArtifactState.LIVE, ArtifactState.ABANDONED)
    ]

    assert selections.keys("clf") == selections.keys("a:clf") == {artifact(ids[1])}
    assert selections.keys("clf@1") == {artifact(ids[0])}
    assert selections.keys("clf@*") == {artifact(i) for i in ids}


def test_a_series_without_a_live_version_is_told(
    typed: Typed, selections: SelectionService
) -> None:
    typed.put(typed.artifact(state=ArtifactState.ABANDONED), series={0: "clf"})

    with pytest.raises(NotFound, match="no LIVE version; there is clf@1 ABANDONED"):
        selections.keys("clf")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("here and gone", 10, "nothing is named 'gone'"),
        ("here or a:gone", 9, "nothing is named 'gone' of type 'a'"),
        ("execution:here", 1, "nothing is named 'here'"),
        ("Nope:here", 1, "no type 'Nope'"),
        ("type:nope", 1, "no type 'nope'"),
        ("here or context:x", 9, "no context is named 'x'"),
        ("context:99", 1, "no context with id 99"),
        ("artifact:99", 1, "no artifact with id 99"),
        ("not uri:s3://x", 5, "no artifact has the uri 's3://x'"),
    ],
)
def test_an_exact_name_that_is_not_there_is_shown(
    typed: Typed, selections: SelectionService, text: str, column: int, said: str
) -> None:
    typed.put(typed.artifact(name="here"))

    with pytest.raises(NotFound) as raised:
        selections.select(text)

    assert said in raised.value.message
    assert raised.value.values["column"] == column


@pytest.mark.parametrize("text", ["gone*", "uri:s3://*", "type:nope*", "context:x*", "a:gone*"])
def test_a_pattern_that_nothing_fits_selects_nothing(
    typed: Typed, selections: SelectionService, text: str
) -> None:
    typed.put(typed.artifact(name="here"))

    assert len(selections.select(text)) == 0


def test_any_name_can_be_quoted(typed: Typed, selections: SelectionService) -> None:
    names = [
        "a b",
        'say "hi"',
        "it's",
        "a*b",
        "c++",
        "x:y",
        "(z)",
        "\\E\\Q",
        "5",
        "and",
        "日本\n語",
    ]
    ids = typed.put(*(typed.artifact(name=name) for name in names))
    for node_id, name in zip(ids, names, strict=True):
        quoted = "".join(f"\\{c}" if c in '"\\*' else c for c in name)

        assert selections.keys(f'"{quoted}"') == {artifact(node_id)}
        assert selections.keys(f'name:"{quoted}*"') == {artifact(node_id)}


def test_a_tombstone_has_its_state_and_no_name(typed: Typed, selections: SelectionService) -> None:
    (gone,) = typed.put(typed.artifact(name="gone"))
    typed.services.removal.delete(artifact(gone))

    (node,) = selections.select("state:DELETED").nodes

    assert (node.key, node.name, node.state) == (artifact(gone), "gone", "DELETED")
    assert selections.keys("gone*") == frozenset()


def test_other_namespaces_are_not_seen(typed: Typed) -> None:
    typed.put(typed.artifact(name="here", uri="s3://here"))
    services = typed.services
    elsewhere = replace(services.scope, namespace=f"{services.namespace}-other")
    other = SelectionService(elsewhere, services.types, services.lineage)

    assert len(other.select("*")) == len(other.select("kind:artifact or uri:s3* or here*")) == 0


def test_a_moment_before_everything_has_no_edges(
    typed: Typed, selections: SelectionService
) -> None:
    (start,) = typed.put(typed.artifact(name="start"))
    run, (made,) = typed.step([start], 1)

    assert selections.keys("start+") == {artifact(start), execution(run), artifact(made)}
    assert selections.keys("start+", moment=Moment(as_of=0)) == {artifact(start)}
    now = Moment(as_of=2**53)
    assert selections.keys("start+", moment=now) == selections.keys("start+")
    assert len(selections.select("*", moment=now, events=True).events) == 2


def test_a_cursor_belongs_to_its_text_and_moment(
    typed: Typed, selections: SelectionService
) -> None:
    typed.put(*(typed.artifact() for _ in range(3)))
    first = selections.select("*", moment=Moment(as_of=5), limit=1)

    assert selections.select("*", limit=1, cursor=first.cursor).moment == Moment(as_of=5)
    for text, cursor, moment in [
        ("kind:artifact", first.cursor, Moment()),
        ("*", first.cursor, Moment(as_of=6)),
        ("*", "!!", Moment()),
    ]:
        with pytest.raises(InvalidArgument, match="ursor"):
            selections.select(text, cursor=cursor, moment=moment)
    with pytest.raises(InvalidArgument, match="at least 1"):
        selections.select("*", limit=0)


@pytest.mark.parametrize("label", ["Artifact", "Execution"])
@pytest.mark.parametrize(
    "name", ["step_upstream", "step_downstream", "step_upstream_at", "step_downstream_at"]
)
def test_a_step_seeks_its_nodes_and_goes_one_hop(graph: Graph, name: str, label: str) -> None:
    plan = operator_names(operators(graph, load(f"selection/{name}", label)))

    assert plan & {"NodeUniqueIndexSeek", "NodeUniqueIndexSeek(Locking)"}
    assert not {op for op in plan if op.startswith("VarLength") or "Scan" in op}
