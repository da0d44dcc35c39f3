import pytest

from headwater.errors import InvalidArgument
from headwater.settings import load_settings


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("0", None), ("0.5", 0.5), ("90", 90.0)])
def test_a_question_has_the_time_that_is_set(text: str, seconds: float | None) -> None:
    settings = load_settings({"HEADWATER_QUERY_TIMEOUT_S": text})

    assert settings.query_timeout_s == seconds


@pytest.mark.parametrize("text", ["-1", "-0.001", "nan", "inf", "-inf", "soon"])
def test_a_time_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="HEADWATER_QUERY_TIMEOUT_S must be a number") as told:
        load_settings({"HEADWATER_QUERY_TIMEOUT_S": text})

    assert told.value.found == text
    assert told.value.hint
