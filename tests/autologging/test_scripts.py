"""A script as one execution: how it is named, what it touched, and how it ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest

import headwater
from headwater_schema import ArtifactState, EventType, ExecutionState
from headwater_schema import Execution as ExecutionNode

Script = Callable[..., subprocess.CompletedProcess[str]]


def the_script(store: headwater.MetadataStore) -> ExecutionNode:
    (execution,) = store.executions.by_type("Script")
    return execution


def events(store: headwater.MetadataStore) -> list[tuple[str, EventType]]:
    """Return the ends of the uris that the script touched, and how it did."""
    found = store.edges.events_of_executions([the_script(store).id or 0])
    uris = {a.id: str(a.uri) for a in store.artifacts.by_ids([e.artifact_id for e in found])}
    return sorted((uris[e.artifact_id].rpartition("/")[2], e.type) for e in found)


# Ends.


def test_a_script_that_ends_well_is_complete(
    store: headwater.MetadataStore, script: Script
) -> None:
    ran = script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv").to_json("out.json")
        """
    )

    assert ran.stderr == ""
    assert the_script(store).last_known_state is ExecutionState.COMPLETE
    assert events(store) == [("data.csv", EventType.INPUT), ("out.json", EventType.OUTPUT)]
    assert store.heartbeats.all() == []


def test_a_script_says_its_path_and_command_line_without_secrets(
    store: headwater.MetadataStore, script: Script, folder: Path
) -> None:
    script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv")
        """,
        "--password",
        "hunter2",
        "--api-key=hunter2",
        "--max-tokens",
        "7",
        "postgresql://me:hunter2@host/db",
    )

    said = the_script(store).custom_properties
    assert said["path"] == str(folder / "train.py")
    assert str(said["command_line"]).endswith(
        "train.py --password '***' '--api-key=***' --max-tokens 7 'postgresql://me:***@host/db'"
    )


@pytest.mark.parametrize(
    ("last", "state", "error"),
    [
        ("1 / 0", ExecutionState.FAILED, "ZeroDivisionError: division by zero"),
        ("sys.exit(1)", ExecutionState.FAILED, "SystemExit: 1"),
        ("raise KeyboardInterrupt", ExecutionState.CANCELED, "KeyboardInterrupt: "),
    ],
)
def test_what_a_script_dies_of_is_how_it_ended(
    store: headwater.MetadataStore,
    script: Script,
    last: str,
    state: ExecutionState,
    error: str,
) -> None:
    code = -signal.SIGINT if state is ExecutionState.CANCELED else 1
    ran = script(
        f"""
        import sys
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv").to_csv("out.csv")
        {last}
        """,
        code=code,
    )

    assert error.partition(":")[0] in ran.stderr or "exit" in last
    assert "headwater" not in ran.stderr
    assert the_script(store).last_known_state is state
    assert the_script(store).custom_properties["error"] == error
    assert {a.state for a in store.artifacts.by_type("File")} == {
        ArtifactState.LIVE,
        ArtifactState.ABANDONED,
    }


def test_an_exit_that_was_caught_ends_nothing(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import sys
        import headwater
        headwater.autolog()
        import pandas as pd
        try:
            sys.exit(1)
        except SystemExit:
            pass
        pd.read_csv("data.csv")
        sys.exit()
        """
    )

    assert the_script(store).last_known_state is ExecutionState.COMPLETE


