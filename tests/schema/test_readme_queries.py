import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.graph.session import Graph
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
    PathStep,
    PropertyKind,
    PutRequest,
)
from support.plans import names, operators

README = Path(__file__).parents[2] / "schema" / "README.md"
QUERIES: dict[str, str] = dict(
    re.findall(
        r"^### ([^\n]+)\n(?:(?!^#).)*?^```cypher\n(.*?)^```$",
        README.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
RAW, TRAIN_SET, UNREAD, FIRST, SECOND, REPORT = range(1, 7)
IMPORT, CLEAN, FIT_1, FIT_2, FIT_3, EVALUATE = range(1, 7)
FLOW = {
    IMPORT: ([], [RAW]),
    CLEAN: ([RAW], [TRAIN_SET]),
    FIT_1: ([TRAIN_SET], [FIRST]),
    FIT_2: ([TRAIN_SET], [SECOND]),
    FIT_3: ([TRAIN_SET], []),
    EVALUATE: ([SECOND], [REPORT]),
}


@dataclass(frozen=True)
class Question:
    """What a query of the page is asked, what it answers, and the index it begins at."""

    parameters: dict[str, Any]
    rows: list[tuple[Any, ...]]
    index: str


ASKED: dict[str, Question] = {
    "Which models does this data set touch?": Question(
        {"uri": "s3://lake/raw.parquet"}, [(FIRST, "clf@1"), (SECOND, "clf@2")], "(uri)"
    ),
    "What did this come from, and how far away?": Question(
        {"name": "clf@2"},
        [
            ("Execution", FIT_2, "Train", 1),
            ("Artifact", TRAIN_SET, "Dataset", 2),
            ("Execution", CLEAN, "Clean", 3),
            ("Artifact", RAW, "Dataset", 4),
            ("Execution", IMPORT, "Import", 5),
        ],
        "(name)",
    ),
    "Where does it begin?": Question(
        {"name": "report"}, [("Execution", IMPORT, "Import")], "(name)"
    ),
    "Who read this?": Question(
        {"name": "train-set"},
        [
            (FIT_1, "Train", "COMPLETE", '[{"key":"examples"}]'),
            (FIT_2, "Train", "COMPLETE", '[{"key":"examples"}]'),
            (FIT_3, "Train", "FAILED", '[{"key":"examples"}]'),
        ],
        "(name)",
    ),
    "What changed in the last week?": Question(
        {},
        [
            (REPORT, "Report", "report", None),
            (SECOND, "Model", "clf@2", "LIVE"),
            (FIRST, "Model", "clf@1", "LIVE"),
            (UNREAD, "Dataset", "unread", None),
            (TRAIN_SET, "Dataset", "train-set", None),
            (RAW, "Dataset", "raw", None),
        ],
        "(namespace, last_update_time_since_epoch, id)",
    ),
    "Which models have an accuracy above 0.9?": Question({}, [("clf@2", 0.93)], ""),
    "What ran in this context?": Question(
        {"name": "churn/1"},
        [
            (IMPORT, "Import", "COMPLETE"),
            (CLEAN, "Clean", "COMPLETE"),
            (FIT_1, "Train", "COMPLETE"),
        ],
        "(name)",
    ),
    "Which runs failed, and on which inputs?": Question(
        {}, [(FIT_3, "Train", "MemoryError: too much", ["train-set"])], "(namespace, id)"
    ),
    "What is the latest version of each series?": Question(
        {}, [("Model", "clf", 2, SECOND)], "(namespace, series, version)"
    ),
    "How does this flow into that?": Question(
        {"source": RAW, "target": REPORT},
        [(["Dataset", "Clean", "Dataset", "Train", "Model", "Evaluate", "Report"], 6)],
        "id)",
    ),
    "What do these two have in common?": Question(
        {"one": "clf@1", "other": "report"},
        [
            ("Artifact", RAW, "Dataset"),
            ("Artifact", TRAIN_SET, "Dataset"),
            ("Execution", IMPORT, "Import"),
            ("Execution", CLEAN, "Clean"),
        ],
        "(name)",
    ),
    "Which data sets does nobody read?": Question(
        {}, [(UNREAD, "unread", "s3://lake/unread.parquet")], ""
    ),
}


@pytest.fixture
def pipeline(store: headwater.MetadataStore) -> headwater.MetadataStore:
    """A store with three data sets, two models, a report, and the six runs that made them."""
    kinds = {"Dataset": {}, "Model": {"accuracy": PropertyKind.DOUBLE}, "Report": {}}
    artifact_types = [ArtifactType(name=n, properties=dict(p)) for n, p in kinds.items()]
    steps = [ExecutionType(name=n) for n in ("Import", "Clean", "Train", "Evaluate")]
    dataset, model, report, importing, cleaning, training, evaluating, run = store.put_types(
        [*artifact_types, *steps, ContextType(name="Run")]
    )
    live = ArtifactState.LIVE
    done = [
        Execution(type_id=type_id, last_known_state=ExecutionState.COMPLETE)
        for type_id in (importing, cleaning, training, training)
    ]
    failed = Execution(
        type_id=training,
        last_known_state=ExecutionState.FAILED,
        custom_properties={"error": "MemoryError: too much"},
    )
    evaluated = Execution(type_id=evaluating, last_known_state=ExecutionState.COMPLETE)
    answer = store.put(
        PutRequest(
            artifacts=(
                Artifact(type_id=dataset, name="raw", uri="s3://lake/raw.parquet"),
                Artifact(type_id=dataset, name="train-set"),
                Artifact(type_id=dataset, name="unread", uri="s3://lake/unread.parquet"),
                Artifact(type_id=model, state=live, properties={"accuracy": 0.88}),
                Artifact(type_id=model, state=live, properties={"accuracy": 0.93}),
                Artifact(type_id=report, name="report"),
            ),
            executions=(*done, failed, evaluated),
            contexts=(Context(type_id=run, name="churn/1"),),
            events=tuple(events()),
            attributions=tuple(LinkPut(New(i), New(0)) for i in range(6)),
            associations=tuple(LinkPut(New(i - 1), New(0)) for i in (IMPORT, CLEAN, FIT_1)),
            series={FIRST - 1: "clf", SECOND - 1: "clf"},
        )
    )
    assert answer.artifact_ids == answer.execution_ids == (1, 2, 3, 4, 5, 6)
    return store


def events() -> Iterator[EventPut]:
    for execution, (inputs, outputs) in FLOW.items():
        for artifact in inputs:
            path = (PathStep(key="examples"),)
            yield EventPut(New(artifact - 1), New(execution - 1), EventType.INPUT, path)
        for artifact in outputs:
            yield EventPut(New(artifact - 1), New(execution - 1), EventType.OUTPUT)


def test_every_query_of_the_page_is_asked_here() -> None:
    blocks = README.read_text(encoding="utf-8").count("```cypher\n")

    assert list(QUERIES) == list(ASKED)
    assert blocks == len(QUERIES)


def test_the_answers_are_what_happened(pipeline: headwater.MetadataStore) -> None:
    answers = {
        title: pipeline.cypher(text, namespace=pipeline.namespace, **ASKED[title].parameters)
        for title, text in QUERIES.items()
    }

    found = {title: [tuple(row.values()) for row in answer] for title, answer in answers.items()}
    assert found == {title: question.rows for title, question in ASKED.items()}


@pytest.mark.parametrize("title", ASKED)
def test_a_query_begins_at_an_index(graph: Graph, title: str) -> None:
    plan = operators(graph, QUERIES[title])

    seeks = [operator for operator in plan if "IndexSeek" in operator.name]
    scans = {name for name in names(plan) if "Scan" in name}
    assert scans == set()
    assert seeks
    assert ASKED[title].index in seeks[-1].details


@pytest.mark.parametrize("title", ASKED)
def test_no_query_combines_everything_with_everything(graph: Graph, title: str) -> None:
    plan = operators(graph, QUERIES[title])

    # Two nodes, each sought by its id, are a product of one row with one.
    if "CartesianProduct" in names(plan):
        leaves = [operator for operator in plan if "Seek" in operator.name]
        assert [bool(re.search(r"\bid = \$", leaf.details)) for leaf in leaves] == [True, True]


@pytest.mark.parametrize("title", ASKED)
def test_no_query_lists_every_way(graph: Graph, title: str) -> None:
    plan = names(operators(graph, QUERIES[title]))

    walks = {name for name in plan if name.startswith("VarLength")}
    assert walks <= {"VarLengthExpand(Pruning,BFS,All)"}
    asks_for_one = bool(re.search(r"\*[01]\.\.\]", QUERIES[title]))
    assert bool(walks) == (asks_for_one and "shortestPath" not in QUERIES[title])


def test_the_newest_changes_come_from_the_index_in_order(graph: Graph) -> None:
    plan = names(operators(graph, QUERIES["What changed in the last week?"]))

    assert not plan & {"Sort", "Top", "PartialSort", "PartialTop"}
