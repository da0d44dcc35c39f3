import io
import sys

import pytest

import headwater
from support.commands import Run, column


@pytest.mark.usefixtures("recorded")
def test_namespaces_are_listed_with_what_they_hold(
    cli: Run, recorded: headwater.MetadataStore
) -> None:
    ran = cli("namespaces", "list")
    answer = cli("namespaces", "list", "--json").json

    row = column(ran, "NAME").index(recorded.namespace)
    assert column(ran, "ARTIFACTS")[row] == "3"
    (found,) = [n for n in answer["namespaces"] if n["name"] == recorded.namespace]
    assert (found["artifacts"], found["executions"], found["contexts"]) == (3, 4, 2)
    assert found["state"] is None


def test_namespaces_alone_show_their_help(cli: Run) -> None:
    ran = cli("namespaces")

    assert ran.code == 0
    assert "drop" in ran.out


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


def test_a_namespace_is_made_and_dropped(cli: Run, recorded: headwater.MetadataStore) -> None:
    name = f"{recorded.namespace}-made"

    assert cli("namespaces", "create", name).code == 0
    again = cli("namespaces", "create", name)
    dropped = cli("namespaces", "drop", name, "--yes")
    gone = cli("namespaces", "drop", name, "--yes")

    assert (again.code, "already" in again.err) == (5, True)
    assert dropped.code == 0
    assert f"drop namespace {name}" in dropped.err
    assert gone.code == 4


def test_a_drop_tells_what_was_there(cli: Run, recorded: headwater.MetadataStore) -> None:
    answer = cli("namespaces", "drop", recorded.namespace, "--yes", "--json").json

    assert answer["namespace"] == recorded.namespace
    assert (answer["dropped"]["artifacts"], answer["dropped"]["executions"]) == (3, 4)
    assert recorded.artifacts.all() == []


def test_a_drop_that_nobody_can_confirm_is_refused(
    cli: Run, recorded: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{recorded.namespace}\n"))

    ran = cli("namespaces", "drop", recorded.namespace)

    assert ran.code == 9
    assert "--yes" in ran.err
    assert len(recorded.artifacts.all()) == 3


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_drop_is_confirmed_by_the_name_and_by_nothing_else(
    cli: Run, recorded: headwater.MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    refused = cli("namespaces", "drop", recorded.namespace)
    still_there = len(recorded.artifacts.all())

    monkeypatch.setattr(sys, "stdin", Terminal(f"{recorded.namespace}\n"))
    dropped = cli("namespaces", "drop", recorded.namespace)

    assert (refused.code, still_there) == (9, 3)
    assert "3 artifacts, 4 executions and 2 contexts" in refused.err
    assert dropped.code == 0
    assert recorded.artifacts.all() == []