def test_a_script_is_running_while_it_runs(
    store: headwater.MetadataStore, variables: dict[str, str], folder: Path
) -> None:
    text = """
        import sys
        import headwater
        log = headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv")
        print(log.execution_id, flush=True)
        sys.stdin.readline()
        """
    with subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-c", dedent(text)],
        cwd=folder,
        env={**variables, "HEADWATER_HEARTBEAT_S": "0.1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        execution_id = int(process.stdout.readline())
        first = store.heartbeats.all()[0].time
        deadline = time.monotonic() + 20
        while store.heartbeats.all()[0].time == first:
            assert time.monotonic() < deadline, "the heart does not beat"

        assert the_script(store).id == execution_id
        assert the_script(store).last_known_state is ExecutionState.RUNNING

    assert the_script(store).last_known_state is ExecutionState.COMPLETE


def test_a_with_statement_ends_with_its_error(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import headwater
        import pandas as pd
        try:
            with headwater.autolog() as log:
                pd.read_csv("data.csv")
                raise ValueError("no")
        except ValueError:
            pass
        pd.read_csv("train.py")
        """
    )

    assert the_script(store).last_known_state is ExecutionState.FAILED
    assert the_script(store).custom_properties["error"] == "ValueError: no"
    assert events(store) == [("data.csv", EventType.INPUT)]


def test_a_script_that_touches_nothing_opens_no_store(script: Script) -> None:
    ran = script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        """,
        HEADWATER_NEO4J="bolt://127.0.0.1:1",
    )

    assert ran.stderr == ""


def test_a_store_that_is_away_costs_one_warning(script: Script) -> None:
    ran = script(
        """
        import headwater
        log = headwater.autolog()
        import pandas as pd
        from sklearn.linear_model import LinearRegression
        data = pd.read_csv("data.csv")
        data.to_csv("out.csv")
        print(LinearRegression().fit(data[["a"]], data["b"]).predict(data[["a"]]).shape)
        print(log.execution_id)
        """,
        HEADWATER_NEO4J="bolt://127.0.0.1:1",
        HEADWATER_RETRY_S="0.1",
    )

    assert ran.stdout == "(40,)\nNone\n"
    assert ran.stderr.count("autolog could not") == 1
    assert len(ran.stderr.splitlines()) == 1


def test_a_given_store_and_context_are_used(store: headwater.MetadataStore, script: Script) -> None:
    script(
        """
        import headwater
        import pandas as pd

        class Experiment(headwater.Context):
            pass

        with headwater.connect() as store:
            with headwater.autolog(store, context=Experiment(name="first")):
                data = pd.read_csv("data.csv")
                data.to_csv("out.csv")
            print(len(store.artifacts.all()))
        """
    )

    context_id = store.context("first").id or 0
    assert len(store.artifacts.in_context(context_id)) == 2
    assert len(store.executions.in_context(context_id)) == 1


# Files.


def test_a_file_has_its_digest_size_and_shape(
    store: headwater.MetadataStore, script: Script, folder: Path
) -> None:
    script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv")
        """
    )

    content = (folder / "data.csv").read_bytes()
    (file,) = store.artifacts.by_type("File")
    assert file.uri == (folder / "data.csv").as_uri()
    assert dict(file.properties) == {
        "file_digest": f"sha256:{sha256(content).hexdigest()}",
        "file_size_bytes": len(content),
        "rows": 40,
        "columns": 3,
    }


def test_equal_bytes_at_one_place_are_one_artifact_and_one_event(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv")
        data = pd.read_csv(filepath_or_buffer=open("data.csv"))
        data.to_parquet("out.parquet")
        pd.read_parquet("out.parquet")
        """
    )

    assert events(store) == [("data.csv", EventType.INPUT), ("out.parquet", EventType.OUTPUT)]
    assert len(store.artifacts.by_type("File")) == 2


