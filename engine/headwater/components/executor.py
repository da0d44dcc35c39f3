"""Executor: runs a component's function on what the driver fetched, in this process or its own.

Knows nothing of the graph: it is handed artifacts and a way to fetch their bytes, and hands back
what was made, which the publisher records.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.components.handles import Fetch, Input, Made, Output, Outputs
from headwater.components.payloads import PAYLOADS
from headwater.components.signature import InputSpec, OutputSpec
from headwater.errors import FailedPrecondition, InvalidArgument
from headwater.typed import Artifact

Handle = Output[Any] | Outputs[Any]


@dataclass(frozen=True)
class Call:
    """One call of a component's function.

    Attributes:
        component: the component's name, for errors.
        function: what is called.
        parameters: by name.
        specs: the inputs.
        inputs: what was found for each of them.
        outputs: what is to be made.
        folder: where inputs are fetched to and outputs are written; the call's own.
    """

    component: str
    function: Callable[..., object]
    parameters: Mapping[str, Any]
    specs: Mapping[str, InputSpec]
    inputs: Mapping[str, Sequence[Artifact]]
    outputs: Mapping[str, OutputSpec]
    folder: Path


class Executor:
    """Calls a component's function; derive a class to run it in another way."""

    def execute(self, call: Call, fetch: Fetch) -> list[Made]:
        """Return what a call made, each output at least once.

        Args:
            call: the call.
            fetch: writes the object of a digest to a path.

        Raises:
            Skip: the component has nothing to do.
            InvalidArgument: it returned something.
            FailedPrecondition: it did not make one of its outputs.
            Exception: whatever the function raises.
        """
        handles = {key: _output(spec, call.folder) for key, spec in call.outputs.items()}
        returned = self.call(call.function, {**call.parameters, **_inputs(call, fetch), **handles})
        if returned is not None:
            raise InvalidArgument(
                f"Component {call.component!r} returned {type(returned).__name__} "
                f"{returned!r:.100}; a component returns nothing.",
                hint="Save it by an output: `model.save(value)`.",
                component=call.component,
            )
        made = [one for handle in handles.values() for one in _made(handle)]
        forgotten = [one.key for one in made if _is_empty(one)]
        if forgotten:
            raise FailedPrecondition(
                f"Component {call.component!r} ended without making {', '.join(forgotten)}.",
                hint="`save` a payload, write to its `path`, or `set` its uri or properties.",
                component=call.component,
                outputs=forgotten,
            )
        return made

    def call(self, function: Callable[..., object], arguments: Mapping[str, Any]) -> object:
        """Return what the function returns, called with its handles and parameters."""
        return function(**arguments)


def _inputs(call: Call, fetch: Fetch) -> dict[str, Any]:
    handles: dict[str, Any] = {}
    for key, spec in call.specs.items():
        found = [
            Input(
                artifact,
                key=f"{key}-{index}" if spec.many else key,
                folder=call.folder / "inputs",
                fetch=fetch,
                payloads=PAYLOADS,
            )
            for index, artifact in enumerate(call.inputs.get(key, ()))
        ]
        handles[key] = found if spec.many else next(iter(found), None)
    return handles


def _output(spec: OutputSpec, folder: Path) -> Handle:
    place = folder / "outputs"
    kind: Any = Outputs if spec.many else Output
    handle: Handle = kind(spec.type, key=spec.key, folder=place, payloads=PAYLOADS)
    return handle


def _made(handle: Handle) -> list[Made]:
    return [handle.made()] if isinstance(handle, Output) else [one.made() for one in handle]


def _is_empty(made: Made) -> bool:
    return made.path is None and made.uri is None and not (made.properties or made.custom)
