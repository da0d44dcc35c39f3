"""Plans: the steps of one run of a pipeline, checked and in order, and what they look like."""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from headwater.components.codes import code_of
from headwater.components.component import Step
from headwater.components.fingerprint import Code
from headwater.components.sources import Source, references
from headwater.errors import FailedPrecondition, InvalidArgument
from headwater.query.drawing import to_svg
from headwater.query.parts import Direction, LineageEvent, LineageNode, NodeKey
from headwater_schema import TypeKind


@dataclass(frozen=True)
class Plan:
    """The steps of one run, checked: what it will do.

    Attributes:
        pipeline: the pipeline's name.
        project: what the pipeline belongs to.
        steps: in an order in which they can run.
        parameters: of the pipeline.
    """

    pipeline: str
    project: str | None
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
        known: dict[tuple[int, str | None], Code] = {}
        codes: dict[str, Code | None] = {}
        for step in self.steps:
            component = step.component
            key = (id(component), component.version)
            if component.cached and key not in known:
                known[key] = code_of(component)
            codes[step.name] = known[key] if component.cached else None
        return codes

    def series(self, step: Step) -> dict[str, str]:
        """Return the series of each output of a step."""
        keys = step.component.signature.outputs
        usual = {key: f"{self.pipeline}.{step.name}.{key}" for key in keys}
        return usual | dict(step.series)


def _needs(step: Step) -> tuple[str, ...]:
    read = [ref.step for source in step.sources.values() for ref in references(source)]
    return tuple(dict.fromkeys([*read, *(c.source.step for c in step.conditions), *step.after]))


def ordered(name: str, steps: Mapping[str, Step]) -> tuple[Step, ...]:
    """Return the steps of a pipeline in an order in which they can run.

    Args:
        name: the pipeline's.
        steps: by name.

    Raises:
        FailedPrecondition: there are none.
        InvalidArgument: a step needs one of another pipeline, or steps wait for each other.
    """
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
