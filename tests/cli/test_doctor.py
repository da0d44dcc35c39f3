from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.cli import doctor
from support.commands import Ran, Run, Train


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    return {check["check"]: check for check in ran.json["checks"]}


@pytest.mark.usefixtures("recorded")
def test_a_healthy_store_passes(cli: Run) -> None:
    ran = cli("doctor", "--json")

    assert ran.code == 0
    assert ran.json["ok"] is True
    assert {check["level"] for check in ran.json["checks"]} <= {"ok", "warn"}
    assert {"home", "disk", "objects", "neo4j", "namespace", "indexes", "runs"} == set(checks(ran))
    assert "schema version" in checks(ran)["neo4j"]["message"]


@pytest.mark.usefixtures("recorded")
def test_it_reads_well_in_a_pipe(cli: Run) -> None:
    ran = cli("doctor")

    assert ran.lines[0] == "LEVEL\tCHECK\tFOUND\tTO DO"
    assert all(line.split("\t")[0] in ("ok", "warn") for line in ran.lines[1:])


def test_nothing_is_started_and_what_does_not_run_is_told(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HEADWATER_CACHE", str(tmp_path / "cache"))

    ran = command("doctor", "--json")

    assert ran.code == 0
    assert checks(ran)["local neo4j"]["level"] == "warn"
    assert "not running" in checks(ran)["local neo4j"]["message"]
    assert checks(ran)["jars"]["level"] == "warn"
    assert "headwater up" in checks(ran)["jars"]["todo"]
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "cache").exists()


def test_a_server_that_does_not_answer_fails_it(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    monkeypatch.setenv("HEADWATER_NEO4J", "bolt://127.0.0.1:1")
    monkeypatch.setenv("HEADWATER_RETRY_S", "0.2")

    ran = command("doctor", "--json")

    assert ran.code == 1
    assert ran.json["ok"] is False
    assert checks(ran)["neo4j"]["level"] == "fail"


def test_no_java_fails_it(command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    monkeypatch.setattr("headwater.local.java.java_candidates", lambda: iter(()))

    ran = command("doctor", "--json")

    assert ran.code == 1
    assert checks(ran)["java"]["level"] == "fail"
    assert "JAVA_HOME" in checks(ran)["java"]["todo"]


def test_a_home_that_is_a_file_fails_it(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("in the way")
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "home"))

    ran = command("doctor", "--json")

    assert ran.code == 1
    assert checks(ran)["home"]["level"] == "fail"


def test_a_nearly_full_disk_is_told(
    cli: Run, monkeypatch: pytest.MonkeyPatch, store: headwater.MetadataStore
) -> None:
    monkeypatch.setattr(doctor, "_LOW_BYTES", 10**18)

    ran = cli("doctor", "--json", "-n", "default")

    assert checks(ran)["disk"]["level"] == "warn"
    assert "HEADWATER_CACHE" in checks(ran)["disk"]["todo"]
    assert store.namespace


def test_an_object_store_that_cannot_be_written_fails_it(
    cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HEADWATER_OBJECTS", str(tmp_path / "file"))

    ran = cli("doctor", "--json", "-n", "default")

    assert ran.code == 1
    assert checks(ran)["objects"]["level"] == "fail"


def test_a_namespace_that_does_not_exist_fails_it(cli: Run) -> None:
    ran = cli("doctor", "--json", "-n", "no-such-namespace")

    assert ran.code == 1
    assert "There are: " in checks(ran)["namespace"]["todo"]


def test_runs_that_lost_their_process_are_told(
    cli: Run, recorded: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded.run(Train()) as run:
        beat = recorded.heartbeats.all()[0]
        monkeypatch.setattr(
            "headwater.services.heartbeats.HeartbeatService.stale", lambda _: [beat]
        )
        ran = cli("doctor", "--json")

    assert run.execution.id == beat.execution_id
    assert checks(ran)["runs"]["level"] == "warn"
    assert checks(ran)["runs"]["todo"] == "headwater executions list --stale"
