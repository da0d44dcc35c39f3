"""Components: a function with its inputs, outputs and parameters, as a step of pipelines.

::

    @component
    def train(data: Input[Dataset], model: Output[Model], *, learning_rate: float = 0.1) -> None:
        model.save(fit(data.load(), learning_rate))

Calling a component where a pipeline is written makes a step of it; nothing runs then.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Protocol, overload

from headwater.components.canonical import digest_of
from headwater.components.driver import Driver
from headwater.components.executor import Executor
from headwater.components.publisher import Publisher
from headwater.components.signature import InputSpec, Signature, read_signature
from headwater.components.sources import (
    Condition,
    Judge,
    OutputRef,
    Source,
    references,
    source_of,
)
from headwater.errors import FailedPrecondition, InvalidArgument
from headwater.typed import Execution, check_series
from headwater_schema import Artifact as ArtifactNode

Outside = Callable[..., Mapping[str, object]]
Stale = Callable[..., str]


class Recorder(Protocol):
    """Where the steps of a pipeline go while it is written."""

    def add(self, step: "Step") -> "Step":
        """Return the step under a name that no other has."""
        ...

    def change(self, step: "Step") -> "Step":
        """Return the step, in place of the one of its name."""
        ...


_FOUND_BY_PLACE = ("function", "outside", "stale")
"""What is not sent to another process where its place is known: it may use what cannot be sent."""

RECORDER: ContextVar[Recorder | None] = ContextVar("headwater_pipeline", default=None)


@dataclass(frozen=True)
class Component:
    """One step of work, ready to be used in any number of pipelines.

    Attributes:
        function: the user's code.
        name: of the type of its executions, and of its steps in small letters.
        version: stands in for the code in the cache's fingerprint; None reads the code.
        cached: whether an earlier execution that was alike may stand in for a new one.
        retries: how often it is tried again after it failed.
        timeout_s: after how many seconds it is stopped, in a process of its own; None never.
        outside: says what it depends on that is not in the store, from its parameters.
        stale: says why what it made outside of the store cannot be used again, from its outputs.
        driver: fetches what it reads.
        executor: runs the function.
        publisher: records what it made.
    """

    function: Callable[..., object]
    name: str
    version: str | None = None
    cached: bool = True
    retries: int = 0
    timeout_s: float | None = None
    driver: Driver = field(default_factory=Driver)
    executor: Executor = field(default_factory=Executor)
    publisher: Publisher = field(default_factory=Publisher)
    outside: Outside | None = None
    stale: Stale | None = None
    step_name: str | None = None

    @cached_property
    def signature(self) -> Signature:
        """What it takes and makes."""
        return read_signature(self.function, name=self.name)

    @property
    def place(self) -> tuple[str, str] | None:
        """The module and name under which other processes find it; None for a script's own."""
        module, name = self.function.__module__, self.function.__qualname__
        found = _at(module, name)
        same = isinstance(found, Component) and found.function is self.function
        return (module, name) if same else None

    def parameters_of(self, execution: Execution) -> dict[str, Any]:
        """Return its parameters, by name, out of an execution of its own class."""
        return {name: getattr(execution, name) for name in self.signature.parameters}

    def outside_digests(self, parameters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return the digest of each thing outside of the store that it depends on now.

        Their names begin with an @, as no input's does.

        Raises:
            Exception: whatever `outside` raises.
        """
        if self.outside is None:
            return {}
        wanted = inspect.signature(self.outside).parameters
        found = self.outside(**{name: parameters[name] for name in wanted})
        return {f"@{name}": (digest_of(value),) for name, value in found.items()}

    def why_stale(self, made: Mapping[str, Sequence[ArtifactNode]]) -> str:
        """Return why earlier outputs cannot be used again, though the store has them; empty if they can.

        Args:
            made: the artifacts of each output.
        """
        if self.stale is None:
            return ""
        outputs: dict[str, Any] = {}
        try:
            for key in inspect.signature(self.stale).parameters:
                spec = self.signature.outputs[key]
                typed = [spec.type.from_node(node) for node in made.get(key, ())]
                outputs[key] = typed if spec.many else typed[0]
            return self.stale(**outputs)
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is not used
            return f"cannot be looked at: {error}"

    def __reduce__(self) -> tuple[Any, ...]:
        # By its place where it has one: the module is imported on the other side, with what it
        # registers; the classes that the signature made cannot be sent.
        state = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.place is not None:
            state |= dict.fromkeys(_FOUND_BY_PLACE)
        return _revived, (state, self.place)

    def named(self, step_name: str) -> "Component":
        """Return the same component, whose next step has that name in its pipeline."""
        if not step_name or any(character in step_name for character in "@/\n"):
            raise InvalidArgument(f"{step_name!r:.100} cannot name a step.", hint="No @ and no /.")
        return replace(self, step_name=step_name)

    def __call__(self, **given: Any) -> "Step":  # noqa: ANN401 - inputs and parameters alike
        """Return a step of the pipeline that is being written.

        Args:
            **given: for each input a step's output, what says where to find it, or an artifact;
                for each parameter a value.

        Raises:
            FailedPrecondition: no pipeline is being written.
            InvalidArgument: an input is missing, unknown or of another type; a parameter is.
        """
        recorder = RECORDER.get()
        if recorder is None:
            raise FailedPrecondition(
                f"Component {self.name!r} was called outside of a pipeline.",
                hint="Call it in a function under @pipeline, or try its code by `.function(...)`.",
            )
        signature = self.signature
        sources = {
            key: source_of(given[key], spec, component=self.name)
            for key, spec in signature.inputs.items()
            if given.get(key) is not None
        }
        self._demand(signature.inputs, sources)
        parameters = {key: value for key, value in given.items() if key not in signature.inputs}
        outputs = sorted(parameters.keys() & signature.outputs.keys())
        if outputs:
            raise InvalidArgument(
                f"{outputs[0]!r} is an output of component {self.name!r}; it is made, not given.",
                component=self.name,
            )
        execution = signature.checked(parameters, component=self.name)
        return recorder.add(Step(self.step_name or _small(self.name), self, sources, execution))

    def _demand(self, inputs: Mapping[str, InputSpec], sources: Mapping[str, Source]) -> None:
        missing = [k for k, spec in inputs.items() if k not in sources and not spec.optional]
        if missing:
            raise InvalidArgument(
                f"Component {self.name!r} needs {', '.join(missing)}.",
                hint="Give the output of a step, an artifact, or `latest(...)`.",
                component=self.name,
                missing=missing,
            )


@dataclass(frozen=True)
class Step:
    """A component's place in one pipeline.

    Attributes:
        name: unlike any other of the pipeline.
        component: what runs.
        sources: where its inputs come from, by input.
        execution: its parameters.
        conditions: what must hold, or it is skipped.
        after: names of steps that must have ended well before, besides those it reads from.
        series: the series of its outputs that have one of their own.
    """

    name: str
    component: Component
    sources: Mapping[str, Source]
    execution: Execution
    conditions: tuple[Condition, ...] = ()
    after: tuple[str, ...] = ()
    series: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, key: str) -> OutputRef:
        component = self.__dict__.get("component")
        if component is None or key not in component.signature.outputs:
            raise AttributeError(f"step {self.__dict__.get('name')!r} has no output {key!r}")
        return self.output(key)

    @property
    def only_output(self) -> OutputRef:
        """The output, of a step that has one.

        Raises:
            InvalidArgument: it has none, or several.
        """
        outputs = self.component.signature.outputs
        if len(outputs) != 1:
            raise InvalidArgument(
                f"Step {self.name!r} has {len(outputs)} outputs; which of them is meant?",
                hint=", ".join(f"`.{key}`" for key in outputs)
                or "Order steps by `.following(...)`.",
                step=self.name,
            )
        return self.output(next(iter(outputs)))

    def output(self, key: str) -> OutputRef:
        """Return an output, to be an input of other steps; `step.key` does the same.

        Raises:
            InvalidArgument: there is none of that name.
        """
        spec = self.component.signature.outputs.get(key)
        if spec is None:
            raise InvalidArgument(
                f"Step {self.name!r} has no output {key!r}, but "
                f"{', '.join(self.component.signature.outputs) or 'none'}.",
                step=self.name,
                output=key,
            )
        return OutputRef(self.name, key, spec.type, many=spec.many or self.is_mapped)

    @property
    def is_mapped(self) -> bool:
        """Whether it is run once for each artifact of one of its inputs."""
        return any(ref.each for source in self.sources.values() for ref in references(source))

    def when(self, of: "OutputRef | Step", holds: Judge, text: str = "") -> "Step":
        """Return the step, which is skipped unless something holds of an artifact.

        Args:
            of: an output of another step.
            holds: is called with the artifact.
            text: what is asked, for people.
        """
        source = of.only_output if isinstance(of, Step) else of
        told = text or f"{source.step}.{source.key}: {getattr(holds, '__name__', 'a condition')}"
        return self._changed(conditions=(*self.conditions, Condition(source, holds, told)))

    def following(self, *steps: "Step") -> "Step":
        """Return the step, which waits for others from which it reads nothing."""
        return self._changed(after=(*self.after, *(step.name for step in steps)))

    def making(self, **series: str) -> "Step":
        """Return the step, whose outputs become versions of these series.

        Args:
            **series: a name for each output; the others are called by pipeline, step and output.

        Raises:
            InvalidArgument: there is no such output, or that is no name of a series.
        """
        for key, name in series.items():
            self.output(key)
            check_series(name)
        return self._changed(series={**self.series, **series})

    def _changed(self, **fields: Any) -> "Step":  # noqa: ANN401 - the step's own
        recorder = RECORDER.get()
        changed = replace(self, **fields)
        return changed if recorder is None else recorder.change(changed)


@overload
def component(function: Callable[..., object]) -> Component: ...
@overload
def component(
    *,
    name: str | None = None,
    version: str | None = None,
    cached: bool = True,
    retries: int = 0,
    timeout_s: float | None = None,
    outside: Outside | None = None,
    stale: Stale | None = None,
    driver: Driver | None = None,
    executor: Executor | None = None,
    publisher: Publisher | None = None,
) -> Callable[[Callable[..., object]], Component]: ...
def component(
    function: Callable[..., object] | None = None,
    *,
    name: str | None = None,
    version: str | None = None,
    cached: bool = True,
    retries: int = 0,
    timeout_s: float | None = None,
    outside: Outside | None = None,
    stale: Stale | None = None,
    driver: Driver | None = None,
    executor: Executor | None = None,
    publisher: Publisher | None = None,
) -> Component | Callable[[Callable[..., object]], Component]:
    """Return the component that a function is; also a decorator with or without arguments.

    Args:
        function: the code; its annotations say what are inputs, outputs and parameters.
        name: of the type of its executions; None makes `TrainModel` of `train_model`.
        version: stands in for the code in the cache's fingerprint; None reads the code.
        cached: whether an earlier execution that was alike may stand in for a new one.
        retries: how often it is tried again after it failed.
        timeout_s: after how many seconds it is stopped, in a process of its own; None never.
        outside: is called with those parameters that it names, and returns what the component
            reads that is not in the store, by name: such as the digest of a file. The cache
            compares it before and after the component has run, in the process of the run or of
            the Dask worker: `timeout_s` does not count for it.
        stale: is called with the artifacts of those outputs that it names, and returns why an
            earlier execution cannot stand in; empty where it can. For what it makes outside.
        driver: fetches its inputs in another way.
        executor: runs it in another way.
        publisher: records it in another way.

    Raises:
        InvalidArgument: its annotations are not those of a component; `outside` names no
            parameter, or `stale` no output.
    """

    def made(of: Callable[..., object]) -> Component:
        known = Component(
            of,
            name or _large(of.__name__),
            version,
            cached,
            retries,
            timeout_s,
            driver or Driver(),
            executor or Executor(),
            publisher or Publisher(),
            outside,
            stale,
        )
        # What is wrong with it is told where it is written.
        _demand_names(outside, known.signature.parameters, of=f"a parameter of {known.name}")
        _demand_names(stale, known.signature.outputs, of=f"an output of {known.name}")
        return known

    return made if function is None else made(function)


def _demand_names(
    function: Callable[..., object] | None, known: Collection[str], *, of: str
) -> None:
    names = () if function is None else inspect.signature(function).parameters
    for name in names:
        if name not in known:
            raise InvalidArgument(
                f"{name!r} is not {of}; found {', '.join(known) or 'none'}.", name=name
            )


def _at(module: str, qualname: str) -> object:
    """Return what lies at a place that other processes find too; None for a script's own."""
    found: object = None if module == "__main__" else sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _revived(state: Mapping[str, Any], place: tuple[str, str] | None) -> Component:
    if place is None:
        return Component(**state)
    module, qualname = place
    found: Any = importlib.import_module(module)
    for name in qualname.split("."):
        found = getattr(found, name)
    return Component(**{**state, **{name: getattr(found, name) for name in _FOUND_BY_PLACE}})


def _large(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _small(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
