import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.graph.guard import check_reads_only
from headwater.graph.session import Graph
from headwater.graph.statements import Statement
from headwater_schema import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    LinkPut,
    New,
    PropertyKind,
    PutRequest,
)
from headwater_schema.requests import ParentPut, StoredPayload
from support.plans import names, operators

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook.md"
QUERIES: dict[str, str] = dict(
    re.findall(
        r"^## ([^\n]+)\n(?:(?!^#).)*?^```cypher\n(.*?)^```$",
        COOKBOOK.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
RAW, TRAIN, TEST, STRAY, COPY, CLF_1, CLF_2, PROD, REPORT, FEATURES_1, FEATURES_2, PARTIAL = range(
    1, 13
)
IMPORT, SPLIT, FIT_1, FIT_2, DEPLOY, EVALUATE, BROKEN, COPYING, FEATURIZE = range(1, 10)
FLOW = {
    IMPORT: ([], [RAW]),
    SPLIT: ([RAW], [TRAIN, TEST]),
    FIT_1: ([TRAIN, FEATURES_1], [CLF_1]),
    FIT_2: ([TRAIN, TEST, FEATURES_2], [CLF_2]),
    DEPLOY: ([CLF_1], [PROD]),
    EVALUATE: ([CLF_2, TEST], [REPORT]),
    BROKEN: ([TRAIN], [PARTIAL]),
    COPYING: ([], [COPY]),
    FEATURIZE: ([RAW], [FEATURES_1, FEATURES_2]),
}
SAME, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LATER = 2**62
EVERYTHING = [("Artifact", RAW), ("Artifact", TRAIN), ("Artifact", FEATURES_1)]
RUNS = [("Execution", run) for run in (IMPORT, SPLIT, FIT_1, FEATURIZE)]

# The store has no operation that retracts, or records who changed what, so these are laid by hand.
HISTORY = Statement(
    "test/history",
    """
    MATCH (stray:Artifact {namespace: $namespace, id: $stray})
    MATCH (fit:Execution {namespace: $namespace, id: $fit})
    CREATE (stray)-[:WAS_INPUT {milliseconds_since_epoch: 1, recorded_at: 2, retracted_at: $later}]->(fit)
    CREATE (change:Change {namespace: $namespace, id: 1, actor: 'ada', reason: 'wrong file'})
    CREATE (change)-[:TOUCHED]->(stray)
    """,
)
FORGET = Statement(
    "test/forget", "MATCH (change:Change {namespace: $namespace}) DETACH DELETE change"
)


@dataclass(frozen=True)
class Question:
    """What a query is asked, what it answers, and a part of the index that it begins at.

    The index is empty where the planner chooses among several by what the database holds.
    """

    rows: list[tuple[Any, ...]]
    index: str = "id"
    parameters: dict[str, Any] = field(default_factory=dict)


ASKED = {
    "A data set is bad: what that is deployed does it reach?": Question(
        [(PROD, "prod")], "(uri)", {"uri": "s3://lake/raw"}
    ),
    "Which raw sources is this model made of?": Question(
        [(RAW, "raw", "s3://lake/raw")], "(name)", {"name": "clf@2"}
    ),
    "Through which steps, by the shortest way, did this reach that?": Question(
        [
            (SPLIT, "Split", "COMPLETE"),
            (EVALUATE, "Evaluate", "COMPLETE"),
        ],
        parameters={"source": RAW, "target": REPORT},
    ),
    "What lies between these two?": Question(
        [
            ("Artifact", TRAIN, "Dataset"),
            ("Artifact", FEATURES_1, "Dataset"),
            ("Execution", SPLIT, "Split"),
            ("Execution", FIT_1, "Train"),
            ("Execution", FEATURIZE, "Featurize"),
        ],
        parameters={"source": RAW, "target": CLF_1},
    ),
    "What do the failing models share that the healthy ones lack?": Question(
        [
            ("Artifact", TEST, "Dataset"),
            ("Artifact", FEATURES_2, "Dataset"),
            ("Execution", FIT_2, "Train"),
        ],
        parameters={"failing": [CLF_2, REPORT], "healthy": [CLF_1]},
    ),
    "What ran last before all of these went wrong?": Question(
        [(FEATURIZE, "Featurize", 1_900)], parameters={"ids": [CLF_1, CLF_2]}
    ),
    "Which runs used this commit with this parameter?": Question(
        [(FIT_2, "Train", 0.5)], parameters={"commit": "abc", "least": 0.2}
    ),
    "Which runs are siblings of this one?": Question(
        [(FIT_2, "COMPLETE", 1), (BROKEN, "FAILED", 1)], parameters={"id": FIT_1}
    ),
    "How do these trainings compare?": Question(
        [
            (FIT_1, 0.1, ["train", "features@1"], "clf@1", 0.8),
            (FIT_2, 0.5, ["train", "test", "features@2"], "clf@2", 0.9),
            (BROKEN, None, ["train"], "partial", None),
        ],
        parameters={"ids": [FIT_1, FIT_2, BROKEN]},
    ),
    "Was a model tested on data that it was trained on?": Question(
        [(TEST, "test")], "(name)", {"name": "clf@2"}
    ),
    "Which artifacts have no producer on record?": Question([(STRAY, "Dataset", "stray")]),
    "Which runs made something from nothing?": Question([(IMPORT, "Import"), (COPYING, "Copy")]),
    "Which models stand on data that has a newer version?": Question(
        [("clf@1", "features@1", 2)], ""
    ),
    "Which runs belong to no context?": Question(
        [
            (IMPORT, "Import"),
            (DEPLOY, "Deploy"),
            (BROKEN, "Train"),
            (COPYING, "Copy"),
            (FEATURIZE, "Featurize"),
        ]
    ),
    "How does a pipeline stand?": Question(
        [("churn/1", "COMPLETE", 2), ("churn/2", "COMPLETE", 2)], "(name)", {"name": "churn"}
    ),
    "Which steps are the slowest?": Question(
        [(FEATURIZE, "Featurize", 900), (BROKEN, "Train", 700), (EVALUATE, "Evaluate", 600)]
    ),
    "Which data sets does most depend on?": Question([("train", 3), ("raw", 2), ("test", 2)], ""),
    "What did failed runs leave behind?": Question([(BROKEN, PARTIAL, "partial", "ABANDONED")]),
    "What did this person change, and why?": Question(
        [(1, "wrong file", "Artifact", STRAY)], "", {"actor": "ada"}
    ),
    "What was this made of, as things stood at a time?": Question(
        [
            ("Artifact", RAW),
            ("Artifact", TRAIN),
            ("Artifact", STRAY),
            ("Artifact", FEATURES_1),
            *RUNS,
        ],
        "(name)",
        {"name": "clf@1", "as_of": LATER, "known_at": LATER - 1},
    ),
    "What was retracted?": Question([("WAS_INPUT", STRAY, FIT_1, LATER)]),
    "Which content is kept under several names?": Question([(["train", "train-copy"], SAME)]),
    "Which payloads are the largest?": Question(
        [("clf@1", 900), ("train", 10), ("train-copy", 10)]
    ),
    "Which data crossed from one run of a pipeline into another?": Question(
        [
            ("test", FIT_2, "churn/2"),
            ("test", EVALUATE, "churn/2"),
            ("train", FIT_2, "churn/2"),
        ],
        "(name)",
        {"name": "churn/1"},
    ),
    "Does a model stand on anything that was deleted?": Question(
        [("Artifact", FEATURES_2, "features@2")], "(name)", {"name": "clf@2"}
    ),
}


@pytest.fixture
def recorded(store: headwater.MetadataStore) -> headwater.MetadataStore:
    """A pipeline with nine runs, three of them trainings."""
    kinds = {
        "Dataset": {},
        "Model": {"accuracy": PropertyKind.DOUBLE},
        "Endpoint": {},
        "Report": {},
    }
    steps = ("Import", "Split", "Train", "Deploy", "Evaluate", "Copy", "Featurize")
    made = store.put_types(
        [
            *(
                ArtifactType(name=name, properties=dict(declared))
                for name, declared in kinds.items()
            ),
            *(ExecutionType(name=name) for name in steps),
            *(ContextType(name=name) for name in ("Pipeline", "Run")),
        ]
    )
    type_ids = dict(zip((*kinds, *steps, "Pipeline", "Run"), made, strict=True))
    contexts = (("Pipeline", "churn"), ("Run", "churn/1"), ("Run", "churn/2"))
    groups = ((SPLIT, 1), (FIT_1, 1), (FIT_2, 2), (EVALUATE, 2))
    store.put(
        PutRequest(
            artifacts=artifacts(type_ids),
            executions=executions(type_ids),
            contexts=tuple(Context(type_id=type_ids[kind], name=name) for kind, name in contexts),
            events=tuple(events()),
            associations=tuple(LinkPut(New(run - 1), New(place)) for run, place in groups),
            parents=(ParentPut(New(1), New(0)), ParentPut(New(2), New(0))),
            series={
                CLF_1 - 1: "clf",
                CLF_2 - 1: "clf",
                FEATURES_1 - 1: "features",
                FEATURES_2 - 1: "features",
            },
            payloads={
                TRAIN - 1: StoredPayload(SAME, 10),
                COPY - 1: StoredPayload(SAME, 10),
                CLF_1 - 1: StoredPayload(OTHER, 900),
            },
        )
    )
    return store


def artifacts(type_ids: dict[str, int]) -> tuple[Artifact, ...]:
    dataset, model = type_ids["Dataset"], type_ids["Model"]
    live = ArtifactState.LIVE
    return (
        Artifact(type_id=dataset, name="raw", uri="s3://lake/raw"),
        Artifact(type_id=dataset, name="train"),
        Artifact(type_id=dataset, name="test"),
        Artifact(type_id=dataset, name="stray"),
        Artifact(type_id=dataset, name="train-copy"),
        Artifact(type_id=model, state=live, properties={"accuracy": 0.8}),
        Artifact(type_id=model, state=live, properties={"accuracy": 0.9}),
        Artifact(type_id=type_ids["Endpoint"], name="prod"),
        Artifact(type_id=type_ids["Report"], name="report"),
        Artifact(type_id=dataset),
        Artifact(type_id=dataset),
        Artifact(type_id=model, name="partial", state=ArtifactState.ABANDONED),
    )


def executions(type_ids: dict[str, int]) -> tuple[Execution, ...]:
    kinds = [
        "Import",
        "Split",
        "Train",
        "Train",
        "Deploy",
        "Evaluate",
        "Train",
        "Copy",
        "Featurize",
    ]
    settings: dict[int, dict[str, Any]] = {
        FIT_1: {"commit": "abc", "learning_rate": 0.1},
        FIT_2: {"commit": "abc", "learning_rate": 0.5},
    }
    return tuple(
        Execution(
            type_id=type_ids[kind],
            last_known_state=ExecutionState.FAILED if run == BROKEN else ExecutionState.COMPLETE,
            custom_properties=settings.get(run, {}),
        )
        for run, kind in enumerate(kinds, start=1)
    )


def events() -> list[EventPut]:
    """Inputs at 1,000 and outputs later, by 100 ms for each number of the run."""
    given = []
    for run, (inputs, outputs) in FLOW.items():
        given += [EventPut(New(i - 1), New(run - 1), EventType.INPUT, (), 1_000) for i in inputs]
        time = 1_000 + 100 * run
        given += [EventPut(New(o - 1), New(run - 1), EventType.OUTPUT, (), time) for o in outputs]
    return given


def test_there_are_twenty_five_and_each_is_asked() -> None:
    blocks = COOKBOOK.read_text(encoding="utf-8").count("```cypher\n")

    assert list(QUERIES) == list(ASKED)
    assert len(QUERIES) == blocks == 25


def test_the_answers_are_what_happened(recorded: headwater.MetadataStore, graph: Graph) -> None:
    given = {"namespace": recorded.namespace, "stray": STRAY, "fit": FIT_1, "later": LATER}
    graph.write(lambda tx: tx.run(HISTORY, **given))
    last = "Does a model stand on anything that was deleted?"

    found = {}
    try:
        for title, text in QUERIES.items():
            if title == last:
                recorded.delete("features@2")
            answer = recorded.cypher(text, namespace=recorded.namespace, **ASKED[title].parameters)
            found[title] = [tuple(row.values()) for row in answer]
    finally:
        graph.write(lambda tx: tx.run(FORGET, namespace=recorded.namespace))

    assert found == {title: question.rows for title, question in ASKED.items()}


@pytest.mark.parametrize("title", ASKED)
def test_a_query_begins_at_an_index_and_lists_no_ways(graph: Graph, title: str) -> None:
    plan = operators(graph, QUERIES[title])
    walks = {name for name in names(plan) if name.startswith("VarLength")}

    seeks = [operator for operator in plan if "IndexSeek" in operator.name]
    scans = {name for name in names(plan) if "Scan" in name}
    if "(change:Change)" in QUERIES[title]:
        # Until the label has an index by namespace.
        assert scans <= {"NodeByLabelScan"}
    elif title == "What was retracted?" and scans:
        # By the index on relationship types: reads the retracted edges and no others.
        assert scans <= {"UndirectedUnionRelationshipTypesScan"}
    else:
        assert not scans
        assert seeks
        assert ASKED[title].index in seeks[-1].details
    assert walks <= {"VarLengthExpand(Pruning,BFS,All)"}
    asks_for_one = bool(re.search(r"\*[01]\.\.\]", QUERIES[title]))
    assert bool(walks) == (asks_for_one and "shortestPath" not in QUERIES[title])


@pytest.mark.parametrize("title", ASKED)
def test_the_guard_lets_it_through(graph: Graph, title: str) -> None:
    assert check_reads_only(graph, QUERIES[title], {}).query_type == "r"
