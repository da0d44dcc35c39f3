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
from typing import Any, overload

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from headwater.components.component import RECORDER, Step
from headwater.components.endings import Outcome
from headwater.components.plan import Plan, drawn, ordered
from headwater.errors import InvalidArgument

OPTIONS = frozenset(
    {"store", "settings", "on", "workers", "run", "resume", "experiment", "reuse", "watch"}
    | {"cancel", "raising"}
)
"""Names of what `run` takes besides a pipeline's parameters."""


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
        return Plan(self.name, self.project, ordered(self.name, writing.steps), checked)

    def draw(self, **parameters: Any) -> str:  # noqa: ANN401 - as above
        """Return its steps, and what flows between them, as SVG."""
        return drawn(self.plan(**parameters))

    def run(self, **given: Any) -> Outcome:  # noqa: ANN401 - parameters and options alike
        """Run it and return how; see `headwater.components.run`, whose options it takes too.

        Raises:
            StepFailed: a step failed.
            InvalidArgument: as `plan` does.
        """
        # The store, which takes a second to import, is not for a step's own process, which imports
        # the pipeline too.
        from headwater.components.running import run  # noqa: PLC0415 - see above

        options = {key: value for key, value in given.items() if key in OPTIONS}
        parameters = {key: value for key, value in given.items() if key not in OPTIONS}
        return run(self.plan(**parameters), **options)

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


@overload
def pipeline(function: Callable[..., object]) -> Pipeline: ...
@overload
def pipeline(
    *, name: str | None = None, project: str | None = None
) -> Callable[[Callable[..., object]], Pipeline]: ...
def pipeline(
    function: Callable[..., object] | None = None,
    *,
    name: str | None = None,
    project: str | None = None,
) -> Pipeline | Callable[[Callable[..., object]], Pipeline]:
    """Return the pipeline that a function writes; also a decorator with or without arguments.

    Args:
        function: calls components, with each other's outputs; its parameters are the pipeline's.
        name: of its context; None takes the function's, with dashes.
        project: the context that it belongs to.
    """

    def made(of: Callable[..., object]) -> Pipeline:
        taken = sorted(OPTIONS & inspect.signature(of).parameters.keys())
        if taken:
            raise InvalidArgument(
                f"Parameter {taken[0]!r} of pipeline {of.__name__!r} is an option of every run.",
                hint="Rename it.",
                parameter=taken[0],
            )
        return Pipeline(of, name or of.__name__.replace("_", "-"), project)

    return made if function is None else made(function)


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
