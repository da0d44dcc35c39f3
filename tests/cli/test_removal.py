"""Deleting and renaming on the command line, and what lists and lineages show afterwards."""

import os
import time
from pathlib import Path

import pytest

import headwater
from headwater_schema import PutRequest
from support.commands import Dataset, Model, Run, Train, column


@pytest.mark.usefixtures("recorded")
def test_a_deleted_artifact_is_told_and_shown_as_deleted(cli: Run) -> None:
    ran = cli("artifacts", "delete", "raw@1", "--reason", "leaked")
    again = cli("artifacts", "delete", "artifact:1")
    listed = cli("artifacts", "list", "--state", "DELETED")
    shown = cli("artifacts", "show", "1")
    lineage = cli("lineage", "clf@1", "--up")

    assert (ran.code, again.code) == (0, 0)
    assert "raw@1  Dataset artifact:1  deleted" in ran.out
    assert "was deleted before" in again.out
    assert column(listed, "NAME") == ["raw@1"]
    assert "state\tDELETED" in shown.out
    assert "deleted\t" in shown.out
    assert "DELETED" in lineage.out


@pytest.mark.usefixtures("recorded")
def test_deleted_executions_and_contexts_are_listed_as_deleted(cli: Run) -> None:
    execution = cli("executions", "delete", "1", "--json").json
    context = cli("contexts", "delete", "nightly", "--json").json

    assert execution["tombstone"]["new"] is True
    assert (context["tombstone"]["kind"], context["tombstone"]["name"]) == ("CONTEXT", "nightly")
    executions = cli("executions", "list", "--sort", "id", "--ascending")
    assert column(executions, "STATE") == ["DELETED", "COMPLETE", "COMPLETE", "FAILED"]
    contexts = cli("contexts", "list", "--sort", "id", "--ascending")
    assert column(contexts, "STATE") == ["", "DELETED"]
    assert "state\tDELETED" in cli("contexts", "show", "context:2").out
    assert cli("contexts", "show", "nightly").code == 4


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("name", "code", "told"),
    [("clf", 2, "is a series"), ("nothing", 4, "No artifact"), ("99", 4, "No artifact")],
)
def test_what_is_not_one_artifact_is_not_deleted(cli: Run, name: str, code: int, told: str) -> None:
    ran = cli("artifacts", "delete", name)

    assert (ran.code, told in ran.err) == (code, True)


def test_an_artifact_is_renamed(cli: Run, recorded: headwater.MetadataStore) -> None:
    type_id = recorded.type_id(Dataset)
    node = headwater.Artifact(uri="s3://x").to_node(type_id)
    recorded.put(PutRequest(artifacts=(node,)))

    ran = cli("artifacts", "rename", "4", "train set")

    assert (ran.code, "train set" in ran.out) == (0, True)
    assert cli("artifacts", "show", "train set", "--json").json["artifact"]["id"] == 4
    assert cli("artifacts", "rename", "clf@1", "other").code == 9
    assert cli("artifacts", "rename", "artifact:4", "").code == 2


def test_garbage_is_told_asked_about_and_collected(
    cli: Run, store: headwater.MetadataStore, tmp_path: Path
) -> None:
    # Other tests' namespaces lie in the same database, and keep bytes that are the same.
    for accuracy in (0.8, 0.9):
        payload = f"{store.namespace} {accuracy}".encode()
        with store.run(Train()) as train:
            train.output(Model(name="clf", accuracy=accuracy), payload=payload)
    cli("artifacts", "delete", "clf@1")
    then = time.time() - 3 * 86_400
    for path in (tmp_path / "objects" / "sha256").rglob("*"):
        os.utime(path, (then, then))

    young = cli("objects", "gc", "--older-than", "7d", "--yes", "--json").json
    planned = cli("objects", "gc", "--dry-run", "--json").json
    refused = cli("objects", "gc")
    done = cli("objects", "gc", "--yes")

    assert (young["removed"], young["too_young"], young["kept"]) == (0, 1, 1)
    assert (planned["removed"], planned["removed_bytes"], planned["dry_run"]) == (1, 41, True)
    assert (refused.code, "--yes" in refused.err) == (9, True)
    assert "removed\t1" in done.out
    assert len(column(cli("objects", "list"), "DIGEST")) == 1
    assert cli("objects", "get", "clf@2", "--output", str(tmp_path / "got")).code == 0


@pytest.mark.parametrize("age", ["", "1", "yesterday", "-1h"])
def test_an_age_that_is_none_is_refused(cli: Run, age: str) -> None:
    assert cli("objects", "gc", f"--older-than={age}").code == 2
