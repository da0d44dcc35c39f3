"""Every notebook runs from top to bottom against the real store, and prints what it should."""

import re
import warnings
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from support import servers

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CELL_TIMEOUT_S = 300


@pytest.fixture
def environment(
    neo4j_server: servers.Neo4jAddress,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {
        "HEADWATER_NEO4J": neo4j_server.address,
        "HEADWATER_NEO4J_USER": neo4j_server.user,
        "HEADWATER_NEO4J_PASSWORD": neo4j_server.password or "",
        "HEADWATER_NAMESPACE": namespace,
        "HEADWATER_OBJECTS": str(tmp_path / "objects"),
        "HEADWATER_HOME": str(tmp_path),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def _run(name: str) -> list[str]:
    """Return the text and HTML of each cell's outputs, in order."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call] # ships none
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        startup_timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": NOTEBOOKS}},
    )
    with warnings.catch_warnings():
        # Of the kernel client's own sockets and loops, not of ours.
        warnings.simplefilter("ignore")
        client.execute()
    return [
        _text(output)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def _text(output: nbformat.NotebookNode) -> str:
    data = output.get("data", {})
    return "".join([output.get("text", ""), *(data[kind] for kind in sorted(data))])


@pytest.mark.usefixtures("environment")
def test_record_ask_draw_prints_what_it_tells() -> None:
    printed = "\n".join(_run("01_record_ask_draw.ipynb"))

    assert "heights@1: 6 rows, 44 bytes, sha256:" in printed
    assert "growth@1: 6.17 cm a year, off by" in printed
    assert "FAILED - NotFound: No artifact 'weights'" in printed
    assert re.search(r"growth-evaluation@1  Evaluation #\d+\n└── Evaluate #\d+\n", printed)
    assert "complete: False | left out: {'EXECUTION': {'Ingest': 1, 'Train': 1}}" in printed
    assert "<svg" in printed
    assert printed.count("<rect") == 6
    assert "MultiDiGraph with 6 nodes and 6 edges" in printed
    assert "heights@1 -> Evaluate -> growth-evaluation@1" in printed
    assert re.search(r"heights@1 +COMPLETE +growth@1 +6\.17", printed)
    assert "The query writes, or is a command of the database" in printed


@pytest.mark.usefixtures("environment")
def test_pipelines_prints_what_it_tells() -> None:
    printed = "\n".join(_run("02_pipelines.ipynb"))

    told = re.findall(r"^(import|ingest|fit|measure|write)\S* +([A-Z]+)\b", printed, re.MULTILINE)
    expected = """
        import COMPLETE
        ingest COMPLETE  fit COMPLETE  measure COMPLETE
        import CACHED
        ingest CACHED    fit CACHED    measure CACHED
        ingest HIT       fit MISS      measure UNKNOWN
        ingest CACHED    fit COMPLETE  measure COMPLETE
        import COMPLETE
        ingest MISS      fit UNKNOWN   measure UNKNOWN
        ingest COMPLETE  fit COMPLETE  measure COMPLETE
        ingest CACHED    fit COMPLETE  measure COMPLETE  write FAILED
        ingest CACHED    fit COMPLETE  measure COMPLETE  write COMPLETE
    """
    assert [word for step in told for word in step] == expected.split()
    assert re.search(r"fit +MISS +parameters\.degree\n", printed)
    assert re.search(r"ingest +MISS +inputs\.raw\n", printed)
    assert "parameter.fingerprint" not in printed
    assert re.search(r"/fit#1 degree: 1 → 2\n", printed)
    assert re.search(r"\n\nheights\.raw@\d digest: sha256:\w+ → sha256:\w+\nheights@1 ", printed)
    assert "FAILED - IndexError: invalid index to scalar variable." in printed
    assert "height_cm = np.polyval(curve.load(), 18)[0]" in printed
    assert "read: ['curve@4', 'error@4']" in printed
    assert printed.count("in the run that is resumed") == 3
    assert "188 cm at 18, off by 0.59 cm" in printed


def test_every_notebook_has_a_test() -> None:
    tested = set(re.findall(r'_run\("([^"]+)"\)', Path(__file__).read_text("utf-8")))

    assert tested == {path.name for path in NOTEBOOKS.glob("*.ipynb")}
