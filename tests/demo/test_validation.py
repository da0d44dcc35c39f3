import pandas as pd

from headwater.demo.validation import clip, find_anomalies, infer_schema, statistics

TRAIN = pd.DataFrame({"size": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"]})


def _problems(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    found = find_anomalies(frame, infer_schema(TRAIN))
    return [(anomaly["column"], anomaly["problem"], anomaly["values"]) for anomaly in found]


def test_data_has_no_anomalies_against_its_own_schema() -> None:
    assert _problems(TRAIN) == []


def test_a_value_out_of_range_is_found_with_the_range() -> None:
    frame = pd.DataFrame({"size": [0.5, 9.0], "kind": ["a", "b"]})

    (anomaly,) = find_anomalies(frame, infer_schema(TRAIN))

    assert anomaly == {
        "column": "size",
        "problem": "out of range",
        "values": 2,
        "expected": [1.0, 3.0],
        "found": [0.5, 9.0],
    }


def test_a_new_category_and_a_missing_value_are_found() -> None:
    frame = pd.DataFrame({"size": [1.0, None], "kind": ["c", "a"]})

    assert _problems(frame) == [("size", "missing values", 1), ("kind", "new categories", 1)]


def test_a_column_too_few_and_one_too_many_are_found() -> None:
    frame = pd.DataFrame({"size": [1.0], "colour": ["red"]})

    assert _problems(frame) == [("kind", "missing column", 1), ("colour", "unknown column", 1)]


def test_clipping_counts_what_it_changed() -> None:
    frame = pd.DataFrame({"size": [0.5, 2.0, 9.0], "kind": ["a", "b", "a"]})

    clipped, count = clip(frame, infer_schema(TRAIN))

    assert clipped["size"].tolist() == [1.0, 2.0, 3.0]
    assert clipped["kind"].tolist() == ["a", "b", "a"]
    assert count == 2


def test_statistics_tell_missing_values_and_categories() -> None:
    frame = pd.DataFrame({"size": [1.0, None, 3.0], "kind": ["a", "b", "a"]})

    found = statistics(frame)

    assert found["rows"] == 3
    assert found["columns"]["size"]["missing"] == 1
    assert found["columns"]["size"]["mean"] == 2.0
    assert found["columns"]["kind"]["counts"] == {"a": 2, "b": 1}