def test_a_file_that_changed_is_another_artifact(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        data = pd.read_csv("data.csv")
        data.head(3).to_csv("data.csv")
        pd.read_csv("data.csv")
        """
    )

    assert events(store) == [("data.csv", EventType.INPUT), ("data.csv", EventType.OUTPUT)]


def test_a_file_leads_from_the_script_that_wrote_it_to_the_one_that_reads_it(
    store: headwater.MetadataStore, script: Script
) -> None:
    start = """
        import headwater
        headwater.autolog()
        import pandas as pd
        """
    script(start + 'pd.read_csv("data.csv").to_feather("mid.feather")')
    script(start + 'pd.read_feather("mid.feather").to_xml("end.xml", parser="etree")')

    (end,) = store.artifacts.by_uris([str(u) for u in _uris(store) if u.endswith("end.xml")])
    lineage = store.upstream(f"artifact:{end.id}")

    assert sorted(node.type for node in lineage.nodes) == ["File"] * 3 + ["Script"] * 2


def _uris(store: headwater.MetadataStore) -> list[str]:
    return [str(artifact.uri) for artifact in store.artifacts.all()]


def test_pyarrow_is_recorded_once_however_it_is_called(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import sys
        import headwater
        headwater.autolog()
        assert "pyarrow.parquet" not in sys.modules
        import pyarrow.csv, pyarrow.dataset, pyarrow.feather, pyarrow.parquet
        table = pyarrow.csv.read_csv("data.csv")
        pyarrow.parquet.write_table(table, "out.parquet")
        pyarrow.feather.write_feather(table, dest="out.feather")
        pyarrow.csv.write_csv(table, "out.csv")
        pyarrow.parquet.read_table("out.parquet")
        pyarrow.dataset.dataset("data.csv", format="csv")
        """
    )

    assert events(store) == [
        ("data.csv", EventType.INPUT),
        ("out.csv", EventType.OUTPUT),
        ("out.feather", EventType.OUTPUT),
        ("out.parquet", EventType.OUTPUT),
    ]
    shapes = {(a.properties["rows"], a.properties["columns"]) for a in store.artifacts.all()}
    assert shapes == {(40, 3)}


def test_buffers_are_no_files(store: headwater.MetadataStore, script: Script) -> None:
    script(
        """
        import io
        import headwater
        headwater.autolog()
        import pandas as pd
        stream = io.BytesIO()
        pd.read_csv(io.StringIO("a,b\\n1,2\\n")).to_parquet(stream)
        stream.seek(0)
        pd.read_parquet(stream)
        assert pd.DataFrame({"a": [1]}).to_csv().startswith(",a")
        pd.read_csv("data.csv")
        """
    )

    assert events(store) == [("data.csv", EventType.INPUT)]


