"""Pipelines: components put together by ordinary calls, checked before anything runs.

::

    @pipeline
    def wine(learning_rate: float = 0.1) -> None:
        raw = ingest(path="wine.csv")
        model = train(data=raw, learning_rate=learning_rate)
        evaluate(model=model, data=raw)

    wine.run(learning_rate=0.2)
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from headwater.components.component import RECORDER, Step
from headwater.components.fingerprint import Code, code_fingerprint
from headwater.components.sources import Source, references
from headwater.errors import FailedPrecondition, InvalidArgument
from headwater.query.drawing import to_svg
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater_schema import TypeKind

if TYPE_CHECKING:
    from headwater.components.running import Outcome


@dataclass(frozen=True)
class Plan:
    """The steps of one run, checked: what it will do.

    Attributes:
        pipeline: the pipeline's name.
        steps: in an order in which they can run.
        parameters: of the pipeline.
    """

    pipeline: str
    steps: tuple[Step, ...]
    parameters: Mapping[str, Any]

    def needs(self, step: Step) -> tuple[str, ...]:
        """Return the names of the steps that must have ended well before a step."""
        return _needs(step)

    def codes(self) -> dict[str, Code | None]:
        """Return what the code of each step depends on, by step; None where it is not cached.

        Raises:
            InvalidArgument: a component's code cannot be read, and it has no version.
        """
        read = {
            id(step.component.function): code_fingerprint(
                step.component.function, version=step.component.version
            )
            for step in self.steps
            if step.component.cached
        }
        return {step.name: read.get(id(step.component.function)) for step in self.steps}

    def series(self, step: Step) -> dict[str, str]:
        """Return the series of each output of a step."""
        keys = step.component.signature.outputs
        usual = {key: f"{self.pipeline}.{step.name}.{key}" for key in keys}
        return usual | dict(step.series)


class _Writing:
    """The steps of a pipeline while its function runs."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}

    def add(self, step: Step) -> Step:
        if step.component.step_name is not None and step.name in self.steps:
            raise InvalidArgument(f"There are two steps named {step.name!r}.", step=step.name)
        name, number = step.name, 1
        while name in self.steps:
            number += 1
            name = f"{step.name}-{number}"
        named = Step(name, step.component, step.sources, step.execution)
        self.steps[name] = named
        return named

    def change(self, step: Step) -> Step:
        if step.name not in self.steps:
            raise InvalidArgument(f"Step {step.name!r} is of another pipeline.", step=step.name)
        self.steps[step.name] = step
        return step


@dataclass(frozen=True)
class Pipeline:
    """A graph of components.

    Attributes:
        function: writes it: calls components.
        name: of its context.
        project: the context that it belongs to.
    """

    function: Callable[..., object]
    name: str
    project: str | None = None

    def plan(self, **parameters: Any) -> Plan:  # noqa: ANN401 - the pipeline's own
        """Return its steps for those parameters, after checking all that can be without a store.

        Raises:
            InvalidArgument: a parameter, or a step's input, is missing, unknown or of another
                type; steps wait for each other in a circle; there are no steps.
        """
        checked = self._checked(parameters)
        writing = _Writing()
        token = RECORDER.set(writing)
        try:
            self.function(**checked)
        finally:
            RECORDER.reset(token)
        return Plan(self.name, _ordered(self.name, writing.steps), checked)

    def draw(self, **parameters: Any) -> str:  # noqa: ANN401 - as above
        """Return its steps, and what flows between them, as SVG."""
        return drawn(self.plan(**parameters))

    def run(self, **given: Any) -> "Outcome":  # noqa: ANN401 - parameters and options alike
        """Run it and return how; see `headwater.components.run`, whose options it takes too.

        Raises:
            StepFailed: a step failed.
            InvalidArgument: as `plan` does.
        """
        from headwater.components.running import OPTIONS, run  # noqa: PLC0415 - it imports this

        options = {key: value for key, value in given.items() if key in OPTIONS}
        parameters = {key: value for key, value in given.items() if key not in OPTIONS}
        return run(self, parameters, **options)

    def _checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        model = _parameters_of(self.function, self.name)
        try:
            made = model(**parameters)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidArgument(
                f"Parameter {where!r} of pipeline {self.name!r}: {first['msg']}, found "
                f"{first['input']!r:.200}.",
                hint=f"Its parameters are {', '.join(model.model_fields) or 'none'}.",
                pipeline=self.name,
                parameter=where,
            ) from error
        return {name: getattr(made, name) for name in model.model_fields}


