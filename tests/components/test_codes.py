"""What tells one component's results from another's, of one function or of none."""

from typing import Any

import headwater
from headwater.components import Driver, Executor, Input, Output, component
from headwater.components.codes import code_of
from support import steps


class Other(headwater.Artifact):
    """Not the numbers of the other steps."""

    count: int


class Quick(Executor):
    """Runs functions in its own way."""

    def __init__(self, size: int = 1) -> None:
        self.size = size


class Careful(Driver):
    """Finds inputs in its own way."""


def halve(numbers: Input[steps.Numbers], halved: Output[steps.Numbers]) -> None:
    halved.save([value / 2 for value in numbers.load()])


def digest(**options: Any) -> str:
    return code_of(component(**options)(halve)).digest


def test_one_function_is_one_code() -> None:
    assert digest() == digest(retries=3, timeout_s=60.0)


def test_components_of_one_function_differ_by_name_and_by_who_runs_them() -> None:
    digests = {
        digest(),
        digest(name="Halving"),
        digest(executor=Quick()),
        digest(executor=Quick(64)),
        digest(driver=Careful()),
        digest(version="1"),
        digest(version="2"),
    }

    assert len(digests) == 7
    assert digest(executor=Quick(64)) == digest(executor=Quick(64))


def test_of_components_of_one_version_the_function_tells_them_apart() -> None:
    def third(numbers: Input[steps.Numbers], halved: Output[steps.Numbers]) -> None:
        halved.save([value / 3 for value in numbers.load()])

    one = component(version="1", name="Part")(halve)
    other = component(version="1", name="Part")(third)

    assert code_of(one).digest != code_of(other).digest


def test_the_class_of_an_output_counts() -> None:
    def made(numbers: Output[steps.Numbers]) -> None:
        numbers.save([])

    def made_other(numbers: Output[Other]) -> None:
        numbers.save([])

    parts = [code_of(component(version="1", name="Made")(of)).parts for of in (made, made_other)]

    assert parts[0]["@component"] != parts[1]["@component"]


def test_a_component_has_a_place_where_others_can_import_it() -> None:
    assert steps.double.place == ("support.steps", "double")
    assert steps.double.named("again").place == ("support.steps", "double")
    assert component(halve).place is None
