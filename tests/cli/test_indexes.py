from collections.abc import Iterator

import pytest

import headwater
from support.commands import Run

CUSTOM = "custom_key_of_cli_tests"


@pytest.fixture
def _no_custom_index(recorded: headwater.MetadataStore) -> Iterator[None]:
    yield
    found = [i for i in recorded.indexes.all() if i.key == CUSTOM and i.custom]
    for index in found:
        recorded.indexes.drop(index.kind, index.key, custom=True)


@pytest.mark.usefixtures("recorded")
def test_indexes_are_listed_with_their_state(cli: Run) -> None:
    ran = cli("index", "list", "--kind", "artifact")

    assert "artifact\taccuracy\tdeclared\tONLINE\theadwater" in ran.lines
    assert not any(line.startswith("execution") for line in ran.lines)


@pytest.mark.usefixtures("recorded")
@pytest.mark.usefixtures("_no_custom_index")
def test_an_index_on_a_custom_property_is_added_and_dropped(cli: Run) -> None:
    added = cli("index", "add", CUSTOM, "--kind", "execution", "--custom", "--json")
    again = cli("index", "add", CUSTOM, "--type", "Train", "--custom")
    dropped = cli("index", "drop", CUSTOM, "--kind", "execution", "--custom", "--json")
    gone = cli("index", "drop", CUSTOM, "--kind", "execution", "--custom")

    assert added.json["indexes"][0]["key"] == CUSTOM
    assert added.json["indexes"][0]["kind"] == "EXECUTION"
    assert again.code == 0
    assert dropped.json == {"dropped": {"kind": "EXECUTION", "key": CUSTOM, "custom": True}}
    assert gone.code == 4


@pytest.mark.usefixtures("recorded")
def test_a_property_that_no_type_declares_is_refused(cli: Run) -> None:
    by_kind = cli("index", "add", "nothing_declares_this")
    by_type = cli("index", "add", "rows", "--type", "Model")
    no_type = cli("index", "add", "rows", "--type", "Nothing")

    assert [by_kind.code, by_type.code, no_type.code] == [4, 4, 4]
    assert "--custom" in by_type.err


@pytest.mark.usefixtures("recorded")
def test_kind_and_type_exclude_each_other(cli: Run) -> None:
    ran = cli("index", "add", "rows", "--type", "Dataset", "--kind", "artifact")

    assert ran.code == 2


@pytest.mark.usefixtures("recorded")
def test_a_key_with_a_backslash_cannot_be_indexed(cli: Run) -> None:
    ran = cli("index", "add", "a\\u0060b", "--custom")

    assert ran.code == 2