def pipeline(
    function: Callable[..., object] | None = None,
    *,
    name: str | None = None,
    project: str | None = None,
) -> Any:  # noqa: ANN401 - a Pipeline, or what makes one
    """Return the pipeline that a function writes; also a decorator with or without arguments.

    Args:
        function: calls components, with each other's outputs; its parameters are the pipeline's.
        name: of its context; None takes the function's, with dashes.
        project: the context that it belongs to.
    """

    def made(of: Callable[..., object]) -> Pipeline:
        return Pipeline(of, name or of.__name__.replace("_", "-"), project)

    return made if function is None else made(function)


def drawn(plan: Plan) -> str:
    """Return the steps of a plan and what flows between them as SVG."""
    keys: dict[object, NodeKey] = {}
    nodes: list[LineageNode] = []
    events: list[LineageEvent] = []

    def key_of(kind: TypeKind, of: object, type_name: str, title: str) -> NodeKey:
        if of not in keys:
            keys[of] = NodeKey(kind, len(keys) + 1)
            nodes.append(LineageNode(kind, keys[of].id, type_name, title, None, 0))
        return keys[of]

    for step in plan.steps:
        signature = step.component.signature
        execution = key_of(TypeKind.EXECUTION, step.name, step.component.name, step.name)
        for name, source in step.sources.items():
            for of, title in _drawn_sources(source, name):
                artifact = key_of(
                    TypeKind.ARTIFACT, of, signature.inputs[name].type.__name__, title
                )
                events.append(LineageEvent(artifact.id, execution.id, "INPUT", None, None))
        for name, spec in signature.outputs.items():
            of = (step.name, name)
            artifact = key_of(TypeKind.ARTIFACT, of, spec.type.__name__, f"{step.name}.{name}")
            events.append(LineageEvent(artifact.id, execution.id, "OUTPUT", None, None))
    return to_svg(_Drawn(nodes, events))


@dataclass(frozen=True)
class _Drawn:
    nodes: list[LineageNode]
    events: list[LineageEvent]
    direction: Direction = Direction.DOWNSTREAM

    @property
    def start(self) -> NodeKey:
        return self.nodes[0].key

    @property
    def left_out(self) -> Mapping[TypeKind, Mapping[str, int]]:
        return {}


def _drawn_sources(source: Source, name: str) -> list[tuple[object, str]]:
    found = references(source)
    if found:
        return [((ref.step, ref.key), f"{ref.step}.{ref.key}") for ref in found]
    return [((source, name), name)]


def _parameters_of(function: Callable[..., object], name: str) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    hints = inspect.get_annotations(function, eval_str=True)
    for key, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InvalidArgument(
                f"Pipeline {name!r} takes *{key}: its parameters must be written down.",
                hint="Name each of them.",
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[key] = (hints.get(key, Any), default)
    return create_model(f"{name}Parameters", __config__=ConfigDict(extra="forbid"), **fields)


def _needs(step: Step) -> tuple[str, ...]:
    read = [ref.step for source in step.sources.values() for ref in references(source)]
    return tuple(dict.fromkeys([*read, *(c.source.step for c in step.conditions), *step.after]))


def _ordered(name: str, steps: Mapping[str, Step]) -> tuple[Step, ...]:
    if not steps:
        raise FailedPrecondition(
            f"Pipeline {name!r} has no steps.", hint="Call components in its function."
        )
    for step in steps.values():
        unknown = [needed for needed in _needs(step) if needed not in steps]
        if unknown:
            raise InvalidArgument(
                f"Step {step.name!r} needs step {unknown[0]!r}, which is of another pipeline.",
                step=step.name,
            )
    try:
        order = tuple(TopologicalSorter({n: _needs(s) for n, s in steps.items()}).static_order())
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise InvalidArgument(
            f"The steps of pipeline {name!r} wait for each other: {circle}.",
            hint="Take one of the `.following(...)` out.",
            pipeline=name,
        ) from error
    return tuple(steps[name] for name in order)
