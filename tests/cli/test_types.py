import pytest

import headwater
from headwater_schema import ArtifactType, ContextType, PropertyKind
from support.commands import Run, column


@pytest.mark.usefixtures("recorded")
def test_types_are_listed_by_kind_and_name(cli: Run) -> None:
    ran = cli("types", "list")

    assert column(ran, "NAME") == ["Dataset", "Model", "Pipeline", "Train"]
    assert column(ran, "KIND") == ["artifact", "artifact", "context", "execution"]


@pytest.mark.usefixtures("recorded")
def test_types_as_json_are_those_of_the_kind(cli: Run) -> None:
    types = cli("types", "list", "--kind", "artifact", "--json").json["types"]

    assert [t["name"] for t in types] == ["Dataset", "Model"]
    assert types[0]["properties"] == {"rows": "INT", "note": "STRING"}
    assert types[0]["unindexed"] == ["note"]
    assert types[0]["not_indexed"] == []


@pytest.mark.usefixtures("recorded")
def test_a_type_is_shown_with_the_indexes_of_its_properties(cli: Run) -> None:
    ran = cli("types", "show", "Dataset")

    assert ran.code == 0
    assert ran.lines[-2:] == ["note\tSTRING\tdeclared without", "rows\tINT\tyes"]


def test_a_property_that_the_budget_left_out_is_told(
    cli: Run, store: headwater.MetadataStore
) -> None:
    object.__setattr__(store.types._scope, "index_budget", 0)  # noqa: SLF001 - as by the setting
    store.put_types(
        [ArtifactType(name="Wide", properties={"never_indexed_here": PropertyKind.INT})]
    )

    shown = cli("types", "show", "Wide")
    listed = cli("types", "list")
    as_json = cli("types", "show", "Wide", "--json").json

    assert shown.lines[-1] == "never_indexed_here\tINT\tmissing"
    assert "headwater index add never_indexed_here --type Wide" in shown.err
    assert column(listed, "NOT INDEXED") == ["never_indexed_here"]
    assert as_json["type"]["not_indexed"] == ["never_indexed_here"]


def test_a_name_that_several_types_have_must_be_made_precise(
    cli: Run, store: headwater.MetadataStore
) -> None:
    store.put_types([ArtifactType(name="Step"), ArtifactType(name="Step", version="2")])
    store.put_types([ContextType(name="Step")])

    vague = cli("types", "show", "Step")
    precise = cli("types", "show", "Step", "--kind", "context", "--json")
    by_version = cli("types", "show", "Step", "--version", "2", "--json")

    assert vague.code == 2
    assert "artifact version 2" in vague.err
    assert precise.json["type"]["kind"] == "CONTEXT"
    assert by_version.json["type"]["version"] == "2"


@pytest.mark.usefixtures("recorded")
def test_an_unknown_type_is_told_with_those_that_exist(cli: Run) -> None:
    ran = cli("types", "show", "Nothing")

    assert ran.code == 4
    assert "Dataset, Model, Pipeline, Train" in ran.err