def test_a_database_is_named_without_its_password(
    store: headwater.MetadataStore, script: Script
) -> None:
    script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        pd.read_csv("data.csv").to_sql("numbers", "sqlite:///numbers.db", index=False)
        import sqlalchemy
        engine = sqlalchemy.create_engine("sqlite:///numbers.db?key=hunter2")
        print(len(pd.read_sql("SELECT a FROM numbers", engine)))
        engine.dispose()
        """
    )

    tables = [a for a in store.artifacts.all() if str(a.uri).startswith("sqlite")]
    assert [(a.uri, a.custom_properties["query"]) for a in tables] == [
        ("sqlite:///numbers.db", "numbers"),
        ("sqlite:///numbers.db?key=***", "SELECT a FROM numbers"),
    ]


@pytest.mark.parametrize("part", ["pandas", "pyarrow"])
def test_a_part_can_be_switched_off(
    store: headwater.MetadataStore, script: Script, part: str
) -> None:
    script(
        f"""
        import headwater
        headwater.autolog({part}=False)
        import pandas as pd
        import pyarrow.csv
        pd.read_csv("data.csv")
        pyarrow.csv.read_csv("train.py")
        """
    )

    left = "train.py" if part == "pandas" else "data.csv"
    assert events(store) == [(left, EventType.INPUT)]


# The script itself.


def test_stop_puts_everything_back(script: Script) -> None:
    ran = script(
        """
        import sys
        import headwater
        import pandas as pd, pyarrow.parquet, pyarrow.csv
        import sklearn.base
        from sklearn.cluster import KMeans
        from sklearn.pipeline import Pipeline

        def state():
            tables = [c for t in (pd.DataFrame, pd.Series) for c in t.__mro__[:-1]]
            owners = [pd, pyarrow.parquet, pyarrow.csv, sklearn.base.BaseEstimator, KMeans]
            owners += [sklearn.base.TransformerMixin, Pipeline, pyarrow.parquet.core, *tables]
            return [dict(vars(owner)) for owner in owners]

        before, hooks, finders = state(), (sys.excepthook, sys.exit), list(sys.meta_path)
        log = headwater.autolog()
        assert state() != before
        assert headwater.autolog() is log
        read_csv = pd.read_csv
        log.stop()
        log.stop()
        assert all(a == b for a, b in zip(state(), before, strict=True))
        assert (sys.excepthook, sys.exit) == hooks
        assert sys.meta_path == finders
        print(len(read_csv("data.csv")))
        """
    )

    assert ran.stdout == "40\n"


def test_autolog_can_be_turned_on_again(store: headwater.MetadataStore, script: Script) -> None:
    script(
        """
        import headwater
        import pandas as pd
        for _ in range(2):
            with headwater.autolog():
                headwater.autolog()
                pd.read_csv("data.csv")
        """
    )

    assert len(store.executions.by_type("Script")) == 2
    (file,) = store.artifacts.by_type("File")
    assert len(store.edges.events_of_artifacts([file.id or 0])) == 2


def test_errors_of_the_users_calls_are_their_own(script: Script) -> None:
    ran = script(
        """
        import headwater
        headwater.autolog()
        import pandas as pd
        try:
            pd.read_csv("missing.csv")
        except FileNotFoundError as error:
            print(error.filename)
        try:
            pd.DataFrame().to_csv("missing/out.csv")
        except OSError as error:
            print("no folder")
        """
    )

    assert ran.stdout == "missing.csv\nno folder\n"
    assert ran.stderr == ""


def test_an_error_of_ours_is_one_warning(script: Script) -> None:
    ran = script(
        """
        import headwater
        import headwater.autologging.calls
        headwater.autolog()
        import pandas as pd

        def broken(path):
            raise RuntimeError("ours")

        headwater.autologging.calls.digest_at = broken
        print(len(pd.read_csv("data.csv")), len(pd.read_csv("data.csv")))
        """
    )

    assert ran.stdout == "40 40\n"
    assert ran.stderr.count("RuntimeError: ours") == 1
    assert "Traceback" not in ran.stderr


def test_what_tables_carry_does_not_reach_files(script: Script, folder: Path) -> None:
    text = """
        import headwater
        {}
        import pandas as pd
        data = pd.read_csv("data.csv")
        data.to_parquet("out.parquet")
        data.to_pickle("out.pickle")
        """
    script(text.format("headwater.autolog()"))
    recorded = [(folder / name).read_bytes() for name in ("out.parquet", "out.pickle")]

    script(text.format(""))

    assert [(folder / n).read_bytes() for n in ("out.parquet", "out.pickle")] == recorded


def test_functions_are_pickled_for_other_processes(
    store: headwater.MetadataStore, script: Script
) -> None:
    ran = script(
        """
        import headwater
        import multiprocessing
        headwater.autolog()
        import pandas as pd
        import pyarrow.parquet

        if __name__ == "__main__":
            pd.read_csv("data.csv").to_parquet("out.parquet")
            for method in ("spawn", "fork"):
                with multiprocessing.get_context(method).Pool(1) as pool:
                    print(*map(len, pool.map(pd.read_csv, ["data.csv"])))
                    print(*map(len, pool.map(pyarrow.parquet.read_table, ["out.parquet"])))
        """
    )

    assert ran.stdout == "40\n" * 4
    assert len(store.executions.by_type("Script")) == 1


def test_threads_record_into_one_script(store: headwater.MetadataStore, script: Script) -> None:
    script(
        """
        from concurrent.futures import ThreadPoolExecutor
        import headwater
        headwater.autolog()
        import pandas as pd

        def copy(i):
            pd.read_csv("data.csv").head(i).to_csv(f"{i}.csv")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(copy, range(24)))
        """
    )

    assert events(store) == sorted(
        [("data.csv", EventType.INPUT), *((f"{i}.csv", EventType.OUTPUT) for i in range(24))]
    )
