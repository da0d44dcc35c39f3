"""What is told of a pipeline before anything of it runs."""

import inspect

import pytest

import headwater
from headwater.components import (
    Input,
    Output,
    Outputs,
    component,
    each,
    latest,
    pipeline,
    run,
    spans,
)
from headwater.components.pipeline import OPTIONS
from headwater.components.signature import TAKEN
from headwater.errors import FailedPrecondition, InvalidArgument
from support import steps


def test_steps_stand_in_an_order_in_which_they_can_run() -> None:
    plan = steps.sums.plan()

    assert [step.name for step in plan.steps] == ["make", "double", "add"]
    assert plan.needs(plan.steps[2]) == ("make", "double")
    assert plan.series(plan.steps[0]) == {"numbers": "sums.make.numbers"}


def test_steps_of_one_component_are_told_apart() -> None:
    @pipeline
    def twice() -> None:
        steps.make()
        steps.make(first=5)
        steps.make.named("last")()

    assert sorted(step.name for step in twice.plan().steps) == ["last", "make", "make-2"]


def test_one_name_for_two_steps_is_refused() -> None:
    @pipeline
    def twice() -> None:
        steps.make.named("a")()
        steps.make.named("a")()

    with pytest.raises(InvalidArgument, match="two steps named 'a'"):
        twice.plan()


def test_a_missing_input_is_named() -> None:
    @pipeline
    def lacking() -> None:
        steps.double()

    with pytest.raises(InvalidArgument, match="Component 'Double' needs numbers"):
        lacking.plan()


def test_an_input_of_another_type_is_refused() -> None:
    @pipeline
    def confused() -> None:
        total = steps.add(numbers=[steps.make()])
        steps.double(numbers=total)

    with pytest.raises(InvalidArgument, match="takes Numbers, found Total: output 'total' of"):
        confused.plan()


def test_several_for_an_input_of_one_are_refused() -> None:
    @pipeline
    def many() -> None:
        cut = steps.cut(numbers=steps.make())
        steps.double(numbers=cut.parts)

    with pytest.raises(InvalidArgument, match="takes one artifact, found several"):
        many.plan()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"times": "two"}, "Parameter 'times' of component 'Double'"),
        ({"tmes": 2}, "Parameter 'tmes' of component 'Double'"),
        ({"doubled": 1}, "'doubled' is an output of component 'Double'"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, object], message: str) -> None:
    @pipeline
    def wrong() -> None:
        steps.double(numbers=steps.make(), **given)

    with pytest.raises(InvalidArgument, match=message):
        wrong.plan()


def test_a_wrong_parameter_of_a_pipeline_is_named() -> None:
    with pytest.raises(InvalidArgument, match="Parameter 'first' of pipeline 'sums'"):
        steps.sums.plan(first="one")
    with pytest.raises(InvalidArgument, match="Its parameters are first, times, offset"):
        steps.sums.plan(frist=1)


def test_steps_that_wait_for_each_other_are_refused() -> None:
    @pipeline
    def circle() -> None:
        numbers = steps.make()
        doubled = steps.double(numbers=numbers)
        numbers.following(doubled)

    with pytest.raises(InvalidArgument, match="wait for each other: "):
        circle.plan()


def test_a_step_of_another_pipeline_is_refused() -> None:
    kept: list[object] = []

    @pipeline
    def one() -> None:
        kept.append(steps.make())

    @pipeline
    def other() -> None:
        steps.double(numbers=kept[0])

    one.plan()

    with pytest.raises(InvalidArgument, match="needs step 'make', which is of another pipeline"):
        other.plan()


def test_a_component_called_outside_of_a_pipeline_says_so() -> None:
    with pytest.raises(FailedPrecondition, match="'Make' was called outside of a pipeline"):
        steps.make()


def test_a_pipeline_without_steps_is_refused() -> None:
    @pipeline
    def empty() -> None:
        pass

    with pytest.raises(FailedPrecondition, match="has no steps"):
        empty.plan()


def test_what_no_component_can_be_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="'bare' of Loose has no annotation"):

        @component
        def loose(bare) -> None:  # type: ignore[no-untyped-def] # the point of it
            pass

    with pytest.raises(InvalidArgument, match="annotated Input without the class"):

        @component
        def vague(data: Input) -> None:  # type: ignore[type-arg] # the point of it
            pass

    with pytest.raises(InvalidArgument, match="takes \\*rest"):

        @component
        def open_ended(*rest: int) -> None:
            pass

    with pytest.raises(InvalidArgument, match="'series' of Hidden has the name of something"):

        @component
        def hidden(series: Output[steps.Numbers]) -> None:
            pass

    with pytest.raises(InvalidArgument, match="cannot be stored"):

        @component
        def odd(thing: object) -> None:
            pass


def test_a_step_with_several_outputs_is_no_input() -> None:
    @component
    def two(a: Output[steps.Numbers], b: Output[steps.Numbers]) -> None:
        pass

    @pipeline
    def ambiguous() -> None:
        steps.double(numbers=two())

    with pytest.raises(InvalidArgument, match="has 2 outputs; which of them is meant"):
        ambiguous.plan()


def test_each_of_an_output_of_one_is_refused() -> None:
    @pipeline
    def one() -> None:
        steps.double(numbers=each(steps.make().numbers))

    with pytest.raises(InvalidArgument, match="has one artifact; there is no each"):
        one.plan()


def test_sources_are_checked() -> None:
    with pytest.raises(InvalidArgument, match="no spans from 3 to 1"):
        spans(3, 1)
    with pytest.raises(InvalidArgument, match="no property that spans are numbered by"):
        spans(1, 3, key="span.int_value OR true")
    with pytest.raises(InvalidArgument, match="At least one artifact"):
        latest("a", count=0)


def test_an_artifact_that_the_store_has_not_seen_is_refused() -> None:
    @pipeline
    def early() -> None:
        steps.double(numbers=steps.Numbers(name="a", count=1))

    with pytest.raises(InvalidArgument, match="an artifact that the store has not seen"):
        early.plan()


def test_a_plan_is_drawn_with_its_steps_and_outputs() -> None:
    svg = steps.sums.draw()

    assert svg.startswith("<svg")
    for text in ("double", "make.numbers", "Total"):
        assert text in svg


def test_a_signature_says_what_it_takes() -> None:
    signature = steps.compare.signature

    assert {k: (s.type, s.optional) for k, s in signature.inputs.items()} == {
        "new": (steps.Total, False),
        "old": (steps.Total, True),
    }
    assert steps.cut.signature.outputs["parts"].many
    assert steps.add.signature.inputs["numbers"].many
    assert steps.double.signature.parameters == ("times",)
    assert steps.double.signature.execution.node_type().name == "Double"
    assert issubclass(steps.double.signature.execution, headwater.Execution)


def test_annotations_that_cannot_be_read_say_why() -> None:
    def late(data: "Input[Missing]", out: Outputs[steps.Numbers]) -> None:  # type: ignore[name-defined] # noqa: F821 - the point of it
        pass

    with pytest.raises(InvalidArgument, match="names 'Missing', which is not there"):
        component(late)


def test_every_public_attribute_of_a_step_is_taken() -> None:
    own = {name for name in dir(steps.sums.plan().steps[0]) if not name.startswith("_")}

    assert own == TAKEN


def test_a_pipeline_takes_the_options_of_a_run() -> None:
    assert {"plan", *OPTIONS} == inspect.signature(run).parameters.keys()
