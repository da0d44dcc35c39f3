"""The test suite that ships in MLMD's wheel, unedited: over gRPC by its real client, and on the drop-in."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import headwater
from server.calling import serving
from support.real_mlmd import real_mlmd
from support.servers import Neo4jAddress

HERE = Path(__file__).parent

NOT_ABOUT_THE_TARGET = {
    "test_unset_connection_config": "of a client without a server",
    "test_downgrade_metadata_store": "of MLMD's own databases; marked as failing there",
    "test_enable_metadata_store_upgrade_migration": "likewise",
    "test_connection_config_with_retry_options": "also opens an embedded store",
}
CASES = 108
TIMEOUT_S = 600


def suite() -> Path:
    """Return the suite's file in the environment where MLMD is installed."""
    ask = "import ml_metadata, pathlib; print(pathlib.Path(ml_metadata.__file__).parent)"
    found = subprocess.run(  # noqa: S603 - our own environment
        [real_mlmd(), "-c", ask], check=True, capture_output=True, text=True
    ).stdout
    return Path(found.strip()) / "metadata_store" / "metadata_store_test.py"


def outcomes(command: list[str], report: Path, **environment: str) -> dict[str, str]:
    """Return how each test of a run of pytest ended: passed, failed or skipped."""
    ran = subprocess.run(  # noqa: S603 - our own environment
        [*command, "-q", "-p", "no:cacheprovider", f"--junitxml={report}"],
        env={**os.environ, **environment},
        cwd=report.parent,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert report.exists(), ran.stdout + ran.stderr
    ended = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        tags = {child.tag for child in case}
        state = "failed" if tags & {"failure", "error"} else "passed"
        ended[str(case.get("name"))] = "skipped" if "skipped" in tags else state
    return ended


def check(ended: dict[str, str]) -> None:
    assert len(ended) == CASES
    about = {name: state for name, state in ended.items() if name not in NOT_ABOUT_THE_TARGET}
    assert {name: state for name, state in about.items() if state != "passed"} == {}
    assert len(about) == CASES - len(NOT_ABOUT_THE_TARGET)


def test_the_suite_passes_over_grpc(store: headwater.MetadataStore, tmp_path: Path) -> None:
    with serving(store) as server:
        command = [str(real_mlmd()), "-m", "pytest", str(suite()), "-p", "suite_plugin"]
        options = ["--use_grpc_backend", "--grpc_host", server.grpc_address.host]
        port = str(server.grpc_address.port)
        report = tmp_path / "report.xml"
        check(
            outcomes(
                [*command, *options, "--grpc_port", port], report, PYTHONPATH=str(HERE / "mlmd_env")
            )
        )


def test_the_suite_passes_through_the_drop_in(neo4j_server: Neo4jAddress, tmp_path: Path) -> None:
    copied = tmp_path / "suite"
    copied.mkdir()
    for name in ("metadata_store_test.py", "conftest.py"):
        (copied / name).write_bytes((suite().parent / name).read_bytes())
    command = [sys.executable, "-m", "pytest", str(copied / "metadata_store_test.py")]
    check(
        outcomes(
            [*command, "-p", "dropin_plugin"],
            tmp_path / "report.xml",
            PYTHONPATH=str(HERE),
            HEADWATER_NEO4J=neo4j_server.address,
            HEADWATER_NEO4J_USER=neo4j_server.user,
            HEADWATER_NEO4J_PASSWORD=neo4j_server.password or "",
            HEADWATER_OBJECTS=str(tmp_path / "objects"),
        )
    )
