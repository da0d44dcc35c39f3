"""From files to data sets, their parts, statistics and schemas."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.components.standard import (
    Dataset,
    generate_statistics,
    import_file,
    infer_schema,
    ingest,
    split,
)
from headwater.errors import InvalidArgument, NotFound
from support.calls import Calls, content

Tables = dict[str, pd.DataFrame]
DataOf = Callable[[pd.DataFrame], Dataset]


def test_a_file_is_imported_byte_for_byte(calls: Calls, tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    tables["wine"].to_csv(path, index=False)

    raw = calls(import_file, path=str(path))["raw"]

    assert raw.digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert (raw.format, raw.files) == ("csv", 1)


def test_one_byte_changes_the_raw_file_and_the_data(calls: Calls, tmp_path: Path) -> None:
    path, made = tmp_path / "a.csv", []

    for text in ("a,b\n1,2\n", "a,b\n1,2\n", "a,b\n1,3\n"):
        path.write_text(text)
        raw = calls(import_file, path=str(path))["raw"]
        made.append((content(raw), content(calls(ingest, raw=raw)["data"])))

    assert made[0] == made[1]
    assert made[0][0] != made[2][0]
    assert made[0][1] != made[2][1]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_folder_and_a_pattern_are_one_data_set(
    calls: Calls, tables: Tables, tmp_path: Path, suffix: str
) -> None:
    folder, whole = tmp_path / "parts", tables["wine"]
    for name, part in (("a", whole[:100]), ("sub/b", whole[100:])):
        path = folder / f"{name}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_csv(path, index=False) if suffix == "csv" else part.to_parquet(path)

    raw = calls(import_file, path=str(folder))["raw"]
    first = calls(import_file, path=str(folder / f"*.{suffix}"))["raw"]

    pd.testing.assert_frame_equal(calls.load(calls(ingest, raw=raw)["data"]), whole)
    assert (raw.files, first.files) == (2, 1)
    assert calls(ingest, raw=first, span=7)["data"].properties == {
        "rows": 100,
        "columns": 15,
        "split": "",
        "span": 7,
    }


def test_a_path_with_nothing_is_not_found(calls: Calls, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no files at .*none\.csv"):
        calls(import_file, path=str(tmp_path / "none.csv"))


def test_other_files_than_tables_are_refused(calls: Calls, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"?")

    with pytest.raises(InvalidArgument, match=r"CSV or Parquet is asked for, found \.xlsx"):
        calls(import_file, path=str(tmp_path / "a.xlsx"))


@pytest.mark.parametrize(
    ("name", "payload"),
    [("empty.csv", b""), ("header.csv", b"a,b\n"), ("broken.parquet", b"?"), ("l.csv", b"a\n\xff")],
)
def test_a_file_without_rows_is_refused_by_name(
    calls: Calls, tmp_path: Path, name: str, payload: bytes
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(payload)
    (folder / f"z-{name}").write_bytes(payload)
    raw = calls(import_file, path=str(folder))["raw"]

    with pytest.raises(InvalidArgument, match=name):
        calls(ingest, raw=raw)


def test_files_with_other_columns_are_refused(calls: Calls, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "in/b.csv").write_text("a,c\n1,2\n")
    raw = calls(import_file, path=str(tmp_path / "in"))["raw"]

    with pytest.raises(InvalidArgument, match=r"b\.csv has other columns .* b, c"):
        calls(ingest, raw=raw)


def test_a_split_keeps_every_row_once_and_the_shares_of_a_column(
    calls: Calls, wine: Dataset, tables: Tables
) -> None:
    parts = calls(split, data=wine, stratify="target", seed=3)

    train, held = calls.load(parts["train"]), calls.load(parts["eval"])
    both = pd.concat([train, held]).sort_values(list(train.columns), ignore_index=True)
    expected = tables["wine"].sort_values(list(train.columns), ignore_index=True)
    pd.testing.assert_frame_equal(both, expected)
    assert (parts["train"].split, parts["eval"].split) == ("train", "eval")
    shares = [part["target"].value_counts(normalize=True).to_dict() for part in (train, held)]
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_a_split_by_key_moves_no_row_when_others_come(calls: Calls, data_of: DataOf) -> None:
    frame = pd.DataFrame({"who": [f"customer {i % 50}" for i in range(200)], "n": range(200)})

    few = calls(split, data=data_of(frame[:100].copy()), key="who")
    all_ = calls(split, data=data_of(frame), key="who")

    assert set(calls.load(few["eval"])["n"]) <= set(calls.load(all_["eval"])["n"])
    assert set(calls.load(few["train"])["n"]) <= set(calls.load(all_["train"])["n"])
    assert not set(calls.load(all_["train"])["who"]) & set(calls.load(all_["eval"])["who"])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"stratify": "none"}, "no column 'none' in the data"),
        ({"eval_share": 1.5}, "between 0 and 1"),
        ({"key": "region", "stratify": "target"}, "one column at most"),
        ({"stratify": "alcohol"}, "alike shares of 'alcohol'"),
        ({"key": "constant"}, "has none of 178 rows"),
    ],
)
def test_a_split_that_cannot_be_is_refused(
    calls: Calls, data_of: DataOf, tables: Tables, wrong: dict[str, object], told: str
) -> None:
    data = data_of(tables["wine"].assign(constant=1))

    with pytest.raises(InvalidArgument, match=told):
        calls(split, data=data, **wrong)


def test_statistics_tell_what_columns_hold(calls: Calls, data_of: DataOf) -> None:
    frame = pd.DataFrame(
        {
            "number": [1.5, 2.5, np.nan, np.inf],
            "whole": [1, 2, None, 4],
            "word": ["b", "a", "b", None],
            "truth": [True, False, True, True],
            "none": [None] * 4,
        }
    )

    made = calls(generate_statistics, data=data_of(frame))["statistics"]

    columns = calls.load(made)["columns"]
    assert {name: c["kind"] for name, c in columns.items()} == {
        "number": "number",
        "whole": "integer",
        "word": "string",
        "truth": "boolean",
        "none": "empty",
    }
    assert columns["word"]["top"] == [["b", 2], ["a", 1]]
    assert columns["truth"]["top"] == [[True, 3], [False, 1]]
    assert (columns["number"]["mean"], columns["whole"]["quantiles"][-1]) == (2.0, 4.0)
    assert (made.rows, made.columns, made.missing) == (4, 5, 7)


def test_a_schema_says_what_statistics_have_seen(calls: Calls, wine: Dataset) -> None:
    described = calls(generate_statistics, data=wine)["statistics"]

    schema = calls(infer_schema, statistics=described, slack=0.5)["schema"]

    columns = calls.load(schema)["columns"]
    assert columns["region"] == {
        "kind": "string",
        "required": True,
        "values": ["north", "south"],
    }
    assert columns["alcohol"] == pytest.approx(
        {"kind": "number", "required": True, "lowest": 9.13, "highest": 16.73}
    )
    assert (schema.columns, schema.required) == (15, 15)


def test_a_schema_lets_a_string_of_many_values_be_any(calls: Calls, data_of: DataOf) -> None:
    data = data_of(pd.DataFrame({"word": [f"w{i}" for i in range(9)]}))
    described = calls(generate_statistics, data=data)["statistics"]

    schema = calls(infer_schema, statistics=described, max_values=8)["schema"]

    assert calls.load(schema)["columns"]["word"] == {"kind": "string", "required": True}
