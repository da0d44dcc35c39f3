import pytest

import headwater
from support.commands import Run, column


def test_namespaces_are_listed(cli: Run, recorded: headwater.MetadataStore) -> None:
    ran = cli("namespaces")
    answer = cli("namespaces", "--json").json

    assert recorded.namespace in column(ran, "NAME")
    assert recorded.namespace in [namespace["name"] for namespace in answer["namespaces"]]


@pytest.mark.usefixtures("recorded")
def test_a_namespace_that_does_not_exist_is_told_with_those_that_do(cli: Run) -> None:
    ran = cli("artifacts", "list", "--namespace", "no-such-namespace")

    assert ran.code == 4
    assert "No namespace 'no-such-namespace'" in ran.err
    assert "There are: " in ran.err


@pytest.mark.usefixtures("recorded")
def test_the_default_namespace_counts_as_existing(cli: Run) -> None:
    assert cli("contexts", "list", "-n", "default").code == 0


def test_the_option_wins_over_the_environment(cli: Run, recorded: headwater.MetadataStore) -> None:
    other = recorded.in_namespace(f"{recorded.namespace}-other")
    other.put_types([])

    ran = cli("artifacts", "list", "-n", other.namespace)

    assert column(ran, "NAME") == []


def test_a_name_that_no_namespace_can_have_is_refused(cli: Run) -> None:
    assert cli("artifacts", "list", "-n", " x ").code == 2
